//! The bot: a door for guests and front office alike, and the way of notices to both.
//!
//! Updates come in by long polling or by webhook and count as handled only when they were; what
//! goes out passes the one outbox. What a conversation needs to remember travels in its
//! buttons or is kept as a memo, so a restart loses none.

mod api;
mod board;
mod board_follower;
mod callback;
mod condition;
mod front_office;
mod guest;
mod location;
mod memory;
mod menus;
mod merging;
mod notices;
mod outbox;
mod staff;
mod staff_tap;
mod status;
mod updates;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc;
use url::Url;

use crate::auth::StaffDoor;
use crate::config::{Config, Webhook};
use crate::courier::Deliver;
use crate::desk::{Desk, NodeId};
use crate::domain::Language;
use crate::feed::Feed;
use crate::lifecycle::{Health, Phase};
use crate::qris::Qris;

use api::{Api, CallError, Shown};
use condition::Condition;
use front_office::FrontOffice;
use outbox::{Call, Outbox, OutboxWork, Reader};

use notices::Messenger;
pub use updates::Inbox;

/// How long the start waits for the bot's name; it comes later otherwise.
const FIRST_CALL: Duration = Duration::from_secs(5);

/// Why the bot cannot be set up. Only at start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The client or an address is unusable.
    #[error("telegram: {0}")]
    Unusable(String),
    /// Telegram knows no such bot.
    #[error("telegram.token: Telegram does not accept this token")]
    WrongToken,
}

/// The bot's user name, once Telegram has told it. Clones share it.
pub type BotName = Arc<OnceLock<String>>;

/// The bot before anything of it runs.
pub struct Telegram {
    api: Api,
    outbox: Outbox,
    work: OutboxWork,
    kept: mpsc::UnboundedReceiver<memory::Kept>,
    name: BotName,
    settings: Settings,
}

/// What was configured of the bot.
#[derive(Clone)]
struct Settings {
    staff: Arc<Vec<crate::config::StaffMember>>,
    fo_chat: Option<i64>,
    language: Language,
    base_url: String,
    /// Pages that a button may lead to, if there are any.
    public_url: Option<Url>,
    webhook: Webhook,
}

/// What the handlers work with.
pub(crate) struct Lobby {
    desk: Arc<Desk>,
    door: StaffDoor,
    outbox: Outbox,
    settings: Settings,
    name: BotName,
    front_office: FrontOffice,
    thinning: location::Thinning,
    /// The right to change which chats have a dashboard.
    boards: tokio::sync::Mutex<()>,
    locks: updates::ChatLocks,
}

impl Telegram {
    /// The bot as configured; `None` without a token. Asks Telegram who it is, and goes on
    /// without an answer.
    ///
    /// # Errors
    /// [`SetupError`]
    pub async fn set_up(
        config: &Config,
        base_url: String,
        name: BotName,
    ) -> Result<Option<Self>, SetupError> {
        let Some(token) = &config.telegram.token else { return Ok(None) };
        let unusable = |what: String| SetupError::Unusable(what);
        let url = Url::parse(config.telegram.api_url.as_str());
        let url = url.map_err(|error| unusable(error.to_string()))?;
        let api = Api::new(token.expose(), &url).map_err(unusable)?;
        match tokio::time::timeout(FIRST_CALL, api.name()).await {
            Ok(Ok(found)) => drop(name.set(found)),
            Ok(Err(CallError::WrongToken)) => return Err(SetupError::WrongToken),
            // It is asked again as soon as Telegram can be reached.
            Ok(Err(_)) | Err(_) => {}
        }
        let public_url = config.server.public_url.as_ref();
        let (outbox, work, kept) = Outbox::new(Arc::new(api.clone()));
        let settings = Settings {
            staff: Arc::new(config.staff.clone()),
            fo_chat: config.telegram.fo_chat_id,
            language: config.hotel.language,
            base_url,
            public_url: public_url
                .filter(|url| url.is_for_buttons())
                .and_then(|url| Url::parse(url.as_str()).ok()),
            webhook: config.telegram.webhook.clone(),
        };
        Ok(Some(Self { api, outbox, work, kept, name, settings }))
    }

