// What the guest's page says about a booking. Pure: state and time in, text keys out.
import { hotelDay } from './format.js';

/** Which face the page shows: running, checking, arrived, paid or cancelled. */
export function face(booking, now) {
  if (booking.status === 'PAID') return 'paid';
  if (booking.status === 'CANCELLED') return 'cancelled';
  if (booking.arrivedAt) return 'arrived';
  // Only the server knows how a hold ended: until it says so, nothing is claimed.
  return now >= Date.parse(booking.holdUntil) ? 'checking' : 'running';
}

/** The key of the sentence about the hold's end. */
export function endKey(forecast) {
  return {
    IN_TIME: 'guest.end.intime', WILL_EXTEND: 'guest.end.extend', WILL_CANCEL: 'guest.end.cancel',
  }[forecast] ?? 'guest.end.none';
}

/** Whether what is left counts as little: from the reminder on, or the last quarter where there is none. */
export function isSoon(left, whole, remindMinutes) {
  const remind = remindMinutes * 60_000;
  return left <= (remind <= whole * 0.75 ? remind : whole / 4);
}

/**
 * Whether the hold runs longer than first told. `extensions` counts only the clock's own; what the
 * front office grants shows in the end itself: later than before, or than a hold of tonight can be.
 */
export function wasExtended(booking, hotel, firstSeenEnd) {
  const end = Date.parse(booking.holdUntil), booked = Date.parse(booking.bookedAt);
  const tonight = hotelDay(booked, hotel.timezone, hotel.dayStartsAt) === booking.checkIn;
  return booking.extensions > 0 || end > firstSeenEnd || (tonight && end - booked > hotel.holdMinutes * 60_000 + 1_000);
}

/** The newer of two states of one booking. Positions do not move the revision, so equals replace each other. */
export function newer(known, incoming) {
  return !known || incoming.revision >= known.revision ? incoming : known;
}
