// The independent checker: compares what the people were answered, what the board heard and what the mail
// server took with the log of changes that the store has, and the log with the rules of the hotel. It
// knows nothing of the server's code, and it does not judge how late a deadline was decided while
// something was failing.
import { auditAnswers } from './audit_answers.mjs';
import { auditMails } from './audit_mails.mjs';

/** What a change may start from, who may make it, and what it leaves. */
const STEPS = {
  BOOKED: { from: [null], to: 'PENDING', by: ['GUEST', 'STAFF'] },
  REMINDED: { from: ['PENDING'], by: ['CLOCK'] },
  PAYMENT_ASKED: { from: ['PENDING'], by: ['CLOCK'] },
  EXTENDED_BY_CLOCK: { from: ['PENDING'], by: ['CLOCK'] },
  EXTENDED_BY_STAFF: { from: ['PENDING'], by: ['STAFF'] },
  ARRIVED: { from: ['PENDING', 'PAID'], by: ['STAFF'] },
  QRIS_REQUESTED: { from: ['PENDING'], by: ['STAFF'] },
  QRIS_SENT: { from: ['PENDING'], by: ['CLOCK'] },
  QRIS_FAILED: { from: ['PENDING'], by: ['CLOCK'] },
  PAID: { from: ['PENDING'], to: 'PAID', by: ['STAFF'] },
  CANCELLED: { from: ['PENDING'], to: 'CANCELLED', by: ['STAFF', 'GUEST'] },
  EXPIRED: { from: ['PENDING'], to: 'CANCELLED', by: ['CLOCK'] },
  REVIVED: { from: ['CANCELLED'], to: 'PENDING', by: ['STAFF'] },
  REOPENED: { from: ['PAID'], to: 'PENDING', by: ['STAFF'] },
  AMENDED: { from: ['PENDING'], by: ['STAFF'] },
  OFFERED: { from: [null], to: 'PENDING', by: ['CLOCK'] },
  OFFER_TAKEN: { from: ['PENDING'], by: ['GUEST'] },
};
/** The kinds of the log that the API calls otherwise. */
const ACTIONS = { PAYMENT_ASKED: 'REMINDED', EXTENDED_BY_CLOCK: 'EXTENDED', EXTENDED_BY_STAFF: 'EXTENDED' };
/** What the clock decides, and the instant before which it must not. */
const DUE = {
  REMINDED: (before) => before.remindAt, PAYMENT_ASKED: (before) => before.until,
  EXTENDED_BY_CLOCK: (before) => before.until, EXPIRED: (before) => before.until,
};
const CONSTANT = ['channel', 'guest', 'room', 'roomPrice', 'checkIn', 'nights', 'price'];
/** What an offer never has before it is taken. */
const NEVER_OFFERED = ['REMINDED', 'EXTENDED_BY_CLOCK', 'EXTENDED_BY_STAFF', 'AMENDED', 'QRIS_REQUESTED', 'QRIS_SENT'];
/** What only a walk-in never has: everything that a guest away from the desk is sent. */
const SENT = ['QRIS_REQUESTED', 'QRIS_SENT', 'QRIS_FAILED'];
/** A deadline that waits longer than this while nothing fails is late. */
const LATE_MS = 5_000;
/** How long after a fault the server may still be finding the parts again. Its retries wait up to 5 s. */
const recoveryMs = (kind) => (/database|disk/.test(kind) ? 7_000 : 1_500);

/** How long a request may go on in the server after its client gave up. */
export const GIVEN_UP_MS = 15_000;

/** Whether an answer leaves open what happened. */
export const isOpen = (code) => [null, 'UNAVAILABLE', 'CONFLICT', 'INTERNAL', 'UNKNOWN'].includes(code);
export const actionOf = (change) => ACTIONS[change.event.kind] ?? change.event.kind;

/** The nights of a stay. */
export function nightsOf({ checkIn, nights }) {
  const first = Date.parse(checkIn);
  return Array.from({ length: nights }, (_, index) => new Date(first + index * 86_400_000).toISOString().slice(0, 10));
}

