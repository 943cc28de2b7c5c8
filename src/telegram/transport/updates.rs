//! Receives updates by long polling or by webhook. Updates of one chat are handled in order, those
//! of several chats at the same time. An update is confirmed to Telegram only after it was handled,
//! or skipped because it failed too often.
//!
//! What an update means is decided by the [`UpdateHandler`].

mod handled;
mod poll;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt, stream};
use teloxide::types::Update;
use tracing::{error, warn};

use crate::backoff::Backoff;

use super::ChatLocks;
use handled::HandledUpdates;
pub use poll::UpdatePoller;

/// Maximum number of attempts to handle an update, after which it is skipped.
const MAX_ATTEMPTS: u32 = 5;
/// The pauses between them.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));
/// Maximum number of chats whose updates are handled at the same time.
const MAX_CONCURRENT_CHATS: usize = 32;

/// The outcome of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UpdateOutcome {
    /// Handled or skipped.
    Done,
    /// To be handled later, because the store is not available.
    Later,
}

/// Why an update was not handled.
#[derive(Debug)]
pub enum UpdateError {
    /// The store is not available. Telegram is to send the update again later.
    Unavailable(String),
    /// Another failure. Another attempt may succeed.
    Failed(String),
}

/// Handles updates.
#[async_trait]
pub trait UpdateHandler: Send + Sync + 'static {
    /// Handles an update. It may be called several times for the same update: after a failure, or
    /// if Telegram sends the update again.
    ///
    /// # Errors
    /// [`UpdateError`] if the update was not handled.
    async fn handle(&self, update: &Update) -> Result<(), UpdateError>;

    /// Called for an update that is skipped because it failed too often. Tells the user so.
    async fn give_up(&self, update: &Update);
}

/// Hands received updates to the handler, no matter how they were received.
pub struct Inbox {
    handler: Arc<dyn UpdateHandler>,
    locks: Arc<ChatLocks>,
    handled: HandledUpdates,
}

impl Inbox {
    /// Creates an inbox that hands updates to this handler, one at a time for each chat.
    #[must_use]
    pub fn new(handler: Arc<dyn UpdateHandler>, locks: Arc<ChatLocks>) -> Self {
        Self { handler, locks, handled: HandledUpdates::default() }
    }

    /// Handles the body of a webhook call. Returns `false` if Telegram must send it again.
    pub async fn handle_body(&self, body: &[u8]) -> bool {
        if let Ok(update) = serde_json::from_slice::<Update>(body) {
            return self.handle_update(update).await == UpdateOutcome::Done;
        }
        warn!("the webhook received a body that is no update");
        true
    }

    /// Handles several updates: those of one chat in order, several chats at the same time.
    async fn handle_all(&self, updates: Vec<Update>) -> UpdateOutcome {
        let mut chats: BTreeMap<i64, Vec<Update>> = BTreeMap::new();
        for update in updates {
            chats.entry(chat_of(&update)).or_default().push(update);
        }
        let one_chat = |updates: Vec<Update>| async move {
            for update in updates {
                if self.handle_update(update).await == UpdateOutcome::Later {
                    return UpdateOutcome::Later;
                }
            }
            UpdateOutcome::Done
        };
        let outcomes: Vec<UpdateOutcome> = stream::iter(chats.into_values().map(one_chat))
            .buffer_unordered(MAX_CONCURRENT_CHATS)
            .collect()
            .await;
        if outcomes.contains(&UpdateOutcome::Later) {
            UpdateOutcome::Later
        } else {
            UpdateOutcome::Done
        }
    }

    /// Handles an update. Tries again if that fails.
    async fn handle_update(&self, update: Update) -> UpdateOutcome {
        let id = update.id.0;
        let lock = self.locks.of(chat_of(&update));
        let _guard = lock.lock().await;
        for attempt in 1..=MAX_ATTEMPTS {
            match AssertUnwindSafe(self.handle_once(&update)).catch_unwind().await {
                Ok(Ok(())) => return UpdateOutcome::Done,
                Ok(Err(UpdateError::Unavailable(error))) => {
                    warn!(update = id, error, "an update waits for the store");
                    return UpdateOutcome::Later;
                }
                Ok(Err(UpdateError::Failed(failure))) => {
                    warn!(update = id, attempt, failure, "an update failed");
                }
                Err(_) => error!(update = id, attempt, "the handler of an update panicked"),
            }
            if attempt < MAX_ATTEMPTS {
                tokio::time::sleep(BACKOFF.after(attempt)).await;
            }
        }
        error!(update = id, "an update is skipped because it failed {MAX_ATTEMPTS} times");
        self.handler.give_up(&update).await;
        self.handled.note(id);
        UpdateOutcome::Done
    }

    /// Handles an update, unless this process has already handled it.
    async fn handle_once(&self, update: &Update) -> Result<(), UpdateError> {
        let id = update.id.0;
        if !self.handled.knows(id) {
            self.handler.handle(update).await?;
            self.handled.note(id);
        }
        Ok(())
    }
}

/// The chat that an update belongs to; 0 if it belongs to none.
#[must_use]
pub fn chat_of(update: &Update) -> i64 {
    update.chat().map_or(0, |chat| chat.id.0)
}
