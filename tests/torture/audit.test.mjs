// The checker finds what must never happen: each made-up run breaks one rule, and the whole one none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOf, audit, nightsOf } from './audit.mjs';

const START = Date.parse('2026-01-04T03:00:00Z');
const at = (second) => START + second * 1_000;
const HOLD = { duration: 4_000, extendBy: 2_000, remindBefore: 1_000, paymentWindow: 3_000, maxExtensions: 1, offerWindow: 1_500 };
const ROOMS = [{ code: 'ONE', rooms: 1, price: 800 }, { code: 'TWO', rooms: 2, price: 500 }];
/** A fault that touches none of the made-up requests. */
const AWAY = { kind: 'kill', from: at(-100), until: at(-99) };

/** A step of a booking: the kind of the event, when, by whom, and the values that it changes. */
const step = (kind, second, who, changes = {}, name = null) => ({ kind, second, who, changes, name });
const paid = (second, name = 'Sari') => step('PAID', second, 'STAFF', { status: 'PAID' }, name);
const cancelled = (second, name = 'Sari') => step('CANCELLED', second, 'STAFF', { status: 'CANCELLED' }, name);
const expired = (second = 4) => step('EXPIRED', second, 'CLOCK', { status: 'CANCELLED' });
const reminded = (second = 3) => step('REMINDED', second, 'CLOCK', { remindAt: null });

/** The changes of one booking that is made at `begun` (in seconds). */
function booking(receiptNo, { room = 'ONE', begun = 0, nights = 1, price, ...first } = {}, ...steps) {
  let state = {
    receiptNo, revision: 1, at: at(begun), node: 'n', who: 'GUEST', name: null, event: { kind: 'BOOKED' }, status: 'PENDING',
    until: at(begun + 4), remindAt: at(begun + 3), extensions: 0, arrivedAt: null, channel: 'WEB', guest: `guest of ${receiptNo}`, room,
    roomPrice: ROOMS.find(({ code }) => code === room).price, checkIn: '2026-01-04', nights, isOffer: false, owes: [{ usefulUntil: at(begun + 4), withQris: false }],
    ...first,
  };
  state.price = price ?? state.roomPrice * nights;
  const changes = [state];
  for (const { kind, second, who, changes: values, name, event } of steps) {
    state = { ...state, ...values, revision: state.revision + 1, at: at(second), who, name, event: { kind, ...event } };
    changes.push(state);
  }
  return changes;
}

/** A walk-in, entered by Sari at `begun`. */
const walkIn = (begun) => ({ begun, channel: 'DESK', who: 'STAFF', name: 'Sari', arrivedAt: at(begun), until: at(begun + 3), remindAt: null, owes: [] });
/** An offer to a guest of the waiting list. */
const offered = { who: 'CLOCK', event: { kind: 'OFFERED' }, isOffer: true, until: at(1.5), remindAt: null };
/** What a guest at the desk is not told. */
const untold = { owes: [] };

