// Every sentence on the pages: [Indonesian, English], side by side, so that both are changed
// together. `{name}` is replaced by a value, and `{n|night|nights}` picks one of the two words by the
// number `n`. The words are those of the table in `src/text.rs`. The server sends its refusals as
// sentences in the requested language, so they are not here.

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
    'Pesan sekarang tanpa bayar. Kamar disimpan {hold}.',
    'Book now, pay nothing. Your room is kept for {hold}.'],
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
    'Telegram belum tersedia di hotel ini. Pesan lewat Web: kabarnya kami kirim ke e-mail.',
    'Telegram is not available at this hotel yet. Book by Web: news reaches you by e-mail.'],
  'form.channel.telegram.on': [
    'Anda melanjutkan di bot @{bot}. Kami tidak meminta nomor telepon.',
    'You continue with the bot @{bot}. We do not ask for a phone number.'],
  'form.channel.web.on': [
    'Halaman booking dan e-mail memberi kabar. Kami tidak meminta nomor telepon.',
    'Your booking page and e-mail keep you posted. We do not ask for a phone number.'],
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
  'form.how.hold': ['Kamar disimpan {hold}', 'Kept for {hold}'],
  'form.how.hold.why': ['Sejak Anda memesan: cukup waktu untuk berkendara ke hotel.', 'From the moment you book: the time to drive to the hotel.'],
  'form.how.later': ['Kamar disimpan sampai jam yang tertulis', 'Kept until the time you are told'],
  'form.how.later.why': ['Jamnya ada di halaman booking Anda.', 'It is on your booking page.'],
  'form.how.pay': ['Tidak bayar apa-apa sekarang', 'Pay nothing now'],
  'form.how.pay.why': ['Bayar di hotel, persis harga kamarnya. Tanpa biaya tambahan.', 'You pay at the hotel, exactly the room price. No extra fee.'],
  'form.how.remind': ['Diingatkan {remind} sebelumnya', 'A reminder {remind} before'],
  'form.how.remind.why': ['Supaya Anda tahu waktunya hampir habis.', 'So that you know the time is nearly up.'],
  'form.how.near': ['Sudah dekat? Diperpanjang {extend}', 'Nearly here? Extended by {extend}'],
  'form.how.near.why': ['Bila Anda membagikan lokasi dan sudah dekat atau makin mendekat. Ini pilihan Anda, sesudah memesan.', 'If you share your position and are near or coming closer. Your choice, after booking.'],
  'form.how.free': ['Tidak jadi datang? Tidak apa-apa', 'Not coming? No problem'],
  'form.how.free.why': ['Bila waktunya habis, booking dibatalkan otomatis. Tanpa denda.', 'When the time is up, the booking is cancelled automatically. No penalty.'],
  'form.total': ['Total', 'Total'],
  'form.total.none': ['Pilih kamar dulu', 'Choose a room first'],
  'form.total.detail': ['({price} × {nights})', '({price} × {nights})'],
  'form.submit': ['Pesan sekarang', 'Book now'],
  'form.submit.telegram': ['Lanjut ke Telegram', 'Continue in Telegram'],
  'form.sending': ['Memesan…', 'Booking…'],
  'form.paynow': ['Bayar sekarang: Rp0', 'To pay now: Rp0'],
  'form.failed.network': [
    'Belum tersambung. Semua isian masih ada. Silakan coba lagi: tidak akan terpesan dua kali.',
    'No connection. Everything you typed is still here. Try again: it will not book twice.'],
  'form.failed.load': ['Daftar kamar belum bisa dimuat.', 'The rooms could not be loaded.'],
  'form.handoff': ['Lanjutkan di Telegram. Tidak terbuka? Pilih salah satu:', 'Continue in Telegram. Does it not open? Choose one:'],
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

  // The guest's booking
  'guest.page': ['Booking Anda', 'Your booking'],
  'guest.running': ['Kamar disimpan untuk Anda', 'A room is kept for you'],
  'guest.left': ['Sisa waktu', 'Time left'],
  'guest.until': ['sampai {when}', 'until {when}'],
  'guest.checking': ['Memeriksa…', 'Checking…'],
  'guest.checking.why': [
    'Waktunya sudah lewat. Kami sedang menanyakan hasilnya ke hotel.',
    'The time has passed. We are asking the hotel for the outcome.'],
  'guest.extended': ['Waktunya sudah diperpanjang. Kini sampai {when}.', 'Your time has been extended. It now runs until {when}.'],
  'guest.end': ['Yang terjadi {when}', 'What happens at {when}'],
  'guest.end.none': [
    'Bila Anda belum tiba, booking dibatalkan otomatis dan kamarnya kami lepas. Tanpa denda. Bagikan lokasi Anda: bila sudah dekat, waktunya kami perpanjang {extend}.',
    'If you are not here by then, the booking is cancelled automatically and the room is free again. No penalty. Share your position: if you are near, the time is extended by {extend}.'],
  'guest.end.intime': [
    'Menurut lokasi terakhir, Anda tiba sebelum waktunya habis. Tidak perlu berbuat apa-apa.',
    'By your last position you will be here in time. Nothing to do.'],
  'guest.end.extend': [
    'Anda sudah dekat atau makin mendekat. Bila saat itu Anda belum tiba, waktunya kami perpanjang {extend} otomatis.',
    'You are near or coming closer. If you are not here by then, the time is extended by {extend} automatically.'],
  'guest.end.cancel': [
    'Menurut lokasi terakhir, Anda belum akan tiba. Bila tetap begitu, booking dibatalkan otomatis dan kamarnya kami lepas. Tanpa denda.',
    'By your last position you will not be here in time. If that stays so, the booking is cancelled automatically and the room is free again. No penalty.'],
  'guest.travel': ['{distance} dari hotel', '{distance} from the hotel'],
  'guest.travel.eta': ['perkiraan tiba {when}', 'arriving about {when}'],
  'guest.travel.closer': ['mendekat', 'coming closer'],
  'guest.arrived': ['Selamat datang!', 'Welcome!'],
  'guest.arrived.why': ['Tunjukkan nomor resi ini dan bayar di resepsionis.', 'Show this receipt number and pay at the desk.'],
  'guest.arrived.qris': ['Kode QRIS sudah kami kirim. Jumlahnya persis harga kamar.', 'The QRIS code has been sent to you. It asks for exactly the room price.'],
  'guest.arrived.safe': ['Booking Anda tidak akan dibatalkan otomatis lagi.', 'Your booking will not be cancelled automatically any more.'],
  'guest.topay': ['Bayar di resepsionis', 'To pay at the desk'],
  'guest.paid': ['Sudah lunas', 'Paid'],
  'guest.paid.why': ['Kamar ini pasti milik Anda. Kapan pun Anda tiba, kami menunggu.', 'The room is yours for certain. Whenever you come, we are waiting.'],
  'guest.paid.at': ['Lunas {when}', 'Paid {when}'],
  'guest.cancelled.EXPIRED': ['Maaf, waktunya habis', 'Sorry, the time is up'],
  'guest.cancelled.EXPIRED.why': [
    'Booking dibatalkan otomatis {when} dan kamarnya sudah kami lepas. Tidak ada yang perlu dibayar.',
    'The booking was cancelled automatically at {when} and the room is free again. There is nothing to pay.'],
  'guest.cancelled.BY_STAFF': ['Dibatalkan oleh hotel', 'Cancelled by the hotel'],
  'guest.cancelled.BY_STAFF.why': [
    'Hotel membatalkan booking ini {when}. Ada pertanyaan? Hubungi hotel dengan nomor resi ini.',
    'The hotel cancelled this booking at {when}. Any questions? Ask the hotel with this receipt number.'],
  'guest.cancelled.BY_GUEST': ['Anda membatalkan booking ini', 'You cancelled this booking'],
  'guest.cancelled.BY_GUEST.why': [
    'Dibatalkan {when}. Terima kasih sudah memberi kabar; kamarnya kami lepas untuk tamu lain.',
    'Cancelled at {when}. Thank you for telling us; the room is free for another guest.'],
  'guest.again': ['Pesan lagi', 'Book again'],
  'guest.receipt': ['Nomor resi', 'Receipt number'],
  'guest.copied': ['Tersalin', 'Copied'],
  'guest.copy.hint': ['Tekan untuk menyalin', 'Tap to copy'],
  'guest.room': ['Kamar', 'Room'],
  'guest.stay': ['Menginap', 'Stay'],
  'guest.price': ['Harga', 'Price'],
  'guest.name': ['Atas nama', 'Name'],
  'guest.booked': ['Dipesan', 'Booked'],
  'guest.details': ['Rincian', 'Details'],
  'guest.cancel': ['Batalkan booking', 'Cancel booking'],
  'guest.cancel.ask': ['Batalkan booking ini?', 'Cancel this booking?'],
  'guest.cancel.why': [
    'Kamar langsung dilepas untuk tamu lain. Ini tidak bisa diurungkan.',
    'The room is freed for another guest at once. This cannot be undone.'],
  'guest.cancel.yes': ['Ya, batalkan', 'Yes, cancel it'],
  'guest.cancel.no': ['Tidak, tetap simpan', 'No, keep it'],
  'guest.offline': ['Tidak tersambung. Menyambung lagi…', 'Not connected. Reconnecting…'],
  'guest.wrong': ['Tautan ini tidak cocok', 'This link does not fit'],
  'guest.wrong.cut': ['Tautan ini terpotong. Salin tautan lengkap dari pesan atau e-mail Anda, lalu tempel di sini.', 'This link is cut off. Copy the whole link from your message or e-mail, then paste it here.'],
  'guest.paste': ['Tempel tautan booking Anda', 'Paste the link to your booking'],
  'guest.paste.open': ['Buka booking', 'Open the booking'],
  'guest.paste.none': ['Di situ tidak ada tautan booking yang lengkap.', 'There is no whole booking link in it.'],
  'guest.wrong.why': [
    'Buka lagi tautan dari e-mail booking Anda, lengkap sampai huruf terakhir. Tanpa tautan itu, sebut nomor resi di resepsionis.',
    'Open the link from your booking e-mail again, complete to its last letter. Without it, give your receipt number at the desk.'],
  'guest.new': ['Pesan kamar', 'Book a room'],

  // Sharing the position
  'share.title': ['Bagikan lokasi', 'Share your position'],
  'share.why': [
    'Bila waktunya habis sementara Anda sudah dekat atau makin mendekat, kamar kami simpan {extend} lebih lama. Hanya hotel ini yang melihat lokasi Anda, dan lokasi itu dihapus begitu booking selesai.',
    'If the time is up while you are near or coming closer, we keep the room {extend} longer. Only this hotel sees your position, and it is deleted once the hold ends.'],
  'share.background': [
    'Biarkan halaman ini terbuka dan di depan: peramban tidak memberi lokasi kepada halaman di latar belakang.',
    'Keep this page open and in front: browsers give no position to a page in the background.'],
  'share.stop': [
    'Berhenti kapan saja: geser sakelar ini lagi atau tutup halaman ini. Lokasi langsung di Telegram dihentikan di pesannya sendiri.',
    'Stop at any time: use the switch again or close this page. A live location in Telegram is stopped in its own message.'],
  'share.asking': ['Mencari lokasi Anda…', 'Looking for your position…'],
  'share.sent': ['Terakhir terkirim pukul {when}', 'Last sent at {when}'],
  'share.lost': ['Sinyal lokasi sedang hilang; kami terus mencoba.', 'No position signal right now; we keep trying.'],
  'share.unsent': ['Lokasi belum terkirim; kami coba lagi.', 'The position was not sent; we will try again.'],
  'share.denied': [
    'Peramban tidak mengizinkan. Untuk menyalakannya: buka ikon gembok atau setelan situs di samping alamat, izinkan Lokasi, lalu geser lagi sakelar ini.',
    'The browser does not allow it. To turn it on: open the padlock or site settings beside the address, allow Location, then use this switch again.'],
  'share.unsupported': [
    'Peramban ini tidak bisa memberi lokasi di halaman ini. Booking Anda tetap berlaku.',
    'This browser cannot give a position on this page. Your booking stands all the same.'],
};

/** The sentence for `key` in `language`. An unknown key is shown as it is; tests check for that. */
export function translate(language, key, values = {}) {
  const pair = texts[key];
  if (!pair) return key;
  const sentence = pair[Math.max(0, languages.indexOf(language))];
  return sentence.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) =>
    one === undefined ? String(values[name] ?? '') : (values[name] === 1 ? one : many));
}
