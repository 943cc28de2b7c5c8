//! The dashboard of the front office: the list, the card of a booking, the questions before a booking
//! is paid or cancelled, and the history of a booking.

use super::{booking_details, channel, escape, left, nights, short, when};
use crate::domain::{
    Booking, Change, Event, HotelPolicy, Language, Moment, Policy, Status, TrackedBooking,
    forecast, travel,
};
use crate::text::telegram::StaffLabel;
use crate::text::travel::verdict_beside;
use crate::text::{action, actor, change_detail, rupiah, say};

/// UTF-16 units of a history: the limit of a message (4,096) less room for the heading.
const MAX_HISTORY: usize = 3_800;

/// The text of an empty tab.
#[must_use]
pub fn nothing_in_tab(language: Language, tab: StaffLabel) -> &'static str {
    match tab {
        StaffLabel::PaidToday => {
            say(language, "Belum ada yang lunas hari ini.", "Nobody has paid yet today.")
        }
        StaffLabel::CancelledToday => {
            say(language, "Belum ada yang batal hari ini.", "Nothing cancelled yet today.")
        }
        _ => say(language, "Tidak ada booking pending.", "No booking is pending."),
    }
}

/// The dashboard: a heading, the list, and the commands that act on a booking.
#[must_use]
pub fn dashboard(
    language: Language,
    head: &str,
    lines: &[String],
    empty: &str,
    (now, hotel): (Moment, &HotelPolicy),
) -> String {
    let body = if lines.is_empty() { empty.to_owned() } else { lines.join("\n\n") };
    let as_of = crate::text::clock_time(now, hotel.timezone);
    let foot = say(
        language,
        format!("Per pukul {as_of}. Ketik /update_paid RESI atau /update_cancel RESI"),
        format!("As of {as_of}. Type /update_paid RESI or /update_cancel RESI"),
    );
    format!("<b>{}</b>\n\n{body}\n\n{foot}", escape(head))
}

/// The text of an older dashboard after a newer one has replaced it.
#[must_use]
pub fn dashboard_moved_on(language: Language) -> &'static str {
    say(
        language,
        "Daftar ini dilanjutkan di pesan yang lebih baru.",
        "This list goes on in a newer message.",
    )
}

/// One booking in a list: receipt number, name, room type, stay, when and through which channel it
/// was booked, and its state.
#[must_use]
pub fn line(language: Language, tracked: &TrackedBooking, now: Moment, policy: &Policy) -> String {
    let (booking, hotel) = (&tracked.booking, &policy.hotel);
    let stay = &booking.stay;
    let name = escape(&short(booking.guest.name.as_str(), 30));
    let room = escape(&short(&stay.room.name, 24));
    let check_in = stay.check_in.format("%d/%m");
    let (count, price) = (nights(language, stay.nights), rupiah(stay.price));
    let booked = when(language, booking.booked_at, now, hotel);
    let channel = channel(&booking.guest.contact);
    let tail = match &booking.status {
        Status::Pending => pending(language, tracked, now, policy),
        Status::Paid { at, by } => {
            format!("✅ {} · {}", when(language, *at, now, hotel), escape(by.as_str()))
        }
        Status::Cancelled { at, by, .. } => {
            let by = escape(&actor(language, by));
            format!("⚪️ {} · {by}", when(language, *at, now, hotel))
        }
    };
    format!(
        "<b>{}</b> {name}\n{room} · {check_in}, {count} · <b>{price}</b> · {booked} {channel}\n{tail}",
        booking.receipt_no
    )
}

/// The time left of a hold, and the flags of the booking.
fn pending(language: Language, tracked: &TrackedBooking, now: Moment, policy: &Policy) -> String {
    let (booking, hotel) = (&tracked.booking, &policy.hotel);
    let until = when(language, booking.hold.until, now, hotel);
    let left = left(language, booking.hold.until, now);
    let mut flags =
        vec![say(language, format!("⏳ {until}, sisa {left}"), format!("⏳ {until}, {left} left"))];
    let seen = travel::evidence(&tracked.track, now, policy);
    let is_near = seen.is_some_and(|known| known.is_fresh && known.within_radius);
    if booking.is_offer {
        flags.push(
            say(language, "🔔 ditawarkan, belum diambil", "🔔 offered, not taken yet").to_owned(),
        );
    } else if booking.arrived_at.is_some() {
        flags.push(say(language, "🏨 tiba", "🏨 arrived").to_owned());
    } else if is_near {
        flags.push(say(language, "📍 dekat", "📍 near").to_owned());
    }
    flags.extend(
        super::notification::qris_state(language, booking, now, hotel)
            .map(|code| format!("QRIS {code}")),
    );
    flags.join(" · ")
}

