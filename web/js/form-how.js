// "How it works", from the server's own figures: nothing here may promise what the hotel did not configure.
import { el, icon } from './dom.js';
import { lengthWords } from './format.js';
import { language, t } from './language.js';

/** The steps as [icon, key, values]. A later check-in day has its own end of hold, so no length is named. */
export function steps(hotel, tonight, words) {
  const { holdMinutes, remindMinutes, extendMinutes } = hotel;
  // The server leaves a reminder out that would fall in the hold's first quarter; then none is promised.
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