/** Whether this set, or may have set, what is for sale of a room type on a night. */
export const isAllotmentOf = ({ allotment, code }, room, night) =>
  allotment?.room === room && allotment.night <= night && night <= (allotment.through ?? allotment.night) && (code === 'OK' || isOpen(code));

/** What a run was, with the log by booking, and the list that findings go to. */
export class Evidence {
  findings = [];
  totals = { bookings: 0, changes: 0, ends: {}, latenessMs: [] };

  /**
   * `stored` is what `read` of database.mjs returns; `bookings` come from the API; `log`, `heard`, `mails`,
   * `periods` and `windows` are those of People, Board, MailServer, Hotel and FaultSchedule; `hold` are the
   * lengths of the configuration; `now` is when reading the bookings began; with
   * `mayOweMails` nobody waited for the last mails; `slack` is by how much the server's
   * clock was stepped without being held back, in milliseconds.
   */
  constructor({ stored, bookings, log, heard, reloads, mails, periods, windows, hold, now, mayOweMails = false, slack = 0 }) {
    Object.assign(this, { stored, bookings, log, heard, reloads, mails, periods, windows, hold, now, mayOweMails, slack });
    // Without mail everything else goes on.
    this.disturbances = windows.filter(({ kind }) => !kind.startsWith('mail')).map(({ kind, from, until }) => ({ from, until: (until ?? Infinity) + recoveryMs(kind) }));
    this.changesOf = new Map();
    for (const change of stored.changes) {
      if (!this.changesOf.has(change.receiptNo)) this.changesOf.set(change.receiptNo, []);
      this.changesOf.get(change.receiptNo).push(change);
    }
    this.heardAt = new Map(heard.map((one) => [`${one.receiptNo}.${one.revision}`, one.heardAt]));
  }

  find(rule, receiptNo, what) {
    const history = (this.changesOf.get(receiptNo) ?? []).map(({ revision, at, who, name, event, until }) =>
      `${revision} ${new Date(at).toISOString().slice(11, 23)} ${event.kind} by ${name ?? who}, until ${new Date(until).toISOString().slice(11, 23)}`);
    this.findings.push({ rule, receiptNo, what, history });
  }

  change(receiptNo, revision) {
    return this.changesOf.get(receiptNo)?.find((one) => one.revision === revision);
  }

  /** The periods whose configuration may have been in force in this span of time. */
  periodsIn(from, until = from) {
    const found = this.periods.filter((one) => one.from <= until + this.slack && (one.until ?? Infinity) >= from - this.slack);
    return found.length > 0 ? found : this.periods;
  }

  /**
   * What a manager may have set last for a room type and night in this span of time, of the allotments that
   * have `name`. `isSet` says whether one surely was.
   */
  valuesIn(name, room, night, from, until) {
    const set = this.log.filter((entry) => isAllotmentOf(entry, room, night) && entry.allotment[name] !== undefined && entry.sent <= until + this.slack);
    const last = set.filter(({ code, answered }) => code === 'OK' && answered < from - this.slack).at(-1);
    const possible = last ? set.filter(({ code, answered }) => answered + (isOpen(code) ? GIVEN_UP_MS : 0) >= last.sent) : set;
    return { isSet: last !== undefined, values: possible.map(({ allotment }) => allotment[name]) };
  }

  /** How many rooms of a type may have been for sale on a night in this span of time: the least and the most. */
  roomsIn(room, night, from, until) {
    const { isSet, values } = this.valuesIn('rooms', room, night, from, until);
    if (!isSet) values.push(...this.periodsIn(from, until).map(({ rooms }) => rooms.find(({ code }) => code === room).rooms));
    const closed = this.valuesIn('closed', room, night, from, until);
    const mayBeOpen = !closed.isSet || closed.values.includes(false);
    return [closed.values.includes(true) ? 0 : Math.min(...values), mayBeOpen ? Math.max(...values) : 0];
  }

