// The front office's board: connects its parts. Changes come from the feed and from the answers to
// actions. They are merged into `state`, and `update()` draws everything again.
import './board-text.js';
import {
  BOOKING, BOOKINGS, CANCEL_BOOKING, EXTEND_HOLD, HISTORY, MARK_ARRIVED, MARK_PAID, ME, NOW, QRIS, REOPEN_BOOKING, REVIVE_BOOKING, SEND_QRIS,
  SIGN_OUT,
} from './documents.js';
import { mountAsk } from './board-ask.js';
import { mountBanner } from './board-banner.js';
import { followChanges, loadAll } from './board-feed.js';
import { mountLateness } from './board-lateness.js';
import { mountLists } from './board-lists.js';
import { mountNotice } from './board-notice.js';
import { mountQris } from './board-qris.js';
import { mountRadar } from './board-radar.js';
import { mountRoomsLeft } from './board-rooms.js';
import { createSession, mountSignIn, takeCode, takeInitData } from './board-session.js';
import { emptyState, merge, notable } from './board-state.js';
import { createClock, createMeasure, createTicker } from './clock.js';
import { byId, fillIcons, setText, show } from './dom.js';
import { createApi } from './graphql.js';
import { language, mountLanguage, onLanguage, sentenceOf, t } from './language.js';

const session = createSession();
const clock = createClock(), ticker = createTicker(clock), now = () => clock.now();
const state = emptyState();
let staff = null, socket = null, failure = null, loading = 0, retryTimer;

/** Sends every request of the board. If the session has ended, the sign-in is shown. */
const bare = createApi({ language, token: session.token });
async function api(query, variables) {
  try {
    return await bare(query, variables);
  } catch (error) {
    if (error.code === 'UNAUTHENTICATED' && session.token()) signOut(() => t('board.expired'));
    throw error;
  }
}

const signIn = mountSignIn({ api: createApi({ language }), onSignedIn: (entered) => { session.keep(entered.token); start(); } });
const notice = mountNotice(), banner = mountBanner(), rooms = mountRoomsLeft({ api }), lateness = mountLateness({ api });
const ask = mountAsk({ perform, now, onRefused: (error, receiptNo) => { if (error.code) reread(receiptNo); } });
const qris = mountQris({ load: async (receiptNo) => (await api(QRIS, { receiptNo })).qris });
const board = mountLists({ api, state, now, loadHistory, onAsk: (action, booking) => (action === 'show' ? qris.open(booking) : ask.open(action, booking, state.hotel)) });
const radar = mountRadar({ state, now, onOpen: (receiptNo) => board.open(receiptNo) });
const measure = createMeasure(clock, async () => (await api(NOW)).hotel);

// ---- signing in and out, loading ----

/** Loads everything, then subscribes to changes. Also used when the feed's cursor is lost. */
async function start() {
  const mine = ++loading;
  stop();
  failure = null;
  update();
  try {
    const { me, hotel } = await askWho();
    if (!me) return signOut(() => t('board.expired'));
    staff = me;
    state.hotel = { ...hotel, isManager: me.role === 'MANAGER' };
    const { bookings, cursor } = await loadAll(api, now(), hotel.advanceDays);
    if (mine !== loading) return undefined;
    state.bookings.clear();
    for (const booking of bookings) merge(state, booking);
    rooms.load(hotel.today);
    lateness.load();
    socket = followChanges({ cursor, token: session.token, language, onChange, onState, onLost, onDegraded: banner.degraded });
  } catch (error) {
    if (mine === loading && session.token()) { failure = error; retrySoon(); }
  }
  return update();
}

async function askWho() {
  let me;
  const hotel = await clock.sync(async () => {
    const data = await api(ME);
    me = data.me;
    return data.hotel;
  });
  return { me, hotel };
}

/** Tries again by itself, because a wall display has nobody to press a button. */
function retrySoon() {
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => { if (session.token()) start(); }, 6_000);
}

function stop() {
  clearTimeout(retryTimer);
  socket?.close();
  socket = null;
}

function signOut(sentence = null) {
  loading += 1;
  stop();
  session.keep(null);
  staff = null;
  failure = null;
  state.bookings.clear();
  board.clear();
  ask.close();
  qris.close();
  signIn.say(sentence);
  update();
  byId('code').focus();
}

// ---- incoming changes ----

function onChange({ action, booking }) {
  const catchingUp = banner.change();
  const news = merge(state, booking, action);
  if (!news) return;
  ask.changed(state.bookings.get(booking.receiptNo));
  qris.changed(state.bookings.get(booking.receiptNo));
  updateSoon();
  lateness.changed(action);
  if (action !== 'POSITION' && action !== 'UNDELIVERED') rooms.soon(state.hotel.today);
  const kind = notable(action);
  if (!kind) return;
  if (!catchingUp) notice.tell(kind, booking);
  afterUpdate.push(() => board.notice(booking.receiptNo, kind)); // the card may not exist yet
}

function onState(socketState) {
  const again = banner.state(socketState);
  if (again) { refreshDay(); rooms.soon(state.hotel.today); catchUp(); }
  // The token was refused: a normal request shows whether the session ended or the fault is
  // temporary.
  if (socketState === 'refused') retrySoon();
}

