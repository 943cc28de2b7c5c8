//! Sends e-mails to guests and managers, over SMTP or as `.eml` files into a folder.
//!
//! An e-mail is the same at every attempt: its id and date come from the change that it reports, so
//! a receiver recognises a repeated one. This module does not decide what an e-mail says (that is
//! `text`), nor when and how often it is tried (that is `notifier`).
//!
//! Submodules, in reading order: the parts of an e-mail (`message`), its signature (`dkim`), the
//! SMTP client (`smtp`), what a failure means for another attempt (`fault`), and the e-mail that
//! managers get each morning (`morning_report`).

mod dkim;
mod fault;
mod message;
mod morning_report;
mod smtp;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::{Mailbox, Message};

use crate::auth::LinkKey;
use crate::config::{EmailSection, MailUrl};
use crate::domain::{
    Contact, Email, FailureCode, FailureReason, HotelPolicy, Language, Moment, Recipient,
};
use crate::notifier::{DeliveryError, DeliveryMethod, DeliveryRequest};
use crate::qris::{Code, Qris};
use crate::text::{self, CodeInMail, Links, Mail};

pub use morning_report::MorningReport;

use dkim::Signer;
use fault::transient;
use message::{Envelope, Thread};
use smtp::{Smtp, SmtpTranscript};

/// Why sending e-mails cannot be set up. It occurs only when a [`Mailer`] is made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The folder for e-mails cannot be created.
    #[error("email.url: the folder {0} cannot be made: {1}")]
    Folder(PathBuf, io::Error),
    /// The file of trusted certificates cannot be read, or is damaged.
    #[error("email.url: ca={0}: {1}")]
    Certificate(PathBuf, String),
    /// TLS cannot be set up with these settings.
    #[error("email.url: {0}")]
    Transport(String),
    /// The address of the sender cannot be used.
    #[error("email.from: {0}")]
    From(String),
    /// The file of the DKIM key cannot be read, or contains no RSA private key.
    #[error("email.dkim_key: {0}: {1}")]
    Key(PathBuf, String),
}

/// Where e-mails are sent.
enum MailTransport {
    Folder(PathBuf),
    Smtp(Box<Smtp>),
}

/// Sends e-mails to guests and managers.
pub struct Mailer {
    transport: MailTransport,
    from: Mailbox,
    signer: Option<Signer>,
    hotel: HotelPolicy,
    public_url: String,
    links: LinkKey,
    qris: Option<Qris>,
}

impl Mailer {
    /// Makes a mailer. A mail folder is created; a mail server is not connected to yet.
    ///
    /// `public_url` has no slash at the end.
    ///
    /// # Errors
    /// [`SetupError`] if the configuration names a folder, certificate, sender or key that cannot be
    /// used.
    pub fn new(
        section: &EmailSection,
        hotel: HotelPolicy,
        public_url: String,
        links: LinkKey,
        qris: Option<Qris>,
    ) -> Result<Self, SetupError> {
        let address = section.from.address.as_str().parse();
        let address = address.map_err(|error| SetupError::From(format!("{error}")))?;
        let from = Mailbox::new(Some(section.from.name.clone()), address);
        let signer = section.dkim.as_ref().map(Signer::load).transpose()?;
        let transport = match &section.url {
            MailUrl::Folder(folder) => {
                create_private_folder(folder)
                    .map_err(|error| SetupError::Folder(folder.clone(), error))?;
                MailTransport::Folder(folder.clone())
            }
            MailUrl::Smtp { host, port, security, credentials } => {
                let smtp = Smtp::new(host, *port, security, credentials.as_ref(), &section.hello)?;
                MailTransport::Smtp(Box::new(smtp))
            }
        };
        Ok(Self { transport, from, signer, hotel, public_url, links, qris })
    }

