// Runs the examples of docs/api.md, block by block in one shell, and the client in examples/. Each
// answer is compared with the one printed below its block: fields, kinds of values, words in capitals.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFile, readdir, symlink, writeFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server, freshStore, start } from './harness.mjs';
import { temporaryFolder, track, until } from './processes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = resolve(process.env.JATAH_BIN ?? resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'debug/jatah'));
const QRIS = '00020101021126610014ID.EXAMPLE.WWW0118936000000000000000021000000000000303UMI51440014ID.CO.QRIS.WWW0215ID00000000000040303UMI5204701153033605802ID5911HOTEL JATAH6007JAKARTA61051031063040B45';
// What a document needs: a shell with these programs.
const missing = ['sh', 'curl', 'sed', 'openssl'].filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`;

/** The fenced blocks of a document: `{ kind, name, text, line }`. */
async function blocksOf(path) {
  const blocks = [];
  const lines = (await readFile(join(root, path), 'utf8')).split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const opening = /^```(\S+) ?(.*)$/.exec(lines[at]);
    if (!opening) continue;
    const end = lines.indexOf('```', at + 1);
    assert.ok(end > at, `${path}:${at + 1}: the block is closed`);
    blocks.push({ kind: opening[1], name: opening[2], text: lines.slice(at + 1, end).join('\n'), line: at + 1 });
    at = end;
  }
  return blocks;
}

/** A demo hotel with a QRIS code, as the documents expect it, in a folder from which `jatah` works. */
async function demoHotel() {
  const folder = await temporaryFolder('docs');
  const config = join(folder, 'jatah.toml');
  await writeFile(config, `[server]\nlisten = "127.0.0.1:0"\n[qris]\npayload = "${QRIS}"\n`);
  await symlink(join(root, 'tests/node_modules'), join(folder, 'node_modules'));
  await mkdir(join(folder, 'bin'));
  await symlink(binary, join(folder, 'bin/jatah'));
  const server = new Server({ folder, config, store: `sqlite:${join(folder, 'data/jatah.db')}` });
  await server.start();
  return server;
}

