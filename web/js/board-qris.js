// The payment code on the whole screen, for the guest to scan, with the way on to the matching sheet.
// It disappears at once if the booking is paid or cancelled. It marks nothing as paid itself.
import { byId, closeDialog, openDialog, setText, show } from './dom.js';
import { rupiah } from './format.js';
import { sentenceOf, t } from './language.js';

/**
 * @param load (receiptNo) => Promise of {amount, hasAmount, svg}
 * @param onPaid (booking) the clerk wants to compare the payment
 * @param onShown (receiptNo) the code is on the screen
 */
export function mountQris({ load, onPaid, onShown }) {
  const dialog = byId('qris'), code = byId('qris-code');
  let shown = null; // {booking, qris, problem}

  async function open(booking) {
    const mine = { booking, qris: null, problem: null };
    shown = mine;
    update();
    openDialog(dialog);
    byId('qris-close').focus();
    try {
      mine.qris = await load(booking.receiptNo);
    } catch (error) {
      mine.problem = error;
    }
    if (shown !== mine) return;
    update();
    if (mine.qris) onShown(booking.receiptNo);
  }

  /** Called when the feed delivers a newer state of any booking. */
  function changed(booking) {
    if (!shown || booking.receiptNo !== shown.booking.receiptNo) return;
    shown.booking = booking;
    update();
  }

  function update() {
    if (!shown) return;
    const { booking, qris, problem } = shown;
    const over = booking.status !== 'PENDING';
    const price = rupiah(qris?.amount ?? booking.price);
    setText(byId('qris-hotel'), byId('hotel-name').textContent);
    setText(byId('qris-amount'), price);
    setText(byId('qris-receipt'), `${booking.guestName} · ${booking.receiptNo.replace(/-/g, '\u2011')}`); // it stays on one line
    show(byId('qris-paid'), !over);
    const paid = t('row.do.paid');
    setText(byId('qris-paid'), paid);
    byId('qris-paid').setAttribute('aria-label', t('do.named', { action: paid, name: booking.guestName, receipt: booking.receiptNo }));
    const words = over ? t('qris.over', { status: t(`status.${booking.status}`) }) : problem ? sentenceOf(problem) : '';
    setText(byId('qris-problem'), words);
    show(byId('qris-problem'), Boolean(words));
    show(byId('qris-exactly'), !over);
    show(byId('qris-type'), Boolean(qris) && !qris.hasAmount && !over);
    // As an image the SVG is a separate document and cannot access this page.
    if (qris && !over) code.src = `data:image/svg+xml,${encodeURIComponent(qris.svg)}`;
    else code.removeAttribute('src');
    code.alt = t('qris.label', { receipt: booking.receiptNo, price });
    show(code, Boolean(qris) && !over);
  }

  byId('qris-paid').addEventListener('click', () => {
    const { booking } = shown;
    closeDialog(dialog);
    onPaid(booking);
  });
  byId('qris-close').addEventListener('click', () => closeDialog(dialog));
  dialog.addEventListener('close', () => { shown = null; code.removeAttribute('src'); });
  return { open, changed, update, close: () => closeDialog(dialog) };
}
