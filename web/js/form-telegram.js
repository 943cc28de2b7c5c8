// The form inside Telegram: it wears the user's theme, books for the guest that Telegram names, without
// an e-mail address, and then leads back into the chat, where everything about the booking is.
import './form-telegram-text.js';
import { byId, el, show } from './dom.js';
import { moment, rupiah, stay } from './format.js';
import { mapLinks } from './hotel-place.js';
import { forgetDraft } from './kept.js';
import { language, preferLanguage, t } from './language.js';
import { takeLaunch } from './launch.js';
import { forgetRequestId, requestIdFor } from './request-id.js';
import { telegramInput } from './rules.js';
import { tabStorage } from './storage.js';
import { createTelegramClient } from './telegram-client.js';
import { CREATE_TELEGRAM_BOOKING, SEND_POSITION } from './telegram-documents.js';
import { wearTheme } from './telegram-theme.js';

/**
 * Returns null if Telegram gave the page nothing.
 *
 * @param now () => ms, the server's time
 */
export function mountTelegramForm({ api, now }) {
  const launch = takeLaunch();
  if (!launch) return null;
  preferLanguage(launch.languageCode);
  const client = createTelegramClient(launch.version);
  wearTheme(launch.theme);
  client.onTheme((theme) => wearTheme(theme));
  client.ready();
  show(byId('channel-field'), false);
  const parent = byId('booked');
  let booked = null, hotel = null; // after the booking: what was booked, and where
  let hasLocation = false, locating = null; // the key of what is said about the location

  /** Books, and shows what was booked instead of the form. */
  async function book(filled, expectedPrice, atHotel) {
    const input = telegramInput(filled);
    const requestId = requestIdFor(input, tabStorage);
    const { createTelegramBooking } = await api(CREATE_TELEGRAM_BOOKING, { initData: launch.initData, input: { ...input, requestId, expectedPrice } });
    forgetRequestId(tabStorage);
    forgetDraft();
    [booked, hotel] = [createTelegramBooking, atHotel];
    for (const part of document.querySelectorAll('main > *')) show(part, part === parent);
    draw();
    scrollTo(0, 0);
    byId('booked-title').focus();
    hasLocation = await client.hasLocation();
    draw();
  }

  async function sendLocation() {
    say('mini.locating');
    const position = await client.location();
    if (!position) return say('mini.unlocated');
    const { accessToken, booking: { receiptNo } } = booked;
    try {
      await api(SEND_POSITION, { receiptNo, accessToken, position });
      hasLocation = false; // one is enough: the chat follows the guest from here
      return say('mini.located');
    } catch { return say('mini.unsent'); }
  }

  function say(key) {
    locating = key;
    draw();
  }

  /** Goes back to the chat. A page that no client can close leads there by the bot's address. */
  function leave() {
    if (!client.close()) location.assign(`https://t.me/${encodeURIComponent(hotel.telegramBot ?? '')}`);
  }

  function draw() {
    if (!booked) return;
    const { booking } = booked;
    const until = moment(Date.parse(booking.holdUntil), now(), hotel.timezone, language());
    const focused = document.activeElement?.id;
    parent.replaceChildren(
      el('h1', { id: 'booked-title', tabindex: '-1' }, t('mini.booked')),
      el('p', { class: 'booked-until' }, t('mini.until', { when: until })),
      el('p', {}, el('strong', {}, booking.receiptNo), el('br'), t('mini.stay', { room: booking.roomType.name, stay: stay(booking.checkIn, booking.nights, language()) })),
      el('p', {}, t('mini.pay', { price: rupiah(booking.price) })),
      el('p', {}, t('mini.news')),
      locating ? el('p', { class: 'hint', id: 'booked-location', role: 'status' }, t(locating)) : '',
      el('div', { class: 'booked-ways' },
        el('button', { type: 'button', class: 'main-action', id: 'booked-back', onclick: leave }, t('mini.back')),
        hasLocation ? el('button', { type: 'button', class: 'button', id: 'booked-locate', disabled: locating === 'mini.locating', onclick: sendLocation }, t('mini.locate')) : '',
        el('a', { class: 'button', id: 'booked-map', href: mapLinks(hotel).map, target: '_blank', rel: 'noopener noreferrer' }, t('place.map'))));
    if (focused) byId(focused)?.focus({ preventScroll: true });
  }

  return {
    initData: launch.initData,
    /** The name of the guest's account, which may be empty. */
    guestName: launch.name,
    book,
    /** Whether the booking was made, so that the form is over. */
    isBooked: () => Boolean(booked),
    /** The sentence for a refusal that only a Mini App meets; null for all others. */
    sentence: (error) => (error.code === 'UNAUTHENTICATED' ? t('mini.old') : null),
    /** Draws in the present language. */
    update: draw,
  };
}
