//! What an update is about, and who answers it.

use teloxide::types::{CallbackQuery, LivePeriod, Message, Update, UpdateKind, User};

use crate::domain::travel::PositionSource;
use crate::domain::{Language, Moment};
use crate::service::ServiceError;
use crate::telegram::BotContext;
use crate::telegram::api::MessageContent;
use crate::telegram::callback::CallbackData;
use crate::telegram::guest::{BotUser, usable_name};
use crate::telegram::location::SharedPosition;
use crate::text;
use crate::text::telegram as words;

/// How long it is remembered that a group was told that we do not talk in groups.
const GROUP_TOLD: chrono::TimeDelta = chrono::TimeDelta::days(365);
/// Languages whose speakers read Indonesian rather than English: Javanese, Sundanese, Malay.
const READ_INDONESIAN: [&str; 3] = ["jv", "su", "ms"];

/// How a position came; a live one runs for so long from when it was first sent.
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

/// A command as it is typed: `/booking@hotel_bot Budi`.
struct TypedCommand<'a> {
    command: String,
    /// The bot that it names.
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
    Some(TypedCommand { command: word.to_ascii_lowercase(), bot, rest: rest.trim() })
}

impl BotContext {
    /// Handles one update.
    pub(super) async fn handle(&self, update: &Update) -> Result<(), ServiceError> {
        match &update.kind {
            UpdateKind::Message(message) => self.message(message, true).await,
            UpdateKind::EditedMessage(message) => self.message(message, false).await,
            UpdateKind::CallbackQuery(query) => self.tapped(query).await,
            // Nothing else was asked for.
            _ => Ok(()),
        }
    }

    pub(super) fn language_of(&self, user: &User) -> Language {
        match user.language_code.as_deref() {
            Some(code) => language(code),
            None => self.settings.language,
        }
    }

    fn user(&self, user: &User, chat: i64) -> BotUser {
        let language = self.language_of(user);
        let id = i64::try_from(user.id.0).unwrap_or_default();
        BotUser { chat, id, name: usable_name(&user.full_name()), language }
    }

    async fn message(&self, message: &Message, is_new: bool) -> Result<(), ServiceError> {
        let chat = message.chat.id.0;
        if let Some(to) = message.migrate_to_chat_id() {
            self.front_office.moved(&self.service, chat, to.0).await;
            return Ok(());
        }
        let Some(from) = &message.from else { return Ok(()) };
        if from.is_bot {
            return self.by_a_bot(from, message, is_new).await;
        }
        let user = self.user(from, chat);
        if !message.chat.is_private() {
            return if is_new { self.in_group(&user, message).await } else { Ok(()) };
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
            return self.shared(&user, shared).await;
        }
        if !is_new {
            // Edits are never answered.
            return Ok(());
        }
        if message.contact().is_some() {
            self.say(user.chat, MessageContent::text(words::no_contacts(user.language))).await;
            return Ok(());
        }
        let text = message.text().unwrap_or_default();
        match command(text) {
            Some(typed) => self.private_command(&user, &typed).await,
            None => self.typed(&user, text).await,
        }
    }

    async fn private_command(
        &self,
        user: &BotUser,
        typed: &TypedCommand<'_>,
    ) -> Result<(), ServiceError> {
        match typed.command.as_str() {
            "start" => self.start(user, typed.rest).await,
            "booking" => self.booking(user, typed.rest).await,
            "status" => self.statuses(user).await,
            "batal" => self.cancelling(user).await,
            "id" => self.tell_id(user).await,
            other => {
                if !self.staff_command(user, other, typed.rest).await? {
                    self.help(user).await;
                }
                Ok(())
            }
        }
    }

    async fn tell_id(&self, user: &BotUser) -> Result<(), ServiceError> {
        let html = words::your_id(user.language, user.id, user.chat);
        self.say(user.chat, MessageContent::text(html)).await;
        Ok(())
    }

