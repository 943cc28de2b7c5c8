//! The figures of a hotel day, as a mail to managers, and the words that they share with the chat.

use super::mail::{Mail, MailSection};
use super::{date, duration, rupiah, say};
use crate::domain::summary::{DayCounts, DaySummary};
use crate::domain::{Channel, Language};

/// The mail with the summary of a day, and the number of notifications that were given up. `board`
/// is the address of the board.
#[must_use]
pub fn report_mail(
    language: Language,
    (summary, undelivered): (&DaySummary, u32),
    hotel: &str,
    board: &str,
) -> Mail {
    let day = date(language, summary.day);
    let title = say(language, format!("Laporan {day}"), format!("Report of {day}"));
    Mail {
        language,
        subject: format!("{title} · {hotel}"),
        title,
        greeting: say(language, "Selamat pagi,", "Good morning,").to_owned(),
        paragraphs: vec![
            say(
                language,
                "Ini angka hari hotel yang terakhir.",
                "These are the figures of the last hotel day.",
            )
            .to_owned(),
        ],
        deadline: None,
        pay: None,
        facts: figures(language, summary, undelivered),
        sections: sections(language, summary),
        button: Some((say(language, "Buka papan", "Open the board"), board.to_owned())),
        after: Vec::new(),
        from: hotel.to_owned(),
    }
}

/// The figures of the whole day, each with its name.
fn figures(
    language: Language,
    summary: &DaySummary,
    undelivered: u32,
) -> Vec<(&'static str, String)> {
    let all = &summary.all;
    let name = |indonesian, english| say(language, indonesian, english);
    let came = summary.extended_and_came;
    let mut figures = vec![
        (name("Booking", "Booked"), all.booked.to_string()),
        (name("Lunas", "Paid"), format!("{} ({})", all.paid, rupiah(all.paid_sum))),
        (name("Batal otomatis", "Expired"), all.expired.to_string()),
        (name("Dibatalkan", "Cancelled"), all.cancelled.to_string()),
        (
            name("Diperpanjang", "Extended"),
            say(
                language,
                format!("{}, datang {came}", summary.extended),
                format!("{}, {came} of them came", summary.extended),
            ),
        ),
        (name("Di resepsionis, belum bayar", "At the desk, not paid"), summary.at_desk.to_string()),
    ];
    if !summary.blocked.is_zero() {
        let blocked = duration(language, summary.blocked);
        figures.push((name("Kamar disimpan sia-sia", "Rooms kept in vain"), blocked));
    }
    if let Some(wait) = summary.desk_wait {
        let label = name("Rata-rata dari tiba sampai lunas", "From arrival to payment on average");
        figures.push((label, duration(language, wait)));
    }
    if undelivered > 0 {
        let label = name("Pesan gagal terkirim", "Messages not delivered");
        figures.push((label, undelivered.to_string()));
    }
    figures
}

/// The parts of a day, without what has none.
fn sections(language: Language, summary: &DaySummary) -> Vec<MailSection> {
    let words = |counts: &DayCounts| counts_of(language, *counts);
    let channels = summary.by_channel.iter();
    let channels = channels.map(|(of, counts)| (channel(language, *of), words(counts)));
    let rooms = summary.by_room.iter().map(|(_, name, counts)| (name.clone(), words(counts)));
    let staff = summary.by_staff.iter();
    let staff = staff.map(|(name, counts)| (name.as_str().to_owned(), words(counts)));
    let [of_channels, of_rooms, of_staff] = part_names(language);
    let sections = [
        MailSection { title: of_channels, rows: channels.collect() },
        MailSection { title: of_rooms, rows: rooms.collect() },
        MailSection { title: of_staff, rows: staff.collect() },
    ];
    sections.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

/// The names of the parts of a day: channels, room types, staff.
pub(super) fn part_names(language: Language) -> [&'static str; 3] {
    say(language, ["Saluran", "Kamar", "Petugas"], ["Channels", "Rooms", "Staff"])
}

/// The name of a channel.
pub(super) fn channel(language: Language, channel: Channel) -> String {
    match channel {
        Channel::Telegram => "Telegram",
        Channel::Web => "Web",
        Channel::Desk => say(language, "Langsung", "Walk-in"),
        Channel::Other => "?",
    }
    .to_owned()
}

/// `7 booking, 5 lunas (Rp1.750.000), 1 batal otomatis`, without what is 0.
pub(super) fn counts_of(language: Language, counts: DayCounts) -> String {
    let DayCounts { booked, paid, paid_sum, expired, cancelled } = counts;
    let sum = rupiah(paid_sum);
    let facts = [
        (booked, say(language, format!("{booked} booking"), format!("{booked} booked"))),
        (paid, say(language, format!("{paid} lunas ({sum})"), format!("{paid} paid ({sum})"))),
        (expired, say(language, format!("{expired} batal otomatis"), format!("{expired} expired"))),
        (
            cancelled,
            say(language, format!("{cancelled} dibatalkan"), format!("{cancelled} cancelled")),
        ),
    ];
    let facts: Vec<String> =
        facts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    facts.join(", ")
}
