// Everything about one booking and everything that can be done with it, beside the list on a wide
// screen and over it on a phone. Actions are only passed on; the question before them is elsewhere.
import { byId, el, setText, show } from './dom.js';
import { moment, rupiah, stay } from './format.js';
import { language, t } from './language.js';
import { actionsOf, brief, endWords, flagsOf, timeLeft } from './board-words.js';

/**
 * @param loadHistory (receiptNo) => Promise of the entries, or of an Error with a sentence
 * @param next (booking) => the next action of a booking
 * @param onAct (action, booking)
 * @param onClose () => void
 */
export function mountDetail({ now, loadHistory, next, onAct, onClose }) {
  const detail = byId('detail'), bar = byId('detail-bar').firstElementChild;
  let shown = null; // {booking, hotel, entries, revision, back, scroll, drawn}

  function open(booking, hotel, opener = null) {
    const back = shown?.back ?? opener ?? document.activeElement, scroll = shown?.scroll ?? scrollY;
    shown = { booking, hotel, entries: null, revision: null, back, scroll, drawn: null };
    show(detail, true);
    document.body.classList.add('detail-open');
    draw();
    detail.scrollTop = 0;
    byId('detail-name').focus({ preventScroll: true });
  }

  function close() {
    if (!shown) return;
    const { back, scroll } = shown;
    shown = null;
    show(detail, false);
    document.body.classList.remove('detail-open');
    onClose();
    if (back?.isConnected) back.focus({ preventScroll: true });
    scrollTo({ top: scroll });
  }

  /** Takes the present state of the booking that is shown, if it is that one. */
  function changed(booking, hotel) {
    if (!shown || booking?.receiptNo !== shown.booking.receiptNo) return;
    if (shown.booking === booking && shown.hotel === hotel && shown.drawn === language()) return;
    [shown.booking, shown.hotel] = [booking, hotel];
    draw();
  }

  function draw() {
    const { booking, hotel } = shown, time = now();
    shown.drawn = language();
    detail.dataset.receipt = booking.receiptNo;
    detail.dataset.status = booking.status;
    setText(byId('detail-name'), booking.guestName);
    setText(byId('detail-receipt'), booking.receiptNo);
    const rows = [
      ['room', booking.roomType.name], ['stay', stay(booking.checkIn, booking.nights, language())], ['price', rupiah(booking.price)],
      ['booked', [moment(booking.bookedAt, time, hotel.timezone, language()), t(`channel.${booking.channel}`)].join(' · ')],
      ['contact', booking.contact], ['note', booking.cancelNote],
    ].filter(([, value]) => value);
    byId('detail-facts').replaceChildren(...rows.map(([key, value]) =>
      el('div', { 'data-row': key }, el('dt', {}, t(`ask.${key}`)), el('dd', {}, value))));
    drawActions();
    drawTime(time);
    if (shown.revision !== booking.revision) tell();
    else drawStory();
  }

  function drawActions() {
    const { booking, hotel } = shown;
    const wanted = actionsOf(booking, hotel), names = { name: booking.guestName, receipt: booking.receiptNo };
    const known = [...byId('detail-actions').children].map((button) => button.dataset.do);
    if (known.join() !== wanted.join()) {
      byId('detail-actions').replaceChildren(...wanted.map((action) =>
        el('button', { type: 'button', class: `do ${action}`, 'data-do': action, onclick: () => onAct(action, shown.booking) })));
    }
    for (const button of byId('detail-actions').children) {
      const action = t(`do.${button.dataset.do}`);
      button.classList.toggle('next', button.dataset.do === next(booking));
      setText(button, action);
      button.setAttribute('aria-label', t('do.named', { action, ...names }));
    }
  }

  function drawTime(time) {
    const { booking, hotel } = shown, pending = booking.status === 'PENDING';
    const left = pending ? timeLeft(booking, hotel, time) : null;
    setText(byId('detail-left'), left ? left.words : t(`status.${booking.status}`));
    setText(byId('detail-end'), endWords(booking, hotel, time));
    show(byId('detail-bar'), pending);
    if (left) {
      bar.style.transform = `scaleX(${left.share.toFixed(2)})`;
      detail.dataset.urgency = left.urgency;
    } else delete detail.dataset.urgency;
    const flags = flagsOf(booking, hotel, time), said = JSON.stringify(flags), list = byId('detail-flags');
    if (list.dataset.said === said) return;
    list.dataset.said = said;
    list.replaceChildren(...flags.map(([kind, words]) => el('li', { class: `flag ${kind}` }, words)));
    show(list, flags.length > 0);
  }

  async function tell() {
    const mine = shown;
    mine.revision = mine.booking.revision;
    if (!mine.entries) byId('detail-story').replaceChildren(el('li', {}, t('loading')));
    const entries = await loadHistory(mine.booking.receiptNo);
    if (shown !== mine) return;
    mine.entries = entries;
    drawStory();
  }

  function drawStory() {
    const { entries, hotel } = shown, story = byId('detail-story');
    if (!entries) return;
    if (entries instanceof Error) story.replaceChildren(el('li', { class: 'fault' }, entries.message));
    else if (!entries.length) story.replaceChildren(el('li', {}, t('card.history.none')));
    else story.replaceChildren(...entries.map(({ at, actor, action, detail: more }) => el('li', {},
      el('time', { datetime: at }, brief(at, now(), hotel)), el('strong', {}, t(`action.${action}`)), el('span', {}, [actor, more].filter(Boolean).join(' · ')))));
  }

  byId('detail-close').addEventListener('click', close);
  return { open, close, changed, tick(time) { if (shown) drawTime(time); }, get booking() { return shown?.booking ?? null; } };
}
