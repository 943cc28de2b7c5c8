// How late today's deadlines were, at the foot of the board: a promise that anybody can check. It is
// requested again after the clock did something, at most once a minute.
import { LATENESS } from './board-documents.js';
import { byId, setText, show } from './dom.js';
import { t } from './language.js';

const pause = 60_000;
const ofTheClock = new Set(['REMINDED', 'EXTENDED', 'EXPIRED']);

export function mountLateness({ api }) {
  let lateness = null, timer = null, askedAt = -Infinity;

  async function load() {
    timer = null;
    askedAt = performance.now();
    try {
      lateness = (await api(LATENESS)).hotel.clock;
      update();
    } catch { /* keep the last figures until the next deadline */ }
  }

  function update() {
    const known = lateness !== null && lateness.deadlines > 0;
    show(byId('lateness'), known);
    if (!known) return;
    const ms = (value) => String(Math.round(value));
    const { deadlines: n, medianMs, p99Ms, worstMs } = lateness;
    setText(byId('lateness'), t('board.lateness', { n, median: ms(medianMs), p99: ms(p99Ms), worst: ms(worstMs) }));
  }

  return {
    load, update,
    changed(action) {
      if (!ofTheClock.has(action) || timer !== null) return;
      timer = setTimeout(load, Math.max(1_000, askedAt + pause - performance.now()));
    },
  };
}
