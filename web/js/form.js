// The booking form. The input is in `filled` and saved as a draft. `update()` draws everything
// again.
import { createClock, createTicker } from './clock.js';
import { AVAILABILITY, CREATE_BOOKING, HOTEL, PREPARE_TELEGRAM } from './documents.js';
import { byId, fillIcons, pageStarted, setText, show } from './dom.js';
import { addDays, hotelTime, lengthWords, longDate, rupiah } from './format.js';
import { mountEmailQuestion } from './form-email.js';
import { faultFields, keepBarLow, reveal, revealFault, showFaults } from './form-faults.js';
import { mountRooms } from './form-rooms.js';
import { showHow } from './form-how.js';
import { mapLinks, showPlace } from './hotel-place.js';
import { Unreachable, createApi } from './graphql.js';
import { forgetDraft, keepDraft, keptBooking, keptDraft, keptTicket } from './kept.js';
import { language, mountLanguage, onLanguage, sentenceOf, t } from './language.js';
import { forgetRequestId, requestIdFor } from './request-id.js';
import { bookingInput, faults, telegramInput, totalPrice } from './rules.js';
import { tabStorage } from './storage.js';

const api = createApi({ language });
const clock = createClock(), ticker = createTicker(clock);
const filled = { roomType: null, checkIn: '', nights: 1, guestName: '', channel: '', email: '' };
let hotel = null, rooms = [], shownFaults = {}, problem = null, busy = false, asked = 0, loadedAt = 0;
const roomCards = mountRooms(byId('rooms'), { onChoose: (code) => change({ roomType: code }, 'roomType') });
let waiting = null; // the waiting list, once its script is loaded
const isMiniApp = location.hash.includes('tgWebAppData=') || tabStorage.getItem('jatah.launch'); // see launch.js
let telegram = null; // the form inside Telegram, once its script is loaded
let running = null; // the line about the guest's running booking, once its script is loaded
const emailQuestion = mountEmailQuestion({
  current: () => (filled.channel === 'WEB' ? filled.email : ''),
  correct: (email) => change({ email }, 'email'),
  goOn: () => byId('submit').focus(),
});

// ---- input ----

function restore() {
  Object.assign(filled, keptDraft());
  const link = new URLSearchParams(location.search);
  if (link.get('room')) filled.roomType = link.get('room');
  if (/^\d{1,4}$/.test(link.get('nights') ?? '')) filled.nights = Math.max(1, Number(link.get('nights')));
}

/**
 * Takes changed input: saves the draft and clears the fault. A changed stay loads the rooms again.
 */
function change(values, field) {
  Object.assign(filled, values);
  show(byId('handoff'), false); // it has the choice before
  delete shownFaults[field];
  problem = null;
  keepDraft(filled);
  if (field === 'checkIn' || field === 'nights') loadRoomsSoon();
  update();
}

// ---- data from the server ----

async function load() {
  try {
    if (isMiniApp) await loadTelegramForm();
    const dayBefore = hotel?.today;
    hotel = await clock.sync(async () => (await api(HOTEL)).hotel);
    hotel.lastCheckIn = addDays(hotel.today, hotel.advanceDays);
    loadedAt = performance.now();
    if (!(filled.checkIn >= hotel.today && filled.checkIn <= hotel.lastCheckIn)) {
      filled.checkIn = hotel.today;
      // The date changes under the guest's eyes, so the form says so.
      if (dayBefore && dayBefore !== hotel.today) shownFaults.checkIn = { key: 'form.day.turned' };
    }
    filled.nights = Math.min(filled.nights, hotel.maxNights);
    if (telegram) filled.channel = 'TELEGRAM';
    else if (!hotel.telegramBot) filled.channel = 'WEB';
    else if (!filled.channel) filled.channel = 'TELEGRAM';
    await loadRooms();
    show(byId('load-failed'), false);
    show(byId('form'), true);
    if (!telegram) showRunning(); // the chat has the guest's bookings
  } catch (error) {
    if (!(error instanceof Unreachable) && !error.code) console.error(error);
    show(byId('load-failed'), true);
  }
  update();
}

