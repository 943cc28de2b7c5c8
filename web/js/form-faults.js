// The faults of the form, each at its field, and the way of the eye to the first one. Which faults
// there are is decided elsewhere (rules.js and the server).
import { byId, setText, show } from './dom.js';

/** The fields that can have a fault, in the order of the page. */
export const faultFields = ['checkIn', 'nights', 'roomType', 'guestName', 'email'];

/** Shows the sentence of each field with a fault: `words` is {field: sentence}. */
export function showFaults(words) {
  for (const field of faultFields) {
    const place = byId(`${field}-error`);
    setText(place, words[field] ?? '');
    show(place, Boolean(words[field]));
    byId(field)?.setAttribute('aria-invalid', String(Boolean(words[field])));
  }
}

/**
 * Puts the focus on the input of a field and its sentence where it is seen. An input that cannot
 * take the focus (a fixed date, rooms that are all sold out) leaves it to the sentence.
 */
export function revealFault(field, input = byId(field)) {
  const sentence = byId(`${field}-error`);
  input?.focus({ preventScroll: true });
  if (!input || document.activeElement !== input) sentence.focus({ preventScroll: true });
  reveal(sentence);
}

/** Scrolls a place into the middle, clear of what sticks to the edge of the screen. */
export function reveal(place) {
  place.scrollIntoView({ block: 'center' });
}

/**
 * Lets the bar with the total stick to the edge of the screen only while it leaves room for the
 * form: with large text, or on a low screen, it would cover what the guest has to read.
 */
export function keepBarLow(bar) {
  function judge() {
    const tall = bar.offsetHeight > innerHeight * 0.4;
    if (tall === bar.classList.contains('tall')) return;
    bar.classList.toggle('tall', tall);
    // The bar has moved, and what the guest was reading in it too.
    if (bar.contains(document.activeElement)) reveal(document.activeElement);
  }
  if (globalThis.ResizeObserver) new ResizeObserver(judge).observe(bar);
  addEventListener('resize', judge);
  judge();
}
