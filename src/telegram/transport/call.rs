//! One outgoing call: its content, why it may fail, and the client that makes it.
//!
//! This module makes no calls and keeps no order; `api` and `send_queue` do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::domain::{Coordinates, FailureCode, FailureReason};

/// Executes calls. The tests replace it.
#[async_trait]
pub trait BotApi: Send + Sync + 'static {
    /// Makes one call, and returns the id of the message (0 if there is none).
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    async fn call(&self, chat: i64, call: &Call) -> Result<i32, CallError>;

    /// Checks whether Telegram can be reached.
    ///
    /// # Errors
    /// [`CallError`] if it cannot.
    async fn ping(&self) -> Result<(), CallError>;
}

/// One outgoing call.
#[derive(Debug, Clone)]
pub enum Call {
    /// A new message.
    Send(MessageContent),
    /// A new message with a picture.
    Picture(PhotoContent),
    /// A new message with a picture that a user sent to the bot.
    PassPicture(PassedPicture),
    /// A new message with a place on a map.
    Venue(VenueContent),
    /// The new content of a message.
    Edit(i32, MessageContent),
    /// The answer to a callback query: its id, and a line to show.
    Answer(String, Option<String>),
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageContent {
    /// The text, as HTML.
    pub html: String,
    /// The rows of buttons below it.
    pub buttons: Vec<Vec<Button>>,
    /// The change of the keyboard below the chat.
    pub keyboard: Keyboard,
    /// The topic of the chat to which a new message is sent, if the chat has topics.
    pub topic: Option<i32>,
    /// The message that a new message replies to. If it is gone, the message is sent without it.
    pub reply_to: Option<i32>,
    /// Whether a new message makes no sound.
    pub is_silent: bool,
}

impl MessageContent {
    /// Creates a message without buttons.
    #[must_use]
    pub fn text(html: impl Into<String>) -> Self {
        let (buttons, keyboard) = (Vec::new(), Keyboard::AsItWas);
        let html = html.into();
        Self { html, buttons, keyboard, topic: None, reply_to: None, is_silent: false }
    }

    /// Returns the message with these rows of buttons.
    #[must_use]
    pub fn with(self, buttons: Vec<Vec<Button>>) -> Self {
        Self { buttons, ..self }
    }
}

/// Where a new message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// The chat.
    pub chat: i64,
    /// The topic of the chat, if it has topics.
    pub topic: Option<i32>,
}

impl From<i64> for Destination {
    fn from(chat: i64) -> Self {
        Self { chat, topic: None }
    }
}

/// A picture with a caption.
#[derive(Debug, Clone)]
pub struct PhotoContent {
    /// The content of the file.
    pub bytes: Arc<[u8]>,
    /// The name of the file.
    pub file_name: &'static str,
    /// The caption, as HTML.
    pub html: String,
    /// Whether the message removes the keyboard below the chat.
    pub removes_keyboard: bool,
}

/// A picture that Telegram has already, with a caption.
#[derive(Debug, Clone)]
pub struct PassedPicture {
    /// The id by which Telegram knows the file.
    pub file_id: String,
    /// The caption, as HTML.
    pub html: String,
    /// The topic of the chat, if it has topics.
    pub topic: Option<i32>,
    /// The message that it replies to.
    pub reply_to: Option<i32>,
}

/// A place on a map.
#[derive(Debug, Clone, PartialEq)]
pub struct VenueContent {
    /// The place.
    pub position: Coordinates,
    /// Its name.
    pub title: String,
    /// Its address, which Telegram demands.
    pub address: String,
}

/// The change of the keyboard below a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keyboard {
    /// No change.
    AsItWas,
    /// Show one button that sends the position once (private chats only).
    AskPosition(String),
    /// Remove the keyboard.
    Removed,
}

/// One button below a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Button {
    /// The label.
    pub label: String,
    /// What it does when a user taps it.
    pub action: ButtonAction,
}

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ButtonAction {
    /// Sends this data to the bot: at most 64 bytes (Bot API,
    /// `InlineKeyboardButton.callback_data`).
    Callback(String),
    /// Opens a page.
    Url(Url),
    /// Opens a page as a Mini App (private chats and https only).
    WebApp(Url),
}

impl Button {
    /// Creates a button that sends data to the bot.
    #[must_use]
    pub fn callback(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self { label: label.into(), action: ButtonAction::Callback(data.into()) }
    }
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// Too many messages to this chat. The call may be tried again after this time.
    Wait(Duration),
    /// The call was certainly not executed: Telegram was not reached, or has an internal error.
    Unreachable,
    /// It is unknown whether the call was executed.
    Unknown,
    /// The call was not made, because it could not begin in time.
    Busy,
    /// The chat cannot be reached, and that does not change by itself. Contains the reason.
    Gone(FailureCode),
    /// The message to be edited does not exist, or cannot be edited.
    NoMessage,
    /// The group has become a supergroup with this id.
    Moved(i64),
    /// The token is wrong.
    WrongToken,
    /// Another process, or a webhook, receives the updates of this bot.
    TakenByAnother,
    /// Telegram refused the call, and would refuse it again. Contains the description.
    Refused(String),
}

impl CallError {
    /// The reason, to be worded for the hotel's staff.
    #[must_use]
    pub fn reason(&self) -> FailureReason {
        let code = match self {
            Self::Wait(_) => FailureCode::TelegramFlood,
            Self::Unreachable => FailureCode::TelegramUnreachable,
            Self::Unknown => FailureCode::TelegramSilent,
            Self::Busy => FailureCode::TelegramBusy,
            Self::WrongToken => FailureCode::TelegramToken,
            Self::TakenByAnother => FailureCode::TelegramUpdatesTaken,
            Self::Gone(code) => *code,
            Self::NoMessage => FailureCode::MessageGone,
            Self::Moved(_) => FailureCode::GroupMoved,
            Self::Refused(description) => {
                return FailureReason::with_detail(
                    FailureCode::TelegramRefused,
                    description.as_str(),
                );
            }
        };
        code.into()
    }
}
