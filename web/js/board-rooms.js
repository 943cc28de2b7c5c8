// Rooms left tonight, by type, always with the date they are for. They are requested again after
// changes, with one request for many changes.
import { ALLOTMENTS } from './board-documents.js';
import { left } from './board-allotment-rows.js';
import { byId, el, setText } from './dom.js';
import { shortDate } from './format.js';
import { language, t } from './language.js';

export function mountRoomsLeft({ api }) {
  let tonight = [], date = null, timer;

  async function load(today) {
    try {
      const { allotments } = await api(ALLOTMENTS, { from: today, through: today });
      [tonight, date] = [allotments, today];
      update();
    } catch { /* keep the last numbers until the next change */ }
  }

  function update() {
    if (!date) return;
    const day = shortDate(date, language());
    setText(byId('rooms-date'), t('board.rooms.date', { date: day }));
    byId('rooms').replaceChildren(...tonight.map((allotment) => {
      const { roomType, rooms } = allotment, { free, kind } = left(allotment), { name } = roomType;
      const words = { none: t('board.rooms.full'), closed: t('board.rooms.closed') }[kind];
      return el('span', { class: `chip ${kind}`, 'data-room': roomType.code },
        el('span', { 'aria-hidden': 'true' }, name, ' ', el('strong', {}, words ?? String(free)), words ? null : el('small', {}, `/${rooms}`)),
        el('span', { class: 'hidden-words' }, words ? t('board.rooms.not', { name, date: day, words }) : t('board.rooms.left', { name, date: day, n: free, all: rooms })));
    }));
  }

  return {
    update, load,
    soon(today) { clearTimeout(timer); timer = setTimeout(() => load(today), 400); },
  };
}