  /** Whether something was failing in this span of time, or had just before. */
  isDisturbed(from, until) {
    return this.disturbances.some((one) => one.from <= until && one.until >= from);
  }
}

/** Checks everything. Returns `{findings: [{rule, receiptNo, what, history}], totals}`. */
export function audit(run) {
  const evidence = new Evidence(run);
  for (const problem of run.stored.problems) evidence.find('store', null, problem);
  for (const changes of evidence.changesOf.values()) auditBooking(evidence, changes);
  auditRooms(evidence);
  auditLine(evidence);
  auditStored(evidence);
  auditApi(evidence);
  auditBoard(evidence);
  auditAnswers(evidence);
  auditMails(evidence);
  return { findings: evidence.findings, totals: evidence.totals };
}

function auditBooking(evidence, changes) {
  const { totals, hold, slack } = evidence;
  totals.bookings += 1;
  totals.changes += changes.length;
  let before = null;
  for (const change of changes) {
    const { receiptNo, revision, at, event: { kind } } = change;
    const find = (rule, what) => evidence.find(rule, receiptNo, `revision ${revision}: ${what}`);
    const step = STEPS[kind];
    if (!step) {
      find('history', `an event ${kind} that the checker does not know`);
      return;
    }
    if (revision !== (before?.revision ?? 0) + 1) find('history', `follows revision ${before?.revision ?? 0}`);
    if (!step.from.includes(before?.status ?? null)) find('history', `${kind} after ${before?.status ?? 'nothing'}`);
    if (change.status !== (step.to ?? before?.status)) find('history', `${kind} left the booking ${change.status}`);
    if (!step.by.includes(change.who)) find('history', `${kind} was done by ${change.who}`);
    if (before && at < before.at - slack) find('time', `${before.at - at} ms before the change before it`);
    const isAmended = kind === 'AMENDED';
    for (const name of isAmended ? ['channel', 'checkIn'] : CONSTANT) if (before && change[name] !== before[name]) find('history', `${name} changed from ${before[name]} to ${change[name]}`);
    if (change.channel === 'DESK' && (change.owes.length > 0 || SENT.includes(kind))) find('desk', `${kind} sends something to a guest of the desk`);
    if (before?.isOffer && NEVER_OFFERED.includes(kind)) find('offer', `${kind} before the offer was taken`);
    if (change.isOffer !== (kind === 'OFFERED' || (Boolean(before?.isOffer) && ['EXPIRED', 'CANCELLED'].includes(kind)))) find('offer', `${kind} left ${change.isOffer ? 'an offer' : 'no offer'}`);
    if (!before) auditFirst(evidence, change, find);
    else auditDeadline(evidence, before, change, find, hold);
    const isNewStay = !before || (isAmended && (change.room !== before.room || change.nights !== before.nights));
    if (isNewStay) auditPrice(evidence, change);
    else if (change.price !== before.price || change.roomPrice !== before.roomPrice) find('price', `${kind} changed the price from ${before.price} to ${change.price}`);
    before = change;
  }
  const end = before.status === 'PENDING' ? 'PENDING' : before.status === 'PAID' ? 'PAID' : changes.findLast(({ event }) => ['CANCELLED', 'EXPIRED'].includes(event.kind)).event.kind;
  totals.ends[end] = (totals.ends[end] ?? 0) + 1;
}

/** An offer is short; a guest of the web has the whole hold; a walk-in is at the desk, and was entered by the staff. */
function auditFirst({ hold }, { channel, who, at, until, remindAt, arrivedAt, isOffer }, find) {
  if (isOffer) {
    if (until !== at + hold.offerWindow || remindAt !== null) find('offer', `the offer is ${until - at} ms long, with a reminder at ${remindAt}`);
    return;
  }
  const isDesk = channel === 'DESK';
  if (who !== (isDesk ? 'STAFF' : 'GUEST')) find('history', `a booking of the channel ${channel} was made by ${who}`);
  if (arrivedAt !== (isDesk ? at : null)) find('arrival', `a new booking of the channel ${channel} has the arrival ${arrivedAt}`);
  const [length, reminder] = isDesk ? [hold.paymentWindow, null] : [hold.duration, until - hold.remindBefore];
  if (until !== at + length) find('deadline', `the first hold is ${until - at} ms long`);
  if (remindAt !== reminder) find('deadline', `the first reminder is due ${remindAt}`);
}

