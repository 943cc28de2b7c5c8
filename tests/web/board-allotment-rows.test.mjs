import assert from 'node:assert/strict';
import test from 'node:test';
import { left, mostSold, nightsOf, stretches, table } from '../../web/js/board-allotment-rows.js';

const night = (date, more = {}) => ({ date, roomType: { code: 'STD', name: 'Standard' }, rooms: 10, taken: 0, closed: false, ...more });

test('few rooms, none and a closed type are told apart, and a small type is not running out', () => {
  assert.deepEqual(left(night('2026-01-04', { taken: 3 })), { free: 7, kind: '' });
  assert.deepEqual(left(night('2026-01-04', { taken: 8 })), { free: 2, kind: 'few' });
  assert.deepEqual(left(night('2026-01-04', { taken: 10 })), { free: 0, kind: 'none' }, 'full is not few');
  assert.deepEqual(left(night('2026-01-04', { taken: 12 })), { free: 0, kind: 'none' }, 'more sold than is for sale now');
  assert.deepEqual(left(night('2026-01-04', { rooms: 1 })), { free: 1, kind: '' });
  assert.deepEqual(left(night('2026-01-04', { taken: 3, closed: true })), { free: 0, kind: 'closed' });
});

test('the list becomes a table of nights and types', () => {
  const dlx = { roomType: { code: 'DLX', name: 'Deluxe' } };
  const { types, nights } = table([night('2026-01-04'), night('2026-01-04', dlx), night('2026-01-05'), night('2026-01-05', dlx)]);
  assert.deepEqual(types.map(({ code }) => code), ['STD', 'DLX']);
  assert.deepEqual(nights.map(({ date, cells }) => [date, cells.length]), [['2026-01-04', 2], ['2026-01-05', 2]]);
});

test('a range is the nights of one type, with the most that are sold', () => {
  const all = [night('2026-01-04', { taken: 2 }), night('2026-01-05', { taken: 4 }), night('2026-01-06', { taken: 4 }), night('2026-01-05', { roomType: { code: 'DLX' }, taken: 9 })];
  const range = nightsOf(all, 'STD', '2026-01-04', '2026-01-06');
  assert.equal(range.length, 3);
  assert.deepEqual(mostSold(range), { taken: 4, date: '2026-01-05' });
  assert.equal(mostSold([]), null);
});

test('to close a range keeps the number of each night', () => {
  const range = [night('2026-01-04'), night('2026-01-05'), night('2026-01-06', { rooms: 8 }), night('2026-01-07')];
  assert.deepEqual(stretches(range), [
    { from: '2026-01-04', through: '2026-01-05', rooms: 10 }, { from: '2026-01-06', through: '2026-01-06', rooms: 8 },
    { from: '2026-01-07', through: '2026-01-07', rooms: 10 },
  ]);
});
