//! Every sentence that guests and the front office read from the server, in Indonesian and
//! English. The sentences of the pages are in `web/js/text.js` and `web/js/board-text.js`.
//!
//! This module makes no decisions: it only words what it is given. Its text is plain, and the
//! caller escapes it for markup. The sentences in [`telegram`] are HTML already.
//!
//! Every channel (bot, pages, mails, board) uses the same words:
//!
//! | Indonesian | English | meaning |
//! | --- | --- | --- |
//! | kamar Anda kami simpan | we keep your room | nobody else can book it before the told time |
//! | lokasi | position | where a guest is, as far as the guest shares it |
//! | perpanjang, diperpanjang | extend, extended | the hold, or the time to pay, ends later |
//! | waktunya habis | the time is up, ran out | the told time has passed |
//! | batal otomatis | cancelled automatically | the clock cancels when the time is up |
//! | dibatalkan, batal | cancelled | by the clock, the hotel or the guest |
//! | kamar dilepas | the room is free again | another guest can book it |
//! | penuh | sold out | no room of a type is left for a night |
//! | tiba | arrived | the desk has seen the guest |
//! | belum dibayar | not paid yet | the desk has not seen the payment |
//! | lunas | paid | the desk has seen the payment |
//! | resepsionis | the desk (in titles: front desk) | the people who receive guests |

mod failure;
mod format;
mod history;
mod mail;
mod mail_words;
mod refusal;
mod report;
pub mod telegram;
mod travel;

pub use failure::{failure, failure_in_both};
pub use format::{clock_time, date, duration, kilometres, rupiah, told_time};
pub use history::{action, actor, change_detail, undelivered};
pub use mail::{Links, Mail, MailSection, guest_mail, test_mail};
pub use mail_words::{CodeInMail, Pay};
pub use refusal::{rate_limited, refusal, unauthenticated};
pub use report::report_mail;
use travel::why_not;
pub use travel::{forecast, verdict};

use crate::domain::Language;

/// Picks one of two sentences by language.
fn say<T>(language: Language, indonesian: T, english: T) -> T {
    match language {
        Language::Indonesian => indonesian,
        Language::English => english,
    }
}

/// The sentence for an unexpected error. `incident` is the number that the log contains.
#[must_use]
pub fn internal(language: Language, incident: &str) -> String {
    say(
        language,
        format!("Terjadi kesalahan di sistem kami (nomor {incident}). Silakan coba lagi."),
        format!("Something went wrong on our side (number {incident}). Please try again."),
    )
}

/// What the front office is shown while a limit of the web is reached, in both languages.
#[must_use]
pub fn limit_reached() -> String {
    "Ada yang mencoba memesan lewat web melebihi batas, mungkin untuk mengosongkan kamar hotel \
     (somebody tries to book more through the web than the limits allow)"
        .to_owned()
}

/// Why the disk of the database is degraded.
#[must_use]
pub fn disk_nearly_full(free_megabytes: u64) -> String {
    format!(
        "Tempat penyimpanan hampir penuh, tinggal {free_megabytes} MB; sesudah penuh tidak ada \
         booking yang bisa dicatat (the disk is nearly full, {free_megabytes} MB are left; once it \
         is full no booking can be stored)"
    )
}

/// Why the scheduled backup is degraded. The reason is one of the system, in English.
#[must_use]
pub fn backup_failed(reason: &str) -> String {
    format!(
        "Salinan cadangan hari ini belum jadi; salinan yang lama masih ada (today's backup was not \
         made, older ones are still there): {reason}"
    )
}

/// Who gets the positions that a guest shares, besides the hotel.
#[must_use]
pub fn who_gets_positions(language: Language, asks_routing_server: bool) -> &'static str {
    if asks_routing_server {
        say(
            language,
            "Untuk menghitung waktu tempuh, titiknya juga dikirim ke server penghitung rute.",
            "To estimate the drive, the points are also sent to a routing server.",
        )
    } else {
        say(language, "Kami tidak meneruskannya ke pihak lain.", "We pass it on to nobody else.")
    }
}

/// The link to the hotel's bot on pages that no script fills in, in both languages.
pub const LINK_TO_BOT: &str = "Buka bot Telegram hotel · Open the hotel's Telegram bot";

/// The answer while the bot cannot be linked to.
#[must_use]
pub fn no_bot(language: Language) -> &'static str {
    say(
        language,
        "Telegram hotel ini belum bisa dibuka. Coba lagi sebentar lagi, atau pesan lewat web.",
        "This hotel's Telegram cannot be opened yet. Try again in a moment, or book on the web.",
    )
}

/// Who gets the bookings, besides the front office and the guest; empty if nobody does.
#[must_use]
pub fn who_gets_bookings(language: Language, has_hotel_system: bool) -> &'static str {
    if has_hotel_system {
        say(
            language,
            "Nama dan booking Anda juga dicatat di sistem hotel ini.",
            "Your name and booking are also recorded in the hotel's own system.",
        )
    } else {
        ""
    }
}

/// The sentence for an unknown address.
#[must_use]
pub fn no_page(language: Language) -> &'static str {
    say(language, "Halaman ini tidak ada.", "There is no such page.")
}
