// Who waits for a room tonight, in the order of the line. Offers are bookings and stand in a list of
// their own. The server sends the line after every change; it offers nothing itself.
import { byId, el, setText, show } from './dom.js';
import { clockTime, rupiah } from './format.js';
import { language, t } from './language.js';

/** @param hotel () => the hotel */
export function mountWaiting({ hotel }) {
  let line = [];

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
    update,
    /** Takes the line of the server. Who was offered a room stands in the list of offers. */
    take(guests) {
      line = guests.filter(({ receiptNo }) => !receiptNo);
      update();
    },
  };
}
