//! The person who writes to the bot.

use super::buttons::guest_button;
use super::callback::GuestCallback;
use super::transport::call::{Button, Destination};
use crate::domain::{GuestName, Language, ids};
use crate::text::telegram::GuestLabel;

/// A user that writes to the bot or taps a button.
#[derive(Debug, Clone)]
pub(super) struct BotUser {
    /// The chat of the message.
    pub chat: i64,
    /// The topic of the message, if the chat has topics.
    pub topic: Option<i32>,
    /// The user's id, which is also the id of the private chat with the user.
    pub id: i64,
    /// The user's name, if it can be used as a guest's name.
    pub name: Option<GuestName>,
    /// The user's language.
    pub language: Language,
}

impl BotUser {
    /// Where a reply goes.
    pub(super) fn place(&self) -> Destination {
        Destination { chat: self.chat, topic: self.topic }
    }

    /// A row with one button in the user's language.
    pub(super) fn button(&self, label: GuestLabel, callback: GuestCallback) -> Vec<Button> {
        guest_button(self.language, label, callback)
    }
}

/// Makes a guest's name of a name on Telegram. Characters that are not allowed are removed.
pub(super) fn usable_name(full_name: &str) -> Option<GuestName> {
    let mut name: String = full_name.chars().take(ids::MAX_NAME_CHARS).collect();
    name.retain(|c| GuestName::parse(&format!("a{c}a")).is_ok());
    GuestName::parse(&name).ok()
}
