// Where things stand on the radar. Pure: bookings in, numbers out. The hotel is the middle, north is up.
// Distance is drawn by its square root: the last kilometres matter most and the far ones still fit.

export const size = 400, middle = size / 2, reach = 172;

const rims = [1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_100];
const ringsAt = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** The distance at the radar's rim in km: a round number that holds the radius and everybody on the way. */
export function rim(distances, radiusKm) {
  const most = Math.max(radiusKm * 1.2, ...distances);
  return rims.find((step) => step >= most) ?? rims.at(-1);
}

/** The rings to draw in km, the rim last. At most four, because more is clutter. */
export const rings = (rimKm) => [...ringsAt.filter((step) => step <= rimKm * 0.75).slice(-3), rimKm];

/** From the middle, in the drawing's units. */
export const radiusOf = (km, rimKm) => reach * Math.sqrt(Math.min(1, Math.max(0, km / rimKm)));

/** A place seen from the hotel, in the drawing's units. */
export function place({ distanceKm, bearing }, rimKm) {
  const radius = radiusOf(distanceKm, rimKm), angle = (bearing * Math.PI) / 180;
  return { x: middle + radius * Math.sin(angle), y: middle - radius * Math.cos(angle) };
}

/** How visible a piece of a trail is, 0 to 1: the youngest most. */
export const fade = (index, count) => (count <= 1 ? 1 : 0.15 + (0.65 * index) / (count - 1));

/** One shape for each forecast, so that colour is not needed. */
export const marks = {
  IN_TIME: 'M0 -8A8 8 0 1 1 0 8A8 8 0 1 1 0 -8Z',
  WILL_EXTEND: 'M0 -10L10 0L0 10L-10 0Z',
  WILL_CANCEL: 'M0 -10L10 8L-10 8Z',
  NO_POSITION: 'M-7 -7H7V7H-7Z',
};

/** The guests that can be drawn: pending, not at the desk yet, and sharing. Soonest end first. */
export function onTheWay(bookings) {
  return bookings
    .filter(({ status, arrivedAt, travel }) => status === 'PENDING' && !arrivedAt && travel?.trail.length)
    .sort((a, b) => Date.parse(a.holdUntil) - Date.parse(b.holdUntil) || a.receiptNo.localeCompare(b.receiptNo));
}

/** How many pending guests there are of each forecast. */
export function countForecasts(bookings) {
  const found = { IN_TIME: 0, WILL_EXTEND: 0, WILL_CANCEL: 0, NO_POSITION: 0 };
  for (const { status, arrivedAt, forecast } of bookings) if (status === 'PENDING' && !arrivedAt && forecast in found) found[forecast] += 1;
  return found;
}

/** A name short enough to stand beside a dot. */
export function shortName(name) {
  const first = name.trim().split(/\s+/)[0];
  return [...first].length > 12 ? `${[...first].slice(0, 11).join('')}…` : first;
}

/**
 * Labels that do not lie on each other or on a dot: each goes beside its dot, towards the middle where there is
 * little room outside, else to the other side, else up or down by and by. In: dots with {x, y}. Out: {x, y, anchor}
 * for each, in their order; {x, y} is where the first of two lines begins or ends.
 */
export function labelPlaces(dots) {
  const taken = dots.map(({ x, y }) => ({ left: x - 10, right: x + 10, top: y - 10, bottom: y + 10 }));
  return dots.map(({ x, y }) => {
    const sides = x > middle + 85 ? ['end', 'start'] : ['start', 'end'];
    const candidates = labelSteps.flatMap((step) => sides.map((anchor) => ({ x: anchor === 'end' ? x - 14 : x + 14, y: y + 4 + step, anchor })));
    const at = candidates.find((candidate) => isInside(labelBox(candidate)) && taken.every((other) => isApart(labelBox(candidate), other))) ?? candidates[0];
    taken.push(labelBox(at));
    return at;
  });
}

const labelSteps = [0, -16, 16, -32, 32, -48, 48, -64, 64];
const labelBox = ({ x, y, anchor }) => ({ left: anchor === 'end' ? x - 104 : x, right: anchor === 'end' ? x : x + 104, top: y - 13, bottom: y + 17 });
const isInside = ({ left, right }) => left >= 0 && right <= size;
const isApart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
