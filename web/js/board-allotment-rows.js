// The rooms for sale as the board shows them: of tonight as a line, and night by night as a table.
// Pure functions of the server's list of `{roomType, date, rooms, taken, closed}`.

/** How many can still be sold on a night, and whether that is few or none. */
export function left({ rooms, taken, closed }) {
  const free = closed ? 0 : Math.max(0, rooms - taken);
  // A type of which nothing is sold is not running out, however small it is.
  const kind = closed ? 'closed' : free < 1 ? 'none' : free <= 2 && free < rooms ? 'few' : '';
  return { free, kind };
}

/** The list as `{types, nights: [{date, cells}]}`, with the cells in the order of the types. */
export function table(allotments) {
  const types = [], nights = new Map();
  for (const allotment of allotments) {
    const { roomType, date } = allotment;
    if (!types.some(({ code }) => code === roomType.code)) types.push(roomType);
    if (!nights.has(date)) nights.set(date, { date, cells: [] });
    nights.get(date).cells.push(allotment);
  }
  return { types, nights: [...nights.values()] };
}

/** The nights of a type from one date to another. */
export const nightsOf = (allotments, code, from, through) =>
  allotments.filter(({ roomType, date }) => roomType.code === code && date >= from && date <= through);

/** The most that are sold on one of these nights, and on which night first. Null for no nights. */
export function mostSold(nights) {
  return nights.reduce((most, { taken, date }) => (most && most.taken >= taken ? most : { taken, date }), null);
}

/**
 * The stretches of consecutive nights with the same number of rooms as `{from, through, rooms}`. To
 * close or open a type must not change its number, and one request sets one number.
 */
export function stretches(nights) {
  const found = [];
  for (const { date, rooms } of nights) {
    const last = found[found.length - 1];
    if (last?.rooms === rooms) last.through = date;
    else found.push({ from: date, through: date, rooms });
  }
  return found;
}
