// The choice of a room type and of the nights in a dialog of the board, with what is free and today's
// prices. It asks the server at each change of the nights, and books nothing.
import { AVAILABILITY } from './board-documents.js';
import { byId, el } from './dom.js';
import { rupiah } from './format.js';
import { sentenceOf, t } from './language.js';

/**
 * The elements are `NAME-types`, `NAME-nights`, `NAME-less` and `NAME-more`.
 *
 * @param hotel () => the hotel
 * @param onChange () => void, called at each choice and after each answer
 */
export function mountStay({ name, api, hotel, onChange }) {
  const list = byId(`${name}-types`), field = byId(`${name}-nights`);
  let rooms = [], asked = 0, checkIn = null, kept = null, problem = null;

  const nights = () => Math.min(hotel().maxNights, Math.max(1, Number.parseInt(field.value, 10) || 1));
  const checked = () => list.querySelector(':checked')?.value;

  /** Starts anew. `keeps` is the code of the room type that the booking has already. */
  function open({ from, count = 1, keeps = null }) {
    [rooms, checkIn, kept, problem] = [[], from, keeps, null];
    field.value = String(count);
    list.replaceChildren(el('li', {}, t('loading')));
    return load();
  }

  async function load() {
    const mine = ++asked;
    problem = null;
    try {
      const { availability } = await api(AVAILABILITY, { checkIn, nights: nights() });
      if (mine !== asked) return;
      rooms = availability;
      draw();
    } catch (error) {
      if (mine === asked) problem = sentenceOf(error);
    }
    if (mine === asked) onChange();
  }

  const isOpen = ({ available, roomType }) => available > 0 || roomType.code === kept;

  function draw() {
    const before = checked() ?? kept;
    const first = rooms.find((room) => isOpen(room) && room.roomType.code === before) ?? rooms.find(isOpen);
    list.replaceChildren(...rooms.map((room) => {
      const { roomType, available } = room, isFree = available > 0;
      const words = roomType.code === kept ? t('stay.kept') : isFree ? t('form.room.left', { n: available }) : t('form.room.soldout');
      return el('li', {}, el('label', {}, el('input', { type: 'radio', name: `${name}-type`, value: roomType.code, disabled: !isOpen(room), checked: room === first }),
        el('span', {}, roomType.name), el('strong', {}, rupiah(roomType.price)), el('small', {}, words)));
    }));
  }

  function setNights(next) {
    field.value = String(next);
    field.value = String(nights());
    onChange();
    load();
  }

  byId(`${name}-less`).addEventListener('click', () => setNights(nights() - 1));
  byId(`${name}-more`).addEventListener('click', () => setNights(nights() + 1));
  field.addEventListener('change', () => setNights(nights()));
  list.addEventListener('change', onChange);
  return {
    open, load, nights,
    /** The chosen room type, with its price. */
    get roomType() { return rooms.find(({ roomType }) => roomType.code === checked())?.roomType ?? null; },
    /** The sentence of a refusal to say what is free. */
    get problem() { return problem; },
    update() { if (rooms.length) draw(); },
  };
}
