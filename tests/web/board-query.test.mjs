import assert from 'node:assert/strict';
import test from 'node:test';
import { find, matches, readQuery } from '../../web/js/board-query.js';

const hotel = { timezone: 'Asia/Jakarta', dayStartsAt: '06:00', today: '2026-01-04' };
const booking = (number, more = {}) => ({
  receiptNo: `RESI-20260104-${String(number).padStart(3, '0')}`, guestName: 'Budi Santoso', status: 'PENDING', price: 350_000, arrivedAt: null, contact: null,
  roomType: { code: 'STD', name: 'Standard' }, holdUntil: '2026-01-04T12:00:00Z', bookedAt: '2026-01-04T10:00:00Z', ...more,
});
const means = (words, more) => matches(booking(7, more), readQuery(words));
const numbers = (words, ...all) => find(all, readQuery(words), hotel).map(({ receiptNo }) => Number(receiptNo.slice(-3)));

test('receipt numbers are found however people write them', () => {
  for (const words of ['RESI-20260104-007', 'resi20260104007', '20260104 7', '20260104-07', '7', '007', 'resi 7', 'RESI-2026']) assert.ok(means(words), words);
  for (const words of ['8', '17', '4', '20260105-7', 'RESI-20260104-008', '0104']) assert.ok(!means(words), words);
});

test('a whole receipt number means that booking alone, whatever else has such words', () => {
  const other = booking(8, { contact: 'tamu.7abc@example.com' });
  assert.deepEqual(numbers('RESI-20260104-007', other, booking(7)), [7]);
  assert.deepEqual(numbers('20260104 007', other), [8], 'without it, what has the words');
});

test('names are found by the beginnings of their words, in any case and order, without accents', () => {
  for (const words of ['bud', 'SANTO', 'san bud', '']) assert.ok(means(words), words);
  for (const words of ['udi', 'toso', 'siti', 'budi siti']) assert.ok(!means(words), words);
  assert.ok(means('jose s', { guestName: 'José Siregar' }));
  for (const words of ['maruf', "ma'ruf", 'ma’ruf', 'ruf']) assert.ok(means(words, { guestName: "Ma'ruf" }), words);
});

test('room type and e-mail address are found', () => {
  const web = { contact: 'dewi.lestari@example.com' };
  for (const words of ['stand', 'std', 'lestari', 'dewi.lestari@ex']) assert.ok(means(words, web), words);
  assert.ok(!means('ewi@', web));
});

test('an amount is read with dots, Rp, rb and k', () => {
  for (const words of ['275000', '275.000', 'Rp275.000', 'rp 275000', '275rb', '275 ribu', '275k']) assert.equal(readQuery(words).amount, 275_000, words);
  for (const words of ['7', 'budi', 'RESI-20260104-007', '27.50', '275rb lagi']) assert.equal(readQuery(words).amount, null, words);
});

test('an amount lists who owes exactly that, guests at the desk first', () => {
  const all = [
    booking(1, { price: 275_000 }), booking(2, { price: 275_000, arrivedAt: '2026-01-04T10:30:00Z' }), booking(3, { price: 2_750_000 }),
    booking(4, { price: 275_000, status: 'PAID', paidAt: '2026-01-04T10:40:00Z' }),
  ];
  for (const words of ['275000', '275.000', '275rb']) assert.deepEqual(numbers(words, ...all), [2, 1], words);
});

test('a number that nobody owes is looked for as anything else', () => {
  assert.deepEqual(numbers('20260104', booking(1), booking(2)), [1, 2]);
  assert.deepEqual(numbers('350', booking(1), booking(2, { price: 800_000 })), [1]);
});

test('results come in the order of the board: desk, on the way, paid, cancelled, other days', () => {
  const all = [
    booking(1, { status: 'CANCELLED', cancelledAt: '2026-01-04T10:40:00Z' }), booking(2, { status: 'PAID', paidAt: '2026-01-04T10:40:00Z' }),
    booking(3), booking(4, { arrivedAt: '2026-01-04T10:30:00Z' }), booking(5, { status: 'PAID', paidAt: '2025-12-30T10:40:00Z' }),
  ];
  assert.deepEqual(numbers('budi', ...all), [4, 3, 2, 1, 5]);
});
