import assert from 'node:assert/strict';
import test from 'node:test';
import { counts, emptyState, isToday, lists, merge, nextDue, notable, othersWaiting, worthPaging } from '../../web/js/board-state.js';

const hotel = { timezone: 'Asia/Jakarta', dayStartsAt: '06:00', today: '2026-01-04' };
const booking = (number, more = {}) => ({
  receiptNo: `RESI-20260104-${String(number).padStart(3, '0')}`, guestName: 'Budi', status: 'PENDING', revision: 1,
  bookedAt: '2026-01-04T10:00:00.000Z', holdUntil: '2026-01-04T12:00:00.000Z', travel: null, forecast: 'NO_POSITION', undelivered: [], ...more,
});
const board = (...all) => {
  const state = { ...emptyState(), hotel };
  all.forEach((each) => merge(state, each));
  return state;
};
const only = (state) => [...state.bookings.values()][0];
const fix = (fixAt, distanceKm = 5) => ({ fixAt, distanceKm });

test('a higher revision replaces the state, a lower one is ignored', () => {
  const state = board(booking(1, { revision: 2, status: 'PAID' }));
  assert.equal(merge(state, booking(1, { revision: 1 })), false);
  assert.equal(only(state).status, 'PAID');
  assert.equal(merge(state, booking(1, { revision: 3, status: 'CANCELLED' })), true);
  assert.equal(only(state).status, 'CANCELLED');
});

test('the same state twice is no change', () => {
  const state = board(booking(1));
  assert.equal(merge(state, booking(1)), false);
});

test('a position updates the travel data without a higher revision', () => {
  const state = board(booking(1));
  assert.equal(merge(state, booking(1, { travel: fix('2026-01-04T10:10:00Z'), forecast: 'IN_TIME' }), 'POSITION'), true);
  assert.equal(only(state).forecast, 'IN_TIME');
});

test('a late position of an earlier revision changes the travel data and nothing else', () => {
  const state = board(booking(1, { revision: 5, holdUntil: '2026-01-04T12:30:00.000Z' }));
  merge(state, booking(1, { revision: 4, travel: fix('2026-01-04T10:10:00Z') }), 'POSITION');
  assert.equal(only(state).holdUntil, '2026-01-04T12:30:00.000Z');
  assert.equal(only(state).revision, 5);
  assert.ok(only(state).travel);
});

test('an older position never replaces a newer one', () => {
  const state = board(booking(1, { travel: fix('2026-01-04T10:20:00Z', 3) }));
  merge(state, booking(1, { travel: fix('2026-01-04T10:10:00Z', 9) }), 'POSITION');
  merge(state, booking(1, { travel: fix('2026-01-04T10:10:00Z', 9) }));
  assert.equal(only(state).travel.distanceKm, 3);
});

test('a booking that has ended gets no position', () => {
  const state = board(booking(1, { revision: 2, status: 'CANCELLED', cancelledAt: '2026-01-04T12:00:00Z' }));
  assert.equal(merge(state, booking(1, { travel: fix('2026-01-04T11:59:59Z') }), 'POSITION'), false);
  assert.equal(only(state).travel, null);
});

test('a notification that was given up is shown without a higher revision', () => {
  const state = board(booking(1));
  assert.equal(merge(state, booking(1, { undelivered: ['e-mail: mailbox full'] })), true);
});

test('guests on the way come soonest end first, whatever order they came in', () => {
  const state = board(booking(1, { holdUntil: '2026-01-04T13:00:00Z' }), booking(2, { holdUntil: '2026-01-04T12:00:00Z' }), booking(3, { holdUntil: '2026-01-04T12:00:00Z' }));
  assert.deepEqual(lists(state).way.map(({ receiptNo }) => receiptNo.slice(-1)), ['2', '3', '1']);
});

test('paid and cancelled are those of the hotel day, newest first', () => {
  const state = board(
    booking(1, { status: 'PAID', paidAt: '2026-01-04T10:00:00Z' }), booking(2, { status: 'PAID', paidAt: '2026-01-04T22:59:00Z' }),
    booking(3, { status: 'PAID', paidAt: '2026-01-04T23:00:00Z' }), booking(4, { status: 'CANCELLED', cancelledAt: '2026-01-03T22:59:00Z' }),
  );
  assert.deepEqual(lists(state).paid.map(({ receiptNo }) => receiptNo.slice(-1)), ['2', '1']);
  assert.deepEqual(counts(lists(state)), { pending: 0, desk: 0, offer: 0, way: 0, paid: 2, cancelled: 0 });
});

