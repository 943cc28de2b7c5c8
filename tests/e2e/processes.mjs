// Waiting for conditions, and cleaning up processes and folders when the test file ends.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** Objects with a `name` and a `log`. The logs are printed when a wait fails. */
export const logged = new Set();

/**
 * Polls `condition` until it returns a truthy value, and returns that. Fails after `within`
 * milliseconds with `what` in the message.
 */
export async function until(what, condition, within = 15_000) {
  const deadline = Date.now() + within;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) {
      const logs = [...logged].map(({ name, log }) => `--- log of ${name}\n${log.slice(-4000)}`).join('\n');
      throw new Error(`not within ${within} ms: ${what}\n${logs}`);
    }
    await new Promise((wake) => setTimeout(wake, 15));
  }
}

/** Waits until the wall clock shows `instant` (a date, its text, or milliseconds). */
export const untilClock = (instant) => {
  const at = new Date(instant).getTime();
  return until(`the clock to show ${new Date(at).toISOString()}`, () => Date.now() >= at, at - Date.now() + 5_000);
};

const children = new Set();
const folders = new Set();
const tasks = [];

/** A child process that is killed when the test file ends. */
export const track = (child) => {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
};
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Adds a task that runs when the test file ends, in the order of the calls. */
export const finally_ = (task) => void tasks.push(task);

after(async () => {
  for (const task of tasks) await task();
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

export async function temporaryFolder(name) {
  const folder = await mkdtemp(join(tmpdir(), `jatah-${name}-`));
  folders.add(folder);
  return folder;
}

/** A free port below the range that the kernel uses for outgoing connections. */
export async function freePort() {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 20_000 + (randomBytes(2).readUInt16BE() % 10_000);
    const free = await new Promise((answer) => {
      const probe = createServer();
      probe.once('error', () => answer(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => answer(true)));
    });
    if (free) return port;
  }
  throw new Error('no free port found');
}
