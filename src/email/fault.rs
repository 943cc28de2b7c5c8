//! Decides what a failed SMTP conversation means for another attempt, by its stage and by the reply
//! of the server. It does not retry.

use std::error::Error as _;

use lettre::transport::smtp::Error as SmtpError;

use crate::domain::{FailureCode, FailureReason};
use crate::notifier::DeliveryError;

/// Replies that refuse our user, password or rights (RFC 4954, 6). The guest's address is not the
/// cause.
const AUTH_REFUSED: [u16; 4] = [530, 534, 535, 538];

/// Enhanced status codes `5.SUBJECT.DETAIL` that say that the recipient's address or mailbox does not
/// exist (RFC 3463 and 7505). 5.1.7 and 5.1.8 are about the sender, 5.2.2 is a full mailbox.
const MAILBOX_GONE: [(u16, u16); 6] = [(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)];
/// What a refusal without an enhanced status code says if it means that there is no such mailbox.
const OF_MAILBOX: [&str; 9] = [
    "mailbox",
    "user",
    "recipient",
    "account",
    "no such",
    "unknown",
    "not exist",
    "not found",
    "invalid address",
];
/// What it says if it means something else: relaying, the sender, a policy, or a full mailbox.
const OF_OTHERS: [&str; 17] = [
    "relay",
    "denied",
    "sender",
    "spam",
    "policy",
    "block",
    "blacklist",
    "reputation",
    "spf",
    "dkim",
    "dmarc",
    "authent",
    "quota",
    "full",
    "storage",
    "exceeded",
    "too large",
];

/// The stage that an SMTP conversation has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum SmtpStage {
    /// Connecting, until the server answered EHLO; with implicit TLS also the handshake.
    #[default]
    Connect,
    /// STARTTLS.
    Secure,
    /// AUTH.
    SignIn,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Data,
    /// The e-mail itself. From here on the server may have accepted it.
    Message,
}

/// Why a conversation failed.
pub(super) enum SmtpFailure {
    /// The connection failed, or the server refused a command.
    Smtp(SmtpError),
    /// The server does not offer STARTTLS, which the configuration requires.
    NoStartTls,
}

impl From<SmtpError> for SmtpFailure {
    fn from(error: SmtpError) -> Self {
        Self::Smtp(error)
    }
}

pub(super) fn transient(reason: impl Into<FailureReason>) -> DeliveryError {
    DeliveryError::Transient { reason: reason.into(), retry_after: None }
}

/// What a failure at `stage` means for another attempt. A failure that our own configuration causes
/// is transient, so that a guest's e-mail is not lost because of a wrong password or a sender that
/// the server does not accept. Only a reply that says that the guest's mailbox does not exist is
/// final.
pub(super) fn failure(stage: SmtpStage, broken: &SmtpFailure) -> DeliveryError {
    let error = match broken {
        SmtpFailure::NoStartTls => return transient(FailureCode::MailNoStartTls),
        SmtpFailure::Smtp(error) => error,
    };
    if let Some(code) = error.status() {
        let code: u16 = code.into();
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        let reply = format!("{code} {}", without_addresses(&words));
        let is_auth = stage == SmtpStage::SignIn || AUTH_REFUSED.contains(&code);
        return if is_auth {
            transient(FailureReason::with_detail(FailureCode::MailSignIn, reply))
        } else if code >= 500 && is_mailbox_gone(stage, code, &words) {
            DeliveryError::Permanent(refused(reply))
        } else {
            transient(refused(reply))
        };
    }
    match stage {
        SmtpStage::Message => DeliveryError::Unknown(FailureCode::MailConnectionLost.into()),
        SmtpStage::Secure => transient(with_cause(FailureCode::MailTls, error)),
        SmtpStage::Connect if is_tls(error) => transient(with_cause(FailureCode::MailTls, error)),
        SmtpStage::Connect => transient(with_cause(FailureCode::MailServerUnreachable, error)),
        SmtpStage::SignIn => transient(with_cause(FailureCode::MailSignIn, error)),
        SmtpStage::Sender | SmtpStage::Recipient | SmtpStage::Data => {
            transient(FailureCode::MailConnectionLost)
        }
    }
}

