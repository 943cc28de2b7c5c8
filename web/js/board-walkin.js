// Books for a guest who stands at the desk: room type, nights, name, and whether they have paid. It
// asks for no contact. Prices and rooms left are the server's, for tonight.
import { BOOK_AT_DESK } from './board-documents.js';
import { mountStay } from './board-stay.js';
import { byId, closeByBackdrop, closeDialog, openDialog, setText, show } from './dom.js';
import { rupiah, shortDate, stay } from './format.js';
import { language, sentenceOf, t } from './language.js';
import { forgetRequestId, requestIdFor } from './request-id.js';
import { nameFault, totalPrice } from './rules.js';
import { safeStorage } from './storage.js';

/**
 * @param hotel () => the hotel
 * @param onBooked (booking) => void
 */
export function mountWalkIn({ api, hotel, onBooked }) {
  const dialog = byId('walkin'), name = byId('walkin-name');
  const storage = safeStorage('none', {}); // of this page alone: another tab books for another guest
  const choice = mountStay({ name: 'walkin', api, hotel, onChange: update });
  let busy = false, problem = null;

  function open() {
    [name.value, problem, busy] = ['', null, false];
    choice.open({ from: hotel().today });
    update();
    openDialog(dialog);
  }

  function update() {
    if (!hotel()) return;
    setText(byId('walkin-date'), t('walkin.date', { date: shortDate(hotel().today, language()) }));
    const { roomType } = choice, nights = choice.nights();
    setText(byId('walkin-sum'), roomType ? `${stay(hotel().today, nights, language())} · ${rupiah(totalPrice(roomType.price, nights))}` : '');
    const words = problem ?? choice.problem ?? '';
    setText(byId('walkin-problem'), words);
    show(byId('walkin-problem'), Boolean(words));
    for (const button of ['walkin-unpaid', 'walkin-paid']) byId(button).disabled = busy;
  }

  async function book(paid) {
    if (busy) return;
    const fault = nameFault(name.value, true), { roomType } = choice;
    problem = fault ? t(fault) : roomType ? null : t('form.error.roomType.empty');
    update();
    if (fault) { name.focus(); return; }
    if (!roomType) return;
    const input = { guestName: name.value.trim(), roomType: roomType.code, checkIn: hotel().today, nights: choice.nights(), paid };
    busy = true;
    update();
    try {
      const { bookAtDesk } = await api(BOOK_AT_DESK, { input: { ...input, requestId: requestIdFor(input, storage) } });
      forgetRequestId(storage);
      closeDialog(dialog);
      onBooked(bookAtDesk);
    } catch (error) {
      problem = sentenceOf(error);
      if (error.code === 'SOLD_OUT') choice.load();
    }
    busy = false;
    update();
  }

  byId('walk-in').addEventListener('click', open);
  byId('walkin-close').addEventListener('click', () => closeDialog(dialog));
  byId('walkin-form').addEventListener('submit', (event) => { event.preventDefault(); book(false); });
  byId('walkin-paid').addEventListener('click', () => book(true));
  closeByBackdrop(dialog);
  return { update() { choice.update(); update(); }, close: () => closeDialog(dialog) };
}
