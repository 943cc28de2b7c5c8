//! Decides what a failed SMTP conversation means for another attempt, by its stage and by the reply
//! of the server. It does not retry.

use std::error::Error as _;

use lettre::transport::smtp::Error as SmtpError;

use crate::domain::{FailureCode, FailureReason};
use crate::notifier::DeliveryError;

/// Replies that refuse our user, password or rights (RFC 4954, 6). The guest's address is not the
/// cause.
const AUTH_REFUSED: [u16; 4] = [530, 534, 535, 538];

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
/// is transient, so that a guest's e-mail is not lost because of a wrong password.
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
        return match stage {
            _ if is_auth => transient(FailureReason::with_detail(FailureCode::MailSignIn, reply)),
            _ if error.is_transient() => transient(refused(reply)),
            SmtpStage::Connect | SmtpStage::Secure | SmtpStage::SignIn => transient(refused(reply)),
            SmtpStage::Sender | SmtpStage::Recipient | SmtpStage::Data | SmtpStage::Message => {
                DeliveryError::Permanent(refused(reply))
            }
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
