//! What a failed conversation with a mail server means: by its step, and by what the server said.

use std::error::Error as _;

use lettre::transport::smtp::Error as SmtpError;

use crate::notifier::DeliveryError;
use crate::text;

/// Replies that mean our own name, password or rights (RFC 4954, 6): not the guest's fault.
const ENTRY_REFUSED: [u16; 4] = [530, 534, 535, 538];

/// How far a conversation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum SmtpStage {
    #[default]
    Connect,
    Secure,
    SignIn,
    Sender,
    Recipient,
    Data,
    Message,
}

/// Why a conversation ended early.
pub(super) enum SmtpFailure {
    Smtp(SmtpError),
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

/// What a failure at a step means for another attempt. What our own set-up is to blame for is
/// tried again: a guest's mail must not be lost to a password that somebody is about to mend.
pub(super) fn failure(step: SmtpStage, broken: &SmtpFailure) -> DeliveryError {
    let error = match broken {
        SmtpFailure::NoStartTls => return transient(text::NO_STARTTLS.to_owned()),
        SmtpFailure::Smtp(error) => error,
    };
    if let Some(code) = error.status() {
        let code: u16 = code.into();
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        let says = format!("{}: {code} {}", text::SERVER_SAYS, without_addresses(&words));
        let is_entry = step == SmtpStage::SignIn || ENTRY_REFUSED.contains(&code);
        return match step {
            _ if is_entry => transient(format!("{}; {says}", text::NO_ENTRY)),
            _ if error.is_transient() => transient(says),
            SmtpStage::Connect | SmtpStage::Secure | SmtpStage::SignIn => transient(says),
            SmtpStage::Sender | SmtpStage::Recipient | SmtpStage::Data | SmtpStage::Message => {
                DeliveryError::Permanent(says)
            }
        };
    }
    match step {
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

fn with_cause(words: &str, error: &SmtpError) -> String {
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        cause = source.to_string();
        next = source.source();
    }
    format!("{words}: {}", without_addresses(&cause))
}

/// The crate names a failed handshake as any other failed connection; the cause says what it was.
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

/// What a server says may name the guest; what is shown and logged may not.
pub(super) fn without_addresses(words: &str) -> String {
    let word = |word: &str| if word.contains('@') { "(…)".to_owned() } else { word.to_owned() };
    words.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}