function auditPrice(evidence, { receiptNo, at, room, roomPrice, price, nights }) {
  const prices = evidence.periodsIn(at).map(({ rooms }) => rooms.find(({ code }) => code === room)?.price);
  if (!prices.includes(roomPrice)) evidence.find('price', receiptNo, `a night costs ${roomPrice}, but the hotel asked for ${prices} then`);
  if (price !== roomPrice * nights) evidence.find('price', receiptNo, `${nights} nights at ${roomPrice} cost ${price}`);
}

function auditDeadline(evidence, before, change, find, hold) {
  const { at, until, event: { kind, minutes } } = change;
  const later = (by) => [before.until + by, at + by];
  const allowed = {
    PAYMENT_ASKED: later(hold.paymentWindow), EXTENDED_BY_CLOCK: later(hold.extendBy), EXTENDED_BY_STAFF: later((minutes ?? 0) * 60_000),
    ARRIVED: before.status === 'PENDING' ? [Math.max(before.until, at + hold.paymentWindow)] : [before.until],
    OFFER_TAKEN: [at + hold.duration],
    REVIVED: [at + hold.duration, at + hold.paymentWindow], REOPENED: [Math.max(before.until, at + hold.paymentWindow)],
  }[kind] ?? [before.until];
  if (!allowed.includes(until)) find('deadline', `${kind} moved the end of the hold by ${until - before.until} ms`);
  const extensions = kind === 'EXTENDED_BY_CLOCK' ? before.extensions + 1 : kind === 'REVIVED' ? 0 : before.extensions;
  if (change.extensions !== extensions || extensions > hold.maxExtensions) find('deadline', `${kind} left ${change.extensions} extensions after ${before.extensions}`);
  if (['EXPIRED', 'EXTENDED_BY_CLOCK', 'REMINDED'].includes(kind) && before.arrivedAt !== null) find('arrival', `${kind} although the guest had arrived`);
  if (kind === 'PAYMENT_ASKED' && before.arrivedAt === null) find('arrival', 'asked for the payment of a guest who had not arrived');
  const due = DUE[kind]?.(before);
  if (due === undefined) return;
  if (due === null || at < due) find('early', `${kind} ${due === null ? 'was not due' : `came ${due - at} ms early`}`);
  const heardAt = evidence.heardAt.get(`${change.receiptNo}.${change.revision}`);
  if (due !== null && heardAt < due - evidence.slack) find('early', `${kind} was heard ${due - heardAt} ms before it was due`);
  if (kind === 'REMINDED' && at >= before.until) find('deadline', 'reminded after the hold had ended');
  // On a slow machine the change before may have been committed when its deadline had passed already.
  const begun = Math.max(due, evidence.heardAt.get(`${before.receiptNo}.${before.revision}`) ?? due);
  const { isDisturbed, waited } = undisturbedWait(evidence, begun, Math.max(begun, at));
  if (!isDisturbed) evidence.totals.latenessMs.push(at - due);
  if (waited > LATE_MS + evidence.slack) find('late', `${kind} came ${at - due} ms late, ${waited} ms of them without any fault`);
}

/** How much of a span of time lies outside of all faults, and whether any fault touches it. */
function undisturbedWait(evidence, from, until) {
  let [reached, waited, isDisturbed] = [from, 0, false];
  for (const one of evidence.disturbances) {
    if (one.until <= reached || one.from >= until) continue;
    isDisturbed = true;
    waited += Math.max(0, one.from - reached);
    reached = Math.max(reached, one.until);
  }
  return { isDisturbed, waited: waited + Math.max(0, until - reached) };
}

