//! Updates: by long polling or by webhook, in order within a chat and side by side across chats,
//! confirmed only when they were handled.

mod handled;
mod locks;
mod message;
mod poll;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use teloxide::types::{Update, UpdateKind};
use tracing::{error, warn};

use super::Lobby;
use super::api::Shown;
use crate::desk::{DeskError, StoreError};
use crate::text::telegram as words;
use handled::Handled;
pub(super) use locks::ChatLocks;
pub(super) use poll::Intake;

/// Tries of one update, after which it is passed.
const TRIES: u32 = 5;
/// Chats handled side by side.
const SIDE_BY_SIDE: usize = 32;

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Handled, or passed.
    Done,
    /// The store is away: to be handled later.
    Later,
}

/// Takes updates in, whichever way they come.
pub struct Inbox {
    lobby: Arc<Lobby>,
    handled: Handled,
}

impl Inbox {
    pub(super) fn new(lobby: Arc<Lobby>) -> Self {
        Self { lobby, handled: Handled::default() }
    }

    /// Handles what a webhook brought; `false` asks for it again.
    pub async fn take_in(&self, body: &[u8]) -> bool {
        if let Ok(update) = serde_json::from_slice::<Update>(body) {
            return self.take(update).await == Outcome::Done;
        }
        warn!("what the webhook brought is no update");
        true
    }

    /// Handles many: in order within a chat, chats side by side.
    async fn take_all(&self, updates: Vec<Update>) -> Outcome {
        let mut chats: BTreeMap<i64, Vec<Update>> = BTreeMap::new();
        for update in updates {
            chats.entry(chat_of(&update)).or_default().push(update);
        }
        let one_chat = |updates: Vec<Update>| async move {
            for update in updates {
                if self.take(update).await == Outcome::Later {
                    return Outcome::Later;
                }
            }
            Outcome::Done
        };
        let outcomes: Vec<Outcome> = stream::iter(chats.into_values().map(one_chat))
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        if outcomes.contains(&Outcome::Later) { Outcome::Later } else { Outcome::Done }
    }

    async fn take(&self, update: Update) -> Outcome {
        let id = update.id.0;
        let lock = self.lobby.locks.of(chat_of(&update));
        let _in_turn = lock.lock().await;
        for attempt in 1..=TRIES {
            match AssertUnwindSafe(self.handle_once(&update)).catch_unwind().await {
                Ok(Ok(())) => return Outcome::Done,
                Ok(Err(DeskError::Store(StoreError::Unavailable(error)))) => {
                    warn!(update = id, error, "an update waits for the store");
                    return Outcome::Later;
                }
                Ok(Err(failure)) => warn!(update = id, attempt, %failure, "an update failed"),
                Err(_) => error!(update = id, attempt, "an update made its handler crash"),
            }
            if attempt < TRIES {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
        }
        error!(update = id, "an update is passed, because it failed {TRIES} times");
        self.lobby.regret(&update).await;
        self.handled.note(id);
        Outcome::Done
    }

    /// Handles an update, unless it was handled before.
    async fn handle_once(&self, update: &Update) -> Result<(), DeskError> {
        let id = update.id.0;
        if self.handled.knows(id) {
            return Ok(());
        }
        // A move on the map has no second effect anyway.
        let is_edit = matches!(update.kind, UpdateKind::EditedMessage(_));
        let desk = &self.lobby.desk;
        let earlier =
            if is_edit { None } else { Some(handled::recall(desk, chat_of(update)).await?) };
        if earlier.as_ref().is_some_and(|earlier| earlier.has(id)) {
            return Ok(());
        }
        self.lobby.handle(update).await?;
        self.handled.note(id);
        if let Some(earlier) = earlier
            && let Err(error) = earlier.keep(desk, id).await
        {
            warn!(update = id, %error, "it was not kept that an update is handled");
        }
        Ok(())
    }
}

fn chat_of(update: &Update) -> i64 {
    update.chat().map_or(0, |chat| chat.id.0)
}

impl Lobby {
    /// Tells whoever waits for an answer that there will be none.
    async fn regret(&self, update: &Update) {
        match &update.kind {
            UpdateKind::CallbackQuery(query) => {
                let line = words::not_done(self.language_of(&query.from));
                self.answer(&query.id.0, Some(line.to_owned())).await;
            }
            UpdateKind::Message(message) if message.chat.is_private() => {
                let language = message.from.as_ref().map(|from| self.language_of(from));
                let line = words::not_done(language.unwrap_or(self.settings.language));
                self.say(message.chat.id.0, Shown::text(line)).await;
            }
            _ => {}
        }
    }
}
