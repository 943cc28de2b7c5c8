//! The mails, as parts in plain text. The template that lays them out escapes them.

use super::mail_words::{self as words, CodeInMail, MailFacts, Pay};
use super::{clock_time, date, rupiah, say, told_time};
use crate::domain::{Booking, CancelReason, Change, Event, HotelPolicy, Language, Moment, Status};

/// The parts of one mail. Each text is one paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its language.
    pub language: Language,
    /// The subject, one line.
    pub subject: String,
    /// The heading: a few words.
    pub title: String,
    /// The greeting, with the guest's name.
    pub greeting: String,
    /// The sentences below the greeting.
    pub paragraphs: Vec<String>,
    /// The deadline: a label and a time.
    pub deadline: Option<(String, String)>,
    /// How to pay with the code in this mail, if it contains one.
    pub pay: Option<Pay>,
    /// The facts of the booking, each with a label.
    pub facts: Vec<(&'static str, String)>,
    /// More facts, in parts.
    pub sections: Vec<MailSection>,
    /// The button: a label and an address.
    pub button: Option<(&'static str, String)>,
    /// The sentences below the button.
    pub after: Vec<String>,
    /// The name of the hotel.
    pub from: String,
}

/// A part of the facts in a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSection {
    /// What they are about.
    pub title: &'static str,
    /// The facts, each with a label.
    pub rows: Vec<(String, String)>,
}

/// The links in a mail.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// The page of the booking.
    pub booking: &'a str,
    /// The booking form.
    pub book_again: &'a str,
}

/// The mail about a change. Times that are left are counted to the deadline that this change set.
#[must_use]
pub fn guest_mail(
    change: &Change,
    hotel: &HotelPolicy,
    links: Links<'_>,
    code: CodeInMail,
) -> Mail {
    let booking = &change.booking;
    let language = booking.guest.language;
    let until = told_time(language, booking.hold.until, change.at, hotel.timezone);
    let context =
        MailFacts { language, booking, until: &until, has_code: code != CodeInMail::None };
    let (title, paragraphs) = lead(change, &context, hotel);
    let counts = booking.is_pending();
    Mail {
        language,
        subject: format!("{title} · {}", booking.receipt_no),
        title,
        greeting: greeting(language, booking.guest.name.as_str()),
        paragraphs,
        deadline: counts.then(|| deadline(&context, booking.hold.until, change.at, hotel)),
        pay: words::pay(&context, code),
        facts: facts(language, booking, hotel),
        sections: Vec::new(),
        button: Some(button(language, booking, links)),
        after: after(language, &change.event),
        from: hotel.name.clone(),
    }
}

/// A mail that tests whether mails are delivered.
#[must_use]
pub fn test_mail(language: Language, hotel: &str) -> Mail {
    let (title, paragraph) = words::test(language);
    Mail {
        language,
        subject: format!("{title} · {hotel}"),
        title: title.to_owned(),
        greeting: greeting(language, hotel),
        paragraphs: vec![paragraph.to_owned()],
        deadline: None,
        pay: None,
        facts: Vec::new(),
        sections: Vec::new(),
        button: None,
        after: Vec::new(),
        from: hotel.to_owned(),
    }
}

fn greeting(language: Language, name: &str) -> String {
    say(language, format!("Halo {name},"), format!("Hello {name},"))
}

fn lead(change: &Change, context: &MailFacts<'_>, hotel: &HotelPolicy) -> (String, Vec<String>) {
    let booking = &change.booking;
    match &change.event {
        // A newer version sends the mail about a kind of change that this version does not know,
        // so `Other` never gets here.
        Event::Booked | Event::OfferTaken | Event::Other => words::booked(context),
        Event::Reminded { forecast, verdict } => {
            let why = verdict.map(|verdict| verdict.why);
            let left = booking.hold.until - change.at;
            let words = words::reminded(context, *forecast, why, left);
            let estimate = verdict.and_then(|verdict| verdict.evidence.estimate);
            let arrival = estimate.map(|known| {
                let at = change.at + known.arrives_in;
                words::expected(
                    context,
                    &told_time(context.language, at, change.at, hotel.timezone),
                )
            });
            with(words, arrival)
        }
        Event::ExtendedByClock { by, verdict } => {
            let words = words::extended_by_clock(context, *by, verdict.evidence.distance_metres);
            with(words, Some(words::last_seen(context, Some(verdict))))
        }
        Event::ExtendedByStaff { minutes } => words::extended_by_staff(context, *minutes),
        Event::Arrived | Event::PaymentAsked => words::arrived(context),
        // The guest of a reopened booking gets no mail.
        Event::QrisRequested
        | Event::QrisSent
        | Event::QrisFailed { .. }
        | Event::Reopened { .. } => words::code(context),
        Event::Revived => words::revived(context),
        Event::Offered => words::offered(context),
        Event::Amended { stay_before, .. } => words::amended(context, stay_before),
        Event::Paid => words::paid(context),
        Event::Cancelled { note } => {
            let reason = CancelReason::from(&change.actor);
            let contact = hotel.contact.as_deref().filter(|_| reason == CancelReason::ByStaff);
            let more = words::from_the_hotel(context, note.as_deref(), contact);
            with(words::cancelled(context, reason), more)
        }
        Event::Expired { verdict } => {
            let seen = words::last_seen(context, verdict.as_ref());
            with(words::cancelled(context, CancelReason::Expired), Some(seen))
        }
    }
}

