import assert from 'node:assert/strict';
import test from 'node:test';
import { bookingRows, dayBeside, figureRows, hourBars, outcomeBars, tablesOf } from '../../web/js/board-figures.js';
import '../../web/js/board-text.js';
import { texts } from '../../web/js/text.js';

const byHour = Array.from({ length: 24 }, (_, hour) => (hour === 20 ? 8 : hour === 1 ? 2 : 0));
const line = (name) => ({ name, booked: 3, paid: 2, paidRupiah: 700_000, expired: 1, cancelled: 0 });
const summary = {
  date: '2026-01-04', booked: 10, paid: 6, paidRupiah: 2_100_000, expired: 2, cancelled: 1, atDesk: 1, extended: 3, extendedAndCame: 2, blockedMinutes: 240, deskWaitMinutes: 4.5,
  undelivered: 0, byHour, lateness: { medianMs: 1, p99Ms: 3, worstMs: 4, deadlines: 2 }, byChannel: [line('WEB')], byRoomType: [line('Standard')], byStaff: [line('=Rina')],
};

test('the hours follow the hotel day, so the night stays together', () => {
  const bars = hourBars(byHour, '06:00');
  assert.deepEqual([bars[0].hour, bars[23].hour, bars.length], [6, 5, 24]);
  assert.deepEqual(bars.filter(({ n }) => n).map(({ hour, n, share }) => [hour, n, share]), [[20, 8, 1], [1, 2, 0.25]]);
  assert.ok(hourBars(Array(24).fill(0), '06:00').every(({ share }) => share === 0));
});

test('the outcomes are compared with the greatest one', () => {
  assert.deepEqual(outcomeBars(summary).map(({ name, n, share }) => [name, n, share.toFixed(2)]), [['paid', 6, '1.00'], ['expired', 2, '0.33'], ['cancelled', 1, '0.17'], ['atDesk', 1, '0.17']]);
});

test('there is no day after today', () => {
  assert.equal(dayBeside('2026-01-04', 1, '2026-01-04'), '2026-01-04');
  assert.equal(dayBeside('2026-01-03', 1, '2026-01-04'), '2026-01-04');
  assert.equal(dayBeside('2026-01-01', -1, '2026-01-04'), '2025-12-31');
});

test('the file of the figures has every figure with its words, and the three tables', () => {
  const t = (key) => { assert.ok(texts[key], key); return texts[key][0]; };
  const rows = figureRows(summary, t, (kind, name) => `${kind} ${name}`);
  const flat = rows.map((row) => row.join('|'));
  for (const expected of ['Hari hotel|2026-01-04', 'Lunas|6', 'Jumlah lunas (Rp)|2100000', '20:00|8', 'channel WEB|3|2|700000|1|0', 'room Standard|3|2|700000|1|0', 'staff =Rina|3|2|700000|1|0']) {
    assert.ok(flat.includes(expected), expected);
  }
  assert.deepEqual(tablesOf({ ...summary, byStaff: [] }).map(({ kind }) => kind), ['channel', 'room']);
});

test('the file of the bookings has one row for each', () => {
  const [heads, row] = bookingRows([{ receiptNo: 'RESI-20260104-001', guestName: '=Budi', channel: 'WEB', roomType: { name: 'Standard' }, checkIn: '2026-01-04', nights: 1, price: 350_000, status: 'PAID', paidAt: '2026-01-04T12:00:00.000Z' }]);
  assert.equal(heads.length, row.length);
  assert.deepEqual([row[heads.indexOf('roomType')], row[heads.indexOf('price')], row[heads.indexOf('paidAt')]], ['Standard', 350_000, '2026-01-04T12:00:00.000Z']);
});