/** Loads what only a Mini App needs. */
async function loadTelegramForm() {
  const { mountTelegramForm } = await import('./form-telegram.js');
  if (telegram) return;
  telegram = mountTelegramForm({ api, now: () => clock.now() });
  // Only once: a name that the guest deleted stays deleted.
  if (telegram && !filled.guestName) filled.guestName = telegram.guestName;
}

/**
 * Shows the line about the running booking. Its script comes late, because few devices remember a
 * booking. Without it the form works as before.
 */
async function showRunning() {
  if (!running && !keptBooking()) return;
  try {
    const { mountRunning } = await import('./form-running.js');
    running = running ?? mountRunning({ api, now: () => clock.now() });
    await running.load();
  } catch { /* no connection: the next load of the form tries again */ }
}

/** Shows the waiting list while a room type is sold out, and to who is on it. Its script comes late too. */
async function showWaiting() {
  if (waiting) return waiting.update(filled, rooms, hotel);
  if (!keptTicket() && rooms.every(({ available }) => available > 0)) return undefined;
  try {
    const { mountWaiting } = await import('./form-waiting.js');
    waiting = waiting ?? mountWaiting(byId('waiting'), { api, now: () => clock.now(), initData: telegram?.initData, onFaults: waitingFaults });
    return waiting.update(filled, rooms, hotel);
  } catch { return undefined; /* no connection: the next load of the form tries again */ }
}

/** Shows the faults of what the waiting list needs. Returns whether there are any. */
function waitingFaults(found) {
  shownFaults = {};
  for (const [field, key] of Object.entries(found)) shownFaults[field] = { key };
  update();
  const any = Object.keys(found).length > 0;
  if (any) focusFault();
  return any;
}

async function loadRooms() {
  const mine = ++asked;
  const { availability } = await api(AVAILABILITY, { checkIn: filled.checkIn, nights: filled.nights });
  if (mine !== asked) return; // a later request replaces this one
  rooms = availability;
  if (!rooms.some(({ roomType, available }) => roomType.code === filled.roomType && available > 0)) {
    filled.roomType = null;
    // If only one type is available, it is chosen.
    const free = rooms.filter(({ available }) => available > 0);
    if (free.length === 1 && rooms.length === 1) filled.roomType = free[0].roomType.code;
  }
}

let soon;
function loadRoomsSoon() {
  clearTimeout(soon);
  if (Object.keys(faults(filled, hotel)).some((field) => field === 'checkIn' || field === 'nights')) return;
  soon = setTimeout(() => loadRooms().then(update, () => {}), 200);
}

// ---- sending ----

async function submit(event) {
  event.preventDefault();
  if (busy) return;
  shownFaults = {};
  for (const [field, key] of Object.entries(faults(filled, hotel))) shownFaults[field] = { key };
  problem = null;
  if (Object.keys(shownFaults).length) { update(); return focusFault(); }
  if (emailQuestion.holdsBack()) { byId('email-yes').focus({ preventScroll: true }); return reveal(byId('email-ask')); }
  busy = true;
  update();
  try {
    await (telegram ? telegram.book(filled, shownPrice(), hotel) : filled.channel === 'WEB' ? bookByWeb() : handOver());
  } catch (error) {
    await refused(error);
  }
  busy = false;
  update();
  if (Object.keys(shownFaults).length) focusFault();
  else if (problem) byId('problem').focus();
}

async function bookByWeb() {
  const input = bookingInput(filled, language());
  const requestId = requestIdFor(input, tabStorage);
  const { createBooking } = await api(CREATE_BOOKING, { input: { ...input, requestId, expectedPrice: shownPrice() } });
  forgetRequestId(tabStorage);
  forgetDraft();
  // Only the path and the fragment are used: the public address may differ from this page's
  // address.
  const { pathname, hash } = new URL(createBooking.statusUrl, location.href);
  location.assign(pathname + hash);
  await new Promise(() => {}); // the page is about to change: keep the button disabled until then
}

