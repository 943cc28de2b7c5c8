// Checks what is left after a run against what the actors were answered. It knows the rules of the
// hotel and nothing of the server's code. It does not judge how late a deadline was decided, only
// that it was decided once and not early.

/** Decisions of the same instant may be committed in either order within this time. */
const SLACK_MS = 300;
/** The longest time that a run freezes anything, and a little more. */
const FROZEN_MS = 3_000;

/**
 * The findings, as sentences.
 * @param rooms [{code, rooms, price}]
 * @param bookings with their histories
 * @param log of the actors
 * @param mails the names of the mail files
 * @param now milliseconds
 * @param stored {claims: {code: taken}, tracks: [receiptNo], order: [[receiptNo, revision]]} as the
 *   store has them, the changes in the order of their commits; null, if the store cannot be read
 */
export function check({ rooms, bookings, log, mails, now, stored }) {
  const findings = [];
  const find = (booking, what) => findings.push(`${booking?.receiptNo ?? '?'}: ${what}${booking ? `\n    ${JSON.stringify(booking.history?.map(({ at, actor, action }) => [at, actor, action]))}` : ''}`);
  const byNumber = new Map(bookings.map((booking) => [booking.receiptNo, booking]));
  if (byNumber.size !== bookings.length) findings.push('a receipt number was given out twice');
  for (const booking of bookings) checkBooking(booking, find, now, mails);
  for (const entry of log) checkAnswer(entry, byNumber, find);
  checkCounts(log, byNumber, find);
  for (const room of rooms) checkRoom(room, bookings, stored?.order ?? null, findings);
  if (stored) checkStored(stored, rooms, bookings, findings);
  return findings;
}

const count = (booking, action, actor) => booking.history.filter((entry) => entry.action === action && (!actor || actor.test(entry.actor))).length;

function checkBooking(booking, find, now, mails) {
  const actions = booking.history.map(({ action }) => action);
  const moments = booking.history.map(({ at }) => Date.parse(at));
  if (actions[0] !== 'BOOKED' || count(booking, 'BOOKED') !== 1) find(booking, 'does not begin with one BOOKED');
  // The history is read after the booking, which may have changed in between.
  if (booking.revision > booking.history.length) find(booking, `has revision ${booking.revision} and ${booking.history.length} changes`);
  if (moments.some((at, index) => index > 0 && at < moments[index - 1] - SLACK_MS)) find(booking, 'has a history that goes back in time');
  const ends = actions.filter((action) => ['PAID', 'EXPIRED', 'CANCELLED'].includes(action));
  if (ends.length > 1) find(booking, `ended more than once: ${ends}`);
  const last = ends[0];
  const status = { PAID: 'PAID', EXPIRED: 'CANCELLED', CANCELLED: 'CANCELLED', undefined: 'PENDING' }[last];
  if (booking.status !== status) find(booking, `is ${booking.status} after ${last}`);
  if (last === 'EXPIRED' && Date.parse(booking.cancelledAt) < Date.parse(booking.holdUntil)) find(booking, `expired at ${booking.cancelledAt}, before ${booking.holdUntil}`);
  if (last === 'EXPIRED' && booking.arrivedAt) find(booking, 'expired although the guest had arrived');
  if (!last && !booking.arrivedAt && Date.parse(booking.holdUntil) < now - 2_000) find(booking, `is still pending, but its hold ended at ${booking.holdUntil}`);
  const first = `${booking.receiptNo}.1.guest.eml`;
  if (!mails.has(first) && booking.undelivered.length === 0 && !last) find(booking, 'its guest got no mail, and nothing is shown as undelivered');
}

