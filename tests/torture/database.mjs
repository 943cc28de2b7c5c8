// The databases under test, what can go wrong with them, and what they contain after a run, in one form
// for both. Reads the stores without the server's code.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { freePort, owned, sleep, until } from './hotel.mjs';

const run = promisify(execFile);
const mongodFinder = fileURLToPath(new URL('../tools/mongod.sh', import.meta.url));

const READ_SQLITE = `import json, sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
rows = lambda sql: [list(row) for row in db.execute(sql)]
print(json.dumps({
  "changes": rows("SELECT receipt_no, revision, lease_node, document FROM changes ORDER BY id"),
  "bookings": rows("SELECT receipt_no, document, limit_keys FROM bookings"),
  "claims": rows("SELECT room, night, taken, allotment, is_closed FROM claims"),
  "tracks": rows("SELECT receipt_no, fixes FROM tracks"),
  "waiting": rows("SELECT is_waiting, document FROM waiting"),
  "limits": rows("SELECT key, running FROM limits"),
  "notices": rows("SELECT receipt_no, revision, recipient, useful_until_ms, sent_at_ms, gave_up_at_ms, gave_up_code FROM notices"),
  "integrity": db.execute("PRAGMA integrity_check").fetchone()[0],
}))`;
const OWED_SQLITE = `import sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
print(db.execute("SELECT count(*) FROM notices WHERE sent_at_ms IS NULL AND gave_up_at_ms IS NULL").fetchone()[0])`;

/** One change of the log, the same for both stores. */
function change(node, stored) {
  const { booking } = stored;
  return {
    receiptNo: booking.receipt_no, revision: booking.revision, at: stored.at_ms, node,
    who: stored.actor.who, name: stored.actor.name ?? null, event: stored.event,
    status: booking.status.kind, until: booking.hold_until_ms, remindAt: booking.remind_at_ms ?? null,
    extensions: booking.extensions, arrivedAt: booking.arrived_at_ms ?? null,
    channel: booking.contact.channel, guest: booking.guest_name, room: booking.room.code, roomPrice: booking.room.price,
    checkIn: booking.check_in, nights: booking.nights, price: booking.price, isOffer: Boolean(booking.offer),
    owes: stored.notices.filter(({ to }) => to === 'GUEST').map((owed) => ({ usefulUntil: owed.useful_until_ms, withQris: Boolean(owed.with_qris) })),
  };
}

/** One guest of the waiting list. */
const waiting = (isWaiting, { guest_name: guest, room = null, at_most: atMost = null, check_in: checkIn, nights }) => ({ isWaiting: Boolean(isWaiting), guest, room, atMost, checkIn, nights });

export class Sqlite {
  static async create(folder, { isSmallDisk }) {
    const data = join(folder, 'data');
    await mkdir(data);
    if (isSmallDisk) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'jatah-torture', data]);
    return Object.assign(new Sqlite(), { data, isSmallDisk, url: `sqlite:${join(data, 'jatah.db')}`, path: join(data, 'jatah.db') });
  }

  /** Fills the disk that the database is on, and frees it again. */
  async fillDisk(milliseconds) {
    const ballast = join(this.data, 'ballast');
    try {
      writeFileSync(ballast, Buffer.alloc(48 << 20));
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
    await sleep(milliseconds);
    rmSync(ballast, { force: true });
  }

  async owed() {
    return Number((await run('python3', ['-c', OWED_SQLITE, this.path])).stdout);
  }

  async read() {
    const { stdout } = await run('python3', ['-c', READ_SQLITE, this.path], { maxBuffer: 1 << 30 });
    const stored = JSON.parse(stdout);
    return {
      changes: stored.changes.map(([, , node, text]) => change(node, JSON.parse(text))),
      bookings: stored.bookings.map(([receiptNo, text, keys]) => ({ receiptNo, revision: JSON.parse(text).revision, status: JSON.parse(text).status.kind, limitKeys: JSON.parse(keys) })),
      claims: stored.claims.map(([room, night, taken, allotment, closed]) => ({ room, night, taken, allotment, closed: Boolean(closed) })),
      waiting: stored.waiting.map(([isWaiting, text]) => waiting(isWaiting, JSON.parse(text))),
      tracks: stored.tracks.map(([receiptNo, fixes]) => ({ receiptNo, fixes: JSON.parse(fixes).length })),
      limits: stored.limits.map(([key, running]) => ({ key, running })),
      notices: stored.notices.map(([receiptNo, revision, to, usefulUntil, sentAt, gaveUpAt, code]) => ({ receiptNo, revision, to, usefulUntil, sentAt, gaveUpAt, code })),
      problems: stored.integrity === 'ok' ? [] : [`the database is damaged: ${stored.integrity}`],
    };
  }

  async close() {
    if (this.isSmallDisk) execFileSync('umount', ['-l', this.data]);
  }
}

export class Mongo {
  members = [];

