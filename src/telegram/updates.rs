//! Updates: by long polling or by webhook, in order within a chat and side by side across chats,
//! confirmed only when they were handled.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use teloxide::types::{CallbackQuery, LivePeriod, Message, Update, UpdateKind, User};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use url::Url;

use super::api::{Api, CallError, Shown};
use super::callback::Tap;
use super::guest::{Asker, usable_name};
use super::location::Shared;
use super::{BotName, Lobby, Menu, PART, set_menus};
use crate::config::Webhook;
use crate::desk::{DeskError, StoreError};
use crate::domain::travel::Source;
use crate::domain::{Language, Moment};
use crate::lifecycle::Health;
use crate::text::telegram as words;

/// Tries of one update, after which it is passed.
const TRIES: u32 = 5;
/// Chats handled side by side.
const SIDE_BY_SIDE: usize = 32;
/// Handled updates remembered, in case one comes twice.
const REMEMBERED: usize = 4_096;
/// Waits between tries to reach Telegram: doubled from the first to the last.
const RETRY: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);
/// Where Telegram calls, below the public URL.
const WEBHOOK_PATH: &str = "/telegram/webhook";
/// How long the last handled update of a chat is known. Telegram keeps updates for a day, and may
/// start to count anew after a quiet week (Bot API, `Update.update_id`).
const LAST: chrono::TimeDelta = chrono::TimeDelta::days(2);
/// How long it is remembered that a group was told that we do not talk in groups.
const GROUP_TOLD: chrono::TimeDelta = chrono::TimeDelta::days(365);

/// One lock a chat: what happens in it happens one after the other.
#[derive(Default)]
pub(super) struct ChatLocks(Mutex<HashMap<i64, Weak<tokio::sync::Mutex<()>>>>);

impl ChatLocks {
    pub(super) fn of(&self, chat: i64) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| lock.strong_count() > 0);
        let known = locks.get(&chat).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let fresh = Arc::default();
            locks.insert(chat, Arc::downgrade(&fresh));
            fresh
        })
    }
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Handled, or passed.
    Done,
    /// The store is away: to be handled later.
    Later,
}

/// Takes updates in, whichever way they come.
pub struct Inbox {
    lobby: Arc<Lobby>,
    handled: Mutex<VecDeque<u32>>,
}

impl Inbox {
    pub(super) fn new(lobby: Arc<Lobby>) -> Self {
        Self { lobby, handled: Mutex::new(VecDeque::with_capacity(REMEMBERED)) }
    }

    /// Handles what a webhook brought; `false` asks for it again.
    pub async fn take_in(&self, body: &[u8]) -> bool {
        if let Ok(update) = serde_json::from_slice::<Update>(body) {
            return self.take(update).await == Outcome::Done;
        }
        warn!("what the webhook brought is no update");
        true
    }

    /// Handles many: in order within a chat, chats side by side.
    async fn take_all(&self, updates: Vec<Update>) -> Outcome {
        let mut chats: BTreeMap<i64, Vec<Update>> = BTreeMap::new();
        for update in updates {
            chats.entry(chat_of(&update)).or_default().push(update);
        }
        let one_chat = |updates: Vec<Update>| async move {
            for update in updates {
                if self.take(update).await == Outcome::Later {
                    return Outcome::Later;
                }
            }
            Outcome::Done
        };
        let outcomes: Vec<Outcome> = stream::iter(chats.into_values().map(one_chat))
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        if outcomes.contains(&Outcome::Later) { Outcome::Later } else { Outcome::Done }
    }

    async fn take(&self, update: Update) -> Outcome {
        let id = update.id.0;
        let lock = self.lobby.locks.of(chat_of(&update));
        let _in_turn = lock.lock().await;
        let is_edit = matches!(update.kind, UpdateKind::EditedMessage(_));
        match self.was_handled(id, chat_of(&update), is_edit).await {
            Ok(false) => {}
            Ok(true) => return Outcome::Done,
            Err(error) => {
                warn!(update = id, %error, "an update waits for the store");
                return Outcome::Later;
            }
        }
        for attempt in 1..=TRIES {
            let handling = AssertUnwindSafe(self.lobby.handle(&update)).catch_unwind().await;
            match handling {
                Ok(Ok(())) => break,
                Ok(Err(DeskError::Store(StoreError::Unavailable(_)))) => return Outcome::Later,
                Ok(Err(failure)) => warn!(update = id, attempt, %failure, "an update failed"),
                Err(_) => error!(update = id, attempt, "an update made its handler crash"),
            }
            if attempt == TRIES {
                error!(update = id, "an update is passed, because it failed {TRIES} times");
                break;
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
        }
        self.note(id);
        if !is_edit {
            let memo = last_memo(chat_of(&update));
            if let Err(error) = self.lobby.desk.keep_memo(&memo, id.to_string(), LAST).await {
                warn!(update = id, %error, "it was not kept that an update is handled");
            }
        }
        Outcome::Done
    }

    /// Whether an update was handled before, by this process or an earlier one. (A move on the
    /// map has no second effect anyway.)
    async fn was_handled(&self, id: u32, chat: i64, is_edit: bool) -> Result<bool, StoreError> {
        if self.handled.lock().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            return Ok(true);
        }
        if is_edit {
            return Ok(false);
        }
        let last = self.lobby.desk.memo(&last_memo(chat)).await?;
        Ok(last.and_then(|last| last.parse::<u32>().ok()).is_some_and(|last| id <= last))
    }

    fn note(&self, id: u32) {
        let mut handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
        if handled.len() >= REMEMBERED {
            handled.pop_front();
        }
        handled.push_back(id);
    }
}

fn last_memo(chat: i64) -> String {
    format!("telegram.handled:{chat}")
}

