//! Passes each update to the conversation that handles it, and skips updates that were already
//! handled.
//!
//! This module answers only what belongs to no conversation, such as `/id` or shared contacts.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use teloxide::types::{CallbackQuery, LivePeriod, Message, MessageKind, Update, UpdateKind, User};
use tracing::warn;

use super::callback::CallbackData;
use super::front_office::FrontOfficeChat;
use super::guest::GuestConversation;
use super::guest::location::SharedPosition;
use super::staff::StaffConversation;
use super::state::BotState;
use super::transport::SendQueue;
use super::transport::call::{Destination, MessageContent};
use super::transport::updates::{UpdateError, UpdateHandler, chat_of};
use super::user::{BotUser, usable_name};
use super::{BotParts, refusal_text};
use crate::domain::travel::PositionSource;
use crate::domain::{Language, Moment};
use crate::service::{BookingService, ServiceError};
use crate::store::StoreError;
use crate::text::telegram as words;
use crate::text::telegram::BotCommand;

/// Javanese, Sundanese and Malay: users of these languages get Indonesian, not English.
const READ_INDONESIAN: [&str; 3] = ["jv", "su", "ms"];

/// The source of a position. The period of a live location starts when it was first sent.
fn source(live: Option<LivePeriod>, sent_at: Moment) -> PositionSource {
    match live {
        None => PositionSource::Single,
        Some(LivePeriod::Indefinite) => PositionSource::Live { until: None },
        Some(LivePeriod::Timeframe(seconds)) => {
            let length = chrono::TimeDelta::seconds(i64::from(seconds.seconds()));
            PositionSource::Live { until: Some(sent_at + length) }
        }
    }
}

/// A command as typed, for example `/booking@hotel_bot Budi`.
struct TypedCommand<'a> {
    /// `None` for an unknown command.
    command: Option<BotCommand>,
    /// The name of the bot after `@`.
    bot: Option<&'a str>,
    rest: &'a str,
}

fn command(text: &str) -> Option<TypedCommand<'_>> {
    let line = text.strip_prefix('/')?;
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (word, bot) = match word.split_once('@') {
        Some((word, bot)) => (word, Some(bot)),
        None => (word, None),
    };
    Some(TypedCommand { command: BotCommand::parse(word), bot, rest: rest.trim() })
}

/// Passes updates to the conversations.
pub(super) struct Dispatcher {
    guests: GuestConversation,
    staff: StaffConversation,
    front_office: Arc<FrontOfficeChat>,
    service: Arc<BookingService>,
    state: BotState,
    queue: SendQueue,
    /// The bot's user name; empty until it is known.
    name: Arc<OnceLock<String>>,
    /// The language for users whose language is not known.
    language: Language,
    /// The chat and the album of the last message that could not be read.
    last_album: Mutex<Option<(i64, String)>>,
}

impl Dispatcher {
    pub(super) fn new(
        parts: &BotParts,
        guests: GuestConversation,
        staff: StaffConversation,
        name: Arc<OnceLock<String>>,
    ) -> Self {
        Self {
            guests,
            staff,
            front_office: Arc::clone(&parts.front_office),
            service: Arc::clone(&parts.service),
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            name,
            language: parts.settings.language,
            last_album: Mutex::default(),
        }
    }
}

#[async_trait]
impl UpdateHandler for Dispatcher {
    /// Handles an update, unless this or another process did so before.
    async fn handle(&self, update: &Update) -> Result<(), UpdateError> {
        let id = update.id.0;
        // Edits are only used for moves of a live location, which may be handled twice.
        if matches!(update.kind, UpdateKind::EditedMessage(_)) {
            return self.route(update).await.map_err(update_error);
        }
        let chat = chat_of(update);
        let known = self.state.handled_updates(chat).await;
        let mut known = known.map_err(|error| update_error(error.into()))?;
        if known.contains(&id) {
            return Ok(());
        }
        self.route(update).await.map_err(update_error)?;
        known.push(id);
        if let Err(error) = self.state.put_handled_updates(chat, known).await {
            warn!(update = id, %error, "a handled update was not recorded");
        }
        Ok(())
    }

