// The guest's own booking, live. The access token is read from the URL fragment and kept in memory.
// It is sent only to the server, with each request.
import { CANCEL_MY_BOOKING, HOTEL, MY_BOOKING, MY_BOOKING_CHANGED, MY_QRIS, NOW, REPORT_POSITION, TAKE_OFFER } from './documents.js';
import { hasCode, mountPay } from './booking-pay.js';
import { mountRing } from './booking-ring.js';
import { endKey } from './booking-text.js';
import { face, isSoon, newer, wasExtended } from './booking-words.js';
import { createClock, createMeasure, createTicker } from './clock.js';
import { byId, closeByBackdrop, closeDialog, el, icon, fillIcons, openDialog, pageStarted, setText, show } from './dom.js';
import { countdown, distance, lengthWords, moment, rupiah, shareLeft, stay } from './format.js';
import { createApi } from './graphql.js';
import { showContact, showPlace } from './hotel-place.js';
import { forgetBooking, forgetTicket, keepBooking, keepDraft } from './kept.js';
import { linkParts, pastedParts } from './link-parts.js';
import { language, mountLanguage, onLanguage, sentenceOf, t } from './language.js';
import { mountShare } from './position-share.js';
import { createSocket, socketUrl, wakeWithPage } from './socket.js';

const mine = linkParts(location.pathname + location.hash);
const { receiptNo } = mine;
// A token that other software moved into the path does not stay there.
const link = `/b/${receiptNo}#${mine.accessToken}`;
if (mine.accessToken && location.pathname + location.hash !== link) {
  try { history.replaceState(null, '', link); } catch { /* only the address keeps its form */ }
}
const wrongCodes = new Set(['NOT_FOUND', 'UNAUTHENTICATED', 'FORBIDDEN', 'INVALID_INPUT']);
const api = createApi({ language });
const clock = createClock(), ticker = createTicker(clock);
let hotel = null, booking = null, wrong = false, failure = null, offline = false, shownFace = null, copied = false, firstEnd = null;

const share = mountShare({
  receiptNo, now: () => clock.now(),
  send: async (position) => take((await api(REPORT_POSITION, { ...mine, position })).reportPosition),
});

const pay = mountPay({ load: async () => (await api(MY_QRIS, mine)).myQris, onChange: () => update() });
const ring = mountRing();

// ---- state ----

function take(state) {
  booking = newer(booking, state);
  if (!booking.offer) firstEnd = firstEnd ?? Date.parse(booking.holdUntil);
  if (booking.status !== 'PENDING' || booking.arrivedAt) share.stop();
  if (booking.status === 'PENDING' && !booking.offer) keepBooking(receiptNo, mine.accessToken);
  else forgetBooking(receiptNo);
  update();
}

async function load() {
  failure = null;
  try {
    hotel = await clock.sync(async () => (await api(HOTEL)).hotel);
    if (!mine.accessToken) wrong = true;
    else take((await api(MY_BOOKING, mine)).myBooking);
  } catch (error) {
    if (wrongCodes.has(error.code)) wrong = true;
    else { failure = error; setTimeout(() => { if (failure) load(); }, 6_000); }
  }
  update();
  if (booking) { listen(); share.resume(); }
}

let socket = null;
function listen() {
  if (socket) return;
  socket = createSocket({
    url: socketUrl(location), payload: () => ({ language: language() }),
    onState: (state) => {
      offline = state === 'waiting' || (state === 'connecting' && offline);
      if (state === 'open') measure();
      update();
    },
  });
  socket.subscribe(MY_BOOKING_CHANGED, () => mine, {
    next: (data) => take(data.myBookingChanged),
    refused: () => { refresh(); },
  });
  wakeWithPage(socket, measure);
}

const ask = createMeasure(clock, async () => (await api(NOW)).hotel);
const measure = () => ask().then(update);
const refresh = () => api(MY_BOOKING, mine).then((data) => take(data.myBooking), () => {});

// ---- drawing ----

function update() {
  show(byId('loading'), !booking && !wrong && !failure);
  show(byId('wrong'), wrong);
  setText(byId('wrong-why'), t(mine.accessToken ? 'guest.wrong.why' : 'guest.wrong.cut'));
  show(byId('failed'), Boolean(failure) && !wrong);
  if (failure) setText(byId('failed-words'), sentenceOf(failure));
  show(byId('offline'), offline && !wrong);
  if (hotel) setText(byId('hotel-name'), hotel.name);
  document.title = `${t('guest.page')}${hotel ? ` · ${hotel.name}` : ''}`;
  show(byId('booking'), Boolean(booking) && !wrong);
  if (!booking || !hotel || wrong) return;
  tick(clock.now());
  pay.update(booking, hotel);
  showState();
  showCode();
  showEnd();
  showDetails();
  share.update(hotel.timezone);
  ring.update();
}

