//! Every sentence that guests and the front office read from the server, in Indonesian and
//! English. The sentences of the pages are in `web/js/text.js`.
//!
//! This module makes no decisions: it only words what it is given. Its text is plain, and the
//! caller escapes it for markup. The sentences in [`telegram`] are HTML already.
//!
//! Every channel (bot, pages, mails, board) uses the same words:
//!
//! | Indonesian | English | meaning |
//! | --- | --- | --- |
//! | kamar disimpan | the room is kept | nobody else can book it before the told time |
//! | lokasi | position | where a guest is, as far as the guest shares it |
//! | perpanjang, diperpanjang | extend, extended | the hold, or the time to pay, ends later |
//! | waktunya habis | the time is up, ran out | the told time has passed |
//! | dibatalkan otomatis | cancelled automatically | the clock cancels when the time is up |
//! | dibatalkan, batal | cancelled | by the clock, the hotel or the guest |
//! | kamar dilepas | the room is free again | another guest can book it |
//! | penuh | sold out | no room of a type is left for a night |
//! | tiba | arrived | the desk has seen the guest |
//! | belum dibayar | not paid yet | the desk has not seen the payment |
//! | lunas | paid | the desk has seen the payment |
//! | resepsionis | the desk (in titles: front desk) | the people who receive guests |

mod format;
mod history;
mod mail;
mod mail_words;
mod refusal;
pub mod telegram;
mod travel;

pub use format::{clock_time, date, duration, kilometres, rupiah, told_time};
pub use history::{action, actor, detail, undelivered};
pub use mail::{CodeInMail, Links, Mail, Pay, guest_mail, test_mail};
pub use refusal::{rate_limited, refusal, unauthenticated};
use travel::why_not;
pub use travel::{outlook, story, verdict};

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

/// The sentence for an unknown address.
#[must_use]
pub fn no_page(language: Language) -> &'static str {
    say(language, "Halaman ini tidak ada.", "There is no such page.")
}

/// Why a notification was given up: its channel is not configured. The reason is stored with the
/// notification, so this and the reasons below contain both languages.
pub const NOT_SET_UP: &str = "saluran ini belum disetel (this channel is not set up)";
/// Why a notification was given up: its useful life is over.
pub const TOO_LATE: &str = "terlambat, waktunya sudah lewat (too late, its time is over)";
/// Why a notification was given up: the booking ended before it was sent.
pub const NO_LONGER_TRUE: &str = "booking sudah selesai lebih dulu (the booking ended before)";
/// Why a notification was given up: its deadline was moved in the meantime.
pub const OVERTAKEN: &str = "sudah ada kabar yang lebih baru (there is newer word by now)";
/// Why a payment code was given up: it is unknown whether it was delivered.
pub const MAYBE_SENT: &str = "tidak jelas apakah terkirim (nobody knows whether it was delivered)";
/// Why a payment code was given up: it cannot be generated.
pub const NO_CODE: &str = "kode QRIS tidak bisa dibuat (the QRIS code cannot be made)";
/// Why a mail waits: the server offers no encryption.
pub const NO_STARTTLS: &str =
    "server e-mail tidak menawarkan STARTTLS (the mail server offers no STARTTLS)";
/// Why a mail waits: the server refuses our user name or password.
pub const NO_ENTRY: &str =
    "server e-mail menolak nama atau sandi kami (the mail server refuses our user or password)";
/// Why a mail waits: the server cannot be reached.
pub const NO_SERVER: &str =
    "server e-mail tidak bisa dihubungi (the mail server cannot be reached)";
/// Why a mail waits: the server's certificate is not trusted, or TLS failed in another way.
pub const NO_TLS: &str =
    "sambungan aman ke server e-mail gagal (the secure connection to the mail server failed)";
/// Why a mail waits or was given up: the reply of the mail server follows these words.
pub const SERVER_SAYS: &str = "server e-mail menjawab (the mail server says)";
/// Why an attempt failed: the connection was lost.
pub const BROKE_OFF: &str =
    "sambungan ke server e-mail terputus (the connection to the mail server broke off)";
/// Why a message was given up: the guest blocked the bot.
pub const BLOCKED: &str = "tamu memblokir bot (the guest blocked the bot)";
/// Why a message was given up: the account no longer exists.
pub const ACCOUNT_GONE: &str = "akun Telegram ini sudah tidak ada (this Telegram account is gone)";
/// Why a message was given up: Telegram does not know the chat.
pub const NO_CHAT: &str = "chat ini tidak ditemukan (this chat is not there)";
/// Why a message was given up: the bot is not a member of the chat.
pub const NOT_IN_CHAT: &str = "bot tidak ada di chat ini (the bot is not in this chat)";
/// Why a message was given up: a bot cannot write to a person who has never started it.
pub const NEVER_STARTED: &str =
    "belum pernah memulai bot, kirim /start dulu (the bot was never started, send /start first)";
/// Why a message was given up: the group became a supergroup and has a new id.
pub const GROUP_MOVED: &str = "grup ini punya id baru (this group has another id now)";
/// Why an attempt failed: the store did not answer.
pub const STORE_AWAY: &str = "penyimpanan tidak menjawab (the store is away)";
/// Why an attempt failed: the server did not answer.
pub const NO_ANSWER: &str = "tidak ada jawaban dari server (the server did not answer)";
