//! What the front office reads of itself: one notice a message, or many in one.

use super::{escape, facts, until_words};
use crate::domain::{
    Booking, Change, Contact, Event, HotelPolicy, Language, QrisProgress, ReceiptNo, Status,
};
use crate::text::{clock_time, duration, say};

/// The channel of a booking.
#[must_use]
pub fn channel(contact: &Contact) -> &'static str {
    match contact {
        Contact::Telegram(_) => "Telegram",
        Contact::Web(_) => "Web",
    }
}

/// What a change is called where the front office reads of it.
fn heading(language: Language, event: &Event) -> &'static str {
    match event {
        Event::Booked => say(language, "🆕 BOOKING BARU", "🆕 NEW BOOKING"),
        Event::Reminded { .. } => say(language, "⏰ SEGERA HABIS", "⏰ ENDS SOON"),
        Event::PaymentAsked => {
            say(language, "❗️ SUDAH TIBA, BELUM DIBAYAR", "❗️ ARRIVED, NOT PAID")
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
    }
}

/// The state of a booking, as the schema names it.
fn state(booking: &Booking) -> &'static str {
    match booking.status {
        Status::Pending => "PENDING",
        Status::Paid { .. } => "PAID",
        Status::Cancelled { .. } => "CANCELLED",
    }
}

/// One notice.
#[must_use]
pub fn staff_notice(language: Language, change: &Change, hotel: &HotelPolicy) -> String {
    let booking = &change.booking;
    let head = heading(language, &change.event);
    let by = crate::text::actor(language, &change.actor);
    let detail = crate::text::detail(language, &change.event);
    let detail = match (&change.event, detail) {
        (Event::Booked, _) => String::new(),
        (_, Some(detail)) => format!("\n{}: {}", escape(&by), escape(&detail)),
        (_, None) => format!("\n{}", escape(&by)),
    };
    format!("<b>{head}</b>{detail}\n{}", sheet(language, booking, hotel))
}

/// What becomes of the payment code of a booking that runs; nothing before one was asked for.
fn code(language: Language, booking: &Booking, hotel: &HotelPolicy) -> Option<String> {
    let sent = booking.qris_sent_at.map(|at| {
        let at = clock_time(at, hotel.timezone);
        say(language, format!("terkirim {at} · belum dibayar"), format!("sent {at} · not paid"))
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

/// What a guest was not told, and why not.
#[must_use]
pub fn given_up(language: Language, change: &Change, reason: &str, hotel: &HotelPolicy) -> String {
    let head = not_told(language);
    let (about, reason) = (heading(language, &change.event), escape(reason));
    let sheet = sheet(language, &change.booking, hotel);
    say(
        language,
        format!("<b>{head}</b>\nTamu belum tahu: {about}\nSebab: {reason}\n{sheet}"),
        format!("<b>{head}</b>\nThe guest does not know: {about}\nWhy: {reason}\n{sheet}"),
    )
}

fn not_told(language: Language) -> &'static str {
    say(language, "❗️ PESAN KE TAMU TIDAK TERKIRIM", "❗️ GUEST NOT TOLD")
}

/// What one of many notices says.
#[derive(Debug, Clone, Copy)]
pub enum Merged<'a> {
    /// This happened.
    Happened(&'a Change),
    /// The guest was not told of this.
    GivenUp(&'a Change),
}

/// Everything that the desk compares, and the state.
#[must_use]
pub fn sheet(language: Language, booking: &Booking, hotel: &HotelPolicy) -> String {
    let row = |indonesian, english, value: String| {
        format!("\n{}: {value}", say(language, indonesian, english))
    };
    let booked = clock_time(booking.booked_at, hotel.timezone);
    let mut rows = facts(language, booking);
    rows += &row("Dipesan", "Booked", format!("{booked}, {}", channel(&booking.guest.contact)));
    match &booking.status {
        Status::Pending => {
            rows += &row("Ditahan sampai", "Held until", until_words(language, booking, hotel));
            if let Some(at) = booking.arrived_at {
                rows += &row("Tiba", "Arrived", clock_time(at, hotel.timezone));
            }
            if let Some(code) = code(language, booking, hotel) {
                rows += &row("QRIS", "QRIS", code);
            }
        }
        Status::Paid { at, by } => {
            let at = clock_time(*at, hotel.timezone);
            rows += &row("Dibayar", "Paid", format!("{at}, {}", escape(by.as_str())));
        }
        Status::Cancelled { at, by } => {
            let at = clock_time(*at, hotel.timezone);
            let by = escape(&crate::text::actor(language, by));
            rows += &row("Dibatalkan", "Cancelled", format!("{at}, {by}"));
        }
    }
    rows + &format!("\nStatus: {}", state(booking))
}

/// Many notices in one message: what happened, how often, and to which receipt numbers.
#[must_use]
pub fn merged_notice(language: Language, notices: &[Merged<'_>]) -> String {
    let mut groups: Vec<(&'static str, Vec<ReceiptNo>)> = Vec::new();
    for notice in notices {
        let (head, change) = match notice {
            Merged::Happened(change) => (heading(language, &change.event), change),
            Merged::GivenUp(change) => (not_told(language), change),
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

/// Receipt numbers as runs: `RESI-20260104-001…512, RESI-20260104-514`.
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

/// One booking in a list: receipt number, name, room type, stay, when and by which channel, and
/// how it is.
#[must_use]
pub fn line(
    language: Language,
    booking: &Booking,
    is_near: bool,
    now: crate::domain::Moment,
    hotel: &HotelPolicy,
) -> String {
    let stay = &booking.stay;
    let name = escape(&super::short(booking.guest.name.as_str(), 30));
    let room = escape(&super::short(&stay.room.name, 24));
    let check_in = stay.check_in.format("%d/%m");
    let count = super::nights(language, stay.nights);
    let booked = clock_time(booking.booked_at, hotel.timezone);
    let channel = channel(&booking.guest.contact);
    let tail = match &booking.status {
        Status::Pending => {
            let left = duration(language, booking.hold.until - now);
            let left = say(language, format!("⏳ sisa {left}"), format!("⏳ {left} left"));
            let near = if is_near { say(language, " · 📍 dekat", " · 📍 near") } else { "" };
            let here = booking.arrived_at.map(|_| say(language, " · 🏨 tiba", " · 🏨 arrived"));
            let code = booking.qris_sent_at.map(|at| {
                let at = clock_time(at, hotel.timezone);
                say(
                    language,
                    format!(" · QRIS terkirim {at} · belum dibayar"),
                    format!(" · QRIS sent {at} · not paid"),
                )
            });
            format!("{left}{near}{}{}", here.unwrap_or_default(), code.unwrap_or_default())
        }
        Status::Paid { at, by } => {
            format!("✅ {} · {}", clock_time(*at, hotel.timezone), escape(by.as_str()))
        }
        Status::Cancelled { at, by } => {
            let by = escape(&crate::text::actor(language, by));
            format!("⚪️ {} · {by}", clock_time(*at, hotel.timezone))
        }
    };
    format!(
        "<b>{}</b> {name}\n{room} · {check_in}, {count} · {booked} {channel}\n{tail}",
        booking.receipt_no
    )
}
