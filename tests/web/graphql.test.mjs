import assert from 'node:assert/strict';
import test from 'node:test';
import { Refusal, Unreachable, createApi } from '../../web/js/graphql.js';

const answering = (body, seen = {}) => createApi({
  language: () => 'en', token: () => seen.token ?? null,
  fetch: async (url, options) => { Object.assign(seen, { url, options }); return { json: async () => (body instanceof Error ? Promise.reject(body) : body) }; },
});

test('data comes back as data, asked for in the chosen language', async () => {
  const seen = {};
  assert.deepEqual(await answering({ data: { x: 1 } }, seen)('query { x }', { a: 1 }), { x: 1 });
  assert.equal(seen.options.headers['Accept-Language'], 'en');
  assert.equal(seen.options.headers.Accept, 'application/graphql-response+json, application/json');
  assert.equal(seen.options.headers.Authorization, undefined);
  assert.deepEqual(JSON.parse(seen.options.body), { query: 'query { x }', variables: { a: 1 } });
});

test('a session is sent as a bearer token', async () => {
  const seen = { token: 'T' };
  await answering({ data: { x: 1 } }, seen)('query { x }');
  assert.equal(seen.options.headers.Authorization, 'Bearer T');
});

test('a refusal carries its sentence, code and field', async () => {
  const refusal = await answering({ errors: [{ message: 'Kamar habis.', extensions: { code: 'SOLD_OUT', field: 'roomType' } }], data: null })('m').catch((error) => error);
  assert.ok(refusal instanceof Refusal);
  assert.deepEqual([refusal.message, refusal.code, refusal.field], ['Kamar habis.', 'SOLD_OUT', 'roomType']);
});

test('no answer and a malformed answer are different from a refusal', async () => {
  for (const body of [new SyntaxError('<html>'), {}, { data: null }]) {
    assert.ok((await answering(body)('q').catch((error) => error)) instanceof Unreachable);
  }
});
