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

  // The guest's booking
  'guest.page': ['Booking Anda', 'Your booking'],
  'guest.running': ['Kamar Anda kami simpan', 'We keep your room'],
  'guest.left': ['Sisa waktu', 'Time left'],
  'guest.until': ['sampai {when}', 'until {when}'],
  'guest.checking': ['Memeriksa…', 'Checking…'],
  'guest.checking.why': [
    'Waktunya habis. Sebentar, kami tanyakan ke hotel apakah waktunya diperpanjang.',
    'The time is up. One moment: we are asking the hotel whether it was extended.'],
  'guest.extended': ['Waktunya sudah diperpanjang: kini sampai {when}.', 'Your time has been extended: it now runs until {when}.'],
  'guest.end': ['Yang terjadi {when}', 'What happens at {when}'],
  'guest.end.none': [
    'Bila Anda belum tiba, booking batal otomatis dan kamarnya kami lepas. Tanpa denda. Di jalan? Bagikan lokasi Anda: bila sudah dekat, waktunya kami perpanjang {extend}.',
    'If you are not here by then, the booking is cancelled automatically and the room is free again. No penalty. On the way? Share your position: if you are near, the time is extended by {extend}.'],
  'guest.end.intime': [
    'Menurut lokasi terakhir, Anda tiba sebelum waktunya habis. Tidak perlu berbuat apa-apa.',
    'By your last position you will be here in time. Nothing to do.'],
  'guest.end.extend': [
    'Anda sudah dekat atau makin mendekat. Bila saat itu Anda belum tiba, waktunya kami perpanjang {extend}. Tidak perlu berbuat apa-apa.',
    'You are near or coming closer. If you are not here by then, the time is extended by {extend}. Nothing to do.'],
  'guest.end.cancel': [
    'Menurut lokasi terakhir, Anda belum akan tiba. Bila tetap begitu, booking batal otomatis dan kamarnya kami lepas. Tanpa denda.',
    'By your last position you will not be here in time. If that stays so, the booking is cancelled automatically and the room is free again. No penalty.'],
  'guest.travel': ['{distance} dari hotel', '{distance} from the hotel'],
  'guest.travel.eta': ['perkiraan tiba {when}', 'arriving about {when}'],
  'guest.travel.closer': ['mendekat', 'coming closer'],
  'guest.arrived': ['Selamat datang!', 'Welcome!'],
  'guest.arrived.why': ['Sebut nomor resi Anda dan bayar di resepsionis.', 'Give your receipt number and pay at the desk.'],
  'guest.arrived.qris': ['Kode bayarnya ada di bawah.', 'The payment code is below.'],
  'guest.arrived.safe': ['Booking Anda tidak akan batal otomatis lagi.', 'Your booking will not be cancelled automatically any more.'],
  'guest.topay': ['Bayar di resepsionis', 'To pay at the desk'],
  'guest.paid': ['Sudah lunas', 'Paid'],
  'guest.paid.at': ['Lunas {when}.', 'Paid at {when}.'],
  'guest.paid.later': ['Kamar ini pasti milik Anda. Kapan pun Anda tiba, kami menunggu.', 'The room is yours for certain. Whenever you come, we are waiting.'],
  'guest.paid.why': ['Kamar ini pasti milik Anda. Selamat beristirahat!', 'The room is yours for certain. Have a good rest!'],
  'guest.cancelled.EXPIRED': ['Maaf, waktunya habis', 'Sorry, the time is up'],
  'guest.cancelled.EXPIRED.why': [
    'Booking batal otomatis {when} dan kamarnya sudah kami lepas. Tidak ada yang perlu dibayar. Masih mau menginap? Pesan lagi selama kamar masih ada.',
    'The booking was cancelled automatically at {when} and the room is free again. There is nothing to pay. Still coming? Book again while there are rooms.'],
  'guest.cancelled.BY_STAFF': ['Dibatalkan oleh hotel', 'Cancelled by the hotel'],
  'guest.cancelled.BY_STAFF.why': [
    'Hotel membatalkan booking ini {when}. Ada pertanyaan? Sebut nomor resi di bawah kepada hotel.',
    'The hotel cancelled this booking at {when}. Any questions? Give the hotel the receipt number below.'],
  'guest.note': ['Pesan dari hotel: {note}', 'From the hotel: {note}'],
  'guest.cancelled.BY_GUEST': ['Anda membatalkan booking ini', 'You cancelled this booking'],
  'guest.cancelled.BY_GUEST.why': [
    'Dibatalkan {when}. Terima kasih sudah memberi kabar: kamarnya kami lepas untuk tamu lain.',
    'Cancelled at {when}. Thank you for telling us: the room is free for another guest.'],
  'guest.again': ['Pesan lagi', 'Book again'],
  'guest.receipt': ['Nomor resi', 'Receipt number'],
  'guest.copied': ['Tersalin', 'Copied'],
  'guest.copy.hint': ['Ketuk untuk menyalin', 'Tap to copy'],
  'guest.room': ['Kamar', 'Room'],
  'guest.stay': ['Menginap', 'Stay'],
  'guest.price': ['Harga', 'Price'],
  'guest.name': ['Atas nama', 'Name'],
  'guest.booked': ['Dipesan', 'Booked'],
  'guest.details': ['Rincian', 'Details'],
  'guest.cancel': ['Batalkan booking', 'Cancel booking'],
  'guest.cancel.ask': ['Batalkan booking ini?', 'Cancel this booking?'],
  'guest.cancel.why': [
    'Kamarnya langsung kami lepas untuk tamu lain. Berubah pikiran? Pesan lagi selama kamar masih ada.',
    'The room is free for another guest at once. If you change your mind, book again while there are rooms.'],
  'guest.cancel.yes': ['Ya, batalkan', 'Yes, cancel it'],
  'guest.cancel.no': ['Tidak, tetap simpan', 'No, keep it'],
  'guest.offline': ['Tidak tersambung. Menyambung lagi…', 'Not connected. Reconnecting…'],
  'guest.wrong': ['Tautan ini tidak cocok', 'This link does not work'],
  'guest.wrong.cut': ['Tautan ini terpotong. Salin tautan lengkap dari pesan atau e-mail Anda, lalu tempel di sini.', 'This link is cut off. Copy the whole link from your message or e-mail, then paste it here.'],
  'guest.paste': ['Tempel tautan booking Anda', 'Paste the link to your booking'],
  'guest.paste.open': ['Buka booking', 'Open the booking'],
  'guest.paste.none': ['Di situ tidak ada tautan booking yang lengkap.', 'There is no whole booking link in it.'],
  'guest.wrong.why': [
    'Buka lagi tautan dari e-mail booking Anda, lengkap sampai huruf terakhir. Tidak ada? Sebut saja nomor resi di resepsionis.',
    'Open the link from your booking e-mail again, complete to its last letter. Do you not have it? Just give your receipt number at the desk.'],
  'guest.new': ['Pesan kamar', 'Book a room'],

  // Paying at the desk
  'pay.title': ['Bayar dengan QRIS', 'Pay by QRIS'],
  'pay.label': ['Kode QRIS untuk {receipt}, {price}', 'QRIS code for {receipt}, {price}'],
  'pay.exactly': ['Persis sejumlah ini: tidak lebih, tidak kurang.', 'Exactly this sum: no more, no less.'],
  'pay.type': [
    'Kode ini tidak memuat jumlahnya. Ketik persis {price}: tidak lebih, tidak kurang.',
    'This code does not contain the sum. Type exactly {price}: no more, no less.'],
  'pay.save': ['Simpan gambar', 'Save the picture'],
  'pay.step.save': ['Simpan gambar kode ini. Tidak bisa? Tekan lama gambarnya, atau ambil tangkapan layar.', 'Save the picture of this code. If that fails, press and hold it, or take a screenshot.'],
  'pay.step.app': ['Buka aplikasi bank atau dompet digital Anda, pilih QRIS, lalu ambil gambarnya dari galeri.', 'Open your bank or wallet app, choose QRIS, then take the picture from the gallery.'],
  'pay.check': ['Cocokkan jumlahnya: {price}.', 'Check the sum: {price}.'],
  'pay.step.show': ['Sesudah membayar, tunjukkan buktinya di resepsionis.', 'After paying, show the proof at the desk.'],

  // The way to the hotel
  'place.title': ['Ke hotel', 'To the hotel'],
  'place.from': ['Kamar siap mulai pukul {time}.', 'Rooms are ready from {time}.'],
  'place.map': ['Buka peta', 'Open map'],
  'place.geo': ['Peta lain', 'Other map'],
  'place.ask': ['Hubungi hotel:', 'Contact the hotel:'],

  // Ringing at the reminder
  'ring.on': ['Bunyikan pengingat', 'Ring at the reminder'],
  'ring.off': ['Matikan bunyi pengingat', 'Do not ring'],
  'ring.why': [
    'Halaman ini bisa berbunyi dan bergetar {remind} sebelum waktunya habis. Biarkan halaman ini terbuka, dan jangan bisukan HP Anda.',
    'This page can ring and vibrate {remind} before the time is up. Keep it open, and do not mute your phone.'],

  // Sharing the position
  'share.title': ['Bagikan lokasi', 'Share your position'],
  'share.why': [
    'Bila waktunya habis sementara Anda sudah dekat atau makin mendekat, kamar kami simpan {extend} lebih lama. Hanya hotel ini yang melihat lokasi Anda, dan lokasi itu dihapus begitu booking selesai.',
    'If the time is up while you are near or coming closer, we keep the room {extend} longer. Only this hotel sees your position, and it is deleted once the hold ends.'],
  'share.background': [
    'Biarkan halaman ini terbuka dan di depan: browser tidak memberi lokasi kepada halaman di latar belakang.',
    'Keep this page open and in front: browsers give no position to a page in the background.'],
  'share.stop': [
    'Berhenti kapan saja: ketuk sakelar ini lagi atau tutup halaman ini. Lokasi langsung di Telegram dihentikan di pesannya sendiri.',
    'Stop at any time: tap the switch again or close this page. A live location in Telegram is stopped in its own message.'],
  'share.asking': ['Mencari lokasi Anda…', 'Looking for your position…'],
  'share.sent': ['Terakhir terkirim pukul {when}', 'Last sent at {when}'],
  'share.lost': ['Sinyal lokasi sedang hilang; kami terus mencoba.', 'No position signal right now; we keep trying.'],
  'share.unsent': ['Lokasi belum terkirim; kami coba lagi.', 'The position was not sent; we will try again.'],
  'share.denied': [
    'Browser tidak mengizinkan. Buka ikon gembok atau setelan situs di samping alamat, izinkan Lokasi, lalu ketuk lagi sakelar ini.',
    'The browser does not allow it. Open the padlock or site settings beside the address, allow Location, then tap this switch again.'],
  'share.unsupported': [
    'Browser ini tidak bisa memberi lokasi di halaman ini. Booking Anda tetap berlaku.',
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
