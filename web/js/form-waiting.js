// The waiting list on the form: joining it while rooms are sold out, and the guest's place in it, live.
// The ticket is remembered on this device. An offer is taken on the page of its booking.
import './waiting-text.js';
import { el, show } from './dom.js';
import { lengthWords, moment, rupiah, stay } from './format.js';
import { forgetTicket, keepTicket, keptTicket } from './kept.js';
import { language, sentenceOf, t } from './language.js';
import { randomId } from './request-id.js';
import { emailFault, nameFault } from './rules.js';
import { createSocket, socketUrl, wakeWithPage } from './socket.js';
import { JOIN_WAITING_LIST, LEAVE_WAITING_LIST, WAITING_CHANGED } from './waiting-documents.js';

const gone = new Set(['NOT_FOUND', 'INVALID_INPUT']);

/**
 * @param parent the element that this fills
 * @param now () => ms, the server's time
 * @param initData what Telegram signed, in a Mini App: it names the guest instead of an e-mail address
 * @param onFaults (faults) => void, shows what is missing in the form
 */
export function mountWaiting(parent, { api, now, initData, onFaults }) {
  let asked = { filled: null, rooms: [], hotel: null };
  let wish = 'any', requestId = randomId(), busy = false, problem = null, place = null, socket = null;

  // ---- the place ----

  function follow() {
    if (socket || !keptTicket()) return;
    socket = createSocket({ url: socketUrl(location), payload: () => ({ language: language() }) });
    socket.subscribe(WAITING_CHANGED, () => ({ ticket: keptTicket() }), {
      next: (data) => take(data.waitingChanged),
      refused: (refusal) => { if (gone.has(refusal.code)) leaveQuietly(); },
    });
    wakeWithPage(socket, () => {});
  }

  function take(ticket) {
    const had = isOpen(place?.offer);
    place = ticket;
    if (isOpen(place.offer) && !had) navigator.vibrate?.([300, 150, 300]);
    // It was taken, or it ended while the page was closed.
    if (place.offer && (!place.offer.booking.offer || (!isOpen(place.offer) && !had))) leaveQuietly();
    else draw();
  }

  function leaveQuietly() {
    forgetTicket();
    socket?.close();
    [socket, place, requestId] = [null, null, randomId()];
    draw();
  }

  const isOpen = (offer) => Boolean(offer && offer.booking.offer && offer.booking.status === 'PENDING');

  async function join() {
    const { filled } = asked;
    const faults = {};
    const name = nameFault(filled.guestName, true), email = initData ? null : emailFault(filled.email);
    if (name) faults.guestName = name;
    if (email) faults.email = email;
    problem = null;
    if (onFaults(faults) || busy) return;
    busy = true;
    draw();
    const input = { guestName: filled.guestName.trim(), ...(initData ? { initData } : { email: filled.email.trim() }), checkIn: filled.checkIn, nights: filled.nights, language: language().toUpperCase(), requestId, ...wished() };
    try {
      const { joinWaitingList } = await api(JOIN_WAITING_LIST, { input });
      keepTicket(joinWaitingList.ticket);
      place = joinWaitingList;
      follow();
    } catch (error) {
      if (error.field === 'requestId') requestId = randomId(); // what was sent before had other input
      problem = error;
    }
    busy = false;
    draw();
  }

  async function leave() {
    const ticket = keptTicket();
    leaveQuietly();
    try { await api(LEAVE_WAITING_LIST, { ticket }); } catch { /* an offer that comes anyway passes on by itself */ }
  }

  // ---- what is wished ----

  const soldOut = () => asked.rooms.filter(({ available }) => available < 1).map(({ roomType }) => roomType);
  const allSoldOut = () => asked.rooms.length > 0 && soldOut().length === asked.rooms.length;

  /** The choices as [value, words]: any type only if nothing at all is free. */
  function choices() {
    const types = soldOut(), prices = [...new Set(types.map(({ price }) => price))].sort((a, b) => a - b).slice(0, -1);
    const any = allSoldOut() && types.length > 1
      ? [['any', t('wait.any')], ...prices.map((price) => [`upto ${price}`, t('wait.any.upto', { price: rupiah(price) })])] : [];
    return [...any, ...types.map(({ code, name }) => [`type ${code}`, name])];
  }

  function wished() {
    const [kind, value] = wish.split(' ');
    if (kind === 'type') return { roomType: wish.slice('type '.length) };
    return kind === 'upto' ? { maxPrice: Number(value) } : {};
  }

  // ---- drawing ----

  const window = () => lengthWords(asked.hotel.offerMinutes, language());
  const when = (instant) => moment(Date.parse(instant), now(), asked.hotel.timezone, language());
  const heading = (words) => el('h2', { id: 'waiting-title', tabindex: '-1' }, words);

  function draw() {
    const { hotel } = asked;
    const shown = Boolean(hotel) && (Boolean(place) || soldOut().length > 0);
    show(parent, shown);
    if (!shown) return;
    const focused = document.activeElement?.id;
    parent.replaceChildren(...(place ? drawPlace() : drawQuestion()));
    if (focused && parent.querySelector(`#${CSS.escape(focused)}`)) parent.querySelector(`#${CSS.escape(focused)}`).focus();
  }

  function drawQuestion() {
    const { filled, hotel } = asked;
    const words = [heading(t('wait.title')), el('p', {}, t('wait.why', { window: window() }))];
    if (filled.channel === 'TELEGRAM' && !initData) {
      const link = el('a', { href: `https://t.me/${encodeURIComponent(hotel.telegramBot)}`, target: '_blank', rel: 'noopener noreferrer' }, t('wait.telegram.open'));
      return [...words, el('p', {}, t('wait.telegram'), ' ', link)];
    }
    const options = choices();
    if (!options.some(([value]) => value === wish)) wish = options[0][0];
    const select = el('select', { id: 'waiting-for', onchange: () => { wish = select.value; requestId = randomId(); } },
      ...options.map(([value, name]) => el('option', { value, selected: value === wish }, name)));
    select.value = wish;
    return [...words,
      el('div', { class: 'field' }, el('label', { for: 'waiting-for' }, t('wait.for')), select),
      problem ? el('p', { class: 'note bad', role: 'alert' }, sentenceOf(problem)) : '',
      el('button', { type: 'button', class: 'button strong', id: 'waiting-join', onclick: join }, t(busy ? 'wait.joining' : 'wait.join'))];
  }

  function drawPlace() {
    const { offer } = place;
    if (isOpen(offer)) {
      const { booking } = offer, { pathname, hash } = new URL(offer.statusUrl, location.href);
      return [heading(t('wait.offer')),
        el('p', {}, t('wait.offer.why', { room: booking.roomType.name, stay: stay(booking.checkIn, booking.nights, language()), price: rupiah(booking.price), when: when(booking.holdUntil) })),
        el('a', { class: 'button strong', id: 'waiting-open', href: pathname + hash }, t('wait.open'))];
    }
    if (offer) {
      return [heading(t('wait.over')), el('button', { type: 'button', class: 'button', id: 'waiting-again', onclick: leaveQuietly }, t('wait.join'))];
    }
    return [heading(t('wait.place', { n: place.position })),
      place.nextRelease ? el('p', {}, t('wait.next', { when: when(place.nextRelease) })) : '',
      el('p', {}, t(initData ? 'wait.place.why.telegram' : 'wait.place.why', { window: window() })),
      el('button', { type: 'button', class: 'button', id: 'waiting-leave', onclick: leave }, t('wait.leave'))];
  }

  follow();

  return {
    /** Called after each change of the form: what is filled, the rooms, and the hotel. */
    update(filled, rooms, hotel) {
      asked = { filled, rooms, hotel };
      draw();
    },
  };
}
