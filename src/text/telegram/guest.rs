//! What a guest reads in the chat.

use chrono::{NaiveDate, TimeDelta};

use super::{escape, facts, left, nights, until_words};
use crate::domain::{
    Actor, Booking, CancelReason, Change, Event, Forecast, HotelPolicy, Language, Moment, RoomType,
    Rupiah, Status, Stay,
};
use crate::text::{clock_time, date, duration, kilometres, rupiah, say};

/// Labels of a guest's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuestLabel {
    /// Book in this chat.
    BookHere,
    /// Book on the web form.
    BookOnWeb,
    /// Book it.
    Book,
    /// Start over.
    StartOver,
    /// More dates or nights.
    More,
    /// Type another name.
    OtherName,
    /// Share the position.
    Share,
    /// Send the position once.
    SendOnce,
    /// Cancel.
    Cancel,
    /// Yes, cancel.
    ReallyCancel,
    /// No, keep it.
    Keep,
}

/// What a guest's button says.
#[must_use]
pub fn guest_label(language: Language, label: GuestLabel) -> &'static str {
    match label {
        GuestLabel::BookHere => say(language, "Pesan di sini", "Book here"),
        GuestLabel::BookOnWeb => say(language, "Pesan lewat web", "Book on the web"),
        GuestLabel::Book => say(language, "✅ Pesan", "✅ Book"),
        GuestLabel::StartOver => say(language, "Mulai lagi", "Start over"),
        GuestLabel::More => say(language, "Lainnya…", "More…"),
        GuestLabel::OtherName => say(language, "Ketik nama lain", "Type another name"),
        GuestLabel::Share => say(language, "📍 Bagikan lokasi", "📍 Share position"),
        GuestLabel::SendOnce => {
            say(language, "📍 Kirim lokasi saya sekali", "📍 Send my position once")
        }
        GuestLabel::Cancel => say(language, "Batalkan", "Cancel"),
        GuestLabel::ReallyCancel => say(language, "Ya, batalkan", "Yes, cancel"),
        GuestLabel::Keep => say(language, "Tidak jadi", "No, keep it"),
    }
}

/// The greeting of `/start`.
#[must_use]
pub fn greeting(language: Language, hotel: &HotelPolicy, hold: TimeDelta) -> String {
    let name = escape(&hotel.name);
    let hold = duration(language, hold);
    say(
        language,
        format!(
            "Selamat datang di <b>{name}</b>.\nKamar kami simpan {hold} tanpa bayar di muka: bayar saat tiba."
        ),
        format!(
            "Welcome to <b>{name}</b>.\nWe keep a room for {hold} with nothing to pay in advance: you pay on arrival."
        ),
    )
}

/// The choice of room types.
#[must_use]
pub fn choose_room(language: Language, sold_out: &[&RoomType]) -> String {
    let lead = say(language, "Pilih tipe kamar:", "Choose a room type:").to_owned();
    if sold_out.is_empty() {
        return lead;
    }
    let names: Vec<String> = sold_out.iter().map(|room| escape(&room.name)).collect();
    let names = names.join(", ");
    say(language, format!("{lead}\nHabis: {names}"), format!("{lead}\nSold out: {names}"))
}

/// No room of any type is left.
#[must_use]
pub fn nothing_left(language: Language) -> &'static str {
    say(
        language,
        "Maaf, semua kamar untuk malam ini sudah habis.",
        "Sorry, no room is left for tonight.",
    )
}

/// A button with a room type, its price, and how many are left.
#[must_use]
pub fn room_label(language: Language, room: &RoomType, available: u32) -> String {
    let (name, price) = (super::short(&room.name, 30), rupiah(room.price));
    say(
        language,
        format!("{name} · {price} · sisa {available}"),
        format!("{name} · {price} · {available} left"),
    )
}

/// The choice of the date.
#[must_use]
pub fn choose_date(language: Language, room: &str) -> String {
    let room = escape(room);
    say(
        language,
        format!("<b>{room}</b>\nTanggal berapa masuk?"),
        format!("<b>{room}</b>\nWhich check-in date?"),
    )
}

