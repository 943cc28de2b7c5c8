//! Sets up how updates are received, and asks for them if there is no webhook.
//!
//! The calls of a webhook are received by the web server, which passes them to the [`Inbox`].

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::info;
use url::Url;

use super::{Inbox, UpdateOutcome};
use crate::backoff::Backoff;
use crate::config::Secret;
use crate::telegram::transport::api::Api;
use crate::telegram::transport::call::CallError;
use crate::telegram::transport::{BotHealth, BotHealthPart};
use crate::text;

/// The pause between attempts to reach Telegram: doubled each time, from the first value to the
/// last.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
/// The path of the webhook below the public URL.
const WEBHOOK_PATH: &str = "/telegram/webhook";

/// The worker that receives updates.
pub struct UpdatePoller {
    /// The client of the Bot API.
    pub api: Api,
    /// Handles the updates.
    pub inbox: Arc<Inbox>,
    /// Where problems are reported.
    pub health: BotHealth,
    /// The bot's user name. It is set once Telegram has reported it.
    pub name: Arc<OnceLock<String>>,
    /// The secret of the webhook to which Telegram sends updates. `None` asks Telegram for updates.
    pub webhook: Option<Secret>,
    /// The public URL of this server, without a slash at the end.
    pub base_url: String,
}

impl UpdatePoller {
    /// Receives updates until `stop` is cancelled.
    ///
    /// `after_setup` runs at the same time, once Telegram has accepted the bot. It may take long.
    pub async fn run(self, after_setup: impl Future<Output = ()> + Send, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.set_up() => {}
        }
        let stopped = stop.clone();
        let receive = async {
            match self.webhook {
                Some(_) => stop.cancelled().await,
                None => self.poll(stop).await,
            }
        };
        tokio::join!(receive, stopped.run_until_cancelled(after_setup));
    }

    /// Asks for the bot's name, and tells Telegram how to send updates. Tries until that succeeds.
    async fn set_up(&self) {
        let mut retries = BACKOFF.start();
        while let Err(failure) = self.try_set_up().await {
            self.degraded(&failure);
            retries.wait().await;
        }
        self.health.set(BotHealthPart::Incoming, None);
        info!("Telegram has accepted the bot");
    }

    async fn try_set_up(&self) -> Result<(), CallError> {
        let name = self.api.name().await?;
        let _ = self.name.set(name);
        match &self.webhook {
            None => self.api.delete_webhook().await,
            Some(secret) => {
                let url = Url::parse(&format!("{}{WEBHOOK_PATH}", self.base_url));
                let url = url.map_err(|error| CallError::Refused(error.to_string()))?;
                self.api.set_webhook(url, secret.expose()).await
            }
        }
    }

    async fn poll(&self, stop: CancellationToken) {
        let mut from = 0;
        let mut retries = BACKOFF.start();
        loop {
            let answer = tokio::select! {
                () = stop.cancelled() => return,
                answer = self.api.updates(from) => answer,
            };
            let pause = match answer {
                Ok(updates) => {
                    retries.reset();
                    self.health.set(BotHealthPart::Incoming, None);
                    let next = updates.iter().map(|update| update.id.as_offset()).max();
                    match self.inbox.handle_all(updates).await {
                        UpdateOutcome::Done => {
                            from = next.unwrap_or(from);
                            continue;
                        }
                        // The offset stays, so Telegram sends them again.
                        UpdateOutcome::Later => BACKOFF.after(1),
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
        self.health.set(BotHealthPart::Incoming, Some(text::failure_in_both(&failure.reason())));
    }
}
