// Shared by the end-to-end tests: a real `jatah` in a fresh folder, on SQLite or MongoDB, and the
// clients for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { parseMail } from './mail.mjs';
import { mongoReplicaSet } from './mongo.mjs';
import { finally_, logged, temporaryFolder, track, until } from './processes.mjs';

export { freePort, until, untilClock } from './processes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = resolve(process.env.JATAH_BIN ?? resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'debug/jatah'));

export const STORES = ['sqlite', 'mongodb'];
export const ROOMS = [
  { code: 'STD', name: 'Standard', rooms: 40, price: 350_000 },
  { code: 'DLX', name: 'Deluxe', rooms: 40, price: 525_500 },
  { code: 'ONE', name: 'Loteng', rooms: 1, price: 800_000 },
];
export const HOTEL = { latitude: -6.9147, longitude: 107.6098 };

const running = new Set();
finally_(async () => {
  for (const server of running) await server.kill();
});

const toml = (value) => (Array.isArray(value) ? `[${value.map(toml).join(', ')}]` : JSON.stringify(value));

/** The text of a config file. Given sections are merged over those of the test hotel. */
function configText({ staff = [], rooms = ROOMS, ...sections }) {
  const all = {
    server: { listen: '127.0.0.1:0' },
    hotel: { name: 'Hotel Uji', timezone: 'Asia/Jakarta', language: 'id', ...HOTEL },
    limits: { requests_per_second: 100_000, holds_per_address: 100_000 },
    email: { url: 'file:mail', from: 'Hotel Uji <hotel@example.com>' },
  };
  for (const [name, keys] of Object.entries(sections)) all[name] = { ...all[name], ...keys };
  const tables = Object.entries(all).map(([name, keys]) => ({ head: `[${name}]`, keys }));
  for (const room of rooms) tables.push({ head: '[[room]]', keys: room });
  for (const member of staff) tables.push({ head: '[[staff]]', keys: member });
  return tables
    .map(({ head, keys }) => [head, ...Object.entries(keys).map(([key, value]) => `${key} = ${toml(value)}`)].join('\n'))
    .join('\n\n');
}

/** The address of a fresh store, for one server or for several that share it. */
export async function freshStore(kind) {
  if (kind === 'mongodb') return (await mongoReplicaSet()).url(`jatah_${randomBytes(6).toString('hex')}`);
  return `sqlite:${join(await temporaryFolder('sqlite'), 'jatah.db')}`;
}

/**
 * Creates a folder with a config file. `store` is 'sqlite', 'mongodb' or an address. The other keys
 * are config sections.
 */
export async function prepare({ store = 'sqlite', ...sections } = {}) {
  const folder = await temporaryFolder('server');
  const url = STORES.includes(store) ? await freshStore(store) : store;
  const config = join(folder, 'jatah.toml');
  await mkdir(join(folder, 'mail'));
  await writeFile(config, `${configText({ ...sections, store: { url }, email: { url: `file:${join(folder, 'mail')}`, ...sections.email } })}\n`);
  return { folder, config, store: url };
}

/** Runs the binary until it exits. Returns its exit code and its output. */
export async function jatah(args, { cwd = tmpdir(), within = 20_000 } = {}) {
  const child = track(spawn(binary, args, { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] }));
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  let closed;
  child.once('error', (error) => (closed = { code: -1, error }));
  child.once('close', (code, signal) => (closed = { code, signal }));
  try {
    await until(`"jatah ${args[0]}" to end`, () => closed, within);
  } finally {
    child.kill('SIGKILL');
  }
  if (closed.error) throw closed.error;
  return { ...closed, stdout: plain(output.stdout), stderr: plain(output.stderr) };
}

/** Starts a server and waits until it is ready. See `prepare` for the options. */
export async function start(options = {}) {
  const server = new Server(await prepare(options));
  await server.start();
  return server;
}

const plain = (text) => text.replaceAll(/\u001b\[[0-9;]*m/g, '');

function environment() {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('JATAH_') && !name.startsWith('NODE_'));
  return { ...Object.fromEntries(inherited), NO_COLOR: '1' };
}