/// A button with a date.
#[must_use]
pub fn date_label(language: Language, day: NaiveDate, today: NaiveDate) -> String {
    if day == today {
        return say(language, "Malam ini", "Tonight").to_owned();
    }
    date(language, day)
}

/// The choice of the nights.
#[must_use]
pub fn choose_nights(language: Language, room: &str, check_in: NaiveDate) -> String {
    let (room, day) = (escape(room), date(language, check_in));
    say(
        language,
        format!("<b>{room}</b>\nMasuk {day}. Berapa malam?"),
        format!("<b>{room}</b>\nCheck-in {day}. How many nights?"),
    )
}

/// A button with a number of nights and what they cost.
#[must_use]
pub fn nights_label(language: Language, count: u32, price: Rupiah) -> String {
    format!("{} · {}", nights(language, count), rupiah(price))
}

/// The choice of the name.
#[must_use]
pub fn choose_name(language: Language) -> &'static str {
    say(language, "Atas nama siapa?", "Under which name?")
}

/// The wish for a name to be typed.
#[must_use]
pub fn type_name(language: Language) -> &'static str {
    say(
        language,
        "Ketik nama tamu (paling banyak 80 huruf).",
        "Type the guest's name (80 characters at most).",
    )
}

/// The summary before booking: price, the end of the hold, and what happens then.
#[must_use]
pub fn summary(
    language: Language,
    name: &str,
    stay: &Stay,
    until: Moment,
    hotel: &HotelPolicy,
) -> String {
    let (name, room) = (escape(name), escape(&stay.room.name));
    let (day, count) = (date(language, stay.check_in), nights(language, stay.nights));
    let price = rupiah(stay.price);
    let clock = clock_time(until, hotel.timezone);
    say(
        language,
        format!(
            "<b>Sudah benar?</b>\nNama: {name}\nKamar: {room}\nMasuk: {day}, {count}\nHarga: <b>{price}</b>, bayar saat tiba\n\nKamar disimpan sampai pukul <b>{clock}</b>. Bila saat itu Anda sudah dekat hotel, waktunya diperpanjang; bila tidak, booking batal dengan sendirinya."
        ),
        format!(
            "<b>Is this right?</b>\nName: {name}\nRoom: {room}\nCheck-in: {day}, {count}\nPrice: <b>{price}</b>, paid on arrival\n\nWe keep the room until <b>{clock}</b>. If you are near the hotel then, the time is extended; if not, the booking is cancelled by itself."
        ),
    )
}

/// The one message that shows how a booking is, all its life.
#[must_use]
pub fn status(booking: &Booking, now: Moment, hotel: &HotelPolicy) -> String {
    let language = booking.guest.language;
    let facts = facts(language, booking);
    let until = until_words(language, booking, hotel);
    let (head, tail) = match &booking.status {
        Status::Pending if booking.arrived_at.is_some() => (
            say(language, "🏨 Selamat datang", "🏨 Welcome"),
            say(
                language,
                format!("Silakan bayar di meja resepsionis sampai pukul {until}."),
                format!("Please pay at the desk by {until}."),
            ),
        ),
        Status::Pending => {
            let left = left(language, booking.hold.until, now);
            (
                say(language, "🟡 Kamar disimpan untuk Anda", "🟡 A room is kept for you"),
                say(
                    language,
                    format!(
                        "Sampai pukul <b>{until}</b> (sisa {left}).\nBila saat itu Anda sudah dekat, waktunya diperpanjang; bila tidak, booking batal dengan sendirinya."
                    ),
                    format!(
                        "Until <b>{until}</b> ({left} left).\nIf you are near then, the time is extended; if not, the booking is cancelled by itself."
                    ),
                ),
            )
        }
        Status::Paid { .. } => (
            say(language, "✅ Sudah dibayar", "✅ Paid"),
            say(
                language,
                format!("Booking {} telah dikonfirmasi.", booking.receipt_no),
                format!("Booking {} is confirmed.", booking.receipt_no),
            ),
        ),
        Status::Cancelled { by, .. } => {
            (say(language, "⚪️ Dibatalkan", "⚪️ Cancelled"), ended(language, by).to_owned())
        }
    };
    format!("<b>{head}</b>\n{facts}\n\n{tail}")
}

