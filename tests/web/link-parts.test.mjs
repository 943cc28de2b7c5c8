import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkParts, pastedParts } from '../../web/js/link-parts.js';

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

test('a pasted link is found in a whole message, and a token alone is enough', () => {
  const receiptNo = 'RESI-20260104-001', parts = { receiptNo, accessToken };
  for (const pasted of [`https://hotel.example/b/${receiptNo}#${accessToken}`, `Booking Anda:\n<https://hotel.example/b/${receiptNo}/%23${accessToken}>. Terima kasih`, ` ${accessToken} `]) {
    assert.deepEqual(pastedParts(pasted, receiptNo), parts, pasted);
  }
  assert.deepEqual(pastedParts(`/b/RESI-20260105-002#${accessToken}`, receiptNo).receiptNo, 'RESI-20260105-002', 'the link knows its own number');
  for (const pasted of ['', 'https://hotel.example/b/RESI-20260104-001', `#${accessToken}x`]) assert.equal(pastedParts(pasted, receiptNo), null, pasted);
  assert.equal(pastedParts(accessToken, ''), null, 'of which booking?');
});