function checkAnswer({ action, receiptNo, input, code, price }, byNumber, find) {
  if (action === 'createBooking') {
    if (code !== 'OK') return;
    const booking = byNumber.get(receiptNo);
    if (!booking) return find({ receiptNo, history: [] }, 'was acknowledged and is gone');
    if (booking.guestName !== input.guestName || booking.roomType.code !== input.roomType || booking.price !== price) find(booking, 'is another booking than the one that was acknowledged');
    return;
  }
  const booking = byNumber.get(receiptNo);
  if (!booking) return;
  const has = (...actions) => actions.some((one) => count(booking, one) > 0);
  if (code === 'ALREADY_PAID' && !has('PAID')) find(booking, `${action} was refused as paid, which it never was`);
  if (code === 'ALREADY_CANCELLED' && !has('CANCELLED', 'EXPIRED')) find(booking, `${action} was refused as cancelled, which it never was`);
}

/** Every acknowledged action happened once, and none happened that nobody asked for. */
function checkCounts(log, byNumber, find) {
  const kinds = [['markPaid', 'PAID', 1], ['markArrived', 'ARRIVED', 1], ['extendHold', 'EXTENDED', Infinity]];
  for (const booking of byNumber.values()) {
    const asked = log.filter((entry) => entry.receiptNo === booking.receiptNo);
    for (const [action, event, most] of kinds) {
      const of = (code) => asked.filter((entry) => entry.action === action && entry.code === code).length;
      // UNAVAILABLE leaves open whether it happened, as no answer does.
      const [sure, open] = [Math.min(of('OK'), most), of(null) + of('UNAVAILABLE') + of('CONFLICT')];
      const happened = count(booking, event, action === 'extendHold' ? /^(?!Sistem|clock)/ : undefined);
      if (happened < sure) find(booking, `${action} was acknowledged ${of('OK')} times and happened ${happened} times`);
      if (happened > Math.min(sure + open, most)) find(booking, `${event} happened ${happened} times, asked for ${sure} + ${open} times`);
    }
    const cancels = asked.filter((entry) => ['cancelBooking', 'cancelMyBooking'].includes(entry.action) && entry.code === 'OK').length;
    if (cancels > 0 && count(booking, 'CANCELLED') !== 1) find(booking, `was cancelled with an answer ${cancels} times and is not cancelled once`);
  }
}

/**
 * At no instant more rooms are taken than there are. The instants are those of the commits, if they are
 * known. Else they are those of the decisions, and a decision may wait for its commit as long as the
 * database or the server was frozen.
 */
function checkRoom(room, bookings, order, findings) {
  const ofRoom = new Map(bookings.filter(({ roomType }) => roomType.code === room.code).map((booking) => [booking.receiptNo, booking]));
  const effect = { BOOKED: 1, REVIVED: 1, CANCELLED: -1, EXPIRED: -1 };
  const steps = [];
  if (order) {
    for (const [receiptNo, revision] of order) {
      const change = ofRoom.get(receiptNo)?.history[revision - 1];
      if (change) steps.push([Date.parse(change.at), effect[change.action] ?? 0]);
    }
  } else {
    for (const { history } of ofRoom.values()) {
      for (const { at, action } of history) if (effect[action]) steps.push([Date.parse(at) - (effect[action] < 0 ? FROZEN_MS : 0), effect[action]]);
    }
    steps.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  }
  let taken = 0;
  for (const [at, by] of steps) {
    taken += by;
    if (taken > room.rooms) return findings.push(`${room.code}: ${taken} of ${room.rooms} rooms taken at ${new Date(at).toISOString()}`);
  }
  return undefined;
}

function checkStored({ claims, tracks }, rooms, bookings, findings) {
  for (const { code } of rooms) {
    const live = bookings.filter((booking) => booking.roomType.code === code && booking.status !== 'CANCELLED').length;
    if ((claims[code] ?? 0) !== live) findings.push(`${code}: ${claims[code] ?? 0} rooms are claimed, ${live} bookings are live`);
  }
  const ended = new Set(bookings.filter(({ status, arrivedAt }) => status !== 'PENDING' || arrivedAt).map(({ receiptNo }) => receiptNo));
  for (const receiptNo of tracks) if (ended.has(receiptNo)) findings.push(`${receiptNo}: positions are kept after the hold`);
}