function onLost(refusal) {
  if (refusal.code === 'UNAUTHENTICATED' || refusal.code === 'FORBIDDEN') signOut(() => t('board.expired'));
  else start(); // the cursor is too old: read everything again
}

/** Asks the server for the present hotel day, because only the server knows when it starts. */
async function refreshDay() {
  const seen = await measure();
  if (!seen || !state.hotel) return;
  if (seen.today !== state.hotel.today) { state.hotel = { ...state.hotel, today: seen.today }; rooms.load(seen.today); }
  update();
}

/** Loads positions and undelivered messages after a gap, because the feed does not replay them. */
async function catchUp() {
  try {
    const { bookings } = await loadAll(api, now(), state.hotel.advanceDays);
    for (const booking of bookings) merge(state, booking);
    update();
  } catch { /* later changes still arrive by the feed */ }
}

/** Loads the forecasts. They change with time alone, so the feed does not deliver them. */
async function refreshForecasts() {
  const all = [...state.bookings.values()];
  if (!staff || !all.some(({ status, travel }) => status === 'PENDING' && travel)) return;
  try {
    const { bookings } = await api(BOOKINGS, { filter: { status: ['PENDING'] }, first: 200 });
    for (const booking of bookings.nodes) merge(state, booking);
    update();
  } catch { /* it is tried again in a minute */ }
}

// ---- actions ----

const performed = {
  arrived: (receiptNo) => api(MARK_ARRIVED, { receiptNo }).then((data) => data.markArrived),
  paid: (receiptNo) => api(MARK_PAID, { receiptNo }).then((data) => data.markPaid),
  extend: (receiptNo) => api(EXTEND_HOLD, { receiptNo, minutes: 30 }).then((data) => data.extendHold),
  send: (receiptNo) => api(SEND_QRIS, { receiptNo }).then((data) => data.sendQris),
  revive: (receiptNo) => api(REVIVE_BOOKING, { receiptNo, arrived: false }).then((data) => data.reviveBooking),
  reviveHere: (receiptNo) => api(REVIVE_BOOKING, { receiptNo, arrived: true }).then((data) => data.reviveBooking),
  reopen: (receiptNo, { note }) => api(REOPEN_BOOKING, { receiptNo, reason: note ?? '' }).then((data) => data.reopenBooking),
  cancel: (receiptNo, { note }) => api(CANCEL_BOOKING, { receiptNo, note }).then((data) => data.cancelBooking),
};

async function perform(action, receiptNo, extra) {
  merge(state, await performed[action](receiptNo, extra));
  rooms.soon(state.hotel.today);
  update();
}

/** After a refusal the shown state may be old: load the present one. */
async function reread(receiptNo) {
  try {
    merge(state, (await api(BOOKING, { receiptNo })).booking);
    update();
  } catch { /* the feed will deliver it */ }
}

async function loadHistory(receiptNo) {
  try {
    return (await api(HISTORY, { receiptNo })).booking.history;
  } catch (error) {
    return new Error(sentenceOf(error));
  }
}

// ---- drawing ----

const afterUpdate = [];
let redrawTimer = null;

/** Draws once for many changes. It uses a timer, because a hidden page gets no animation frames. */
function updateSoon() {
  redrawTimer = redrawTimer ?? setTimeout(() => { redrawTimer = null; update(); }, 30);
}

function update() {
  const inside = Boolean(session.token());
  show(byId('sign-in'), !inside);
  show(byId('board'), inside && Boolean(state.hotel));
  for (const id of ['sound', 'sign-out']) show(byId(id), inside);
  setText(byId('hotel-name'), state.hotel?.name ?? t('board.page'));
  setText(byId('who'), staff ? `${staff.name} · ${t(`board.role.${staff.role}`)}` : '');
  show(byId('load-failed'), Boolean(failure));
  if (failure) { show(byId('board'), true); setText(byId('load-failed-words'), `${t('board.load.failed')} ${sentenceOf(failure)}`); }
  notice.title(t('board.page'));
  if (inside) { board.update(); radar.update(); }
  for (const task of afterUpdate.splice(0)) task();
}

// ---- start ----

fillIcons();
byId('sign-out').addEventListener('click', () => {
  api(SIGN_OUT).catch(() => {}); // without an answer the session ends by its time
  signOut();
});
byId('load-again').addEventListener('click', start);
session.onElsewhere(() => (session.token() ? start() : signOut()));
onLanguage(() => { signIn.update(); notice.update(); rooms.update(); lateness.update(); ask.update(); qris.update(); banner.update(); update(); });
mountLanguage(byId('language'));
ticker.add((time) => {
  if (clock.drifted()) refreshDay();
  board.tick(time);
  radar.tick(time);
  banner.update();
  if (staff) notice.title(t('board.page'));
});
setInterval(() => { if (staff) refreshDay(); }, 3 * 60_000);
setInterval(refreshForecasts, 60_000);
const initData = takeInitData(), code = takeCode();
update();
// A used link must not sign out somebody who is already signed in.
const came = initData ? await signIn.enterByTelegram(initData) : code && (await signIn.enter(code));
if (!came && session.token()) start();
