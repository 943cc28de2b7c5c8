// Guests and staff act while the server is killed, frozen and started again with another
// configuration; then an independent checker looks for anything that broke a rule. A short run is a
// part of the tests; `make torture SECONDS=600 SEED=7` is a long one. It does not fill disks, step
// clocks or cut the network.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOMS, STORES, start, until } from './harness.mjs';
import { mongoReplicaSet } from './mongo.mjs';
import { Actors } from '../torture/actors.mjs';
import { check } from '../torture/checker.mjs';
import { Faults } from '../torture/faults.mjs';
import { seeded } from '../torture/random.mjs';

const seconds = Number(process.env.SECONDS || 10);
const firstSeed = Number(process.env.SEED || 1);
const runs = Number(process.env.RUNS || 1);
const stores = process.env.STORE ? [process.env.STORE] : STORES;
const sleep = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

const PAGE = `query ($after: String) { bookings(first: 200, after: $after) {
  nodes { receiptNo guestName roomType { code } price status bookedAt holdUntil cancelledAt arrivedAt revision undelivered
    history { at actor action } }
  pageInfo { hasNextPage endCursor } } }`;

async function allBookings(server, token) {
  const bookings = [];
  for (let after = null, more = true; more;) {
    const page = (await server.must(PAGE, { after }, { token })).bookings;
    bookings.push(...page.nodes);
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
  }
  return bookings;
}

/** What a SQLite file has: the rooms that are claimed, and whose positions are kept. */
function storedIn(url) {
  const script = `import json,sqlite3,sys
db = sqlite3.connect(sys.argv[1])
claims = dict(db.execute("SELECT room, SUM(taken) FROM claims GROUP BY room"))
tracks = [row[0] for row in db.execute("SELECT receipt_no FROM tracks WHERE fixes <> '[]'")]
order = list(db.execute("SELECT receipt_no, revision FROM changes ORDER BY id"))
print(json.dumps({"claims": claims, "tracks": tracks, "order": order}))`;
  return JSON.parse(execFileSync('python3', ['-c', script, url.replace(/^sqlite:/, '')], { encoding: 'utf8' }));
}

for (const store of stores) {
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    test(`nothing is lost, doubled or early on ${store} (${seconds} s, seed ${seed})`, { timeout: (seconds + 120) * 1_000 }, async (t) => {
      const server = await start({
        store,
        hold: { duration: '3s', remind_before: '1s', extend_by: '1s', max_extensions: 1, payment_window: '2s' },
        booking: { max_active_per_guest: 1_000 },
      });
      const token = await server.staffToken('--role', 'manager');
      const random = seeded(seed);
      const mongod = store === 'mongodb' ? (await mongoReplicaSet()).process : null;
      const actors = new Actors({ server, token, random, rooms: ROOMS, today: await server.today() });
      const faults = new Faults({ server, random, mongod });
      actors.start(6, 4);
      faults.start();
      await sleep(seconds * 1_000);
      await faults.stop();
      await actors.stop();
      // The last holds end, and the last mails go.
      await sleep(8_000);
      const bookings = await allBookings(server, token);
      const settled = async () => (await server.ask('{ hotel { name } }')).status === 200;
      await until('the server to answer', settled);
      const mails = new Set(await readdir(join(server.folder, 'mail')));
      const now = Date.now();
      await server.stop();
      const stored = store === 'sqlite' ? storedIn(server.store) : null;
      const findings = check({ rooms: ROOMS, bookings, log: actors.log, mails, now, stored });
      const codes = {};
      for (const { action, code } of actors.log) codes[`${action} ${code ?? 'unanswered'}`] = (codes[`${action} ${code ?? 'unanswered'}`] ?? 0) + 1;
      const ends = {};
      for (const { status, history } of bookings) ends[`${status} ${history.at(-1).action}`] = (ends[`${status} ${history.at(-1).action}`] ?? 0) + 1;
      t.diagnostic(`faults: ${JSON.stringify(faults.counts)}`);
      t.diagnostic(`${bookings.length} bookings: ${JSON.stringify(ends)}`);
      t.diagnostic(`answers: ${JSON.stringify(codes)}`);
      assert.deepEqual(findings, [], `seed ${seed} on ${store}`);
      assert.ok(bookings.length > seconds, 'the run did something');
    });
  }
}
