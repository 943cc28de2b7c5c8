// The state of the board as pure functions: a map of bookings, merged by revision, and the lists
// that are made from it. It knows no element of the page, and no search.
import { hotelDay } from './format.js';

/** `bookings`: receipt number → booking. `hotel` is the latest hotel data from the server. */
export const emptyState = () => ({ bookings: new Map(), hotel: null });

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

// Where a booking stands and its place there, kept for each state of it: a busy board sorts
// hundreds of bookings many times a second, and reading dates is slow.
const standings = new WeakMap();

/**
 * The list of a booking, 'desk' (arrived and unpaid), 'offer' (of a freed room, not taken yet), 'way',
 * 'paid' or 'cancelled', and its place in it. The list is null for what ended on another hotel day, and
 * for an offer that nobody took.
 */
export function standing(booking, hotel) {
  const known = standings.get(booking);
  if (known?.today === hotel.today) return known;
  const found = { ...placeOf(booking, hotel), today: hotel.today };
  standings.set(booking, found);
  return found;
}

function placeOf(booking, hotel) {
  const { status, arrivedAt, holdUntil, paidAt, cancelledAt, offer } = booking;
  if (status === 'PENDING') return arrivedAt ? { list: 'desk', place: Date.parse(arrivedAt) } : { list: offer ? 'offer' : 'way', place: Date.parse(holdUntil) };
  const ended = status === 'PAID' ? paidAt : cancelledAt;
  return { list: isToday(ended, hotel) && !offer ? status.toLowerCase() : null, place: -Date.parse(ended) };
}

/**
 * The lists of the board: at the desk the longest waiting first, offers and on the way the soonest end first,
 * today's paid and cancelled newest first.
 */
export function lists({ bookings, hotel }) {
  const found = { desk: [], offer: [], way: [], paid: [], cancelled: [] };
  for (const booking of bookings.values()) found[standing(booking, hotel).list]?.push(booking);
  const byPlace = (a, b) => standings.get(a).place - standings.get(b).place || (a.receiptNo < b.receiptNo ? -1 : 1);
  for (const list of Object.values(found)) list.sort(byPlace);
  return found;
}

/** The size of each list without the search. An offer is no booking yet. */
export const counts = ({ desk, offer, way, paid, cancelled }) =>
  ({ pending: desk.length + way.length, desk: desk.length, offer: offer.length, way: way.length, paid: paid.length, cancelled: cancelled.length });

/** Of those on the way, the one whose time ends next. */
export function nextDue({ bookings, hotel }) {
  let next;
  for (const booking of hotel ? bookings.values() : []) {
    const { list, place } = standing(booking, hotel);
    if (list === 'way' && (!next || place < standing(next, hotel).place)) next = booking;
  }
  return next;
}

/** Who else may have sent a payment of this amount: at the desk, or with a code in hand. */
export function othersWaiting(state, { receiptNo, price }) {
  return [...state.bookings.values()].filter((other) => other.receiptNo !== receiptNo && other.price === price
    && other.status === 'PENDING' && Boolean(other.arrivedAt || other.qrisSentAt))
    .sort((a, b) => (a.receiptNo < b.receiptNo ? -1 : 1));
}

/** Whether older pages can contain bookings of today. Pages come with the newest booking first. */
export function worthPaging(nodes, now, advanceDays) {
  const oldest = nodes[nodes.length - 1];
  return Boolean(oldest) && Date.parse(oldest.bookedAt) > now - (2 + advanceDays) * 86_400_000;
}

/** The kind of signal for a change: 'new', 'soon', 'gone', or null for none, as for offers. */
export function notable(action, { offer } = {}) {
  if (offer) return null;
  return { BOOKED: 'new', REVIVED: 'new', OFFER_TAKEN: 'new', REMINDED: 'soon', EXPIRED: 'gone' }[action] ?? null;
}
