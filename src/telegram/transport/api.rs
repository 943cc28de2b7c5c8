//! The client of the Bot API: the few calls that the bot needs. Failures are distinguished by what
//! they mean for another attempt.
//!
//! The text of a network error may contain the token, so it is never passed on. The client does not
//! try again and does not limit the rate; the send queue does.

mod failure;

use std::time::Duration;

use async_trait::async_trait;
use teloxide::Bot;
use teloxide::net::default_reqwest_settings;
use teloxide::payloads::{
    AnswerCallbackQuerySetters, DeleteMyCommandsSetters, EditMessageTextSetters, GetUpdatesSetters,
    SendChatActionSetters, SendMessageSetters, SendPhotoSetters, SetChatMenuButtonSetters,
    SetMyCommandsSetters, SetMyDescriptionSetters, SetMyShortDescriptionSetters, SetWebhookSetters,
};
use teloxide::requests::Requester;
use teloxide::types::{
    AllowedUpdate, BotCommand, BotCommandScope, ButtonRequest, CallbackQueryId, ChatAction, ChatId,
    FileId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, KeyboardButton, KeyboardMarkup,
    KeyboardRemove, LinkPreviewOptions, MenuButton, Message, MessageId, ParseMode, ReplyMarkup,
    ReplyParameters, ThreadId, Update, WebAppInfo,
};
use url::Url;

use super::call::{
    BotApi, Button, ButtonAction, Call, CallError, Keyboard, MessageContent, PassedPicture,
    PhotoContent, VenueContent,
};
use failure::{failure, is_late_answer, is_unchanged};

/// How long Telegram may send nothing before an answer begins, and between its parts. On a 5xx
/// teloxide sleeps 10 s before it reads the body, so a short limit on the whole call would turn a
/// clear answer into an unknown outcome.
const READ_TIMEOUT: Duration = Duration::from_secs(8);
/// How long one call may take in all.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that were idle for longer are not used again: a router on the way may have dropped
/// them, and a request on such a connection is lost.
const MAX_IDLE: Duration = Duration::from_secs(15);
/// How long `getUpdates` waits for an update, in seconds.
pub const POLL_SECONDS: u32 = 25;
/// How long a call of `getUpdates` may take in all.
const POLL: Duration = Duration::from_secs(40);
/// The kinds of update that the bot asks for.
const ALLOWED: [AllowedUpdate; 3] =
    [AllowedUpdate::Message, AllowedUpdate::EditedMessage, AllowedUpdate::CallbackQuery];

/// The client of the Bot API for one bot.
#[derive(Clone)]
pub struct Api {
    bot: Bot,
    poll: Bot,
}

impl Api {
    /// Creates a client for the API at this address. It makes no call.
    ///
    /// # Errors
    /// A description if the HTTP client cannot be created.
    pub fn new(token: &str, url: &Url) -> Result<Self, String> {
        let bot = |limit: Duration, silence: Duration| {
            let client = default_reqwest_settings().timeout(limit).read_timeout(silence);
            let client = client.pool_idle_timeout(MAX_IDLE);
            client
                .build()
                .map(|client| Bot::with_client(token, client).set_api_url(url.clone()))
                .map_err(|_| "telegram: the client cannot be set up".to_owned())
        };
        Ok(Self { bot: bot(CALL_TIMEOUT, READ_TIMEOUT)?, poll: bot(POLL, POLL)? })
    }

