// The search: its results take the place of the lists while something is typed. The loaded bookings
// are searched at once, and the server is asked for older ones. What a search means is decided in
// board-query.js.
import { BOOKINGS } from './board-documents.js';
import { byId, setText, show } from './dom.js';
import { language, t } from './language.js';
import { createList } from './board-list.js';
import { find, readQuery } from './board-query.js';
import { merge } from './board-state.js';
import { rupiah } from './format.js';

const most = 60;

export function mountSearch({ api, state, now, handlers }) {
  const input = byId('search'), results = createList(document.querySelector('[data-list="results"]'), handlers);
  let query = readQuery(''), asked = 0, timer, drawn = '';

  const active = () => Boolean(query.text);

  function update() {
    input.placeholder = t('board.search.short');
    show(byId('results'), active());
    show(byId('columns'), !active());
    document.body.classList.toggle('searching', active());
    if (!active() || !state.hotel) { results.clear(); drawn = ''; return; }
    const found = find([...state.bookings.values()], query, state.hotel), key = found.map(({ receiptNo }) => receiptNo).slice(0, most).join();
    results.show(found.slice(0, most), state.hotel, now(), key !== drawn);
    drawn = key;
    const owed = found.length > 0 && query.amount !== null && found.every(({ price, status }) => price === query.amount && status === 'PENDING');
    setText(byId('results-head'), owed ? t('board.search.owed', { n: found.length, price: rupiah(query.amount) }) : t('board.search.found', { n: found.length }));
    setText(byId('results-more'), found.length > most ? t('board.search.more', { n: most }) : '');
    show(byId('results-more'), found.length > most);
    byId('results').lang = language();
  }

  function searchFor(words) {
    query = readQuery(words);
    const mine = ++asked;
    clearTimeout(timer);
    update();
    if (query.text.length < 2) return;
    timer = setTimeout(async () => {
      try {
        const { bookings } = await api(BOOKINGS, { filter: { search: query.text.slice(0, 80) }, first: 20 });
        if (mine !== asked) return;
        for (const booking of bookings.nodes) merge(state, booking);
        update();
      } catch { /* the loaded bookings are searched already */ }
    }, 350);
  }

  function clear() {
    input.value = '';
    searchFor('');
  }

  input.addEventListener('input', () => searchFor(input.value));

  return {
    update, clear, active,
    tick(time) { if (active()) results.tick(time); },
    select(receiptNo, selected) { results.row(receiptNo)?.select(selected); },
  };
}
