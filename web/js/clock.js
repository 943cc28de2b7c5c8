// The server's time on this page. The device's clock may be wrong or may be set while the page is
// open. So this uses only the monotonic counter plus the offset to the server's `hotel.now`.

/**
 * @param monotonic () => ms of a counter that only increases
 * @param wall () => ms of the device's clock, used only to detect a jump
 */
export function createClock({ monotonic = () => performance.now(), wall = () => Date.now() } = {}) {
  let offset = null, trip = Infinity, measuredAt = -Infinity, gap = 0;

  const drifted = () => offset !== null && Math.abs(wall() - monotonic() - gap) > 1_500;

  return {
    /** Takes one answer. The server read its clock about half the round trip earlier. */
    measure(serverNow, sent, received) {
      const thisTrip = received - sent;
      // A quick answer is more exact than a slow one, unless the quick one is too old.
      const stale = drifted() || received - measuredAt > 5 * 60_000;
      if (offset !== null && !stale && thisTrip > trip * 2 + 50) return;
      offset = Date.parse(serverNow) - (sent + thisTrip / 2);
      trip = thisTrip;
      measuredAt = received;
      gap = wall() - monotonic();
    },
    /** Asks by `ask() => {now}`, measures the time, and returns the answer. */
    async sync(ask) {
      const sent = monotonic();
      const answer = await ask();
      this.measure(answer.now, sent, monotonic());
      return answer;
    },
    now: () => monotonic() + (offset ?? wall() - monotonic()),
    /** True after a suspend or a clock change. Some browsers stop the counter during a suspend. */
    drifted,
  };
}

/** Measures the clock on demand: one request at a time, and a pause after a failure. */
export function createMeasure(clock, ask, { monotonic = () => performance.now() } = {}) {
  let running = null, failedAt = -Infinity;
  return function measure() {
    if (running || monotonic() - failedAt < 5_000) return running ?? Promise.resolve(null);
    running = clock.sync(ask)
      .catch(() => { failedAt = monotonic(); return null; })
      .finally(() => { running = null; });
    return running;
  };
}

/** One tick a second for the whole page, at the start of each second of the server's time. */
export function createTicker(clock) {
  const listeners = new Set();
  let timer;
  function tick() {
    clearTimeout(timer);
    const now = clock.now();
    for (const listener of listeners) listener(now);
    timer = setTimeout(tick, 1_000 - (clock.now() % 1_000) + 5);
  }
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') tick(); });
  timer = setTimeout(tick, 0);
  return { add: (listener) => listeners.add(listener), now: tick };
}
