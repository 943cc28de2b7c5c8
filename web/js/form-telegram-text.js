// The sentences of the form inside Telegram, which only a Mini App loads.
import { texts } from './text.js';

Object.assign(texts, {
  'mini.hint': ['Semua kabar masuk ke chat ini. Kami tidak meminta e-mail atau nomor telepon.', 'All news comes into this chat. We ask for no e-mail address and no phone number.'],
  'mini.old': [
    'Halaman ini sudah terlalu lama terbuka. Tutup, lalu buka lagi dari chat.',
    'This page has been open for too long. Close it and open it again from the chat.'],
  'mini.booked': ['Kamar Anda kami simpan', 'We keep your room'],
  'mini.until': ['sampai {when}', 'until {when}'],
  'mini.stay': ['{room}, {stay}', '{room}, {stay}'],
  'mini.pay': ['Bayar {price} di resepsionis, persis harga kamarnya.', 'You pay {price} at the desk, exactly the room price.'],
  'mini.news': [
    'Pengingat, perpanjangan dan kode bayar masuk ke chat. Di jalan? Bagikan lokasi langsung di sana: bila Anda sudah dekat saat waktunya habis, kami perpanjang.',
    'The reminder, more time and the payment code come into the chat. On the way? Share your live location there: if you are near when the time is up, we extend it.'],
  'mini.back': ['Kembali ke chat', 'Back to the chat'],
  'mini.locate': ['Kirim lokasi saya sekarang', 'Send my location now'],
  'mini.locating': ['Meminta lokasi…', 'Asking for the location…'],
  'mini.located': ['Lokasi Anda terkirim.', 'Your location was sent.'],
  'mini.unlocated': ['Lokasi tidak diberikan. Anda bisa membagikannya nanti di chat.', 'No location was given. You can share it later in the chat.'],
  'mini.unsent': ['Lokasi belum terkirim. Coba lagi.', 'The location was not sent. Try again.'],
});