    async fn give_up(&self, update: &Update) {
        match &update.kind {
            UpdateKind::CallbackQuery(query) => {
                let line = words::not_done(self.language_of(&query.from));
                self.queue.answer_callback(&query.id.0, Some(line.to_owned())).await;
            }
            UpdateKind::Message(message) if message.chat.is_private() => {
                let language = message.from.as_ref().map(|from| self.language_of(from));
                let line = words::not_done(language.unwrap_or(self.language));
                self.queue.reply(message.chat.id.0, MessageContent::text(line)).await;
            }
            _ => {}
        }
    }
}

fn update_error(error: ServiceError) -> UpdateError {
    match error {
        ServiceError::Store(StoreError::Unavailable(why)) => UpdateError::Unavailable(why),
        ServiceError::Store(
            StoreError::NotFound
            | StoreError::Conflict(_)
            | StoreError::Damaged(_)
            | StoreError::Unexpected(_),
        )
        | ServiceError::Refused(_) => UpdateError::Failed(error.to_string()),
    }
}

impl Dispatcher {
    async fn route(&self, update: &Update) -> Result<(), ServiceError> {
        match &update.kind {
            UpdateKind::Message(message) => self.message(message, true).await,
            UpdateKind::EditedMessage(message) => self.message(message, false).await,
            UpdateKind::CallbackQuery(query) => self.callback_query(query).await,
            // The bot asks Telegram for no other kinds of update.
            _ => Ok(()),
        }
    }

    pub(super) fn language_of(&self, user: &User) -> Language {
        match user.language_code.as_deref() {
            Some(code) => language(code),
            None => self.language,
        }
    }

    fn user(&self, user: &User, place: Destination) -> BotUser {
        let language = self.language_of(user);
        let id = i64::try_from(user.id.0).unwrap_or_default();
        let Destination { chat, topic } = place;
        BotUser { chat, topic, id, name: usable_name(&user.full_name()), language }
    }

    async fn message(&self, message: &Message, is_new: bool) -> Result<(), ServiceError> {
        let chat = message.chat.id.0;
        if let Some(to) = message.migrate_to_chat_id() {
            self.front_office.record_move(chat, to.0).await;
            return Ok(());
        }
        let Some(from) = &message.from else { return Ok(()) };
        if from.is_bot {
            return self.message_of_bot(from, message, is_new).await;
        }
        let user = self.user(from, place(message));
        if !message.chat.is_private() {
            return if is_new { self.in_group(&user, message).await } else { Ok(()) };
        }
        if !matches!(message.kind, MessageKind::Common(_)) {
            // News about the chat, such as a pinned message. Nobody expects an answer.
            return Ok(());
        }
        let is_forwarded = message.forward_origin().is_some();
        if message.venue().is_some() || (is_forwarded && message.location().is_some()) {
            if is_new {
                let line = MessageContent::text(words::not_your_position(user.language));
                self.queue.reply(user.chat, line).await;
            }
            return Ok(());
        }
        if let Some(location) = message.location() {
            let at = message.edit_date().copied().unwrap_or(message.date);
            let shared = SharedPosition {
                latitude: location.latitude,
                longitude: location.longitude,
                accuracy_metres: location.horizontal_accuracy,
                at,
                is_new,
                source: source(location.live_period, message.date),
            };
            return self.guests.shared(&user, shared).await;
        }
        if !is_new {
            // Other edits are ignored.
            return Ok(());
        }
        if message.contact().is_some() {
            self.queue
                .reply(user.chat, MessageContent::text(words::no_contacts(user.language)))
                .await;
            return Ok(());
        }
        if let Some(file) = message.photo().and_then(|sizes| sizes.last())
            && words_of(message).and_then(command).is_none()
        {
            // The first picture of an album stands for all.
            let is_more = self.is_same_album(message);
            if is_more || self.guests.pictured(&user, &file.file.id.0).await? {
                return Ok(());
            }
            if words_of(message).is_none() {
                let line = MessageContent::text(words::cannot_read(user.language));
                self.queue.reply(user.chat, line).await;
                return Ok(());
            }
        }
        let Some(text) = words_of(message) else {
            // The pictures of an album come one by one, and are answered once.
            if !self.is_same_album(message) {
                let line = MessageContent::text(words::cannot_read(user.language));
                self.queue.reply(user.chat, line).await;
            }
            return Ok(());
        };
        match command(text) {
            Some(typed) => self.private_command(&user, &typed).await,
            None => self.guests.typed(&user, text).await,
        }
    }

