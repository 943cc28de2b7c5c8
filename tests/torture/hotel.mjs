// The hotel under test: its configuration, its one server process, and when which configuration was in
// force. It does not decide when anything fails (fault_schedule.mjs).
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faketime } from './needs.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The program under test, if no other is named. */
export const BINARY = resolve(process.env.JATAH_BIN ?? resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'debug/jatah'));

export const sleep = (milliseconds) => new Promise((wake) => setTimeout(wake, Math.max(0, milliseconds)));

/** Polls `condition` until it is truthy. Fails after `within` milliseconds. */
export async function until(what, condition, within) {
  const deadline = Date.now() + within;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await sleep(20);
  }
}

const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A child process that does not outlive this one. */
export function owned(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** A free port below the range that the kernel uses for outgoing connections. */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const isFree = await new Promise((answer) => {
      const probe = createServer();
      probe.once('error', () => answer(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => answer(true)));
    });
    if (isFree) return port;
  }
}

/** Few rooms of each type, so that rooms are sold out often. */
export const ROOMS = [
  { code: 'STD', name: 'Standard', rooms: 5, price: 350_000 },
  { code: 'DLX', name: 'Deluxe', rooms: 3, price: 525_500 },
  { code: 'ONE', name: 'Loteng', rooms: 1, price: 800_000 },
];
/** In milliseconds. */
export const HOLD = { duration: 4_000, extendBy: 2_000, remindBefore: 1_000, paymentWindow: 3_000, maxExtensions: 1, offerWindow: 1_500 };
export const PLACE = { latitude: -6.9147, longitude: 107.6098 };
const QRIS =
  '00020101021126620016ID.CO.CONTOH.WWW011893600000000000000002090000000020303UBE51440014ID.CO.QRIS.WWW0215ID00000000000020303UBE5204701153033605802ID5912HOTEL CONTOH6015JAKARTA SELATAN61051294062070703A016304EFAD';

export function configText({ port, store, mail, language, rooms }) {
  const ms = (value) => JSON.stringify(`${value}ms`);
  const types = rooms.map((room) => ['[[room]]', ...Object.entries(room).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)].join('\n'));
  return `[server]
listen = "127.0.0.1:${port}"
[store]
url = ${JSON.stringify(store)}
[hotel]
name = "Hotel Uji"
timezone = "Asia/Jakarta"
language = "${language}"
latitude = ${PLACE.latitude}
longitude = ${PLACE.longitude}
[hold]
duration = ${ms(HOLD.duration)}
extend_by = ${ms(HOLD.extendBy)}
remind_before = ${ms(HOLD.remindBefore)}
payment_window = ${ms(HOLD.paymentWindow)}
max_extensions = ${HOLD.maxExtensions}
[booking]
advance_days = 366
advance_hold = "duration"
max_nights = 5
max_active_per_guest = 1000
offer_window = ${ms(HOLD.offerWindow)}
[limits]
requests_per_second = 100000
holds_per_address = 100000
[email]
url = ${JSON.stringify(mail)}
from = "Hotel Uji <hotel@example.com>"
[qris]
payload = ${JSON.stringify(QRIS)}
${types.join('\n')}
`;
}

export class Hotel {
  /** One for each start: `{from, until, rooms}`; `until` is null while the process runs. */
  periods = [];
  /** What the process did on its own: ends that nobody caused. */
  findings = [];

  /**
   * `clock` is the file that libfaketime reads, or null. `settings` are `{language, rooms}` of the next
   * start; several processes may share them.
   */
  constructor({ binary, folder, port, store, mail, clock, settings }) {
    Object.assign(this, { binary, folder, port, store, mail, clock, settings, url: `http://127.0.0.1:${port}` });
    this.config = join(folder, 'jatah.toml');
    this.logFile = join(folder, 'log');
    writeFileSync(this.logFile, '');
    this.writeConfig();
  }

  writeConfig() {
    writeFileSync(this.config, configText({ ...this.settings, port: this.port, store: this.store, mail: this.mail }));
  }

  environment() {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('JATAH') && !name.startsWith('NODE_'));
    const faked = this.clock && {
      LD_PRELOAD: faketime(),
      FAKETIME_TIMESTAMP_FILE: this.clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    return { ...Object.fromEntries(inherited), NO_COLOR: '1', ...faked };
  }

  /** Runs another command of the program, and returns what it prints. */
  async command(...words) {
    const child = spawn(this.binary, [...words, '--config', this.config], { cwd: this.folder, env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, problem] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (problem += text));
    const code = await new Promise((done) => child.once('close', done));
    if (code !== 0) throw new Error(`jatah ${words[0]} ended with ${code}: ${problem}`);
    return output;
  }

  /** Starts the process and waits until it is ready. */
  async start() {
    this.writeConfig();
    const child = owned(spawn(this.binary, ['serve', '--config', this.config], { cwd: this.folder, env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] }));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => appendFileSync(this.logFile, text));
    const period = { from: Date.now(), until: null, rooms: structuredClone(this.settings.rooms) };
    this.periods.push(period);
    this.isToEnd = false;
    this.exited = new Promise((done) => child.once('exit', (code, signal) => {
      period.until = Date.now();
      if (!this.isToEnd) this.findings.push(`the server ended by itself (${signal ?? code}) at ${new Date().toISOString()}`);
      done({ code, signal });
    }));
    this.child = child;
    await until('the server to be ready', async () => {
      if (period.until) throw new Error(`the server ended at its start:\n${this.log().slice(-2_000)}`);
      const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
      return answer?.status === 200;
    }, 60_000);
  }

  /** Ends it at once, as a power failure does. */
  async kill() {
    this.isToEnd = true;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async freeze(milliseconds) {
    this.child.kill('SIGSTOP');
    await sleep(milliseconds);
    this.child.kill('SIGCONT');
  }

  /** Asks it to stop. Anything but exit code 0 is a finding. */
  async stop() {
    this.isToEnd = true;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => {
      this.findings.push('the server did not stop within 30 s of SIGTERM');
      this.child.kill('SIGKILL');
    }, 30_000);
    const { code, signal } = await this.exited;
    clearTimeout(late);
    if (code !== 0) this.findings.push(`the server ended with ${signal ?? code} after SIGTERM`);
  }

  /** Ends the process if it runs, when the run is over. */
  end() {
    this.isToEnd = true;
    this.child?.kill('SIGKILL');
  }

  log() {
    return readFileSync(this.logFile, 'utf8').replaceAll(/\u001b\[[0-9;]*m/g, '');
  }

  /** The answer to one GraphQL request. Throws without an answer. */
  async ask(query, variables, token, within = 12_000) {
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
    if (token) headers.authorization = `Bearer ${token}`;
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST', headers, body: JSON.stringify({ query, variables }), signal: AbortSignal.timeout(within),
    });
    return response.json();
  }

  async must(query, variables, token) {
    const { data, errors } = await this.ask(query, variables, token);
    if (errors) throw new Error(`unexpected refusal: ${JSON.stringify(errors)}`);
    return data;
  }
}