    /// Sets how long one SMTP conversation may take. The default is 15 s, which is less than
    /// [`ATTEMPT_TIMEOUT`](crate::notifier::ATTEMPT_TIMEOUT).
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        if let MailTransport::Smtp(smtp) = &mut self.transport {
            smtp.timeout = limit;
        }
        self
    }

    /// The e-mail of a notification.
    fn compose(&self, request: &DeliveryRequest) -> Result<Message, DeliveryError> {
        let change = &request.change;
        let booking = &change.booking;
        let Contact::Web(email) = &booking.guest.contact else {
            return Err(DeliveryError::Permanent(FailureCode::NoEmailAddress.into()));
        };
        let receipt_no = booking.receipt_no;
        let code = self.code(request)?;
        let in_mail = match &code {
            None => CodeInMail::None,
            Some(code) if code.has_amount() => CodeInMail::Exact,
            Some(_) => CodeInMail::AsIs,
        };
        let links = Links {
            booking: &format!(
                "{}/b/{receipt_no}#{}",
                self.public_url,
                self.links.token(receipt_no)
            ),
            book_again: &format!("{}/?room={}", self.public_url, booking.stay.room.code),
        };
        let mail = text::guest_mail(change, &self.hotel, links, in_mail);
        let thread = Thread { name: receipt_no.to_string(), number: booking.revision.0 };
        self.message(&mail, email, Some(booking.guest.name.as_str()), &thread, change.at, code)
    }

    /// The QRIS code that the e-mail contains. If the hotel has no code any more, the e-mail is
    /// sent without one.
    fn code(&self, request: &DeliveryRequest) -> Result<Option<Code>, DeliveryError> {
        let qris = self.qris.as_ref().filter(|_| request.with_qris);
        let code = qris.map(|qris| qris.of(&request.change.booking)).transpose();
        code.map_err(|error| unusable(FailureCode::QrisCode, &error))
    }

    fn message(
        &self,
        mail: &Mail,
        to: &Email,
        name: Option<&str>,
        thread: &Thread,
        at: Moment,
        code: Option<Code>,
    ) -> Result<Message, DeliveryError> {
        let not_made = |what: String| unusable(FailureCode::MailContent, &what);
        let address = to.as_str().parse().map_err(|_| not_made("its address".to_owned()))?;
        let to = Mailbox::new(name.map(str::to_owned), address);
        let picture = code.map(|code| code.picture()).transpose();
        let picture = picture.map_err(|error| unusable(FailureCode::QrisCode, &error))?;
        let envelope = Envelope { from: self.from.clone(), to, at };
        let mut message = message::compose(mail, envelope, thread, picture).map_err(not_made)?;
        if let Some(signer) = &self.signer {
            signer.sign(&mut message);
        }
        Ok(message)
    }

    /// Sends an e-mail; in a folder, it gets this file name.
    async fn send(&self, message: &Message, file_name: &str) -> Result<(), DeliveryError> {
        match &self.transport {
            MailTransport::Folder(folder) => write(folder, file_name, message.formatted()).await,
            MailTransport::Smtp(smtp) => smtp.send(message, &mut SmtpTranscript::default()).await,
        }
    }

    /// Goes through everything up to the recipient, and sends nothing: a server is asked whether it
    /// would take an e-mail from the configured sender to itself; in a folder, a file is written and
    /// removed. Returns the lines of the conversation and the outcome.
    pub async fn rehearse(&self) -> (Vec<String>, Result<(), DeliveryError>) {
        match &self.transport {
            MailTransport::Folder(folder) => {
                let written = write(folder, "check.eml", Vec::new()).await;
                let file = folder.join("check.eml");
                let _ = tokio::task::spawn_blocking(move || std::fs::remove_file(file)).await;
                (Vec::new(), written)
            }
            MailTransport::Smtp(smtp) => {
                let mut transcript = SmtpTranscript::default();
                let outcome = smtp.rehearse(&self.from.email, &mut transcript).await;
                (transcript.lines(), outcome)
            }
        }
    }

    /// Sends a test e-mail. Returns the lines of the conversation and the outcome.
    pub async fn try_out(
        &self,
        to: &Email,
        language: Language,
        now: Moment,
    ) -> (Vec<String>, Result<(), DeliveryError>) {
        let mail = text::test_mail(language, &self.hotel.name);
        let thread = Thread { name: format!("test-{}", now.timestamp_millis()), number: 1 };
        let message = match self.message(&mail, to, None, &thread, now, None) {
            Ok(message) => message,
            Err(failure) => return (Vec::new(), Err(failure)),
        };
        match &self.transport {
            MailTransport::Folder(folder) => {
                let name = format!("{}.eml", thread.name);
                let lines = vec![format!("writing {}", folder.join(&name).display())];
                (lines, write(folder, &name, message.formatted()).await)
            }
            MailTransport::Smtp(smtp) => {
                let mut transcript = SmtpTranscript::default();
                let outcome = smtp.send(&message, &mut transcript).await;
                (transcript.lines(), outcome)
            }
        }
    }
}

#[async_trait]
impl DeliveryMethod for Mailer {
    async fn deliver(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        let message = self.compose(request)?;
        let id = request.id();
        let to = match id.to {
            Recipient::Guest => "guest",
            Recipient::FrontOffice => "front-office",
            Recipient::HotelSystem => "hotel-system",
        };
        self.send(&message, &format!("{}.{}.{to}.eml", id.receipt_no, id.revision.0)).await
    }
}

/// Creates a folder that only its owner may read, unless it exists.
fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Creates a file that only its owner may read, or empties it.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file completely or not at all. A repeated e-mail replaces the earlier file.
async fn write(folder: &Path, name: &str, bytes: Vec<u8>) -> Result<(), DeliveryError> {
    let path = folder.join(name);
    let draft = path.with_extension("draft");
    // Both in one task: handing a task over costs more than the writing.
    let written = tokio::task::spawn_blocking(move || {
        create_private(&draft)?.write_all(&bytes)?;
        std::fs::rename(&draft, &path)
    });
    let failure = |error: &dyn std::fmt::Display| {
        transient(FailureReason::with_detail(FailureCode::MailFolder, error.to_string()))
    };
    match written.await {
        Ok(written) => written.map_err(|error| failure(&error)),
        Err(panic) => Err(failure(&panic)),
    }
}

fn unusable(code: FailureCode, error: &impl std::fmt::Display) -> DeliveryError {
    DeliveryError::Permanent(FailureReason::with_detail(code, error.to_string()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn only_the_owner_may_read_the_mails_in_a_folder() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("mail");
        create_private_folder(&folder).unwrap();
        write(&folder, "a.eml", b"Dear guest".to_vec()).await.unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("a.eml"))), (0o700, 0o600));
        create_private_folder(&folder).unwrap();
    }
}
