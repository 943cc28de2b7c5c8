//! The answers when the bot cannot do something, although the person made no mistake.

use crate::domain::Language;
use crate::text::say;

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
