//! Texts for the reasons why a notification was not delivered.

use super::say;
use crate::domain::{FailureCode, FailureReason, Language};

/// The reason in one language.
#[must_use]
pub fn failure(language: Language, reason: &FailureReason) -> String {
    let (indonesian, english) = words(reason.code);
    with_detail(say(language, indonesian, english).to_owned(), &reason.detail)
}

/// The reason in both languages, for what has no language of its own: the stored sentence, and the
/// reason of a degraded part.
#[must_use]
pub fn failure_in_both(reason: &FailureReason) -> String {
    let (indonesian, english) = words(reason.code);
    let both = match reason.code {
        FailureCode::Recorded => String::new(),
        _ => format!("{indonesian} ({english})"),
    };
    with_detail(both, &reason.detail)
}

fn with_detail(words: String, detail: &str) -> String {
    match (words.as_str(), detail) {
        ("", detail) => detail.to_owned(),
        (_, "") => words,
        (_, detail) => format!("{words}: {detail}"),
    }
}

/// The texts of a code: Indonesian, then English.
fn words(code: FailureCode) -> (&'static str, &'static str) {
    match code {
        // The detail is the whole sentence, so there is no text before it.
        FailureCode::Recorded => ("", ""),
        FailureCode::NotSetUp => ("saluran ini belum disetel", "this channel is not set up"),
        FailureCode::TooLate => ("terlambat, waktunya sudah lewat", "too late, its time is over"),
        FailureCode::BookingEnded => {
            ("booking sudah selesai lebih dulu", "the booking ended before")
        }
        FailureCode::Overtaken => ("sudah ada kabar yang lebih baru", "there is newer word by now"),
        FailureCode::MaybeSent => {
            ("tidak jelas apakah terkirim", "nobody knows whether it was delivered")
        }
        FailureCode::StoreUnavailable => {
            ("penyimpanan tidak menjawab", "the store does not answer")
        }
        FailureCode::QrisCode => ("kode QRIS tidak bisa dibuat", "the QRIS code cannot be made"),
        FailureCode::NoEmailAddress => {
            ("tamu tidak punya alamat e-mail", "the guest has no e-mail address")
        }
        FailureCode::MailContent => ("e-mail tidak bisa dibuat", "the e-mail cannot be made"),
        FailureCode::MailFolder => {
            ("e-mail tidak bisa ditulis ke foldernya", "the e-mail cannot be written to its folder")
        }
        FailureCode::MailServerUnreachable => {
            ("server e-mail tidak bisa dihubungi", "the mail server cannot be reached")
        }
        FailureCode::MailServerSilent => {
            ("tidak ada jawaban dari server e-mail", "the mail server did not answer")
        }
        FailureCode::MailNoStartTls => {
            ("server e-mail tidak menawarkan STARTTLS", "the mail server offers no STARTTLS")
        }
        FailureCode::MailTls => (
            "sambungan aman ke server e-mail gagal",
            "the secure connection to the mail server failed",
        ),
        FailureCode::MailSignIn => (
            "server e-mail menolak nama atau sandi kami",
            "the mail server refuses our user or password",
        ),
        FailureCode::MailServerReply => ("server e-mail menjawab", "the mail server says"),
        FailureCode::MailConnectionLost => {
            ("sambungan ke server e-mail terputus", "the connection to the mail server broke off")
        }
        FailureCode::NotOnTelegram => {
            ("tamu tidak memesan lewat Telegram", "the guest did not book by Telegram")
        }
        FailureCode::NoFrontOfficeChat => (
            "grup resepsionis belum disetel (telegram.fo_chat_id)",
            "the desk's group is not set (telegram.fo_chat_id)",
        ),
        FailureCode::BotBlocked => ("tamu memblokir bot", "the guest blocked the bot"),
        FailureCode::AccountDeleted => {
            ("akun Telegram ini sudah tidak ada", "this Telegram account is gone")
        }
        FailureCode::ChatNotFound => ("chat ini tidak ditemukan", "this chat is not there"),
        FailureCode::NotInChat => ("bot tidak ada di chat ini", "the bot is not in this chat"),
        FailureCode::NeverStarted => (
            "belum pernah memulai bot, kirim /start dulu",
            "the bot was never started, send /start first",
        ),
        FailureCode::GroupMoved => ("grup ini punya id baru", "this group has another id now"),
        FailureCode::MessageGone => ("pesannya sudah tidak ada", "the message is gone"),
        FailureCode::TelegramUnreachable => {
            ("Telegram tidak bisa dihubungi", "Telegram cannot be reached")
        }
        FailureCode::TelegramSilent => ("Telegram tidak menjawab", "Telegram did not answer"),
        FailureCode::TelegramFlood => {
            ("Telegram meminta kami menunggu", "Telegram asks us to wait")
        }
        FailureCode::TelegramBusy => ("pesan lain didahulukan", "other messages go first"),
        FailureCode::TelegramToken => {
            ("Telegram menolak token bot", "Telegram does not accept the token")
        }
        FailureCode::TelegramUpdatesTaken => {
            ("pembaruan bot ini diambil proses lain", "another process takes this bot's updates")
        }
        FailureCode::TelegramRefused => ("Telegram menolak", "Telegram refused"),
        FailureCode::WebhookUnreachable => {
            ("sistem hotel tidak bisa dihubungi", "the hotel's system cannot be reached")
        }
        FailureCode::WebhookSilent => {
            ("sistem hotel tidak menjawab", "the hotel's system did not answer")
        }
        FailureCode::WebhookRefused => {
            ("sistem hotel tidak menerima", "the hotel's system did not accept it")
        }
        FailureCode::WebhookGone => (
            "sistem hotel menjawab 410: tidak mau dipanggil lagi",
            "the hotel's system answered 410: it wants no further calls",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_in_both_languages_and_a_name_of_its_own() {
        let mut names = Vec::new();
        for code in FailureCode::ALL {
            assert_eq!(FailureCode::from_name(code.name()), Some(*code));
            assert!(!names.contains(&code.name()), "{}", code.name());
            names.push(code.name());
            if *code == FailureCode::Recorded {
                continue;
            }
            let reason = FailureReason::from(*code);
            let indonesian = failure(Language::Indonesian, &reason);
            let english = failure(Language::English, &reason);
            assert!(!indonesian.is_empty() && !english.is_empty() && indonesian != english);
            assert_eq!(failure_in_both(&reason), format!("{indonesian} ({english})"));
        }
    }

    #[test]
    fn the_answer_of_a_server_follows_the_words_and_a_recorded_sentence_stands_alone() {
        let reply = FailureReason::with_detail(FailureCode::MailServerReply, "550 no such user");
        assert_eq!(failure(Language::English, &reply), "the mail server says: 550 no such user");
        assert_eq!(
            failure_in_both(&reply),
            "server e-mail menjawab (the mail server says): 550 no such user"
        );
        let recorded = FailureReason::recorded("kata lama (old words)".to_owned());
        assert_eq!(failure(Language::English, &recorded), "kata lama (old words)");
        assert_eq!(failure_in_both(&recorded), "kata lama (old words)");
    }
}
