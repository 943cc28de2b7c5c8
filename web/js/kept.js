// What the device remembers for the guest. The running booking, so that the form can lead back to it:
// the receipt number and the access token, as in the browser's own history, only until the booking is
// paid or cancelled, and nothing about the guest. And what was typed into the form, for a reload in the
// same tab; the page of a booking that has ended writes it too, so that booking again takes one tap.
// Which values are valid is not judged here.
import { deviceStorage, tabStorage } from './storage.js';

const bookingKey = 'jatah.booking', draftKey = 'jatah.draft', ticketKey = 'jatah.waiting';

export function keepBooking(receiptNo, accessToken, storage = deviceStorage) {
  storage.setItem(bookingKey, JSON.stringify({ receiptNo, accessToken }));
}

/** Forgets the booking, unless another one was remembered since. */
export function forgetBooking(receiptNo, storage = deviceStorage) {
  if (keptBooking(storage)?.receiptNo === receiptNo) storage.removeItem(bookingKey);
}

/** The remembered booking as {receiptNo, accessToken}, or null. */
export function keptBooking(storage = deviceStorage) {
  const { receiptNo, accessToken } = read(bookingKey, storage);
  return receiptNo && accessToken ? { receiptNo, accessToken } : null;
}

/** The ticket of the waiting list, or null. */
export const keptTicket = (storage = deviceStorage) => read(ticketKey, storage).ticket ?? null;
export const keepTicket = (ticket, storage = deviceStorage) => storage.setItem(ticketKey, JSON.stringify({ ticket }));
export const forgetTicket = (storage = deviceStorage) => storage.removeItem(ticketKey);

export const keepDraft = (values, storage = tabStorage) => storage.setItem(draftKey, JSON.stringify(values));
export const forgetDraft = (storage = tabStorage) => storage.removeItem(draftKey);

/** The kept values; {} without any. */
export const keptDraft = (storage = tabStorage) => read(draftKey, storage);

/** The values under a key; {} if there are none or they cannot be read. */
function read(key, storage) {
  try { return JSON.parse(storage.getItem(key)) ?? {}; } catch { return {}; }
}
