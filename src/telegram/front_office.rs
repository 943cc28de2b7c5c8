//! The front office's chat. If its group becomes a supergroup, Telegram gives it a new id, which is
//! used from then on and stored for the next start.

use std::sync::{Mutex, PoisonError};

use tracing::warn;

use super::state::{BotState, MovedGroup};
use super::transport::{BotHealth, BotHealthPart};
use crate::store::StoreError;

/// The id of the front office's chat, to which its notifications are sent.
pub(super) struct FrontOfficeChat {
    configured: Option<i64>,
    /// The topic of the chat for notifications, if one is configured.
    pub(super) topic: Option<i32>,
    chat: Mutex<Option<i64>>,
    health: BotHealth,
    state: BotState,
}

impl FrontOfficeChat {
    pub(super) fn new(
        configured: Option<i64>,
        topic: Option<i32>,
        health: BotHealth,
        state: BotState,
    ) -> Self {
        Self { configured, topic, chat: Mutex::new(configured), health, state }
    }

    /// The current id; `None` if no chat is configured.
    pub(super) fn chat(&self) -> Option<i64> {
        *self.chat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current id, if `chat` is the configured id and the group has a new one now.
    pub(super) fn moved_from(&self, chat: i64) -> Option<i64> {
        self.chat().filter(|now| self.configured == Some(chat) && *now != chat)
    }

    /// Uses and stores the new id of a group, if it is the front office's.
    pub(super) async fn record_move(&self, from: i64, to: i64) {
        let Some(configured) = self.configured.filter(|_| self.chat() == Some(from)) else {
            return;
        };
        self.set_chat(to);
        if let Err(error) = self.state.put_moved_group(MovedGroup { configured, to }).await {
            warn!(%error, "the new id of the front office's chat was not stored");
        }
    }

    /// Uses the id that an earlier run stored, unless the configured id has changed since.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub(super) async fn restore_chat(&self) -> Result<(), StoreError> {
        if let Some(record_move) = self.state.moved_group().await?
            && self.configured == Some(record_move.configured)
        {
            self.set_chat(record_move.to);
            self.state.put_moved_group(record_move).await?;
        }
        Ok(())
    }

    fn set_chat(&self, to: i64) {
        *self.chat.lock().unwrap_or_else(PoisonError::into_inner) = Some(to);
        let line = format!("the front office's group has a new id: telegram.fo_chat_id = {to}");
        warn!("{line}");
        self.health.set(BotHealthPart::ConfiguredChat, Some(line));
    }
}
