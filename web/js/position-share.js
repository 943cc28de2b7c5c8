// The switch that shares the guest's position. The browser is not asked before the tap.
import { byId, setText, show } from './dom.js';
import { clockTime } from './format.js';
import { language, t } from './language.js';
import { keepScreenOn } from './screen-lock.js';
import { longestSilence, recordedAt, sendIn } from './position-rule.js';

const denied = 1; // GeolocationPositionError: the guest or the browser refused. 2 and 3 are temporary.

/**
 * @param send (position) => Promise, rejects if the position was not accepted
 * @param now () => ms, the server's time
 */
export function mountShare({ receiptNo, send, now }) {
  const button = byId('share-switch');
  const remember = `jatah.share.${receiptNo}`; // only whether to share; never a position or the token
  let on = false, watch = null, last = null, trailing, quiet, timezone = null;
  let saying = null; // {key, at?}
  const options = { enableHighAccuracy: true, maximumAge: 10_000, timeout: 30_000 };
  // The second way, when no fresh position is to be had: a coarse or older one, sent with its age.
  const coarse = { enableHighAccuracy: false, maximumAge: 900_000, timeout: 30_000 };

  function turnOn() {
    if (!navigator.geolocation || !globalThis.isSecureContext) return say('share.unsupported');
    on = true;
    keep('1');
    say('share.asking');
    watchAgain();
    listenForQuiet();
    keepScreenOn('position', true);
    return undefined;
  }

  /** Starts the watch, again if it runs: browsers end one in the background without a word. */
  function watchAgain() {
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = navigator.geolocation.watchPosition(take, miss, options);
  }

  function turnOff(words = null) {
    on = false;
    keep(null);
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
    clearTimeout(trailing);
    clearTimeout(quiet);
    keepScreenOn('position', false);
    say(words);
  }

  function take({ coords, timestamp }) {
    if (!on) return;
    const fix = { latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy, stamp: timestamp };
    if (saying?.key === 'share.lost') say(last ? 'share.sent' : 'share.asking');
    const wait = sendIn(last, fix, now());
    clearTimeout(trailing);
    if (wait === 0) report(fix);
    else if (wait !== null) trailing = setTimeout(() => report(fix), wait);
  }

  function miss(error) {
    if (!on) return;
    if (error.code === denied) return turnOff('share.denied');
    say('share.lost');
    return undefined;
  }

  async function report(fix) {
    const before = last;
    last = { fix, at: now() };
    listenForQuiet();
    try {
      await send({
        latitude: fix.latitude, longitude: fix.longitude, accuracyMetres: fix.accuracy,
        recordedAt: recordedAt(fix.stamp, Date.now(), now()),
      });
      if (on) say('share.sent');
    } catch (error) {
      if (!on) return;
      if (error.code === 'NOT_ALLOWED' || error.code?.startsWith('ALREADY')) return turnOff();
      // Not accepted: try again with the next fix, but not at once, to spare a server with a fault.
      last = before && { fix: before.fix, at: Math.max(before.at, now() - 45_000) };
      say('share.unsent');
      if (!last) trailing = setTimeout(() => on && report(fix), 5_000);
    }
  }

  /**
   * Asks for a fix after a long silence. The browser reports only movement, and a guest who does not
   * move must stay visible.
   */
  function listenForQuiet() {
    clearTimeout(quiet);
    if (on) quiet = setTimeout(() => { watchAgain(); ask(); listenForQuiet(); }, longestSilence);
  }

  function ask() {
    const second = (error) => {
      if (on && error.code !== denied) navigator.geolocation.getCurrentPosition(take, miss, coarse);
      else miss(error);
    };
    navigator.geolocation.getCurrentPosition(take, second, { ...options, maximumAge: 0 });
  }

  /** The page is seen again. */
  function wake() {
    if (document.visibilityState !== 'visible' || !on) return;
    watchAgain();
    ask();
  }

  function keep(value) {
    try { value ? sessionStorage.setItem(remember, value) : sessionStorage.removeItem(remember); } catch { /* then not */ }
  }

  function say(key) {
    saying = key && { key, when: key === 'share.sent' ? last?.at : undefined };
    update();
  }

  function update() {
    button.setAttribute('aria-checked', String(on));
    const place = byId('share-state');
    const when = saying?.when && timezone ? clockTime(saying.when, timezone, language()) : '';
    setText(place, saying ? t(saying.key, { when }) : '');
    place.classList.toggle('bad', saying?.key === 'share.denied' || saying?.key === 'share.unsupported');
    show(place, Boolean(saying));
  }

  button.addEventListener('click', () => (on ? turnOff() : turnOn()));
  document.addEventListener('visibilitychange', wake);
  addEventListener('pageshow', (event) => { if (event.persisted) wake(); });

  return {
    /** Continues sharing after a reload, but only if the browser does not ask again. */
    async resume() {
      try {
        if (!sessionStorage.getItem(remember)) return;
        const { state } = await navigator.permissions.query({ name: 'geolocation' });
        if (state === 'granted' && !on) turnOn();
      } catch { /* then the guest taps */ }
    },
    stop: () => { if (on) turnOff(); },
    update: (zone) => { timezone = zone; update(); },
  };
}
