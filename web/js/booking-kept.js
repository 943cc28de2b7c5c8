// The running booking that this device remembers, so that the form can lead back to it. Kept are the
// receipt number and the access token, as in the browser's own history, and only until the booking is
// paid or cancelled. Nothing about the guest.
import { deviceStorage } from './storage.js';

const key = 'jatah.booking';

export function keepBooking(receiptNo, accessToken, storage = deviceStorage) {
  storage.setItem(key, JSON.stringify({ receiptNo, accessToken }));
}

/** Forgets the booking, unless another one was remembered since. */
export function forgetBooking(receiptNo, storage = deviceStorage) {
  if (keptBooking(storage)?.receiptNo === receiptNo) storage.removeItem(key);
}

/** The remembered booking as {receiptNo, accessToken}, or null. */
export function keptBooking(storage = deviceStorage) {
  try {
    const { receiptNo, accessToken } = JSON.parse(storage.getItem(key));
    return receiptNo && accessToken ? { receiptNo, accessToken } : null;
  } catch { return null; } // none, or unreadable
}
