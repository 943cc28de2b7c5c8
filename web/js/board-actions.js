// What the front office does with a booking, as requests. Each returns the booking after it. It asks no
// question and shows nothing.
import {
  CANCEL_BOOKING, EXTEND_HOLD, MARK_ARRIVED, MARK_PAID, REOPEN_BOOKING, REVIVE_BOOKING, SEND_QRIS,
} from './board-documents.js';

/** @param api (document, variables) => Promise of the data */
export function createActions(api) {
  const request = (document, answer, variables = () => ({})) => async (receiptNo, extra) => (await api(document, { receiptNo, ...variables(extra) }))[answer];
  return {
    arrived: request(MARK_ARRIVED, 'markArrived'),
    paid: request(MARK_PAID, 'markPaid'),
    extend: request(EXTEND_HOLD, 'extendHold', () => ({ minutes: 30 })),
    send: request(SEND_QRIS, 'sendQris'),
    revive: request(REVIVE_BOOKING, 'reviveBooking', () => ({ arrived: false })),
    reviveHere: request(REVIVE_BOOKING, 'reviveBooking', () => ({ arrived: true })),
    reopen: request(REOPEN_BOOKING, 'reopenBooking', ({ note }) => ({ reason: note ?? '' })),
    cancel: request(CANCEL_BOOKING, 'cancelBooking', ({ note }) => ({ note })),
  };
}
