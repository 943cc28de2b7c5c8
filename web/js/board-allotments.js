// The rooms for sale, night by night, with what is sold. Managers set the number of a type for a range
// of nights, or close it. What may be set is the server's decision.
import { ALLOTMENTS, SET_ALLOTMENT } from './board-documents.js';
import { left, mostSold, nightsOf, stretches, table } from './board-allotment-rows.js';
import { byId, closeByBackdrop, closeDialog, el, openDialog, setText, show } from './dom.js';
import { addDays, shortDate } from './format.js';
import { language, sentenceOf, t } from './language.js';

const shownNights = 14, mostNights = 366;

/**
 * @param hotel () => the hotel, with `isManager`
 * @param onSet () => void, called after the server took a change
 */
export function mountAllotments({ api, hotel, onSet }) {
  const dialog = byId('allotments'), from = byId('allot-from'), through = byId('allot-through'), type = byId('allot-type'), rooms = byId('allot-rooms');
  let list = [], first = null, asked = 0, busy = false, problem = null, done = null;

  async function open() {
    first = hotel().today;
    [list, problem, done, busy] = [[], null, null, false];
    [from.value, through.value] = [first, first];
    for (const field of [from, through]) [field.min, field.max] = [first, addDays(first, mostNights - 1)];
    update();
    openDialog(dialog);
    byId('allot-close').focus();
    await load();
    fill();
  }

  async function load() {
    const mine = ++asked;
    try {
      const last = [addDays(first, shownNights - 1), through.value].sort().pop();
      const { allotments } = await api(ALLOTMENTS, { from: [first, from.value].sort()[0], through: last });
      if (mine !== asked) return;
      list = allotments;
    } catch (error) {
      if (mine === asked) problem = sentenceOf(error);
    }
    if (mine === asked) update();
  }

  const chosen = () => nightsOf(list, type.value, from.value, through.value);

  /** Writes the number of the chosen nights into the field, if it is one number. */
  function fill() {
    const numbers = new Set(chosen().map((night) => night.rooms));
    rooms.value = numbers.size === 1 ? String([...numbers][0]) : '';
    update();
  }

  /** A tap on a night chooses it. A tap on a later night of the same type chooses up to it. */
  function choose({ roomType, date }) {
    const goesOn = type.value === roomType.code && date > from.value && from.value === through.value;
    type.value = roomType.code;
    if (!goesOn) from.value = date;
    through.value = date;
    problem = done = null;
    fill();
  }

  async function set(task, words) {
    if (busy) return;
    [busy, problem, done] = [true, null, null];
    update();
    try {
      await task();
      done = words;
      onSet();
    } catch (error) {
      problem = sentenceOf(error);
    }
    busy = false;
    await load();
    update();
  }

  const ask = (variables) => api(SET_ALLOTMENT, { roomType: type.value, closed: null, ...variables });

  function save() {
    const number = /^\d+$/.test(rooms.value.trim()) ? Number(rooms.value) : NaN;
    problem = Number.isNaN(number) ? t('allot.rooms.fault') : null;
    if (problem) { update(); rooms.focus(); return; }
    set(() => ask({ date: from.value, through: through.value, rooms: number }), t('allot.done', { ...words(), n: number }));
  }

  function close(isClosed) {
    const parts = stretches(chosen());
    set(async () => {
      for (const part of parts) await ask({ date: part.from, through: part.through, rooms: part.rooms, closed: isClosed });
    }, t(isClosed ? 'allot.done.closed' : 'allot.done.open', words()));
  }

  const words = () => ({
    name: type.selectedOptions[0]?.textContent ?? '',
    dates: from.value === through.value ? shortDate(from.value, language()) : `${shortDate(from.value, language())} – ${shortDate(through.value, language())}`,
  });

  function update() {
    if (!first) return;
    const { types, nights } = table(list), { isManager } = hotel();
    show(byId('allot-form'), Boolean(isManager) && types.length > 0);
    setText(byId('allot-why'), t(isManager ? 'allot.why.manager' : 'allot.why'));
    drawTypes(types);
    drawTable(types, nights);
    const picked = chosen(), most = mostSold(picked);
    setText(byId('allot-sold'), most && from.value <= through.value ? t('allot.sold', { ...words(), n: most.taken, date: shortDate(most.date, language()) }) : '');
    const isClosed = picked.length > 0 && picked.every(({ closed }) => closed);
    setText(byId('allot-shut'), t(isClosed ? 'allot.open' : 'allot.shut'));
    byId('allot-shut').dataset.closed = String(isClosed);
    for (const button of ['allot-save', 'allot-shut']) byId(button).disabled = busy || !picked.length;
    setText(byId('allot-done'), done ?? '');
    show(byId('allot-done'), Boolean(done));
    setText(byId('allot-problem'), problem ?? '');
    show(byId('allot-problem'), Boolean(problem));
  }

  function drawTypes(types) {
    if ([...type.options].map((option) => option.value).join() === types.map(({ code }) => code).join()) return;
    const before = type.value;
    type.replaceChildren(...types.map(({ code, name }) => el('option', { value: code }, name)));
    if (types.some(({ code }) => code === before)) type.value = before;
  }

  function drawTable(types, nights) {
    const chosenHere = ({ roomType, date }) => hotel().isManager && roomType.code === type.value && date >= from.value && date <= through.value;
    const cell = (allotment) => {
      const { roomType, date, rooms: all, taken, closed } = allotment, { kind } = left(allotment);
      const said = t(closed ? 'allot.cell.closed' : 'allot.cell', { name: roomType.name, date: shortDate(date, language()), n: taken, all });
      const shown = [el('strong', {}, `${taken}/${all}`), closed ? el('small', {}, t('board.rooms.closed')) : kind === 'none' ? el('small', {}, t('board.rooms.full')) : null];
      const content = [el('span', { 'aria-hidden': 'true' }, ...shown), el('span', { class: 'hidden-words' }, said)];
      return el('td', { class: kind }, hotel().isManager
        ? el('button', { type: 'button', onclick: () => choose(allotment), 'aria-pressed': String(Boolean(chosenHere(allotment))), 'data-key': `${roomType.code} ${date}` }, ...content)
        : el('div', {}, ...content));
    };
    const focused = document.activeElement?.dataset?.key;
    byId('allot-table').replaceChildren(
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, t('allot.night')), ...types.map(({ name }) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, ...nights.map(({ date, cells }) => el('tr', {}, el('th', { scope: 'row' }, shortDate(date, language())),
        ...types.map(({ code }) => { const found = cells.find(({ roomType }) => roomType.code === code); return found ? cell(found) : el('td', {}); })))));
    if (focused) [...byId('allot-table').querySelectorAll('[data-key]')].find(({ dataset }) => dataset.key === focused)?.focus();
  }

  /** The dates were typed: they stay in order, and nights that are not loaded yet are. */
  async function dated(changed) {
    if (!from.value) from.value = first;
    if (!through.value || (changed === from && through.value < from.value)) through.value = from.value;
    if (from.value > through.value) from.value = through.value;
    problem = done = null;
    await load();
    fill();
  }

  byId('allotments-open').addEventListener('click', open);
  byId('allot-close').addEventListener('click', () => closeDialog(dialog));
  byId('allot-form').addEventListener('submit', (event) => { event.preventDefault(); save(); });
  byId('allot-shut').addEventListener('click', ({ currentTarget }) => close(currentTarget.dataset.closed !== 'true'));
  for (const field of [from, through]) field.addEventListener('change', () => dated(field));
  type.addEventListener('change', () => { problem = done = null; fill(); });
  closeByBackdrop(dialog);
  return { update, close: () => closeDialog(dialog) };
}
