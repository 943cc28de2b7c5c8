//! The summary of a hotel day, as the front office reads it in the chat.

use super::escape;
use crate::domain::Language;
use crate::domain::summary::{DayCounts, DaySummary};
use crate::text::report::{channel, counts_of, part_names};
use crate::text::{date, duration, rupiah, say};

/// The most lines of one list, so that the message stays below 4,096 characters.
const MAX_LINES: usize = 12;

/// The summary of a day, with the number of notifications that were given up.
#[must_use]
pub fn day_report(language: Language, summary: &DaySummary, undelivered: u32) -> String {
    let all = &summary.all;
    let (day, sum) = (date(language, summary.day), rupiah(all.paid_sum));
    let mut lines = vec![
        say(language, format!("<b>📊 Laporan {day}</b>"), format!("<b>📊 Report of {day}</b>")),
        say(
            language,
            format!("Booking {} · lunas {} (<b>{sum}</b>)", all.booked, all.paid),
            format!("{} booked · {} paid (<b>{sum}</b>)", all.booked, all.paid),
        ),
        say(
            language,
            format!("Batal otomatis {} · dibatalkan {}", all.expired, all.cancelled),
            format!("{} expired · {} cancelled", all.expired, all.cancelled),
        ),
        say(
            language,
            format!("Diperpanjang {}, datang {}", summary.extended, summary.extended_and_came),
            format!("{} extended, {} of them came", summary.extended, summary.extended_and_came),
        ),
        say(
            language,
            format!("Di resepsionis, belum bayar: {}", summary.at_desk),
            format!("At the desk, not paid: {}", summary.at_desk),
        ),
    ];
    if !summary.blocked.is_zero() {
        let blocked = duration(language, summary.blocked);
        lines.push(say(
            language,
            format!("Kamar disimpan sia-sia: {blocked}"),
            format!("Rooms kept in vain: {blocked}"),
        ));
    }
    if let Some(wait) = summary.desk_wait {
        let wait = duration(language, wait);
        lines.push(say(
            language,
            format!("Rata-rata dari tiba sampai lunas: {wait}"),
            format!("From arrival to payment on average: {wait}"),
        ));
    }
    let [of_channels, of_rooms, of_staff] = part_names(language);
    let channels = summary.by_channel.iter();
    let channels = channels.map(|(of, counts)| (channel(language, *of), *counts));
    lines.extend(section(language, of_channels, channels));
    let rooms = summary.by_room.iter().map(|(_, name, counts)| (name.clone(), *counts));
    lines.extend(section(language, of_rooms, rooms));
    let staff = summary.by_staff.iter().map(|(name, counts)| (name.as_str().to_owned(), *counts));
    lines.extend(section(language, of_staff, staff));
    if undelivered > 0 {
        lines.push(say(
            language,
            format!("\n❗️ Pesan gagal terkirim: {undelivered}"),
            format!("\n❗️ Messages not delivered: {undelivered}"),
        ));
    }
    lines.join("\n")
}

/// A list of the parts of a day; nothing if there is none.
fn section(
    language: Language,
    title: &str,
    parts: impl Iterator<Item = (String, DayCounts)>,
) -> Vec<String> {
    let lines: Vec<String> = parts.map(|(name, counts)| part(language, &name, counts)).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    let rest = (more > 0)
        .then(|| say(language, format!("… dan {more} lagi"), format!("… and {more} more")));
    let shown = lines.into_iter().take(MAX_LINES);
    [format!("\n<b>{title}</b>")].into_iter().chain(shown).chain(rest).collect()
}

/// `Standar: 7 booking, 5 lunas (Rp1.750.000), 1 batal otomatis`, without what is 0.
fn part(language: Language, name: &str, counts: DayCounts) -> String {
    format!("{}: {}", escape(&super::short(name, 40)), counts_of(language, counts))
}
