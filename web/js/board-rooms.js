// Rooms left tonight, by type. They are requested again after changes, with one request for many
// changes.
import { AVAILABILITY } from './documents.js';
import { byId, el } from './dom.js';
import { t } from './language.js';

export function mountRoomsLeft({ api }) {
  let rooms = [], timer;

  async function load(today) {
    try {
      rooms = (await api(AVAILABILITY, { checkIn: today, nights: 1 })).availability;
      update();
    } catch { /* keep the last numbers until the next change */ }
  }

  function update() {
    byId('rooms').replaceChildren(...rooms.map(({ roomType, available }) => el('li',
      { class: available < 1 ? 'none' : available <= 2 ? 'few' : '', 'data-room': roomType.code },
      el('span', { 'aria-hidden': 'true' }, roomType.name, ' ', el('strong', {}, String(available)), el('small', {}, `/${roomType.rooms}`)),
      el('span', { class: 'hidden-words' }, t('board.rooms.left', { name: roomType.name, n: available, all: roomType.rooms })))));
  }

  return {
    update, load,
    soon(today) { clearTimeout(timer); timer = setTimeout(() => load(today), 400); },
  };
}
