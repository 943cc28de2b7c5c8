//! Which chat is the front office's. A group that becomes a supergroup gets another id, and the
//! front office is followed there.

use std::sync::{Mutex, PoisonError};

use tracing::warn;

use super::state::{BotState, MovedGroup};
use super::transport::{BotHealth, BotHealthPart};
use crate::store::StoreError;

/// The chat that notices go to.
pub(super) struct FrontOfficeChat {
    configured: Option<i64>,
    chat: Mutex<Option<i64>>,
    health: BotHealth,
    state: BotState,
}

impl FrontOfficeChat {
    pub(super) fn new(configured: Option<i64>, health: BotHealth, state: BotState) -> Self {
        Self { configured, chat: Mutex::new(configured), health, state }
    }

    /// The chat as it is now; `None` if the front office has none.
    pub(super) fn chat(&self) -> Option<i64> {
        *self.chat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The chat as it is now, if this one was it by the configuration and is not any more.
    pub(super) fn moved_from(&self, chat: i64) -> Option<i64> {
        self.chat().filter(|now| self.configured == Some(chat) && *now != chat)
    }

    /// The group has another id now, and that is kept for the next start.
    pub(super) async fn moved(&self, from: i64, to: i64) {
        let Some(configured) = self.configured.filter(|_| self.chat() == Some(from)) else {
            return;
        };
        self.follow(to);
        if let Err(error) = self.state.put_moved_group(MovedGroup { configured, to }).await {
            warn!(%error, "the front office's new id was not kept; Telegram will tell it again");
        }
    }

    /// Remembers where an earlier run followed the group to, unless the configuration says
    /// something new.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn recall(&self) -> Result<(), StoreError> {
        if let Some(moved) = self.state.moved_group().await?
            && self.configured == Some(moved.configured)
        {
            self.follow(moved.to);
            self.state.put_moved_group(moved).await?;
        }
        Ok(())
    }

    fn follow(&self, to: i64) {
        *self.chat.lock().unwrap_or_else(PoisonError::into_inner) = Some(to);
        let line = format!("the front office's group has a new id: telegram.fo_chat_id = {to}");
        warn!("{line}");
        self.health.set(BotHealthPart::FrontOffice, Some(line));
    }
}
