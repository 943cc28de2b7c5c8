//! Hands mails to a mail server (RFC 5321), one conversation after the other on kept connections.
//!
//! The conversation is led here step by step, because what a failure means depends on the step: a
//! server that falls silent before the mail was sent has nothing; after it, nobody knows.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::message::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::time::Instant;

use super::SetupError;
use super::fault::{SmtpFailure, SmtpStage, failure, transient, without_addresses};
use crate::config::{Secret, SmtpSecurity};
use crate::notifier::DeliveryError;
use crate::text;

/// A whole conversation may take so long: less than the courier's patience, so that a failure is
/// named by its step.
const CONVERSATION: Duration = Duration::from_secs(15);
/// What closing a connection in good manners may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// A connection that was idle longer is not used again: servers close them after minutes.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// Idle connections that are kept.
const MAX_KEPT: usize = 4;

/// A mail server as configured.
pub(super) struct Smtp {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
    pub(super) patience: Duration,
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

enum Security {
    None,
    StartTls(TlsParameters),
    Implicit(TlsParameters),
}

/// What a conversation came to so far, for who wants to read it.
#[derive(Debug, Default)]
pub(super) struct SmtpTranscript {
    step: SmtpStage,
    lines: Vec<String>,
}

impl SmtpTranscript {
    fn reach(&mut self, step: SmtpStage) {
        self.step = step;
    }

    fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn answered(&mut self, what: &str, response: &Response) {
        let words = response.first_line().unwrap_or_default();
        self.say(format!("{what}: {} {}", response.code(), without_addresses(words)));
    }

    /// What was said, line by line.
    pub(super) fn lines(self) -> Vec<String> {
        self.lines
    }
}

impl Smtp {
    pub(super) fn new(
        host: &str,
        port: u16,
        security: &SmtpSecurity,
        credentials: Option<&(String, Secret)>,
    ) -> Result<Self, SetupError> {
        let security = match security {
            SmtpSecurity::None => Security::None,
            SmtpSecurity::StartTls { ca } => Security::StartTls(tls(host, ca.as_ref())?),
            SmtpSecurity::Implicit { ca } => Security::Implicit(tls(host, ca.as_ref())?),
        };
        let credentials = credentials
            .map(|(user, password)| Credentials::new(user.clone(), password.expose().to_owned()));
        let (host, kept) = (host.to_owned(), Mutex::default());
        let (hello, patience) = (ClientId::default(), CONVERSATION);
        Ok(Self { host, port, security, credentials, hello, patience, kept })
    }

    /// Hands over one mail.
    ///
    /// # Errors
    /// [`DeliveryError`], by the step at which it happened.
    pub(super) async fn send(
        &self,
        message: &Message,
        progress: &mut SmtpTranscript,
    ) -> Result<(), DeliveryError> {
        let conversation = self.converse(message, progress);
        match tokio::time::timeout(self.patience, conversation).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(broken)) => Err(failure(progress.step, &broken)),
            Err(_) if progress.step == SmtpStage::Message => {
                Err(DeliveryError::Unknown(text::NO_ANSWER.to_owned()))
            }
            Err(_) => Err(transient(text::NO_ANSWER.to_owned())),
        }
    }

    async fn converse(
        &self,
        message: &Message,
        progress: &mut SmtpTranscript,
    ) -> Result<(), SmtpFailure> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self.connect(progress).await?,
        };
        match hand_over(&mut connection, message, progress).await {
            Ok(()) => {
                self.keep(connection);
                Ok(())
            }
            Err(error) => {
                // A refusal is not worth less because the server hangs over the goodbye.
                let _ = tokio::time::timeout(GOODBYE, connection.abort()).await;
                Err(error.into())
            }
        }
    }

    async fn connect(
        &self,
        progress: &mut SmtpTranscript,
    ) -> Result<AsyncSmtpConnection, SmtpFailure> {
        progress.reach(SmtpStage::Connect);
        let (host, port) = (self.host.as_str(), self.port);
        progress.say(format!("connecting to {host}, port {port}"));
        let implicit = match &self.security {
            Security::Implicit(tls) => Some(tls.clone()),
            Security::None | Security::StartTls(_) => None,
        };
        let is_implicit = implicit.is_some();
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (host, port),
            Some(self.patience),
            &self.hello,
            implicit,
            None,
        )
        .await?;
        progress.say(if is_implicit { "connected, encrypted from the start" } else { "connected" });
        if let Security::StartTls(tls) = &self.security {
            progress.reach(SmtpStage::Secure);
            if !connection.can_starttls() {
                let _ = tokio::time::timeout(GOODBYE, connection.abort()).await;
                return Err(SmtpFailure::NoStartTls);
            }
            connection.starttls(tls.clone(), &self.hello).await?;
            progress.say("encrypted by STARTTLS");
        }
        if let Some(credentials) = &self.credentials {
            progress.reach(SmtpStage::SignIn);
            let answer =
                connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
            progress.answered("signed in", &answer);
        }
        Ok(connection)
    }

    /// A connection of an earlier conversation that still answers.
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

async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    message: &Message,
    progress: &mut SmtpTranscript,
) -> Result<(), SmtpError> {
    let envelope = message.envelope();
    progress.reach(SmtpStage::Sender);
    let answer = connection.command(Mail::new(envelope.from().cloned(), Vec::new())).await?;
    progress.answered("sender", &answer);
    progress.reach(SmtpStage::Recipient);
    for to in envelope.to() {
        let answer = connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
        progress.answered("recipient", &answer);
    }
    progress.reach(SmtpStage::Data);
    connection.command(Data).await?;
    progress.reach(SmtpStage::Message);
    let answer = connection.message(&message.formatted()).await?;
    progress.answered("message", &answer);
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