const when = (instant) => moment(instant, clock.now(), hotel.timezone, language());

function tick(now) {
  if (!booking || !hotel || wrong) return undefined;
  if (clock.drifted()) measure();
  const seen = face(booking, now);
  if (seen !== shownFace) {
    shownFace = seen;
    showState();
    showEnd();
  }
  if (seen !== 'running' && seen !== 'offer') return ring.tick(null);
  const [from, until] = [Date.parse(booking.bookedAt), Date.parse(booking.holdUntil)];
  setText(byId('countdown'), countdown(until - now));
  byId('bar').style.setProperty('--left', shareLeft(from, until, now).toFixed(4));
  const soon = isSoon(until - now, until - from, hotel.remindMinutes);
  byId('state').classList.toggle('soon', soon);
  return ring.tick(seen === 'running' ? soon : null);
}

let askedAbout = null;
function showState() {
  const now = clock.now(), seen = face(booking, now);
  document.body.dataset.state = seen;
  const heads = { offer: 'guest.offer', running: 'guest.running', checking: 'guest.checking', arrived: 'guest.arrived', paid: 'guest.paid', cancelled: booking.offer ? 'guest.offer.ended' : `guest.cancelled.${booking.cancelReason}` };
  setText(byId('headline'), t(heads[seen]));
  setText(byId('explained'), explained(seen));
  const badge = { offer: 'bell', running: 'door', checking: 'clock', arrived: 'door', paid: 'check', cancelled: 'leaf' }[seen];
  if (byId('badge').dataset.shown !== badge) { byId('badge').replaceChildren(icon(badge)); byId('badge').dataset.shown = badge; }
  show(byId('running'), seen === 'running' || seen === 'offer');
  show(byId('take'), seen === 'offer');
  setText(byId('until'), t('guest.until', { when: when(booking.holdUntil) }));
  show(byId('to-pay'), seen === 'arrived' && !pay.shown()); // the code names the sum too
  setText(byId('to-pay-sum'), rupiah(booking.price));
  const byHotel = booking.cancelReason === 'BY_STAFF';
  setText(byId('hotel-note'), booking.cancelNote ? t('guest.note', { note: booking.cancelNote }) : '');
  show(byId('hotel-note'), Boolean(booking.cancelNote));
  show(byId('hotel-ask'), byHotel && Boolean(hotel.contact));
  showContact(byId('hotel-contact'), hotel.contact);
  show(byId('book-again'), seen === 'cancelled');
  byId('book-again').href = `/?room=${encodeURIComponent(booking.roomType.code)}&nights=${booking.nights}`;
  const longer = seen === 'running' && wasExtended(booking, hotel, firstEnd);
  setText(byId('extended'), longer ? t('guest.extended', { when: when(booking.holdUntil) }) : '');
  show(byId('extended'), longer);
  show(byId('cancel'), seen === 'running' || seen === 'offer');
  const [cancelling, question] = seen === 'offer' ? ['guest.offer.refuse', 'guest.offer'] : ['guest.cancel', 'guest.cancel'];
  setText(byId('cancel'), t(cancelling));
  for (const [id, part] of [['cancel-title', 'ask'], ['cancel-why', 'why'], ['cancel-yes', 'yes'], ['cancel-no', 'no']]) setText(byId(id), t(`${question}.${part}`));
  show(byId('share'), seen === 'running');
  if (!['offer', 'running', 'checking'].includes(seen)) closeDialog(byId('cancel-dialog'));
  if (seen === 'checking' && askedAbout !== booking.holdUntil) {
    askedAbout = booking.holdUntil; // the socket normally delivers the outcome; ask once in case it does not
    setTimeout(refresh, 3_000);
  }
}

function explained(seen) {
  switch (seen) {
    case 'running': return '';
    case 'offer': return t('guest.offer.how');
    case 'checking': return t('guest.checking.why');
    case 'paid': return [t('guest.paid.at', { when: when(booking.paidAt) }), t(booking.checkIn > hotel.today ? 'guest.paid.later' : 'guest.paid.why')].join(' ');
    case 'arrived': return [t('guest.arrived.why'), hasCode(booking, hotel) && t('guest.arrived.qris'), t('guest.arrived.safe')].filter(Boolean).join(' ');
    default: if (booking.offer) return t('guest.offer.over');
      return t(`guest.cancelled.${booking.cancelReason}.why`, { when: when(booking.cancelledAt) });
  }
}

/** The code of the receipt number until arrival, then the payment code, and never both. */
function showCode() {
  const wanted = booking.status !== 'CANCELLED' && !booking.offer && !booking.arrivedAt && !hasCode(booking, hotel);
  const picture = byId('code-picture'), address = `/b/${encodeURIComponent(booking.receiptNo)}/code.svg`;
  if (wanted && picture.getAttribute('src') !== address) picture.src = address;
  picture.alt = t('guest.code.label', { receipt: booking.receiptNo });
  show(byId('code'), wanted);
}

