import assert from 'node:assert/strict';
import test from 'node:test';
import { amendedPrice, amendment } from '../../web/js/board-amendment.js';

const booking = { guestName: 'Budi Santoso', roomType: { code: 'STD', name: 'Standard' }, nights: 2, price: 600_000 };
const same = { guestName: 'Budi Santoso', roomType: 'STD', nights: 2 };

test('only what differs is changed', () => {
  assert.deepEqual(amendment(booking, same), {});
  assert.deepEqual(amendment(booking, { ...same, guestName: '  Budi Santoso ' }), {});
  assert.deepEqual(amendment(booking, { ...same, roomType: null }), {}, 'a type that the hotel no longer has stays');
  assert.deepEqual(amendment(booking, { guestName: 'Budi S', roomType: 'DLX', nights: 1 }), { guestName: 'Budi S', roomType: 'DLX', nights: 1 });
});

test('a name keeps the price as booked, and another stay has the price of today', () => {
  const today = { code: 'STD', price: 350_000 };
  assert.equal(amendedPrice(booking, { guestName: 'Budi S' }, today), 600_000);
  assert.equal(amendedPrice(booking, { nights: 3 }, today), 1_050_000);
  assert.equal(amendedPrice(booking, { roomType: 'DLX' }, { code: 'DLX', price: 525_500 }), 1_051_000);
  assert.equal(amendedPrice(booking, { nights: 3 }, null), null, 'not known yet');
});
