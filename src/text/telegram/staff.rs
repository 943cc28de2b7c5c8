//! What the front office reads in answer to what it typed or tapped.

use super::escape;
use crate::domain::Language;
use crate::text::{date, say};

/// No such receipt number; perhaps one of these.
#[must_use]
pub fn not_found(language: Language, has_near: bool) -> String {
    let lead = say(language, "Resi tidak ditemukan.", "No such receipt number.");
    if has_near {
        format!("{lead} {}", say(language, "Mungkin salah satu ini?", "Perhaps one of these?"))
    } else {
        lead.to_owned()
    }
}

/// The choice of a booking for a command that named none.
#[must_use]
pub fn which_booking(language: Language) -> &'static str {
    say(language, "Booking yang mana?", "Which booking?")
}

/// How `/jatah` is typed.
#[must_use]
pub fn allotment_usage(language: Language, codes: &[&str]) -> String {
    let codes = escape(&codes.join(", "));
    say(
        language,
        format!(
            "Ketik /jatah TIPE JUMLAH [TANGGAL], misalnya /jatah STD 5 2026-01-31\nTipe: {codes}"
        ),
        format!("Type /jatah TYPE N [DATE], for example /jatah STD 5 2026-01-31\nTypes: {codes}"),
    )
}

/// The allotment is set.
#[must_use]
pub fn allotment_set(
    language: Language,
    room: &str,
    night: chrono::NaiveDate,
    rooms: u32,
    left: u32,
) -> String {
    let (room, night) = (escape(room), date(language, night));
    say(
        language,
        format!("Jatah {room} untuk {night}: {rooms} kamar, sisa {left}."),
        format!("{room} on {night}: {rooms} rooms for sale, {left} left."),
    )
}

/// The way to the board.
#[must_use]
pub fn board(language: Language) -> &'static str {
    say(language, "Papan front office:", "The board of the front office:")
}

/// A link that signs in once, privately.
#[must_use]
pub fn board_link(language: Language, link: &str) -> String {
    let link = escape(link);
    say(
        language,
        format!("Tautan ke papan (sekali pakai, berlaku 10 menit):\n{link}"),
        format!("A link to the board, for one use within 10 minutes:\n{link}"),
    )
}

/// The link went to the private chat.
#[must_use]
pub fn board_sent(language: Language) -> &'static str {
    say(
        language,
        "Tautannya saya kirim lewat chat pribadi. Tidak ada? Buka chat dengan saya, kirim /start, lalu ulangi.",
        "I sent the link in our private chat. Nothing there? Open a chat with me, send /start, and try again.",
    )
}

/// What staff asked in a group that is not the front office's is answered elsewhere.
#[must_use]
pub fn answered_privately(language: Language) -> &'static str {
    say(
        language,
        "Jawabannya saya kirim lewat chat pribadi.",
        "I sent the answer in our private chat.",
    )
}

/// A booking moved on while somebody looked at it.
#[must_use]
pub fn changed_meanwhile(language: Language) -> &'static str {
    say(
        language,
        "Booking ini baru saja berubah. Periksa lagi.",
        "This booking has just changed. Look again.",
    )
}

/// A payment code is on its way already, so no second one is sent.
#[must_use]
pub fn code_is_on_its_way(language: Language) -> &'static str {
    say(language, "QRIS sedang dikirim ke tamu.", "The QRIS code is on its way to the guest.")
}

/// A button that is not for whoever tapped it.
#[must_use]
pub fn not_for_you(language: Language) -> &'static str {
    say(
        language,
        "Tombol ini hanya untuk petugas hotel.",
        "This button is for the hotel's staff only.",
    )
}
