import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkParts } from '../../web/js/link-parts.js';

const accessToken = 'aB3-_'.repeat(8) + 'xyz';

test('a guest’s link is read however other software rewrote it', () => {
  const receiptNo = 'RESI-20260104-001';
  for (const rest of [`#${accessToken}`, `#${accessToken}.`, `/#${accessToken}`, `%23${accessToken}`, `%2523${accessToken}`, `#${accessToken}%20`, `#${accessToken}>`]) {
    assert.deepEqual(linkParts(`/b/${receiptNo}${rest}`), { receiptNo, accessToken }, rest);
  }
});

test('a link without a whole token has none', () => {
  for (const rest of ['', '#', '#wrong', `#${accessToken}x`]) {
    assert.deepEqual(linkParts(`/b/RESI-20260104-001${rest}`), { receiptNo: 'RESI-20260104-001', accessToken: '' }, rest);
  }
});
