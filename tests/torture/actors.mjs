// Guests and staff who use the public doors, and a log of what they were answered. An action without
// an answer may have happened or not.
import { randomBytes } from 'node:crypto';
import { CREATE_BOOKING } from '../e2e/harness.mjs';
import { between, oneOf } from './random.mjs';

const sleep = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));
const STAFF_ACTIONS = {
  markArrived: 'mutation ($r: String!) { markArrived(receiptNo: $r) { revision } }',
  markPaid: 'mutation ($r: String!) { markPaid(receiptNo: $r) { revision } }',
  cancelBooking: 'mutation ($r: String!) { cancelBooking(receiptNo: $r) { revision } }',
  extendHold: 'mutation ($r: String!) { extendHold(receiptNo: $r, minutes: 1) { revision } }',
};
const REPORT = 'mutation ($r: String!, $t: String!, $p: PositionInput!) { reportPosition(receiptNo: $r, accessToken: $t, position: $p) { revision } }';
const CANCEL = 'mutation ($r: String!, $t: String!) { cancelMyBooking(receiptNo: $r, accessToken: $t) { revision } }';

export class Actors {
  /** What was done: `{ action, receiptNo, input, code }`. `code` is 'OK', a refusal's code, or null without an answer. */
  log = [];
  /** The bookings that the actors know: `{ receiptNo, accessToken, holdUntil }`. */
  known = [];
  stopped = false;

  constructor({ server, token, random, rooms, today }) {
    Object.assign(this, { server, token, random, rooms, today });
  }

  /** Acts with this many guests and members of staff at once, until `stop`. */
  start(guests, staff) {
    const loop = async (act) => { while (!this.stopped) { await act(); await sleep(between(this.random, 10, 120)); } };
    this.loops = [...Array(guests).fill(() => this.guest()), ...Array(staff).fill(() => this.staff())].map(loop);
  }

  async stop() {
    this.stopped = true;
    await Promise.all(this.loops);
  }

  /** Carries out one action and logs the answer. Returns its data, if there is any. */
  async act(action, receiptNo, query, variables, { token, input } = {}) {
    const entry = { action, receiptNo, input, code: null };
    this.log.push(entry);
    try {
      const answer = await this.server.ask(query, variables, { token });
      entry.code = answer.errors ? answer.errors[0].extensions?.code ?? 'UNKNOWN' : 'OK';
      return answer.errors ? undefined : answer.data;
    } catch {
      return undefined; // the server was killed or frozen
    }
  }

  async guest() {
    const known = oneOf(this.random, this.known);
    const dice = this.random();
    if (!known || dice < 0.6) return this.book();
    const mine = { r: known.receiptNo, t: known.accessToken };
    if (dice < 0.9) {
      const p = { latitude: -6.9147 - this.random() / 5, longitude: 107.6098, accuracyMetres: 12 };
      return this.act('reportPosition', known.receiptNo, REPORT, { ...mine, p });
    }
    return this.act('cancelMyBooking', known.receiptNo, CANCEL, mine);
  }

  async book() {
    const guest = randomBytes(5).toString('hex');
    const input = {
      guestName: `Tamu ${guest}`, email: `tamu.${guest}@example.com`, roomType: oneOf(this.random, this.rooms).code,
      checkIn: this.today, nights: 1, requestId: randomBytes(16).toString('base64url'),
    };
    // Without an answer a guest tries again with the same id, and gets the same booking.
    for (let tries = 0; tries < 3; tries += 1) {
      const data = await this.act('createBooking', null, CREATE_BOOKING, { input }, { input });
      const entry = this.log.findLast((one) => one.input === input);
      if (data) {
        const { booking, accessToken } = data.createBooking;
        entry.receiptNo = booking.receiptNo;
        entry.price = booking.price;
        this.known.push({ receiptNo: booking.receiptNo, accessToken, holdUntil: booking.holdUntil });
        if (this.known.length > 60) this.known.shift();
        return;
      }
      if (entry.code !== null && entry.code !== 'UNAVAILABLE') return;
      await sleep(between(this.random, 50, 400));
    }
  }

  async staff() {
    const known = oneOf(this.random, this.known);
    if (!known) return;
    // Often at the very end of a hold, where the clock acts too.
    const left = Date.parse(known.holdUntil) - Date.now();
    if (left > 0 && left < 1_500 && this.random() < 0.7) await sleep(Math.max(0, left - 3 + this.random() * 6));
    const action = oneOf(this.random, ['markArrived', 'markPaid', 'markPaid', 'cancelBooking', 'extendHold']);
    await this.act(action, known.receiptNo, STAFF_ACTIONS[action], { r: known.receiptNo }, { token: this.token });
  }
}
