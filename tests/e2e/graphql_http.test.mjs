// The complete audit suite of the package graphql-http for the GraphQL over HTTP specification:
// MUST, SHOULD and MAY.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { start } from './harness.mjs';

describe('GraphQL over HTTP, by the audits of graphql-http', { concurrency: false }, () => {
  let server;
  before(async () => {
    server = await start();
  });
  after(() => server?.stop());

  const audits = serverAudits({ url: () => `${server.url}/graphql` });

  test('the suite is the whole one', () => assert.equal(audits.length, 61));
  for (const { id, name, fn } of audits) {
    test(`${name} (${id})`, async () => {
      const result = await fn();
      assert.equal(result.status, 'ok', await describeFailure(result));
    });
  }
});

async function describeFailure({ reason, response }) {
  if (!response) return reason;
  const body = await response.text().catch(() => '(body already read)');
  return `${reason}: ${response.status} ${response.headers.get('content-type')} ${body.slice(0, 500)}`;
}
