// The checker finds what must never happen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './checker.mjs';

const at = (second) => new Date(1_767_500_000_000 + second * 1_000).toISOString();
const entry = (second, action, actor = 'guest') => ({ at: at(second), action, actor });
const rooms = [{ code: 'ONE', rooms: 1, price: 5 }];

function booking(receiptNo, values = {}, ...further) {
  const history = [entry(0, 'BOOKED'), ...further];
  return {
    receiptNo, guestName: 'Budi', roomType: { code: 'ONE' }, price: 5, status: 'PENDING', bookedAt: at(0), holdUntil: at(100),
    cancelledAt: null, arrivedAt: null, revision: history.length, undelivered: [], history, ...values,
  };
}
const expired = (receiptNo, second = 100) => booking(receiptNo, { status: 'CANCELLED', cancelledAt: at(second) }, entry(second, 'EXPIRED', 'clock'));

function findings(bookings, { log = [], second = 50, mails = bookings.map(({ receiptNo }) => `${receiptNo}.1.guest.eml`), stored = null } = {}) {
  return check({ rooms, bookings, log, mails: new Set(mails), now: Date.parse(at(second)), stored }).join('\n');
}

test('a run in which nothing went wrong has no findings', () => {
  const log = [{ action: 'createBooking', receiptNo: 'A', code: 'OK', price: 5, input: { guestName: 'Budi', roomType: 'ONE' } }];
  assert.equal(findings([expired('A')], { log, second: 500, stored: { claims: { ONE: 0 }, tracks: [], order: [['A', 1], ['A', 2]] } }), '');
});

for (const [what, expected, bookings, more] of [
  ['an oversold night', /2 of 1 rooms/, [booking('A'), booking('B')]],
  ['a night that was oversold by the order of commits', /2 of 1 rooms/, [expired('A'), booking('B')], { stored: { claims: { ONE: 1 }, tracks: [], order: [['A', 1], ['B', 1], ['A', 2]] } }],
  ['an early end', /before/, [expired('A', 99)]],
  ['a hold without an end', /still pending/, [booking('A')], { second: 500 }],
  ['a paid booking that expired', /more than once/, [booking('A', { status: 'CANCELLED', cancelledAt: at(100) }, entry(50, 'PAID'), entry(100, 'EXPIRED'))]],
  ['a lost booking', /is gone/, [], { log: [{ action: 'createBooking', receiptNo: 'A', code: 'OK' }] }],
  ['a lost payment', /markPaid was acknowledged/, [booking('A')], { log: [{ action: 'markPaid', receiptNo: 'A', code: 'OK' }] }],
  ['a payment that nobody asked for', /PAID happened 1 times/, [booking('A', { status: 'PAID' }, entry(5, 'PAID'))]],
  ['a refusal that is not true', /refused as paid/, [booking('A')], { log: [{ action: 'cancelBooking', receiptNo: 'A', code: 'ALREADY_PAID' }] }],
  ['a lost change', /revision 3 and 1 changes/, [booking('A', { revision: 3 })]],
  ['a guest without a mail', /got no mail/, [booking('A')], { mails: [] }],
  ['a claim without a booking', /1 rooms are claimed, 0/, [expired('A')], { second: 500, stored: { claims: { ONE: 1 }, tracks: [] } }],
  ['positions after the end', /positions are kept/, [expired('A')], { second: 500, stored: { claims: {}, tracks: ['A'] } }],
]) {
  test(`${what} is found`, () => assert.match(findings(bookings, more), expected));
}
