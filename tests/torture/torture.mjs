// One torture run: seeded guests and staff use the public doors (GraphQL by HTTP, `bookingChanged` by the
// socket) while the server is killed, frozen and started with another configuration, the mail server is
// cut off, and the database is killed, frozen and made to step down. Then an independent checker
// (audit.mjs) compares what was answered, heard and mailed with the log that the store has.
//
// The seed fixes the choices and not the instants at which they are carried out, so a seed makes a finding
// likely again and not certain. It deliberately does not use the bot, lose what the disk has acknowledged,
// or judge texts. It does not import tests/e2e/harness.mjs, which needs node's test runner.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { audit } from './audit.mjs';
import { Board } from './board.mjs';
import { Mongo, Sqlite } from './database.mjs';
import { FaultSchedule } from './fault_schedule.mjs';
import { HOLD, Hotel, ROOMS, freePort, sleep } from './hotel.mjs';
import { MailServer } from './mail_server.mjs';
import { People, STAFF } from './people.mjs';
import { between, seeded } from './random.mjs';

/** What a fault leaves behind is over after this: a lease of 30 s, and a retry that waits. */
const SETTLE_MS = 90_000;
const PROGRESS_MS = 30_000;

const PAGE = `query ($after: String) { bookings(first: 100, after: $after) {
  nodes { receiptNo status holdUntil price history { at actor action } } pageInfo { hasNextPage endCursor } } }`;

async function allBookings(hotel, token) {
  const bookings = [];
  for (let after = null, more = true; more;) {
    const page = (await hotel.must(PAGE, { after }, token)).bookings;
    bookings.push(...page.nodes);
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
  }
  return bookings;
}

/** Signs the staff in, each by a code of their own. */
async function signIn(hotel) {
  const code = /\/fo#code=([A-Za-z0-9_-]+)/.exec(await hotel.command('staff-link', '--role', 'manager', '--name', STAFF[0]))[1];
  const signedIn = async (one) => (await hotel.must('mutation ($c: String!) { signInWithCode(code: $c) { token } }', { c: one })).signInWithCode.token;
  const tokens = new Map([[STAFF[0], await signedIn(code)]]);
  for (const name of STAFF.slice(1)) {
    const made = await hotel.must('mutation ($n: String!) { createStaffCode(role: FRONT_OFFICE, name: $n) { code } }', { n: name }, tokens.get(STAFF[0]));
    tokens.set(name, await signedIn(made.createStaffCode.code));
  }
  return tokens;
}

/** Waits until nothing that was due is left: no ended hold, and no mail that is owed, if that is asked for. */
async function settle(hotel, database, token, waitsForMail) {
  const deadline = Date.now() + SETTLE_MS;
  for (let quiet = 0; quiet < 2 && Date.now() < deadline;) {
    await sleep(1_000);
    const pending = (await hotel.must('{ bookings(first: 200, filter: { status: [PENDING] }) { nodes { holdUntil } } }', {}, token)).bookings.nodes;
    const overdue = pending.filter(({ holdUntil }) => Date.parse(holdUntil) < Date.now() - 2_000).length;
    quiet = overdue === 0 && (!waitsForMail || (await database.owed()) === 0) ? quiet + 1 : 0;
  }
}

/** The lines of the server's log that name an error of its own, not one of a store that is away. */
const errorsOf = (log) => log.split('\n').filter((line) => /\bERROR\b|panicked/.test(line));

/**
 * Tortures the server for `seconds`, and lets what is left settle. `groups` are those of FaultSchedule;
 * `members` and `nodes` count the parts of a replica set and the servers (SQLite has one). Without
 * `waitsForMail` the run ends sooner, and does not judge mails that are still owed then. `tell` hears of the progress. Returns
 * `{name, store, seed, windows, totals, findings, errors, folder}`; the folder with the server's files is
 * kept if there are findings.
 */
export async function torture({ store, seed, seconds, binary, groups, members = 1, nodes = 1, guests = 5, waitsForMail = true, tell = () => {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'jatah-torture-'));
  const random = seeded(seed);
  const mail = new MailServer(await freePort());
  await mail.listen();
  const database = store === 'mongodb' ? await Mongo.create(folder, { members: members }) : await Sqlite.create(folder, { isSmallDisk: groups.includes('disk') });
  const clock = groups.includes('clock') ? join(folder, 'clock') : null;
  if (clock) await writeFile(clock, '+0\n');
  const settings = { language: 'id', rooms: structuredClone(ROOMS) };
  const hotels = [];
  // A SQLite file has one server.
  for (let node = 0; node < (store === 'mongodb' ? nodes : 1); node += 1) {
    const own = join(folder, `server${node}`);
    await mkdir(own);
    hotels.push(new Hotel({ binary: resolve(binary), folder: own, port: await freePort(), store: database.url, mail: `smtp://127.0.0.1:${mail.port}?tls=none`, clock, settings }));
  }
  const [hotel] = hotels;
  const log = () => hotels.map((one) => one.log()).join('');
  try {
    for (const one of hotels) await one.start();
    const tokens = await signIn(hotel);
    const token = tokens.get(STAFF[0]);
    const board = new Board(hotel, token);
    await board.open();
    const { hotel: { today } } = await hotel.must('{ hotel { today } }');
    const people = new People({ hotels, board, tokens, today, random: seeded(between(random, 1, 2 ** 31)) });
    const faults = new FaultSchedule({ hotels, board, database, mail, groups, random });
    people.start(guests);
    faults.start();
    for (const ends = Date.now() + seconds * 1_000; Date.now() < ends;) {
      await sleep(Math.min(PROGRESS_MS, ends - Date.now()));
      tell(`${Math.round(seconds - (ends - Date.now()) / 1_000)} of ${seconds} s, ${faults.windows.length} faults, ${people.log.length} requests, ${board.heard.length} changes heard`);
    }
    await faults.stop();
    await sleep(1_000);
    await people.stop();
    await settle(hotel, database, token, waitsForMail);
    await sleep(500);
    const now = Date.now();
    const bookings = await allBookings(hotel, token);
    await board.close();
    for (const one of hotels) await one.stop();
    const { findings, totals } = audit({
      stored: await database.read(), bookings, log: people.log, heard: board.heard, reloads: board.reloads, mails: mail.mails,
      periods: hotels.flatMap(({ periods }) => periods), windows: faults.windows, hold: HOLD, now, mayOweMails: !waitsForMail, slack: clock ? 2_100 : 0,
    });
    for (const what of hotels.flatMap((one) => one.findings)) findings.push({ rule: 'process', receiptNo: null, what, history: [] });
    for (const line of log().split('\n').filter((one) => /panicked/.test(one))) findings.push({ rule: 'panic', receiptNo: null, what: line, history: [] });
    for (const { at } of board.reloads) findings.push({ rule: 'feed', receiptNo: null, what: `the board's cursor was refused at ${new Date(at).toISOString()}`, history: [] });
    const run = { name: `${store}, seed ${seed}`, store, seed, windows: faults.windows, totals, findings, errors: errorsOf(log()), folder };
    if (findings.length === 0) await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    return run;
  } catch (error) {
    console.log(`== ${store}, seed ${seed}: the run failed; files in ${folder}\n${log().slice(-3_000)}`);
    throw error;
  } finally {
    for (const one of hotels) one.end();
    await mail.close();
    await database.close();
  }
}