/// Appends a paragraph.
fn with(
    (title, mut paragraphs): (String, Vec<String>),
    more: impl IntoIterator<Item = String>,
) -> (String, Vec<String>) {
    paragraphs.extend(more);
    (title, paragraphs)
}

fn deadline(
    context: &MailFacts<'_>,
    until: Moment,
    now: Moment,
    hotel: &HotelPolicy,
) -> (String, String) {
    let language = context.language;
    let label = if context.booking.arrived_at.is_some() {
        say(language, "Bayar sampai", "Pay by")
    } else if context.booking.is_offer {
        say(language, "Untuk Anda sampai", "Yours until")
    } else {
        say(language, "Kamar Anda kami simpan sampai", "We keep your room until")
    };
    (label.to_owned(), told_time(language, until, now, hotel.timezone))
}

fn facts(
    language: Language,
    booking: &Booking,
    hotel: &HotelPolicy,
) -> Vec<(&'static str, String)> {
    let stay = &booking.stay;
    let night = say(language, "malam", if stay.nights == 1 { "night" } else { "nights" });
    let paid = match booking.status {
        Status::Paid { at, .. } => {
            let day = date(language, at.with_timezone(&hotel.timezone).date_naive());
            let time = clock_time(at, hotel.timezone);
            Some((say(language, "Lunas", "Paid"), format!("{day}, {time}")))
        }
        Status::Pending | Status::Cancelled { .. } => None,
    };
    let (address, map) = match booking.status {
        Status::Pending | Status::Paid { .. } => {
            let label = say(language, "Alamat", "Address");
            let address = hotel.address.clone().map(|address| (label, address));
            (address, Some((say(language, "Peta", "Map"), hotel.map_url())))
        }
        Status::Cancelled { .. } => (None, None),
    };
    let ready = hotel.check_in_from.format("%H.%M");
    let check_in = date(language, stay.check_in);
    let check_in = say(
        language,
        format!("{check_in}, mulai pukul {ready}"),
        format!("{check_in}, from {ready}"),
    );
    let known = [
        (say(language, "Nomor resi", "Receipt number"), booking.receipt_no.to_string()),
        (say(language, "Kamar", "Room"), stay.room.name.clone()),
        (say(language, "Tanggal masuk", "Check-in"), check_in),
        (say(language, "Lama", "Stay"), format!("{} {night}", stay.nights)),
        (say(language, "Harga", "Price"), rupiah(stay.price)),
    ];
    known.into_iter().chain(paid).chain(address).chain(map).collect()
}

fn button(language: Language, booking: &Booking, links: Links<'_>) -> (&'static str, String) {
    match &booking.status {
        Status::Pending if booking.is_offer => {
            (say(language, "Ambil kamar ini", "Take this room"), links.booking.to_owned())
        }
        Status::Pending => {
            (say(language, "Lihat booking", "See the booking"), links.booking.to_owned())
        }
        Status::Paid { .. } => {
            (say(language, "Booking Anda", "Your booking"), links.booking.to_owned())
        }
        Status::Cancelled { .. } => {
            (say(language, "Pesan lagi", "Book again"), links.book_again.to_owned())
        }
    }
}

fn after(language: Language, event: &Event) -> Vec<String> {
    match event {
        Event::Booked
        | Event::Reminded { .. }
        | Event::Revived
        | Event::OfferTaken
        | Event::Amended { .. } => vec![
            say(
                language,
                "Di halaman itu Anda bisa membagikan lokasi (geser sakelarnya dan biarkan halaman terbuka) atau membatalkan booking.",
                "On that page you can share your position (use the switch and keep the page open) or cancel the booking.",
            )
            .to_owned(),
        ],
        Event::PaymentAsked
        | Event::ExtendedByClock { .. }
        | Event::ExtendedByStaff { .. }
        | Event::Arrived
        | Event::QrisRequested
        | Event::QrisSent
        | Event::QrisFailed { .. }
        | Event::Paid
        | Event::Cancelled { .. }
        | Event::Expired { .. }
        | Event::Reopened { .. }
        | Event::Offered
        | Event::Other => Vec::new(),
    }
}
