// Guests and staff who use the public doors at random, and a log of what each asked and was answered.
// They do not judge the answers (audit.mjs).
import { randomBytes } from 'node:crypto';
import { PLACE, sleep } from './hotel.mjs';
import { between, oneOf } from './random.mjs';

const STATE = '{ receiptNo revision status holdUntil price }';
const mutation = (name, more = '') => `mutation ($r: String!) { answer: ${name}(receiptNo: $r${more}) ${STATE} }`;
const STAFF_ACTIONS = {
  markArrived: mutation('markArrived'),
  markPaid: mutation('markPaid'),
  cancelBooking: mutation('cancelBooking', ', note: "uji"'),
  extendHold: mutation('extendHold', ', minutes: 1'),
  sendQris: mutation('sendQris'),
  reviveBooking: mutation('reviveBooking'),
  reviveArrived: mutation('reviveBooking', ', arrived: true'),
  reopenBooking: mutation('reopenBooking', ', reason: "uji"'),
};
const ALLOT = `mutation ($room: String!, $night: Date!, $through: Date, $rooms: Int!, $closed: Boolean) {
  answer: setAllotment(roomType: $room, date: $night, through: $through, rooms: $rooms, closed: $closed) { available } }`;
const AT_DESK = `mutation ($input: DeskBookingInput!) { answer: bookAtDesk(input: $input) ${STATE} }`;
const AMEND = `mutation ($r: String!, $input: AmendInput!) { answer: amendBooking(receiptNo: $r, input: $input) ${STATE} }`;
const CREATE = `mutation ($input: CreateBookingInput!) { answer: createBooking(input: $input) { booking ${STATE} accessToken } }`;
const REPORT = `mutation ($r: String!, $t: String!, $p: PositionInput!) { answer: reportPosition(receiptNo: $r, accessToken: $t, position: $p) ${STATE} }`;
const CANCEL = `mutation ($r: String!, $t: String!) { answer: cancelMyBooking(receiptNo: $r, accessToken: $t) ${STATE} }`;

const newRequestId = () => randomBytes(16).toString('base64url');

export const STAFF = ['Sari', 'Budi', 'Rina', 'Wati'];

export class People {
  /**
   * What was asked: `{who, action, receiptNo, input, sent, answered, code, answer}`. `input` is that of a
   * new booking; a changed booking has `amendment`, a new allotment `allotment: {room, night, through,
   * rooms, closed}`. `code` is 'OK', the code of a refusal, 'DOWN' if no connection was made, or null if the answer was lost.
   */
  log = [];
  /** The guests' bookings: `{receiptNo, accessToken}`. */
  known = [];
  isActing = true;

  /** `tokens` are those of the staff by name. */
  constructor({ hotels, board, random, tokens, today }) {
    Object.assign(this, { hotels, board, random, tokens, begun: Date.now(), today: Date.parse(today) });
  }

  start(guests) {
    const loop = async (act) => {
      while (this.isActing) {
        await act();
        await sleep(between(this.random, 40, 300));
      }
    };
    const staff = STAFF.map((name) => () => this.staff(name));
    this.loops = [...Array(guests).fill(() => this.guest()), ...staff].map(loop);
  }

  async stop() {
    this.isActing = false;
    await Promise.all(this.loops);
  }

  async act(who, action, receiptNo, query, variables, { token, ...asked } = {}) {
    const entry = { who, action, receiptNo, ...asked, sent: Date.now(), answered: null, code: null, answer: null };
    this.log.push(entry);
    try {
      const { data, errors } = await oneOf(this.random, this.hotels).ask(query, variables, token);
      entry.code = errors ? errors[0].extensions?.code ?? 'UNKNOWN' : 'OK';
      entry.message = errors?.[0].message;
      entry.answer = data?.answer ?? null;
      entry.answered = Date.now();
    } catch (error) {
      entry.answered = Date.now();
      if (error.cause?.code === 'ECONNREFUSED') entry.code = 'DOWN';
    }
    return entry;
  }

  async guest() {
    const known = oneOf(this.random, this.known);
    const dice = this.random();
    if (!known || dice < 0.55) return this.book();
    const mine = { r: known.receiptNo, t: known.accessToken };
    if (dice < 0.9) return this.act('guest', 'reportPosition', known.receiptNo, REPORT, { ...mine, p: this.position() });
    return this.act('guest', 'cancelMyBooking', known.receiptNo, CANCEL, mine);
  }

  position() {
    // Near the hotel, or too far from it for any extension.
    const degrees = this.random() < 0.6 ? this.random() / 50 : 1;
    return { latitude: PLACE.latitude - degrees, longitude: PLACE.longitude, accuracyMetres: 12 };
  }