fn chat_of(update: &Update) -> i64 {
    update.chat().map_or(0, |chat| chat.id.0)
}

/// The work of taking updates in.
pub(super) struct Intake {
    pub api: Api,
    pub inbox: Arc<Inbox>,
    pub health: Health,
    pub name: BotName,
    pub webhook: Webhook,
    pub base_url: String,
    pub menus: Vec<Menu>,
}

impl Intake {
    pub(super) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.set_up() => {}
        }
        match self.webhook {
            Webhook::On { .. } => stop.cancelled().await,
            Webhook::Off => self.poll(stop).await,
        }
    }

    /// Learns the bot's name, sets its menus, and says how updates are to come.
    async fn set_up(&self) {
        let mut wait = *RETRY.start();
        while let Err(failure) = self.try_set_up().await {
            self.degraded(&failure);
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(*RETRY.end());
        }
        self.health.set_degraded(PART, None);
        info!("the bot is known to Telegram");
        set_menus(&self.api, &self.menus).await;
    }

    async fn try_set_up(&self) -> Result<(), CallError> {
        let name = self.api.name().await?;
        let _ = self.name.set(name);
        match &self.webhook {
            Webhook::Off => self.api.delete_webhook().await,
            Webhook::On { secret } => {
                let url = Url::parse(&format!("{}{WEBHOOK_PATH}", self.base_url));
                let url = url.map_err(|error| CallError::Refused(error.to_string()))?;
                self.api.set_webhook(url, secret.expose()).await
            }
        }
    }

    async fn poll(&self, stop: CancellationToken) {
        let mut from = 0;
        let mut wait = *RETRY.start();
        loop {
            let answer = tokio::select! {
                () = stop.cancelled() => return,
                answer = self.api.updates(from) => answer,
            };
            let pause = match answer {
                Ok(updates) => {
                    self.health.set_degraded(PART, None);
                    let next = updates.iter().map(|update| update.id.as_offset()).max();
                    match self.inbox.take_all(updates).await {
                        Outcome::Done => {
                            from = next.unwrap_or(from);
                            wait = *RETRY.start();
                            continue;
                        }
                        // Unconfirmed, they come again.
                        Outcome::Later => *RETRY.start(),
                    }
                }
                Err(failure) => {
                    self.degraded(&failure);
                    match failure {
                        CallError::Wait(asked) => asked,
                        CallError::Unreachable
                        | CallError::Unknown
                        | CallError::Gone(_)
                        | CallError::NoMessage
                        | CallError::WrongToken
                        | CallError::TakenByAnother
                        | CallError::Refused(_) => wait,
                    }
                }
            };
            wait = (wait * 2).min(*RETRY.end());
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn degraded(&self, failure: &CallError) {
        let reason = match failure {
            CallError::Wait(_) => "Telegram asks for patience".to_owned(),
            CallError::Unreachable | CallError::Unknown => "Telegram cannot be reached".to_owned(),
            CallError::WrongToken => "Telegram does not accept the token".to_owned(),
            CallError::TakenByAnother => "another process takes this bot's updates".to_owned(),
            CallError::Gone(reason) => (*reason).to_owned(),
            CallError::NoMessage => "a message is gone".to_owned(),
            CallError::Refused(words) => words.clone(),
        };
        self.health.set_degraded(PART, Some(reason));
    }
}

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
    rest: &'a str,
}

fn command(text: &str) -> Option<Typed<'_>> {
    let line = text.strip_prefix('/')?;
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let word = word.split('@').next().unwrap_or(word);
    Some(Typed { command: word.to_ascii_lowercase(), rest: rest.trim() })
}

impl Lobby {
    /// Handles one update.
    async fn handle(&self, update: &Update) -> Result<(), DeskError> {
        match &update.kind {
            UpdateKind::Message(message) => self.message(message, true).await,
            UpdateKind::EditedMessage(message) => self.message(message, false).await,
            UpdateKind::CallbackQuery(query) => self.tapped(query).await,
            // Nothing else was asked for.
            _ => Ok(()),
        }
    }

    fn asker(&self, user: &User, chat: i64) -> Asker {
        let language = match user.language_code.as_deref() {
            Some(code) => Language::from_code(code).unwrap_or(Language::English),
            None => self.settings.language,
        };
        let id = i64::try_from(user.id.0).unwrap_or_default();
        Asker { chat, id, name: usable_name(&user.full_name()), language }
    }

    async fn message(&self, message: &Message, is_new: bool) -> Result<(), DeskError> {
        let Some(from) = message.from.as_ref().filter(|from| !from.is_bot) else { return Ok(()) };
        let asker = self.asker(from, message.chat.id.0);
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

    async fn in_group(&self, asker: &Asker, message: &Message) -> Result<(), DeskError> {
        let typed = message.text().and_then(command);
        if let Some(typed) = &typed {
            if typed.command == "id" {
                return self.tell_id(asker).await;
            }
            if self.staff_command(asker, &typed.command, typed.rest).await? {
                return Ok(());
            }
        }
        if self.settings.fo_chat == Some(asker.chat) {
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
        let line = match tap {
            Some(Tap::Guest(tap)) if chat == asker.id => {
                self.guest_tap(&asker, message_id, tap).await?;
                None
            }
            Some(Tap::Staff(tap)) => self.staff_tapped(&asker, message_id, tap).await?,
            Some(Tap::Guest(_)) => None,
            None => {
                if chat == asker.id {
                    let stale = Self::stale(&asker);
                    self.show(chat, message_id, stale).await;
                }
                Some(words::stale(asker.language).to_owned())
            }
        };
        self.answer(&query.id.0, line).await;
        Ok(())
    }
}
