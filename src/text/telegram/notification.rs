//! The notifications to the front office: one in a message, or several merged into one message.

use super::{escape, facts, when};
use crate::domain::{
    Actor, Booking, Change, Contact, Event, HotelPolicy, Language, Moment, QrisProgress, ReceiptNo,
    Status,
};
use crate::text::say;

/// The name of a booking's channel.
#[must_use]
pub fn channel(contact: &Contact) -> &'static str {
    match contact {
        Contact::Telegram(_) => "Telegram",
        Contact::Web(_) => "Web",
        Contact::Desk => "Langsung",
        Contact::Other => "?",
    }
}

/// The heading of a notification about an event.
pub(super) fn heading(language: Language, event: &Event) -> &'static str {
    match event {
        Event::Booked => say(language, "🆕 BOOKING BARU", "🆕 NEW BOOKING"),
        Event::Reminded { .. } => say(language, "⏰ SEGERA HABIS", "⏰ ENDS SOON"),
        Event::PaymentAsked => {
            say(language, "❗️ SUDAH TIBA, BELUM DIBAYAR", "❗️ ARRIVED, NOT PAID YET")
        }
        Event::ExtendedByClock { .. } | Event::ExtendedByStaff { .. } => {
            say(language, "⏱ DIPERPANJANG", "⏱ EXTENDED")
        }
        Event::Arrived => say(language, "🏨 TAMU TIBA", "🏨 GUEST ARRIVED"),
        Event::QrisRequested => say(language, "QRIS DIMINTA", "QRIS REQUESTED"),
        Event::QrisSent => say(language, "QRIS TERKIRIM", "QRIS SENT"),
        Event::QrisFailed { .. } => say(language, "❗️ QRIS TIDAK TERKIRIM", "❗️ QRIS NOT SENT"),
        Event::Paid => say(language, "✅ LUNAS", "✅ PAID"),
        Event::Cancelled { .. } => say(language, "⚪️ DIBATALKAN", "⚪️ CANCELLED"),
        Event::Expired { .. } => say(language, "⌛️ WAKTU HABIS", "⌛️ EXPIRED"),
        Event::Revived => say(language, "🔄 DIHIDUPKAN LAGI", "🔄 REVIVED"),
        Event::Reopened { .. } => say(language, "❗️ LUNAS DIBATALKAN", "❗️ PAYMENT TAKEN BACK"),
        Event::Amended { .. } => say(language, "✏️ BOOKING DIUBAH", "✏️ BOOKING CHANGED"),
        Event::Offered => say(language, "🔔 KAMAR DITAWARKAN", "🔔 ROOM OFFERED"),
        Event::OfferTaken => {
            say(language, "🆕 BOOKING BARU (daftar tunggu)", "🆕 NEW BOOKING (waiting list)")
        }
        Event::Other => say(language, "DIUBAH OLEH VERSI BARU", "CHANGED BY A NEWER VERSION"),
    }
}

/// The status of a booking, as in the GraphQL schema.
fn state(booking: &Booking) -> &'static str {
    match booking.status {
        Status::Pending => "PENDING",
        Status::Paid { .. } => "PAID",
        Status::Cancelled { .. } => "CANCELLED",
    }
}

/// The notification about one change.
#[must_use]
pub fn staff_notification(language: Language, change: &Change, hotel: &HotelPolicy) -> String {
    let booking = &change.booking;
    let head = heading(language, &change.event);
    let by = crate::text::actor(language, &change.actor);
    let detail = crate::text::change_detail(language, change, hotel.timezone);
    let line = match (&change.event, detail) {
        (Event::Booked, _) => String::new(),
        (_, Some(detail)) => format!("\n{}: {}", escape(&by), escape(&detail)),
        (_, None) if change.actor == Actor::Clock => String::new(),
        (_, None) => format!("\n{}", escape(&by)),
    };
    format!("<b>{head}</b>{line}\n{}", booking_details(language, booking, change.at, hotel))
}

/// The state of the payment code of a pending booking; `None` before one was requested.
pub(super) fn qris_state(
    language: Language,
    booking: &Booking,
    now: Moment,
    hotel: &HotelPolicy,
) -> Option<String> {
    let sent = booking.qris_sent_at.map(|at| {
        let at = when(language, at, now, hotel);
        say(language, format!("terkirim {at} · belum dibayar"), format!("sent {at} · not paid yet"))
    });
    match booking.qris {
        QrisProgress::None | QrisProgress::Sent => sent,
        QrisProgress::Sending(_) => {
            Some(say(language, "sedang dikirim…", "being sent…").to_owned())
        }
        QrisProgress::Failed => Some(
            say(
                language,
                "gagal terkirim: tunjukkan di layar papan (/papan)",
                "not delivered: show it on the board's screen (/papan)",
            )
            .to_owned(),
        ),
    }
}