    async fn private_command(
        &self,
        user: &BotUser,
        typed: &TypedCommand<'_>,
    ) -> Result<(), ServiceError> {
        let Some(command) = typed.command else {
            self.guests.help(user).await;
            return Ok(());
        };
        match command {
            BotCommand::Start => self.guests.start(user, typed.rest).await,
            BotCommand::Booking => self.guests.booking(user, typed.rest).await,
            BotCommand::Status => self.guests.statuses(user).await,
            BotCommand::CancelOwn => self.guests.cancelling(user).await,
            BotCommand::Address => self.guests.address(user).await,
            BotCommand::Id => self.tell_id(user).await,
            BotCommand::Dashboard
            | BotCommand::MarkPaid
            | BotCommand::Cancel
            | BotCommand::Arrive
            | BotCommand::History
            | BotCommand::Board
            | BotCommand::WalkIn
            | BotCommand::Report
            | BotCommand::Allotment => {
                if !self.staff.command(user, command, typed.rest).await? {
                    self.guests.help(user).await;
                }
                Ok(())
            }
        }
    }

    async fn tell_id(&self, user: &BotUser) -> Result<(), ServiceError> {
        let html = words::your_id(user.language, user.id, user.chat, user.topic);
        self.queue.reply(user.place(), MessageContent::text(html)).await;
        Ok(())
    }

    /// Whether the message belongs to the album whose last part came before it.
    fn is_same_album(&self, message: &Message) -> bool {
        let album = message.media_group_id().map(|album| (message.chat.id.0, album.0.clone()));
        let mut last = self.last_album.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = album.is_some() && *last == album;
        *last = album;
        is_same
    }

    /// Handles a message whose sender is a bot. Telegram sends messages of anonymous administrators
    /// and of channels in this form. The bot cannot know which administrator sent it, so it only says that commands
    /// must not be sent anonymously.
    async fn message_of_bot(
        &self,
        from: &User,
        message: &Message,
        is_new: bool,
    ) -> Result<(), ServiceError> {
        let chat = message.chat.id.0;
        let typed = words_of(message).and_then(command);
        let typed = typed.filter(|typed| self.is_for_this_bot(typed));
        if is_new
            && (from.is_anonymous() || from.is_channel())
            && self.front_office.chat() == Some(chat)
            && typed.is_some()
        {
            self.queue
                .reply(place(message), MessageContent::text(words::not_anonymously(self.language)))
                .await;
        }
        Ok(())
    }

    /// Whether a command names this bot or none.
    fn is_for_this_bot(&self, typed: &TypedCommand<'_>) -> bool {
        match (typed.bot, self.name.get()) {
            (Some(bot), Some(name)) => bot.eq_ignore_ascii_case(name),
            // The name of this bot is not known until Telegram has reported it.
            (Some(_), None) | (None, _) => true,
        }
    }

