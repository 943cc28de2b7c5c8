// One booking on the board. Input: the booking and the hotel. Output: the clerk's actions (`onAsk`,
// `onHistory`).
import { isSoon } from './booking-words.js';
import { el, icon, setText, show } from './dom.js';
import { ageWords, clockTime, countdown, distance, rupiah, shareLeft, shortMoment, shortStay } from './format.js';
import { language, t } from './language.js';

const actionsOf = (booking, hotel) => ({
  PENDING: [...(booking.arrivedAt ? [] : ['arrived']), 'paid', 'extend', 'cancel', ...(hotel.hasQris ? ['send', 'show'] : [])],
  PAID: [...(booking.arrivedAt ? [] : ['arrived']), ...(hotel.isManager ? ['reopen'] : [])],
  // The server refuses it after the day of the check-in, and while no room is free.
  CANCELLED: booking.checkIn >= hotel.today ? ['revive', 'reviveHere'] : [],
}[booking.status]);

const qrisKinds = { SENDING: 'plain', SENT: 'good', FAILED: 'bad' };

export function createCard({ onAsk, loadHistory }) {
  const name = el('strong', { class: 'guest' }), receipt = el('span', { class: 'receipt-no' });
  const left = el('span', { class: 'left' }), until = el('span', { class: 'until' }), way = el('span', { class: 'way' });
  const seen = el('span', { class: 'seen' });
  const bar = el('div', { class: 'bar', 'aria-hidden': 'true' }, el('span'));
  const facts = el('p', { class: 'facts' }), price = el('strong', { class: 'price' });
  const booked = el('p', { class: 'booked' }), flags = el('ul', { class: 'flags' });
  const actions = el('div', { class: 'actions' });
  const historyList = el('ol', { class: 'history', hidden: true });
  const historyButton = el('button', { type: 'button', class: 'quiet history-button', 'aria-expanded': 'false', onclick: toggleHistory });
  const node = el('li', { class: 'booking-card' },
    el('div', { class: 'line' }, el('div', { class: 'who' }, name, receipt), el('div', { class: 'when' }, left, until, way, seen)),
    bar, el('div', { class: 'line' }, facts, price), booked, flags, actions, historyButton, historyList);
  node.addEventListener('animationend', (event) => { if (event.target === node) delete node.dataset.news; });
  const buttons = new Map();
  let booking = null, hotel = null, opened = null, seenAt = 0;

  function update(nextBooking, nextHotel, now) {
    booking = nextBooking;
    hotel = nextHotel;
    seenAt = now;
    node.dataset.receipt = booking.receiptNo;
    node.dataset.status = booking.status;
    node.classList.toggle('arrived', booking.status === 'PENDING' && Boolean(booking.arrivedAt));
    setText(name, booking.guestName);
    setText(receipt, booking.receiptNo);
    setText(facts, `${booking.roomType.name} · ${shortStay(booking.checkIn, booking.nights, language())}`);
    setText(price, rupiah(booking.price));
    setText(booked, [t('card.booked', { when: brief(booking.bookedAt, now) }), t(`channel.${booking.channel}`), booking.contact].filter(Boolean).join(' · '));
    showActions();
    setText(historyButton, t('card.history'));
    if (opened && opened.revision !== booking.revision) showHistory();
    else if (opened) drawHistory();
    tick(now, true);
  }

  const brief = (instant, now) => shortMoment(instant, now, hotel.timezone, language());
  const time = (instant) => clockTime(instant, hotel.timezone, language());

  function showActions() {
    const wanted = actionsOf(booking, hotel);
    if (actions.dataset.shown !== wanted.join()) {
      actions.dataset.shown = wanted.join();
      actions.replaceChildren(...wanted.map((action) => {
        if (!buttons.has(action)) buttons.set(action, el('button', { type: 'button', class: `do ${action}`, 'data-do': action, onclick: () => onAsk(action, booking) }));
        return buttons.get(action);
      }));
    }
    for (const action of wanted) {
      setText(buttons.get(action), t(`do.${action}`));
      buttons.get(action).setAttribute('aria-label', t('do.named', { action: t(`do.${action}`), name: booking.guestName, receipt: booking.receiptNo }));
    }
    show(actions, wanted.length > 0);
  }

  /** Updates what depends on the time. Flags change slowly, so only every ten seconds. */
  function tick(now, all = false) {
    if (booking.status === 'PENDING') {
      const end = Date.parse(booking.holdUntil);
      const start = Date.parse(booking.arrivedAt ?? booking.bookedAt);
      const over = now >= end;
      setText(left, over ? t('card.checking') : countdown(end - now));
      setText(until, t('card.until', { time: brief(end, now) }));
      bar.style.setProperty('--left', shareLeft(start, end, now).toFixed(4));
      node.dataset.urgency = over ? 'over' : isSoon(end - now, end - start, hotel.remindMinutes) ? 'soon' : 'calm';
    } else if (all) {
      setText(left, t(`status.${booking.status}`));
      setText(until, booking.status === 'PAID' ? t('card.paid', { when: brief(booking.paidAt, now) })
        : t(`card.cancelled.${booking.cancelReason}`, { when: brief(booking.cancelledAt, now) }));
      delete node.dataset.urgency;
    }
    if (all) show(bar, booking.status === 'PENDING');
    if (all || Math.floor(now / 1000) % 10 === 0) showFlags(now);
  }

  /** The text beside the countdown: the distance, the arrival time, and the age of the position. */
  function showWay(now) {
    const travel = booking.status === 'PENDING' && booking.travel;
    const arrival = travel?.arrivesAt && Date.parse(travel.arrivesAt);
    setText(way, travel ? [
      distance(travel.distanceKm, language()),
      arrival > now && t('card.flag.eta', { time: time(arrival) }), // an arrival time in the past is not shown
    ].filter(Boolean).join(' · ') : '');
    setText(seen, travel ? t('card.flag.age', { age: ageWords(now - Date.parse(travel.fixAt), language()) }) : '');
    for (const line of [way, seen]) show(line, Boolean(travel));
  }

  function showFlags(now) {
    showWay(now);
    const wanted = flagsOf(now);
    const shown = JSON.stringify(wanted);
    if (flags.dataset.shown === shown) return;
    flags.dataset.shown = shown;
    flags.replaceChildren(...wanted.map(([kind, words]) => el('li', { class: `flag ${kind}` }, words)));
    show(flags, wanted.length > 0);
  }

  function flagsOf(now) {
    const found = [];
    const pending = booking.status === 'PENDING';
    if (booking.arrivedAt) found.push(pending ? ['strong', t('card.flag.arrived', { time: time(booking.arrivedAt) })] : ['plain', t('card.flag.arrived.paid', { time: brief(booking.arrivedAt, now) })]);
    if (pending && !booking.arrivedAt && booking.forecast) found.push([`forecast ${booking.forecast}`, t(`card.forecast.${booking.forecast}`)]);
    const words = pending && booking.travel && travelWords(booking.travel);
    if (words) found.push([booking.travel.withinRadius ? 'good' : 'plain', words]);
    if (booking.extensions) found.push(['plain', t('card.flag.extended', { n: booking.extensions })]);
    if (pending && booking.qrisProgress) found.push([qrisKinds[booking.qrisProgress], t(`card.qris.${booking.qrisProgress}`, { time: booking.qrisSentAt ? time(booking.qrisSentAt) : '' })]);
    for (const why of new Set(booking.undelivered)) found.push(['bad', t('card.flag.undelivered', { why })]);
    return found;
  }

  function travelWords({ withinRadius, approaching }) {
    const direction = { true: 'card.flag.closer', false: 'card.flag.away' }[approaching];
    return [withinRadius && t('card.flag.near'), direction && t(direction)].filter(Boolean).join(' · ');
  }

  function toggleHistory() {
    opened = opened ? null : { revision: null, entries: null };
    historyButton.setAttribute('aria-expanded', String(Boolean(opened)));
    show(historyList, Boolean(opened));
    if (opened) showHistory();
  }

  async function showHistory() {
    opened.revision = booking.revision;
    const mine = opened;
    if (!mine.entries) historyList.replaceChildren(el('li', {}, t('loading')));
    const entries = await loadHistory(booking.receiptNo);
    if (opened !== mine) return;
    mine.entries = entries;
    drawHistory();
  }

  function drawHistory() {
    const { entries } = opened;
    if (!entries) return;
    if (entries instanceof Error) historyList.replaceChildren(el('li', { class: 'fault' }, entries.message));
    else if (!entries.length) historyList.replaceChildren(el('li', {}, t('card.history.none')));
    else historyList.replaceChildren(...entries.map(({ at, actor, action, detail }) => el('li', {},
      el('time', { datetime: at }, brief(at, seenAt)), el('strong', {}, t(`action.${action}`)), el('span', {}, [actor, detail].filter(Boolean).join(' · ')))));
  }

  function open() {
    if (!opened) toggleHistory();
    node.scrollIntoView({ block: 'center', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    historyButton.focus({ preventScroll: true });
    node.dataset.news = 'new';
  }

  return { node, update, tick, open, notice(kind) { node.dataset.news = kind; }, get booking() { return booking; } };
}

export const soundIcon = (on) => icon(on ? 'sound' : 'mute');
