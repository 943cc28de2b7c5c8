// The lines that say whether the board is live: since when it is cut off, what it caught up with, and which parts
// of the hotel's system are not well.
import { byId, setText, show } from './dom.js';
import { ageWords } from './format.js';
import { language, t } from './language.js';

const settle = 1_500, visible = 5_000;
const known = new Set(['telegram', 'courier', 'clock']);

export function mountBanner({ monotonic = () => performance.now() } = {}) {
  const banner = byId('banner');
  let lostAt = null, caughtUp = null, timer, unwell = [];

  function update() {
    const lost = lostAt !== null && monotonic() - lostAt > 1_000; // a blink is no news
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
    /** The parts that are not well. */
    degraded(parts) { unwell = parts; update(); },
    /** The socket's state; true when this is a reconnect. */
    state(state) {
      if (state === 'waiting' && lostAt === null) { lostAt = monotonic(); caughtUp = null; }
      const again = state === 'open' && lostAt !== null;
      if (again) {
        const long = monotonic() - lostAt > 1_000;
        lostAt = null;
        caughtUp = { changes: 0, shown: false };
        clearTimeout(timer);
        // What was missed arrives in one rush right after the reconnect; then it is counted.
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
    /** A change came in; it counts while catching up. True while it does. */
    change() {
      const catching = Boolean(caughtUp && !caughtUp.shown);
      if (catching) caughtUp.changes += 1;
      return catching;
    },
  };
}
