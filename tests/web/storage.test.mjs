import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeStorage } from '../../web/js/storage.js';

const full = { getItem: () => null, setItem() { throw new Error('full'); }, removeItem() { throw new Error('full'); } };

test('storage that is blocked, missing or full lasts as long as the page and never throws', () => {
  for (const scope of [{ get area() { throw new Error('blocked'); } }, {}, { area: full }]) {
    const storage = safeStorage('area', scope);
    assert.equal(storage.getItem('a'), null);
    storage.setItem('a', '1');
    assert.equal(storage.getItem('a'), '1');
    storage.removeItem('a');
    assert.equal(storage.getItem('a'), null);
  }
});

test('storage that works is used', () => {
  const kept = new Map();
  const area = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  safeStorage('area', { area }).setItem('a', '1');
  assert.equal(kept.get('a'), '1');
  assert.equal(safeStorage('area', { area }).getItem('a'), '1', 'after a reload');
});
