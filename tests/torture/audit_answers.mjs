// The part of the checker that compares answers with the log: what was acknowledged happened once, what
// was refused was refused for a reason that is true, and nothing happened that nobody asked for.
import { GIVEN_UP_MS, claimsOf, isOpen, nightsOf } from './audit.mjs';

const EVENTS = {
  markArrived: 'ARRIVED', markPaid: 'PAID', cancelBooking: 'CANCELLED', extendHold: 'EXTENDED_BY_STAFF', sendQris: 'QRIS_REQUESTED',
  reviveBooking: 'REVIVED', reviveArrived: 'REVIVED', reopenBooking: 'REOPENED', amendBooking: 'AMENDED',
};
const BOOKINGS = ['createBooking', 'bookAtDesk'];
/** Actions that return the booking unchanged if it is in the wanted state. */
const WANTED = {
  markArrived: (state) => state.arrivedAt !== null, reviveBooking: (state) => state.status === 'PENDING', reviveArrived: (state) => state.status === 'PENDING',
  amendBooking: isAsAmended,
};
const EXPECTED = ['OK', 'DOWN', null, 'UNAVAILABLE', 'CONFLICT', 'SOLD_OUT', 'PRICE_CHANGED', 'ALREADY_PAID', 'ALREADY_CANCELLED', 'NOT_ALLOWED'];

/** Whether a state has what an amendment asked for. */
function isAsAmended({ guest, room, nights }, { amendment: { guestName, roomType, nights: wanted } }) {
  return guest === (guestName ?? guest) && room === (roomType ?? room) && nights === (wanted ?? nights);
}

export function auditAnswers(evidence) {
  const { log, totals } = evidence;
  totals.answers = {};
  for (const { action, code } of log) {
    totals.answers[action] ??= {};
    totals.answers[action][code ?? 'LOST'] = (totals.answers[action][code ?? 'LOST'] ?? 0) + 1;
  }
  for (const entry of log) auditState(evidence, entry);
  auditBookings(evidence);
  auditStaff(evidence);
  const levels = levelsOf(evidence);
  for (const entry of log) auditRefusal(evidence, entry, levels);
}

/** The state in an answer is that of the log at this revision. */
function auditState(evidence, { action, code, receiptNo, answer }) {
  const state = answer?.booking ?? answer;
  if (code !== 'OK' || state?.revision === undefined) return;
  const change = evidence.change(receiptNo, state.revision);
  if (!change) return evidence.find('answer', receiptNo, `${action} was answered with revision ${state.revision}, which is not in the log`);
  if (state.status !== change.status || state.price !== change.price || Date.parse(state.holdUntil) !== change.until) {
    evidence.find('answer', receiptNo, `${action} was answered with revision ${state.revision} as ${state.status} until ${state.holdUntil} for ${state.price}`);
  }
  return undefined;
}

function auditBookings(evidence) {
  const { log, changesOf } = evidence;
  const asked = new Map();
  for (const entry of log.filter(({ action }) => BOOKINGS.includes(action))) {
    const { input, code, receiptNo, answer } = entry;
    if (!asked.has(input.guestName)) asked.set(input.guestName, { input, numbers: new Set(), entries: [] });
    const request = asked.get(input.guestName);
    request.entries.push(entry);
    if (code !== 'OK') continue;
    request.numbers.add(receiptNo);
    const first = changesOf.get(receiptNo)?.[0];
    if (!first) {
      evidence.find('lost', receiptNo, `was acknowledged to ${input.guestName} and is gone`);
      continue;
    }
    for (const name of ['checkIn', 'nights']) if (first[name] !== input[name]) evidence.find('lost', receiptNo, `has another ${name} than was asked for`);
    if (first.guest !== input.guestName || first.room !== input.roomType) evidence.find('lost', receiptNo, `is not the booking of ${input.guestName}`);
    if (first.channel !== (input.email ? 'WEB' : 'DESK')) evidence.find('lost', receiptNo, `was made by the channel ${first.channel}`);
    if (input.paid && (answer.booking ?? answer).revision < 2) evidence.find('answer', receiptNo, 'was to be paid at once and was answered as not paid');
    if (input.expectedPrice !== undefined && first.price !== input.expectedPrice) evidence.find('price', receiptNo, `costs ${first.price}, the guest agreed to ${input.expectedPrice}`);
  }
  const made = new Map();
  const joined = new Map(log.filter(({ action }) => action === 'joinWaitingList').map((entry) => [entry.input.guestName, entry.input]));
  for (const [receiptNo, [{ guest, at, who, name, isOffer, room, checkIn, nights }]] of changesOf) {
    if (isOffer) {
      const wish = joined.get(guest);
      if (!wish || made.has(guest)) evidence.find('offer', receiptNo, wish ? `${guest} was offered ${made.get(guest)} too` : `${guest} never waited`);
      else if (wish.checkIn !== checkIn || wish.nights !== nights || (wish.roomType ?? room) !== room) evidence.find('offer', receiptNo, 'is not the stay that was waited for');
      made.set(guest, receiptNo);
      continue;
    }
    const request = asked.get(guest);
    if (!request) evidence.find('unasked', receiptNo, 'nobody asked for it');
    else if (made.has(guest)) evidence.find('twice', receiptNo, `${guest} asked once and has ${made.get(guest)} too`);
    else if (!request.entries.some(({ code, sent }) => (code === 'OK' || isOpen(code)) && sent <= at + 1 + evidence.slack)) evidence.find('unasked', receiptNo, 'every request for it was refused');
    else if (who === 'STAFF' && name !== request.entries[0].who) evidence.find('unasked', receiptNo, `was asked for by ${request.entries[0].who} and entered by ${name}`);
    made.set(guest, receiptNo);
  }
  for (const { numbers, input } of asked.values()) if (numbers.size > 1) evidence.find('twice', [...numbers][0], `the request of ${input.guestName} was answered with ${[...numbers]}`);
}

