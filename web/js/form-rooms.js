// The room types as cards. Input: what is available. Output: the code of the chosen type.
import { el, arrange, setText } from './dom.js';
import { rupiah } from './format.js';
import { t } from './language.js';

export function mountRooms(parent, { onChoose }) {
  const cards = new Map();

  function make(code) {
    const input = el('input', { type: 'radio', name: 'roomType', value: code, onchange: () => onChoose(code) });
    const name = el('span', { class: 'room-name' });
    const price = el('strong'), per = el('span', { class: 'per' });
    const left = el('span', { class: 'left' });
    const node = el('label', { class: 'room', 'data-room': code },
      input, el('span', { class: 'room-head' }, name, left), el('span', { class: 'room-price' }, price, ' ', per));
    return { node, input, name, price, per, left };
  }

  return {
    /** Shows `rooms` (the answer of `availability`, in its order) with `chosen` selected. */
    update(rooms, chosen) {
      const nodes = rooms.map(({ roomType, available }) => {
        if (!cards.has(roomType.code)) cards.set(roomType.code, make(roomType.code));
        const card = cards.get(roomType.code);
        const soldOut = available < 1;
        setText(card.name, roomType.name);
        setText(card.price, rupiah(roomType.price));
        setText(card.per, t('form.room.night'));
        setText(card.left, soldOut ? t('form.room.soldout') : t('form.room.left', { n: available }));
        card.left.classList.toggle('few', !soldOut && available <= 3);
        card.input.disabled = soldOut;
        card.input.checked = !soldOut && roomType.code === chosen;
        card.node.classList.toggle('sold-out', soldOut);
        return card.node;
      });
      arrange(parent, nodes);
    },
    /** The input that may have the focus: of the chosen room, else of the first free one. */
    input() {
      return parent.querySelector('input:checked') ?? parent.querySelector('input:enabled');
    },
  };
}