test('when a new hotel day starts, bookings of yesterday leave the lists', () => {
  const state = board(booking(1, { status: 'PAID', paidAt: '2026-01-04T10:00:00Z' }));
  state.hotel = { ...hotel, today: '2026-01-05' };
  assert.equal(lists(state).paid.length, 0);
  assert.equal(isToday('2026-01-05T01:00:00Z', state.hotel), true);
});

test('who stands at the desk is listed apart, the longest waiting first', () => {
  const arrived = (number, arrivedAt) => booking(number, { arrivedAt, price: 350_000 });
  const state = board(booking(1, { holdUntil: '2026-01-04T11:00:00Z' }), arrived(2, '2026-01-04T10:30:00Z'), arrived(3, '2026-01-04T10:10:00Z'));
  assert.deepEqual(lists(state).desk.map(({ receiptNo }) => receiptNo.slice(-1)), ['3', '2']);
  assert.deepEqual(counts(lists(state)), { pending: 3, desk: 2, offer: 0, way: 1, paid: 0, cancelled: 0 });
});

test('a booking moves between the lists with its state', () => {
  const state = board(booking(1));
  merge(state, booking(1, { revision: 2, arrivedAt: '2026-01-04T10:30:00Z' }));
  assert.equal(lists(state).desk.length, 1);
  merge(state, booking(1, { revision: 3, arrivedAt: '2026-01-04T10:30:00Z', status: 'PAID', paidAt: '2026-01-04T10:40:00Z' }));
  assert.deepEqual(counts(lists(state)), { pending: 0, desk: 0, offer: 0, way: 0, paid: 1, cancelled: 0 });
});

test('an offer stands apart and counts as no booking until it is taken', () => {
  const offered = { offer: true, holdUntil: '2026-01-04T10:10:00Z' };
  const state = board(booking(1), booking(2, offered), booking(3, { ...offered, status: 'CANCELLED', cancelReason: 'EXPIRED', cancelledAt: '2026-01-04T10:10:00Z' }));
  assert.deepEqual(lists(state).offer.map(({ receiptNo }) => receiptNo.slice(-1)), ['2']);
  assert.deepEqual(counts(lists(state)), { pending: 1, desk: 0, offer: 1, way: 1, paid: 0, cancelled: 0 });
  assert.equal(nextDue(state).receiptNo.slice(-1), '1');
  merge(state, booking(2, { revision: 2, offer: false }));
  assert.equal(lists(state).way.length, 2);
});

test('what is due next is the soonest end on the way, not who waits at the desk', () => {
  const state = board(booking(1, { arrivedAt: '2026-01-04T10:30:00Z', holdUntil: '2026-01-04T11:00:00Z' }), booking(2), booking(3, { holdUntil: '2026-01-04T11:30:00Z' }));
  assert.equal(nextDue(state).receiptNo.slice(-1), '3');
  assert.equal(nextDue(emptyState()), undefined);
});

test('the same amount waits only with who is at the desk or has a code', () => {
  const same = { price: 275_000 };
  const state = board(booking(1, same), booking(2, { ...same, arrivedAt: '2026-01-04T10:30:00Z' }), booking(3, { ...same, qrisSentAt: '2026-01-04T10:30:00Z' }),
    booking(4, { price: 300_000, arrivedAt: '2026-01-04T10:30:00Z' }), booking(5, { ...same, arrivedAt: '2026-01-04T10:30:00Z', status: 'PAID', paidAt: '2026-01-04T10:40:00Z' }));
  assert.deepEqual(othersWaiting(state, state.bookings.get('RESI-20260104-002')).map(({ receiptNo }) => receiptNo.slice(-1)), ['3']);
});

test('paging stops when the bookings are older than two days and the days of advance booking', () => {
  const now = Date.parse('2026-01-04T12:00:00Z');
  const at = (bookedAt) => [booking(1, { bookedAt })];
  assert.equal(worthPaging(at('2026-01-03T12:00:00Z'), now, 0), true);
  assert.equal(worthPaging(at('2026-01-02T11:00:00Z'), now, 0), false);
  assert.equal(worthPaging(at('2026-01-02T11:00:00Z'), now, 7), true);
  assert.equal(worthPaging([], now, 0), false);
});

test('new, expiring and expired bookings are notable, positions are not', () => {
  assert.deepEqual(['BOOKED', 'REVIVED', 'REMINDED', 'EXPIRED', 'POSITION', 'PAID'].map(notable), ['new', 'new', 'soon', 'gone', null, null]);
  assert.deepEqual([notable('OFFERED', { offer: true }), notable('OFFER_TAKEN', { offer: false }), notable('EXPIRED', { offer: true })], [null, 'new', null]);
});
