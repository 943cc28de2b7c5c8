// What a clerk types into the search, and which of the loaded bookings it means. Like the server's
// search it looks for the beginnings of words; besides name, receipt number and price it knows room
// type and e-mail address. Pure functions; it does not ask the server.
import { standing } from './board-state.js';

/**
 * Reads a search: `terms`, all of which must begin a word, `receipt` as {day, number} if it is a
 * receipt number, and `amount` if it may be one.
 */
export function readQuery(text) {
  const receipt = receiptIn(text);
  const terms = [];
  for (const part of text.trim().split(/\s+/)) {
    const digits = groupedDigits(part);
    if (digits) terms.push(digits);
    else terms.push(...wordsOf(part).map(withoutZeros));
  }
  const isNumber = terms.some((term) => /^\d+$/.test(term));
  return {
    text: text.trim(), receipt, amount: amountIn(text),
    terms: isNumber ? terms.filter((term) => term !== 'resi' && term !== 'rp') : terms,
  };
}

/** `275000`, `Rp275.000`, `275 rb`, `275k`. Null for anything else, and below a thousand rupiah. */
function amountIn(text) {
  const [, digits, thousands] = /^\s*(?:rp\.?\s*)?(\d[\d.,]*?)\s*(rb|ribu|k)?\s*$/i.exec(text) ?? [];
  if (!digits) return null;
  const plain = /^\d+$/.test(digits) ? digits : groupedDigits(digits);
  const amount = plain === null ? NaN : Number(plain) * (thousands ? 1_000 : 1);
  return amount >= 1_000 ? amount : null;
}

/** The digits of an amount in groups of three, such as `Rp300.000`. */
function groupedDigits(part) {
  const [, first, rest] = /^(?:rp)?(\d{1,3})((?:[.,]\d{3})+)$/i.exec(part) ?? [];
  return first ? first + rest.replace(/\D/g, '') : null;
}

/** A whole receipt number in any form: the day, and the counter without its zeros. */
function receiptIn(text) {
  const [, day, number] = /^\s*(?:resi)?[\s-]*(\d{8})[\s-]*(\d{1,6})\s*$/i.exec(text) ?? [];
  return day ? { day, number: Number(number) } : null;
}

const apostrophes = /['`\u00b4\u02b9-\u02bf\u2018\u2019\u201b\u2032\uff07\u200b-\u200f\u2060\ufeff\u00ad]/g;

/** The words of a text: lower case, without accents and apostrophes. */
export function wordsOf(text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').replace(apostrophes, '').toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

const withoutZeros = (word) => (/^\d+$/.test(word) ? word.replace(/^0+(?=.)/, '') : word);

// The words of a booking are kept for each state of it, as a search goes through all of them at
// every key.
const known = new WeakMap();

function searchable(booking) {
  if (!known.has(booking)) {
    const [, day, number] = /(\d{8})-(\d+)$/.exec(booking.receiptNo) ?? [];
    const texts = [booking.guestName, booking.guestName.replace(apostrophes, ' '), booking.roomType.name, booking.roomType.code];
    const address = booking.contact ? [booking.contact.toLowerCase(), ...wordsOf(booking.contact)] : [];
    known.set(booking, { day, number: Number(number), words: [...texts.flatMap(wordsOf), ...address, day, String(Number(number)), String(booking.price)].map(withoutZeros) });
  }
  return known.get(booking);
}

function hasReceipt(booking, receipt) {
  const { day, number } = searchable(booking);
  return day === receipt.day && number === receipt.number;
}

/** Whether a search means this booking. An empty one means every booking. */
export function matches(booking, query) {
  if (!query.text) return true;
  const { words } = searchable(booking);
  if (query.receipt && hasReceipt(booking, query.receipt)) return true;
  if (query.text.includes('@')) return words.some((word) => word.startsWith(query.text.toLowerCase()));
  return query.terms.length > 0 && query.terms.every((term) => words.some((word) => word.startsWith(term)));
}

/** The order of results: at the desk, offers, on the way, paid, cancelled, other days. */
const ranks = { desk: 0, offer: 1, way: 2, paid: 3, cancelled: 4 };

/**
 * The bookings that a search means. A whole receipt number means just that booking, and an amount that
 * somebody owes just those who owe exactly that; otherwise every booking that has the words.
 */
export function find(bookings, query, hotel) {
  const exactly = query.receipt ? bookings.filter((booking) => hasReceipt(booking, query.receipt)) : [];
  const owing = query.amount === null ? [] : bookings.filter(({ status, price }) => status === 'PENDING' && price === query.amount);
  const found = [exactly, owing].find((some) => some.length) ?? bookings.filter((booking) => matches(booking, query));
  const order = (booking) => { const { list, place } = standing(booking, hotel); return [ranks[list] ?? 5, place]; };
  return found.map((booking) => [order(booking), booking])
    .sort(([[rankA, placeA]], [[rankB, placeB]]) => rankA - rankB || placeA - placeB)
    .map(([, booking]) => booking);
}