/** A run in which these bookings were made, everything was answered, heard and mailed, and nothing failed. */
function run(...bookings) {
  const changes = bookings.flat().sort((a, b) => a.at - b.at);
  const live = new Map();
  const lasts = bookings.map((each) => each.at(-1));
  for (const last of lasts.filter(({ status }) => status !== 'CANCELLED')) for (const night of nightsOf(last)) live.set(`${last.room}|${night}`, (live.get(`${last.room}|${night}`) ?? 0) + 1);
  const staff = { PAID: 'markPaid', CANCELLED: 'cancelBooking', ARRIVED: 'markArrived', EXTENDED_BY_STAFF: 'extendHold', REVIVED: 'reviveBooking', REOPENED: 'reopenBooking', AMENDED: 'amendBooking' };
  const stateOf = ({ revision, status, price, until }) => ({ revision, status, price, holdUntil: new Date(until).toISOString() });
  const isPaidAtOnce = (change, first) => first.channel === 'DESK' && change.revision === 2 && change.event.kind === 'PAID' && change.at === first.at;
  const answered = (change, entry) => ({ receiptNo: change.receiptNo, sent: change.at - 2, answered: change.at + 2, code: 'OK', ...entry });
  return {
    stored: {
      changes, problems: [], waiting: [],
      bookings: lasts.map((last) => ({ receiptNo: last.receiptNo, revision: last.revision, status: last.status, limitKeys: last.status === 'PENDING' ? [`email:${last.receiptNo}`] : [] })),
      claims: [...live].map(([key, taken]) => ({ room: key.split('|')[0], night: key.split('|')[1], taken, allotment: null, closed: false })),
      limits: lasts.filter(({ status }) => status === 'PENDING').map(({ receiptNo }) => ({ key: `email:${receiptNo}`, running: 1 })),
      tracks: lasts.filter(({ status, arrivedAt }) => status === 'PENDING' && arrivedAt === null).map(({ receiptNo }) => ({ receiptNo, fixes: 1 })),
      notices: changes.filter(({ owes }) => owes.length > 0).map(({ receiptNo, revision, at: made }) => ({ receiptNo, revision, to: 'GUEST', usefulUntil: made, sentAt: made, gaveUpAt: null, code: null })),
    },
    bookings: lasts.map(({ receiptNo, status, until, price }) => ({
      receiptNo, status, price, holdUntil: new Date(until).toISOString(),
      history: changes.filter((change) => change.receiptNo === receiptNo).map((change) => ({ at: new Date(change.at).toISOString(), actor: change.name ?? 'system', action: actionOf(change) })),
    })),
    log: [
      ...bookings.map(([first, second]) => {
        const input = { guestName: first.guest, roomType: first.room, checkIn: first.checkIn, nights: first.nights };
        if (first.channel !== 'DESK') return answered(first, { who: 'guest', action: 'createBooking', answer: { booking: stateOf(first) }, input: { ...input, email: `${first.receiptNo}@example.com` } });
        const paid = second !== undefined && isPaidAtOnce(second, first);
        return answered(first, { who: first.name, action: 'bookAtDesk', answer: stateOf(paid ? second : first), input: { ...input, paid } });
      }),
      ...bookings.flatMap(([first, ...later]) => later.filter((change) => change.who === 'STAFF' && !isPaidAtOnce(change, first)).map((change) => answered(change, {
        who: change.name, action: staff[change.event.kind], answer: stateOf(change),
        amendment: change.event.kind === 'AMENDED' ? { guestName: change.guest, roomType: change.room, nights: change.nights } : undefined,
      }))),
    ],
    heard: changes.map((change) => ({ receiptNo: change.receiptNo, revision: change.revision, action: actionOf(change), at: change.at, status: change.status, until: change.until, heardAt: change.at + 1 })),
    reloads: [],
    mails: changes.filter(({ owes }) => owes.length > 0).map(({ receiptNo, revision, at: made }) => ({ id: `${receiptNo}.${revision}`, to: `${receiptNo}@example.com`, at: made + 1 })),
    periods: [{ from: at(-10), until: null, rooms: ROOMS }], windows: [AWAY], hold: HOLD, now: at(5),
  };
}

const rulesOf = (one) => [...new Set(audit(one).findings.map(({ rule }) => rule))];
const refused = (receiptNo, action, code, second, more = {}) => ({ who: 'Budi', action, receiptNo, code, message: 'by Sari', sent: at(second), answered: at(second) + 5, answer: null, ...more });
const allotted = (room, rooms, second, more) => ({ who: 'Sari', action: 'setAllotment', receiptNo: null, code: 'OK', sent: at(second), answered: at(second) + 5, answer: {}, allotment: { room, night: '2026-01-04', rooms, ...more } });

test('a booking that the clock made while the bookings were read may be missing, an older one may not', () => {
  const unshown = (begun) => {
    const one = run(booking('A'), booking('B', { room: 'TWO', begun }));
    return rulesOf({ ...one, bookings: one.bookings.filter(({ receiptNo }) => receiptNo === 'A') });
  };
  assert.deepEqual(unshown(4.9), ['api']);
  assert.deepEqual(unshown(5.1), []);
});

