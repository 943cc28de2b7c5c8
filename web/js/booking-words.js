// What the state of a booking means to those who look at it. Pure functions of state and time; the
// sentences are elsewhere.
import { hotelDay } from './format.js';

/** The view of the page: offer, running, checking, arrived, paid or cancelled. */
export function face(booking, now) {
  if (booking.status === 'PAID') return 'paid';
  if (booking.status === 'CANCELLED') return 'cancelled';
  if (booking.arrivedAt) return 'arrived';
  // Only the server knows how a hold ended. Until it answers, the page makes no statement.
  if (now >= Date.parse(booking.holdUntil)) return 'checking';
  return booking.offer ? 'offer' : 'running';
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
 * tonight can be, also one that was offered first.
 */
export function wasExtended(booking, hotel, firstSeenEnd) {
  const end = Date.parse(booking.holdUntil), booked = Date.parse(booking.bookedAt);
  const tonight = hotelDay(booked, hotel.timezone, hotel.dayStartsAt) === booking.checkIn;
  return booking.extensions > 0 || end > firstSeenEnd || (tonight && end - booked > (hotel.holdMinutes + (hotel.offerMinutes ?? 0)) * 60_000 + 1_000);
}

/** The newer of two states of one booking. At equal revisions the second one, for its position. */
export function newer(known, incoming) {
  return !known || incoming.revision >= known.revision ? incoming : known;
}
