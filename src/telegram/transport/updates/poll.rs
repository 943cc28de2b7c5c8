//! How updates come: asked for, or brought by Telegram's calls.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::info;
use url::Url;

use super::{Inbox, UpdateOutcome};
use crate::backoff::Backoff;
use crate::config::Webhook;
use crate::telegram::transport::api::{Api, CallError};
use crate::telegram::transport::{BotHealth, BotHealthPart};

/// Waits between tries to reach Telegram: doubled from the first to the last.
const RETRY: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
/// Where Telegram calls, below the public URL.
const WEBHOOK_PATH: &str = "/telegram/webhook";

/// The work of taking updates in.
pub struct UpdatePoller {
    /// The client.
    pub api: Api,
    /// Where updates go.
    pub inbox: Arc<Inbox>,
    /// Where it is said how that goes.
    pub health: BotHealth,
    /// Learned from Telegram.
    pub name: Arc<OnceLock<String>>,
    /// Whether Telegram calls us.
    pub webhook: Webhook,
    /// Where we are, without a slash at the end.
    pub base_url: String,
}

impl UpdatePoller {
    /// Takes updates in until told to stop.
    ///
    /// `once_known` runs once the bot is known to Telegram: many calls in turn, which no guest
    /// waits for.
    pub async fn run(self, once_known: impl Future<Output = ()> + Send, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.set_up() => {}
        }
        let stopped = stop.clone();
        let coming = async {
            match self.webhook {
                Webhook::On { .. } => stop.cancelled().await,
                Webhook::Off => self.poll(stop).await,
            }
        };
        tokio::join!(coming, stopped.run_until_cancelled(once_known));
    }

    /// Learns the bot's name, and says how updates are to come.
    async fn set_up(&self) {
        let mut retries = RETRY.start();
        while let Err(failure) = self.try_set_up().await {
            self.degraded(&failure);
            retries.wait().await;
        }
        self.health.set(BotHealthPart::Incoming, None);
        info!("the bot is known to Telegram");
    }

    async fn try_set_up(&self) -> Result<(), CallError> {
        let name = self.api.name().await?;
        let _ = self.name.set(name);
        match &self.webhook {
            Webhook::Off => self.api.delete_webhook().await,
            Webhook::On { secret } => {
                let url = Url::parse(&format!("{}{WEBHOOK_PATH}", self.base_url));
                let url = url.map_err(|error| CallError::Refused(error.to_string()))?;
                self.api.set_webhook(url, secret.expose()).await
            }
        }
    }

    async fn poll(&self, stop: CancellationToken) {
        let mut from = 0;
        let mut retries = RETRY.start();
        loop {
            let answer = tokio::select! {
                () = stop.cancelled() => return,
                answer = self.api.updates(from) => answer,
            };
            let pause = match answer {
                Ok(updates) => {
                    self.health.set(BotHealthPart::Incoming, None);
                    let next = updates.iter().map(|update| update.id.as_offset()).max();
                    match self.inbox.take_all(updates).await {
                        UpdateOutcome::Done => {
                            from = next.unwrap_or(from);
                            retries.reset();
                            continue;
                        }
                        // Unconfirmed, they come again.
                        UpdateOutcome::Later => RETRY.after(1),
                    }
                }
                Err(failure) => {
                    self.degraded(&failure);
                    match failure {
                        CallError::Wait(asked) => asked,
                        CallError::Unreachable
                        | CallError::Unknown
                        | CallError::Gone(_)
                        | CallError::Moved(_)
                        | CallError::NoMessage
                        | CallError::Busy
                        | CallError::WrongToken
                        | CallError::TakenByAnother
                        | CallError::Refused(_) => retries.next_wait(),
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn degraded(&self, failure: &CallError) {
        self.health.set(BotHealthPart::Incoming, Some(failure.words()));
    }
}
