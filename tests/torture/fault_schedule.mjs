// What goes wrong during a run, and when: a seeded choice. Faults of the mail server run beside the
// others; all others come one after another.
import { writeFileSync } from 'node:fs';
import { ROOMS, sleep } from './hotel.mjs';
import { between, oneOf } from './random.mjs';

/** How often each kind is chosen, beside the others of its group. */
const WEIGHTS = {
  'kill': 3, "kill at a hold's end": 3, 'kill, other configuration': 2, 'stop and start': 1, 'freeze': 3,
  'database killed': 3, 'database frozen': 3, 'database steps down': 2, 'kill while the database is frozen': 1,
  'disk full': 3, 'clock stepped': 4,
};

export class FaultSchedule {
  /** `{kind, from, until}` */
  windows = [];
  isRunning = true;

  /** `hotels` are the server processes, and `groups` those of kill, freeze, mail, database, disk and clock that are wanted. */
  constructor({ hotels, board, database, mail, random, groups }) {
    Object.assign(this, { hotels, board, database, mail, random, groups });
  }

  kinds() {
    const of = {
      kill: ['kill', "kill at a hold's end", 'kill, other configuration', 'stop and start'],
      freeze: ['freeze'],
      database: this.database.stepDown ? ['database killed', 'database frozen', 'database steps down', 'kill while the database is frozen'] : [],
      disk: this.database.isSmallDisk ? ['disk full'] : [],
      clock: this.hotels[0].clock ? ['clock stepped'] : [],
    };
    return Object.entries(of).filter(([group]) => this.groups.includes(group)).flatMap(([, kinds]) => kinds).flatMap((kind) => Array(WEIGHTS[kind]).fill(kind));
  }

  start() {
    const loop = async (kinds, least, most, act) => {
      while (this.isRunning && kinds.length > 0) {
        await sleep(between(this.random, least, most));
        if (!this.isRunning) return;
        const window = { kind: oneOf(this.random, kinds), from: Date.now(), until: null };
        this.windows.push(window);
        await act(window.kind);
        window.until = Date.now();
      }
    };
    const mail = this.groups.includes('mail') ? ['mail cut', 'mail delayed', 'mail refused'] : [];
    this.loops = [loop(this.kinds(), 200, 1_400, (kind) => this.inject(kind)), loop(mail, 500, 4_000, (kind) => this.disturbMail(kind))];
  }

  async stop() {
    this.isRunning = false;
    await Promise.all(this.loops);
  }

  async inject(kind) {
    const { database, random } = this;
    const hotel = oneOf(random, this.hotels);
    switch (kind) {
      case 'kill': return this.killAndStart(hotel);
      case "kill at a hold's end": return this.killAtAnEnd(hotel);
      case 'kill, other configuration': return this.killAndStart(hotel, () => this.reconfigure(hotel));
      case 'stop and start': {
        await hotel.stop();
        return hotel.start();
      }
      case 'freeze': return hotel.freeze(between(random, 50, 3_000));
      case 'database killed': return database.kill(between(random, 0, 1_000));
      case 'database frozen': return database.freeze(between(random, 50, 3_000));
      case 'database steps down': return database.stepDown();
      case 'kill while the database is frozen': {
        await database.freeze(between(random, 300, 2_000), async () => {
          await sleep(between(random, 50, 250));
          await hotel.kill();
        });
        return hotel.start();
      }
      case 'disk full': return database.fillDisk(between(random, 200, 3_000));
      case 'clock stepped': return this.stepClock();
      default: throw new Error(`no such fault: ${kind}`);
    }
  }

  async killAndStart(hotel, meanwhile = () => {}) {
    await hotel.kill();
    meanwhile();
    await sleep(between(this.random, 0, 900));
    await hotel.start();
  }

  async killAtAnEnd(hotel) {
    const now = Date.now();
    const ends = [...this.board.latest.values()].filter(({ status }) => status === 'PENDING').map(({ holdUntil }) => Date.parse(holdUntil) - now);
    const wait = ends.filter((left) => left > 0).sort((a, b) => a - b)[0] ?? 0;
    await sleep(wait + between(this.random, -5, 25));
    await this.killAndStart(hotel);
  }

  /** Another price of one room type, one room more or again as many as before, the other language. */
  reconfigure({ settings }) {
    oneOf(this.random, settings.rooms).price = 100_000 + Math.floor(this.random() * 900_000);
    const first = settings.rooms[0];
    first.rooms = first.rooms === ROOMS[0].rooms ? first.rooms + 1 : ROOMS[0].rooms;
    settings.language = settings.language === 'id' ? 'en' : 'id';
  }

  /** Sets the server's wall clock for a moment. */
  async stepClock() {
    writeFileSync(this.hotels[0].clock, `${oneOf(this.random, ['+1.5', '-1.5', '+3600', '-3600'])}\n`);
    await sleep(between(this.random, 500, 3_000));
    writeFileSync(this.hotels[0].clock, '+0\n');
  }

  async disturbMail(kind) {
    const milliseconds = between(this.random, 100, 2_500);
    if (kind === 'mail refused') {
      await this.mail.close();
      await sleep(milliseconds);
      await this.mail.listen();
    } else {
      this.mail.mode = kind === 'mail cut' ? 'cut' : 'delay';
      if (kind === 'mail cut' && this.random() < 0.5) this.mail.cut();
      await sleep(milliseconds);
      this.mail.mode = 'through';
    }
  }
}
