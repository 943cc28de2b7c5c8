//! Mails to guests: over SMTP, or as `.eml` files into a folder.
//!
//! A mail is the same, byte for byte, at every attempt: its id and date follow from the change
//! that owes it, so that a repeated one is recognised. What it says is `text`'s business, whether
//! it is tried again the courier's.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use lettre::message::{Mailbox, Message, header};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::auth::LinkKey;
use crate::config::{MailUrl, Sender, SmtpSecurity};
use crate::courier::{Deliver, Failure, Letter};
use crate::domain::{Contact, HotelPolicy, Recipient};
use crate::text;

/// Why mails cannot be set up. Only at start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The folder for mails cannot be made.
    #[error("email.url: the folder {0} cannot be made: {1}")]
    Folder(PathBuf, std::io::Error),
    /// The certificate cannot be read.
    #[error("email.url: ca={0}: {1}")]
    Certificate(PathBuf, String),
    /// The transport does not take these settings.
    #[error("email.url: {0}")]
    Transport(String),
    /// The sender is no address.
    #[error("email.from: {0}")]
    From(String),
}

/// How a mail leaves.
enum Way {
    Folder(PathBuf),
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

/// Brings mails to guests.
pub struct Mailer {
    way: Way,
    from: Mailbox,
    hotel: HotelPolicy,
    public_url: String,
    links: LinkKey,
}

impl Mailer {
    /// A mailer as configured; nothing is connected yet.
    ///
    /// `public_url` has no trailing slash.
    ///
    /// # Errors
    /// [`SetupError`]
    pub fn new(
        url: &MailUrl,
        from: &Sender,
        hotel: HotelPolicy,
        public_url: String,
        links: LinkKey,
    ) -> Result<Self, SetupError> {
        let address = from.address.as_str().parse();
        let address = address.map_err(|error| SetupError::From(format!("{error}")))?;
        let from = Mailbox::new(Some(from.name.clone()), address);
        let way = match url {
            MailUrl::Folder(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|error| SetupError::Folder(folder.clone(), error))?;
                Way::Folder(folder.clone())
            }
            MailUrl::Smtp { host, port, security, credentials } => {
                let tls = tls(host, security)?;
                let mut smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
                    .port(*port)
                    .tls(tls);
                if let Some((user, password)) = credentials {
                    let password = password.expose().to_owned();
                    smtp = smtp.credentials(Credentials::new(user.clone(), password));
                }
                Way::Smtp(Box::new(smtp.build()))
            }
        };
        Ok(Self { way, from, hotel, public_url, links })
    }

    fn message(&self, letter: &Letter) -> Result<Message, Failure> {
        let change = &letter.change;
        let booking = &change.booking;
        let Contact::Web(email) = &booking.guest.contact else {
            return Err(Failure::Permanent("this guest has no e-mail address".to_owned()));
        };
        let unusable = |what: &dyn std::fmt::Display| {
            Failure::Permanent(format!("the mail cannot be made: {what}"))
        };
        let address: Address =
            email.as_str().parse().map_err(|_| unusable(&"the address is not usable"))?;
        let name = booking.guest.name.as_str().to_owned();
        let receipt_no = booking.receipt_no;
        let link = format!("{}/b/{receipt_no}#{}", self.public_url, self.links.token(receipt_no));
        let book_again = format!("{}/?room={}", self.public_url, booking.stay.room.code);
        let mail = text::guest_mail(change, &self.hotel, &link, &book_again);
        let domain = self.from.email.domain();
        let thread = format!("<{receipt_no}@{domain}>");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name), address))
            .subject(mail.subject)
            .date(change.at.into())
            .message_id(Some(format!("<{receipt_no}.{}@{domain}>", booking.revision.0)))
            .references(thread)
            .header(AutoSubmitted)
            .header(header::ContentType::TEXT_PLAIN)
            .body(mail.body)
            .map_err(|error| unusable(&error))
    }
}

#[async_trait]
impl Deliver for Mailer {
    async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        let message = self.message(letter)?;
        match &self.way {
            Way::Folder(folder) => write(folder, letter, &message.formatted()).await,
            Way::Smtp(smtp) => {
                smtp.send(message).await.map(|_| ()).map_err(|error| failure(&error))
            }
        }
    }
}

fn tls(host: &str, security: &SmtpSecurity) -> Result<Tls, SetupError> {
    let parameters = |ca: &Option<PathBuf>| {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Some(path) = ca {
            let broken = |error: &dyn std::fmt::Display| {
                SetupError::Certificate(path.clone(), error.to_string())
            };
            let pem = std::fs::read(path).map_err(|error| broken(&error))?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| broken(&error))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build().map_err(|error| SetupError::Transport(error.to_string()))
    };
    Ok(match security {
        SmtpSecurity::None => Tls::None,
        SmtpSecurity::StartTls { ca } => Tls::Required(parameters(ca)?),
        SmtpSecurity::Implicit { ca } => Tls::Wrapper(parameters(ca)?),
    })
}

/// What an SMTP failure means for another attempt. After a time-out the mail may be queued.
fn failure(error: &SmtpError) -> Failure {
    let reason = error.to_string();
    if error.is_permanent() {
        Failure::Permanent(reason)
    } else if error.is_timeout() {
        Failure::Unknown(reason)
    } else {
        Failure::Transient { reason, retry_after: None }
    }
}

/// Writes a mail whole or not at all, under the notice's name: a repeated one replaces itself.
async fn write(folder: &Path, letter: &Letter, bytes: &[u8]) -> Result<(), Failure> {
    let id = letter.id();
    let to = match id.to {
        Recipient::Guest => "guest",
        Recipient::FrontOffice => "front-office",
    };
    let name = format!("{}.{}.{to}.eml", id.receipt_no, id.revision.0);
    let path = folder.join(name);
    let draft = path.with_extension("draft");
    let written = async {
        tokio::fs::write(&draft, bytes).await?;
        tokio::fs::rename(&draft, &path).await
    };
    written.await.map_err(|error| Failure::Transient {
        reason: format!("the mail cannot be written: {error}"),
        retry_after: None,
    })
}

/// `Auto-Submitted: auto-generated` (RFC 3834, 5): nobody's out-of-office answers this.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
