// The sentences of the waiting list, which only a form with sold-out rooms loads.
import { texts } from './text.js';

Object.assign(texts, {
  'wait.title': ['Kabari saya bila ada kamar', 'Tell me when a room is free'],
  'wait.why': [
    'Begitu ada kamar lepas, tamu pertama di daftar tunggu mendapat waktu {window} untuk mengambilnya. Tidak perlu bayar sekarang.',
    'As soon as a room is free, the first guest on the waiting list has {window} to take it. There is nothing to pay now.'],
  'wait.for': ['Menunggu', 'Waiting for'],
  'wait.any': ['Tipe kamar apa saja', 'Any room type'],
  'wait.any.upto': ['Tipe apa saja, sampai {price} semalam', 'Any type, up to {price} a night'],
  'wait.join': ['Kabari saya', 'Tell me'],
  'wait.joining': ['Mendaftarkan…', 'Joining…'],
  'wait.telegram': ['Menunggu lewat Telegram: buka bot, lalu ketuk Kabari saya bila ada.', 'To wait by Telegram, open the bot and tap Tell me when one is free.'],
  'wait.telegram.open': ['Buka bot', 'Open the bot'],
  'wait.place': ['Anda di daftar tunggu, urutan ke-{n}', 'You are on the waiting list, place {n}'],
  'wait.place.why': [
    'Biarkan halaman ini terbuka, atau tutup saja: kabarnya juga kami kirim ke e-mail Anda. Anda punya waktu {window} untuk mengambil kamarnya.',
    'Keep this page open, or close it: we also send the news to your e-mail address. You have {window} to take the room.'],
  'wait.place.why.telegram': [
    'Biarkan halaman ini terbuka, atau tutup saja: kabarnya juga masuk ke chat. Anda punya waktu {window} untuk mengambil kamarnya.',
    'Keep this page open, or close it: the news comes into the chat too. You have {window} to take the room.'],
  'wait.next': ['Kamar berikutnya mungkin lepas {when}.', 'The next room may be free at {when}.'],
  'wait.leave': ['Berhenti menunggu', 'Stop waiting'],
  'wait.offer': ['Ada kamar untuk Anda', 'A room for you'],
  'wait.offer.why': ['{room}, {stay}, {price}. Untuk Anda sampai {when}.', '{room}, {stay}, {price}. Yours until {when}.'],
  'wait.open': ['Lihat dan ambil', 'See and take it'],
  'wait.over': ['Tawaran kamar ini sudah berakhir.', 'This offer has ended.'],
});
