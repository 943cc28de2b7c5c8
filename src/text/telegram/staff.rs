//! What the front office reads in answer to what it typed or tapped.

use super::{escape, sheet};
use crate::domain::{Booking, Change, HotelPolicy, Language};
use crate::text::{clock_time, date, say};

/// Labels of the front office's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffLabel {
    /// The guest is here.
    Arrive,
    /// Send the payment code.
    SendQris,
    /// Paid.
    Paid,
    /// It matches: mark it as paid.
    Matches,
    /// Cancel.
    Cancel,
    /// Yes, cancel.
    ReallyCancel,
    /// Half an hour more.
    Extend,
    /// The history.
    History,
    /// Back to the booking.
    Back,
    /// The list.
    List,
    /// The tab of running holds.
    Unpaid,
    /// The tab of paid bookings.
    PaidToday,
    /// The tab of cancelled bookings.
    CancelledToday,
    /// The board.
    Board,
}

/// What a button of the front office says.
#[must_use]
pub fn staff_label(language: Language, label: StaffLabel) -> &'static str {
    match label {
        StaffLabel::Arrive => say(language, "🏨 Tiba → kirim QRIS", "🏨 Arrived → send QRIS"),
        StaffLabel::SendQris => say(language, "Kirim QRIS", "Send QRIS"),
        StaffLabel::Paid => say(language, "✅ Paid", "✅ Paid"),
        StaffLabel::Matches => say(language, "Cocok, tandai PAID", "It matches, mark PAID"),
        StaffLabel::Cancel => say(language, "Cancel", "Cancel"),
        StaffLabel::ReallyCancel => say(language, "Ya, batalkan", "Yes, cancel"),
        StaffLabel::Extend => say(language, "+30 menit", "+30 minutes"),
        StaffLabel::History => say(language, "Riwayat", "History"),
        StaffLabel::Back => say(language, "« Kembali", "« Back"),
        StaffLabel::List => say(language, "« Daftar", "« List"),
        StaffLabel::Unpaid => say(language, "Belum bayar", "Not paid"),
        StaffLabel::PaidToday => say(language, "Sudah bayar", "Paid"),
        StaffLabel::CancelledToday => say(language, "Batal", "Cancelled"),
        StaffLabel::Board => say(language, "Buka papan", "Open the board"),
    }
}

/// An empty tab.
#[must_use]
pub fn nothing_in_tab(language: Language, tab: StaffLabel) -> &'static str {
    match tab {
        StaffLabel::PaidToday => {
            say(language, "Belum ada yang bayar hari ini.", "Nobody has paid today yet.")
        }
        StaffLabel::CancelledToday => {
            say(language, "Tidak ada yang batal hari ini.", "Nothing was cancelled today.")
        }
        _ => say(language, "Tidak ada booking pending.", "No booking is pending."),
    }
}

/// The dashboard: a heading, its lines, and how to act by typing.
#[must_use]
pub fn dashboard(language: Language, head: &str, lines: &[String], empty: &str) -> String {
    let body = if lines.is_empty() { empty.to_owned() } else { lines.join("\n\n") };
    let foot = say(
        language,
        "Ketik /update_paid RESI atau /update_cancel RESI",
        "Type /update_paid RESI or /update_cancel RESI",
    );
    format!("<b>{}</b>\n\n{body}\n\n{foot}", escape(head))
}

/// The card of a booking.
#[must_use]
pub fn card(language: Language, booking: &Booking, hotel: &HotelPolicy) -> String {
    format!("<b>Booking</b>\n{}", sheet(language, booking, hotel))
}

/// The matching sheet before a booking is marked as paid.
#[must_use]
pub fn paid_sheet(language: Language, booking: &Booking, hotel: &HotelPolicy) -> String {
    let lead = say(
        language,
        "Cocokkan dengan notifikasi QRIS: nama, kamar, waktu, resi dan harga persis.",
        "Match with the QRIS notice: name, room, time, receipt number and the exact price.",
    );
    format!("<b>{lead}</b>\n{}", sheet(language, booking, hotel))
}

/// The sheet before a booking is cancelled.
#[must_use]
pub fn cancel_sheet(language: Language, booking: &Booking, hotel: &HotelPolicy) -> String {
    let lead = say(language, "Batalkan booking ini?", "Cancel this booking?");
    format!("<b>{lead}</b>\n{}", sheet(language, booking, hotel))
}

/// The history of a booking, oldest first.
#[must_use]
pub fn past(language: Language, changes: &[Change], hotel: &HotelPolicy) -> String {
    let line = |change: &Change| {
        let at = clock_time(change.at, hotel.timezone);
        let by = escape(&crate::text::actor(language, &change.actor));
        let name = change.event.action().name();
        let detail = crate::text::detail(language, &change.event);
        let detail = detail.map(|detail| format!(" · {}", escape(&detail))).unwrap_or_default();
        format!("{at} · {name} · {by}{detail}")
    };
    // A message has room for so many.
    let from = changes.len().saturating_sub(30);
    let lines: Vec<String> = changes.iter().skip(from).map(line).collect();
    let receipt_no = changes.first().map(|change| change.booking.receipt_no.to_string());
    format!("<b>{}</b>\n{}", receipt_no.unwrap_or_default(), lines.join("\n"))
}

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
    say(language, "Papan live front office:", "The live board of the front office:")
}

/// A link that signs in once, privately.
#[must_use]
pub fn board_link(language: Language, link: &str) -> String {
    let link = escape(link);
    say(
        language,
        format!("Tautan papan, sekali pakai, 10 menit:\n{link}"),
        format!("A link to the board, for one use within 10 minutes:\n{link}"),
    )
}

/// The link went to the private chat.
#[must_use]
pub fn board_sent(language: Language) -> &'static str {
    say(
        language,
        "Tautannya saya kirim lewat chat pribadi.",
        "I sent the link in our private chat.",
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

/// A button that is not for whoever tapped it.
#[must_use]
pub fn not_for_you(language: Language) -> &'static str {
    say(language, "Tombol ini bukan untuk Anda.", "This button is not for you.")
}