async function handOver() {
  const { prepareTelegramBooking } = await api(PREPARE_TELEGRAM, { input: telegramInput(filled) });
  const link = new URL(prepareTelegramBooking.link);
  if (link.protocol !== 'https:') throw new Error('not a link to Telegram');
  byId('handoff-link').href = link.href;
  byId('handoff-app').href = telegramAppLink(link);
  show(byId('handoff'), true);
  // In another tab: where t.me is blocked, the form must stay, with its links.
  try { open(link.href, '_blank', 'noopener'); } catch { /* the links are on the page */ }
  byId('handoff-link').focus();
}

/** The link that opens the Telegram app itself, for a t.me link. */
const telegramAppLink = (link) =>
  `tg://resolve?domain=${encodeURIComponent(link.pathname.slice(1))}&start=${encodeURIComponent(link.searchParams.get('start') ?? '')}`;

async function refused(error) {
  if (error.code === 'SOLD_OUT') {
    await loadRooms().catch(() => {});
    filled.roomType = null;
    shownFaults.roomType = { key: 'form.room.gone' };
  } else if (error.code === 'PRICE_CHANGED') {
    await loadRooms().catch(() => {});
    problem = { error };
  } else if (error.code && error.field === 'requestId') {
    forgetRequestId(tabStorage);
    problem = { error };
  } else if (error.code && byId(`${error.field}-error`)) {
    shownFaults[error.field] = { words: error.message };
    if (error.field === 'checkIn') await load(); // a new hotel day has probably started; `load` says so
  } else {
    if (!error.code && !(error instanceof Unreachable)) console.error(error.name);
    problem = { error };
  }
}

function focusFault() {
  const first = faultFields.find((field) => shownFaults[field]);
  revealFault(first, first === 'roomType' ? roomCards.input() : byId(first));
}

// ---- drawing ----

function update() {
  if (!hotel) return;
  const tonight = filled.checkIn === hotel.today;
  document.title = `${t('form.page')} · ${hotel.name}`;
  setText(byId('hotel-name'), hotel.name);
  setText(byId('lead'), hotel.advanceDays ? t('form.lead.later') : t('form.lead', { hold: lengthWords(hotel.holdMinutes, language()) }));
  showWhere();
  showStay();
  roomCards.update(rooms, filled.roomType);
  showPerson();
  showHow(byId('how'), hotel, tonight);
  showTotal();
  showProblems();
  emailQuestion.update();
  if (running) running.update();
  showWaiting();
  if (telegram) telegram.update();
  setText(byId('submit'), t(busy ? 'form.sending' : filled.channel === 'WEB' || telegram ? 'form.submit' : 'form.submit.telegram'));
  byId('submit').setAttribute('aria-disabled', String(busy));
}

function showWhere() {
  showPlace(hotel);
  setText(byId('where-address'), hotel.address ?? '');
  byId('where-link').href = mapLinks(hotel).map;
  show(byId('where'), Boolean(hotel.address));
}

function showStay() {
  show(byId('tonight'), !hotel.advanceDays);
  show(byId('date-choice'), hotel.advanceDays > 0);
  setText(byId('tonight-date'), longDate(hotel.today, language()));
  const date = byId('checkIn');
  date.min = hotel.today;
  date.max = hotel.lastCheckIn;
  if (date.value !== filled.checkIn) date.value = filled.checkIn;
  const nights = byId('nights');
  if (document.activeElement !== nights || Number(nights.value) !== filled.nights) nights.value = filled.nights || '';
  byId('nights-less').disabled = filled.nights <= 1;
  byId('nights-more').disabled = filled.nights >= hotel.maxNights;
  const known = filled.checkIn && filled.nights >= 1 && filled.nights <= hotel.maxNights;
  setText(byId('checkout'), known ? t('form.checkout', { date: longDate(addDays(filled.checkIn, filled.nights), language()) }) : '');
}