fn ended(language: Language, by: &Actor) -> &'static str {
    match CancelReason::from(by) {
        CancelReason::Expired => say(
            language,
            "Waktunya habis, jadi kamar dilepas. Tidak ada yang perlu dibayar.",
            "The time ran out, so the room is free again. There is nothing to pay.",
        ),
        CancelReason::ByStaff => {
            say(language, "Hotel membatalkan booking ini.", "The hotel cancelled this booking.")
        }
        CancelReason::ByGuest => say(
            language,
            "Booking ini Anda batalkan. Tidak ada yang perlu dibayar.",
            "You cancelled this booking. There is nothing to pay.",
        ),
    }
}

/// What a guest must hear as a new message; `None` for what the status message shows.
#[must_use]
pub fn guest_notice(change: &Change, hotel: &HotelPolicy) -> Option<String> {
    let booking = &change.booking;
    let language = booking.guest.language;
    let until = until_words(language, booking, hotel);
    let receipt_no = booking.receipt_no;
    Some(match &change.event {
        Event::Booked | Event::PaymentAsked | Event::QrisSent | Event::QrisFailed { .. } => {
            return None;
        }
        Event::QrisRequested => pay_by_code(booking),
        Event::Reminded { forecast, .. } => {
            let left = left(language, booking.hold.until, change.at);
            let outlook = outlook(language, *forecast);
            say(
                language,
                format!(
                    "⏰ Tinggal {left}: kamar kami simpan sampai pukul <b>{until}</b>.\n{outlook}"
                ),
                format!("⏰ {left} left: we keep the room until <b>{until}</b>.\n{outlook}"),
            )
        }
        Event::ExtendedByClock { by, evidence } => {
            let (by, far) =
                (duration(language, *by), kilometres(language, evidence.distance_metres));
            say(
                language,
                format!(
                    "⏱ Anda {far} dari hotel, jadi waktunya ditambah {by}: sampai pukul <b>{until}</b>."
                ),
                format!(
                    "⏱ You are {far} from the hotel, so you have {by} more: until <b>{until}</b>."
                ),
            )
        }
        Event::ExtendedByStaff { minutes } => {
            let by = duration(language, TimeDelta::minutes((*minutes).into()));
            say(
                language,
                format!("⏱ Hotel menambah waktu {by}: sampai pukul <b>{until}</b>."),
                format!("⏱ The hotel gives you {by} more: until <b>{until}</b>."),
            )
        }
        Event::Arrived => {
            let price = rupiah(booking.stay.price);
            say(
                language,
                format!(
                    "🏨 Selamat datang! Silakan bayar <b>{price}</b> sampai pukul {until}, tidak lebih dan tidak kurang."
                ),
                format!("🏨 Welcome! Please pay <b>{price}</b> by {until}, no more and no less."),
            )
        }
        Event::Paid => say(
            language,
            format!("✅ Pembayaran diterima. Booking {receipt_no} telah dikonfirmasi."),
            format!("✅ Payment received. Booking {receipt_no} is confirmed."),
        ),
        Event::Cancelled { .. } | Event::Expired { .. } => {
            let reason = match &booking.status {
                Status::Cancelled { by, .. } => ended(language, by),
                // No other state comes with this event.
                Status::Pending | Status::Paid { .. } => "",
            };
            say(
                language,
                format!("⚪️ Booking {receipt_no} dibatalkan. {reason}"),
                format!("⚪️ Booking {receipt_no} is cancelled. {reason}"),
            )
        }
    })
}

/// What stands below a payment code.
#[must_use]
pub fn pay_by_code(booking: &Booking) -> String {
    let (receipt_no, price) = (booking.receipt_no, rupiah(booking.stay.price));
    say(
        booking.guest.language,
        format!(
            "QRIS untuk {receipt_no}: bayar tepat <b>{price}</b>, tidak lebih dan tidak kurang. Tunjukkan buktinya di meja resepsionis."
        ),
        format!(
            "QRIS for {receipt_no}: pay exactly <b>{price}</b>, no more and no less. Show the proof at the desk."
        ),
    )
}

