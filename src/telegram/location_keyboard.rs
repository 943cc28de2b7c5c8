//! The keyboard with the button that sends the position once. Telegram keeps it below a chat until a
//! message without buttons removes it, so the bot remembers where it is shown.
//!
//! This is the only place that shows and removes it. When a message must remove it is decided by who
//! sends the message: at the end of a hold, on arrival, after a position, and when a guest begins
//! something else.

use tracing::warn;

use super::state::BotState;
use super::transport::call::{Keyboard, MessageContent};
use crate::store::StoreError;

/// Shows and removes the keyboard. Clones share the state.
#[derive(Clone)]
pub(super) struct LocationKeyboard(BotState);

impl LocationKeyboard {
    pub(super) fn new(state: &BotState) -> Self {
        Self(state.clone())
    }

    /// The message with the keyboard, whose button has this label.
    pub(super) async fn show_with(
        &self,
        chat: i64,
        label: String,
        content: MessageContent,
    ) -> Result<MessageContent, StoreError> {
        self.0.set_location_keyboard(chat, true).await?;
        Ok(MessageContent { keyboard: Keyboard::AskPosition(label), ..content })
    }

    /// Whether the keyboard was shown and is to be removed by the next message, which must have no
    /// buttons. After this call it counts as removed.
    pub(super) async fn take(&self, chat: i64) -> bool {
        let removed = async {
            let is_shown = self.0.has_location_keyboard(chat).await?;
            if is_shown {
                self.0.set_location_keyboard(chat, false).await?;
            }
            Ok::<_, StoreError>(is_shown)
        };
        removed.await.unwrap_or_else(|error| {
            warn!(%error, "whether a keyboard is shown is not known");
            false
        })
    }

    /// The message, which removes the keyboard if it is shown. It then has no buttons.
    pub(super) async fn remove_with(&self, chat: i64, content: MessageContent) -> MessageContent {
        if !self.take(chat).await {
            return content;
        }
        MessageContent { keyboard: Keyboard::Removed, buttons: Vec::new(), ..content }
    }
}
