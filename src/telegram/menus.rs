//! The menus of commands: guests see theirs in every private chat; each member of staff sees the
//! front office's in theirs, and nobody else does. Who is no longer staff loses it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use teloxide::types::{BotCommandScope, ChatId};
use tracing::warn;

use super::front_office::FrontOfficeChat;
use super::state::BotState;
use super::transport::api::{Api, CallError};
use super::{BotParts, StaffList};
use crate::backoff::Backoff;
use crate::domain::{Language, Role};
use crate::store::StoreError;
use crate::text::telegram as words;

/// Tries of one call.
const TRIES: u32 = 5;
/// Waits between them.
const PAUSE: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(32));

/// What menus are made of.
pub(super) struct MenuParts {
    language: Language,
    staff: StaffList,
    front_office: Arc<FrontOfficeChat>,
    state: BotState,
}

impl MenuParts {
    pub(super) fn new(parts: &BotParts) -> Self {
        Self {
            language: parts.settings.language,
            staff: parts.settings.staff.clone(),
            front_office: Arc::clone(&parts.front_office),
            state: parts.state.clone(),
        }
    }
}

/// One menu of commands: its lines, for whom, in which language.
struct Menu {
    lines: Vec<(&'static str, &'static str)>,
    /// `None`: every private chat.
    chat: Option<i64>,
    language: Option<&'static str>,
}

fn languages(bot: &MenuParts) -> [(Option<&'static str>, Language); 3] {
    [(None, bot.language), (Some("id"), Language::Indonesian), (Some("en"), Language::English)]
}

fn menus(bot: &MenuParts) -> Vec<Menu> {
    let mut menus = Vec::new();
    for (code, language) in languages(bot) {
        let lines = words::guest_menu(language);
        menus.push(Menu { lines, chat: None, language: code });
        for member in bot.staff.0.iter() {
            let mut lines = words::staff_menu(language, member.role);
            lines.extend(words::guest_menu(language));
            menus.push(Menu { lines, chat: Some(member.telegram_id.0), language: code });
        }
        if let Some(chat) = bot.front_office.chat().filter(|chat| *chat < 0) {
            let lines = words::staff_menu(language, Role::Manager);
            menus.push(Menu { lines, chat: Some(chat), language: code });
        }
    }
    menus
}

fn scope(chat: Option<i64>) -> BotCommandScope {
    match chat {
        None => BotCommandScope::AllPrivateChats,
        Some(chat) => BotCommandScope::Chat { chat_id: ChatId(chat).into() },
    }
}

/// Sets every menu, and takes away those of people who are no longer staff.
pub(super) async fn set(api: &Api, bot: &MenuParts) {
    if let Err(error) = bot.front_office.recall().await {
        warn!(%error, "whether the front office's group has moved is not known");
    }
    let menus = menus(bot);
    let chats: BTreeSet<i64> = menus.iter().filter_map(|menu| menu.chat).collect();
    let known = match remember(bot, &chats).await {
        Ok(known) => known,
        Err(error) => {
            warn!(%error, "whose menus are to be cleared is not known");
            BTreeSet::new()
        }
    };
    for menu in &menus {
        let lines = Some(menu.lines.as_slice());
        if let Err(failure) = patiently(api, lines, menu.chat, menu.language).await {
            // A member of staff who never wrote to the bot has no chat with it yet.
            warn!(?failure, "a menu of commands was not set");
        }
    }
    let mut left = BTreeSet::new();
    for chat in known.difference(&chats) {
        for (code, _) in languages(bot) {
            match patiently(api, None, Some(*chat), code).await {
                Ok(()) | Err(CallError::Gone(_) | CallError::Refused(_)) => {}
                Err(failure) => {
                    warn!(?failure, "a menu of commands was not cleared");
                    left.insert(*chat);
                }
            }
        }
    }
    left.extend(chats);
    if let Err(error) = keep(bot, &left).await {
        warn!(%error, "whose menus were cleared was not kept");
    }
}

/// Keeps which chats get menus, and answers which had them or may have.
async fn remember(bot: &MenuParts, chats: &BTreeSet<i64>) -> Result<BTreeSet<i64>, StoreError> {
    let mut known: BTreeSet<i64> = bot.state.menu_chats().await?.into_iter().collect();
    known.extend(chats);
    keep(bot, &known).await?;
    Ok(known)
}

async fn keep(bot: &MenuParts, chats: &BTreeSet<i64>) -> Result<(), StoreError> {
    let chats: Vec<i64> = chats.iter().copied().collect();
    bot.state.put_menu_chats(&chats).await
}

/// Sets one menu, or (without lines) clears it: until it is done, refused, or was tried often.
async fn patiently(
    api: &Api,
    lines: Option<&[(&'static str, &'static str)]>,
    chat: Option<i64>,
    language: Option<&'static str>,
) -> Result<(), CallError> {
    let mut tried = 0;
    loop {
        let outcome = match lines {
            Some(lines) => api.set_commands(lines, scope(chat), language).await,
            None => api.delete_commands(scope(chat), language).await,
        };
        tried += 1;
        let pause = match &outcome {
            Err(CallError::Wait(wait)) => *wait,
            Err(CallError::Unreachable | CallError::Unknown) => PAUSE.after(tried),
            Ok(())
            | Err(
                CallError::Busy
                | CallError::Gone(_)
                | CallError::Moved(_)
                | CallError::NoMessage
                | CallError::WrongToken
                | CallError::TakenByAnother
                | CallError::Refused(_),
            ) => return outcome,
        };
        if tried >= TRIES {
            return outcome;
        }
        tokio::time::sleep(pause).await;
    }
}
