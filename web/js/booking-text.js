// The sentences of the guest's page, which the form does not load.
import { texts } from './text.js';

Object.assign(texts, {
  // The guest's booking
  'guest.page': ['Booking Anda', 'Your booking'],
  'guest.running': ['Kamar Anda kami simpan', 'We keep your room'],
  'guest.offer': ['Ada kamar yang lepas untuk Anda', 'A room is free for you'],
  'guest.offer.how': [
    'Ambil sebelum waktunya habis; sesudah itu kamar kami simpan seperti biasa. Tidak perlu bayar sekarang.',
    'Take it before the time is up; then we keep the room as usual. There is nothing to pay now.'],
  'guest.offer.take': ['Ambil kamar ini', 'Take this room'],
  'guest.offer.refuse': ['Tidak jadi', 'No, thanks'],
  'guest.offer.ask': ['Lepas kamar ini?', 'Give this room back?'],
  'guest.offer.why': ['Kamarnya langsung kami tawarkan kepada tamu berikutnya.', 'We offer the room to the next guest at once.'],
  'guest.offer.yes': ['Ya, lepas', 'Yes, give it back'],
  'guest.offer.no': ['Tidak, tetap', 'No, keep it'],
  'guest.offer.ended': ['Tawaran kamar ini sudah berakhir', 'This offer has ended'],
  'guest.offer.over': [
    'Kamarnya kami tawarkan kepada tamu berikutnya. Tidak ada yang perlu dibayar. Masih mau menginap? Lihat kamar yang ada.',
    'We offered the room to the next guest. There is nothing to pay. Still coming? See which rooms there are.'],
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
  'guest.code': ['Tunjukkan di resepsionis', 'Show this at the desk'],
  'guest.code.why': ['Resepsionis memindai kode ini untuk membuka booking Anda. Ini bukan kode pembayaran.', 'The desk scans this code to open your booking. It is not a payment code.'],
  'guest.code.label': ['Kode nomor resi {receipt}', 'Code of the receipt number {receipt}'],
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

  // Ringing at the reminder
  'ring.on': ['Bunyikan pengingat', 'Ring at the reminder'],
  'ring.off': ['Matikan bunyi pengingat', 'Do not ring'],
  'ring.why': [
    'Halaman ini bisa berbunyi dan bergetar {remind} sebelum waktunya habis. Biarkan halaman ini terbuka, dan jangan bisukan HP Anda.',
    'This page can ring and vibrate {remind} before the time is up. Keep it open, and do not mute your phone.'],

  // Sharing the position
  'share.title': ['Bagikan lokasi', 'Share your position'],
  'share.why': [
    'Bila waktunya habis sementara Anda sudah dekat atau makin mendekat, kamar Anda kami simpan {extend} lebih lama. Hanya hotel ini yang melihat lokasi Anda, dan lokasi itu dihapus begitu booking selesai.',
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
});

/** The key of the sentence about the hold's end. */
export function endKey(forecast) {
  return {
    IN_TIME: 'guest.end.intime', WILL_EXTEND: 'guest.end.extend', WILL_CANCEL: 'guest.end.cancel',
  }[forecast] ?? 'guest.end.none';
}