  /** A replica set of one or three members. */
  static async create(folder, { members }) {
    const mongo = new Mongo();
    mongo.binary = (await run(mongodFinder)).stdout.trim();
    for (let index = 0; index < members; index += 1) {
      const member = { port: await freePort(), folder: join(folder, `mongod${index}`) };
      await mkdir(member.folder);
      mongo.members.push(member);
      mongo.spawn(member);
    }
    const hosts = mongo.members.map(({ port }) => `127.0.0.1:${port}`);
    const first = await mongo.direct(mongo.members[0]);
    await first.db('admin').command({ replSetInitiate: {
      _id: 'jatah', members: hosts.map((host, index) => ({ _id: index, host })), settings: { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 },
    } });
    await first.close();
    mongo.url = `mongodb://${hosts.join(',')}/jatah?replicaSet=jatah`;
    mongo.client = new MongoClient(mongo.url, { serverSelectionTimeoutMS: 30_000 });
    await until('a primary', () => mongo.primary(), 60_000);
    await mongo.client.connect();
    const { operationTime } = await mongo.client.db('jatah').collection('torture').insertOne({ begun: true }).then(() => mongo.client.db('jatah').command({ ping: 1 }));
    mongo.begun = operationTime;
    return mongo;
  }

  spawn(member) {
    const words = ['--dbpath', member.folder, '--port', member.port, '--bind_ip', '127.0.0.1', '--nounixsocket', '--replSet', 'jatah',
      '--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '512', '--setParameter', 'diagnosticDataCollectionEnabled=false', '--logpath', join(member.folder, 'log'), '--logappend'];
    member.child = owned(spawn(this.binary, words.map(String), { stdio: 'ignore' }));
    member.exited = new Promise((done) => member.child.once('exit', done));
  }

  /** A client of one member, once it takes connections. */
  async direct(member) {
    return until('mongod to take connections', async () => {
      const client = new MongoClient(`mongodb://127.0.0.1:${member.port}/?directConnection=true`, { serverSelectionTimeoutMS: 1_000 });
      return client.connect().catch(() => client.close());
    }, 30_000);
  }

  /** The member that takes writes, or undefined. */
  async primary() {
    for (const member of this.members) {
      const client = new MongoClient(`mongodb://127.0.0.1:${member.port}/?directConnection=true`, { serverSelectionTimeoutMS: 500 });
      const hello = await client.db('admin').command({ hello: 1 }).catch(() => ({}));
      await client.close();
      if (hello.isWritablePrimary) return member;
    }
    return undefined;
  }

  async kill(milliseconds) {
    const member = (await this.primary()) ?? this.members[0];
    member.child.kill('SIGKILL');
    await member.exited;
    await sleep(milliseconds);
    this.spawn(member);
    await until('a primary', () => this.primary(), 60_000);
  }

  async freeze(milliseconds, meanwhile = async () => {}) {
    const member = (await this.primary()) ?? this.members[0];
    member.child.kill('SIGSTOP');
    await Promise.all([sleep(milliseconds), meanwhile()]);
    member.child.kill('SIGCONT');
    await until('a primary', () => this.primary(), 60_000);
  }

  async stepDown() {
    const client = await this.direct((await this.primary()) ?? this.members[0]);
    await client.db('admin').command({ replSetStepDown: 2, force: true, secondaryCatchUpPeriodSecs: 1 }).catch(() => {});
    await client.close();
    await until('a primary', () => this.primary(), 60_000);
  }

  async owed() {
    return this.client.db('jatah').collection('changes').countDocuments({ owed: { $gt: 0 } });
  }

  async read() {
    const db = this.client.db('jatah');
    const all = (name) => db.collection(name).find({}).toArray();
    const [stored, bookings, claims, tracks, limits, line] = await Promise.all(['changes', 'bookings', 'claims', 'tracks', 'limits', 'waiting'].map(all));
    const inOrder = await this.changesInOrder(stored.length);
    const problems = inOrder.length === stored.length ? [] : [`the change stream has ${inOrder.length} of ${stored.length} changes`];
    const notices = stored.flatMap((one) => Object.entries(one.outbox).map(([to, state]) => ({
      receiptNo: one.booking.receipt_no, revision: one.booking.revision, to,
      usefulUntil: Number(one.notices.find((owed) => owed.to === to)?.useful_until_ms),
      sentAt: numberOrNull(state.sent_at_ms), gaveUpAt: numberOrNull(state.gave_up_at_ms), code: state.gave_up_code ?? null,
    })));
    return {
      changes: inOrder.map((one) => change(one.lease.node, plain(one))),
      bookings: bookings.map((one) => ({ receiptNo: one._id, revision: Number(one.revision), status: one.status.kind, limitKeys: one.limit_keys })),
      claims: claims.map((one) => ({ room: one.room, night: one.night, taken: Number(one.taken), allotment: numberOrNull(one.allotment), closed: Boolean(one.closed) })),
      waiting: line.map((one) => waiting(one.is_waiting, plain(one.document))),
      tracks: tracks.map((one) => ({ receiptNo: one._id, fixes: one.fixes.length })),
      limits: limits.map((one) => ({ key: one._id, running: Number(one.running) })),
      notices, problems,
    };
  }

  /** The changes in the order of their commits. */
  async changesInOrder(count) {
    const stream = this.client.db('jatah').collection('changes').watch([{ $match: { operationType: 'insert' } }], { startAtOperationTime: this.begun });
    const found = [];
    for (const deadline = Date.now() + 30_000; found.length < count && Date.now() < deadline;) {
      const event = await stream.tryNext();
      if (event) found.push(event.fullDocument);
    }
    await stream.close();
    return found;
  }

  async close() {
    await this.client?.close();
    for (const { child, exited } of this.members) {
      child.kill('SIGKILL');
      await exited;
    }
  }
}

const numberOrNull = (value) => (value === undefined || value === null ? null : Number(value));
const plain = (document) => JSON.parse(JSON.stringify(document));
