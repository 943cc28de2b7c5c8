//! An SMTP client (RFC 5321). Connections are kept for a short time and used again.
//!
//! Each command is sent from here, because the meaning of a failure depends on the stage. If the
//! connection fails before the e-mail itself is sent, the server does not have it; if it fails
//! later, the outcome is unknown. Retries are not made here.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use lettre::message::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::time::Instant;

use super::SetupError;
use super::fault::{SmtpFailure, SmtpStage, failure, transient, without_addresses};
use crate::config::{Secret, SmtpSecurity};
use crate::domain::FailureCode;
use crate::notifier::DeliveryError;

/// How long a whole conversation may take. It is less than [`ATTEMPT_TIMEOUT`](crate::notifier::ATTEMPT_TIMEOUT),
/// so that a failure is reported with its stage.
const CONVERSATION_TIMEOUT: Duration = Duration::from_secs(15);
/// How long closing a connection with QUIT may take.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that was idle for longer is not used again, because servers close idle connections.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// The most idle connections that are kept.
const MAX_KEPT: usize = 4;

/// A client of the configured mail server.
pub(super) struct Smtp {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
    /// How long a whole conversation may take.
    pub(super) timeout: Duration,
    /// Idle connections, each with the time of its last use.
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

enum Security {
    None,
    StartTls(TlsParameters),
    Implicit(TlsParameters),
}

/// The stage that a conversation has reached, and its lines for `jatah check --mail`.
#[derive(Debug, Default)]
pub(super) struct SmtpTranscript {
    stage: SmtpStage,
    lines: Vec<String>,
}

impl SmtpTranscript {
    fn reach(&mut self, stage: SmtpStage) {
        self.stage = stage;
    }

    fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn answered(&mut self, what: &str, response: &Response) {
        let words = response.first_line().unwrap_or_default();
        self.say(format!("{what}: {} {}", response.code(), without_addresses(words)));
    }

    /// The lines of the conversation. They contain no e-mail address of a guest.
    pub(super) fn lines(self) -> Vec<String> {
        self.lines
    }
}

impl Smtp {
    /// Makes a client; no connection is opened. `hello` is the name said in EHLO.
    ///
    /// # Errors
    /// [`SetupError`] if the certificate cannot be read, or TLS cannot be set up.
    pub(super) fn new(
        host: &str,
        port: u16,
        security: &SmtpSecurity,
        credentials: Option<&(String, Secret)>,
        hello: &str,
    ) -> Result<Self, SetupError> {
        let security = match security {
            SmtpSecurity::None => Security::None,
            SmtpSecurity::StartTls { ca } => Security::StartTls(tls(host, ca.as_ref())?),
            SmtpSecurity::Implicit { ca } => Security::Implicit(tls(host, ca.as_ref())?),
        };
        let credentials = credentials
            .map(|(user, password)| Credentials::new(user.clone(), password.expose().to_owned()));
        let (host, kept) = (host.to_owned(), Mutex::default());
        let (hello, timeout) = (ClientId::Domain(hello.to_owned()), CONVERSATION_TIMEOUT);
        Ok(Self { host, port, security, credentials, hello, timeout, kept })
    }

    /// Sends one e-mail.
    ///
    /// # Errors
    /// [`DeliveryError`], which depends on the stage of the failure and on the reply of the server.
    pub(super) async fn send(
        &self,
        message: &Message,
        transcript: &mut SmtpTranscript,
    ) -> Result<(), DeliveryError> {
        let conversation = self.converse(message, transcript);
        let ended = tokio::time::timeout(self.timeout, conversation).await;
        outcome(ended, transcript.stage)
    }

    /// Asks on a new connection whether the server would take an e-mail from `sender` to `sender`,
    /// and sends none.
    ///
    /// # Errors
    /// As of [`Smtp::send`].
    pub(super) async fn rehearse(
        &self,
        sender: &Address,
        transcript: &mut SmtpTranscript,
    ) -> Result<(), DeliveryError> {
        let ask = async {
            let mut connection = self.connect(transcript).await?;
            let asked = ask_envelope(&mut connection, sender, transcript).await;
            // What was found out does not depend on how the server says goodbye.
            let _ = tokio::time::timeout(QUIT_TIMEOUT, connection.abort()).await;
            Ok(asked?)
        };
        let ended = tokio::time::timeout(self.timeout, ask).await;
        outcome(ended, transcript.stage)
    }

