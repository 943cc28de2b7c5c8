// The front office's board: connects its parts. Changes come from the feed and from the answers to
// actions. They are merged into `state`, and `update()` lets each part draw what changed. No part
// knows another one.
import './board-text.js';
import { BOOKING, BOOKINGS, HISTORY, ME, NOW, QRIS, SIGN_OUT } from './board-documents.js';
import { mountAccount } from './board-account.js';
import { createActions } from './board-actions.js';
import { mountAllotments } from './board-allotments.js';
import { mountAmend } from './board-amend.js';
import { mountAsk } from './board-ask.js';
import { mountBanner } from './board-banner.js';
import { mountDetail } from './board-detail.js';
import { followChanges, loadAll } from './board-feed.js';
import { mountKeys } from './board-keys.js';
import { mountLateness } from './board-lateness.js';
import { mountLists } from './board-lists.js';
import { mountNotice } from './board-notice.js';
import { mountQris } from './board-qris.js';
import { mountRadar } from './board-radar.js';
import { mountReport } from './board-report.js';
import { mountRoomsLeft } from './board-rooms.js';
import { mountSearch } from './board-search.js';
import { createSession, mountSignIn, takeCode, takeInitData, takeReceipt } from './board-session.js';
import { emptyState, merge, nextDue, notable, othersWaiting } from './board-state.js';
import { mountToast } from './board-toast.js';
import { mountWaiting } from './board-waiting.js';
import { mountWalkIn } from './board-walkin.js';
import { actionsOf, nextAction } from './board-words.js';
import { createClock, createMeasure, createTicker } from './clock.js';
import { byId, fillIcons, setText, show } from './dom.js';
import { rupiah } from './format.js';
import { createApi } from './graphql.js';
import { language, mountLanguage, onLanguage, sentenceOf, t } from './language.js';

const session = createSession();
const clock = createClock(), ticker = createTicker(clock), now = () => clock.now();
const state = emptyState();
const arriving = new Set(); // receipt numbers whose arrival is on its way to the server
let scanned = takeReceipt(); // of a guest's code, until its booking is open
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
const notice = mountNotice(), banner = mountBanner(), rooms = mountRoomsLeft({ api }), waiting = mountWaiting({ hotel: () => state.hotel }), lateness = mountLateness({ api });
const toast = mountToast(), actions = createActions(api);
const codesShown = new Set(); // receipt numbers whose code was on this screen
const ask = mountAsk({ perform, now, others: (booking) => othersWaiting(state, booking), onRefused });
const qris = mountQris({
  load: async (receiptNo) => (await api(QRIS, { receiptNo })).qris,
  onPaid: (booking) => act('paid', booking),
  onShown: (receiptNo) => { codesShown.add(receiptNo); update(); },
});
const next = (booking) => nextAction(booking, state.hotel, codesShown.has(booking.receiptNo));
const detail = mountDetail({ now, loadHistory, next, onAct: act, onClose: () => select(null) });
const handlers = { onAct: act, onOpen: open, next };
const board = mountLists({ state, now, handlers });
const search = mountSearch({ api, state, now, handlers });
const radar = mountRadar({ state, now, onOpen: (receiptNo) => open(state.bookings.get(receiptNo)) });
const hotel = () => state.hotel;
const walkIn = mountWalkIn({ api, hotel, onBooked: booked });
const amend = mountAmend({ api, hotel, onAmended: (booking) => done('amend', booking), onRefused });
const allotments = mountAllotments({ api, hotel, onSet: () => rooms.soon(state.hotel.today) });
const report = mountReport({ api, hotel });
const account = mountAccount({ api, staff: () => staff, hotel, now, onSignOut: leave });
const sheets = [ask, qris, walkIn, amend, allotments, report, account];
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
    account.update();
    state.hotel = { ...hotel, isManager: me.role === 'MANAGER' };
    const { bookings, cursor } = await loadAll(api, now(), hotel.advanceDays);
    if (mine !== loading) return undefined;
    state.bookings.clear();
    for (const booking of bookings) merge(state, booking);
    rooms.load(hotel.today);
    lateness.load();
    if (scanned) openScanned();
    socket = followChanges({ cursor, token: session.token, language, onChange, onState, onLost, onDegraded: banner.degraded, onWaiting: waiting.take });
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
  detail.close();
  search.clear();
  board.clear();
  for (const sheet of sheets) sheet.close();
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
  amend.changed(state.bookings.get(booking.receiptNo));
  updateSoon();
  lateness.changed(action);
  if (action !== 'POSITION' && action !== 'UNDELIVERED') rooms.soon(state.hotel.today);
  const kind = notable(action, booking);
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

