// The three lists and the search in them. Input: the board's state. Cards are reused by receipt
// number.
import { BOOKINGS } from './documents.js';
import { arrange, byId, setText, show } from './dom.js';
import { t } from './language.js';
import { createCard } from './board-card.js';
import { counts, lists, matches, merge } from './board-state.js';

const sections = ['pending', 'paid', 'cancelled'];

export function mountLists({ api, state, onAsk, loadHistory, now }) {
  const cards = new Map();
  let search = '', archive = [], asked = 0, timer;
  const list = (name) => document.querySelector(`[data-list="${name}"]`);

  function card(booking) {
    const { receiptNo } = booking;
    if (!cards.has(receiptNo)) cards.set(receiptNo, createCard({ onAsk, loadHistory }));
    cards.get(receiptNo).update(booking, state.hotel, now());
    return cards.get(receiptNo).node;
  }

  function update() {
    if (!state.hotel) return;
    const all = lists(state), numbers = counts(all), shown = new Set();
    for (const name of sections) {
      const found = all[name].filter((booking) => matches(booking, search));
      found.forEach(({ receiptNo }) => shown.add(receiptNo));
      arrange(list(name), found.map(card));
      for (const place of document.querySelectorAll(`[data-count="${name}"]`)) setText(place, String(numbers[name]));
      const empty = document.querySelector(`[data-empty="${name}"]`);
      setText(empty, t(search.trim() && numbers[name] ? 'board.search.none' : `board.${name}.none`));
      show(empty, !found.length);
    }
    const older = search.trim() ? archive.filter((receiptNo) => !shown.has(receiptNo)).map((receiptNo) => state.bookings.get(receiptNo)) : [];
    older.forEach(({ receiptNo }) => shown.add(receiptNo));
    arrange(list('archive'), older.map(card));
    show(byId('archive'), older.length > 0);
    for (const receiptNo of cards.keys()) if (!shown.has(receiptNo)) cards.delete(receiptNo);
    byId('search').placeholder = t('board.search');
  }

  /** Filters the loaded bookings at once, and asks the server for older ones. */
  function searchFor(words) {
    search = words;
    archive = [];
    const mine = ++asked;
    clearTimeout(timer);
    update();
    if (search.trim().length < 2) return;
    timer = setTimeout(async () => {
      try {
        const { bookings } = await api(BOOKINGS, { filter: { search: search.trim() }, first: 20 });
        if (mine !== asked) return;
        for (const booking of bookings.nodes) merge(state, booking);
        archive = bookings.nodes.map(({ receiptNo }) => receiptNo);
        update();
      } catch { /* the loaded bookings are filtered already */ }
    }, 350);
  }

  function choose(name) {
    byId('columns').dataset.section = name;
    for (const tab of byId('tabs').querySelectorAll('[data-tab]')) {
      if (tab.dataset.tab === name) tab.setAttribute('aria-current', 'true');
      else tab.removeAttribute('aria-current');
    }
  }

  byId('tabs').addEventListener('animationend', (event) => { delete event.target.closest('[data-tab]').dataset.news; });
  byId('search').addEventListener('input', (event) => searchFor(event.target.value));
  byId('tabs').addEventListener('click', (event) => {
    const tab = event.target.closest('[data-tab]');
    if (tab) { choose(tab.dataset.tab); scrollTo({ top: 0 }); }
  });

  return {
    update,
    tick(time) { for (const each of cards.values()) if (each.booking.status === 'PENDING') each.tick(time); },
    /** Highlights the card, and on a phone also its tab. */
    notice(receiptNo, kind) {
      cards.get(receiptNo)?.notice(kind);
      byId('tabs').querySelector(`[data-tab="${kind === 'gone' ? 'cancelled' : 'pending'}"]`).dataset.news = kind;
    },
    /** Scrolls to a booking's card and opens its history. */
    open(receiptNo) {
      choose('pending');
      cards.get(receiptNo)?.open();
    },
    clear() { cards.clear(); archive = []; for (const name of [...sections, 'archive']) list(name).replaceChildren(); },
  };
}
