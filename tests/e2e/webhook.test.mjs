// The hotel's own system: the receiver of docs/api.md verifies what a real server sends, on both
// stores, and a server that was killed loses no call.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { STORES, freePort, jatah, prepare, start, until } from './harness.mjs';
import { temporaryFolder, track } from './processes.mjs';

const document = fileURLToPath(new URL('../../docs/api.md', import.meta.url));
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const webhook = (port) => ({ url: `http://127.0.0.1:${port}/jatah`, secret });

/** A block of docs/api.md. */
async function block(opening) {
  const text = await readFile(document, 'utf8');
  return text.split(`\`\`\`${opening}\n`)[1].split('\n```')[0];
}

/** Runs the receiver of docs/api.md with a secret. `said` returns what it printed. */
async function receiver(t, port, ownSecret = secret) {
  const file = join(await temporaryFolder('receiver'), 'receiver.mjs');
  await writeFile(file, await block('js receiver.mjs'));
  const child = track(spawn(process.execPath, [file], {
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: ownSecret }, stdio: ['ignore', 'pipe', 'inherit'],
  }));
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await until('the receiver to listen', () => fetch(`http://127.0.0.1:${port}`, { method: 'POST' }).then(() => true, () => false));
  return { said: () => output, stop: () => child.kill('SIGKILL') };
}

const degraded = async (server) => (await (await fetch(`${server.url}/readyz`)).json()).degraded;

for (const store of STORES) {
  test(`the receiver of docs/api.md is told of each change (${store})`, async (t) => {
    const port = await freePort();
    const { said } = await receiver(t, port);
    const server = await start({ store, webhook: webhook(port) });
    const { booking } = await server.book({ guestName: 'Budi Santoso' });
    await until('the booking', () => said().includes('BOOKED'));
    const token = await server.staffToken();
    await server.must('mutation ($r: String!) { markPaid(receiptNo: $r) { status } }', { r: booking.receiptNo }, { token });
    await until('the payment', () => said().includes('PAID Budi'));
    const expected = (await block('text not-run')).replaceAll('RESI-20260104-001', booking.receiptNo);
    assert.equal(said().trim(), expected);
    assert.deepEqual(await degraded(server), {});
    const { code, stdout } = await jatah(['check', '--config', server.config], { cwd: server.folder });
    assert.match(stdout, /^ok +webhook +127\.0\.0\.1, took the test call$/m, stdout);
    assert.equal(code, 0);
    await server.stop();
  });

  test(`a server that is killed after a booking makes the call when it runs again (${store})`, async (t) => {
    const port = await freePort();
    const server = await start({ store, webhook: webhook(port) });
    const { booking } = await server.book({ guestName: 'Siti' });
    await server.kill();
    const calls = [];
    const listening = createServer((request, response) => {
      calls.push(request.headers['webhook-id']);
      request.resume().once('end', () => response.writeHead(204).end());
    }).listen(port, '127.0.0.1');
    t.after(() => listening.close());
    await server.start();
    // On MongoDB the lease of the killed process must end first.
    await until('the call', () => calls.length > 0, 45_000);
    assert.ok(calls[0].startsWith(`${booking.receiptNo}_1_`), calls[0]);
    await server.stop();
    assert.equal(calls.length, 1, 'it was settled, so it is not made again');
  });
}

test('a receiver with another secret refuses, which is named, and what was refused arrives later', async (t) => {
  const port = await freePort();
  const wrong = await receiver(t, port, `whsec_${randomBytes(32).toString('base64')}`);
  const server = await start({ webhook: webhook(port) });
  await server.book({ guestName: 'Budi Santoso' });
  const reason = await until('the fault to be named', async () => (await degraded(server)).webhook);
  assert.match(reason, /HTTP 401$/);
  const { code, stdout } = await jatah(['check', '--config', server.config], { cwd: server.folder });
  assert.match(stdout, /^MEND +webhook .*HTTP 401; look at webhook\.url, webhook\.secret/m, stdout);
  assert.equal(code, 1);
  assert.equal(wrong.said(), '');
  wrong.stop();
  const { said } = await receiver(t, port);
  await until('the booking', () => said().includes('BOOKED'), 60_000);
  await until('all to be well', async () => !(await degraded(server)).webhook);
  await server.stop();
});

test('a wrong address or secret stops the start with one line that shows neither', async () => {
  for (const [keys, line] of [
    [{ url: 'http://pms.example/hidden', secret }, /webhook\.url: is not https:\/\//],
    [{ url: 'https://pms.example/hidden', secret: 'hidden' }, /webhook\.secret: is no good key/],
    [{ url: 'https://pms.example/hidden' }, /webhook\.secret: is missing/],
  ]) {
    const { folder, config } = await prepare({ webhook: keys });
    const { code, stdout, stderr } = await jatah(['serve', '--config', config], { cwd: folder });
    assert.notEqual(code, 0);
    assert.match(stderr, line);
    assert.doesNotMatch(stdout + stderr, /hidden/);
  }
});
