//! Decides what a failed SMTP conversation means for another attempt, by its stage and by the reply
//! of the server. It does not retry.

use std::error::Error as _;

use lettre::transport::smtp::Error as SmtpError;

use crate::notifier::DeliveryError;
use crate::text;

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

pub(super) fn transient(reason: String) -> DeliveryError {
    DeliveryError::Transient { reason, retry_after: None }
}

/// What a failure at `stage` means for another attempt. A failure that our own configuration causes
/// is transient, so that a guest's e-mail is not lost because of a wrong password.
pub(super) fn failure(stage: SmtpStage, broken: &SmtpFailure) -> DeliveryError {
    let error = match broken {
        SmtpFailure::NoStartTls => return transient(text::NO_STARTTLS.to_owned()),
        SmtpFailure::Smtp(error) => error,
    };
    if let Some(code) = error.status() {
        let code: u16 = code.into();
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        let says = format!("{}: {code} {}", text::SERVER_SAYS, without_addresses(&words));
        let is_auth = stage == SmtpStage::SignIn || AUTH_REFUSED.contains(&code);
        return match stage {
            _ if is_auth => transient(format!("{}; {says}", text::NO_ENTRY)),
            _ if error.is_transient() => transient(says),
            SmtpStage::Connect | SmtpStage::Secure | SmtpStage::SignIn => transient(says),
            SmtpStage::Sender | SmtpStage::Recipient | SmtpStage::Data | SmtpStage::Message => {
                DeliveryError::Permanent(says)
            }
        };
    }
    match stage {
        SmtpStage::Message => DeliveryError::Unknown(text::BROKE_OFF.to_owned()),
        SmtpStage::Secure => transient(with_cause(text::NO_TLS, error)),
        SmtpStage::Connect if is_tls(error) => transient(with_cause(text::NO_TLS, error)),
        SmtpStage::Connect => transient(with_cause(text::NO_SERVER, error)),
        SmtpStage::SignIn => transient(with_cause(text::NO_ENTRY, error)),
        SmtpStage::Sender | SmtpStage::Recipient | SmtpStage::Data => {
            transient(text::BROKE_OFF.to_owned())
        }
    }
}

/// `words` and the innermost cause of the error.
fn with_cause(words: &str, error: &SmtpError) -> String {
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        cause = source.to_string();
        next = source.source();
    }
    format!("{words}: {}", without_addresses(&cause))
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
