// Every sentence on the pages: [Indonesian, English], side by side, so that both are changed
// together. `{name}` is replaced by a value, and `{n|night|nights}` picks one of the two words by the
// number `n`. The words are those of the table in `src/text.rs`. The server sends its refusals as
// sentences in the requested language, so they are not here. The words for a page whose scripts do not
// start are in that page itself.

export const languages = ['id', 'en'];

export const texts = {
  // Units
  'unit.hours': ['{n} jam', '{n} {n|hour|hours}'],
  'unit.minutes': ['{n} menit', '{n} {n|minute|minutes}'],
  'unit.seconds': ['{n} detik', '{n} {n|second|seconds}'],
  'unit.nights': ['{n} malam', '{n} {n|night|nights}'],
  'unit.at': ['pukul {time}', '{time}'],
  'unit.at.day': ['{day} pukul {time}', '{time} on {day}'],

  // Everywhere
  'lang.switch': ['English', 'Indonesia'],
  'lang.short': ['EN', 'ID'],
  'lang.label': ['EN, English', 'ID, Indonesia'],
  'skip': ['Langsung ke isi', 'Skip to content'],
  'loading': ['Memuat…', 'Loading…'],
  'retry': ['Coba lagi', 'Try again'],
  'foot.terms': ['Kebijakan booking', 'What a booking is'],
  'foot.privacy': ['Privasi', 'Privacy'],
  'close': ['Tutup', 'Close'],
  'error.network': [
    'Tidak tersambung ke hotel. Periksa internet Anda, lalu coba lagi.',
    'The hotel cannot be reached. Check your connection, then try again.'],
  'error.strange': [
    'Ada yang tidak beres di pihak kami. Silakan coba lagi sebentar lagi.',
    'Something went wrong on our side. Please try again in a moment.'],

  // The form
  'form.page': ['Pesan kamar', 'Book a room'],
  'form.eyebrow': ['Bayar nanti, di hotel', 'Pay later, at the hotel'],
  'form.title': ['Kami simpan kamar Anda selama Anda di jalan.', 'We keep your room while you are on the way.'],
  'form.lead': [
    'Pesan sekarang tanpa bayar. Kamar Anda kami simpan {hold}.',
    'Book now, pay nothing. We keep your room for {hold}.'],
  'form.lead.later': ['Pesan sekarang, bayar di hotel.', 'Book now, pay at the hotel.'],
  'form.stay': ['Kapan menginap', 'Your stay'],
  'form.checkin': ['Tanggal masuk', 'Check-in date'],
  'form.tonight': ['Malam ini', 'Tonight'],
  'form.nights': ['Lama menginap', 'Nights'],
  'form.nights.less': ['Kurangi satu malam', 'One night less'],
  'form.nights.more': ['Tambah satu malam', 'One night more'],
  'form.checkout': ['Keluar {date}', 'Check-out {date}'],
  'form.room': ['Pilih kamar', 'Choose a room'],
  'form.room.night': ['/ malam', '/ night'],
  'form.room.left': ['sisa {n}', '{n} left'],
  'form.room.soldout': ['penuh', 'sold out'],
  'form.room.none': ['Semua kamar penuh untuk tanggal ini.', 'Every room is sold out for these dates.'],
  'form.room.gone': [
    'Kamar ini baru saja penuh. Daftarnya sudah kami perbarui; silakan pilih kamar lain.',
    'This room has just sold out. The list is up to date now; please choose another room.'],
  'form.who': ['Data Anda', 'About you'],
  'form.name': ['Nama', 'Name'],
  'form.name.hint': ['Seperti yang akan Anda sebut di resepsionis.', 'As you will give it at the desk.'],
  'form.name.hint.telegram': ['Boleh dikosongkan bila memesan lewat Telegram.', 'May stay empty when you book by Telegram.'],
  'form.channel': ['Pesan lewat', 'Book by'],
  'form.channel.telegram': ['Telegram', 'Telegram'],
  'form.channel.web': ['Web', 'Web'],
  'form.channel.telegram.off': [
    'Telegram belum tersedia di hotel ini. Pesan lewat web: kabarnya kami kirim ke e-mail Anda.',
    'Telegram is not available at this hotel yet. Book on the web: news reaches you by e-mail.'],
  'form.channel.telegram.on': [
    'Anda melanjutkan di bot @{bot}. Kami tidak meminta nomor telepon.',
    'You continue with the bot @{bot}. We do not ask for a phone number.'],
  'form.channel.web.on': [
    'Kabarnya ada di halaman booking dan di e-mail Anda. Kami tidak meminta nomor telepon.',
    'Your booking page and your e-mail keep you posted. We do not ask for a phone number.'],
  'form.email': ['E-mail', 'E-mail'],
  'form.email.hint': ['Untuk nomor resi, pengingat, dan kode bayar.', 'For the receipt number, the reminder and the payment code.'],
  'form.email.ask': ['Maksud Anda {domain}?', 'Did you mean {domain}?'],
  'form.email.yes': ['Ya, perbaiki', 'Yes, correct it'],
  'form.email.no': ['Tidak, sudah benar', 'No, it is right'],
  'form.mine': ['Booking Anda: {receipt}, sisa {left}', 'Your booking: {receipt}, {left} left'],
  'form.mine.plain': ['Booking Anda: {receipt}', 'Your booking: {receipt}'],
  'form.day.turned': [
    'Sudah lewat pukul {time}: hari hotel berganti, dan tanggal masuk kini {today}. Periksa lagi, lalu pesan.',
    'It is past {time}: a new hotel day has begun, and check-in is now {today}. Check again, then book.'],
  'form.how': ['Begini jalannya', 'How it works'],
  'form.how.hold': ['Kamar Anda kami simpan {hold}', 'We keep your room for {hold}'],
  'form.how.hold.why': ['Dihitung sejak Anda memesan: cukup untuk berkendara ke hotel.', 'Counted from your booking: enough to drive to the hotel.'],
  'form.how.later': ['Kamar Anda kami simpan sampai jam yang tertulis', 'We keep your room until the time you are told'],
  'form.how.later.why': ['Jamnya ada di halaman booking Anda.', 'It is on your booking page.'],
  'form.how.pay': ['Tidak bayar apa-apa sekarang', 'Pay nothing now'],
  'form.how.pay.why': ['Bayar di resepsionis, persis harga kamarnya. Tanpa biaya tambahan.', 'You pay at the desk, exactly the room price. No extra fee.'],
  'form.how.remind': ['Diingatkan {remind} sebelumnya', 'A reminder {remind} before'],
  'form.how.remind.why': ['Supaya Anda tahu waktunya hampir habis.', 'So that you know the time is nearly up.'],
  'form.how.near': ['Sudah dekat? Waktunya kami perpanjang {extend}', 'Nearly here? We add {extend}'],
  'form.how.near.why': ['Bila Anda membagikan lokasi dan sudah dekat atau makin mendekat. Anda yang memilih, sesudah memesan.', 'If you share your position and are near or coming closer. You choose, after booking.'],
  'form.how.free': ['Tidak jadi datang? Tidak apa-apa', 'Not coming? No problem'],
  'form.how.free.why': ['Bila waktunya habis, booking batal otomatis. Tanpa denda.', 'When the time is up, the booking is cancelled automatically. No penalty.'],
  'form.total': ['Total', 'Total'],
  'form.total.none': ['Pilih kamar dulu', 'Choose a room first'],
  'form.total.detail': ['({price} × {nights})', '({price} × {nights})'],
  'form.submit': ['Pesan sekarang', 'Book now'],
  'form.submit.telegram': ['Lanjut ke Telegram', 'Continue in Telegram'],
  'form.sending': ['Memesan…', 'Booking…'],
  'form.paynow': ['Bayar sekarang: Rp0', 'To pay now: Rp0'],
  'form.failed.network': [
    'Belum tersambung. Isian Anda masih ada. Silakan coba lagi: kamarnya tidak akan terpesan dua kali.',
    'No connection. Everything you typed is still here. Try again: it will not book twice.'],
  'form.failed.load': ['Daftar kamar belum bisa dimuat.', 'The rooms could not be loaded.'],
  'form.handoff': ['Lanjutkan di Telegram. Tidak terbuka? Pilih salah satu:', 'Continue in Telegram. If it does not open, choose one:'],
  'form.handoff.open': ['Buka t.me', 'Open t.me'],
  'form.handoff.app': ['Langsung ke aplikasi', 'Straight to the app'],
  'form.error.guestName.empty': ['Isi nama Anda.', 'Enter your name.'],
  'form.error.guestName.long': ['Nama paling panjang 80 huruf.', 'A name has at most 80 characters.'],
  'form.error.guestName.control': ['Nama berisi tanda yang tidak bisa dipakai.', 'The name contains characters that cannot be used.'],
  'form.error.email.empty': ['Isi alamat e-mail Anda.', 'Enter your e-mail address.'],
  'form.error.email.malformed': ['Alamat e-mail ini belum benar. Contoh: nama@contoh.com', 'This e-mail address is not right. Example: name@example.com'],
  'form.error.roomType.empty': ['Pilih satu kamar.', 'Choose a room.'],
  'form.error.checkIn.range': ['Pilih tanggal dari {min} sampai {max}.', 'Choose a date from {min} to {max}.'],
  'form.error.nights.range': ['Pilih 1 sampai {max} malam.', 'Choose 1 to {max} nights.'],

  // The way to the hotel
  'place.title': ['Ke hotel', 'To the hotel'],
  'place.from': ['Kamar siap mulai pukul {time}.', 'Rooms are ready from {time}.'],
  'place.map': ['Buka peta', 'Open map'],
  'place.geo': ['Peta lain', 'Other map'],
  'place.ask': ['Hubungi hotel:', 'Contact the hotel:'],
};

/** The sentence for `key` in `language`. An unknown key is shown as it is; tests check for that. */
export function translate(language, key, values = {}) {
  const pair = texts[key];
  if (!pair) return key;
  const sentence = pair[Math.max(0, languages.indexOf(language))];
  return sentence.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) =>
    one === undefined ? String(values[name] ?? '') : (values[name] === 1 ? one : many));
}
