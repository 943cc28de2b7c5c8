//! The mails that a guest receives.

use chrono::TimeDelta;

use super::{clock_time, date, duration, evidence, kilometres, rupiah, say};
use crate::domain::{
    Actor, Booking, CancelReason, Change, Event, Evidence, Forecast, HotelPolicy, Language, Status,
};

/// One mail, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// Paragraphs.
    pub body: String,
}

/// What a guest reads of a change, counted to the deadline that this very change set.
///
/// `link` leads to the guest's page, `book_again` to the form.
#[must_use]
pub fn guest_mail(change: &Change, hotel: &HotelPolicy, link: &str, book_again: &str) -> Mail {
    let booking = &change.booking;
    let language = booking.guest.language;
    let until = clock_time(booking.hold.until, hotel.timezone);
    let (subject, lead) = match &change.event {
        Event::Booked => booked(language, &until),
        Event::Reminded { forecast, evidence } => {
            let arrival = evidence.and_then(|known| known.estimate);
            let arrival =
                arrival.map(|known| clock_time(change.at + known.arrives_in, hotel.timezone));
            let left = booking.hold.until - change.at;
            reminded(language, *forecast, arrival.as_deref(), &until, left)
        }
        Event::ExtendedByClock { by, evidence: known } => {
            let distance = kilometres(language, known.distance_metres);
            let (subject, lead) = extended_by_clock(language, *by, &distance, &until);
            (subject, format!("{lead}\n{}", last_seen(language, Some(known))))
        }
        Event::ExtendedByStaff { minutes } => {
            extended_by_staff(language, TimeDelta::minutes((*minutes).into()), &until)
        }
        Event::PaymentAsked | Event::Arrived => arrived(language, booking, &until),
        Event::Paid => paid(language, booking),
        Event::Cancelled { .. } => cancelled(language, booking, book_again),
        Event::Expired { evidence: known } => {
            let (subject, lead) = cancelled(language, booking, book_again);
            (subject, format!("{lead}\n{}", last_seen(language, known.as_ref())))
        }
    };
    let hotel_name = &hotel.name;
    let name = booking.guest.name.as_str();
    let greeting = say(language, format!("Halo {name},"), format!("Hello {name},"));
    let facts = facts(language, booking);
    let link = match booking.status {
        Status::Pending => say(
            language,
            format!("Lihat booking, bagikan lokasi, atau batalkan di sini:\n{link}"),
            format!("See the booking, share your position, or cancel here:\n{link}"),
        ),
        Status::Paid { .. } | Status::Cancelled { .. } => {
            say(language, format!("Booking Anda:\n{link}"), format!("Your booking:\n{link}"))
        }
    };
    Mail {
        subject: format!("{subject} · {}", booking.receipt_no),
        body: format!("{greeting}\n\n{lead}\n\n{facts}\n\n{link}\n\n{hotel_name}\n"),
    }
}

fn facts(language: Language, booking: &Booking) -> String {
    let stay = &booking.stay;
    let row = |indonesian, english, value: String| {
        format!("{}: {value}", say(language, indonesian, english))
    };
    let check_in = date(language, stay.check_in);
    [
        row("Nomor resi", "Receipt number", booking.receipt_no.to_string()),
        row("Kamar", "Room", stay.room.name.clone()),
        row("Tanggal masuk", "Check-in", check_in),
        row("Malam", "Nights", stay.nights.to_string()),
        row("Harga", "Price", rupiah(stay.price)),
    ]
    .join("\n")
}

type Words = (String, String);

/// What the clock decided by.
fn last_seen(language: Language, known: Option<&Evidence>) -> String {
    match known {
        Some(known) => {
            let known = evidence(language, known);
            say(language, format!("Posisi Anda: {known}."), format!("Your position: {known}."))
        }
        None => say(
            language,
            "Kami tidak menerima lokasi Anda.".to_owned(),
            "We had no position of yours.".to_owned(),
        ),
    }
}

fn booked(language: Language, until: &str) -> Words {
    say(
        language,
        (
            "Kamar disimpan untuk Anda".to_owned(),
            format!(
                "Kamar kami simpan sampai pukul {until}. Tidak perlu bayar sekarang: bayar saat tiba.\nBila sampai waktu itu Anda belum tiba, booking batal dengan sendirinya. Bagikan lokasi di halaman booking: bila Anda sudah dekat, waktunya diperpanjang."
            ),
        ),
        (
            "A room is kept for you".to_owned(),
            format!(
                "We keep the room until {until}. There is nothing to pay now: you pay on arrival.\nIf you have not come by then, the booking is cancelled by itself. Share your position on the booking's page: if you are near, the time is extended."
            ),
        ),
    )
}