pub(super) fn not_told(language: Language) -> &'static str {
    say(language, "❗️ PESAN KE TAMU TIDAK TERKIRIM", "❗️ GUEST NOT TOLD")
}

/// One of several notifications that are merged.
#[derive(Debug, Clone, Copy)]
pub enum MergedItem<'a> {
    /// A change.
    Change(&'a Change),
    /// A change whose message to the guest was given up.
    GivenUp(&'a Change),
}

/// The details of a booking: everything that the front office compares, and the status.
#[must_use]
pub fn booking_details(
    language: Language,
    booking: &Booking,
    now: Moment,
    hotel: &HotelPolicy,
) -> String {
    let row = |indonesian, english, value: String| {
        format!("\n{}: {value}", say(language, indonesian, english))
    };
    let when = |at: Moment| when(language, at, now, hotel);
    let mut rows = facts(language, booking);
    let booked = format!("{}, {}", when(booking.booked_at), channel(&booking.guest.contact));
    rows += &row("Dipesan", "Booked", booked);
    let arrived = booking.arrived_at.map(|at| row("Tiba", "Arrived", when(at))).unwrap_or_default();
    match &booking.status {
        Status::Pending => {
            rows += &arrived;
            let until = when(booking.hold.until);
            rows += &if booking.arrived_at.is_some() {
                row("Bayar sampai", "To be paid by", until)
            } else {
                row("Disimpan sampai", "Kept until", until)
            };
            if let Some(state) = qris_state(language, booking, now, hotel) {
                rows += &row("QRIS", "QRIS", state);
            }
        }
        Status::Paid { at, by } => {
            rows += &arrived;
            rows += &row("Lunas", "Paid", format!("{}, {}", when(*at), escape(by.as_str())));
        }
        Status::Cancelled { at, by, .. } => {
            let by = escape(&crate::text::actor(language, by));
            rows += &row("Dibatalkan", "Cancelled", format!("{}, {by}", when(*at)));
        }
    }
    rows + &format!("\nStatus: {}", state(booking))
}

/// Several notifications in one message: the headings, each with the number of bookings and their
/// receipt numbers.
#[must_use]
pub fn merged_notification(language: Language, notifications: &[MergedItem<'_>]) -> String {
    let mut groups: Vec<(&'static str, Vec<ReceiptNo>)> = Vec::new();
    for notification in notifications {
        let (head, change) = match notification {
            MergedItem::Change(change) => (heading(language, &change.event), change),
            MergedItem::GivenUp(change) => (not_told(language), change),
        };
        let receipt_no = change.booking.receipt_no;
        match groups.iter_mut().find(|(known, _)| *known == head) {
            Some((_, receipt_nos)) => receipt_nos.push(receipt_no),
            None => groups.push((head, vec![receipt_no])),
        }
    }
    let lines = groups.into_iter().map(|(head, mut receipt_nos)| {
        receipt_nos.sort_unstable();
        format!("<b>{head}</b> · {} booking\n{}", receipt_nos.len(), runs(&receipt_nos))
    });
    let foot = say(language, "Rincian: /cek_pembayaran", "Details: /cek_pembayaran").to_owned();
    lines.chain([foot]).collect::<Vec<_>>().join("\n\n")
}

/// Receipt numbers, with consecutive ones as a range: `RESI-20260104-001…512, RESI-20260104-514`.
fn runs(receipt_nos: &[ReceiptNo]) -> String {
    let mut runs: Vec<(ReceiptNo, ReceiptNo)> = Vec::new();
    for receipt_no in receipt_nos {
        match runs.last_mut() {
            Some((_, last)) if last.is_followed_by(*receipt_no) || last == receipt_no => {
                *last = *receipt_no;
            }
            _ => runs.push((*receipt_no, *receipt_no)),
        }
    }
    let run = |(first, last): (ReceiptNo, ReceiptNo)| {
        if first == last {
            return first.to_string();
        }
        let last = last.to_string();
        format!("{first}…{}", last.rsplit('-').next().unwrap_or_default())
    };
    runs.into_iter().map(run).collect::<Vec<_>>().join(", ")
}