/** What a tap or a key asks for, if the booking allows it. Only arrival is done at once. */
function act(action, tapped) {
  const booking = state.bookings.get(tapped.receiptNo) ?? tapped;
  if (!actionsOf(booking, state.hotel).includes(action)) return;
  if (action === 'show') qris.open(booking);
  else if (action === 'arrived') arrive(booking);
  else if (action === 'amend') amend.open(booking);
  else ask.open(action, booking, state.hotel);
}

/** Arrival leads to the code, and the code to the matching sheet. */
async function arrive({ receiptNo, guestName }) {
  if (arriving.has(receiptNo)) return; // a double tap
  arriving.add(receiptNo);
  try {
    await perform('arrived', receiptNo);
    const booking = state.bookings.get(receiptNo);
    if (state.hotel.hasQris && booking.status === 'PENDING' && !document.querySelector('dialog[open]')) qris.open(booking);
  } catch (error) {
    toast.say(t('done.failed', { name: guestName, why: sentenceOf(error) }));
    if (error.code) reread(receiptNo);
  }
  arriving.delete(receiptNo);
}

async function perform(action, receiptNo, extra) {
  const booking = await actions[action](receiptNo, extra);
  done(action, booking);
}

function done(action, booking) {
  merge(state, booking);
  rooms.soon(state.hotel.today);
  update();
  toast.say(t(`done.${action}`, { name: booking.guestName, price: rupiah(booking.price) }));
}

function booked(booking) {
  const paid = booking.status === 'PAID';
  done(paid ? 'paid' : 'desk', booking);
  if (!paid && state.hotel.hasQris) qris.open(booking);
}

function open(booking, opener) {
  detail.open(booking, state.hotel, opener);
  select(booking.receiptNo);
}

function select(receiptNo) {
  board.select(receiptNo);
  search.select(receiptNo);
}

/** The booking of the focused row, else the one whose detail is open. */
function chosen() {
  const focused = document.activeElement?.closest?.('.row')?.dataset.receipt;
  return state.bookings.get(focused) ?? detail.booking;
}

function goBack() {
  if (detail.booking) { detail.close(); return; }
  search.clear();
  document.activeElement?.blur?.();
}

function onRefused(error, receiptNo) {
  if (error.code) reread(receiptNo);
}

/** Opens the booking whose code was scanned, also one that is not on the board. */
async function openScanned() {
  const receiptNo = scanned;
  scanned = null;
  try {
    const { booking } = await api(BOOKING, { receiptNo });
    merge(state, booking);
    update();
    open(state.bookings.get(booking.receiptNo));
  } catch (error) {
    toast.say(t('done.failed', { name: receiptNo, why: sentenceOf(error) }));
  }
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
  for (const id of ['sound', 'report-open', 'account']) show(byId(id), inside);
  setText(byId('hotel-name'), state.hotel?.name ?? t('board.page'));
  setText(byId('who'), staff ? `${staff.name} · ${t(`board.role.${staff.role}`)}` : '');
  show(byId('load-failed'), Boolean(failure));
  if (failure) { show(byId('board'), true); setText(byId('load-failed-words'), `${t('board.load.failed')} ${sentenceOf(failure)}`); }
  notice.title(staff ? nextDue(state) : undefined, now());
  if (inside && state.hotel) drawBookings();
  for (const task of afterUpdate.splice(0)) task();
}

function drawBookings() {
  board.update();
  search.update();
  radar.update();
  if (detail.booking) detail.changed(state.bookings.get(detail.booking.receiptNo), state.hotel);
}

// ---- start ----

fillIcons();
function leave() {
  api(SIGN_OUT).catch(() => {}); // without an answer the session ends by its time
  signOut();
}
mountKeys({ input: byId('search'), chosen, onAct: act, onEscape: goBack });
byId('load-again').addEventListener('click', start);
// A phone scans into a tab that may be open already.
addEventListener('hashchange', () => { scanned = takeReceipt() ?? scanned; if (scanned && staff) openScanned(); });
session.onElsewhere(() => (session.token() ? start() : signOut()));
onLanguage(() => { signIn.update(); notice.update(); rooms.update(); waiting.update(); lateness.update(); ask.update(); qris.update(); banner.update(); walkIn.update(); amend.update(); allotments.update(); report.update(); account.update(); update(); });
mountLanguage(byId('language'));
ticker.add((time) => {
  if (clock.drifted()) refreshDay();
  board.tick(time);
  search.tick(time);
  detail.tick(time);
  radar.tick(time);
  banner.update();
  if (staff) notice.title(nextDue(state), time);
});
setInterval(() => { if (staff) refreshDay(); }, 3 * 60_000);
setInterval(refreshForecasts, 60_000);
const initData = takeInitData(), code = takeCode();
update();
// A used link must not sign out somebody who is already signed in.
const came = initData ? await signIn.enterByTelegram(initData) : code && (await signIn.enter(code));
if (!came && session.token()) start();