  /** A stay on one of a few nights. They move on with time, because paid rooms stay taken. */
  stay() {
    const day = Math.floor((Date.now() - this.begun) / 2_000) % 360 + Math.floor(this.random() * 3);
    const checkIn = new Date(this.today + day * 86_400_000).toISOString().slice(0, 10);
    return { roomType: oneOf(this.random, this.hotels[0].settings.rooms).code, checkIn, nights: this.random() < 0.7 ? 1 : 2 };
  }

  async book() {
    const guest = randomBytes(6).toString('hex');
    const stay = this.stay();
    const input = { guestName: `Tamu ${guest}`, email: `tamu.${guest}@example.com`, ...stay, requestId: newRequestId() };
    if (this.random() < 0.3) input.position = this.position();
    if (this.random() < 0.5) input.expectedPrice = this.hotels[0].settings.rooms.find(({ code }) => code === stay.roomType).price * stay.nights;
    const entry = await this.bookUntilAnswered('guest', 'createBooking', CREATE, input);
    if (!entry) return;
    const { booking, accessToken } = entry.answer;
    entry.receiptNo = booking.receiptNo;
    this.known.push({ receiptNo: booking.receiptNo, accessToken });
    if (this.known.length > 40) this.known.shift();
  }

  /** A walk-in: the guest stands at the desk, and may have paid. */
  async bookAtDesk(name) {
    const input = { guestName: `Tamu ${randomBytes(6).toString('hex')}`, ...this.stay(), paid: this.random() < 0.5, requestId: newRequestId() };
    const entry = await this.bookUntilAnswered(name, 'bookAtDesk', AT_DESK, input, this.tokens.get(name));
    if (entry) entry.receiptNo = entry.answer.receiptNo;
  }

  /** Without an answer people try again with the same id, and get the same booking. Returns the entry of an acceptance. */
  async bookUntilAnswered(who, action, query, input, token) {
    for (let tries = 0; tries < 4; tries += 1) {
      const entry = await this.act(who, action, null, query, { input }, { input, token });
      if (entry.code === 'OK') return entry;
      if (![null, 'DOWN', 'UNAVAILABLE', 'CONFLICT'].includes(entry.code)) return undefined;
      await sleep(between(this.random, 50, 600));
    }
    return undefined;
  }

  /** Another name, room type or number of nights. */
  async amend(name, { receiptNo }) {
    const { roomType, nights } = this.stay();
    const amendment = oneOf(this.random, [{ guestName: `Tamu ${randomBytes(6).toString('hex')}` }, { roomType }, { nights }, { roomType, nights }]);
    await this.act(name, 'amendBooking', receiptNo, AMEND, { r: receiptNo, input: amendment }, { token: this.tokens.get(name), amendment });
  }

  /** The manager sells another number of rooms of a type on some nights, and may close or open the type. */
  async allot(name) {
    const { roomType: room, checkIn: night } = this.stay();
    const through = new Date(Date.parse(night) + Math.floor(this.random() * 3) * 86_400_000).toISOString().slice(0, 10);
    const closed = oneOf(this.random, [undefined, undefined, true, false, false]);
    const allotment = { room, night, through, rooms: Math.floor(this.random() * 5), closed };
    await this.act(name, 'setAllotment', null, ALLOT, allotment, { token: this.tokens.get(name), allotment });
  }

  async staff(name) {
    const isManager = name === STAFF[0];
    if (isManager && this.random() < 0.3) return this.allot(name);
    if (this.random() < 0.12) return this.bookAtDesk(name);
    const bookings = [...this.board.latest.values()];
    const pending = bookings.filter(({ status }) => status === 'PENDING');
    const booking = oneOf(this.random, this.random() < 0.75 ? pending : bookings.slice(-60));
    if (!booking) return undefined;
    // Often at the very end of a hold, where the clock acts too.
    const left = Date.parse(booking.holdUntil) - Date.now();
    if (left > 0 && left < 2_500 && this.random() < 0.6) await sleep(left - 4 + this.random() * 8);
    if (this.random() < 0.12) return this.amend(name, booking);
    const back = this.random() < 0.5;
    let action = oneOf(this.random, ['markArrived', 'markArrived', 'markPaid', 'cancelBooking', 'cancelBooking', 'extendHold', 'sendQris']);
    if (booking.status === 'CANCELLED' && back) action = oneOf(this.random, ['reviveBooking', 'reviveArrived']);
    if (booking.status === 'PAID' && back && isManager) action = 'reopenBooking';
    return this.act(name, action, booking.receiptNo, STAFF_ACTIONS[action], { r: booking.receiptNo }, { token: this.tokens.get(name) });
  }
}
