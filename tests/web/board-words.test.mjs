import assert from 'node:assert/strict';
import test from 'node:test';
import '../../web/js/board-text.js';
import { actionsOf, nextAction, timeLeft, whereWords } from '../../web/js/board-words.js';

const hotel = { timezone: 'Asia/Jakarta', today: '2026-01-04', hasQris: true, remindMinutes: 15, isManager: false };
const now = Date.parse('2026-01-04T11:00:00Z');
const booking = (more = {}) => ({
  receiptNo: 'RESI-20260104-001', guestName: 'Budi', channel: 'WEB', status: 'PENDING', checkIn: '2026-01-04', arrivedAt: null, qrisSentAt: null, qrisProgress: null,
  bookedAt: '2026-01-04T10:00:00Z', holdUntil: '2026-01-04T12:00:00Z', forecast: 'NO_POSITION', travel: null, ...more,
});
const arrived = { arrivedAt: '2026-01-04T10:30:00Z' };

test('the next action is arrival, then the code, then the payment, then none', () => {
  assert.equal(nextAction(booking(), hotel, false), 'arrived');
  assert.equal(nextAction(booking(arrived), hotel, false), 'show');
  assert.equal(nextAction(booking(arrived), hotel, true), 'paid', 'the code was on this screen');
  assert.equal(nextAction(booking({ ...arrived, qrisSentAt: '2026-01-04T10:31:00Z' }), hotel, false), 'paid', 'the code was sent');
  assert.equal(nextAction(booking(arrived), { ...hotel, hasQris: false }, false), 'paid');
  assert.equal(nextAction(booking({ status: 'PAID' }), hotel, false), null);
});

test('a walk-in is sent no code, and only a manager takes a payment back', () => {
  assert.ok(!actionsOf(booking({ ...arrived, channel: 'DESK' }), hotel).includes('send'));
  assert.deepEqual(actionsOf(booking({ ...arrived, status: 'PAID' }), hotel), []);
  assert.deepEqual(actionsOf(booking({ ...arrived, status: 'PAID' }), { ...hotel, isManager: true }), ['reopen']);
  assert.deepEqual(actionsOf(booking({ status: 'CANCELLED' }), hotel), ['revive', 'reviveHere']);
  assert.deepEqual(actionsOf(booking({ status: 'CANCELLED', checkIn: '2026-01-03' }), hotel), []);
});

test('an offer is neither extended nor changed, and says that it is not taken', () => {
  assert.deepEqual(actionsOf(booking({ offer: true }), hotel), ['arrived', 'paid', 'cancel']);
  assert.equal(whereWords(booking({ offer: true, forecast: null }), hotel, now), 'ditawarkan, belum diambil');
});

test('where a guest is takes a few words', () => {
  const travel = { distanceKm: 9, arrivesAt: '2026-01-04T11:32:00Z', withinRadius: true, approaching: true };
  assert.equal(whereWords(booking({ travel, forecast: 'IN_TIME' }), hotel, now), '9,0 km · tiba ±18.32 · tepat waktu');
  assert.equal(whereWords(booking({ travel, forecast: 'IN_TIME' }), hotel, now + 3_600_000), '9,0 km · tepat waktu', 'an arrival in the past is not shown');
  assert.equal(whereWords(booking(), hotel, now), 'tanpa lokasi');
  assert.equal(whereWords(booking({ ...arrived, qrisProgress: 'FAILED' }), hotel, now), 'tiba 17.30 · QRIS gagal');
});

test('the time left is counted from the booking, and at the desk from the arrival', () => {
  assert.deepEqual(timeLeft(booking(), hotel, now), { words: '1:00:00', share: 0.5, urgency: 'calm' });
  assert.equal(timeLeft(booking(), hotel, now + 50 * 60_000).urgency, 'soon');
  assert.equal(timeLeft(booking(), hotel, now + 3_600_000).urgency, 'over');
  assert.equal(timeLeft(booking(arrived), hotel, now + 15 * 60_000).share, 0.5);
});
