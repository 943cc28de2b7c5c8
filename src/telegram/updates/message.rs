//! What an update is about, and who answers it.

use teloxide::types::{CallbackQuery, LivePeriod, Message, Update, UpdateKind, User};

use crate::desk::DeskError;
use crate::domain::travel::Source;
use crate::domain::{Language, Moment};
use crate::telegram::Lobby;
use crate::telegram::api::Shown;
use crate::telegram::callback::Tap;
use crate::telegram::guest::{Asker, usable_name};
use crate::telegram::location::Shared;
use crate::text;
use crate::text::telegram as words;

/// How long it is remembered that a group was told that we do not talk in groups.
const GROUP_TOLD: chrono::TimeDelta = chrono::TimeDelta::days(365);
/// Languages whose speakers read Indonesian rather than English: Javanese, Sundanese, Malay.
const READ_INDONESIAN: [&str; 3] = ["jv", "su", "ms"];

/// How a position came; a live one runs for so long from when it was first sent.
fn source(live: Option<LivePeriod>, sent_at: Moment) -> Source {
    match live {
        None => Source::Single,
        Some(LivePeriod::Indefinite) => Source::Live { until: None },
        Some(LivePeriod::Timeframe(seconds)) => {
            let length = chrono::TimeDelta::seconds(i64::from(seconds.seconds()));
            Source::Live { until: Some(sent_at + length) }
        }
    }
}

/// A command as it is typed: `/booking@hotel_bot Budi`.
struct Typed<'a> {
    command: String,
    /// The bot that it names.
    bot: Option<&'a str>,
    rest: &'a str,
}

fn command(text: &str) -> Option<Typed<'_>> {
    let line = text.strip_prefix('/')?;
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (word, bot) = match word.split_once('@') {
        Some((word, bot)) => (word, Some(bot)),
        None => (word, None),
    };
    Some(Typed { command: word.to_ascii_lowercase(), bot, rest: rest.trim() })
}

