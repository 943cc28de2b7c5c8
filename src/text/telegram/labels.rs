//! The labels of the buttons.

use crate::domain::Language;
use crate::text::say;

/// Labels of a guest's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuestLabel {
    /// Books in this chat.
    BookHere,
    /// Books on the web form.
    BookOnWeb,
    /// The button beside the text field, which opens the form. Telegram shows about ten characters.
    FormButton,
    /// The form in a browser, beside the form as a Mini App.
    FormInBrowser,
    /// Confirms the booking.
    Book,
    /// Chooses another room type in the summary.
    ChangeRoom,
    /// Chooses another number of nights in the summary.
    ChangeNights,
    /// Types another name in the summary.
    ChangeName,
    /// Starts the choice again.
    StartOver,
    /// Books again after a booking has ended.
    BookAgain,
    /// Looks again for a free room.
    LookAgain,
    /// Shows the guest's bookings.
    MyBookings,
    /// Shows more dates or nights.
    More,
    /// Goes one step back.
    Back,
    /// Lets the guest type another name.
    OtherName,
    /// Explains how to share the position.
    Share,
    /// Sends the position once.
    SendOnce,
    /// Asks whether to cancel.
    Cancel,
    /// Confirms the cancellation.
    ReallyCancel,
    /// Keeps the booking.
    Keep,
    /// Takes the room that was offered.
    TakeOffer,
    /// Gives the room that was offered back.
    RefuseOffer,
    /// Joins the waiting list.
    Wait,
    /// Leaves the waiting list.
    StopWaiting,
}

/// The label of a guest's button.
#[must_use]
pub fn guest_label(language: Language, label: GuestLabel) -> &'static str {
    match label {
        GuestLabel::BookHere => say(language, "Pesan di sini", "Book here"),
        GuestLabel::FormButton => say(language, "Pesan", "Book"),
        GuestLabel::FormInBrowser => say(language, "Formulir di browser", "Form in the browser"),
        GuestLabel::BookOnWeb => say(language, "Pesan lewat web", "Book on the web"),
        GuestLabel::Book => say(language, "✅ Pesan", "✅ Book"),
        GuestLabel::ChangeRoom => say(language, "Ganti kamar", "Change room"),
        GuestLabel::ChangeNights => say(language, "Ganti malam", "Change nights"),
        GuestLabel::ChangeName => say(language, "Ganti nama", "Change name"),
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
        GuestLabel::TakeOffer => say(language, "✅ Ambil", "✅ Take it"),
        GuestLabel::RefuseOffer => say(language, "Tidak jadi", "No, thanks"),
        GuestLabel::Wait => say(language, "🔔 Kabari saya bila ada", "🔔 Tell me when one is free"),
        GuestLabel::StopWaiting => say(language, "Berhenti menunggu", "Stop waiting"),
    }
}

/// Labels of the front office's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffLabel {
    /// Marks the guest as arrived and sends the payment code.
    Arrive,
    /// Marks a guest as arrived who has paid already.
    ArrivePaid,
    /// Sends the payment code.
    SendQris,
    /// Opens the question with what to compare with the payment.
    Paid,
    /// Confirms that the payment matches and marks the booking as paid.
    Matches,
    /// Asks whether to cancel.
    Cancel,
    /// Confirms the cancellation.
    ReallyCancel,
    /// Extends the time by 30 minutes.
    Extend,
    /// Takes a cancellation back, for a guest who is on the way.
    Revive,
    /// Takes a cancellation back, for a guest who is at the desk.
    ReviveArrived,
    /// Shows the history.
    History,
    /// Goes back to the booking.
    Back,
    /// Goes back to the list.
    List,
    /// The tab of pending bookings.
    Unpaid,
    /// The tab of the bookings paid today.
    PaidToday,
    /// The tab of the bookings cancelled today.
    CancelledToday,
    /// Opens the live board.
    Board,
    /// Opens the live board in the browser, where the Mini App does not open.
    BoardInBrowser,
}

/// The label of a button of the front office.
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
        StaffLabel::Revive => {
            say(language, "🔄 Hidupkan lagi, tamu di jalan", "🔄 Revive, the guest is on the way")
        }
        StaffLabel::ReviveArrived => {
            say(language, "🔄 Hidupkan lagi, tamu di sini", "🔄 Revive, the guest is here")
        }
        StaffLabel::History => say(language, "Riwayat", "History"),
        StaffLabel::Back => say(language, "« Kembali", "« Back"),
        StaffLabel::List => say(language, "« Daftar", "« List"),
        StaffLabel::Unpaid => say(language, "Belum dibayar", "Not paid yet"),
        StaffLabel::PaidToday => say(language, "Sudah lunas", "Paid"),
        StaffLabel::CancelledToday => say(language, "Batal", "Cancelled"),
        StaffLabel::Board => say(language, "Buka papan", "Open the board"),
        StaffLabel::BoardInBrowser => {
            say(language, "Buka di browser (10 menit)", "Open in the browser (10 minutes)")
        }
    }
}