    /// Who administers the front office's group without a name cannot be told from anybody else
    /// who does, so their commands are nobody's.
    async fn by_a_bot(
        &self,
        from: &User,
        message: &Message,
        is_new: bool,
    ) -> Result<(), ServiceError> {
        let chat = message.chat.id.0;
        let typed = message.text().and_then(command).filter(|typed| self.is_meant(typed));
        if is_new
            && from.is_anonymous()
            && self.front_office.chat() == Some(chat)
            && typed.is_some()
        {
            self.say(chat, MessageContent::text(words::not_anonymously(self.settings.language)))
                .await;
        }
        Ok(())
    }

    /// A command that names no bot, or this one.
    fn is_meant(&self, typed: &TypedCommand<'_>) -> bool {
        match (typed.bot, self.name.get()) {
            (Some(bot), Some(name)) => bot.eq_ignore_ascii_case(name),
            // The name comes with the first contact.
            (Some(_), None) | (None, _) => true,
        }
    }

    async fn in_group(&self, user: &BotUser, message: &Message) -> Result<(), ServiceError> {
        let typed = message.text().and_then(command);
        if typed.as_ref().is_some_and(|typed| !self.is_meant(typed)) {
            return Ok(());
        }
        let is_front_office = self.front_office.chat() == Some(user.chat);
        if let Some(typed) = &typed {
            if typed.command == "id" {
                return self.tell_id(user).await;
            }
            if is_front_office {
                return self.staff_command(user, &typed.command, typed.rest).await.map(drop);
            }
            // Others read here too, so the answer goes to who asked.
            let privately = BotUser { chat: user.id, ..user.clone() };
            if self.staff_command(&privately, &typed.command, typed.rest).await? {
                let line = MessageContent::text(words::answered_privately(user.language));
                self.say(user.chat, line).await;
                return Ok(());
            }
        }
        if is_front_office {
            return Ok(());
        }
        let value = format!("telegram.group:{}", user.chat);
        if self.service.value(&value).await?.is_none() {
            self.service.put_value(&value, "told".to_owned(), GROUP_TOLD).await?;
            self.say(user.chat, MessageContent::text(words::not_in_groups(self.settings.language)))
                .await;
        }
        Ok(())
    }

    async fn tapped(&self, query: &CallbackQuery) -> Result<(), ServiceError> {
        let Some(message) = &query.message else { return Ok(()) };
        let (chat, message_id) = (message.chat().id.0, message.id().0);
        let user = self.user(&query.from, chat);
        let callback = query.data.as_deref().and_then(CallbackData::read);
        let line = match self.tapped_on(&user, message_id, callback).await {
            // A booking that is not there any more, say.
            Err(ServiceError::Refused(refusal)) => {
                Some(text::refusal(user.language, &refusal, &self.service.policy().hotel))
            }
            line => line?,
        };
        self.answer(&query.id.0, line).await;
        Ok(())
    }

    /// Does what a tap says. Answers the line that they read.
    async fn tapped_on(
        &self,
        user: &BotUser,
        message: i32,
        callback: Option<CallbackData>,
    ) -> Result<Option<String>, ServiceError> {
        let is_private = user.chat == user.id;
        match callback {
            Some(CallbackData::Guest(callback)) if is_private => {
                self.guest_callback(user, message, callback).await?;
                Ok(None)
            }
            Some(CallbackData::Staff(callback)) => self.staff_tapped(user, message, callback).await,
            Some(CallbackData::Guest(_)) => Ok(None),
            None => {
                if is_private {
                    self.show(user.chat, message, Self::stale(user)).await;
                }
                Ok(Some(words::stale(user.language).to_owned()))
            }
        }
    }
}

/// The language of somebody whose Telegram is in that of a code.
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
    fn neighbours_of_indonesian_read_indonesian() {
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
            (typed.command.as_str(), typed.bot, typed.rest),
            ("update_paid", Some("Melati_bot"), "RESI 1")
        );
        assert_eq!(command("/id").map(|typed| (typed.bot, typed.rest)), Some((None, "")));
        assert!(command("id").is_none());
    }
}
