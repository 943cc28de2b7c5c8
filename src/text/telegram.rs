//! What people read in the chat, as Telegram's HTML: names and other free text are escaped here.

mod commands;
mod dashboard;
mod guest;
mod labels;
mod notification;
mod staff;
mod status;
#[cfg(test)]
mod tests;
mod trouble;

pub use commands::*;
pub use dashboard::*;
pub use guest::*;
pub use labels::*;
pub use notification::*;
pub use staff::*;
pub use status::*;
pub use trouble::*;

use super::{clock_time, date, duration, rupiah, say};
use crate::domain::{Booking, HotelPolicy, Language, Moment};

/// Free text as HTML (Bot API, "HTML style").
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Free text on a button, which has no markup, cut to what fits a line.
#[must_use]
pub fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

fn nights(language: Language, count: u32) -> String {
    let plural = if count == 1 { "" } else { "s" };
    say(language, format!("{count} malam"), format!("{count} night{plural}"))
}

/// How long is left, in steps that need no edit every minute.
fn left(language: Language, until: Moment, now: Moment) -> String {
    let left = until - now;
    if left < chrono::TimeDelta::minutes(1) {
        return say(language, "kurang dari 1 menit", "less than a minute").to_owned();
    }
    // A hold of two hours says so, though a few milliseconds have gone already.
    let minutes = (left + chrono::TimeDelta::seconds(30)).num_minutes();
    duration(language, chrono::TimeDelta::minutes(minutes))
}

/// What every message about a booking shows: name, room type, date, nights, receipt number, price.
fn facts(language: Language, booking: &Booking) -> String {
    let stay = &booking.stay;
    let row = |indonesian, english, value: String| {
        format!("{}: {value}", say(language, indonesian, english))
    };
    [
        row("Resi", "Receipt", format!("<code>{}</code>", booking.receipt_no)),
        row("Nama", "Name", escape(booking.guest.name.as_str())),
        row("Kamar", "Room", escape(&stay.room.name)),
        row(
            "Check-in",
            "Check-in",
            format!("{}, {}", date(language, stay.check_in), nights(language, stay.nights)),
        ),
        row("Harga", "Price", rupiah(stay.price)),
    ]
    .join("\n")
}

fn until_words(language: Language, booking: &Booking, hotel: &HotelPolicy) -> String {
    let time = clock_time(booking.hold.until, hotel.timezone);
    let day = hotel.day_of(booking.hold.until);
    if day == hotel.day_of(booking.booked_at) {
        time
    } else {
        format!("{time}, {}", date(language, day))
    }
}

/// A time of the hotel's clock, with its date where that is of another hotel day than now.
fn when(language: Language, at: Moment, now: Moment, hotel: &HotelPolicy) -> String {
    let time = clock_time(at, hotel.timezone);
    let day = hotel.day_of(at);
    if day == hotel.day_of(now) { time } else { format!("{}, {time}", short_date(language, day)) }
}

/// `10 Jan`
fn short_date(language: Language, day: chrono::NaiveDate) -> String {
    // The names of both languages begin alike but for May, August, October and December.
    let full = date(language, day);
    let mut words = full.split(' ').skip(1);
    let (number, month) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{number} {}", month.chars().take(3).collect::<String>())
}
