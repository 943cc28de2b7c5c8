// The chosen language of the page: Indonesian first, English by the switch, remembered on this device.
import { Unreachable } from './graphql.js';
import { languages, translate } from './text.js';

const key = 'jatah.language';
const listeners = new Set();
let current = remembered();

function remembered() {
  try {
    const kept = localStorage.getItem(key);
    return languages.includes(kept) ? kept : 'id';
  } catch { return 'id'; } // storage may be forbidden; the page works without
}

export const language = () => current;
export const t = (textKey, values) => translate(current, textKey, values);
export const onLanguage = (listener) => listeners.add(listener);

/** Fills `data-t` (text) and `data-t-label` (aria-label) places of the page's HTML. */
export function applyTexts(root = document) {
  for (const node of root.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
}

/** Makes the header's switch work and the page speak. */
export function mountLanguage(button) {
  const update = () => {
    document.documentElement.lang = current;
    applyTexts();
    const short = 'short' in button.dataset; // the board's header is narrow on a phone
    button.textContent = t(short ? 'lang.short' : 'lang.switch');
    if (short) button.setAttribute('aria-label', t('lang.label'));
    button.lang = current === 'id' ? 'en' : 'id'; // the words on the button are in the other language
    for (const listener of listeners) listener(current);
  };
  button.addEventListener('click', () => {
    current = current === 'id' ? 'en' : 'id';
    try { localStorage.setItem(key, current); } catch { /* then only for this visit */ }
    update();
  });
  update();
}

/** The sentence for whatever `request` threw. */
export function sentenceOf(error, networkKey = 'error.network') {
  if (error?.code) return error.message || t('error.strange');
  return t(error instanceof Unreachable ? networkKey : 'error.strange');
}
