// What Telegram gives a page that it opens as a Mini App (core.telegram.org/bots/webapps), in the
// fragment of the address. It is moved from the address into this tab, so that a reload keeps it and
// the history does not. Nothing here is trusted: the server checks the signature of `initData`.
import { tabStorage } from './storage.js';

const key = 'jatah.launch';

/** The launch of this page, or null outside Telegram. */
export function takeLaunch({ place = location, record = history, storage = tabStorage } = {}) {
  const fresh = launchOf(place.hash);
  if (fresh) {
    storage.setItem(key, place.hash);
    record.replaceState(null, '', place.pathname + place.search);
  }
  return fresh ?? launchOf(storage.getItem(key) ?? '');
}

/**
 * The launch in a fragment as {initData, name, languageCode, theme, version}, or null.
 * `theme` has Telegram's names of colours, `version` is the one of its interface for Mini Apps.
 */
export function launchOf(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const initData = given.get('tgWebAppData');
  if (!initData) return null;
  const user = objectIn(new URLSearchParams(initData).get('user'));
  return {
    initData,
    name: [user.first_name, user.last_name].filter((part) => typeof part === 'string' && part).join(' '),
    languageCode: String(user.language_code ?? ''),
    theme: objectIn(given.get('tgWebAppThemeParams')),
    version: Number.parseFloat(given.get('tgWebAppVersion')) || 0,
  };
}

function objectIn(json) {
  try {
    const value = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : {};
  } catch { return {}; }
}
