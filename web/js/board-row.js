// One booking as a row of a list: what a clerk must see at a glance, one next action, and the way to
// its detail. It touches only what changed, as a board has hundreds of rows. Everything else about a
// booking is in the detail.
import { el, setText, show } from './dom.js';
import { rupiah } from './format.js';
import { language, t } from './language.js';
import { endWords, stayWords, timeLeft, whereWords } from './board-words.js';

/**
 * @param onAct (action, booking) the clerk tapped the next action
 * @param onOpen (booking, button) the clerk wants the detail
 */
export function createRow({ onAct, onOpen }) {
  let booking = null, hotel = null, drawnIn = null, next = null;
  const shown = { left: null, share: null, urgency: null };
  // The name's button covers the whole row, so that a tap anywhere opens the detail.
  const name = el('button', { type: 'button', class: 'row-name', onclick: () => onOpen(booking, name) });
  const receipt = el('span', { class: 'receipt-no' }), stay = el('span', { class: 'row-stay' }), price = el('strong', { class: 'price' });
  const left = el('span', { class: 'left' }), filled = el('span'), bar = el('div', { class: 'bar', 'aria-hidden': 'true' }, filled);
  const end = el('span', { class: 'row-end' }), where = el('span', { class: 'row-where' });
  const act = el('button', { type: 'button', class: 'do', onclick: () => onAct(next, booking) });
  const more = el('button', { type: 'button', class: 'quiet more', onclick: () => onOpen(booking, more) }, '⋯');
  const node = el('li', { class: 'row' },
    el('div', { class: 'row-main' },
      el('div', { class: 'row-who' }, name, el('div', { class: 'row-keys' }, receipt, price)),
      el('div', { class: 'row-what' }, stay, end), where),
    el('div', { class: 'row-side' }, el('div', { class: 'row-time' }, left, bar), el('div', { class: 'row-do' }, act, more)));
  node.addEventListener('animationend', (event) => { if (event.target === node) delete node.dataset.news; });

  /** Returns whether the booking is another state than before. */
  function update(nextBooking, nextHotel, wanted, now) {
    const fresh = booking !== nextBooking;
    if (!fresh && hotel === nextHotel && drawnIn === language() && next === wanted) return false;
    [booking, hotel, next, drawnIn] = [nextBooking, nextHotel, wanted, language()];
    node.dataset.receipt = booking.receiptNo;
    node.dataset.status = booking.status;
    node.classList.toggle('arrived', booking.status === 'PENDING' && Boolean(booking.arrivedAt));
    node.classList.toggle('faulty', booking.undelivered.length > 0 || booking.qrisProgress === 'FAILED');
    setText(name, booking.guestName);
    setText(receipt, booking.receiptNo);
    setText(stay, stayWords(booking));
    setText(price, rupiah(booking.price));
    show(bar, booking.status === 'PENDING');
    drawAction();
    if (booking.status !== 'PENDING') {
      shown.left = t(`status.${booking.status}`);
      setText(left, shown.left);
      delete node.dataset.urgency;
      shown.urgency = null;
    }
    drawSlow(now);
    tick(now);
    return fresh;
  }

  function drawAction() {
    const names = { name: booking.guestName, receipt: booking.receiptNo };
    show(act, Boolean(next));
    more.setAttribute('aria-label', t('row.more', names));
    if (!next) return;
    act.className = `do ${next}`;
    act.dataset.do = next;
    setText(act, t(`row.do.${next}`));
    act.setAttribute('aria-label', t('do.named', { action: t(`row.do.${next}`), ...names }));
  }

  /** What changes with the time, but by the minute. */
  function drawSlow(now) {
    setText(where, whereWords(booking, hotel, now));
    where.className = `row-where ${booking.arrivedAt ? 'HERE' : booking.forecast ?? ''}`;
    setText(end, endWords(booking, hotel, now));
  }

  /** Called each second while the row is on the screen. */
  function tick(now) {
    if (booking.status !== 'PENDING') return;
    const { words, share, urgency } = timeLeft(booking, hotel, now);
    if (words !== shown.left) { shown.left = words; left.textContent = words; }
    const percent = Math.ceil(share * 100);
    if (percent !== shown.share) { shown.share = percent; filled.style.transform = `scaleX(${percent / 100})`; }
    if (urgency !== shown.urgency) { shown.urgency = urgency; node.dataset.urgency = urgency; }
    if (Math.floor(now / 1_000) % 30 === 0) drawSlow(now);
  }

  return {
    node, update, tick,
    notice(kind) { node.dataset.news = kind; },
    select(selected) { if (selected) node.setAttribute('aria-current', 'true'); else node.removeAttribute('aria-current'); },
    get booking() { return booking; },
  };
}
