//! Updates: by long polling or by webhook, in order within a chat and side by side across chats,
//! confirmed only when they were handled.

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

use super::ChatLocks;
use handled::HandledUpdates;
pub use poll::UpdatePoller;

/// Tries of one update, after which it is passed.
const TRIES: u32 = 5;
/// Chats handled side by side.
const SIDE_BY_SIDE: usize = 32;

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UpdateOutcome {
    /// Handled, or passed.
    Done,
    /// The store is away: to be handled later.
    Later,
}

/// Why an update was not handled.
#[derive(Debug)]
pub enum UpdateError {
    /// What is needed for it is away: it is to be handled later.
    Unavailable(String),
    /// It failed; another try may help.
    Failed(String),
}

/// Who handles updates.
#[async_trait]
pub trait UpdateHandler: Send + Sync + 'static {
    /// Handles an update. Called again for one that failed, and for one that comes again.
    ///
    /// # Errors
    /// [`UpdateError`]
    async fn handle(&self, update: &Update) -> Result<(), UpdateError>;

    /// The update is passed, because it kept failing: whoever waits for an answer is told.
    async fn give_up(&self, update: &Update);
}

/// Takes updates in, whichever way they come.
pub struct Inbox {
    handler: Arc<dyn UpdateHandler>,
    locks: Arc<ChatLocks>,
    handled: HandledUpdates,
}

impl Inbox {
    /// An inbox that hands updates to a handler, one at a time in each chat.
    #[must_use]
    pub fn new(handler: Arc<dyn UpdateHandler>, locks: Arc<ChatLocks>) -> Self {
        Self { handler, locks, handled: HandledUpdates::default() }
    }

    /// Handles what a webhook brought; `false` asks for it again.
    pub async fn take_in(&self, body: &[u8]) -> bool {
        if let Ok(update) = serde_json::from_slice::<Update>(body) {
            return self.take(update).await == UpdateOutcome::Done;
        }
        warn!("what the webhook brought is no update");
        true
    }

    /// Handles many: in order within a chat, chats side by side.
    async fn take_all(&self, updates: Vec<Update>) -> UpdateOutcome {
        let mut chats: BTreeMap<i64, Vec<Update>> = BTreeMap::new();
        for update in updates {
            chats.entry(chat_of(&update)).or_default().push(update);
        }
        let one_chat = |updates: Vec<Update>| async move {
            for update in updates {
                if self.take(update).await == UpdateOutcome::Later {
                    return UpdateOutcome::Later;
                }
            }
            UpdateOutcome::Done
        };
        let outcomes: Vec<UpdateOutcome> = stream::iter(chats.into_values().map(one_chat))
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        if outcomes.contains(&UpdateOutcome::Later) {
            UpdateOutcome::Later
        } else {
            UpdateOutcome::Done
        }
    }

    async fn take(&self, update: Update) -> UpdateOutcome {
        let id = update.id.0;
        let lock = self.locks.of(chat_of(&update));
        let _in_turn = lock.lock().await;
        for attempt in 1..=TRIES {
            match AssertUnwindSafe(self.handle_once(&update)).catch_unwind().await {
                Ok(Ok(())) => return UpdateOutcome::Done,
                Ok(Err(UpdateError::Unavailable(error))) => {
                    warn!(update = id, error, "an update waits for the store");
                    return UpdateOutcome::Later;
                }
                Ok(Err(UpdateError::Failed(failure))) => {
                    warn!(update = id, attempt, failure, "an update failed");
                }
                Err(_) => error!(update = id, attempt, "an update made its handler crash"),
            }
            if attempt < TRIES {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
        }
        error!(update = id, "an update is passed, because it failed {TRIES} times");
        self.handler.give_up(&update).await;
        self.handled.note(id);
        UpdateOutcome::Done
    }

    /// Handles an update, unless this process did so before.
    async fn handle_once(&self, update: &Update) -> Result<(), UpdateError> {
        let id = update.id.0;
        if !self.handled.knows(id) {
            self.handler.handle(update).await?;
            self.handled.note(id);
        }
        Ok(())
    }
}

/// The chat that an update belongs to; 0 of one that belongs to none.
#[must_use]
pub fn chat_of(update: &Update) -> i64 {
    update.chat().map_or(0, |chat| chat.id.0)
}