fn outlook(language: Language, forecast: Forecast) -> &'static str {
    match forecast {
        Forecast::InTime => say(language, "Anda akan tiba tepat waktu.", "You will be in time."),
        Forecast::WillExtend => say(
            language,
            "Anda sudah dekat: waktunya akan diperpanjang.",
            "You are near: the time will be extended.",
        ),
        Forecast::WillCancel => say(
            language,
            "Anda masih jauh: saat itu booking akan batal.",
            "You are still far: the booking will be cancelled then.",
        ),
        Forecast::NoPosition => say(
            language,
            "Lokasi Anda belum kami terima: saat itu booking akan batal. Bagikan lokasi bila Anda di jalan.",
            "We have no position of yours: the booking will be cancelled then. Share your position if you are on the way.",
        ),
    }
}

/// How to share the way, in two lines.
#[must_use]
pub fn how_to_share(language: Language) -> &'static str {
    say(
        language,
        "Tekan 📎 → <b>Lokasi</b> → <b>Bagikan Lokasi Langsung</b>: bila Anda sudah dekat, waktunya diperpanjang.\nAtau kirim sekali dengan tombol di bawah. Lokasi hanya disimpan selama booking berjalan.",
        "Tap 📎 → <b>Location</b> → <b>Share My Live Location</b>: if you are near, the time is extended.\nOr send it once by the button below. Positions are kept only while the booking runs.",
    )
}

/// Thanks for a position sent once.
#[must_use]
pub fn position_received(language: Language) -> &'static str {
    say(language, "📍 Terima kasih, lokasi diterima.", "📍 Thank you, position received.")
}

/// The answer to a position where no booking runs.
#[must_use]
pub fn no_hold_for_position(language: Language) -> &'static str {
    say(
        language,
        "Terima kasih, tetapi tidak ada booking yang berjalan, jadi lokasi ini tidak disimpan.",
        "Thank you, but no booking is running, so this position is not kept.",
    )
}

/// The question before cancelling.
#[must_use]
pub fn really_cancel(booking: &Booking) -> String {
    let language = booking.guest.language;
    let facts = facts(language, booking);
    say(
        language,
        format!("<b>Batalkan booking ini?</b>\n{facts}"),
        format!("<b>Cancel this booking?</b>\n{facts}"),
    )
}

/// The choice of which booking to cancel.
#[must_use]
pub fn which_to_cancel(language: Language) -> &'static str {
    say(language, "Booking mana yang dibatalkan?", "Which booking is to be cancelled?")
}

/// No booking runs.
#[must_use]
pub fn no_booking(language: Language) -> &'static str {
    say(language, "Tidak ada booking yang berjalan.", "No booking is running.")
}

/// The answer to what was not understood.
#[must_use]
pub fn help(language: Language) -> &'static str {
    say(
        language,
        "Saya membantu memesan kamar.\n/booking pesan kamar\n/status lihat booking\n/batal batalkan booking",
        "I help with booking a room.\n/booking book a room\n/status see your booking\n/batal cancel a booking",
    )
}

/// A contact was sent, which nobody asked for.
#[must_use]
pub fn no_contacts(language: Language) -> &'static str {
    say(
        language,
        "Nomor telepon tidak kami perlukan dan tidak kami simpan.",
        "We need no phone number and keep none.",
    )
}

/// A button of another time.
#[must_use]
pub fn stale(language: Language) -> &'static str {
    say(
        language,
        "Tombol ini sudah tidak berlaku. Silakan mulai lagi.",
        "This button is no longer valid. Please start over.",
    )
}

/// The one line that a group reads which is not the front office's.
#[must_use]
pub fn not_in_groups(language: Language) -> &'static str {
    say(
        language,
        "Terima kasih sudah mengundang saya. Booking hanya lewat chat pribadi dengan saya.",
        "Thank you for inviting me. Bookings are made in a private chat with me.",
    )
}

/// Somebody's own Telegram id.
#[must_use]
pub fn your_id(language: Language, id: i64, chat: i64) -> String {
    let chat = if chat == id {
        String::new()
    } else {
        say(
            language,
            format!("\nId grup ini: <code>{chat}</code>"),
            format!("\nThis group's id: <code>{chat}</code>"),
        )
    };
    say(
        language,
        format!("Id Telegram Anda: <code>{id}</code>{chat}"),
        format!("Your Telegram id: <code>{id}</code>{chat}"),
    )
}
