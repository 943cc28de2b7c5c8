// A real MongoDB: one mongod for each test file, as a replica set of one member. Every test server
// gets its own database.
import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { finally_, freePort, temporaryFolder, track, until } from './processes.mjs';

const run = promisify(execFile);
const finder = fileURLToPath(new URL('../tools/mongod.sh', import.meta.url));

let mongo;

/** The replica set of this test file. The first call starts it. */
export const mongoReplicaSet = () => (mongo ??= startMongo());

async function startMongo() {
  const mongod = (await run(finder)).stdout.trim();
  const folder = await temporaryFolder('mongod');
  const port = await freePort();
  const logFile = join(folder, 'mongod.log');
  const arguments_ = ['--dbpath', folder, '--port', port, '--bind_ip', '127.0.0.1', '--nounixsocket', '--replSet', 'jatah'];
  const limits = ['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '64', '--setParameter', 'diagnosticDataCollectionEnabled=false'];
  const child = track(spawn(mongod, [...arguments_, ...limits, '--logpath', logFile].map(String), { stdio: 'ignore' }));
  const exited = new Promise((done) => child.once('exit', done));
  const tail = async () => (await readFile(logFile, 'utf8').catch(() => '')).slice(-2000);

  const address = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const connect = async () => {
    const attempt = new MongoClient(address, { serverSelectionTimeoutMS: 1000 }); // a client cannot be used after a failed connect
    return attempt.connect().catch(() => attempt.close());
  };
  const client = await until('mongod to take connections', async () => {
    if (child.exitCode !== null) throw new Error(`mongod stopped with code ${child.exitCode}: ${await tail()}`);
    return connect();
  }, 30_000);
  const admin = client.db('admin');
  const initiate = { _id: 'jatah', members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
  await admin.command({ replSetInitiate: initiate });
  await until('the replica set to have a primary', async () => (await admin.command({ hello: 1 })).isWritablePrimary, 30_000);

  const replicaSet = {
    process: child,
    url: (database) => `mongodb://127.0.0.1:${port}/${database}?replicaSet=jatah`,
    async stop() {
      await client.close();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
  finally_(replicaSet.stop);
  return replicaSet;
}
