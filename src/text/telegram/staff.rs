//! The answers to the commands and buttons of the front office.

use super::escape;
use crate::domain::{Allotment, Language, Rupiah, Stay};
use crate::text::{date, rupiah, say};

/// The receipt number is unknown. With `has_near`, similar ones are offered below.
#[must_use]
pub fn not_found(language: Language, has_near: bool) -> String {
    let lead = say(language, "Resi tidak ditemukan.", "No such receipt number.");
    if has_near {
        format!("{lead} {}", say(language, "Mungkin salah satu ini?", "Perhaps one of these?"))
    } else {
        lead.to_owned()
    }
}

/// The choice of a booking for a command without a receipt number.
#[must_use]
pub fn which_booking(language: Language) -> &'static str {
    say(language, "Booking yang mana?", "Which booking?")
}

/// How to use `/tamu`, with the codes of the room types and how many rooms are left tonight.
#[must_use]
pub fn walk_in_usage(language: Language, left: &[(&str, u32)]) -> String {
    let left: Vec<String> =
        left.iter().map(|(code, left)| format!("{} ({left})", escape(code))).collect();
    let left = left.join(", ");
    say(
        language,
        format!(
            "Ketik /tamu TIPE MALAM NAMA, misalnya /tamu STD 1 Budi Santoso\nSisa malam ini: {left}"
        ),
        format!(
            "Type /tamu TYPE NIGHTS NAME, for example /tamu STD 1 Budi Santoso\nLeft tonight: {left}"
        ),
    )
}

/// What would be booked for a walk-in. The buttons below say whether they have paid.
#[must_use]
pub fn walk_in_question(language: Language, name: &str, stay: &Stay) -> String {
    let (name, room) = (escape(name), escape(&stay.room.name));
    let (nights, price) = (super::nights(language, stay.nights), rupiah(stay.price));
    let head = say(language, "Tamu langsung", "Walk-in");
    format!("<b>{head}</b>\n{name}\n{room}, {nights}\n<b>{price}</b>")
}

/// Who owes exactly an amount: the lines of the bookings, and how many there are in all.
#[must_use]
pub fn who_owes(language: Language, price: Rupiah, lines: &[String], count: usize) -> String {
    let price = rupiah(price);
    if lines.is_empty() {
        return say(
            language,
            format!("Tidak ada yang belum bayar {price}."),
            format!("Nobody owes {price}."),
        );
    }
    let head = say(
        language,
        format!("<b>Belum bayar {price}: {count}</b>"),
        format!("<b>Owing {price}: {count}</b>"),
    );
    format!("{head}\n\n{}", lines.join("\n\n"))
}

/// How to use `/laporan`.
#[must_use]
pub fn report_usage(language: Language, today: chrono::NaiveDate) -> String {
    say(
        language,
        format!("Ketik /laporan, atau /laporan TANGGAL, misalnya /laporan {today}"),
        format!("Type /laporan, or /laporan DATE, for example /laporan {today}"),
    )
}

/// How to use `/jatah`.
#[must_use]
pub fn allotment_usage(language: Language, codes: &[&str]) -> String {
    let codes = escape(&codes.join(", "));
    say(
        language,
        format!(
            "Ketik /jatah TIPE JUMLAH [TANGGAL], misalnya /jatah STD 5 2026-01-31 atau /jatah STD 5 2026-01-31..2026-02-02.\n/jatah STD tutup menutup tipe itu: tidak dijual lagi, juga bila ada kamar yang lepas. /jatah STD buka membukanya.\nTipe: {codes}"
        ),
        format!(
            "Type /jatah TYPE N [DATE], for example /jatah STD 5 2026-01-31 or /jatah STD 5 2026-01-31..2026-02-02.\n/jatah STD close closes the type: nothing more is sold, also when a room is freed. /jatah STD open opens it.\nTypes: {codes}"
        ),
    )
}

/// What is for sale was set; `left` is the number of rooms left on the first night.
#[must_use]
pub fn allotment_set(language: Language, room: &str, set: &Allotment, left: u32) -> String {
    let room = escape(room);
    let (from, through) = (date(language, set.from), date(language, set.through));
    let nights = if set.from == set.through {
        from.clone()
    } else {
        say(language, format!("{from} sampai {through}"), format!("{from} to {through}"))
    };
    match (set.is_closed, set.rooms) {
        (Some(true), _) => say(
            language,
            format!(
                "{room} ditutup untuk {nights}: tidak dijual lagi, juga bila ada kamar yang lepas."
            ),
            format!(
                "{room} is closed for {nights}: nothing more is sold, also when a room is freed."
            ),
        ),
        (Some(false), _) => say(
            language,
            format!("{room} dibuka lagi untuk {nights}. Sisa {left} untuk {from}."),
            format!("{room} is open again for {nights}. {left} left for {from}."),
        ),
        (None, Some(rooms)) => say(
            language,
            format!("Jatah {room} untuk {nights}: {rooms} kamar. Sisa {left} untuk {from}."),
            format!("{room} for {nights}: {rooms} rooms for sale. {left} left for {from}."),
        ),
        (None, None) => say(
            language,
            format!("Sisa {room} untuk {from}: {left} kamar."),
            format!("{room} for {from}: {left} rooms left."),
        ),
    }
}

