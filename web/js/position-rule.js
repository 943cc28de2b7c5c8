// Decides when to send a position fix. Pure functions. A phone has one fix a second. The hotel
// needs far fewer, and fewer save battery and data.

export const leastGap = 5_000;        // between two reports, at any speed
export const farEnough = 50;          // metres moved
export const longEnough = 60_000;     // without movement: to show that the fix is fresh
export const longestSilence = 600_000; // then ask for a fix, because the browser may have stopped

/** Great-circle distance in metres. */
export function metresBetween(a, b) {
  const radians = Math.PI / 180;
  const half = (from, to) => Math.sin((to - from) * radians / 2) ** 2;
  const chord = half(a.latitude, b.latitude)
    + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * half(a.longitude, b.longitude);
  return 2 * 6_371_000 * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/**
 * Milliseconds until this fix may be sent: 0 for now, null for never. `last` is {fix, at} or null.
 */
export function sendIn(last, fix, now) {
  if (!last) return 0;
  const since = now - last.at;
  if (since >= longEnough) return 0;
  if (metresBetween(last.fix, fix) < farEnough) return null;
  return Math.max(0, leastGap - since);
}

const oldestPossible = 366 * 86_400_000;

/**
 * When the fix was taken, in server time. The browser uses the device's clock for fixes. That clock
 * may be wrong, but the age of the fix by the same clock is right, also if it is hours. Only an age
 * that is impossible counts as none: some browsers count the time of a fix from another year.
 */
export function recordedAt(stamp, deviceNow, serverNow) {
  const age = deviceNow - stamp;
  return new Date(serverNow - (age > 0 && age < oldestPossible ? age : 0)).toISOString();
}
