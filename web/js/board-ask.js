// The question before an action, and the matching sheet before a payment: in large type what the clerk
// must compare, and who else may have paid this amount. If the booking changes while it is open, it
// says so and blocks the action. It performs nothing itself.
import { byId, closeByBackdrop, closeDialog, el, openDialog, setText, show } from './dom.js';
import { moment, rupiah, stay } from './format.js';
import { language, sentenceOf, t } from './language.js';

/**
 * @param perform (action, receiptNo, {note}) => Promise of the booking; the caller merges it
 * @param others (booking) => the bookings that wait to pay the same amount
 */
export function mountAsk({ perform, others, onRefused, now }) {
  const dialog = byId('ask'), yes = byId('ask-yes');
  let asking = null; // {action, booking, hotel, busy, problem, changed}

  function open(action, booking, hotel) {
    asking = { action, booking, hotel, busy: false, problem: null, changed: false };
    byId('ask-note').value = '';
    update();
    openDialog(dialog);
    // The focus is on the safe button, so that a reflexive Enter does not mark a booking as paid.
    byId('ask-no').focus();
  }

  /** Called when the feed delivers a newer state of any booking. */
  function changed(booking) {
    if (!asking || asking.busy || booking.receiptNo !== asking.booking.receiptNo || booking.revision === asking.booking.revision) return;
    asking.changed = booking.status !== asking.booking.status;
    asking.booking = booking;
    update();
  }

  async function confirm() {
    if (!asking || asking.busy || asking.changed) return;
    const mine = asking;
    mine.busy = true;
    mine.problem = null;
    update();
    try {
      await perform(mine.action, mine.booking.receiptNo, { note: byId('ask-note').value.trim() || null });
      if (asking === mine) closeDialog(dialog);
    } catch (error) {
      mine.problem = error;
      mine.busy = false;
      if (asking === mine) update();
      onRefused(error, mine.booking.receiptNo);
    }
  }

  function update() {
    if (!asking) return;
    const { action, booking, hotel, busy, problem, changed: gone } = asking;
    dialog.dataset.action = action;
    setText(byId('ask-title'), t(`ask.${action}`));
    setText(byId('ask-why'), t(`ask.${action}.why`));
    const when = (instant) => (instant ? moment(instant, now(), hotel.timezone, language()) : t('ask.never'));
    const rows = [
      ['name', booking.guestName], ['room', booking.roomType.name],
      ['stay', stay(booking.checkIn, booking.nights, language())],
      ...(action === 'paid' ? [['arrived.at', when(booking.arrivedAt)], ['sent.at', when(booking.qrisSentAt)]] : [['booked', when(booking.bookedAt)]]),
      ['receipt', booking.receiptNo], ['price', rupiah(booking.price)],
    ];
    warn(action === 'paid' ? others(booking) : [], booking);
    byId('ask-facts').replaceChildren(...rows.map(([key, value]) =>
      el('div', { 'data-row': key }, el('dt', {}, t(`ask.${key}`)), el('dd', {}, value))));
    const hasNote = action === 'cancel' || action === 'reopen';
    show(byId('ask-note-field'), hasNote);
    setText(byId('ask-note-label'), t(action === 'reopen' ? 'ask.reason' : 'ask.note.label'));
    const words = gone ? t('ask.changed', { status: t(`status.${booking.status}`) }) : problem ? refusalWords(action, problem) : '';
    setText(byId('ask-problem'), words);
    show(byId('ask-problem'), Boolean(words));
    setText(yes, t(busy ? 'ask.busy' : `ask.${action}.yes`));
    yes.classList.toggle('danger', hasNote);
    yes.disabled = busy || gone;
  }

  /** Who else waits with the same amount: the payment may be theirs. */
  function warn(same, booking) {
    const listed = same.slice(0, 6).map(({ guestName, receiptNo }) => `${guestName} (${receiptNo.replace(/^RESI-\d+-/, '')})`);
    if (same.length > listed.length) listed.push('…');
    setText(byId('ask-others'), same.length ? t('ask.others', { n: same.length, price: rupiah(booking.price), names: listed.join(', ') }) : '');
    show(byId('ask-others'), same.length > 0);
  }

  /** A payment after the end has a way on. */
  function refusalWords(action, problem) {
    const late = action === 'paid' && problem.code === 'ALREADY_CANCELLED';
    return late ? `${sentenceOf(problem)} ${t('ask.paid.late')}` : sentenceOf(problem);
  }

  yes.addEventListener('click', confirm);
  byId('ask-no').addEventListener('click', () => closeDialog(dialog));
  dialog.addEventListener('close', () => { asking = null; });
  closeByBackdrop(dialog);
  return { open, changed, update, close: () => closeDialog(dialog) };
}
