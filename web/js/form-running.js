// The line on the form about the guest's running booking, which this device remembers. It leads to the
// booking and does not keep anybody from booking another one.
import { forgetBooking, keptBooking } from './kept.js';
import { face } from './booking-words.js';
import { MY_BOOKING } from './documents.js';
import { byId, setText, show } from './dom.js';
import { countdown } from './format.js';
import { t } from './language.js';

const ended = new Set(['NOT_FOUND', 'UNAUTHENTICATED', 'FORBIDDEN', 'INVALID_INPUT']);

/** @param now () => ms, the server's time */
export function mountRunning({ api, now }) {
  let kept = null, booking = null, outcomeAsked = null;

  /** Asks the server, because the booking may have ended or grown meanwhile. */
  async function load() {
    kept = keptBooking();
    if (!kept) { booking = null; return update(); }
    try {
      booking = (await api(MY_BOOKING, kept)).myBooking;
      if (booking.status !== 'PENDING') { forgetBooking(kept.receiptNo); booking = null; }
    } catch (error) {
      if (ended.has(error.code)) { forgetBooking(kept.receiptNo); booking = null; }
    }
    return update();
  }

  function update() {
    show(byId('mine'), Boolean(booking));
    if (!booking) return;
    const seen = face(booking, now()), end = Date.parse(booking.holdUntil);
    byId('mine-link').href = `/b/${encodeURIComponent(booking.receiptNo)}#${kept.accessToken}`;
    setText(byId('mine-link'), seen === 'running'
      ? t('form.mine', { receipt: booking.receiptNo, left: countdown(end - now()) })
      : t('form.mine.plain', { receipt: booking.receiptNo }));
    if (seen === 'checking' && outcomeAsked !== end) {
      outcomeAsked = end;
      setTimeout(load, 3_000);
    }
  }

  return { load, update };
}
