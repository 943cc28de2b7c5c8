// The section "How it works". All its numbers come from the server, so that it promises only what
// the hotel has configured.
import { el, icon } from './dom.js';
import { lengthWords } from './format.js';
import { language, t } from './language.js';

/** The steps as [icon, key, values]. For a later check-in the length of the hold is not named. */
export function steps(hotel, tonight, words) {
  const { holdMinutes, remindMinutes, extendMinutes } = hotel;
  // The server sends no reminder that would be in the first quarter of the hold, so none is
  // promised.
  const reminded = !tonight || remindMinutes <= holdMinutes * 0.75;
  return [
    tonight ? ['clock', 'form.how.hold', { hold: words(holdMinutes) }] : ['clock', 'form.how.later', {}],
    ['wallet', 'form.how.pay', {}],
    ...(reminded ? [['bell', 'form.how.remind', { remind: words(remindMinutes) }]] : []),
    ['pin', 'form.how.near', { extend: words(extendMinutes) }],
    ['leaf', 'form.how.free', {}],
  ];
}

export function showHow(list, hotel, tonight) {
  list.replaceChildren(...steps(hotel, tonight, (minutes) => lengthWords(minutes, language()))
    .map(([name, key, values]) => el('li', {}, icon(name),
      el('div', {}, el('strong', {}, t(key, values)), el('span', {}, t(`${key}.why`))))));
}