const claimsOfState = (state) => (state && state.status !== 'CANCELLED' ? nightsOf(state).map((night) => `${state.room}|${night}`) : []);

/** The rooms that a change takes (1) or gives back (-1), each as `[ROOM|NIGHT, by]`. */
export function claimsOf(before, after) {
  const [old, now] = [claimsOfState(before), claimsOfState(after)];
  return [...old.filter((key) => !now.includes(key)).map((key) => [key, -1]), ...now.filter((key) => !old.includes(key)).map((key) => [key, 1])];
}

/** After every commit, in the order of the commits, no more rooms are taken than were for sale. */
function auditRooms(evidence) {
  const taken = new Map();
  const states = new Map();
  for (const change of evidence.stored.changes) {
    const steps = claimsOf(states.get(change.receiptNo), change);
    states.set(change.receiptNo, change);
    const committed = evidence.heardAt.get(`${change.receiptNo}.${change.revision}`) ?? change.at + GIVEN_UP_MS;
    for (const [key, by] of steps) {
      taken.set(key, (taken.get(key) ?? 0) + by);
      if (by < 0) continue;
      const [, most] = evidence.roomsIn(...key.split('|'), change.at, committed);
      if (taken.get(key) > most) evidence.find('oversold', change.receiptNo, `takes room ${taken.get(key)} of ${most} of ${key}`);
    }
  }
  evidence.totals.nights = taken.size;
  for (const { room, night, taken: claimed, allotment, closed } of evidence.stored.claims) {
    if (allotment !== null && claimed > allotment) evidence.find('oversold', null, `${room}|${night}: ${claimed} rooms are taken, and a manager allotted ${allotment}`);
    for (const [name, stored] of [['rooms', allotment], ['closed', closed]]) {
      const last = evidence.log.findLast((entry) => isAllotmentOf(entry, room, night) && entry.allotment[name] !== undefined);
      if (last?.code === 'OK' && last.allotment[name] !== stored) evidence.find('answer', null, `${room}|${night}: ${name} = ${last.allotment[name]} was acknowledged, ${stored} is stored`);
    }
    if (claimed !== (taken.get(`${room}|${night}`) ?? 0)) evidence.find('claims', null, `${room}|${night}: ${claimed} rooms are claimed, ${taken.get(`${room}|${night}`) ?? 0} bookings are live`);
    taken.delete(`${room}|${night}`);
  }
  for (const [key, count] of taken) if (count > 0) evidence.find('claims', null, `${key}: nothing is claimed, ${count} bookings are live`);
}

/** In the end no room is free for which somebody still waits. */
function auditLine(evidence) {
  const { stored: { waiting, claims }, periods } = evidence;
  evidence.totals.waiting = waiting.length;
  const rooms = periods.at(-1).rooms;
  const isFree = (code, night) => {
    const claim = claims.find((one) => one.room === code && one.night === night);
    return !claim?.closed && (claim?.taken ?? 0) < (claim?.allotment ?? rooms.find((room) => room.code === code).rooms);
  };
  for (const guest of waiting.filter(({ isWaiting }) => isWaiting)) {
    const wished = rooms.filter(({ code, price }) => (guest.room ? guest.room === code : price <= (guest.atMost ?? Infinity)));
    const idle = wished.find(({ code }) => nightsOf(guest).every((night) => isFree(code, night)));
    if (idle) evidence.find('idle', null, `${guest.guest} waits for ${guest.room ?? 'any room'} from ${guest.checkIn}, and ${idle.code} is free`);
  }
}

