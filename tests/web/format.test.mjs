import assert from 'node:assert/strict';
import test from 'node:test';
import * as format from '../../web/js/format.js';

const jakarta = 'Asia/Jakarta';
const spaces = (words) => words.replaceAll('\u00a0', ' ');

test('rupiah are grouped by dots and never rounded', () => {
  assert.deepEqual([0, 999, 350000, 1250001, 9007199254740991].map(format.rupiah),
    ['Rp0', 'Rp999', 'Rp350.000', 'Rp1.250.001', 'Rp9.007.199.254.740.991']);
});

test('clock times are those of the hotel, written with a dot in Indonesian and a colon in English', () => {
  assert.equal(format.clockTime('2026-01-04T13:30:00.000Z', jakarta, 'id'), '20.30');
  assert.equal(format.clockTime('2026-01-04T13:30:00.000Z', 'Asia/Jayapura', 'en'), '22:30');
  assert.equal(format.clockTime('2026-01-04T17:05:00.000Z', jakarta, 'id'), '00.05');
});

test('the three Indonesian zones have their own labels', () => {
  assert.deepEqual(['Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura'].map((zone) => format.zoneLabel(zone)), ['WIB', 'WITA', 'WIT']);
});

test('a moment of another day names the day', () => {
  const now = '2026-01-04T16:00:00Z';
  assert.equal(format.moment('2026-01-04T16:30:00Z', now, jakarta, 'id'), 'pukul 23.30 WIB');
  assert.equal(format.moment('2026-01-04T18:10:00Z', now, jakarta, 'id'), 'Sen 5 Jan pukul 01.10 WIB');
  assert.equal(format.moment('2026-01-04T18:10:00Z', now, jakarta, 'en'), '01:10 WIB on Mon 5 Jan');
});

test('the hotel day starts at the configured hour, not at midnight', () => {
  assert.equal(format.hotelDay('2026-01-04T22:59:59Z', jakarta, '06:00'), '2026-01-04');
  assert.equal(format.hotelDay('2026-01-04T23:00:00Z', jakarta, '06:00'), '2026-01-05');
  assert.equal(format.hotelDay('2026-01-04T17:30:00Z', jakarta, '00:00'), '2026-01-05');
});

test('days are added over the ends of months and years', () => {
  assert.equal(format.addDays('2026-12-31', 1), '2027-01-01');
  assert.equal(format.addDays('2028-02-28', 1), '2028-02-29');
  assert.equal(format.addDays('2026-03-01', -1), '2026-02-28');
});

test('a stay shows its first day, its last day and the nights', () => {
  assert.equal(spaces(format.stay('2026-01-04', 2, 'id')), 'Min 4 Jan – Sel 6 Jan, 2 malam');
  assert.equal(spaces(format.stay('2026-01-04', 1, 'en')), 'Sun 4 Jan – Mon 5 Jan, 1 night');
  assert.equal(format.longDate('2026-01-04', 'id'), 'Minggu, 4 Januari');
});

test('a countdown is rounded up, so that zero comes at the end and not before it', () => {
  assert.deepEqual([7_199_001, 59_999, 1, 0, -5].map(format.countdown), ['2:00:00', '01:00', '00:01', '00:00', '00:00']);
  assert.equal(format.countdown(3_600_000), '1:00:00');
  assert.equal(format.countdown(249_000), '04:09');
});

test('configured durations are shown exactly, also unusual ones', () => {
  assert.deepEqual([120, 90, 15, 20 / 60, 0.0].map((minutes) => format.lengthWords(minutes, 'id')), ['2 jam', '1 jam 30 menit', '15 menit', '20 detik', '0 detik']);
  assert.equal(format.lengthWords(61, 'en'), '1 hour 1 minute');
});

test('an age is shown in one unit and is never negative', () => {
  assert.deepEqual([-3_000, 40_000, 200_000, 7_300_000].map((age) => format.ageWords(age, 'id')), ['0 detik', '40 detik', '3 menit', '2 jam']);
});

test('distances use metres when near and a comma in Indonesian', () => {
  assert.equal(format.distance(0.85, 'id'), '850 m');
  assert.equal(format.distance(4.23, 'id'), '4,2 km');
  assert.equal(format.distance(4.23, 'en'), '4.2 km');
  assert.equal(format.distance(24.4, 'id'), '24 km');
});

test('the share that is left stays between none and all', () => {
  assert.equal(format.shareLeft(0, 100, 25), 0.75);
  assert.equal(format.shareLeft(0, 100, 200), 0);
  assert.equal(format.shareLeft(50, 100, 0), 1);
  assert.equal(format.shareLeft(100, 100, 0), 0);
});