    /// Asks for the bot's user name.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn name(&self) -> Result<String, CallError> {
        let me = self.bot.get_me().await.map_err(failure)?;
        Ok(me.username().to_owned())
    }

    /// Returns the next updates from this id on, or none after [`POLL_SECONDS`]. This confirms all
    /// updates before the id.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn updates(&self, from: i32) -> Result<Vec<Update>, CallError> {
        let call = self.poll.get_updates().offset(from).timeout(POLL_SECONDS).limit(100);
        call.allowed_updates(ALLOWED).await.map_err(failure)
    }

    /// Asks Telegram to send updates to a webhook.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn set_webhook(&self, url: Url, secret: &str) -> Result<(), CallError> {
        let call = self.bot.set_webhook(url).secret_token(secret).allowed_updates(ALLOWED);
        call.await.map(drop).map_err(failure)
    }

    /// Asks Telegram to send no updates to a webhook.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn delete_webhook(&self) -> Result<(), CallError> {
        self.bot.delete_webhook().await.map(drop).map_err(failure)
    }

    /// Asks for the URL of the webhook, the number of waiting updates and the last error.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn webhook(&self) -> Result<(Option<String>, u32, Option<String>), CallError> {
        let info = self.bot.get_webhook_info().await.map_err(failure)?;
        let url = info.url.map(|url| url.to_string());
        Ok((url, info.pending_update_count, info.last_error_message))
    }

    /// Sets the menu of commands for a scope and a language.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn set_commands(
        &self,
        commands: &[(&str, &str)],
        scope: BotCommandScope,
        language: Option<&str>,
    ) -> Result<(), CallError> {
        let commands = commands.iter().map(|(name, about)| BotCommand::new(*name, *about));
        let mut call = self.bot.set_my_commands(commands).scope(scope);
        if let Some(language) = language {
            call = call.language_code(language);
        }
        call.await.map(drop).map_err(failure)
    }

    /// Deletes the menu of commands for a scope and a language.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn delete_commands(
        &self,
        scope: BotCommandScope,
        language: Option<&str>,
    ) -> Result<(), CallError> {
        let mut call = self.bot.delete_my_commands().scope(scope);
        if let Some(language) = language {
            call = call.language_code(language);
        }
        call.await.map(drop).map_err(failure)
    }

    /// Shows for a moment that the bot writes, which Telegram allows where the bot may send messages.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn show_typing(&self, chat: i64, topic: Option<i32>) -> Result<(), CallError> {
        let mut call = self.bot.send_chat_action(ChatId(chat), ChatAction::Typing);
        if let Some(topic) = topic {
            call = call.message_thread_id(ThreadId(MessageId(topic)));
        }
        call.await.map(drop).map_err(failure)
    }

    /// Sends a message, and returns its id.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn send(&self, chat: i64, content: &MessageContent) -> Result<i32, CallError> {
        let mut call = self.bot.send_message(ChatId(chat), content.html.as_str());
        call = call.parse_mode(ParseMode::Html).link_preview_options(no_preview());
        if let Some(topic) = content.topic {
            call = call.message_thread_id(ThreadId(MessageId(topic)));
        }
        if let Some(message) = content.reply_to {
            let parameters = ReplyParameters::new(MessageId(message));
            call = call.reply_parameters(parameters.allow_sending_without_reply());
        }
        if content.is_silent {
            call = call.disable_notification(true);
        }
        let markup = match &content.keyboard {
            _ if !content.buttons.is_empty() => {
                Some(ReplyMarkup::InlineKeyboard(inline(&content.buttons)))
            }
            Keyboard::AsItWas => None,
            Keyboard::AskPosition(label) => {
                let button = KeyboardButton::new(label).request(ButtonRequest::Location);
                let keyboard = KeyboardMarkup::new([[button]]);
                let keyboard = keyboard.resize_keyboard().one_time_keyboard();
                Some(ReplyMarkup::Keyboard(keyboard))
            }
            Keyboard::Removed => Some(ReplyMarkup::KeyboardRemove(KeyboardRemove::new())),
        };
        if let Some(markup) = markup {
            call = call.reply_markup(markup);
        }
        call.await.map(|message: Message| message.id.0).map_err(failure)
    }

    /// Sends a picture with a caption, and returns the id of the message.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn send_picture(&self, chat: i64, picture: &PhotoContent) -> Result<i32, CallError> {
        let file = InputFile::memory(picture.bytes.to_vec()).file_name(picture.file_name);
        let call = self.bot.send_photo(ChatId(chat), file).caption(picture.html.as_str());
        let mut call = call.parse_mode(ParseMode::Html);
        if picture.removes_keyboard {
            call = call.reply_markup(ReplyMarkup::KeyboardRemove(KeyboardRemove::new()));
        }
        call.await.map(|message: Message| message.id.0).map_err(failure)
    }

    /// Sends a picture that Telegram has already, and returns the id of the message.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn pass_picture(&self, chat: i64, picture: &PassedPicture) -> Result<i32, CallError> {
        let file = InputFile::file_id(FileId(picture.file_id.clone()));
        let call = self.bot.send_photo(ChatId(chat), file).caption(picture.html.as_str());
        let mut call = call.parse_mode(ParseMode::Html);
        if let Some(topic) = picture.topic {
            call = call.message_thread_id(ThreadId(MessageId(topic)));
        }
        if let Some(message) = picture.reply_to {
            let parameters = ReplyParameters::new(MessageId(message));
            call = call.reply_parameters(parameters.allow_sending_without_reply());
        }
        call.await.map(|message: Message| message.id.0).map_err(failure)
    }

    /// Sets the description and the short description of the bot for a language.
    ///
    /// # Errors
    /// [`CallError`] if a call fails or its outcome is unknown.
    pub async fn set_descriptions(
        &self,
        long: &str,
        short: &str,
        language: Option<&str>,
    ) -> Result<(), CallError> {
        let mut describe = self.bot.set_my_description().description(long);
        let mut summarize = self.bot.set_my_short_description().short_description(short);
        if let Some(language) = language {
            describe = describe.language_code(language);
            summarize = summarize.language_code(language);
        }
        describe.await.map_err(failure)?;
        summarize.await.map(drop).map_err(failure)
    }

    /// Sets the button beside the text field of every private chat: it opens a page as a Mini App, or
    /// shows the menu of commands if there is none.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn set_menu_button(&self, page: Option<(&str, &Url)>) -> Result<(), CallError> {
        let button = page.map_or(MenuButton::Commands, |(text, url)| MenuButton::WebApp {
            text: text.to_owned(),
            web_app: WebAppInfo { url: url.clone() },
        });
        self.bot.set_chat_menu_button().menu_button(button).await.map(drop).map_err(failure)
    }

    /// Sends a place on a map, and returns the id of the message.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn send_venue(&self, chat: i64, venue: &VenueContent) -> Result<i32, CallError> {
        let (latitude, longitude) = (venue.position.latitude(), venue.position.longitude());
        let (title, address) = (venue.title.as_str(), venue.address.as_str());
        let call = self.bot.send_venue(ChatId(chat), latitude, longitude, title, address);
        call.await.map(|message: Message| message.id.0).map_err(failure)
    }

    /// Edits a message. Succeeds if the message already has this content.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn edit(
        &self,
        chat: i64,
        message: i32,
        content: &MessageContent,
    ) -> Result<(), CallError> {
        let html = content.html.as_str();
        let call = self.bot.edit_message_text(ChatId(chat), MessageId(message), html);
        let call = call.parse_mode(ParseMode::Html).link_preview_options(no_preview());
        match call.reply_markup(inline(&content.buttons)).await {
            Ok(_) => Ok(()),
            Err(error) if is_unchanged(&error) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    /// Answers a callback query, so that the tapped button stops waiting. A line is shown to the
    /// user. Succeeds if the query is too old for an answer.
    ///
    /// # Errors
    /// [`CallError`] if the call fails or its outcome is unknown.
    pub async fn answer(&self, query: &str, line: Option<&str>) -> Result<(), CallError> {
        let mut call = self.bot.answer_callback_query(CallbackQueryId(query.to_owned()));
        if let Some(line) = line {
            let short: String = line.chars().take(190).collect();
            call = call.text(short).show_alert(true);
        }
        match call.await {
            Ok(_) => Ok(()),
            Err(error) if is_late_answer(&error) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }
}

#[async_trait]
impl BotApi for Api {
    async fn call(&self, chat: i64, call: &Call) -> Result<i32, CallError> {
        match call {
            Call::Send(content) => self.send(chat, content).await,
            Call::Picture(picture) => self.send_picture(chat, picture).await,
            Call::PassPicture(picture) => self.pass_picture(chat, picture).await,
            Call::Venue(venue) => self.send_venue(chat, venue).await,
            Call::Edit(message, content) => {
                self.edit(chat, *message, content).await.map(|()| *message)
            }
            Call::Answer(query, line) => self.answer(query, line.as_deref()).await.map(|()| 0),
        }
    }

    async fn ping(&self) -> Result<(), CallError> {
        self.name().await.map(drop)
    }
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

fn inline(rows: &[Vec<Button>]) -> InlineKeyboardMarkup {
    let button = |button: &Button| match &button.action {
        ButtonAction::Callback(data) => InlineKeyboardButton::callback(&button.label, data),
        ButtonAction::Url(url) => InlineKeyboardButton::url(&button.label, url.clone()),
        ButtonAction::WebApp(url) => {
            InlineKeyboardButton::web_app(&button.label, WebAppInfo { url: url.clone() })
        }
    };
    InlineKeyboardMarkup::new(rows.iter().map(|row| row.iter().map(button).collect::<Vec<_>>()))
}