/// The card of a booking: its details, and where the guest is.
#[must_use]
pub fn card(language: Language, tracked: &TrackedBooking, now: Moment, policy: &Policy) -> String {
    let details = booking_details(language, &tracked.booking, now, &policy.hotel);
    let way = way(language, tracked, now, policy).map(|way| format!("\n📍 {}", escape(&way)));
    format!("<b>Booking</b>\n{details}{}", way.unwrap_or_default())
}

/// Where a guest on the way is, and what will happen at the deadline if nothing changes.
fn way(
    language: Language,
    tracked: &TrackedBooking,
    now: Moment,
    policy: &Policy,
) -> Option<String> {
    let booking = &tracked.booking;
    if !booking.is_pending() || booking.arrived_at.is_some() {
        return None;
    }
    let (forecast, verdict) = forecast::forecast_with_verdict(tracked, now, policy);
    let (until, timezone) = (booking.hold.until, policy.hotel.timezone);
    let evidence = verdict.as_ref().map(|verdict| &verdict.evidence);
    let expected = crate::text::forecast(language, forecast, evidence, now, until, timezone);
    let seen = verdict.map(|verdict| verdict_beside(language, forecast, &verdict));
    Some(seen.into_iter().chain([expected]).collect::<Vec<_>>().join(" · "))
}

/// The question with what the front office compares with the payment before it marks a booking as paid.
#[must_use]
pub fn confirm_paid(
    language: Language,
    booking: &Booking,
    now: Moment,
    hotel: &HotelPolicy,
) -> String {
    let lead = say(
        language,
        "Cocokkan dengan notifikasi QRIS: nama, kamar, waktu, resi dan harga persis.",
        "Compare with the QRIS notification: name, room, time, receipt number and the exact price.",
    );
    format!("<b>{lead}</b>\n{}", booking_details(language, booking, now, hotel))
}

/// The question before a booking is cancelled.
#[must_use]
pub fn confirm_cancel(
    language: Language,
    booking: &Booking,
    now: Moment,
    hotel: &HotelPolicy,
) -> String {
    let lead = say(language, "Batalkan booking ini?", "Cancel this booking?");
    format!("<b>{lead}</b>\n{}", booking_details(language, booking, now, hotel))
}

/// The history of a booking, oldest first. Only the latest changes that fit a message are shown.
#[must_use]
pub fn booking_history(
    language: Language,
    changes: &[Change],
    now: Moment,
    hotel: &HotelPolicy,
) -> String {
    let line = |change: &Change| {
        let at = when(language, change.at, now, hotel);
        let by = escape(&actor(language, &change.actor));
        let name = match &change.event {
            Event::PaymentAsked => say(language, "Ditanyakan", "Asked"),
            event => action(language, event.action()),
        };
        let detail = change_detail(language, change, hotel.timezone);
        let detail = detail.map(|detail| format!("\n   {}", escape(&detail))).unwrap_or_default();
        format!("{at} · <b>{name}</b> · {by}{detail}")
    };
    let mut units = 0;
    let mut lines: Vec<String> = Vec::new();
    for line in changes.iter().rev().map(line) {
        units += line.encode_utf16().count() + 1;
        if units > MAX_HISTORY {
            break;
        }
        lines.push(line);
    }
    let cut = changes.len() - lines.len();
    if cut > 0 {
        lines.push(say(
            language,
            format!("… {cut} lebih lama, di papan (/papan)"),
            format!("… {cut} older ones, on the board (/papan)"),
        ));
    }
    lines.reverse();
    let receipt_no = changes.first().map(|change| change.booking.receipt_no.to_string());
    format!("<b>{}</b>\n{}", receipt_no.unwrap_or_default(), lines.join("\n"))
}