/** Runs a program in the folder of a server until it ends. Returns its code and its output. */
async function run(server, program, args, { env = {}, within = 30_000 } = {}) {
  const PATH = `${join(server.folder, 'bin')}:${process.env.PATH}`;
  const child = track(spawn(program, args, { cwd: server.folder, env: { ...process.env, ...env, PATH, URL: server.url }, stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  let code;
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (output += text));
  child.once('close', (status, signal) => (code = status ?? signal));
  await until(`${program} to end:\n${output}`, () => code !== undefined, within).catch((error) => {
    child.kill('SIGKILL');
    throw new Error(`${error.message}\n${output}`);
  });
  return { code, output };
}

/** What stays the same of a value in every run: fields, kinds, nulls, booleans, words in capitals. */
function shape(value) {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'object') return Object.fromEntries(Object.keys(value).sort().map((key) => [key, shape(value[key])]));
  return typeof value === 'string' && /^[A-Z_]+$/.test(value) ? value : typeof value;
}
const maskDigits = (text) => text.trim().replaceAll(/\d+/g, '0');

test('every example of the API answers as docs/api.md says', { skip }, async (t) => {
  const blocks = (await blocksOf('docs/api.md')).filter(({ name }) => name !== 'not-run');
  const server = await demoHotel();
  for (const { name, text } of blocks.filter(({ kind }) => kind === 'js')) await writeFile(join(server.folder, name), text);

  // One shell runs all, because later blocks use the variables of earlier ones.
  const steps = blocks.filter(({ kind }) => kind === 'sh');
  const script = ['set -eu', ...steps.map(({ text }, at) => `{\n${text}\n} > ${at}.out 2> ${at}.err`)].join('\n');
  await writeFile(join(server.folder, 'all.sh'), `${script}\n`);
  const { code, output } = await run(server, 'sh', ['all.sh']);
  const written = await readdir(server.folder);
  const said = async (at, end) => (written.includes(`${at}.${end}`) ? readFile(join(server.folder, `${at}.${end}`), 'utf8') : undefined);
  const last = steps.findLastIndex((_, at) => written.includes(`${at}.out`));
  assert.equal(code, 0, `docs/api.md:${steps[last]?.line}: ${output}${await said(last, 'out')}${await said(last, 'err')}`);

  let compared = 0;
  for (const [at, block] of blocks.entries()) {
    const before = steps.indexOf(blocks[at - 1]);
    if (before < 0 || !['json', 'text'].includes(block.kind)) continue;
    await t.test(`docs/api.md:${block.line}`, async () => {
      const out = await said(before, 'out');
      if (block.kind === 'text') assert.equal(maskDigits(out), maskDigits(block.text));
      else assert.deepEqual(shape(JSON.parse(out)), shape(JSON.parse(block.text)), out);
    });
    compared += 1;
  }
  assert.equal(compared, blocks.filter(({ kind }) => ['json', 'text'].includes(kind)).length, 'every printed answer follows its block');
  await server.stop();
});

test('the client in examples/ books, drives to the hotel and sees the booking paid', { skip }, async () => {
  const server = await demoHotel();
  await writeFile(join(server.folder, 'follow-a-guest.mjs'), await readFile(join(root, 'examples/follow-a-guest.mjs')));
  const token = await server.staffToken();
  const board = await server.board(token);
  const drive = run(server, process.execPath, ['follow-a-guest.mjs', server.url, 'Budi Santoso', 'budi@example.com'], { env: { KM: '5', SECONDS_A_STEP: '0.2' } });
  const { booking } = await board.see('the booking', ({ action }) => action === 'BOOKED');
  await until('a position of the guest', async () => {
    const [seen] = (await server.must('{ bookings { nodes { travel { distanceKm } } } }', {}, { token })).bookings.nodes;
    return seen.travel;
  });
  for (const step of ['markArrived', 'markPaid']) {
    await server.must(`mutation ($r: String!) { ${step}(receiptNo: $r) { status } }`, { r: booking.receiptNo }, { token });
  }
  const { code, output } = await drive;
  assert.equal(code, 0, output);
  assert.match(output, /RESI-\d{8}-001, Rp350000, held until/);
  assert.match(output, /PENDING \d+\.\d km away/);
  assert.match(output, /PAID at the desk\s*$/);
  await board.close();
  await server.stop();
});

test('every hold ends on time while two nodes are replaced, one after the other', async () => {
  const options = { store: await freshStore('mongodb'), hold: { duration: '6s', remind_before: '6s' } };
  const [one, two] = await Promise.all([start(options), start(options)]);
  const token = await two.staffToken();
  const booked = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? one : two).book()));
  // As docs/operate.md says: one is restarted and ready, then the other; the holds end meanwhile.
  for (const node of [one, two, one, two]) {
    await node.stop();
    await node.start();
  }
  const late = [];
  for (const { booking } of booked) {
    const ended = await until('the hold to end', async () => {
      const seen = await one.booking(booking.receiptNo, token);
      return seen.status !== 'PENDING' && seen;
    });
    assert.equal(ended.cancelReason, 'EXPIRED');
    late.push(Date.parse(ended.cancelledAt) - Date.parse(booking.holdUntil));
  }
  assert.ok(late.every((ms) => ms >= 0 && ms < 1_000), `late by ${late.join(', ')} ms`);
  await Promise.all([one.stop(), two.stop()]);
});

test('every document that is linked from a document exists', async () => {
  const documents = ['README.md', ...(await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
  for (const path of documents) {
    const text = await readFile(join(root, path), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      const file = join(root, path, '..', target);
      assert.ok(await readFile(file).then(() => true, ({ code }) => code === 'EISDIR'), `${path} links to ${target}`);
    }
  }
});