    /// Starts the bot's workers: those that take in belong to the doors, those that send to the
    /// deliveries. Answers where webhook calls go, and the way of notices.
    #[must_use]
    pub fn start(
        self,
        (desk, door): (&Arc<Desk>, StaffDoor),
        qris: Option<Qris>,
        (feed, node): (&Feed, NodeId),
        health: Health,
        doors: &Phase,
        deliveries: &Phase,
    ) -> (Arc<Inbox>, Arc<dyn Deliver>) {
        let Self { api, outbox, work, kept, name, settings } = self;
        let condition = Condition::new(health);
        let lobby = Arc::new(Lobby {
            desk: Arc::clone(desk),
            door,
            outbox,
            settings: settings.clone(),
            name: Arc::clone(&name),
            front_office: FrontOffice::new(settings.fo_chat, condition.clone()),
            thinning: location::Thinning::default(),
            boards: tokio::sync::Mutex::default(),
            locks: updates::ChatLocks::default(),
        });
        let (deliver, merging) = Messenger::with_merging(Arc::clone(&lobby), qris);
        deliveries.spawn("telegram outbox", work.run(deliveries.stop_signal(), condition.clone()));
        deliveries.spawn("telegram notices", merging.run(deliveries.stop_signal()));
        let memory = memory::Memory::new(Arc::clone(&lobby), kept);
        deliveries.spawn("telegram memory", memory.run(deliveries.stop_signal()));
        let status = status::Follower::new(Arc::clone(&lobby), feed.clone(), node.clone());
        doors.spawn("telegram status", status.run(doors.stop_signal()));
        let board = board_follower::Follower::new(Arc::clone(&lobby), feed.clone(), node);
        doors.spawn("telegram board", board.run(doors.stop_signal()));
        let inbox = Arc::new(Inbox::new(lobby));
        let intake = updates::Intake {
            api,
            inbox: Arc::clone(&inbox),
            condition,
            name,
            webhook: settings.webhook.clone(),
            base_url: settings.base_url.clone(),
        };
        doors.spawn("telegram updates", intake.run(doors.stop_signal()));
        (inbox, deliver)
    }
}

/// What `jatah check` says of the bot: whether it answers, and how updates come.
///
/// # Errors
/// [`SetupError`]
pub async fn check(config: &Config) -> Result<Vec<String>, SetupError> {
    let Some(token) = &config.telegram.token else {
        return Ok(vec!["telegram: no bot is configured".to_owned()]);
    };
    let url = Url::parse(config.telegram.api_url.as_str());
    let url = url.map_err(|error| SetupError::Unusable(error.to_string()))?;
    let api = Api::new(token.expose(), &url).map_err(SetupError::Unusable)?;
    let name = match api.name().await {
        Ok(name) => name,
        Err(CallError::WrongToken) => return Err(SetupError::WrongToken),
        Err(_) => return Err(SetupError::Unusable("Telegram cannot be reached".to_owned())),
    };
    let mut lines = vec![format!("telegram: ok, the bot is @{name}")];
    match api.webhook().await {
        Ok((url, waiting, error)) => {
            let ways = url.map_or_else(
                || "updates are asked for".to_owned(),
                |url| format!("updates come to {url}"),
            );
            lines.push(format!("telegram: {ways}, {waiting} wait"));
            lines.extend(error.map(|error| format!("warning: telegram.webhook: {error}")));
        }
        Err(_) => lines.push("warning: telegram: the webhook's state is not known".to_owned()),
    }
    Ok(lines)
}

impl Lobby {
    /// Says something in a chat, in answer to somebody.
    async fn say(&self, chat: i64, shown: Shown) {
        self.outbox.post(chat, Reader::Waiting, Call::Send(shown)).await;
    }

    /// Shows something else in a message, in answer to somebody.
    async fn show(&self, chat: i64, message: i32, shown: Shown) {
        self.outbox.post(chat, Reader::Waiting, Call::Edit(message, shown)).await;
    }

    /// Ends the waiting sign of a tapped button.
    async fn answer(&self, query: &str, line: Option<String>) {
        self.outbox.post(0, Reader::Waiting, Call::Answer(query.to_owned(), line)).await;
    }

    /// The member of staff with this id.
    fn member(&self, id: i64) -> Option<&crate::config::StaffMember> {
        self.settings.staff.iter().find(|member| member.telegram_id.0 == id)
    }
}
