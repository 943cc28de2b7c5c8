// Who waits for a room tonight, in the order of the line. Offers are bookings and stand in a list of
// their own. It is requested again after changes, with one request for many; it offers nothing itself.
import { WAITING_LIST } from './board-documents.js';
import { byId, el, setText, show } from './dom.js';
import { clockTime, rupiah } from './format.js';
import { language, t } from './language.js';

/** @param hotel () => the hotel */
export function mountWaiting({ api, hotel }) {
  let line = [], timer;

  async function load() {
    if (!hotel()) return;
    try {
      const { waitingList } = await api(WAITING_LIST, { checkIn: hotel().today });
      line = waitingList.filter(({ receiptNo }) => !receiptNo);
      update();
    } catch { /* keep the last line until the next change */ }
  }

  function update() {
    if (!hotel()) return;
    show(byId('waiting'), line.length > 0);
    setText(byId('waiting-count'), String(line.length));
    byId('waiting-line').replaceChildren(...line.map(({ guestName, channel, roomType, maxPrice, nights, since }) => {
      const what = roomType ? roomType.name : [t('board.waiting.any'), maxPrice && t('board.waiting.most', { price: rupiah(maxPrice) })].filter(Boolean).join(', ');
      const words = [what, t('unit.nights', { n: nights }), t(`channel.${channel}`), t('board.waiting.since', { time: clockTime(since, hotel().timezone, language()) })];
      return el('li', { class: 'waiting' }, el('strong', {}, guestName), el('span', {}, words.join(' · ')));
    }));
  }

  return {
    load, update,
    soon() { clearTimeout(timer); timer = setTimeout(load, 500); },
  };
}