/// Whether a reply says that the recipient's mailbox does not exist: by its enhanced status code,
/// or without one by its words.
fn is_mailbox_gone(stage: SmtpStage, code: u16, words: &str) -> bool {
    let is_about_recipient = match stage {
        SmtpStage::Recipient | SmtpStage::Data | SmtpStage::Message => true,
        SmtpStage::Connect | SmtpStage::Secure | SmtpStage::SignIn | SmtpStage::Sender => false,
    };
    if let Some(status) = enhanced_status(words) {
        return is_about_recipient && MAILBOX_GONE.contains(&status);
    }
    let lower = words.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    stage == SmtpStage::Recipient
        && (550..=553).contains(&code)
        && has(&OF_MAILBOX)
        && !has(&OF_OTHERS)
}

/// The subject and detail of the enhanced status code `5.SUBJECT.DETAIL` (RFC 3463) in a reply.
/// Servers also write it at the end and in brackets.
fn enhanced_status(words: &str) -> Option<(u16, u16)> {
    words.split_whitespace().find_map(|word| {
        let mut parts = word.trim_matches(|c: char| !c.is_ascii_digit()).split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |part: &str| part.parse().ok().filter(|_| part.len() <= 3);
        (class == "5" && parts.next().is_none()).then_some(())?;
        Some((number(subject)?, number(detail)?))
    })
}

fn refused(reply: String) -> FailureReason {
    FailureReason::with_detail(FailureCode::MailServerReply, reply)
}

/// The code with the innermost cause of the error.
fn with_cause(code: FailureCode, error: &SmtpError) -> FailureReason {
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        cause = source.to_string();
        next = source.source();
    }
    FailureReason::with_detail(code, without_addresses(&cause))
}

/// Whether a connection failed in the TLS handshake. lettre reports that like any other connection
/// error, so the texts of the causes are searched.
fn is_tls(error: &SmtpError) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(source) = next {
        let words = source.to_string();
        if ["certificate", "tls", "TLS", "handshake", "corrupt message"]
            .iter()
            .any(|w| words.contains(w))
        {
            return true;
        }
        next = source.source();
    }
    false
}

/// Removes e-mail addresses from a reply of the server, because reasons are logged and shown and
/// must not name the guest.
pub(super) fn without_addresses(words: &str) -> String {
    let word = |word: &str| if word.contains('@') { "(…)".to_owned() } else { word.to_owned() };
    words.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mailbox_that_does_not_exist_is_final() {
        use SmtpStage::{Data, Message, Recipient, Sender};

        for (stage, code, words, expected) in [
            (Recipient, 550, "5.1.1 <a@b>: no such user", true),
            (Recipient, 550, "sorry, no mailbox here by that name (#5.1.1)", true),
            (Recipient, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", true),
            (Message, 550, "5.2.1 mailbox disabled", true),
            (Data, 554, "5.1.2 bad destination system", true),
            (Recipient, 550, "Requested action not taken: mailbox unavailable", true),
            (Recipient, 553, "mailbox name not allowed", true),
            (Recipient, 551, "User not local", true),
            (Sender, 550, "5.1.1 no such user", false),
            (Sender, 553, "sender address not owned by user", false),
            (Sender, 501, "5.1.7 bad sender address syntax", false),
            (Recipient, 550, "5.1.8 bad sender's system address", false),
            (Recipient, 550, "5.7.1 relaying denied", false),
            (Recipient, 550, "relaying denied for this user", false),
            (Recipient, 554, "relay access denied", false),
            (Recipient, 550, "5.4.1 recipient address rejected: access denied", false),
            (Recipient, 552, "5.2.2 mailbox full", false),
            (Recipient, 552, "mailbox full", false),
            (Recipient, 550, "blocked, see 5.1.1.2", false),
            (Recipient, 550, "blocked by policy", false),
            (Message, 550, "no such user", false),
            (Message, 554, "5.7.1 looks like spam", false),
            (Message, 552, "5.3.4 message too big", false),
        ] {
            assert_eq!(is_mailbox_gone(stage, code, words), expected, "{stage:?} {code} {words}");
        }
    }
}
