//! The answers to what guests write in their own words, and what the front office reads of it.

use chrono::NaiveDate;

use super::living::whose;
use super::{escape, room_label, short};
use crate::domain::{Booking, HotelPolicy, Language, RoomType};
use crate::text::{date, say};

/// The most of a guest's own words that the front office reads.
const MAX_QUOTED: usize = 100;

/// The rooms left tonight, with their prices.
#[must_use]
pub fn rooms_left(language: Language, today: NaiveDate, left: &[(&RoomType, u32)]) -> String {
    let day = date(language, today);
    let lead = say(language, format!("Malam ini, {day}:"), format!("Tonight, {day}:"));
    let line = |(room, left): &(&RoomType, u32)| escape(&room_label(language, room, Some(*left)));
    [lead].into_iter().chain(left.iter().map(line)).collect::<Vec<_>>().join("\n")
}

/// The answer to a guest who will be late.
#[must_use]
pub fn being_late(language: Language) -> &'static str {
    say(
        language,
        "Baik, resepsionis kami kabari. Waktunya diperpanjang otomatis bila lokasi Anda \
         menunjukkan bahwa Anda mendekat: bagikan lokasi langsung. Hati-hati di jalan.",
        "Thank you, we tell the front desk. The time is extended automatically if your position \
         shows that you are coming closer: share your live location. Drive safely.",
    )
}

/// What the front office reads of a guest who will be late.
#[must_use]
pub fn late_note(language: Language, booking: &Booking, text: &str) -> String {
    let (head, whose) = (say(language, "🚗 TAMU TERLAMBAT", "🚗 GUEST IS LATE"), whose(booking));
    let quoted = escape(&short(&text.split_whitespace().collect::<Vec<_>>().join(" "), MAX_QUOTED));
    format!("<b>{head}</b>\n{whose}\n“{quoted}”")
}

/// The answer to a picture, which is probably of a payment.
#[must_use]
pub fn show_at_desk(language: Language) -> &'static str {
    say(
        language,
        "Gambar diterima. Bila ini bukti bayar, tunjukkan di resepsionis: lunas hanya dicatat di \
         sana, setelah pembayaran cocok.",
        "Picture received. If it shows a payment, show it at the front desk: only there is it \
         marked as paid, once the payment matches.",
    )
}

/// The caption of a guest's picture for the front office.
#[must_use]
pub fn picture_note(language: Language, booking: &Booking) -> String {
    let whose = whose(booking);
    say(
        language,
        format!(
            "<b>📷 GAMBAR DARI TAMU</b>\n{whose}\nBelum tentu lunas: cocokkan dengan notifikasi QRIS."
        ),
        format!(
            "<b>📷 PICTURE FROM A GUEST</b>\n{whose}\nNot a payment yet: compare with the QRIS notice."
        ),
    )
}

/// The answer to thanks.
#[must_use]
pub fn you_are_welcome(language: Language) -> &'static str {
    say(language, "Sama-sama! 🙏", "You are welcome! 🙏")
}

/// The button for the position is no longer shown.
#[must_use]
pub fn keyboard_closed(language: Language) -> &'static str {
    say(language, "Tombol lokasi ditutup.", "The button for your position is closed.")
}

/// The bot's description, which users read before they start it. At most 512 characters.
#[must_use]
pub fn description(language: Language, hotel: &HotelPolicy) -> String {
    let name = short(&hotel.name, 100);
    say(
        language,
        format!(
            "Pesan kamar di {name} tanpa uang muka. Kamar kami simpan selama Anda di jalan, dan Anda bayar saat tiba."
        ),
        format!(
            "Book a room at {name} with nothing to pay in advance. We keep it while you are on the way, and you pay when you arrive."
        ),
    )
}

/// The bot's short description, on its profile. At most 120 characters.
#[must_use]
pub fn short_description(language: Language, hotel: &HotelPolicy) -> String {
    let name = short(&hotel.name, 60);
    say(
        language,
        format!("{name}: kamar disimpan selama Anda di jalan."),
        format!("{name}: your room is kept while you drive."),
    )
}
