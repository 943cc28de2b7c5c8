// When a fix is worth sending. Pure. A phone gives one a second; the hotel needs far fewer,
// and the guest's battery and data plan fewer still.

export const leastGap = 5_000;        // between two reports, however fast the car
export const farEnough = 50;          // metres moved
export const longEnough = 60_000;     // a standing guest still shows that the fix is fresh
export const longestSilence = 600_000; // then a fix is asked for, because the browser may have gone quiet

/** Great-circle distance in metres. */
export function metresBetween(a, b) {
  const radians = Math.PI / 180;
  const half = (from, to) => Math.sin((to - from) * radians / 2) ** 2;
  const chord = half(a.latitude, b.latitude)
    + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * half(a.longitude, b.longitude);
  return 2 * 6_371_000 * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** Milliseconds until this fix may be sent: 0 for now, null for not at all. `last` is {fix, at} or null. */
export function sendIn(last, fix, now) {
  if (!last) return 0;
  const since = now - last.at;
  if (since >= longEnough) return 0;
  if (metresBetween(last.fix, fix) < farEnough) return null;
  return Math.max(0, leastGap - since);
}

/**
 * When the fix was taken, on the server's time. The browser stamps fixes with the device's clock, which
 * may be wrong; but the fix's age by that same clock is right.
 */
export function recordedAt(stamp, deviceNow, serverNow) {
  const age = deviceNow - stamp;
  return new Date(serverNow - (age > 0 && age < 3_600_000 ? age : 0)).toISOString();
}
