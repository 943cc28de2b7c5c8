// Rooms left tonight, by type, always with the date they are for. They are requested again after changes, with one request for many
// changes.
import { AVAILABILITY } from './documents.js';
import { byId, el, setText } from './dom.js';
import { shortDate } from './format.js';
import { language, t } from './language.js';

export function mountRoomsLeft({ api }) {
  let rooms = [], date = null, timer;

  async function load(today) {
    try {
      date = today;
      rooms = (await api(AVAILABILITY, { checkIn: today, nights: 1 })).availability;
      update();
    } catch { /* keep the last numbers until the next change */ }
  }

  function update() {
    if (!date) return;
    const day = shortDate(date, language());
    setText(byId('rooms-date'), t('board.rooms.date', { date: day }));
    byId('rooms').replaceChildren(...rooms.map(({ roomType, available }) => el('li', { class: kind(available, roomType.rooms), 'data-room': roomType.code },
      el('span', { 'aria-hidden': 'true' }, roomType.name, ' ', el('strong', {}, available < 1 ? t('board.rooms.full') : String(available)), available < 1 ? null : el('small', {}, `/${roomType.rooms}`)),
      el('span', { class: 'hidden-words' }, t('board.rooms.left', { name: roomType.name, date: day, n: available, all: roomType.rooms })))));
  }

  /** Few are left, or none. A type of which nothing is sold is neither, however small. */
  const kind = (available, all) => (available < 1 ? 'none' : available <= 2 && available < all ? 'few' : '');

  return {
    update, load,
    soon(today) { clearTimeout(timer); timer = setTimeout(() => load(today), 400); },
  };
}
