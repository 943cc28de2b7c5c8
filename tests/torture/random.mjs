// Seeded randomness, so that a run can be repeated with the same decisions. The times at which they
// are carried out differ from run to run.

/** A generator of numbers from 0 to 1 (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const between = (random, least, most) => least + random() * (most - least);
export const oneOf = (random, items) => items[Math.floor(random() * items.length)];