function showEnd() {
  show(byId('end'), face(booking, clock.now()) === 'running');
  setText(byId('end-title'), t('guest.end', { when: when(booking.holdUntil) }));
  setText(byId('end-words'), t(endKey(booking.forecast), { extend: extension() }));
  setText(byId('share-why'), t('share.why', { extend: extension() }));
  setText(byId('ring-why'), t('ring.why', { remind: lengthWords(hotel.remindMinutes, language()) }));
  const travel = booking.travel;
  show(byId('travel'), Boolean(travel));
  if (!travel) return;
  const eta = travel.arrivesAt && Date.parse(travel.arrivesAt);
  setText(byId('travel'), [
    t('guest.travel', { distance: distance(travel.distanceKm, language()) }),
    travel.approaching && t('guest.travel.closer'),
    eta && t('guest.travel.eta', { when: when(eta) }),
  ].filter(Boolean).join(' · '));
}

const extension = () => lengthWords(hotel.extendMinutes, language());

function showDetails() {
  show(byId('place'), booking.status !== 'CANCELLED' && !booking.arrivedAt);
  showPlace(hotel);
  setText(byId('receipt-no'), booking.receiptNo);
  setText(byId('receipt-hint'), t(copied ? 'guest.copied' : 'guest.copy.hint'));
  const rows = [
    ['guest.room', booking.roomType.name],
    ['guest.stay', stay(booking.checkIn, booking.nights, language())],
    ['guest.price', rupiah(booking.price)],
    ['guest.name', booking.guestName],
    ['guest.booked', when(booking.bookedAt)],
  ];
  byId('details').replaceChildren(...rows.map(([key, value]) =>
    el('div', { 'data-row': key.split('.')[1] }, el('dt', {}, t(key)), el('dd', {}, value))));
}

// ---- actions of the guest ----

async function copy() {
  try { await navigator.clipboard.writeText(booking.receiptNo); } catch { return; } // not allowed here: the number is on the page
  copied = true;
  showDetails();
  setTimeout(() => { copied = false; showDetails(); }, 2_500);
}

/** Makes the offer a booking. A second tap is the same request. */
async function takeOffer() {
  const button = byId('take');
  if (button.disabled) return;
  button.disabled = true;
  show(byId('take-problem'), false);
  try {
    await api(TAKE_OFFER, mine);
    forgetTicket();
  } catch (error) {
    setText(byId('take-problem'), sentenceOf(error));
    show(byId('take-problem'), true);
  }
  await refresh();
  button.disabled = false;
  byId('headline').focus();
}

async function cancel() {
  const yes = byId('cancel-yes');
  if (yes.disabled) return;
  yes.disabled = true;
  show(byId('cancel-problem'), false);
  try {
    take((await api(CANCEL_MY_BOOKING, mine)).cancelMyBooking);
    closeDialog(byId('cancel-dialog'));
    byId('headline').focus();
  } catch (error) {
    setText(byId('cancel-problem'), sentenceOf(error));
    show(byId('cancel-problem'), true);
    refresh();
  }
  yes.disabled = false;
}

/** Opens the booking of a pasted link. It stays in this browser: the token is not sent anywhere yet. */
function paste(event) {
  event.preventDefault();
  const parts = pastedParts(byId('pasted').value, receiptNo);
  show(byId('paste-problem'), !parts);
  if (!parts) return byId('pasted').focus();
  byId('pasted').value = '';
  const address = `/b/${parts.receiptNo}#${parts.accessToken}`;
  // With the same address there would be no load.
  if (location.pathname + location.hash === address) location.reload();
  else location.assign(address);
  return undefined;
}

fillIcons();
byId('paste').addEventListener('submit', paste);
byId('receipt').append(icon('copy'));
byId('receipt').addEventListener('click', copy);
byId('cancel').addEventListener('click', () => { show(byId('cancel-problem'), false); openDialog(byId('cancel-dialog')); });
byId('cancel-no').addEventListener('click', () => closeDialog(byId('cancel-dialog')));
byId('cancel-yes').addEventListener('click', cancel);
byId('take').addEventListener('click', takeOffer);
closeByBackdrop(byId('cancel-dialog'));
// The form in this tab then knows the guest too.
byId('book-again').addEventListener('click', () => {
  keepDraft({ guestName: booking.guestName, email: booking.contact ?? '', channel: booking.contact ? 'WEB' : '' });
});
byId('again').addEventListener('click', load);
addEventListener('hashchange', () => location.reload()); // another link was pasted into this tab
onLanguage(update);
mountLanguage(byId('language'));
ticker.add(tick);
load();
pageStarted();