    async fn in_group(&self, user: &BotUser, message: &Message) -> Result<(), ServiceError> {
        let typed = words_of(message).and_then(command);
        if typed.as_ref().is_some_and(|typed| !self.is_for_this_bot(typed)) {
            return Ok(());
        }
        let is_front_office = self.front_office.chat() == Some(user.chat);
        if let Some(command) = typed.as_ref().and_then(|typed| typed.command) {
            let rest = typed.as_ref().map_or("", |typed| typed.rest);
            if command == BotCommand::Id {
                return self.tell_id(user).await;
            }
            if is_front_office {
                return self.staff.command(user, command, rest).await.map(drop);
            }
            // This group is not the front office's, so the reply goes to the private chat.
            let privately = BotUser { chat: user.id, topic: None, ..user.clone() };
            if self.staff.command(&privately, command, rest).await? {
                let line = MessageContent::text(words::answered_privately(user.language));
                self.queue.reply(user.place(), line).await;
                return Ok(());
            }
        }
        if !is_front_office && !self.state.mark_group_told(user.chat).await? {
            let line = MessageContent::text(words::not_in_groups(self.language));
            self.queue.reply(user.place(), line).await;
        }
        Ok(())
    }

    async fn callback_query(&self, query: &CallbackQuery) -> Result<(), ServiceError> {
        let Some(message) = &query.message else { return Ok(()) };
        let message_id = message.id().0;
        let chat = Destination::from(message.chat().id.0);
        let user = self.user(&query.from, message.regular_message().map_or(chat, place));
        let callback = query.data.as_deref().and_then(CallbackData::read);
        let line = match self.handle_callback(&user, message_id, callback).await {
            // For example, the booking does not exist any more.
            Err(ServiceError::Refused(refusal)) => {
                Some(refusal_text(user.language, &refusal, &self.service.policy().hotel))
            }
            line => line?,
        };
        self.queue.answer_callback(&query.id.0, line).await;
        Ok(())
    }

    /// Handles a tapped button. Returns the line to show to the user, if any.
    async fn handle_callback(
        &self,
        user: &BotUser,
        message: i32,
        callback: Option<CallbackData>,
    ) -> Result<Option<String>, ServiceError> {
        let is_private = user.chat == user.id;
        match callback {
            Some(CallbackData::Guest(callback)) if is_private => {
                self.guests.handle_callback(user, message, callback).await?;
                Ok(None)
            }
            Some(CallbackData::Staff(callback)) => {
                self.staff.handle_callback(user, message, callback).await
            }
            Some(CallbackData::WalkIn(callback)) => {
                self.staff.book_walk_in(user, message, callback).await
            }
            Some(CallbackData::Guest(_)) => Ok(None),
            None => {
                if is_private {
                    self.queue.edit(user.chat, message, GuestConversation::stale(user)).await;
                }
                Ok(Some(words::stale(user.language).to_owned()))
            }
        }
    }
}

/// What a person wrote: the text, or the caption of a picture or file.
fn words_of(message: &Message) -> Option<&str> {
    message.text().or_else(|| message.caption())
}

/// The chat of a message, with its topic. Replies in a group without topics have a thread too, which
/// is none.
fn place(message: &Message) -> Destination {
    let topic = message.thread_id.filter(|_| message.is_topic_message).map(|thread| thread.0.0);
    Destination { chat: message.chat.id.0, topic }
}

/// The language of the bot for a user with this language code on Telegram.
fn language(code: &str) -> Language {
    let primary = code.split(['-', '_']).next().unwrap_or(code);
    if READ_INDONESIAN.iter().any(|known| primary.eq_ignore_ascii_case(known)) {
        return Language::Indonesian;
    }
    Language::from_code(code).unwrap_or(Language::English)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_related_languages_get_indonesian() {
        for code in ["id", "id-ID", "jv", "su", "ms", "ms-MY", "JV"] {
            assert_eq!(language(code), Language::Indonesian, "{code}");
        }
        for code in ["en", "de", "msx", "zh-hans", ""] {
            assert_eq!(language(code), Language::English, "{code}");
        }
    }

    #[test]
    fn a_command_may_name_its_bot_and_more() {
        let typed = command("/Update_Paid@Melati_bot  RESI 1 ").unwrap();
        assert_eq!(
            (typed.command, typed.bot, typed.rest),
            (Some(BotCommand::MarkPaid), Some("Melati_bot"), "RESI 1")
        );
        assert_eq!(command("/id").map(|typed| (typed.bot, typed.rest)), Some((None, "")));
        assert!(command("id").is_none());
    }
}
