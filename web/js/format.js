// Formats numbers, moments and durations. Pure functions.
import { translate } from './text.js';

const minute = 60_000;

/** `Rp350.000`: whole rupiah, with dots in both languages, as is usual in Indonesia. */
export function rupiah(amount) {
  return 'Rp' + String(amount).replace(/\B(?=(\d{3})+(?!\d))/g, '.');
}

/** The local time of the hotel at an instant, as numbers and as a calendar date. */
export function localParts(instant, timezone) {
  const parts = {};
  for (const { type, value } of partsFormat(timezone).formatToParts(new Date(instant))) parts[type] = value;
  return { date: `${parts.year}-${parts.month}-${parts.day}`, hour: parts.hour, minute: parts.minute };
}

/** The hotel day of an instant. Before `dayStartsAt` it is the day before. */
export function hotelDay(instant, timezone, dayStartsAt) {
  const { date, hour, minute: minutes } = localParts(instant, timezone);
  return `${hour}:${minutes}` < dayStartsAt.slice(0, 5) ? addDays(date, -1) : date;
}

/** `20.30` in Indonesian, `20:30` in English. */
export function clockTime(instant, timezone, language) {
  const { hour, minute: minutes } = localParts(instant, timezone);
  return hour + (language === 'en' ? ':' : '.') + minutes;
}

/** `06.00` in Indonesian, `06:00` in English: a local time that the server writes as `06:00`. */
export const hotelTime = (time, language) => time.slice(0, 5).replace(':', language === 'en' ? ':' : '.');

/** WIB, WITA or WIT. For other zones the browser's name. */
export function zoneLabel(timezone, language = 'id', instant = 0) {
  const known = {
    'Asia/Jakarta': 'WIB', 'Asia/Pontianak': 'WIB',
    'Asia/Makassar': 'WITA', 'Asia/Ujung_Pandang': 'WITA',
    'Asia/Jayapura': 'WIT',
  };
  if (known[timezone]) return known[timezone];
  return new Intl.DateTimeFormat(language, { timeZone: timezone, timeZoneName: 'short' })
    .formatToParts(new Date(instant)).find((part) => part.type === 'timeZoneName').value;
}

/** `pukul 20.30 WIB`, preceded by the date if that is not the date of `now`. */
export function moment(instant, now, timezone, language) {
  const time = `${clockTime(instant, timezone, language)} ${zoneLabel(timezone, language, instant)}`;
  const { date } = localParts(instant, timezone);
  if (date === localParts(now, timezone).date) return translate(language, 'unit.at', { time });
  return translate(language, 'unit.at.day', { time, day: shortDate(date, language) });
}

/** `20.30`, or `Min 4 Jan 20.30` on another day. For the narrow lines of the board. */
export function shortMoment(instant, now, timezone, language) {
  const time = clockTime(instant, timezone, language);
  const { date } = localParts(instant, timezone);
  return date === localParts(now, timezone).date ? time : `${shortDate(date, language)} ${time}`;
}

/** `Minggu, 4 Januari` */
export function longDate(date, language) {
  const { weekday, day, month } = dateWords(date, language, 'long');
  return `${weekday}, ${day} ${month}`;
}

/** `Min 4 Jan` */
export function shortDate(date, language) {
  const { weekday, day, month } = dateWords(date, language, 'short');
  return `${weekday} ${day} ${month}`;
}

/** `Min 4 Jan – Sel 6 Jan, 2 malam`. Lines break only between the parts. */
export function stay(checkIn, nights, language) {
  return `${whole(shortDate(checkIn, language))} – ${whole(shortDate(addDays(checkIn, nights), language))}, `
    + nightsWords(nights, language);
}

/** `Min 4 Jan, 2 malam`: the same without the last day, for narrow lines. */
export const shortStay = (checkIn, nights, language) =>
  `${whole(shortDate(checkIn, language))}, ${nightsWords(nights, language)}`;

const nightsWords = (nights, language) => whole(translate(language, 'unit.nights', { n: nights }));
const whole = (words) => words.replace(/ /g, '\u00a0');

export function addDays(date, days) {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + days);
  return day.toISOString().slice(0, 10);
}

/** `1:59:58` or `04:09`. Rounded up, so that zero is shown exactly at the end. */
export function countdown(milliseconds) {
  const all = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}

/** `2 jam`, `1 jam 30 menit`, `20 detik`: a configured duration, exact to the second. */
export function lengthWords(minutes, language) {
  const seconds = Math.round(minutes * 60);
  const parts = [['hours', Math.floor(seconds / 3600)], ['minutes', Math.floor(seconds / 60) % 60], ['seconds', seconds % 60]];
  return parts.filter(([, n]) => n).map(([unit, n]) => translate(language, `unit.${unit}`, { n })).join(' ')
    || translate(language, 'unit.seconds', { n: 0 });
}

/** `40 detik`, `3 menit`, `2 jam`: an age in one unit, because it is not exact. */
export function ageWords(milliseconds, language) {
  const age = Math.max(0, milliseconds);
  if (age < minute) return translate(language, 'unit.seconds', { n: Math.floor(age / 1000) });
  if (age < 60 * minute) return translate(language, 'unit.minutes', { n: Math.floor(age / minute) });
  return translate(language, 'unit.hours', { n: Math.floor(age / (60 * minute)) });
}

/** `850 m`, `4,2 km`, `24 km` */
export function distance(kilometres, language) {
  if (kilometres < 1) return `${Math.round(kilometres * 100) * 10} m`;
  const shown = kilometres < 10 ? kilometres.toFixed(1) : String(Math.round(kilometres));
  return `${language === 'en' ? shown : shown.replace('.', ',')} km`;
}

/** The part of a period that is left, 0 to 1. */
export function shareLeft(from, until, now) {
  if (until <= from) return 0;
  return Math.min(1, Math.max(0, (until - now) / (until - from)));
}

// Formatters are cached: creating one is slow, and the board uses them every second.
const formats = new Map();

function kept(name, make) {
  if (!formats.has(name)) formats.set(name, make());
  return formats.get(name);
}

const partsFormat = (timezone) => kept(timezone, () => new Intl.DateTimeFormat('en-GB', {
  timeZone: timezone, hourCycle: 'h23',
  year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
}));

function dateWords(date, language, width) {
  const words = {};
  for (const { type, value } of dateFormat(language, width).formatToParts(new Date(`${date}T00:00:00Z`))) words[type] = value;
  return words;
}

const dateFormat = (language, width) => kept(language + width, () => new Intl.DateTimeFormat(
  language === 'en' ? 'en-GB' : 'id-ID',
  { timeZone: 'UTC', weekday: width, day: 'numeric', month: width }));