/** A walk-in who pays at once is booked and paid by one commit: both changes or none. Returns the payments of these. */
function auditPaidAtDesk(evidence) {
  const { log, stored: { changes } } = evidence;
  const wanted = new Set(log.filter(({ input }) => input?.paid).map(({ input }) => input.guestName));
  const payments = [];
  for (const [index, booked] of changes.entries()) {
    if (booked.revision !== 1 || !wanted.has(booked.guest)) continue;
    const paid = changes[index + 1];
    const isWhole = paid?.receiptNo === booked.receiptNo && paid.event.kind === 'PAID' && paid.at === booked.at && paid.name === booked.name;
    if (isWhole) payments.push(paid);
    else evidence.find('desk', booked.receiptNo, 'was to be booked and paid by one commit');
  }
  return payments;
}

/** Every acknowledged action of the staff is in the log once, and every one in the log was asked for. */
function auditStaff(evidence) {
  const { log, stored, slack } = evidence;
  // Who booked at the desk was looked at before.
  const explained = new Set([...stored.changes.filter(({ revision }) => revision === 1), ...auditPaidAtDesk(evidence)]);
  const staff = log.filter(({ action }) => EVENTS[action]);
  const isOwn = (change, { who, action, sent, answered }) =>
    change?.name === who && change.event.kind === EVENTS[action] && change.at >= sent - 1 - slack && change.at <= answered + 1 + slack;
  for (const entry of staff.filter(({ code }) => code === 'OK')) {
    const { receiptNo, action, who, answer } = entry;
    const change = evidence.change(receiptNo, answer.revision);
    if (isOwn(change, entry) && !explained.has(change)) {
      explained.add(change);
      if (action === 'amendBooking' && !isAsAmended(change, entry)) evidence.find('answer', receiptNo, `revision ${change.revision} is not the change that ${who} asked for`);
    } else if (!change || !WANTED[action]?.(change, entry)) evidence.find('answer', receiptNo, `${action} of ${who} was acknowledged with revision ${answer.revision}, which is not that`);
  }
  for (const change of stored.changes) {
    if (change.who !== 'STAFF' || explained.has(change)) continue;
    const asked = staff.find((entry) => entry.receiptNo === change.receiptNo && entry.who === change.name && EVENTS[entry.action] === change.event.kind && isOpen(entry.code)
      && !entry.isUsed && entry.sent <= change.at + 1 + slack && entry.answered + GIVEN_UP_MS >= change.at);
    if (asked) asked.isUsed = true;
    else evidence.find('twice', change.receiptNo, `revision ${change.revision}: ${change.event.kind} by ${change.name} happened more often than it was asked for`);
  }
}

