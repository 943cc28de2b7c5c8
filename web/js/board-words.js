// The words about one booking on the board, for its row and its detail. Pure functions of the
// booking, the hotel and the time; what may be done with a booking is here too. It knows no element.
import { isSoon } from './booking-words.js';
import { ageWords, clockTime, countdown, distance, shareLeft, shortMoment, shortStay } from './format.js';
import { language, t } from './language.js';

/** Every action that the server may accept for this booking. */
export function actionsOf(booking, hotel) {
  const { status, arrivedAt, checkIn, channel, offer } = booking;
  if (status === 'PENDING') {
    if (offer) return ['arrived', 'paid', 'cancel'];
    const code = hotel.hasQris ? ['show', ...(channel === 'DESK' ? [] : ['send'])] : [];
    return [...(arrivedAt ? [] : ['arrived']), 'paid', ...code, 'extend', 'amend', 'cancel'];
  }
  if (status === 'PAID') return [...(arrivedAt ? [] : ['arrived']), ...(hotel.isManager ? ['reopen'] : [])];
  // The server refuses it after the day of the check-in, and while no room is free.
  return checkIn >= hotel.today ? ['revive', 'reviveHere'] : [];
}

/**
 * The one action that comes next: arrival, then the code, then the payment. `codeShown` says whether
 * this board showed the code already.
 */
export function nextAction(booking, hotel, codeShown) {
  if (booking.status !== 'PENDING') return null;
  if (!booking.arrivedAt) return 'arrived';
  return hotel.hasQris && !booking.qrisSentAt && !codeShown ? 'show' : 'paid';
}

const clock = (instant, hotel) => clockTime(instant, hotel.timezone, language());
export const brief = (instant, now, hotel) => shortMoment(instant, now, hotel.timezone, language());

export const stayWords = (booking) => `${booking.roomType.name} · ${shortStay(booking.checkIn, booking.nights, language())}`;

/** How much time is left: the words, the part of the whole (0 to 1), and how urgent it is. */
export function timeLeft(booking, hotel, now) {
  const end = Date.parse(booking.holdUntil), start = Date.parse(booking.arrivedAt ?? booking.bookedAt);
  const over = now >= end;
  return {
    words: over ? t('card.checking') : countdown(end - now),
    share: shareLeft(start, end, now),
    urgency: over ? 'over' : isSoon(end - now, end - start, hotel.remindMinutes) ? 'soon' : 'calm',
  };
}

/** When it ends or ended, and how. */
export function endWords(booking, hotel, now) {
  if (booking.status === 'PENDING') return t('card.until', { time: brief(booking.holdUntil, now, hotel) });
  if (booking.status === 'PAID') return t('card.paid', { when: brief(booking.paidAt, now, hotel) });
  return t(`card.cancelled.${booking.cancelReason}`, { when: brief(booking.cancelledAt, now, hotel) });
}

/** Where the guest is, in a few words: `9 km · tiba ±06.02 · tepat waktu`. */
export function whereWords(booking, hotel, now) {
  if (booking.status !== 'PENDING') return '';
  if (booking.arrivedAt) {
    const qris = booking.qrisProgress && t(`row.qris.${booking.qrisProgress}`);
    return [t('row.here', { time: clock(booking.arrivedAt, hotel) }), qris].filter(Boolean).join(' · ');
  }
  const { travel, forecast, offer } = booking;
  if (offer) return t('row.offer');
  return [travel && distance(travel.distanceKm, language()), arrivalWords(booking, hotel, now), forecast && t(`row.forecast.${forecast}`)].filter(Boolean).join(' · ');
}

/** The expected arrival. One in the past is not shown. */
function arrivalWords({ travel }, hotel, now) {
  const arrival = travel?.arrivesAt ? Date.parse(travel.arrivesAt) : 0;
  return arrival > now ? t('card.flag.eta', { time: clock(arrival, hotel) }) : '';
}

const qrisKinds = { SENDING: 'plain', SENT: 'good', FAILED: 'bad' };

/** What else there is to know, as pairs of a kind and words. */
export function flagsOf(booking, hotel, now) {
  const found = [], pending = booking.status === 'PENDING';
  if (pending && booking.offer) return [['plain', t('card.flag.offer')]];
  const { arrivedAt, forecast, travel, extensions, qrisProgress, qrisSentAt, undelivered } = booking;
  if (arrivedAt) found.push(pending ? ['strong', t('card.flag.arrived', { time: clock(arrivedAt, hotel) })] : ['plain', t('card.flag.arrived.paid', { time: brief(arrivedAt, now, hotel) })]);
  if (pending && !arrivedAt && forecast) found.push([`forecast ${forecast}`, t(`card.forecast.${forecast}`)]);
  if (pending && travel) {
    const way = [distance(travel.distanceKm, language()), arrivalWords(booking, hotel, now), t('card.flag.age', { age: ageWords(now - Date.parse(travel.fixAt), language()) })];
    found.push([travel.withinRadius ? 'good' : 'plain', [...way, ...directionWords(travel)].filter(Boolean).join(' · ')]);
  }
  if (extensions) found.push(['plain', t('card.flag.extended', { n: extensions })]);
  if (pending && qrisProgress) found.push([qrisKinds[qrisProgress], t(`card.qris.${qrisProgress}`, { time: qrisSentAt ? clock(qrisSentAt, hotel) : '' })]);
  for (const why of new Set(undelivered)) found.push(['bad', t('card.flag.undelivered', { why })]);
  return found;
}

function directionWords({ withinRadius, approaching }) {
  const direction = { true: 'card.flag.closer', false: 'card.flag.away' }[approaching];
  return [withinRadius && t('card.flag.near'), direction && t(direction)];
}
