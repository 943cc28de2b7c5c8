// The language of the page: Indonesian by default, English by the switch. It is stored on this
// device.
import { Unreachable } from './graphql.js';
import { languages, translate } from './text.js';

const key = 'jatah.language';
const listeners = new Set();
let current = remembered();
let speak = (next) => { current = next; }; // draws too, once the page has its switch

function remembered() {
  try {
    const kept = localStorage.getItem(key);
    return languages.includes(kept) ? kept : 'id';
  } catch { return 'id'; } // storage may be blocked; the page works without it
}

export const language = () => current;
export const t = (textKey, values) => translate(current, textKey, values);
export const onLanguage = (listener) => listeners.add(listener);

/** Speaks the language of a code such as `en-GB`, if the pages have it and the guest chose none here. */
export function preferLanguage(code) {
  const [primary] = code.toLowerCase().split(/[-_]/);
  try { if (localStorage.getItem(key)) return; } catch { /* nothing was chosen */ }
  if (languages.includes(primary)) speak(primary);
}

/** Fills the `data-t` (text) and `data-t-label` (aria-label) elements of the page. */
export function applyTexts(root = document) {
  for (const node of root.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
}

/** Activates the language switch in the header and fills in all texts. */
export function mountLanguage(button) {
  speak = (next) => {
    current = next;
    document.documentElement.lang = current;
    applyTexts();
    const short = 'short' in button.dataset; // the board's header is narrow on a phone
    button.textContent = t(short ? 'lang.short' : 'lang.switch');
    if (short) button.setAttribute('aria-label', t('lang.label'));
    button.lang = current === 'id' ? 'en' : 'id'; // the text on the button is in the other language
    for (const listener of listeners) listener(current);
  };
  button.addEventListener('click', () => {
    const next = current === 'id' ? 'en' : 'id';
    try { localStorage.setItem(key, next); } catch { /* then only for this visit */ }
    speak(next);
  });
  speak(current);
}

/** The sentence for an error that `request` threw. */
export function sentenceOf(error, networkKey = 'error.network') {
  if (error?.code) return error.message || t('error.strange');
  return t(error instanceof Unreachable ? networkKey : 'error.strange');
}
