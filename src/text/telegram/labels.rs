//! What the buttons say.

use crate::domain::Language;
use crate::text::say;

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
    /// Book again, after a booking that ended.
    BookAgain,
    /// Look again whether a room is free.
    LookAgain,
    /// See one's bookings.
    MyBookings,
    /// More dates or nights.
    More,
    /// One step back.
    Back,
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
        GuestLabel::BookAgain => say(language, "Pesan lagi", "Book again"),
        GuestLabel::LookAgain => say(language, "Cek lagi", "Look again"),
        GuestLabel::MyBookings => say(language, "Lihat booking saya", "See my bookings"),
        GuestLabel::More => say(language, "Lainnya…", "More…"),
        GuestLabel::Back => say(language, "« Kembali", "« Back"),
        GuestLabel::OtherName => say(language, "Ketik nama lain", "Type another name"),
        GuestLabel::Share => say(language, "📍 Bagikan lokasi", "📍 Share position"),
        GuestLabel::SendOnce => {
            say(language, "📍 Kirim lokasi saya sekali", "📍 Send my position once")
        }
        GuestLabel::Cancel => say(language, "Batalkan", "Cancel"),
        GuestLabel::ReallyCancel => say(language, "Ya, batalkan", "Yes, cancel"),
        GuestLabel::Keep => say(language, "Tidak, tetap simpan", "No, keep it"),
    }
}

/// Labels of the front office's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffLabel {
    /// The guest is here, and is sent the payment code.
    Arrive,
    /// The guest is here, and has nothing to pay any more.
    ArrivePaid,
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
        StaffLabel::ArrivePaid => say(language, "🏨 Tiba", "🏨 Arrived"),
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
