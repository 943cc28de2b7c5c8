// The layout of the radar. Pure functions from bookings to numbers. The hotel is in the middle,
// north is up. Distances are drawn by their square root: the last kilometres matter most, and far
// guests still fit.

export const size = 400, middle = size / 2, reach = 172;

const rims = [1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_100];
const ringsAt = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/**
 * The distance at the outer ring in km: a round number that includes the radius and every guest.
 */
export function rim(distances, radiusKm) {
  const most = Math.max(radiusKm * 1.2, ...distances);
  return rims.find((step) => step >= most) ?? rims[rims.length - 1];
}

/** The rings to draw in km, the outer one last. At most four, to keep the picture simple. */
export const rings = (rimKm) => [...ringsAt.filter((step) => step <= rimKm * 0.75).slice(-3), rimKm];

/** The distance from the middle in units of the drawing. */
export const radiusOf = (km, rimKm) => reach * Math.sqrt(Math.min(1, Math.max(0, km / rimKm)));

/** A position relative to the hotel in units of the drawing. */
export function place({ distanceKm, bearing }, rimKm) {
  const radius = radiusOf(distanceKm, rimKm), angle = (bearing * Math.PI) / 180;
  return { x: middle + radius * Math.sin(angle), y: middle - radius * Math.cos(angle) };
}

/** The opacity of a part of a trail, 0 to 1. The newest part is the most visible. */
export const fade = (index, count) => (count <= 1 ? 1 : 0.15 + (0.65 * index) / (count - 1));

/** One shape for each forecast, so that colour is not needed. */
export const marks = {
  IN_TIME: 'M0 -8A8 8 0 1 1 0 8A8 8 0 1 1 0 -8Z',
  WILL_EXTEND: 'M0 -10L10 0L0 10L-10 0Z',
  WILL_CANCEL: 'M0 -10L10 8L-10 8Z',
  NO_POSITION: 'M-7 -7H7V7H-7Z',
};

/** The guests that can be drawn: pending, not arrived, and sharing. Soonest end first. */
export function onTheWay(bookings) {
  return bookings
    .filter(({ status, arrivedAt, travel }) => status === 'PENDING' && !arrivedAt && travel?.trail.length)
    .sort((a, b) => Date.parse(a.holdUntil) - Date.parse(b.holdUntil) || a.receiptNo.localeCompare(b.receiptNo));
}

/** The number of pending guests for each forecast. */
export function countForecasts(bookings) {
  const found = { IN_TIME: 0, WILL_EXTEND: 0, WILL_CANCEL: 0, NO_POSITION: 0 };
  for (const { status, arrivedAt, forecast, offer } of bookings) if (status === 'PENDING' && !arrivedAt && !offer && forecast in found) found[forecast] += 1;
  return found;
}

/** A name that is short enough to fit beside a dot. */
export function shortName(name) {
  const first = name.trim().split(/\s+/)[0];
  return [...first].length > 12 ? `${[...first].slice(0, 11).join('')}…` : first;
}

/**
 * Places labels so that they do not overlap each other or a dot. Each label goes beside its dot,
 * towards the middle if there is little room outside. If that is taken, it goes to the other side,
 * else step by step up or down; `fits` is false if no place is free. Input: dots with {x, y}, and the
 * boxes of what else must stay readable. Output: {x, y, anchor, fits} for each dot in the same order, where {x, y} is the start or the end of the
 * first of two lines.
 */
export function labelPlaces(dots, others = []) {
  const taken = [...others, ...dots.map(({ x, y }) => ({ left: x - 10, right: x + 10, top: y - 10, bottom: y + 10 }))];
  return dots.map(({ x, y }) => {
    const sides = x > middle + 85 ? ['end', 'start'] : ['start', 'end'];
    const candidates = labelSteps.flatMap((step) => sides.map((anchor) => ({ x: anchor === 'end' ? x - 14 : x + 14, y: y + 4 + step, anchor })));
    const at = candidates.find((candidate) => isInside(labelBox(candidate)) && taken.every((other) => isApart(labelBox(candidate), other)));
    if (!at) return { ...candidates[0], fits: false };
    taken.push(labelBox(at));
    return { ...at, fits: true };
  });
}

/** The boxes of the hotel, of its radius in words, and of the distances at the rings. */
export function scaleBoxes(rimKm, radiusKm) {
  const near = middle - radiusOf(radiusKm, rimKm) - 5;
  const words = rings(rimKm).map((km) => middle + radiusOf(km, rimKm) + 11).map((y) => ({ left: middle - 26, right: middle + 26, top: y - 11, bottom: y + 3 }));
  return [{ left: middle - 10, right: middle + 10, top: middle - 10, bottom: middle + 10 }, { left: middle - 46, right: middle + 46, top: near - 11, bottom: near + 3 }, ...words];
}

/** The place of a label that is shown alone. */
export const besideDot = ({ x, y }) =>
  (x > middle ? { x: x - 14, y: y + 4, anchor: 'end', fits: false } : { x: x + 14, y: y + 4, anchor: 'start', fits: false });

const labelSteps = [0, -16, 16, -32, 32, -48, 48, -64, 64];
const labelBox = ({ x, y, anchor }) => ({ left: anchor === 'end' ? x - 104 : x, right: anchor === 'end' ? x : x + 104, top: y - 13, bottom: y + 17 });
const isInside = ({ left, right }) => left >= 0 && right <= size;
const isApart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