/// The title above the button that opens the board.
#[must_use]
pub fn board(language: Language) -> &'static str {
    say(language, "Papan resepsionis:", "Front desk board:")
}

/// The link to the board, which signs in once. It is sent only to a private chat.
#[must_use]
pub fn board_link(language: Language, link: &str) -> String {
    let link = escape(link);
    say(
        language,
        format!("Tautan ke papan (sekali pakai, berlaku 10 menit):\n{link}"),
        format!("A link to the board, for one use within 10 minutes:\n{link}"),
    )
}

/// Says in a group that the link was sent to the private chat.
#[must_use]
pub fn board_sent(language: Language) -> &'static str {
    say(
        language,
        "Tautannya saya kirim lewat chat pribadi. Tidak ada? Buka chat dengan saya, kirim /start, lalu ulangi.",
        "I sent the link in our private chat. Nothing there? Open a chat with me, send /start, and try again.",
    )
}

/// Says in a group other than the front office's that the answer was sent to the private chat.
#[must_use]
pub fn answered_privately(language: Language) -> &'static str {
    say(
        language,
        "Jawabannya saya kirim lewat chat pribadi.",
        "I sent the answer in our private chat.",
    )
}

/// The booking has changed since the message was shown.
#[must_use]
pub fn changed_meanwhile(language: Language) -> &'static str {
    say(
        language,
        "Booking ini baru saja berubah. Periksa lagi.",
        "This booking has just changed. Look again.",
    )
}

/// A payment code is being sent, so no second one is sent.
#[must_use]
pub fn code_is_on_its_way(language: Language) -> &'static str {
    say(language, "QRIS sedang dikirim ke tamu.", "The QRIS code is being sent to the guest.")
}

/// The answer to somebody who tapped a button of the front office without being staff.
#[must_use]
pub fn not_for_you(language: Language) -> &'static str {
    say(
        language,
        "Tombol ini hanya untuk petugas hotel.",
        "This button is for the hotel's staff only.",
    )
}

/// What to do with the money of a guest whose booking was cancelled before it was marked paid.
#[must_use]
pub fn paid_too_late(language: Language) -> &'static str {
    say(
        language,
        "Bila tamu sudah membayar: tekan <b>Hidupkan lagi, tamu di sini</b>, lalu tandai lunas. Bila \
         ditolak karena kamar penuh, kembalikan uangnya.",
        "If the guest has paid: press <b>Revive, the guest is here</b>, then mark it paid. If that is \
         refused because no room is free, return the money.",
    )
}

/// The parts of the system that can be degraded.
pub const DEGRADABLE_PARTS: [&str; 9] =
    ["backup", "clock", "courier", "disk", "feed", "limits", "store", "telegram", "webhook"];

/// A part of the system has a fault that lasts, with its reason.
#[must_use]
pub fn degraded(language: Language, part: &str, reason: &str) -> String {
    let reason = escape(reason);
    let name = part_name(language, part);
    let effect = match part {
        "store" => say(
            language,
            "Booking baru mungkin ditolak sampai ini diperbaiki.",
            "New bookings may be refused until this is mended.",
        ),
        "courier" => say(
            language,
            "Pesan yang tertunda terus dicoba; booking tetap berjalan.",
            "Delayed messages are tried again; bookings go on.",
        ),
        "webhook" => say(
            language,
            "Booking tetap berjalan. Sampai ini diperbaiki, percayai papan, bukan sistem hotel.",
            "Bookings go on. Until this is mended, trust the board, not the hotel's system.",
        ),
        "limits" => say(
            language,
            "Booking yang melebihi batas ditolak. Periksa daftar booking.",
            "What exceeds the limits is refused. Look through the bookings.",
        ),
        _ => say(
            language,
            "Booking yang sudah ada tetap tersimpan.",
            "The bookings made so far are kept.",
        ),
    };
    say(
        language,
        format!("⚠️ <b>Ada gangguan: {name}</b>\n{reason}\n{effect} Beri tahu pengelola sistem."),
        format!("⚠️ <b>Fault: {name}</b>\n{reason}\n{effect} Tell whoever looks after the system."),
    )
}

/// A part of the system works again after a fault that the front office was told of.
#[must_use]
pub fn well_again(language: Language, part: &str) -> String {
    let name = part_name(language, part);
    say(language, format!("✅ Sudah normal lagi: {name}."), format!("✅ Well again: {name}."))
}

/// What people call a part of the system.
fn part_name(language: Language, part: &str) -> String {
    let (indonesian, english) = match part {
        "backup" => ("salinan cadangan", "the backup"),
        "disk" => ("tempat penyimpanan", "the disk"),
        "store" => ("penyimpanan data", "the data store"),
        "courier" => ("pengiriman pesan", "sending messages"),
        "clock" => ("jam server", "the server's clock"),
        "feed" => ("pembaruan langsung", "live updates"),
        "telegram" => ("bot Telegram", "the Telegram bot"),
        "webhook" => ("sambungan ke sistem hotel", "the connection to the hotel's system"),
        "limits" => ("batas booking web", "the limits of the web"),
        other => (other, other),
    };
    say(language, indonesian, english).to_owned()
}
