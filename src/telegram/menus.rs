//! Sets the menus of commands and the texts of the bot's profile, by language, and the button that
//! opens the form as a Mini App. Every private chat has the guests' menu. The private chats of members
//! of staff also have the front office's commands, and the front office's group has only those. The
//! menu of a chat is removed if its user is no longer staff.
//!
//! A menu only suggests commands: whether a user may use one is checked when the command arrives.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use teloxide::types::{BotCommandScope, ChatId};
use tracing::warn;
use url::Url;

use super::front_office::FrontOfficeChat;
use super::state::BotState;
use super::transport::api::Api;
use super::transport::call::CallError;
use super::{BotParts, StaffList};
use crate::backoff::Backoff;
use crate::domain::{HotelPolicy, Language, Role};
use crate::store::StoreError;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Maximum number of attempts for one call.
const MAX_ATTEMPTS: u32 = 5;
/// Waits between them.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(32));

/// What is needed to set the menus.
pub(super) struct MenuParts {
    language: Language,
    hotel: HotelPolicy,
    staff: StaffList,
    front_office: Arc<FrontOfficeChat>,
    state: BotState,
    /// The form, if Telegram can show it as a Mini App.
    form: Option<Url>,
}

impl MenuParts {
    pub(super) fn new(parts: &BotParts) -> Self {
        Self {
            language: parts.settings.language,
            hotel: parts.service.policy().hotel.clone(),
            staff: parts.settings.staff.clone(),
            front_office: Arc::clone(&parts.front_office),
            state: parts.state.clone(),
            form: parts.settings.public_url.clone().filter(|url| url.scheme() == "https"),
        }
    }
}

/// One menu of commands in one language.
struct Menu {
    lines: Vec<(&'static str, &'static str)>,
    /// The chat that has this menu; `None` for every private chat.
    chat: Option<i64>,
    /// The users' language; `None` for users of any other language.
    language: Option<&'static str>,
}

fn languages(parts: &MenuParts) -> [(Option<&'static str>, Language); 3] {
    [(None, parts.language), (Some("id"), Language::Indonesian), (Some("en"), Language::English)]
}

fn menus(parts: &MenuParts) -> Vec<Menu> {
    let mut menus = Vec::new();
    for (code, language) in languages(parts) {
        let lines = words::guest_menu(language);
        menus.push(Menu { lines, chat: None, language: code });
        for member in parts.staff.0.iter() {
            let mut lines = words::staff_menu(language, member.role);
            lines.extend(words::guest_menu(language));
            menus.push(Menu { lines, chat: Some(member.telegram_id.0), language: code });
        }
        if let Some(chat) = parts.front_office.chat().filter(|chat| *chat < 0) {
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

/// Sets every menu, and clears the menus of users that are no longer staff.
pub(super) async fn set(api: &Api, parts: &MenuParts) {
    if let Err(error) = parts.front_office.restore_chat().await {
        warn!(%error, "the new id of the front office's group could not be read");
    }
    let menus = menus(parts);
    let chats: BTreeSet<i64> = menus.iter().filter_map(|menu| menu.chat).collect();
    let known = match add_known_chats(parts, &chats).await {
        Ok(known) => known,
        Err(error) => {
            warn!(%error, "the chats whose menus are to be cleared could not be read");
            BTreeSet::new()
        }
    };
    for menu in &menus {
        let setting = Setting::Menu(menu.lines.as_slice(), menu.chat);
        if let Err(failure) = set_with_retries(api, setting, menu.language).await {
            // For example, a member of staff that never wrote to the bot has no chat with it.
            warn!(?failure, "a menu of commands was not set");
        }
    }
    for (code, language) in languages(parts) {
        let long = words::description(language, &parts.hotel);
        let short = words::short_description(language, &parts.hotel);
        let setting = Setting::Descriptions(&long, &short);
        if let Err(failure) = set_with_retries(api, setting, code).await {
            warn!(?failure, "the descriptions of the bot were not set");
        }
    }
    let label = words::guest_label(parts.language, GuestLabel::FormButton);
    let setting = Setting::FormButton(parts.form.as_ref().map(|url| (label, url)));
    if let Err(failure) = set_with_retries(api, setting, None).await {
        warn!(?failure, "the button that opens the form was not set");
    }
    let mut remaining = BTreeSet::new();
    for chat in known.difference(&chats) {
        for (code, _) in languages(parts) {
            match set_with_retries(api, Setting::NoMenu(*chat), code).await {
                Ok(()) | Err(CallError::Gone(_) | CallError::Refused(_)) => {}
                Err(failure) => {
                    warn!(?failure, "a menu of commands was not cleared");
                    remaining.insert(*chat);
                }
            }
        }
    }
    remaining.extend(chats);
    if let Err(error) = store_chats(parts, &remaining).await {
        warn!(%error, "the chats with menus could not be stored");
    }
}

/// Adds chats to the stored list of chats with a menu, and returns the whole list.
async fn add_known_chats(
    parts: &MenuParts,
    chats: &BTreeSet<i64>,
) -> Result<BTreeSet<i64>, StoreError> {
    let mut known: BTreeSet<i64> = parts.state.menu_chats().await?.into_iter().collect();
    known.extend(chats);
    store_chats(parts, &known).await?;
    Ok(known)
}

async fn store_chats(parts: &MenuParts, chats: &BTreeSet<i64>) -> Result<(), StoreError> {
    let chats: Vec<i64> = chats.iter().copied().collect();
    parts.state.put_menu_chats(&chats).await
}

/// One text or menu that Telegram keeps for the bot.
#[derive(Clone, Copy)]
enum Setting<'a> {
    /// The menu of commands of a chat, or of every private chat.
    Menu(&'a [(&'static str, &'static str)], Option<i64>),
    /// A chat has no menu of its own any more.
    NoMenu(i64),
    /// The description and the short description.
    Descriptions(&'a str, &'a str),
    /// The button of every private chat that opens the form, with its text; none if there is no form
    /// that Telegram can show.
    FormButton(Option<(&'a str, &'a Url)>),
}

/// Makes one setting for a language. Tries again after a failure that may pass, at most
/// [`MAX_ATTEMPTS`] times in all.
async fn set_with_retries(
    api: &Api,
    setting: Setting<'_>,
    language: Option<&'static str>,
) -> Result<(), CallError> {
    let mut attempts = 0;
    loop {
        let outcome = match setting {
            Setting::Menu(lines, chat) => api.set_commands(lines, scope(chat), language).await,
            Setting::NoMenu(chat) => api.delete_commands(scope(Some(chat)), language).await,
            Setting::Descriptions(long, short) => api.set_descriptions(long, short, language).await,
            Setting::FormButton(page) => api.set_menu_button(page).await,
        };
        attempts += 1;
        let pause = match &outcome {
            Err(CallError::Wait(wait)) => *wait,
            Err(CallError::Unreachable | CallError::Unknown) => BACKOFF.after(attempts),
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
        if attempts >= MAX_ATTEMPTS {
            return outcome;
        }
        tokio::time::sleep(pause).await;
    }
}
