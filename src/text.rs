//! Every sentence that guests and front office read from the server, Indonesian and English side
//! by side. (The pages bring their own: `web/js/text.js`.)
//!
//! Nothing is decided here; what is said follows from what it is said of. Text is plain: whoever
//! puts it into markup escapes it.

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

/// One of two sentences, by language.
fn say<T>(language: Language, indonesian: T, english: T) -> T {
    match language {
        Language::Indonesian => indonesian,
        Language::English => english,
    }
}

/// What somebody reads when something went wrong that no one foresaw.
#[must_use]
pub fn internal(language: Language, incident: &str) -> String {
    say(
        language,
        format!("Terjadi kesalahan di sistem kami (nomor {incident}). Silakan coba lagi."),
        format!("Something went wrong on our side (number {incident}). Please try again."),
    )
}

/// What somebody reads at an address where nothing is.
#[must_use]
pub fn no_page(language: Language) -> &'static str {
    say(language, "Halaman ini tidak ada.", "There is no such page.")
}

/// Why a notice was given up: nobody set its channel up. Kept with the notice, so in both
/// languages at once.
pub const NOT_SET_UP: &str = "saluran ini belum disetel (this channel is not set up)";
/// Why a notice was given up: its time is over.
pub const TOO_LATE: &str = "terlambat, waktunya sudah lewat (too late, its time is over)";
/// Why a notice was given up: the booking ended before it could be told.
pub const NO_LONGER_TRUE: &str = "booking sudah selesai lebih dulu (the booking ended before)";
/// Why a notice was given up: it tells of a deadline that was moved since.
pub const OVERTAKEN: &str = "sudah ada kabar yang lebih baru (there is newer word by now)";
/// Why a code was given up: nobody knows whether it arrived.
pub const MAYBE_SENT: &str = "tidak jelas apakah terkirim (nobody knows whether it was delivered)";
/// Why a code was given up: it cannot be made.
pub const NO_CODE: &str = "kode QRIS tidak bisa dibuat (the QRIS code cannot be made)";
/// Why a mail waits: the server offers no encryption.
pub const NO_STARTTLS: &str =
    "server e-mail tidak menawarkan STARTTLS (the mail server offers no STARTTLS)";
/// Why a mail waits: the server does not take our name and password.
pub const NO_ENTRY: &str =
    "server e-mail menolak nama atau sandi kami (the mail server refuses our user or password)";
/// Why a mail waits: the server cannot be reached.
pub const NO_SERVER: &str =
    "server e-mail tidak bisa dihubungi (the mail server cannot be reached)";
/// Why a mail waits: the server's certificate is not trusted, or TLS failed in another way.
pub const NO_TLS: &str =
    "sambungan aman ke server e-mail gagal (the secure connection to the mail server failed)";
/// Why a mail waits or was given up: what the mail server says, behind this.
pub const SERVER_SAYS: &str = "server e-mail menjawab (the mail server says)";
/// Why an attempt failed: the connection broke off.
pub const BROKE_OFF: &str =
    "sambungan ke server e-mail terputus (the connection to the mail server broke off)";
/// Why a message was given up: the guest wants none.
pub const BLOCKED: &str = "tamu memblokir bot (the guest blocked the bot)";
/// Why a message was given up: nobody has this account any more.
pub const ACCOUNT_GONE: &str = "akun Telegram ini sudah tidak ada (this Telegram account is gone)";
/// Why a message was given up: Telegram knows no such chat.
pub const NO_CHAT: &str = "chat ini tidak ditemukan (this chat is not there)";
/// Why a message was given up: the bot was put out of the chat.
pub const NOT_IN_CHAT: &str = "bot tidak ada di chat ini (the bot is not in this chat)";
/// Why a message was given up: bots may not write first.
pub const NEVER_STARTED: &str =
    "belum pernah memulai bot, kirim /start dulu (the bot was never started, send /start first)";
/// Why a message was given up: the group became a supergroup, which has another id.
pub const GROUP_MOVED: &str = "grup ini punya id baru (this group has another id now)";
/// Why an attempt failed: what it needs to know could not be read.
pub const STORE_AWAY: &str = "penyimpanan tidak menjawab (the store is away)";
/// Why an attempt failed: the other side was silent.
pub const NO_ANSWER: &str = "tidak ada jawaban dari server (the server did not answer)";
