//! Every sentence that guests and front office read from the server, Indonesian and English side
//! by side. (The pages bring their own: `web/js/text.js`.)
//!
//! Nothing is decided here; what is said follows from what it is said of. Text is plain: whoever
//! puts it into markup escapes it.

mod format;
mod history;
mod mail;
mod refusal;
mod travel;

pub use format::{clock_time, date, duration, kilometres, rupiah};
pub use history::{actor, detail, undelivered};
pub use mail::{Mail, guest_mail};
pub use refusal::refusal;
pub use travel::{evidence, outlook, story};

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
/// Why an attempt failed: the other side was silent.
pub const NO_ANSWER: &str = "tidak ada jawaban dari server (the server did not answer)";
