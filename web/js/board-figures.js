// The figures of a hotel day as the board shows them: bars, lines and the rows of the CSV files. Pure
// functions of the server's summary.
import { addDays } from './format.js';

/**
 * The bars of the bookings by hour, in the order of the hotel day: it begins at `dayStartsAt`, so the
 * hours after midnight come last. `share` is the height, 0 to 1.
 */
export function hourBars(byHour, dayStartsAt) {
  const most = Math.max(1, ...byHour), start = Number(dayStartsAt.slice(0, 2));
  return byHour.map((_, step) => {
    const hour = (start + step) % byHour.length;
    return { hour, n: byHour[hour], share: byHour[hour] / most };
  });
}

/** The bars of what became of bookings on the day. */
export function outcomeBars({ paid, expired, cancelled, atDesk }) {
  const found = [['paid', paid], ['expired', expired], ['cancelled', cancelled], ['atDesk', atDesk]];
  const most = Math.max(1, ...found.map(([, n]) => n));
  return found.map(([name, n]) => ({ name, n, share: n / most }));
}

/** The hotel day that `days` later is shown; none after today. */
export const dayBeside = (date, days, today) => [addDays(date, days), today].sort()[0];

const parts = [['byChannel', 'channel'], ['byRoomType', 'room'], ['byStaff', 'staff']];

/** The three tables as `{kind, lines}`, without empty ones. */
export const tablesOf = (summary) => parts.map(([field, kind]) => ({ kind, lines: summary[field] })).filter(({ lines }) => lines.length);

/** @param t the words of a key; @param name (kind, name) => the name of a line for people */
export function figureRows(summary, t, name) {
  const plain = ['booked', 'paid', 'paidRupiah', 'expired', 'cancelled', 'atDesk', 'extended', 'extendedAndCame', 'blockedMinutes', 'deskWaitMinutes', 'undelivered'];
  const late = ['medianMs', 'p99Ms', 'worstMs'];
  const heads = ['booked', 'paid', 'paidRupiah', 'expired', 'cancelled'];
  return [
    [t('figures.csv.day'), summary.date],
    ...plain.map((key) => [t(`figures.${key}`), summary[key]]),
    ...late.map((key) => [t(`figures.${key}`), summary.lateness[key]]),
    [],
    [t('figures.csv.hour'), t('figures.booked')],
    ...summary.byHour.map((n, hour) => [`${String(hour).padStart(2, '0')}:00`, n]),
    ...tablesOf(summary).flatMap(({ kind, lines }) => [
      [],
      [t(`figures.by.${kind}`), ...heads.map((key) => t(`figures.${key}`))],
      ...lines.map((line) => [name(kind, line.name), ...heads.map((key) => line[key])]),
    ]),
  ];
}

const columns = ['receiptNo', 'guestName', 'channel', 'roomType', 'checkIn', 'nights', 'price', 'status', 'cancelReason', 'bookedAt', 'holdUntil', 'extensions', 'arrivedAt', 'qrisSentAt', 'paidAt', 'cancelledAt', 'cancelNote'];

/** The bookings of the day, one a row, with the API's names as heads: for programs as for people. */
export const bookingRows = (bookings) =>
  [columns, ...bookings.map((booking) => columns.map((key) => (key === 'roomType' ? booking.roomType.name : booking[key])))];
