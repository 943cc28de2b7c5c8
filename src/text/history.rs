//! The history of a booking, as the front office reads it.

use chrono_tz::Tz;

use super::failure::failure;
use super::travel::{self, verdict, verdict_beside};
use super::{duration, rupiah, say};
use crate::domain::{
    Action, Actor, Booking, Change, Event, FailureReason, GuestName, Language, Recipient, Stay,
};

/// Who made a change.
#[must_use]
pub fn actor(language: Language, actor: &Actor) -> String {
    match actor {
        Actor::Guest => say(language, "Tamu", "Guest").to_owned(),
        Actor::Clock | Actor::System => say(language, "Sistem", "System").to_owned(),
        Actor::Staff(name) => name.as_str().to_owned(),
    }
}

/// The name of a kind of change.
#[must_use]
pub fn action(language: Language, action: Action) -> &'static str {
    match action {
        Action::Booked => say(language, "Dipesan", "Booked"),
        Action::Reminded => say(language, "Diingatkan", "Reminded"),
        Action::Extended => say(language, "Diperpanjang", "Extended"),
        Action::Arrived => say(language, "Tiba", "Arrived"),
        Action::QrisRequested => say(language, "QRIS diminta", "QRIS asked for"),
        Action::QrisSent => say(language, "QRIS terkirim", "QRIS sent"),
        Action::QrisFailed => say(language, "QRIS gagal terkirim", "QRIS not delivered"),
        Action::Paid => say(language, "Lunas", "Paid"),
        Action::Cancelled => say(language, "Dibatalkan", "Cancelled"),
        Action::Expired => say(language, "Waktu habis", "Time ran out"),
        Action::Revived => say(language, "Dihidupkan lagi", "Revived"),
        Action::Reopened => say(language, "Lunas dibatalkan", "Payment taken back"),
        Action::Amended => say(language, "Diubah", "Amended"),
        Action::Offered => say(language, "Ditawarkan", "Offered"),
        Action::OfferTaken => say(language, "Tawaran diambil", "Offer taken"),
        Action::Other => say(language, "Diubah oleh versi baru", "Changed by a newer version"),
    }
}

/// The details of a change, if it has any besides its name, with times of the hotel's time zone.
#[must_use]
pub fn change_detail(language: Language, change: &Change, timezone: Tz) -> Option<String> {
    match &change.event {
        Event::Booked
        | Event::Arrived
        | Event::QrisRequested
        | Event::QrisSent
        | Event::Paid
        | Event::Revived
        | Event::Offered
        | Event::OfferTaken
        | Event::Other => None,
        Event::Reopened { reason } => Some(reason.clone()),
        Event::Amended { name_before, stay_before } => {
            Some(amendment(language, name_before, stay_before, &change.booking))
        }
        Event::QrisFailed { reason } => Some(failure(language, reason)),
        Event::Reminded { forecast, verdict: known } => {
            let until = change.booking.hold.until;
            let evidence = known.as_ref().map(|verdict| &verdict.evidence);
            let expected =
                travel::forecast(language, *forecast, evidence, change.at, until, timezone);
            Some(match known {
                Some(known) => {
                    format!("{} · {expected}", verdict_beside(language, *forecast, known))
                }
                None => expected,
            })
        }
        Event::PaymentAsked => Some(
            say(
                language,
                "Sudah tiba, belum dibayar. Batas bayar diperpanjang.",
                "Arrived, not paid yet. The time to pay was extended.",
            )
            .to_owned(),
        ),
        Event::ExtendedByClock { by, verdict: known } => {
            Some(format!("{}: +{}", verdict(language, known), duration(language, *by)))
        }
        Event::ExtendedByStaff { minutes } => {
            let by = chrono::TimeDelta::minutes(i64::from(*minutes));
            Some(format!("+{}", duration(language, by)))
        }
        Event::Cancelled { note } => note.clone(),
        Event::Expired { verdict: known } => Some(known.as_ref().map_or_else(
            || say(language, "Tidak ada lokasi.", "No position.").to_owned(),
            |known| verdict(language, known),
        )),
    }
}

/// What an amendment changed: `Standar → Deluxe · Rp350.000 → Rp500.000`.
fn amendment(language: Language, name: &GuestName, stay: &Stay, booking: &Booking) -> String {
    let nights = |count: u32| {
        format!("{count} {}", say(language, "malam", if count == 1 { "night" } else { "nights" }))
    };
    let after = &booking.stay;
    let facts = [
        (name.as_str().to_owned(), booking.guest.name.as_str().to_owned()),
        (stay.room.name.clone(), after.room.name.clone()),
        (nights(stay.nights), nights(after.nights)),
        (rupiah(stay.price), rupiah(after.price)),
    ];
    let changed = facts.into_iter().filter(|(before, after)| before != after);
    let changed: Vec<_> = changed.map(|(before, after)| format!("{before} → {after}")).collect();
    changed.join(" · ")
}

/// The line about a notification that was given up.
#[must_use]
pub fn undelivered(language: Language, to: Recipient, reason: &FailureReason) -> String {
    let to = match to {
        Recipient::Guest => say(language, "tamu", "the guest"),
        Recipient::FrontOffice => say(language, "resepsionis", "the desk"),
        Recipient::HotelSystem => say(language, "sistem hotel", "the hotel's system"),
    };
    let reason = failure(language, reason);
    say(
        language,
        format!("Pesan ke {to} tidak terkirim: {reason}"),
        format!("A message to {to} was not delivered: {reason}"),
    )
}
