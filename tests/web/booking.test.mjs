import assert from 'node:assert/strict';
import test from 'node:test';
import { endKey } from '../../web/js/booking-text.js';
import { face, isSoon, newer, wasExtended } from '../../web/js/booking-words.js';
import { metresBetween, recordedAt, sendIn } from '../../web/js/position-rule.js';

const end = '2026-01-04T12:00:00.000Z', before = Date.parse(end) - 1;
const booking = { status: 'PENDING', arrivedAt: null, holdUntil: end, bookedAt: '2026-01-04T10:00:00.000Z', checkIn: '2026-01-04', extensions: 0, revision: 1 };
const hotel = { timezone: 'Asia/Jakarta', dayStartsAt: '06:00', holdMinutes: 120 };

test('a hold runs until its very last millisecond, then the page asks the server for the outcome', () => {
  assert.equal(face(booking, before), 'running');
  assert.equal(face(booking, before + 1), 'checking');
});

test('arrived, paid and cancelled do not depend on the time', () => {
  for (const now of [before, before + 10_000]) {
    assert.equal(face({ ...booking, arrivedAt: end }, now), 'arrived');
    assert.equal(face({ ...booking, status: 'PAID', arrivedAt: end }, now), 'paid');
    assert.equal(face({ ...booking, status: 'CANCELLED' }, now), 'cancelled');
  }
});

test('an unknown forecast promises nothing', () => {
  assert.equal(endKey('WILL_EXTEND'), 'guest.end.extend');
  assert.equal(endKey(null), 'guest.end.none');
  assert.equal(endKey('NEW_KIND'), 'guest.end.none');
});

test('little time is left from the reminder on, or in the last quarter of a short hold', () => {
  const minute = 60_000;
  assert.equal(isSoon(15 * minute, 120 * minute, 15), true);
  assert.equal(isSoon(16 * minute, 120 * minute, 15), false);
  assert.equal(isSoon(6_000, 20_000, 15), false);
  assert.equal(isSoon(5_000, 20_000, 15), true);
});

test('an extension shows whether the clock or the front office granted it', () => {
  const first = Date.parse(end);
  assert.equal(wasExtended(booking, hotel, first), false);
  assert.equal(wasExtended({ ...booking, extensions: 1 }, hotel, first), true);
  assert.equal(wasExtended({ ...booking, holdUntil: '2026-01-04T12:30:00Z' }, hotel, first), true);
  assert.equal(wasExtended({ ...booking, holdUntil: '2026-01-04T12:30:00Z' }, hotel, first + 1_800_000), true);
  assert.equal(wasExtended({ ...booking, checkIn: '2026-01-06', holdUntil: '2026-01-06T11:00:00Z' }, hotel, Date.parse('2026-01-06T11:00:00Z')), false);
});

test('an older state never replaces a newer one', () => {
  const known = { ...booking, revision: 3 };
  assert.equal(newer(known, booking), known);
  const position = { ...known, forecast: 'IN_TIME' };
  assert.equal(newer(known, position), position);
});

const here = { latitude: -6.9, longitude: 107.6 };
const metresNorth = (metres) => ({ ...here, latitude: here.latitude + metres / 111_195 });

test('distances are right to the metre at the scale of a city', () => {
  assert.ok(Math.abs(metresBetween(here, metresNorth(1_000)) - 1_000) < 1);
  assert.equal(metresBetween(here, here), 0);
});

test('the first fix is sent at once', () => assert.equal(sendIn(null, here, 0), 0));

test('a fix that hardly moved is not sent within a minute, and is after it', () => {
  const last = { fix: here, at: 0 };
  assert.equal(sendIn(last, metresNorth(49), 59_999), null);
  assert.equal(sendIn(last, here, 60_000), 0);
});

test('fifty metres are worth sending, though not more often than every five seconds', () => {
  const last = { fix: here, at: 0 };
  assert.equal(sendIn(last, metresNorth(51), 30_000), 0);
  assert.equal(sendIn(last, metresNorth(51), 2_000), 3_000);
});

test('the time of a fix is in server time, however wrong the device\'s clock is', () => {
  const server = Date.parse('2026-01-04T12:00:00.000Z'), device = server + 86_400_000;
  assert.equal(recordedAt(device - 7_000, device, server), '2026-01-04T11:59:53.000Z');
  assert.equal(recordedAt(device + 5_000, device, server), '2026-01-04T12:00:00.000Z');
});

test('a fix of an hour ago is sent as that old, and only an impossible age counts as none', () => {
  const server = Date.parse('2026-01-04T12:00:00.000Z'), device = server;
  assert.equal(recordedAt(device - 59 * 60_000, device, server), '2026-01-04T11:01:00.000Z');
  assert.equal(recordedAt(device - 61 * 60_000, device, server), '2026-01-04T10:59:00.000Z');
  assert.equal(recordedAt(device - 30 * 86_400_000, device, server), '2025-12-05T12:00:00.000Z');
  // Some browsers count from 2001 instead of 1970.
  assert.equal(recordedAt(device - 978_307_200_000, device, server), '2026-01-04T12:00:00.000Z');
});
