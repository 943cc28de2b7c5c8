//! The sentences of the bot, as HTML for Telegram. Names and other free text are escaped here.

mod commands;
mod dashboard;
mod free_text;
mod guest;
mod labels;
mod living;
mod notification;
mod report;
mod staff;
mod status;
#[cfg(test)]
mod tests;
mod waiting;

pub use commands::{Audience, BotCommand, guest_menu, staff_menu};
pub use dashboard::{
    booking_history, card, confirm_cancel, confirm_paid, dashboard, dashboard_moved_on, line,
    nothing_in_tab,
};
pub use free_text::{
    being_late, description, keyboard_closed, late_note, picture_note, rooms_left,
    short_description, show_at_desk, you_are_welcome,
};
pub use guest::{
    address, cannot_read, choice_is_gone, choose_date, choose_name, choose_nights, choose_room,
    date_label, greeting, help, how_to_share, nights_label, no_booking, no_contacts,
    no_hold_for_position, not_in_groups, not_your_position, nothing_left, position_received,
    room_label, stale, summary, type_name, venue_address, which_to_cancel, your_id,
};
pub use labels::{GuestLabel, StaffLabel, guest_label, staff_label};
pub use living::{given_up, staff_reply};
pub use notification::{
    MergedItem, booking_details, channel, merged_notification, staff_notification,
};
pub use report::day_report;
pub use staff::{
    DEGRADABLE_PARTS, allotment_set, allotment_usage, answered_privately, board, board_link,
    board_sent, changed_meanwhile, code_is_on_its_way, degraded, not_for_you, not_found,
    paid_too_late, report_usage, walk_in_question, walk_in_usage, well_again, which_booking,
    who_owes,
};
pub use status::{guest_notification, moved_on, pay_by_code, really_cancel, status};
pub use waiting::{line_tonight, name_for_waiting, wait_label, waiting, waits_no_longer};

use super::{clock_time, date, duration, rupiah, say};
use crate::domain::{Booking, HotelPolicy, Language, Moment};

/// Escapes free text for HTML (Bot API, "HTML style").
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Free text on a button, which has no markup, cut to `most` characters.
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

/// The time left, in whole minutes.
fn left(language: Language, until: Moment, now: Moment) -> String {
    let left = until - now;
    if left < chrono::TimeDelta::minutes(1) {
        return say(language, "kurang dari 1 menit", "less than a minute").to_owned();
    }
    // Rounded: a hold of two hours reads as 2 hours although a few milliseconds have passed.
    let minutes = (left + chrono::TimeDelta::seconds(30)).num_minutes();
    duration(language, chrono::TimeDelta::minutes(minutes))
}

/// The facts in every message about a booking: receipt number, name, room, date, nights, price.
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

/// A time in the hotel's time zone, with its date if that is another hotel day than today.
fn when(language: Language, at: Moment, now: Moment, hotel: &HotelPolicy) -> String {
    let time = clock_time(at, hotel.timezone);
    let day = hotel.day_of(at);
    if day == hotel.day_of(now) { time } else { format!("{}, {time}", short_date(language, day)) }
}

/// `10 Jan`
fn short_date(language: Language, day: chrono::NaiveDate) -> String {
    // The first three letters are an abbreviation of every month in both languages.
    let full = date(language, day);
    let mut words = full.split(' ').skip(1);
    let (number, month) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{number} {}", month.chars().take(3).collect::<String>())
}

/// An update could not be handled.
#[must_use]
pub fn not_done(language: Language) -> &'static str {
    say(
        language,
        "Maaf, ada gangguan di pihak kami. Silakan coba lagi.",
        "Sorry, something went wrong on our side. Please try again.",
    )
}

/// An anonymous administrator typed a command in the front office's group.
#[must_use]
pub fn not_anonymously(language: Language) -> &'static str {
    say(
        language,
        "Anda menulis sebagai admin anonim, jadi saya tidak tahu siapa Anda. Matikan \"Tetap \
         anonim\" di setelan admin grup, lalu kirim lagi.",
        "You write as an anonymous admin, so I cannot tell who you are. Turn off \"Remain \
         anonymous\" in the group's admin settings, then send it again.",
    )
}
