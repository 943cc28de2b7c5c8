import assert from 'node:assert/strict';
import test from 'node:test';
import { contactLink, mapLinks } from '../../web/js/hotel-place.js';

const hotel = { name: 'Hotel (Uji) & Co', latitude: -6.9147, longitude: 107.6098, mapUrl: 'https://maps.example/hotel' };

test('the map is the hotel’s own page, and the other links are made from the coordinates', () => {
  assert.deepEqual(mapLinks(hotel), {
    map: 'https://maps.example/hotel',
    waze: 'https://waze.com/ul?ll=-6.9147,107.6098&navigate=yes',
    geo: 'geo:-6.9147,107.6098?q=-6.9147,107.6098(Hotel%20%28Uji%29%20%26%20Co)',
  });
});

test('an address that is no web page never becomes a link', () => {
  for (const mapUrl of ['javascript:alert(1)', 'peta', '']) {
    assert.equal(mapLinks({ ...hotel, mapUrl }).map, 'https://www.google.com/maps/search/?api=1&query=-6.9147,107.6098');
  }
});

test('the hotel’s words about how to reach it lead there', () => {
  for (const [words, address] of Object.entries({
    'Telegram @hoteljatah': 'https://t.me/hoteljatah',
    't.me/hoteljatah, siang dan malam': 'https://t.me/hoteljatah',
    'halo@hotel.example': 'mailto:halo@hotel.example',
    'Tulis ke halo@hotel.example.': 'mailto:halo@hotel.example',
    'https://hotel.example/kontak': 'https://hotel.example/kontak',
    'WA +62 812-3456-789': 'tel:+628123456789',
    '(022) 123 4567': 'tel:0221234567',
  })) assert.equal(contactLink(words), address, words);
  for (const words of ['Resepsionis, lantai 1', 'IG @hoteljatah', 'javascript:alert(1)']) assert.equal(contactLink(words), null, words);
});