/** The states beside the log agree with it. */
function auditStored(evidence) {
  const { stored, changesOf } = evidence;
  const running = new Map();
  if (stored.bookings.length !== changesOf.size) evidence.find('store', null, `${stored.bookings.length} bookings are stored, ${changesOf.size} have a log`);
  for (const { receiptNo, revision, status, limitKeys } of stored.bookings) {
    const last = changesOf.get(receiptNo)?.at(-1);
    if (last?.revision !== revision || last.status !== status) evidence.find('store', receiptNo, `is stored as ${status} at revision ${revision}`);
    if (status !== 'PENDING' && limitKeys.length > 0) evidence.find('limits', receiptNo, 'still counts towards a limit');
    for (const key of limitKeys) running.set(key, (running.get(key) ?? 0) + 1);
  }
  for (const { key, running: counted } of stored.limits) {
    if (running.get(key) !== counted) evidence.find('limits', null, `a limit counts ${counted} holds, ${running.get(key) ?? 0} run`);
    running.delete(key);
  }
  if (running.size > 0) evidence.find('limits', null, `${running.size} limits with running holds are not counted`);
  for (const { receiptNo, fixes } of stored.tracks) {
    const last = changesOf.get(receiptNo)?.at(-1);
    if (last?.status !== 'PENDING' || last.arrivedAt !== null) evidence.find('positions', receiptNo, `${fixes} positions are kept after the hold`);
  }
}

/** What the API shows is what the log has, and nothing that was due is left. */
function auditApi(evidence) {
  const { bookings, changesOf, now, slack } = evidence;
  const shown = new Set(bookings.map(({ receiptNo }) => receiptNo));
  if (shown.size !== bookings.length) evidence.find('numbers', null, 'a receipt number is shown twice');
  // The clock may have made an offer since the bookings were read.
  const isOlder = ([first]) => first.at < now - slack;
  for (const [receiptNo, changes] of changesOf) if (!shown.has(receiptNo) && isOlder(changes)) evidence.find('api', receiptNo, 'is stored and not shown');
  for (const { receiptNo, status, holdUntil, price, history } of bookings) {
    const changes = changesOf.get(receiptNo) ?? [];
    const differs = history.findIndex((entry, index) => {
      const change = changes[index];
      return !change || entry.action !== actionOf(change) || Date.parse(entry.at) !== change.at || (change.name && entry.actor !== change.name);
    });
    if (differs >= 0) evidence.find('api', receiptNo, `entry ${differs + 1} of the shown history is not that of the log`);
    if (price !== changes.at(-1)?.price) evidence.find('price', receiptNo, `shows ${price}`);
    if (status === 'PENDING' && Date.parse(holdUntil) < now - 3_000) evidence.find('overdue', receiptNo, `is still pending, ${now - Date.parse(holdUntil)} ms after its hold ended`);
  }
}

/** The board heard every change once, in the order of the log. */
function auditBoard(evidence) {
  const { stored: { changes }, heard, reloads, now } = evidence;
  const name = ({ receiptNo, revision }) => `${receiptNo}.${revision}`;
  let next = 0;
  for (const one of heard) {
    const change = evidence.change(one.receiptNo, one.revision);
    if (!change || change.at !== one.at || actionOf(change) !== one.action) evidence.find('feed', one.receiptNo, `the board heard a ${one.action} at revision ${one.revision} that the log does not have`);
    else if (one.status !== change.status || one.until !== change.until) evidence.find('feed', one.receiptNo, `the board heard revision ${one.revision} as ${one.status} until ${new Date(one.until).toISOString()}`);
    if (one.heardAt < one.at - 1 - evidence.slack) evidence.find('time', one.receiptNo, `revision ${one.revision} was heard ${one.at - one.heardAt} ms before its time`);
    const found = changes.findIndex((each, index) => index >= next && name(each) === name(one));
    if (found < 0) evidence.find('feed', one.receiptNo, `the board heard revision ${one.revision} again or out of order`);
    else {
      if (found > next && reloads.length === 0) evidence.find('feed', changes[next].receiptNo, `the board missed ${found - next} changes from revision ${changes[next].revision} on`);
      next = found + 1;
    }
  }
  const missed = changes.slice(next).filter(({ at }) => at < now - 3_000);
  if (missed.length > 0) evidence.find('feed', missed[0].receiptNo, `the board missed the last ${missed.length} changes`);
  evidence.totals.heard = heard.length;
}