test('a run in which everything went right has no findings', () => {
  const extended = step('EXTENDED_BY_CLOCK', 4, 'CLOCK', { until: at(6), extensions: 1, remindAt: at(5) });
  const arrived = step('ARRIVED', 1, 'STAFF', { until: at(4), arrivedAt: at(1), remindAt: null }, 'Rina');
  const asked = step('PAYMENT_ASKED', 4, 'CLOCK', { until: at(7) });
  const revived = step('REVIVED', 2, 'STAFF', { status: 'PENDING', until: at(6), remindAt: at(5) }, 'Budi');
  const whole = run(
    booking('A', {}, reminded(), expired()), booking('B', { room: 'TWO', nights: 2 }, reminded(), extended), booking('C', { room: 'TWO' }, cancelled(1), revived, paid(3)),
    booking('D', { begun: 4.2 }), booking('E', { room: 'TWO', begun: 1 }, step('CANCELLED', 1.5, 'GUEST', { status: 'CANCELLED' })),
  );
  whole.log.push(refused('A', 'markPaid', 'ALREADY_CANCELLED', 4.1), refused('C', 'cancelBooking', 'ALREADY_PAID', 3.5));
  assert.deepEqual(audit(whole).findings, []);
  assert.deepEqual(audit(run(booking('F', {}, arrived, asked, paid(4.5)))).findings, []);
  const amended = step('AMENDED', 1, 'STAFF', { room: 'TWO', roomPrice: 500, nights: 2, price: 1_000 }, 'Sari');
  const renewed = step('PAYMENT_ASKED', 3, 'CLOCK', { until: at(6), ...untold });
  const atOnce = { ...paid(1), changes: { status: 'PAID', ...untold } };
  const desk = run(booking('G', { ...walkIn(0), room: 'TWO' }, renewed), booking('H', { ...walkIn(1), room: 'TWO' }, atOnce), booking('I', { begun: 0.5 }, { ...cancelled(0.8) }), booking('J', { begun: 0.9, nights: 1 }));
  desk.log.push(refused('G', 'sendQris', 'NOT_ALLOWED', 2));
  assert.deepEqual(audit(desk).findings, []);
  const slow = run(booking('M', {}, expired(10)));
  slow.heard[0].heardAt = at(9);
  assert.deepEqual(audit(slow).findings, []);
  assert.deepEqual(audit(run(booking('K', {}, amended), booking('L', { begun: 2 }))).findings, []);
});

