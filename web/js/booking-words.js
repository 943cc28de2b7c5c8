// The texts of the guest's page about a booking. Pure functions from state and time to text keys.
import { hotelDay } from './format.js';

/** The view of the page: running, checking, arrived, paid or cancelled. */
export function face(booking, now) {
  if (booking.status === 'PAID') return 'paid';
  if (booking.status === 'CANCELLED') return 'cancelled';
  if (booking.arrivedAt) return 'arrived';
  // Only the server knows how a hold ended. Until it answers, the page makes no statement.
  return now >= Date.parse(booking.holdUntil) ? 'checking' : 'running';
}

/** The key of the sentence about the hold's end. */
export function endKey(forecast) {
  return {
    IN_TIME: 'guest.end.intime', WILL_EXTEND: 'guest.end.extend', WILL_CANCEL: 'guest.end.cancel',
  }[forecast] ?? 'guest.end.none';
}

/**
 * Whether little time is left: from the reminder on, or the last quarter if there is no reminder.
 */
export function isSoon(left, whole, remindMinutes) {
  const remind = remindMinutes * 60_000;
  return left <= (remind <= whole * 0.75 ? remind : whole / 4);
}

/**
 * Whether the hold was extended. `extensions` counts only extensions by the clock. An extension by
 * the front office shows in the end of the hold: later than before, or later than a hold for
 * tonight can be.
 */
export function wasExtended(booking, hotel, firstSeenEnd) {
  const end = Date.parse(booking.holdUntil), booked = Date.parse(booking.bookedAt);
  const tonight = hotelDay(booked, hotel.timezone, hotel.dayStartsAt) === booking.checkIn;
  return booking.extensions > 0 || end > firstSeenEnd || (tonight && end - booked > hotel.holdMinutes * 60_000 + 1_000);
}

/** The newer of two states of one booking. At equal revisions the second one, for its position. */
export function newer(known, incoming) {
  return !known || incoming.revision >= known.revision ? incoming : known;
}
