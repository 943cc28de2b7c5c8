// The signed-in employee. The token of the session is in localStorage, so that a reload or a second
// tab stays signed in.
import { SIGN_IN, SIGN_IN_TELEGRAM } from './board-documents.js';
import { byId, setText, show } from './dom.js';
import { sentenceOf, t } from './language.js';

const key = 'jatah.staff';

export function createSession() {
  let token = read();

  function read() { try { return localStorage.getItem(key); } catch { return null; } }

  return {
    token: () => token,
    keep(next) {
      token = next;
      try { next ? localStorage.setItem(key, next) : localStorage.removeItem(key); } catch { /* then until the page closes */ }
    },
    /** Called when another tab signs out or in. */
    onElsewhere(listener) {
      addEventListener('storage', (event) => { if (event.key === key) { token = event.newValue; listener(); } });
    },
  };
}

/**
 * The code of a sign-in link. It is removed from the address at once, to keep it out of the
 * history.
 */
export function takeCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code !== null) history.replaceState(null, '', location.pathname + location.search);
  return code;
}

/** The user data signed by Telegram, in a Mini App. It is removed from the address too. */
export function takeInitData() {
  const data = new URLSearchParams(location.hash.slice(1)).get('tgWebAppData');
  if (data !== null) history.replaceState(null, '', location.pathname + location.search);
  return data;
}

/** The receipt number of a guest's code that a phone scanned. The address keeps nothing of it. */
export function takeReceipt() {
  const receiptNo = new URLSearchParams(location.hash.slice(1)).get('resi');
  if (receiptNo !== null) history.replaceState(null, '', location.pathname + location.search);
  return receiptNo;
}

/** Accepts a pasted code or the whole pasted link. */
export const codeIn = (pasted) => (pasted.match(/code=([\w-]+)/)?.[1] ?? pasted).trim();

export function mountSignIn({ api, onSignedIn }) {
  let busy = false, saying = null;

  /** Signs in with a code. Returns true on success. */
  async function enter(code) {
    if (busy) return false;
    if (!code) { saying = () => t('board.code.empty'); update(); byId('code').focus(); return false; }
    busy = true;
    saying = null;
    update();
    try {
      const { signInWithCode } = await api(SIGN_IN, { code });
      byId('code').value = '';
      busy = false;
      onSignedIn(signInWithCode);
    } catch (error) {
      busy = false;
      // A refused code is cleared. A code that did not reach the server can be tried again.
      byId('code').value = error.code ? '' : code;
      saying = () => sentenceOf(error);
    }
    update();
    if (saying) byId('code').focus();
    return !saying;
  }

  /** Signs in with Telegram's data. Returns true on success. */
  async function enterByTelegram(initData) {
    try {
      const { signInWithTelegram } = await api(SIGN_IN_TELEGRAM, { initData });
      onSignedIn(signInWithTelegram);
      return true;
    } catch (error) {
      saying = () => sentenceOf(error);
      update();
      return false;
    }
  }

  function update() {
    setText(byId('enter'), t(busy ? 'board.entering' : 'board.enter'));
    byId('enter').setAttribute('aria-disabled', String(busy));
    setText(byId('sign-in-problem'), saying ? saying() : '');
    show(byId('sign-in-problem'), Boolean(saying));
    byId('code').setAttribute('aria-invalid', String(Boolean(saying)));
  }

  byId('sign-in-form').addEventListener('submit', (event) => { event.preventDefault(); enter(codeIn(byId('code').value)); });
  return { enter, enterByTelegram, update, say(sentence) { saying = sentence; update(); } };
}
