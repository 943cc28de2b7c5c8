// What the board knows, as pure functions: a map of bookings, merged by revision, and the lists made of it.
import { hotelDay } from './format.js';

/** `bookings`: receipt number → booking. `hotel` is the server's last word about itself. */
export const emptyState = () => ({ bookings: new Map(), hotel: null });

/** A booking as the board's lists ask for it: the part of a receipt number that people type. */
export function receiptKey(words) {
  const digits = words.toUpperCase().replace(/^\s*RESI/, '').replace(/[\s-]/g, '');
  return /^\d+$/.test(digits) ? digits : null;
}

/**
 * Takes one state in; true when something was changed. Answers of queries, of actions and of the feed
 * overtake each other on the wire, so the revision decides. A position does not move the revision.
 */
export function merge(state, incoming, action = null) {
  const known = state.bookings.get(incoming.receiptNo);
  if (!known || incoming.revision > known.revision) {
    state.bookings.set(incoming.receiptNo, incoming);
    return true;
  }
  if (action === 'POSITION' && known.status === 'PENDING') return mergePosition(state, known, incoming);
  if (incoming.revision < known.revision) return false;
  // Equal: what lies beside the booking (position, undelivered notices) may be newer, and never travels back.
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

/** Whether an instant lies in the hotel's present day. */
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

/** How many of each, whatever is being searched for. */
export function counts(all) {
  return { pending: all.pending.length, paid: all.paid.length, cancelled: all.cancelled.length };
}

/** A search by name, or by receipt number as people read it out: any case, without RESI, dashes or leading zeros. */
export function matches(booking, search) {
  const wanted = search.trim();
  if (!wanted) return true;
  if (plain(booking.guestName).includes(plain(wanted))) return true;
  if (/\D/.test(wanted) && plain(booking.receiptNo).includes(plain(wanted))) return true;
  const key = receiptKey(wanted);
  const [, day, number] = booking.receiptNo.match(/(\d{8})-?(\d+)$/) ?? [];
  if (key === null || !day) return false;
  // A short number is the day's counter: "2" must not find every booking of a day with a 2 in it.
  if (key.length <= 4) return Number(number) === Number(key);
  if ((day + number).includes(key)) return true;
  return day === key.slice(0, 8) && Number(number) === Number(key.slice(8));
}

const plain = (words) => words.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Whether older pages can still hold something of today: bookings come newest first. */
export function worthPaging(nodes, now, advanceDays) {
  const oldest = nodes.at(-1);
  return Boolean(oldest) && Date.parse(oldest.bookedAt) > now - (2 + advanceDays) * 86_400_000;
}

/** What of a change deserves notice: 'new', 'soon', 'gone', or null. */
export function notable(action) {
  return { BOOKED: 'new', REVIVED: 'new', REMINDED: 'soon', EXPIRED: 'gone' }[action] ?? null;
}
