// What /metrics says of a real server that people use.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { STORES, freePort, start, until } from './harness.mjs';

/** The metrics of a server, by name and labels. */
async function metricsOf(server) {
  const lines = (await (await fetch(`${server.url}/metrics`)).text()).split('\n');
  return Object.fromEntries(lines.filter((line) => /^jatah_/.test(line)).map((line) => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

for (const store of STORES) {
  test(`/metrics says what waits, how current boards are, and who was refused (${store})`, async (t) => {
    let isAway = true;
    const port = await freePort();
    const receiver = createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(isAway ? 500 : 204).end());
    }).listen(port, '127.0.0.1');
    t.after(() => receiver.close());
    const secret = '0123456789abcdef01234567';
    const server = await start({ store, webhook: { url: `http://127.0.0.1:${port}`, secret } });
    const board = await server.board(await server.staffToken());
    const { booking } = await server.book();
    const { errors } = await server.ask('mutation ($r: String!) { markPaid(receiptNo: $r) { status } }', { r: booking.receiptNo });
    assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
    await board.seeAction(booking.receiptNo, 'BOOKED');

    const waiting = await until('a call to wait and the mail to be sent', async () => {
      const metrics = await metricsOf(server);
      return metrics['jatah_notices_owed{channel="webhook"}'] === 1 && metrics['jatah_notices_owed{channel="email"}'] === 0 && metrics;
    });
    const age = Date.now() / 1000 - waiting['jatah_notices_oldest_timestamp_seconds{channel="webhook"}'];
    assert.ok(age >= 0 && age < 60, `${age} s`);
    assert.equal(waiting['jatah_notices_oldest_timestamp_seconds{channel="email"}'], 0);
    assert.equal(waiting['jatah_notices_total{outcome="sent",channel="email"}'], 1);
    assert.equal(waiting['jatah_refusals_total{door="graphql",code="UNAUTHENTICATED"}'], 1);
    assert.equal(waiting.jatah_feed_lag_ms_count, 1);
    assert.ok(waiting.jatah_feed_lag_ms_sum >= 0 && waiting.jatah_feed_lag_ms_sum < 2_000);
    assert.ok(waiting.jatah_store_call_ms_count > 3 && waiting['jatah_store_call_ms_bucket{le="+Inf"}'] === waiting.jatah_store_call_ms_count);
    assert.ok(waiting.jatah_subscriptions >= 1);

    isAway = false;
    const after = await until('the call to be made', async () => {
      const metrics = await metricsOf(server);
      return metrics['jatah_notices_owed{channel="webhook"}'] === 0 && metrics;
    }, 30_000);
    assert.equal(after['jatah_notices_oldest_timestamp_seconds{channel="webhook"}'], 0);
    assert.equal(after['jatah_notices_total{outcome="sent",channel="webhook"}'], 1);
    await board.close();
    await until('the subscription to be over', async () => (await metricsOf(server)).jatah_subscriptions === 0);
    await server.stop();
  });
}
