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

const JOIN = 'mutation ($input: WaitingInput!) { answer: joinWaitingList(input: $input) { ticket } }';
const PLACE_IN_LINE = 'query ($ticket: String!) { waitingTicket(ticket: $ticket) { offer { accessToken booking { receiptNo status offer } } } }';
const LEAVE = 'mutation ($ticket: String!) { leaveWaitingList(ticket: $ticket) }';
const TAKE = `mutation ($r: String!, $t: String!) { answer: takeOffer(receiptNo: $r, accessToken: $t) ${STATE} }`;

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
  /** The tickets of guests who wait. */
  tickets = [];
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
    if (dice < 0.03) return this.wait(this.stay());
    if (dice < 0.2 && this.tickets.length > 0) return this.askAboutPlace();
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
    if (entry.code === 'SOLD_OUT' && this.random() < 0.7) return this.wait(stay);
    if (entry.code !== 'OK') return undefined;
    const { booking, accessToken } = entry.answer;
    entry.receiptNo = booking.receiptNo;
    this.known.push({ receiptNo: booking.receiptNo, accessToken });
    if (this.known.length > 40) this.known.shift();
    return undefined;
  }

  /** Joins the waiting list, for a room type or for any. */
  async wait({ roomType, ...stay }) {
    const guest = randomBytes(6).toString('hex');
    const input = { guestName: `Tamu ${guest}`, email: `tamu.${guest}@example.com`, ...stay, requestId: newRequestId() };
    if (this.random() < 0.7) input.roomType = roomType;
    const entry = await this.bookUntilAnswered('guest', 'joinWaitingList', JOIN, input);
    if (entry.code !== 'OK') return;
    this.tickets.push(entry.answer.ticket);
    if (this.tickets.length > 30) this.tickets.shift();
  }

  /** Asks about a place in the line. An offer is mostly taken; some guests leave. */
  async askAboutPlace() {
    const ticket = oneOf(this.random, this.tickets), hotel = oneOf(this.random, this.hotels);
    const dice = this.random();
    try {
      const { data } = await hotel.ask(PLACE_IN_LINE, { ticket });
      const offer = data?.waitingTicket?.offer;
      if (!offer) {
        if (dice < 0.1) await hotel.ask(LEAVE, { ticket });
        return;
      }
      const { accessToken, booking: { receiptNo } } = offer, mine = { r: receiptNo, t: accessToken };
      this.tickets = this.tickets.filter((other) => other !== ticket);
      if (dice < 0.6) await this.act('guest', 'takeOffer', receiptNo, TAKE, mine);
      else if (dice < 0.8) await this.act('guest', 'cancelMyBooking', receiptNo, CANCEL, mine);
      this.known.push({ receiptNo, accessToken });
    } catch { /* the server is away; the guest asks again later */ }
  }

  /** A walk-in: the guest stands at the desk, and may have paid. */
  async bookAtDesk(name) {
    const input = { guestName: `Tamu ${randomBytes(6).toString('hex')}`, ...this.stay(), paid: this.random() < 0.5, requestId: newRequestId() };
    const entry = await this.bookUntilAnswered(name, 'bookAtDesk', AT_DESK, input, this.tokens.get(name));
    if (entry.code === 'OK') entry.receiptNo = entry.answer.receiptNo;
  }

  /** Without an answer people try again with the same id, and get the same booking. Returns the last entry. */
  async bookUntilAnswered(who, action, query, input, token) {
    let entry;
    for (let tries = 0; tries < 4; tries += 1) {
      entry = await this.act(who, action, null, query, { input }, { input, token });
      if (![null, 'DOWN', 'UNAVAILABLE', 'CONFLICT'].includes(entry.code)) break;
      await sleep(between(this.random, 50, 600));
    }
    return entry;
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
