// What goes wrong during a run: the server is killed and started again with another configuration, or
// frozen; the database is frozen.
import { readFile, writeFile } from 'node:fs/promises';
import { between, oneOf } from './random.mjs';

const sleep = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

export class Faults {
  counts = {};
  stopped = false;

  /** `mongod` is the process of the database, or null. */
  constructor({ server, random, mongod = null }) {
    Object.assign(this, { server, random, mongod });
  }

  start() {
    this.loop = (async () => {
      while (!this.stopped) {
        await sleep(between(this.random, 300, 1_500));
        if (!this.stopped) await this.one();
      }
    })();
  }

  async stop() {
    this.stopped = true;
    await this.loop;
  }

  async one() {
    const kinds = ['kill', 'kill', 'kill with another price', 'freeze', ...(this.mongod ? ['freeze the database', 'freeze the database'] : [])];
    const kind = oneOf(this.random, kinds);
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    switch (kind) {
      case 'kill with another price': {
        const config = await readFile(this.server.config, 'utf8');
        const price = 100_000 + Math.floor(this.random() * 900_000);
        await this.killAndStart(config.replace(/^price = \d+/m, `price = ${price}`));
        break;
      }
      case 'kill': await this.killAndStart(null); break;
      case 'freeze': await this.freeze(this.server.child, between(this.random, 100, 2_500)); break;
      default: await this.freeze(this.mongod, between(this.random, 100, 2_500));
    }
  }

  async killAndStart(config) {
    await this.server.kill();
    if (config) await writeFile(this.server.config, config);
    await sleep(between(this.random, 0, 700));
    await this.server.start();
  }

  async freeze(child, milliseconds) {
    child.kill('SIGSTOP');
    await sleep(milliseconds);
    child.kill('SIGCONT');
  }
}