/** Each case: what is wrong, the rule that must be named, and the run. */
const CASES = [
  ['an oversold night', 'oversold', () => run(booking('A'), booking('B', { begun: 1 }))],
  ['a night that is oversold only in the order of the commits', 'oversold', () => {
    const one = run(booking('A', {}, cancelled(1)), booking('B', { begun: 2 }));
    one.stored.changes.push(one.stored.changes.splice(1, 1)[0]);
    return one;
  }],
  ['a night that is oversold by a smaller allotment', 'oversold', () => {
    const one = run(booking('A', { room: 'TWO', begun: 1 }), booking('B', { room: 'TWO', begun: 2 }));
    one.log.push(allotted('TWO', 1, 0));
    return one;
  }],
  ['a room that is free while somebody waits for it', 'idle', () => {
    const one = run(booking('A', {}, cancelled(1)));
    one.stored.waiting.push({ isWaiting: true, guest: 'Budi', room: 'ONE', atMost: null, checkIn: '2026-01-04', nights: 1 });
    return one;
  }],
  ['an offer to somebody who never waited', 'offer', () => run(booking('A', { ...offered, guest: 'nobody' }))],
  ['an offer of another stay than the one that was waited for', 'offer', () => {
    const one = run(booking('A', offered));
    one.log[0] = { ...one.log[0], action: 'joinWaitingList', receiptNo: null, answer: { ticket: 't' } };
    one.log[0].input = { ...one.log[0].input, nights: 2 };
    return one;
  }],
  ['a night that is sold although its type is closed', 'oversold', () => {
    const one = run(booking('A', { room: 'TWO', begun: 1 }));
    one.log.push(allotted('TWO', 2, 0, { closed: true }));
    return one;
  }],
  ['a room that was closed for some nights, and is open on one', 'answer', () => {
    const one = run(booking('A', { room: 'TWO', begun: 1, checkIn: '2026-01-05' }));
    one.log.push(allotted('TWO', 2, 2, { closed: true, through: '2026-01-06' }));
    one.stored.claims[0].allotment = 2;
    return one;
  }],
  ['an allotment that was acknowledged and is lost', 'answer', () => {
    const one = run(booking('A', { room: 'TWO' }));
    one.log.push(allotted('TWO', 1, 1));
    return one;
  }],
  ['an allotment that was refused without a reason', 'refusal', () => {
    const one = run(booking('A', { room: 'TWO' }));
    one.log.push({ ...allotted('TWO', 1, 1), code: 'NOT_ALLOWED' });
    return one;
  }],
  ['an early expiry', 'early', () => run(booking('A', {}, expired(3.999)))],
  ['an early reminder', 'early', () => run(booking('A', {}, reminded(2.5)))],
  ['an expiry that the board heard before its time', 'early', () => {
    const one = run(booking('A', {}, expired()));
    one.heard[1].heardAt = at(3.5);
    return one;
  }],
  ['a late expiry without a fault', 'late', () => run(booking('A', {}, expired(9.5)))],
  ['a hold that never ended', 'overdue', () => ({ ...run(booking('A')), now: at(60) })],
  ['an end that was decided twice', 'history', () => run(booking('A', {}, expired(), expired(4.1)))],
  ['a paid booking that expired', 'history', () => run(booking('A', {}, paid(1), expired()))],
  ['a paid booking that was cancelled', 'history', () => run(booking('A', {}, paid(1), cancelled(2)))],
  ['an expiry of a guest at the desk', 'arrival', () => run(booking('A', {}, step('ARRIVED', 1, 'STAFF', { until: at(4), arrivedAt: at(1) }, 'Sari'), expired()))],
  ['a second extension', 'deadline', () => run(booking('A', {}, step('EXTENDED_BY_CLOCK', 4, 'CLOCK', { until: at(6), extensions: 1 }), step('EXTENDED_BY_CLOCK', 6, 'CLOCK', { until: at(8), extensions: 2 })))],
  ['a payment that the clock made', 'history', () => run(booking('A', {}, step('PAID', 1, 'CLOCK', { status: 'PAID' })))],
  ['a lost change', 'history', () => {
    const one = run(booking('A', {}, reminded(), expired()));
    one.stored.changes.splice(1, 1);
    return one;
  }],
  ['a history that goes back in time', 'time', () => {
    const one = run(booking('A', {}, reminded(), expired()));
    one.stored.changes[2].at = at(2);
    return one;
  }],
  ['a lost booking', 'lost', () => {
    const one = run(booking('A'));
    one.log.push({ ...one.log[0], receiptNo: 'B', input: { ...one.log[0].input, guestName: 'Tamu lain' } });
    return one;
  }],
  ['a request that booked twice', 'twice', () => {
    const one = run(booking('A', { room: 'TWO' }), booking('B', { room: 'TWO' }));
    for (const change of one.stored.changes) change.guest = 'guest of A';
    return one;
  }],
  ['a booking that nobody asked for', 'unasked', () => ({ ...run(booking('A')), log: [] })],
  ['a wrong price', 'price', () => run(booking('A', { price: 801 }))],
  ['a receipt number that is shown twice', 'numbers', () => {
    const one = run(booking('A'));
    one.bookings.push(one.bookings[0]);
    return one;
  }],
  ['a lost payment', 'answer', () => {
    const one = run(booking('A'));
    one.log.push({ who: 'Sari', action: 'markPaid', receiptNo: 'A', code: 'OK', sent: at(1), answered: at(1), answer: { revision: 2, status: 'PAID', price: 800, holdUntil: new Date(at(4)).toISOString() } });
    return one;
  }],
  ['one extension that was carried out twice', 'twice', () => {
    const extended = (second, until) => step('EXTENDED_BY_STAFF', second, 'STAFF', { until: at(until) }, 'Sari');
    const one = run(booking('A', {}, extended(1, 64), extended(1.001, 124)));
    for (const change of one.stored.changes) change.event.minutes = 1;
    one.log.splice(1, 1);
    return one;
  }],
  ['a refusal that is not true', 'refusal', () => {
    const one = run(booking('A'));
    one.log.push(refused('A', 'cancelBooking', 'ALREADY_PAID', 1));
    return one;
  }],
  ['a refusal by its own effect', 'refusal', () => {
    const one = run(booking('A', {}, paid(1)));
    Object.assign(one.log[1], { code: 'ALREADY_PAID', answer: null, message: 'by Sari' });
    return one;
  }],
  ['a refusal that names another winner', 'refusal', () => {
    const one = run(booking('A', {}, paid(1, 'Rina')));
    one.log.push(refused('A', 'markPaid', 'ALREADY_PAID', 2));
    return one;
  }],
  ['sold out while a room was free', 'refusal', () => {
    const one = run(booking('A', {}, cancelled(1)));
    one.log.push({ ...refused(null, 'createBooking', 'SOLD_OUT', 3), who: 'guest', input: { ...one.log[0].input, guestName: 'Tamu lain' } });
    return one;
  }],
  ['an internal error', 'refusal', () => {
    const one = run(booking('A'));
    one.log.push(refused('A', 'markPaid', 'INTERNAL', 1));
    return one;
  }],
  ['an answer that is missing without a fault', 'refusal', () => {
    const one = run(booking('A'));
    one.log.push(refused('A', 'markPaid', null, 1));
    return one;
  }],
  ['a change that the board missed', 'feed', () => {
    const one = run(booking('A', {}, reminded(), expired()));
    one.heard.splice(1, 1);
    return one;
  }],
  ['a change that the board heard twice', 'feed', () => {
    const one = run(booking('A', {}, reminded(), expired()));
    one.heard.splice(1, 0, one.heard[1]);
    return one;
  }],
  ['a shown history that is not that of the log', 'api', () => {
    const one = run(booking('A', {}, expired()));
    one.bookings[0].history[1].at = new Date(at(3)).toISOString();
    return one;
  }],
  ['a mail that is recorded as sent and never came', 'mail', () => {
    const one = run(booking('A'));
    one.mails = [];
    return one;
  }],
  ['a mail that is still owed', 'mail', () => {
    const one = run(booking('A'));
    Object.assign(one.stored.notices[0], { sentAt: null });
    return one;
  }],
  ['a mail that was given up without a reason', 'mail', () => {
    const one = run(booking('A'));
    Object.assign(one.stored.notices[0], { sentAt: null, gaveUpAt: at(1), code: 'TOO_LATE' });
    return one;
  }],
  ['a mail that came twice without a fault', 'mail', () => {
    const one = run(booking('A'));
    one.mails.push(one.mails[0]);
    return one;
  }],
  ['a mail to somebody else', 'mail', () => {
    const one = run(booking('A'));
    one.mails[0].to = 'lain@example.com';
    return one;
  }],
  ['a mail to a guest of the desk', 'desk', () => run(booking('A', { ...walkIn(0), owes: [{ usefulUntil: at(3), withQris: false }] }))],
  ['a guest of the desk who has not arrived', 'arrival', () => run(booking('A', { ...walkIn(0), arrivedAt: null }))],
  ['a booking of the web that the staff made', 'history', () => run(booking('A', { who: 'STAFF', name: 'Sari' }))],
  ['a booking at the desk by somebody who did not ask', 'unasked', () => {
    const one = run(booking('A', walkIn(0)));
    one.log[0].who = 'Budi';
    return one;
  }],
  ['a payment at the desk that is not in the commit of the booking', 'desk', () => {
    const one = run(booking('A', walkIn(0), { ...paid(0), changes: { status: 'PAID', ...untold } }), booking('B', { room: 'TWO' }));
    one.stored.changes.sort((a, b) => a.revision - b.revision);
    return one;
  }],
  ['a payment at the desk that is lost', 'desk', () => {
    const one = run(booking('A', walkIn(0)));
    one.log[0].input.paid = true;
    return one;
  }],
  ['a first hold that is too short', 'deadline', () => run(booking('A', { until: at(3.5) }))],
  ['an amendment to another price than the hotel asks', 'price', () => run(booking('A', {}, step('AMENDED', 1, 'STAFF', { room: 'TWO', roomPrice: 800 }, 'Sari')))],
  ['an amendment that takes a room too many', 'oversold', () => run(booking('A', { room: 'TWO' }, step('AMENDED', 1, 'STAFF', { room: 'ONE', roomPrice: 800, price: 800 }, 'Sari')), booking('B'))],
  ['an amendment that nobody asked for', 'answer', () => {
    const one = run(booking('A', {}, step('AMENDED', 1, 'STAFF', { guest: 'Tamu lain' }, 'Sari')));
    one.log[1].amendment.guestName = 'Tamu Sari';
    return one;
  }],
  ['a price that changed without an amendment', 'price', () => run(booking('A', {}, { ...paid(1), changes: { status: 'PAID', price: 801 } }))],
  ['an answer with a state that is not that of the log', 'answer', () => {
    const one = run(booking('A', {}, paid(1)));
    one.log[1].answer.status = 'PENDING';
    return one;
  }],
  ['a state that the board heard and the log does not have', 'feed', () => {
    const one = run(booking('A', {}, paid(1)));
    one.heard[1].status = 'PENDING';
    return one;
  }],
  ['a claim without a booking', 'claims', () => {
    const one = run(booking('A', {}, expired()));
    one.stored.claims.push({ room: 'ONE', night: '2026-01-04', taken: 1, allotment: null, closed: false });
    return one;
  }],
  ['a booking without a claim', 'claims', () => {
    const one = run(booking('A'));
    one.stored.claims = [];
    return one;
  }],
  ['a limit that counts an ended hold', 'limits', () => {
    const one = run(booking('A', {}, expired()));
    one.stored.limits.push({ key: 'email:A', running: 1 });
    return one;
  }],
  ['positions after the end', 'positions', () => {
    const one = run(booking('A', {}, expired()));
    one.stored.tracks.push({ receiptNo: 'A', fixes: 2 });
    return one;
  }],
  ['a stored state that is not that of the log', 'store', () => {
    const one = run(booking('A', {}, expired()));
    one.stored.bookings[0].status = 'PENDING';
    return one;
  }],
];

for (const [what, rule, made] of CASES) {
  test(`${what} is found`, () => {
    const rules = rulesOf(made());
    assert.ok(rules.includes(rule), `found ${JSON.stringify(rules)}`);
  });
}
