// The lists of the board and the numbers beside them, the tabs of narrow screens, and which booking is
// selected. It draws no booking itself, and does not search.
import { byId, setText, show } from './dom.js';
import { t } from './language.js';
import { createList } from './board-list.js';
import { counts, lists, standing } from './board-state.js';

const names = ['desk', 'offer', 'way', 'paid', 'cancelled'];

/** @param handlers {onAct, onOpen, next}, as for a list */
export function mountLists({ state, now, handlers }) {
  const shown = Object.fromEntries(names.map((name) => [name, createList(document.querySelector(`[data-list="${name}"]`), handlers)]));
  let selected = null, numbers = null;

  function update() {
    if (!state.hotel) return;
    const all = lists(state), focusedOn = focusedReceipt();
    for (const name of names) shown[name].show(all[name], state.hotel, now());
    showCounts(counts(all));
    if (selected) mark(selected, true); // it may have moved to another list
    // A row that moves to another list is another element there.
    if (focusedOn && document.activeElement === document.body) row(focusedOn)?.node.querySelector('.row-name').focus({ preventScroll: true });
  }

  const focusedReceipt = () => document.activeElement?.closest?.('#columns .row')?.dataset.receipt;

  function showCounts(next) {
    const said = `${JSON.stringify(next)} ${t('board.pending')}`;
    if (said === numbers) return;
    numbers = said;
    for (const place of document.querySelectorAll('[data-count]')) setText(place, String(next[place.dataset.count] ?? place.textContent));
    for (const place of document.querySelectorAll('[data-empty]')) {
      setText(place, t(`board.${place.dataset.empty}.none`));
      show(place, !next[place.dataset.empty]);
    }
    show(byId('desk-head'), next.desk > 0);
    show(byId('offer-head'), next.offer > 0);
    show(byId('way-head'), next.way > 0);
  }

  function row(receiptNo) {
    const booking = state.bookings.get(receiptNo);
    return booking && shown[standing(booking, state.hotel).list]?.row(receiptNo);
  }

  const mark = (receiptNo, isSelected) => { for (const name of names) shown[name].row(receiptNo)?.select(isSelected); };

  function choose(section) {
    byId('columns').dataset.section = section;
    for (const tab of byId('tabs').querySelectorAll('[data-tab]')) {
      if (tab.dataset.tab === section) tab.setAttribute('aria-current', 'true');
      else tab.removeAttribute('aria-current');
    }
  }

  byId('tabs').addEventListener('animationend', (event) => { delete event.target.closest('[data-tab]').dataset.news; });
  byId('tabs').addEventListener('click', (event) => {
    const tab = event.target.closest('[data-tab]');
    if (tab) { choose(tab.dataset.tab); scrollTo({ top: 0 }); }
  });

  return {
    update,
    tick(time) { for (const name of names) shown[name].tick(time); },
    select(receiptNo) {
      if (selected) mark(selected, false);
      selected = receiptNo;
      if (selected) mark(selected, true);
    },
    /** Highlights the row, and on a phone also its tab. */
    notice(receiptNo, kind) {
      row(receiptNo)?.notice(kind);
      byId('tabs').querySelector(`[data-tab="${kind === 'gone' ? 'cancelled' : 'pending'}"]`).dataset.news = kind;
    },
    clear() { selected = numbers = null; for (const name of names) shown[name].clear(); },
  };
}
