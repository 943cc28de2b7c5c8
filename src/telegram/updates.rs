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

use super::BotContext;
use super::api::MessageContent;
use crate::service::{ServiceError, StoreError};
use crate::text::telegram as words;
use handled::HandledUpdates;
pub(super) use locks::ChatLocks;
pub(super) use poll::UpdatePoller;

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

/// Takes updates in, whichever way they come.
pub struct Inbox {
    bot: Arc<BotContext>,
    handled: HandledUpdates,
}

impl Inbox {
    pub(super) fn new(bot: Arc<BotContext>) -> Self {
        Self { bot, handled: HandledUpdates::default() }
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
        let lock = self.bot.locks.of(chat_of(&update));
        let _in_turn = lock.lock().await;
        for attempt in 1..=TRIES {
            match AssertUnwindSafe(self.handle_once(&update)).catch_unwind().await {
                Ok(Ok(())) => return UpdateOutcome::Done,
                Ok(Err(ServiceError::Store(StoreError::Unavailable(error)))) => {
                    warn!(update = id, error, "an update waits for the store");
                    return UpdateOutcome::Later;
                }
                Ok(Err(failure)) => warn!(update = id, attempt, %failure, "an update failed"),
                Err(_) => error!(update = id, attempt, "an update made its handler crash"),
            }
            if attempt < TRIES {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
        }
        error!(update = id, "an update is passed, because it failed {TRIES} times");
        self.bot.regret(&update).await;
        self.handled.note(id);
        UpdateOutcome::Done
    }

    /// Handles an update, unless it was handled before.
    async fn handle_once(&self, update: &Update) -> Result<(), ServiceError> {
        let id = update.id.0;
        if self.handled.knows(id) {
            return Ok(());
        }
        // A move on the map has no second effect anyway.
        let is_edit = matches!(update.kind, UpdateKind::EditedMessage(_));
        let service = &self.bot.service;
        let earlier =
            if is_edit { None } else { Some(handled::recall(service, chat_of(update)).await?) };
        if earlier.as_ref().is_some_and(|earlier| earlier.has(id)) {
            return Ok(());
        }
        self.bot.handle(update).await?;
        self.handled.note(id);
        if let Some(earlier) = earlier
            && let Err(error) = earlier.keep(service, id).await
        {
            warn!(update = id, %error, "it was not kept that an update is handled");
        }
        Ok(())
    }
}

fn chat_of(update: &Update) -> i64 {
    update.chat().map_or(0, |chat| chat.id.0)
}

impl BotContext {
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
                self.say(message.chat.id.0, MessageContent::text(line)).await;
            }
            _ => {}
        }
    }
}