    async fn converse(
        &self,
        message: &Message,
        transcript: &mut SmtpTranscript,
    ) -> Result<(), SmtpFailure> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self.connect(transcript).await?,
        };
        match hand_over(&mut connection, message, transcript).await {
            Ok(()) => {
                self.keep(connection);
                Ok(())
            }
            Err(error) => {
                // The error is returned even if the server does not answer QUIT.
                let _ = tokio::time::timeout(QUIT_TIMEOUT, connection.abort()).await;
                Err(error.into())
            }
        }
    }

    async fn connect(
        &self,
        transcript: &mut SmtpTranscript,
    ) -> Result<AsyncSmtpConnection, SmtpFailure> {
        transcript.reach(SmtpStage::Connect);
        let (host, port) = (self.host.as_str(), self.port);
        transcript.say(format!("connecting to {host}, port {port}"));
        let implicit = match &self.security {
            Security::Implicit(tls) => Some(tls.clone()),
            Security::None | Security::StartTls(_) => None,
        };
        let is_implicit = implicit.is_some();
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (host, port),
            Some(self.timeout),
            &self.hello,
            implicit,
            None,
        )
        .await?;
        transcript.say(if is_implicit {
            "connected, encrypted from the start"
        } else {
            "connected"
        });
        if let Security::StartTls(tls) = &self.security {
            transcript.reach(SmtpStage::Secure);
            if !connection.can_starttls() {
                let _ = tokio::time::timeout(QUIT_TIMEOUT, connection.abort()).await;
                return Err(SmtpFailure::NoStartTls);
            }
            connection.starttls(tls.clone(), &self.hello).await?;
            transcript.say("encrypted by STARTTLS");
        }
        if let Some(credentials) = &self.credentials {
            transcript.reach(SmtpStage::SignIn);
            let answer =
                connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
            transcript.answered("signed in", &answer);
        }
        Ok(connection)
    }

    /// A kept connection that still answers, if there is one. Kept connections that are too old or
    /// do not answer are dropped.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = self.lock().pop()?;
            if since.elapsed() < MAX_IDLE && connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.lock();
        if kept.len() < MAX_KEPT {
            kept.push((connection, Instant::now()));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a conversation comes to that ended at this stage, or did not end in time.
fn outcome<E>(
    ended: Result<Result<(), SmtpFailure>, E>,
    stage: SmtpStage,
) -> Result<(), DeliveryError> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(broken)) => Err(failure(stage, &broken)),
        Err(_) if stage == SmtpStage::Message => {
            Err(DeliveryError::Unknown(FailureCode::MailServerSilent.into()))
        }
        Err(_) => Err(transient(FailureCode::MailServerSilent)),
    }
}

/// Names sender and recipient, and takes both back.
async fn ask_envelope(
    connection: &mut AsyncSmtpConnection,
    sender: &Address,
    transcript: &mut SmtpTranscript,
) -> Result<(), SmtpError> {
    transcript.reach(SmtpStage::Sender);
    let answer = connection.command(Mail::new(Some(sender.clone()), Vec::new())).await?;
    transcript.answered("sender", &answer);
    transcript.reach(SmtpStage::Recipient);
    let answer = connection.command(Rcpt::new(sender.clone(), Vec::new())).await?;
    transcript.answered("recipient", &answer);
    let answer = connection.command(Rset).await?;
    transcript.answered("taken back", &answer);
    Ok(())
}

async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    message: &Message,
    transcript: &mut SmtpTranscript,
) -> Result<(), SmtpError> {
    let envelope = message.envelope();
    transcript.reach(SmtpStage::Sender);
    let answer = connection.command(Mail::new(envelope.from().cloned(), Vec::new())).await?;
    transcript.answered("sender", &answer);
    transcript.reach(SmtpStage::Recipient);
    for to in envelope.to() {
        let answer = connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
        transcript.answered("recipient", &answer);
    }
    transcript.reach(SmtpStage::Data);
    connection.command(Data).await?;
    transcript.reach(SmtpStage::Message);
    let answer = connection.message(&message.formatted()).await?;
    transcript.answered("message", &answer);
    Ok(())
}

fn tls(host: &str, ca: Option<&PathBuf>) -> Result<TlsParameters, SetupError> {
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
}