impl Lobby {
    /// Handles one update.
    pub(super) async fn handle(&self, update: &Update) -> Result<(), DeskError> {
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

    fn asker(&self, user: &User, chat: i64) -> Asker {
        let language = self.language_of(user);
        let id = i64::try_from(user.id.0).unwrap_or_default();
        Asker { chat, id, name: usable_name(&user.full_name()), language }
    }

    async fn message(&self, message: &Message, is_new: bool) -> Result<(), DeskError> {
        let chat = message.chat.id.0;
        if let Some(to) = message.migrate_to_chat_id() {
            self.front_office.moved(&self.desk, chat, to.0).await;
            return Ok(());
        }
        let Some(from) = &message.from else { return Ok(()) };
        if from.is_bot {
            return self.by_a_bot(from, message, is_new).await;
        }
        let asker = self.asker(from, chat);
        if !message.chat.is_private() {
            return if is_new { self.in_group(&asker, message).await } else { Ok(()) };
        }
        if let Some(location) = message.location() {
            let at = message.edit_date().copied().unwrap_or(message.date);
            let shared = Shared {
                latitude: location.latitude,
                longitude: location.longitude,
                accuracy_metres: location.horizontal_accuracy,
                at,
                is_new,
                source: source(location.live_period, message.date),
            };
            return self.shared(&asker, shared).await;
        }
        if !is_new {
            // Edits are never answered.
            return Ok(());
        }
        if message.contact().is_some() {
            self.say(asker.chat, Shown::text(words::no_contacts(asker.language))).await;
            return Ok(());
        }
        let text = message.text().unwrap_or_default();
        match command(text) {
            Some(typed) => self.private_command(&asker, &typed).await,
            None => self.typed(&asker, text).await,
        }
    }

    async fn private_command(&self, asker: &Asker, typed: &Typed<'_>) -> Result<(), DeskError> {
        match typed.command.as_str() {
            "start" => self.start(asker, typed.rest).await,
            "booking" => self.booking(asker, typed.rest).await,
            "status" => self.statuses(asker).await,
            "batal" => self.cancelling(asker).await,
            "id" => self.tell_id(asker).await,
            other => {
                if !self.staff_command(asker, other, typed.rest).await? {
                    self.help(asker).await;
                }
                Ok(())
            }
        }
    }

    async fn tell_id(&self, asker: &Asker) -> Result<(), DeskError> {
        let html = words::your_id(asker.language, asker.id, asker.chat);
        self.say(asker.chat, Shown::text(html)).await;
        Ok(())
    }

    /// Who administers the front office's group without a name cannot be told from anybody else
    /// who does, so their commands are nobody's.
    async fn by_a_bot(
        &self,
        from: &User,
        message: &Message,
        is_new: bool,
    ) -> Result<(), DeskError> {
        let chat = message.chat.id.0;
        let typed = message.text().and_then(command).filter(|typed| self.is_meant(typed));
        if is_new
            && from.is_anonymous()
            && self.front_office.chat() == Some(chat)
            && typed.is_some()
        {
            self.say(chat, Shown::text(words::not_anonymously(self.settings.language))).await;
        }
        Ok(())
    }

    /// A command that names no bot, or this one.
    fn is_meant(&self, typed: &Typed<'_>) -> bool {
        match (typed.bot, self.name.get()) {
            (Some(bot), Some(name)) => bot.eq_ignore_ascii_case(name),
            // The name comes with the first contact.
            (Some(_), None) | (None, _) => true,
        }
    }

    async fn in_group(&self, asker: &Asker, message: &Message) -> Result<(), DeskError> {
        let typed = message.text().and_then(command);
        if typed.as_ref().is_some_and(|typed| !self.is_meant(typed)) {
            return Ok(());
        }
        let is_front_office = self.front_office.chat() == Some(asker.chat);
        if let Some(typed) = &typed {
            if typed.command == "id" {
                return self.tell_id(asker).await;
            }
            if is_front_office {
                return self.staff_command(asker, &typed.command, typed.rest).await.map(drop);
            }
            // Others read here too, so the answer goes to who asked.
            let privately = Asker { chat: asker.id, ..asker.clone() };
            if self.staff_command(&privately, &typed.command, typed.rest).await? {
                let line = Shown::text(words::answered_privately(asker.language));
                self.say(asker.chat, line).await;
                return Ok(());
            }
        }
        if is_front_office {
            return Ok(());
        }
        let memo = format!("telegram.group:{}", asker.chat);
        if self.desk.memo(&memo).await?.is_none() {
            self.desk.keep_memo(&memo, "told".to_owned(), GROUP_TOLD).await?;
            self.say(asker.chat, Shown::text(words::not_in_groups(self.settings.language))).await;
        }
        Ok(())
    }

    async fn tapped(&self, query: &CallbackQuery) -> Result<(), DeskError> {
        let Some(message) = &query.message else { return Ok(()) };
        let (chat, message_id) = (message.chat().id.0, message.id().0);
        let asker = self.asker(&query.from, chat);
        let tap = query.data.as_deref().and_then(Tap::read);
        let line = match self.tapped_on(&asker, message_id, tap).await {
            // A booking that is not there any more, say.
            Err(DeskError::Refused(refusal)) => {
                Some(text::refusal(asker.language, &refusal, &self.desk.policy().hotel))
            }
            line => line?,
        };
        self.answer(&query.id.0, line).await;
        Ok(())
    }

    /// Does what a tap says. Answers the line that they read.
    async fn tapped_on(
        &self,
        asker: &Asker,
        message: i32,
        tap: Option<Tap>,
    ) -> Result<Option<String>, DeskError> {
        let is_private = asker.chat == asker.id;
        match tap {
            Some(Tap::Guest(tap)) if is_private => {
                self.guest_tap(asker, message, tap).await?;
                Ok(None)
            }
            Some(Tap::Staff(tap)) => self.staff_tapped(asker, message, tap).await,
            Some(Tap::Guest(_)) => Ok(None),
            None => {
                if is_private {
                    self.show(asker.chat, message, Self::stale(asker)).await;
                }
                Ok(Some(words::stale(asker.language).to_owned()))
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
