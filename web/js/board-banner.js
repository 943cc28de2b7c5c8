// The lines that show whether the board is live: since when it is disconnected, how many changes it
// has caught up with, and which parts of the system are degraded.
import { byId, setText, show } from './dom.js';
import { ageWords } from './format.js';
import { language, t } from './language.js';

const settle = 1_500, visible = 5_000;
const known = new Set(['telegram', 'courier', 'clock', 'limits', 'store', 'webhook']);

export function mountBanner({ monotonic = () => performance.now() } = {}) {
  const banner = byId('banner');
  let lostAt = null, caughtUp = null, timer, unwell = [];

  function update() {
    const lost = lostAt !== null && monotonic() - lostAt > 1_000; // a very short loss is not shown
    banner.className = `note ${lost ? 'warn' : 'good'}`;
    setText(banner, lost ? t('board.lost', { for: ageWords(monotonic() - lostAt, language()) })
      : caughtUp?.shown ? t('board.back', { n: caughtUp.changes }) : '');
    show(banner, lost || Boolean(caughtUp?.shown));
    document.body.classList.toggle('cut-off', lost);
    const sentences = unwell.map(({ part, reason }) => (known.has(part) ? t(`degraded.${part}`) : `${part}: ${reason}`));
    setText(byId('degraded'), sentences.join(' '));
    byId('degraded').title = unwell.map(({ part, reason }) => `${part}: ${reason}`).join('\n');
    show(byId('degraded'), sentences.length > 0);
  }

  return {
    update,
    /** Sets the degraded parts. */
    degraded(parts) { unwell = parts; update(); },
    /** Sets the state of the socket. Returns true if this is a reconnect. */
    state(state) {
      if (state === 'waiting' && lostAt === null) { lostAt = monotonic(); caughtUp = null; }
      const again = state === 'open' && lostAt !== null;
      if (again) {
        const long = monotonic() - lostAt > 1_000;
        lostAt = null;
        caughtUp = { changes: 0, shown: false };
        clearTimeout(timer);
        // The missed changes arrive directly after the reconnect. Wait for them, then show the
        // count.
        timer = setTimeout(() => {
          if (!caughtUp) return;
          caughtUp.shown = long || caughtUp.changes > 0;
          update();
          timer = setTimeout(() => { caughtUp = null; update(); }, visible);
        }, settle);
      }
      update();
      return again;
    },
    /** Counts a change while the board catches up. Returns whether it does. */
    change() {
      const catching = Boolean(caughtUp && !caughtUp.shown);
      if (catching) caughtUp.changes += 1;
      return catching;
    },
  };
}
