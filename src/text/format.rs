//! Numbers, times and dates as people in Indonesia write them.

use chrono::{Datelike, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::say;
use crate::domain::{Language, Moment, Rupiah};

/// `Rp350.000`, in both languages, because prices in Indonesia are written this way.
#[must_use]
pub fn rupiah(sum: Rupiah) -> String {
    let digits = sum.0.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    format!("Rp{grouped}")
}

/// `20.30 WIB`: the hotel's clock, with the name of its zone.
#[must_use]
pub fn clock_time(at: Moment, timezone: Tz) -> String {
    let local = at.with_timezone(&timezone);
    // The time zone database contains the abbreviations WIB, WITA and WIT.
    format!("{} {}", local.format("%H.%M"), local.format("%Z"))
}

/// A deadline: `pukul 20.30 WIB`, and also its date if that is another day than that of `now`.
#[must_use]
pub fn told_time(language: Language, at: Moment, now: Moment, timezone: Tz) -> String {
    let time = clock_time(at, timezone);
    let day = at.with_timezone(&timezone).date_naive();
    if day == now.with_timezone(&timezone).date_naive() {
        return say(language, format!("pukul {time}"), time.clone());
    }
    let day = date(language, day);
    say(language, format!("{day} pukul {time}"), format!("{time} on {day}"))
}

/// `Minggu, 22 November 2026`
#[must_use]
pub fn date(language: Language, day: NaiveDate) -> String {
    const DAYS: [(&str, &str); 7] = [
        ("Senin", "Monday"),
        ("Selasa", "Tuesday"),
        ("Rabu", "Wednesday"),
        ("Kamis", "Thursday"),
        ("Jumat", "Friday"),
        ("Sabtu", "Saturday"),
        ("Minggu", "Sunday"),
    ];
    const MONTHS: [(&str, &str); 12] = [
        ("Januari", "January"),
        ("Februari", "February"),
        ("Maret", "March"),
        ("April", "April"),
        ("Mei", "May"),
        ("Juni", "June"),
        ("Juli", "July"),
        ("Agustus", "August"),
        ("September", "September"),
        ("Oktober", "October"),
        ("November", "November"),
        ("Desember", "December"),
    ];
    let name = |table: &[(&'static str, &'static str)], index: u32| {
        let index = usize::try_from(index).unwrap_or_default();
        table.get(index).map_or("", |(indonesian, english)| say(language, *indonesian, *english))
    };
    let weekday = name(&DAYS, day.weekday().num_days_from_monday());
    let month = name(&MONTHS, day.month0());
    format!("{weekday}, {} {month} {}", day.day(), day.year())
}

/// `2 jam 30 menit`; less than a minute is given in seconds.
#[must_use]
pub fn duration(language: Language, span: TimeDelta) -> String {
    // Rounded to the second: a reminder is a few milliseconds late, and 14:59.997 is 15 minutes.
    let seconds = (span.num_milliseconds().max(0) + 500) / 1000;
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    let one = |count: i64, indonesian: &str, english: &str| {
        let plural = if count == 1 { "" } else { "s" };
        say(language, format!("{count} {indonesian}"), format!("{count} {english}{plural}"))
    };
    match (hours, minutes) {
        (0, 0) => one(seconds, "detik", "second"),
        (0, _) => one(minutes, "menit", "minute"),
        (_, 0) => one(hours, "jam", "hour"),
        (_, _) => format!("{} {}", one(hours, "jam", "hour"), one(minutes, "menit", "minute")),
    }
}

/// `4,2 km`
#[must_use]
pub fn kilometres(language: Language, metres: f64) -> String {
    let km = format!("{:.1} km", metres / 1000.0);
    say(language, km.replace('.', ","), km)
}
