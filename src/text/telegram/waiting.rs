//! What a guest reads about the waiting list.

use chrono::TimeDelta;

use super::{escape, short};
use crate::domain::{Language, Moment, Policy, RoomType, Wish, WishedRoom};
use crate::text::{clock_time, date, duration, rupiah, say};

/// The message of a guest who waits: for what, at which place, and what happens next.
#[must_use]
pub fn waiting(
    language: Language,
    wish: &Wish,
    (position, next_release): (usize, Option<Moment>),
    offer_window: TimeDelta,
    policy: &Policy,
) -> String {
    let (wish, window) = (wish_words(language, wish, policy), duration(language, offer_window));
    let head = say(language, "🔔 Anda di daftar tunggu", "🔔 You are on the waiting list");
    let place = say(
        language,
        format!(
            "Urutan ke-{position}. Begitu ada kamar lepas, Anda kami kabari di sini dan punya waktu {window} untuk mengambilnya."
        ),
        format!(
            "Place {position}. As soon as a room is free we tell you here, and you have {window} to take it."
        ),
    );
    let next = next_release.map(|at| {
        let at = clock_time(at, policy.hotel.timezone);
        say(
            language,
            format!("\nKamar berikutnya mungkin lepas pukul {at}."),
            format!("\nThe next room may be free at {at}."),
        )
    });
    format!("<b>{head}</b>\n{wish}\n\n{place}{}", next.unwrap_or_default())
}

/// What is wished: `Deluxe · 4 Januari 2026 · 1 malam`.
fn wish_words(language: Language, wish: &Wish, policy: &Policy) -> String {
    let room = match &wish.room {
        WishedRoom::OfType(code) => {
            policy.room(code).map_or_else(|| code.to_string(), |room| room.name.clone())
        }
        WishedRoom::Any { at_most: None } => {
            say(language, "Tipe kamar apa saja", "Any room type").to_owned()
        }
        WishedRoom::Any { at_most: Some(most) } => {
            let most = rupiah(*most);
            say(
                language,
                format!("Tipe apa saja sampai {most} semalam"),
                format!("Any type up to {most} a night"),
            )
        }
    };
    let night = say(language, "malam", if wish.nights == 1 { "night" } else { "nights" });
    format!("{} · {} · {} {night}", escape(&room), date(language, wish.check_in), wish.nights)
}

/// The button to wait for a room type that is sold out.
#[must_use]
pub fn wait_label(language: Language, room: &RoomType) -> String {
    let room = short(&room.name, 24);
    say(language, format!("🔔 Kabari bila {room} lepas"), format!("🔔 Tell me when {room} is free"))
}

/// The guest has left the waiting list.
#[must_use]
pub fn waits_no_longer(language: Language) -> &'static str {
    say(
        language,
        "Anda tidak di daftar tunggu lagi. Terima kasih sudah memberi kabar.",
        "You are off the waiting list. Thank you for telling us.",
    )
}

/// A guest without a name on Telegram wants to wait.
#[must_use]
pub fn name_for_waiting(language: Language) -> &'static str {
    say(
        language,
        "Atas nama siapa? Ketik /booking lalu nama Anda, misalnya /booking Budi.",
        "Under which name? Type /booking and your name, for example /booking Budi.",
    )
}

/// The line of the front office about guests who wait for tonight.
#[must_use]
pub fn line_tonight(language: Language, waiting: usize) -> String {
    say(
        language,
        format!("🔔 Daftar tunggu malam ini: {waiting} tamu"),
        format!(
            "🔔 Waiting for tonight: {waiting} {}",
            if waiting == 1 { "guest" } else { "guests" }
        ),
    )
}
