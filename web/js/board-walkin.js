// Books for a guest who stands at the desk: room type, nights, name, and whether they have paid. It
// asks for no contact. Prices and rooms left are the server's, for tonight.
import { AVAILABILITY, BOOK_AT_DESK } from './documents.js';
import { byId, closeByBackdrop, closeDialog, el, openDialog, setText, show } from './dom.js';
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
  const dialog = byId('walkin'), name = byId('walkin-name'), field = byId('walkin-nights');
  const storage = safeStorage('none', {}); // of this page alone: another tab books for another guest
  let rooms = [], asked = 0, busy = false, problem = null;

  const nights = () => Math.min(hotel().maxNights, Math.max(1, Number.parseInt(field.value, 10) || 1));
  const chosen = () => rooms.find(({ roomType }) => roomType.code === dialog.querySelector('[name="walkin-type"]:checked')?.value);

  function open() {
    [name.value, field.value, problem, busy] = ['', '1', null, false];
    rooms = [];
    byId('walkin-types').replaceChildren(el('li', {}, t('loading')));
    update();
    openDialog(dialog);
    load();
  }

  async function load() {
    const mine = ++asked;
    try {
      const { availability } = await api(AVAILABILITY, { checkIn: hotel().today, nights: nights() });
      if (mine !== asked) return;
      rooms = availability;
      drawRooms();
    } catch (error) {
      if (mine === asked) problem = sentenceOf(error);
    }
    update();
  }

  function drawRooms() {
    const before = dialog.querySelector('[name="walkin-type"]:checked')?.value;
    const first = rooms.find(({ available, roomType }) => available > 0 && roomType.code === before) ?? rooms.find(({ available }) => available > 0);
    byId('walkin-types').replaceChildren(...rooms.map((room) => {
      const { roomType, available } = room, full = available < 1;
      const words = full ? t('form.room.soldout') : t('form.room.left', { n: available });
      return el('li', {}, el('label', {}, el('input', { type: 'radio', name: 'walkin-type', value: roomType.code, disabled: full, checked: room === first }),
        el('span', {}, roomType.name), el('strong', {}, rupiah(roomType.price)), el('small', {}, words)));
    }));
  }

  function update() {
    if (!hotel()) return;
    setText(byId('walkin-date'), t('walkin.date', { date: shortDate(hotel().today, language()) }));
    const room = chosen();
    setText(byId('walkin-sum'), room ? `${stay(hotel().today, nights(), language())} · ${rupiah(totalPrice(room.roomType.price, nights()))}` : '');
    setText(byId('walkin-problem'), problem ?? '');
    show(byId('walkin-problem'), Boolean(problem));
    for (const button of ['walkin-unpaid', 'walkin-paid']) byId(button).disabled = busy;
  }

  async function book(paid) {
    if (busy) return;
    const fault = nameFault(name.value, true), room = chosen();
    problem = fault ? t(fault) : room ? null : t('form.error.roomType.empty');
    update();
    if (fault) { name.focus(); return; }
    if (!room) return;
    const input = { guestName: name.value.trim(), roomType: room.roomType.code, checkIn: hotel().today, nights: nights(), paid };
    busy = true;
    update();
    try {
      const { bookAtDesk } = await api(BOOK_AT_DESK, { input: { ...input, requestId: requestIdFor(input, storage) } });
      forgetRequestId(storage);
      closeDialog(dialog);
      onBooked(bookAtDesk);
    } catch (error) {
      problem = sentenceOf(error);
      if (error.code === 'SOLD_OUT') load();
    }
    busy = false;
    update();
  }

  function setNights(next) {
    field.value = String(next);
    field.value = String(nights());
    update();
    load();
  }

  byId('walk-in').addEventListener('click', open);
  byId('walkin-close').addEventListener('click', () => closeDialog(dialog));
  byId('walkin-less').addEventListener('click', () => setNights(nights() - 1));
  byId('walkin-more').addEventListener('click', () => setNights(nights() + 1));
  field.addEventListener('change', () => setNights(nights()));
  byId('walkin-types').addEventListener('change', update);
  byId('walkin-form').addEventListener('submit', (event) => { event.preventDefault(); book(false); });
  byId('walkin-paid').addEventListener('click', () => book(true));
  closeByBackdrop(dialog);
  return { update() { if (rooms.length) drawRooms(); update(); }, close: () => closeDialog(dialog) };
}
