// Changing a pending booking: name, room type and nights, with the new price before it is confirmed. A
// stay that is no longer free changes nothing. The server fixes the price; here it is only shown.
import { AMEND_BOOKING } from './board-documents.js';
import { amendment, amendedPrice } from './board-amendment.js';
import { mountStay } from './board-stay.js';
import { byId, closeByBackdrop, closeDialog, openDialog, setText, show } from './dom.js';
import { rupiah, shortDate, stay } from './format.js';
import { language, sentenceOf, t } from './language.js';
import { nameFault } from './rules.js';

/**
 * @param hotel () => the hotel
 * @param onAmended (booking) => void
 * @param onRefused (error, receiptNo) => void
 */
export function mountAmend({ api, hotel, onAmended, onRefused }) {
  const dialog = byId('amend'), name = byId('amend-name'), yes = byId('amend-yes');
  const choice = mountStay({ name: 'amend', api, hotel, onChange: update });
  let booking = null, busy = false, problem = null;

  function open(tapped) {
    [booking, busy, problem] = [tapped, false, null];
    name.value = booking.guestName;
    choice.open({ from: booking.checkIn, count: booking.nights, keeps: booking.roomType.code });
    update();
    openDialog(dialog);
    byId('amend-no').focus();
  }

  /** Called when the feed delivers a newer state of any booking. */
  function changed(newer) {
    if (!booking || newer.receiptNo !== booking.receiptNo) return;
    booking = newer;
    update();
  }

  const wanted = () => amendment(booking, { guestName: name.value, roomType: choice.roomType?.code ?? null, nights: choice.nights() });

  function update() {
    if (!booking) return;
    const gone = booking.status !== 'PENDING', nights = choice.nights(), { roomType } = choice;
    setText(byId('amend-receipt'), booking.receiptNo);
    setText(byId('amend-left'), t('amend.left', { date: shortDate(booking.checkIn, language()) }));
    setText(byId('amend-stay'), stay(booking.checkIn, nights, language()));
    const price = amendedPrice(booking, wanted(), roomType);
    setText(byId('amend-was'), price === booking.price ? '' : rupiah(booking.price));
    setText(byId('amend-price'), price === null ? '' : rupiah(price));
    const isReplaced = price !== null && price !== booking.price && Boolean(booking.qrisSentAt);
    show(byId('amend-code'), isReplaced);
    const words = gone ? t('ask.changed', { status: t(`status.${booking.status}`) }) : problem ?? choice.problem ?? '';
    setText(byId('amend-problem'), words);
    show(byId('amend-problem'), Boolean(words));
    setText(yes, t(busy ? 'ask.busy' : 'amend.yes'));
    yes.disabled = busy || gone;
  }

  async function save() {
    if (busy || booking.status !== 'PENDING') return;
    const input = wanted(), fault = nameFault(name.value, true), mine = booking.receiptNo;
    problem = fault ? t(fault) : Object.keys(input).length ? null : t('amend.same');
    if (fault) name.focus();
    if (problem) { update(); return; }
    busy = true;
    update();
    try {
      const { amendBooking } = await api(AMEND_BOOKING, { receiptNo: mine, input });
      busy = false;
      if (booking?.receiptNo === mine) closeDialog(dialog);
      onAmended(amendBooking);
      return;
    } catch (error) {
      problem = error.code === 'SOLD_OUT' ? `${sentenceOf(error)} ${t('amend.nothing')}` : sentenceOf(error);
      if (error.code === 'SOLD_OUT') choice.load();
      onRefused(error, mine);
    }
    busy = false;
    update();
  }

  byId('amend-form').addEventListener('submit', (event) => { event.preventDefault(); save(); });
  name.addEventListener('input', () => { problem = null; update(); });
  byId('amend-no').addEventListener('click', () => closeDialog(dialog));
  dialog.addEventListener('close', () => { booking = null; });
  closeByBackdrop(dialog);
  return { open, changed, update() { choice.update(); update(); }, close: () => closeDialog(dialog) };
}