/** How many rooms were taken when, at most: a room counts until the board heard that it is free. */
function levelsOf(evidence) {
  const levels = new Map();
  for (const changes of evidence.changesOf.values()) {
    let before = null;
    for (const change of changes) {
      const heardAt = evidence.heardAt.get(`${change.receiptNo}.${change.revision}`);
      for (const [key, by] of claimsOf(before, change)) {
        // The server's clock may be ahead of the one by which the board heard.
        const at = by > 0 ? Math.min(change.at, heardAt ?? change.at) : heardAt ?? change.at + GIVEN_UP_MS;
        if (!levels.has(key)) levels.set(key, []);
        levels.get(key).push([at, by]);
      }
      before = change;
    }
  }
  for (const steps of levels.values()) steps.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  return levels;
}

function mostTaken(steps, from, until) {
  let [level, most] = [0, 0];
  for (const [at, by] of steps ?? []) {
    if (at > until) break;
    if (at >= from) most = Math.max(most, level);
    level += by;
    if (at >= from) most = Math.max(most, level);
  }
  return Math.max(most, level);
}

function auditRefusal(evidence, entry, levels) {
  const { who, action, receiptNo, input, amendment, allotment, sent, answered, code, message } = entry;
  const { slack } = evidence;
  const find = (what) => evidence.find('refusal', receiptNo, `${action} of ${who} at ${new Date(sent).toISOString().slice(11, 23)}: ${what}`);
  const before = () => (evidence.changesOf.get(receiptNo) ?? []).filter(({ at }) => at <= answered + 1 + slack);
  if (!EXPECTED.includes(code)) return find(`answered with ${code}: ${message}`);
  switch (code) {
    case null: case 'DOWN': case 'UNAVAILABLE':
      return evidence.isDisturbed(sent, answered) ? undefined : find(`answered with ${code ?? 'nothing'} while nothing was failing`);
    case 'ALREADY_PAID': case 'ALREADY_CANCELLED': {
      const ends = before().filter(({ event: { kind } }) => (code === 'ALREADY_PAID' ? ['PAID'] : ['CANCELLED', 'EXPIRED']).includes(kind));
      const winner = ends.at(-1);
      if (!winner) return find(`refused with ${code}, which is not in the history`);
      if (winner.name === who && winner.event.kind === EVENTS[action] && winner.at >= sent) return find(`refused with ${code} by its own effect at revision ${winner.revision}`);
      const names = ends.map(({ name }) => name);
      if (who !== 'guest' && !names.includes(null) && !names.some((name) => message.includes(name))) return find(`the refusal names no winner of ${names}: ${message}`);
      return undefined;
    }
    case 'NOT_ALLOWED': {
      if (allotment) {
        const nights = nightsOf({ checkIn: allotment.night, nights: 1 + (Date.parse(allotment.through ?? allotment.night) - Date.parse(allotment.night)) / 86_400_000 });
        const most = Math.max(...nights.map((night) => mostTaken(levels.get(`${allotment.room}|${night}`), sent - 1 - slack, answered + 1 + slack)));
        return most > allotment.rooms ? undefined : find(`an allotment of ${allotment.rooms} was refused, and ${most} rooms were sold`);
      }
      if (action === 'joinWaitingList') return undefined; // a room is free
      if (['sendQris', 'extendHold', 'amendBooking'].includes(action) && before().some(({ isOffer, status }) => isOffer && status === 'PENDING')) return undefined;
      if (action === 'sendQris' && evidence.changesOf.get(receiptNo)?.[0].channel === 'DESK') return undefined;
      const isTrue = { reportPosition: ['PAID'], reopenBooking: ['PENDING'] }[action] ?? [];
      return before().some(({ status }) => isTrue.includes(status)) ? undefined : find(`refused with NOT_ALLOWED: ${message}`);
    }
    case 'PRICE_CHANGED': {
      const prices = evidence.periodsIn(sent, answered).map(({ rooms }) => rooms.find(({ code: room }) => room === input.roomType).price * input.nights);
      return prices.some((price) => price !== input.expectedPrice) ? undefined : find(`refused with PRICE_CHANGED, but the price was ${prices}`);
    }
    case 'SOLD_OUT': {
      const wanted = input ?? amendment ?? {};
      const from = input ? [{}] : before();
      const isFull = from.some(({ room, checkIn, nights }) => {
        const stay = { room: wanted.roomType ?? room, checkIn: wanted.checkIn ?? checkIn, nights: wanted.nights ?? nights };
        return nightsOf(stay).some((night) => {
          const [least] = evidence.roomsIn(stay.room, night, sent, answered);
          return mostTaken(levels.get(`${stay.room}|${night}`), sent - 1 - slack, answered + 1 + slack) >= least;
        });
      });
      return isFull ? undefined : find('refused with SOLD_OUT while a room was free');
    }
    default: return undefined;
  }
}
