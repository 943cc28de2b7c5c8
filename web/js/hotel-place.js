// Where the hotel is and how to reach it: the links, and the section of form and booking that shows
// them. It asks for no position; the map app that the guest opens does.
import { byId, setText, show } from './dom.js';
import { hotelTime } from './format.js';
import { language, t } from './language.js';

/** Links to the hotel in map apps. `geo` opens the phone's own choice of apps. */
export function mapLinks({ name, latitude, longitude, mapUrl }) {
  const place = `${latitude},${longitude}`;
  return {
    map: /^https?:\/\//i.test(mapUrl) ? mapUrl : `https://www.google.com/maps/search/?api=1&query=${place}`,
    waze: `https://waze.com/ul?ll=${place}&navigate=yes`,
    // The name stands in parentheses, so its own must be encoded.
    geo: `geo:${place}?q=${place}(${encodeURIComponent(name).replace(/\(/g, '%28').replace(/\)/g, '%29')})`,
  };
}

/** The address behind the hotel's words about how to reach it, or null if they name none. */
export function contactLink(contact) {
  const mail = /[^\s@:,;<>]+@[^\s@:,;<>]+\.[^\s@:,;.<>]+/.exec(contact)?.[0];
  if (mail) return `mailto:${mail}`;
  const telegram = /t\.me\/(\w+)/i.exec(contact)?.[1] ?? (/telegram/i.test(contact) && /@(\w+)/.exec(contact)?.[1]);
  if (telegram) return `https://t.me/${telegram}`;
  const page = /https:\/\/[^\s,;]+/.exec(contact)?.[0];
  if (page) return page;
  const number = /\+?\d[\d\s().-]{6,}\d/.exec(contact)?.[0];
  return number ? `tel:${number.replace(/[^\d+]/g, '')}` : null;
}

/** Shows the hotel's words about how to reach it, as a link if they name an address. */
export function showContact(link, contact) {
  setText(link, contact ?? '');
  const address = contact && contactLink(contact);
  if (address) link.setAttribute('href', address);
  else link.removeAttribute('href');
}

/** Fills the section. It never hides the map: every hotel has a place. */
export function showPlace(hotel) {
  const links = mapLinks(hotel);
  setText(byId('place-address'), hotel.address ?? '');
  show(byId('place-address'), Boolean(hotel.address));
  setText(byId('place-from'), t('place.from', { time: hotelTime(hotel.checkInFrom, language()) }));
  byId('place-map').href = links.map;
  byId('place-waze').href = links.waze;
  byId('place-geo').href = links.geo;
  show(byId('place-geo'), !/iPhone|iPad|Macintosh/.test(navigator.userAgent)); // they know no such links
  show(byId('place-ask'), Boolean(hotel.contact));
  showContact(byId('place-contact'), hotel.contact);
}
