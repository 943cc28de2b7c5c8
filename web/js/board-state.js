// The state of the board as pure functions: a map of bookings, merged by revision, and the lists
// that are made from it.
import { hotelDay } from './format.js';

/** `bookings`: receipt number → booking. `hotel` is the latest hotel data from the server. */
export const emptyState = () => ({ bookings: new Map(), hotel: null });

/** The part of a receipt number that people type. */
export function receiptKey(words) {
  const digits = words.toUpperCase().replace(/^\s*RESI/, '').replace(/[\s-]/g, '');
  return /^\d+$/.test(digits) ? digits : null;
}

/**
 * Merges one state of a booking. Returns true if something changed. Answers of queries, actions and
 * the feed can arrive in any order, so the revision decides. A position has no revision of its own.
 */
export function merge(state, incoming, action = null) {
  const known = state.bookings.get(incoming.receiptNo);
  if (!known || incoming.revision > known.revision) {
    state.bookings.set(incoming.receiptNo, incoming);
    return true;
  }
  if (action === 'POSITION' && known.status === 'PENDING') return mergePosition(state, known, incoming);
  if (incoming.revision < known.revision) return false;
  // Equal revisions: position and undelivered notifications may be newer, but never become older.
  const fresher = fixTime(incoming) >= fixTime(known) ? incoming : { ...incoming, travel: known.travel, forecast: known.forecast };
  if (JSON.stringify(fresher) === JSON.stringify(known)) return false;
  state.bookings.set(incoming.receiptNo, fresher);
  return true;
}

function mergePosition(state, known, incoming) {
  if (fixTime(incoming) < fixTime(known)) return false;
  state.bookings.set(known.receiptNo, { ...known, travel: incoming.travel, forecast: incoming.forecast });
  return true;
}

const fixTime = (booking) => (booking.travel ? Date.parse(booking.travel.fixAt) : 0);

/** Whether an instant is in the present hotel day. */
export function isToday(instant, hotel) {
  return hotelDay(instant, hotel.timezone, hotel.dayStartsAt) === hotel.today;
}

/** The three lists: pending by soonest end, today's paid and cancelled newest first. */
export function lists(state) {
  const all = [...state.bookings.values()];
  const of = (status, keep = () => true) => all.filter((booking) => booking.status === status && keep(booking));
  const by = (field, sign) => (a, b) =>
    sign * (Date.parse(a[field]) - Date.parse(b[field])) || a.receiptNo.localeCompare(b.receiptNo);
  return {
    pending: of('PENDING').sort(by('holdUntil', 1)),
    paid: of('PAID', ({ paidAt }) => isToday(paidAt, state.hotel)).sort(by('paidAt', -1)),
    cancelled: of('CANCELLED', ({ cancelledAt }) => isToday(cancelledAt, state.hotel)).sort(by('cancelledAt', -1)),
  };
}

/** The size of each list without the search. */
export function counts(all) {
  return { pending: all.pending.length, paid: all.paid.length, cancelled: all.cancelled.length };
}

/** Searches by name, or by receipt number in any case, without RESI, dashes or leading zeros. */
export function matches(booking, search) {
  const wanted = search.trim();
  if (!wanted) return true;
  if (plain(booking.guestName).includes(plain(wanted))) return true;
  if (/\D/.test(wanted) && plain(booking.receiptNo).includes(plain(wanted))) return true;
  const key = receiptKey(wanted);
  const [, day, number] = booking.receiptNo.match(/(\d{8})-?(\d+)$/) ?? [];
  if (key === null || !day) return false;
  // A short number is the counter of the day: "2" must not match every date that contains a 2.
  if (key.length <= 4) return Number(number) === Number(key);
  if ((day + number).includes(key)) return true;
  return day === key.slice(0, 8) && Number(number) === Number(key.slice(8));
}

const plain = (words) => words.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Whether older pages can contain bookings of today. Pages come with the newest booking first. */
export function worthPaging(nodes, now, advanceDays) {
  const oldest = nodes[nodes.length - 1];
  return Boolean(oldest) && Date.parse(oldest.bookedAt) > now - (2 + advanceDays) * 86_400_000;
}

/** The kind of signal for a change: 'new', 'soon', 'gone', or null for none. */
export function notable(action) {
  return { BOOKED: 'new', REVIVED: 'new', REMINDED: 'soon', EXPIRED: 'gone' }[action] ?? null;
}