fn reminded(
    language: Language,
    forecast: Forecast,
    arrival: Option<&str>,
    until: &str,
    left: TimeDelta,
) -> Words {
    let left = duration(language, left);
    let arrival = arrival.map_or_else(String::new, |at| {
        say(
            language,
            format!("\nPerkiraan Anda tiba: {at}."),
            format!("\nYou are expected at {at}."),
        )
    });
    let outlook = match forecast {
        Forecast::InTime => String::new(),
        Forecast::WillExtend => say(
            language,
            "\nAnda sudah dekat atau makin mendekat: waktunya akan diperpanjang.".to_owned(),
            "\nYou are near or coming closer: the time will be extended.".to_owned(),
        ),
        Forecast::WillCancel => say(
            language,
            "\nAnda masih jauh: pada waktu itu booking akan batal.".to_owned(),
            "\nYou are still far: at that time the booking will be cancelled.".to_owned(),
        ),
        Forecast::NoPosition => say(
            language,
            "\nKami belum menerima lokasi Anda: pada waktu itu booking akan batal. Bagikan lokasi bila Anda di jalan.".to_owned(),
            "\nWe have no position of yours: at that time the booking will be cancelled. Share your position if you are on the way.".to_owned(),
        ),
    };
    say(
        language,
        (
            format!("Kamar disimpan sampai {until}"),
            format!("Tinggal {left}: kamar kami simpan sampai pukul {until}.{arrival}{outlook}"),
        ),
        (
            format!("The room is kept until {until}"),
            format!("{left} left: we keep the room until {until}.{arrival}{outlook}"),
        ),
    )
}

fn extended_by_clock(language: Language, by: TimeDelta, distance: &str, until: &str) -> Words {
    let by = duration(language, by);
    say(
        language,
        (
            format!("Waktu diperpanjang sampai {until}"),
            format!(
                "Anda {distance} dari hotel, jadi waktunya diperpanjang {by}: kamar kami simpan sampai pukul {until}."
            ),
        ),
        (
            format!("Extended until {until}"),
            format!(
                "You are {distance} from the hotel, so the time is extended by {by}: we keep the room until {until}."
            ),
        ),
    )
}

fn extended_by_staff(language: Language, by: TimeDelta, until: &str) -> Words {
    let by = duration(language, by);
    say(
        language,
        (
            format!("Waktu diperpanjang sampai {until}"),
            format!("Hotel memperpanjang waktunya {by}: kamar kami simpan sampai pukul {until}."),
        ),
        (
            format!("Extended until {until}"),
            format!("The hotel extended the time by {by}: we keep the room until {until}."),
        ),
    )
}

fn arrived(language: Language, booking: &Booking, until: &str) -> Words {
    let price = rupiah(booking.stay.price);
    say(
        language,
        (
            "Selamat datang".to_owned(),
            format!(
                "Selamat datang! Silakan bayar {price} di meja resepsionis sampai pukul {until}, tidak lebih dan tidak kurang."
            ),
        ),
        (
            "Welcome".to_owned(),
            format!("Welcome! Please pay {price} at the desk by {until}, no more and no less."),
        ),
    )
}

fn paid(language: Language, booking: &Booking) -> Words {
    let (receipt_no, price) = (booking.receipt_no, rupiah(booking.stay.price));
    say(
        language,
        (
            "Pembayaran diterima".to_owned(),
            format!("Pembayaran {price} diterima. Booking {receipt_no} telah dikonfirmasi."),
        ),
        (
            "Payment received".to_owned(),
            format!("Your payment of {price} is received. Booking {receipt_no} is confirmed."),
        ),
    )
}

fn cancelled(language: Language, booking: &Booking, book_again: &str) -> Words {
    let by = match &booking.status {
        Status::Cancelled { by, .. } => by,
        // No other state comes with this event.
        Status::Pending | Status::Paid { .. } => &Actor::Clock,
    };
    let lead = match CancelReason::from(by) {
        CancelReason::Expired => say(
            language,
            "Waktunya habis, jadi booking dibatalkan dan kamar dilepas.",
            "The time ran out, so the booking is cancelled and the room is free again.",
        ),
        CancelReason::ByStaff => {
            say(language, "Hotel membatalkan booking ini.", "The hotel cancelled this booking.")
        }
        CancelReason::ByGuest => say(
            language,
            "Booking ini Anda batalkan. Tidak ada yang perlu dibayar.",
            "You cancelled this booking. There is nothing to pay.",
        ),
    };
    say(
        language,
        ("Booking dibatalkan".to_owned(), format!("{lead}\nPesan lagi: {book_again}")),
        ("Booking cancelled".to_owned(), format!("{lead}\nBook again: {book_again}")),
    )
}