function showPerson() {
  const web = filled.channel === 'WEB';
  for (const field of ['guestName', 'email']) if (byId(field).value !== filled[field]) byId(field).value = filled[field];
  const [telegram] = byId('channel').options;
  telegram.disabled = !hotel.telegramBot;
  byId('channel').value = filled.channel;
  setText(byId('guestName-hint'), t(telegram ? 'mini.hint' : web ? 'form.name.hint' : 'form.name.hint.telegram'));
  byId('guestName').required = web;
  setText(byId('channel-hint'), !hotel.telegramBot ? t('form.channel.telegram.off')
    : web ? t('form.channel.web.on') : t('form.channel.telegram.on', { bot: hotel.telegramBot.replace(/^@/, '') }));
  show(byId('email-field'), web);
  byId('email').required = web;
}

const chosenType = () => rooms.find(({ roomType }) => roomType.code === filled.roomType)?.roomType;

/** The price of all nights that the form shows. The server refuses to book at another one. */
const shownPrice = () => totalPrice(chosenType().price, filled.nights);

function showTotal() {
  const chosen = chosenType();
  const known = chosen && filled.nights >= 1 && filled.nights <= hotel.maxNights;
  setText(byId('total'), known ? rupiah(shownPrice()) : t('form.total.none'));
  byId('total').classList.toggle('empty', !known);
  setText(byId('total-detail'), known
    ? t('form.total.detail', { price: rupiah(chosen.price), nights: t('unit.nights', { n: filled.nights }) }) : '');
}

function showProblems() {
  const figures = {
    checkIn: { min: longDate(hotel.today, language()), max: longDate(hotel.lastCheckIn, language()),
      today: longDate(hotel.today, language()), time: hotelTime(hotel.dayStartsAt, language()) },
    nights: { max: hotel.maxNights },
  };
  // That every room is sold out is shown before anybody asks, and nothing else of the rooms matters.
  if (rooms.length && rooms.every(({ available }) => available < 1)) shownFaults.roomType = { key: 'form.room.none' };
  else if (shownFaults.roomType?.key === 'form.room.none') delete shownFaults.roomType;
  const words = {};
  for (const [field, fault] of Object.entries(shownFaults)) words[field] = fault.words ?? t(fault.key, figures[field]);
  showFaults(words);
  setText(byId('problem'), problem ? telegram?.sentence(problem.error) ?? sentenceOf(problem.error, 'form.failed.network') : '');
  show(byId('problem'), Boolean(problem));
}

// ---- start ----

fillIcons();
restore();
byId('form').addEventListener('submit', submit);
byId('checkIn').addEventListener('change', (event) => change({ checkIn: event.target.value }, 'checkIn'));
byId('nights').addEventListener('input', (event) => change({ nights: /^\d+$/.test(event.target.value) ? Number(event.target.value) : 0 }, 'nights'));
byId('nights').addEventListener('focus', (event) => event.target.select());
byId('nights-less').addEventListener('click', () => change({ nights: Math.max(1, filled.nights - 1) }, 'nights'));
byId('nights-more').addEventListener('click', () => change({ nights: Math.min(hotel.maxNights, filled.nights + 1) }, 'nights'));
byId('channel').addEventListener('change', (event) => change({ channel: event.target.value }, 'email'));
for (const field of ['guestName', 'email']) byId(field).addEventListener('input', (event) => change({ [field]: event.target.value }, field));
byId('load-again').addEventListener('click', load);
onLanguage(update);
mountLanguage(byId('language'));
keepBarLow(document.querySelector('.pay'));
ticker.add(() => { if (running) running.update(); });
// The page is shown again, also by the browser's Back: rooms and the hotel day may have changed.
addEventListener('pageshow', (event) => { if (event.persisted && !telegram?.isBooked()) { busy = false; load(); } });
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && hotel && performance.now() - loadedAt > 30_000 && !busy && !telegram?.isBooked()) load();
});
load();
pageStarted();