export class Server {
  constructor({ folder, config, store }) {
    Object.assign(this, { folder, config, store, log: '', name: folder });
  }

  /** Starts the process (again), and waits until it has an address and is ready. */
  async start() {
    const from = this.log.length;
    const child = track(spawn(binary, ['serve', '--config', this.config], {
      cwd: this.folder,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    }));
    this.exit = undefined;
    this.exited = new Promise((done) => {
      child.once('error', (error) => done((this.exit = { error })));
      child.once('exit', (code, signal) => done((this.exit = { code, signal })));
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (this.log += plain(text)));
    this.child = child;
    running.add(this);
    logged.add(this);
    this.url = await until('the server to name its address', () => {
      if (this.exit) throw new Error(`the server stopped at its start (${this.exit.error ?? this.exit.code}):\n${this.log.slice(from)}`);
      return /listening on\W+(http:\/\/[\d.]+:\d+)\b/i.exec(this.log.slice(from))?.[1];
    }, 30_000);
    this.socketUrl = `${this.url.replace('http', 'ws')}/graphql`;
    await until('the server to be ready', async () => {
      if (this.exit) throw new Error(`the server stopped before it was ready:\n${this.log.slice(from)}`);
      return (await fetch(`${this.url}/readyz`).catch(() => undefined))?.status === 200;
    }, 30_000);
    return this;
  }

  /** Asks it to stop (SIGTERM), and checks that it exits with code 0 within 15 s. */
  async stop() {
    this.child.kill('SIGTERM');
    await until('the server to stop after SIGTERM', () => this.exit, 15_000);
    running.delete(this);
    logged.delete(this);
    assert.deepEqual(this.exit, { code: 0, signal: null }, `a graceful stop ends with code 0:\n${this.log.slice(-4000)}`);
  }

  /** Kills it (SIGKILL), as a power failure would. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
    running.delete(this);
    logged.delete(this);
  }

  /** Sends one GraphQL request by POST. Returns `{ status, data, errors }`. */
  async ask(query, variables, { token } = {}) {
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
    if (token) headers.authorization = `Bearer ${token}`;
    const response = await fetch(`${this.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return { status: response.status, ...(await response.json()) };
  }

  /** The data of a request that must succeed. */
  async must(query, variables, options) {
    const { data, errors } = await this.ask(query, variables, options);
    assert.equal(errors, undefined, `unexpected refusal: ${JSON.stringify(errors)}`);
    return data;
  }

  /** A fresh one-time code for the front office. */
  async staffCode(...args) {
    const { code, stdout, stderr } = await jatah(['staff-link', '--config', this.config, ...args], { cwd: this.folder });
    assert.equal(code, 0, stderr);
    const link = /\/fo#code=([A-Za-z0-9_-]+)\s*$/.exec(stdout);
    assert.ok(link, `staff-link prints the sign-in link: ${stdout}`);
    return link[1];
  }

  /** Signs in and returns the token of the session. */
  async staffToken(...args) {
    const code = await this.staffCode(...args);
    const data = await this.must('mutation ($code: String!) { signInWithCode(code: $code) { token } }', { code });
    return data.signInWithCode.token;
  }

  async today() {
    return (await this.must('{ hotel { today } }')).hotel.today;
  }

  /** Books by the web channel. Returns `{ booking, accessToken, statusUrl }`. */
  async book(input = {}) {
    const data = await this.must(CREATE_BOOKING, { input: await this.bookingInput(input) });
    return data.createBooking;
  }

  /** Input for createBooking: a guest without another booking, with `input` merged over it. */
  async bookingInput(input = {}) {
    const guest = randomBytes(4).toString('hex');
    const checkIn = input.checkIn ?? (await this.today());
    return { guestName: `Tamu ${guest}`, email: `tamu.${guest}@example.com`, roomType: 'STD', nights: 1, ...input, checkIn };
  }

  async booking(receiptNo, token) {
    const query = `query ($receiptNo: String!) { booking(receiptNo: $receiptNo) { ...B history { at actor action detail } } } ${FRAGMENT}`;
    return (await this.must(query, { receiptNo }, { token })).booking;
  }

  /** The number of bookings, and the feed's cursor from before the count. */
  async bookings(token) {
    return (await this.must('{ bookings(first: 1) { totalCount feedCursor } }', {}, { token })).bookings;
  }

  /** The mails written so far, oldest first. With `to`, only those to this address. */
  async mails(to) {
    const folder = join(this.folder, 'mail');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
    const mails = await Promise.all(names.map(async (name) => ({ name, ...parseMail(await readFile(join(folder, name), 'utf8')) })));
    const order = (mail) => [Date.parse(mail.date) || 0, mail.name];
    mails.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1].localeCompare(order(b)[1]));
    return to === undefined ? mails : mails.filter((mail) => mail.to.includes(to));
  }

  /** The reference client of graphql-transport-ws. */
  socket({ token, ...options } = {}) {
    return createClient({
      url: this.socketUrl,
      webSocketImpl: WebSocket,
      lazy: true,
      retryAttempts: 0,
      connectionParams: token ? { authorization: `Bearer ${token}` } : undefined,
      onNonLazyError: () => {},
      ...options,
    });
  }

  /** Subscribes as the front office to every change from now on, or after the cursor `after`. */
  async board(token, { after } = {}) {
    const cursor = after ?? (await this.bookings(token)).feedCursor;
    return new Listener(this.socket({ token }), {
      query: `subscription ($after: String) { bookingChanged(after: $after) { cursor at action booking { ...B } } } ${FRAGMENT}`,
      variables: { after: cursor },
    }, (data) => data.bookingChanged);
  }

  /** Subscribes as a guest to the own booking. */
  watch({ booking, accessToken }) {
    return new Listener(this.socket(), {
      query: `subscription ($receiptNo: String!, $accessToken: String!) {
        myBookingChanged(receiptNo: $receiptNo, accessToken: $accessToken) { ...B } } ${FRAGMENT}`,
      variables: { receiptNo: booking.receiptNo, accessToken },
    }, (data) => data.myBookingChanged);
  }
}

export const FRAGMENT = `fragment B on Booking {
  receiptNo guestName channel contact roomType { code name price } checkIn nights price status cancelReason
  bookedAt holdUntil extensions arrivedAt qrisSentAt qrisProgress paidAt cancelledAt revision }`;

export const CREATE_BOOKING = `mutation ($input: CreateBookingInput!) {
  createBooking(input: $input) { booking { ...B } accessToken statusUrl } } ${FRAGMENT}`;

/** One subscription: what it has received so far, its errors, and whether it ended. */
export class Listener {
  received = [];
  errors = [];
  ended = false;

  constructor(client, payload, pick = (data) => data) {
    this.client = client;
    this.unsubscribe = client.subscribe(payload, {
      next: ({ data, errors }) => {
        if (errors) this.errors.push(...errors);
        if (data && pick(data)) this.received.push(pick(data));
      },
      error: (error) => {
        this.errors.push(...(Array.isArray(error) ? error : [error]));
        this.ended = true;
      },
      complete: () => (this.ended = true),
    });
  }

  /** Waits for the first received item that `matches`. */
  async see(what, matches, within) {
    return until(what, () => {
      const found = this.received.find(matches);
      if (!found && this.ended) throw new Error(`the subscription ended before: ${what} (${describeErrors(this.errors)})`);
      return found;
    }, within);
  }

  /** Waits for a change of one booking (of a board). */
  seeAction(receiptNo, action, within) {
    return this.see(`the board to see ${action} of ${receiptNo}`, (change) =>
      change.booking.receiptNo === receiptNo && change.action === action, within);
  }

  /** The actions of one booking received so far, without positions and undelivered messages. */
  actions(receiptNo) {
    return this.received.filter((change) => change.booking.receiptNo === receiptNo && !['POSITION', 'UNDELIVERED'].includes(change.action)).map((change) => change.action);
  }

  async close() {
    this.unsubscribe();
    await this.client.dispose();
  }
}

const describeErrors = (errors) => errors.map((error) => error.message ?? `code ${error.code} ${error.reason ?? ''}`).join('; ');
