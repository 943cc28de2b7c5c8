// The recipes in packaging/ for nginx and Caddy, tried with the real programs before a real server.
// Only addresses, ports and certificates are put in their places.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { CREATE_BOOKING, freePort, start } from './harness.mjs';
import { temporaryFolder, track, until } from './processes.mjs';

const NAME = 'booking.hotel.example';
const SECRET = 'a-secret-that-only-telegram-knows';
const recipe = (name) => readFile(fileURLToPath(new URL(`../../packaging/${name}`, import.meta.url)), 'utf8');

/** The path of a program that is installed, also where only root looks. */
function find(program) {
  const { status, stdout } = spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin" command -v ${program}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Replaces each text, which must be there: a recipe that changed is noticed. */
function replaced(text, changes) {
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `the recipe still says: ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

const PROXIES = {
  async nginx(program, { folder, server, port, plainPort, certificate, key }) {
    const site = replaced(await recipe('nginx.conf'), [
      ['server 127.0.0.1:8080;', `server ${new URL(server.url).host};`],
      ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
      ['listen 80;', `listen 127.0.0.1:${plainPort};`],
      ['/etc/ssl/jatah/full.pem', certificate],
      ['/etc/ssl/jatah/key.pem', key],
    ]);
    await writeFile(join(folder, 'site.conf'), site);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
    await writeFile(join(folder, 'nginx.conf'), `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
      events {} http { access_log off; ${paths} include ${folder}/site.conf; }`);
    return [program, ['-p', folder, '-c', join(folder, 'nginx.conf')]];
  },
  async caddy(program, { folder, server, port, certificate, key }) {
    const site = replaced(await recipe('Caddyfile'), [
      [`\n${NAME} {`, `\nhttps://${NAME}:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}`],
      ['reverse_proxy 127.0.0.1:8080 {', `reverse_proxy ${new URL(server.url).host} {`],
    ]);
    await writeFile(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
    return [program, ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']];
  },
};

/** One HTTPS request to the proxy, from a local address of its own. */
function through(port, path, { method = 'GET', from = '127.0.0.1', headers = {}, body } = {}) {
  return new Promise((done, failed) => {
    const options = { host: '127.0.0.1', port, path, method, localAddress: from, servername: NAME, rejectUnauthorized: false, agent: false };
    const sent = request({ ...options, headers: { host: NAME, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, text }));
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

class ClientOfProxy extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { headers: { host: NAME, origin: `https://${NAME}` }, servername: NAME, rejectUnauthorized: false });
  }
}

for (const name of Object.keys(PROXIES)) {
  const program = find(name);
  test(`the recipe for ${name} lets guests, boards and Telegram through`, { skip: !program && `${name} is not installed (apt-get install ${name})` }, async (t) => {
    const folder = await temporaryFolder(name);
    const [port, plainPort] = [await freePort(), await freePort()];
    const [certificate, key] = [join(folder, 'full.pem'), join(folder, 'key.pem')];
    await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
      '-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`, '-keyout', key, '-out', certificate]);
    const server = await start({
      server: { listen: '127.0.0.1:0', public_url: `https://${NAME}` },
      limits: { trusted_proxies: ['127.0.0.1'], holds_per_address: 1 },
      telegram: { token: '1:token', api_url: 'http://127.0.0.1:9', webhook: 'on', webhook_secret: SECRET },
    });
    const [command, args] = await PROXIES[name](program, { folder, server, port, plainPort, certificate, key });
    const proxy = track(spawn(command, args, { env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] }));
    t.after(() => proxy.kill('SIGTERM'));
    let log = '';
    for (const stream of [proxy.stdout, proxy.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text));
    await until(`${name} to forward a request`, async () => {
      if (proxy.exitCode !== null) throw new Error(`${name} stopped: ${log}`);
      return (await through(port, '/healthz').catch(() => undefined))?.status === 200;
    });

    await t.test('a page comes with its rules for the browser', async () => {
      const page = await through(port, '/');
      assert.equal(page.status, 200);
      assert.match(page.headers['content-security-policy'], /default-src 'none'/);
    });

    const book = async (from, headers = {}) => {
      const body = JSON.stringify({ query: CREATE_BOOKING, variables: { input: await server.bookingInput() } });
      const { text } = await through(port, '/graphql', { method: 'POST', from, headers: { 'content-type': 'application/json', ...headers }, body });
      return JSON.parse(text);
    };
    let made;
    await t.test('each guest counts by the own address, which nobody can forge', async () => {
      made = (await book('127.0.0.2')).data.createBooking;
      const code = async (...args) => (await book(...args)).errors?.[0].extensions.code;
      assert.equal(await code('127.0.0.2'), 'TOO_MANY_HOLDS', 'a second hold of one address');
      assert.equal(await code('127.0.0.2', { 'x-forwarded-for': '203.0.113.9' }), 'TOO_MANY_HOLDS', 'a forged address does not help');
      assert.equal(await code('127.0.0.3'), undefined, 'another address has holds of its own');
    });

    await t.test('the guest gets a link that starts with the public address', () => {
      assert.match(made.statusUrl, new RegExp(`^https://${NAME}/b/RESI-\\d{8}-\\d{3}#`));
    });

    await t.test('a guest follows the booking over a WebSocket', async () => {
      const client = createClient({ url: `wss://127.0.0.1:${port}/graphql`, webSocketImpl: ClientOfProxy, retryAttempts: 0 });
      const states = client.iterate({
        query: 'subscription ($r: String!, $t: String!) { myBookingChanged(receiptNo: $r, accessToken: $t) { status } }',
        variables: { r: made.booking.receiptNo, t: made.accessToken },
      });
      assert.equal((await states.next()).value.data.myBookingChanged.status, 'PENDING');
      await server.must('mutation ($r: String!, $t: String!) { cancelMyBooking(receiptNo: $r, accessToken: $t) { status } }',
        { r: made.booking.receiptNo, t: made.accessToken });
      assert.equal((await states.next()).value.data.myBookingChanged.status, 'CANCELLED');
      await client.dispose();
    });

    await t.test('a page of another site may not open a WebSocket', async () => {
      const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-protocol': 'graphql-transport-ws' };
      assert.equal((await through(port, '/graphql', { headers: { ...headers, origin: 'https://evil.example' } })).status, 403);
    });

    await t.test('Telegram reaches the webhook, and only with the secret', async () => {
      const call = (secret) => through(port, '/telegram/webhook', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
        body: JSON.stringify({ update_id: 1, message: { message_id: 1, date: 1, text: 'halo',
          chat: { id: 7, type: 'private', first_name: 'Budi' }, from: { id: 7, is_bot: false, first_name: 'Budi' } } }),
      });
      assert.equal((await call('wrong')).status, 401);
      assert.equal((await call(SECRET)).status, 200);
    });

    await t.test('what is for the operator is not on the Internet', async () => {
      for (const path of ['/readyz', '/metrics']) {
        assert.equal((await through(port, path)).status, 404, path);
        assert.equal((await fetch(`${server.url}${path}`)).status, 200, path);
      }
    });

    if (name === 'nginx') {
      await t.test('plain HTTP leads to HTTPS', async () => {
        const moved = await new Promise((done) => get({ host: '127.0.0.1', port: plainPort, path: '/b/x', headers: { host: NAME } }, done));
        moved.resume();
        assert.deepEqual([moved.statusCode, moved.headers.location], [301, `https://${NAME}/b/x`]);
      });
    }
    await server.kill();
  });
}
