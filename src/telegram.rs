//! The bot: a door for guests and front office alike, and the way of notices to both.
//!
//! Updates come in by long polling or by webhook and count as handled only when they were; what
//! goes out passes the one outbox. What a conversation needs to remember travels in its
//! buttons or is kept as a memo, so a restart loses none.

mod api;
mod callback;
mod dashboard;
mod dashboard_updater;
mod front_office;
mod guest;
mod health;
mod location;
mod memory;
mod menus;
mod merging;
mod notifications;
mod send_queue;
mod staff;
mod staff_callbacks;
mod status;
mod updates;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc;
use url::Url;

use crate::auth::StaffAuth;
use crate::config::{Config, Webhook};
use crate::domain::Language;
use crate::feed::Feed;
use crate::lifecycle::{Health, Phase};
use crate::notifier::DeliveryMethod;
use crate::qris::Qris;
use crate::service::{BookingService, NodeId};

use api::{Api, CallError, MessageContent};
use front_office::FrontOfficeChat;
use health::BotHealth;
use send_queue::{Call, Priority, SendQueue, SendQueueWorker};

use notifications::TelegramDelivery;
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
    send_queue: SendQueue,
    work: SendQueueWorker,
    kept: mpsc::UnboundedReceiver<memory::SentMessage>,
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
pub(crate) struct BotContext {
    service: Arc<BookingService>,
    auth: StaffAuth,
    send_queue: SendQueue,
    settings: Settings,
    name: BotName,
    front_office: FrontOfficeChat,
    thinning: location::PositionThinning,
    /// The right to change which chats have a dashboard.
    dashboards: tokio::sync::Mutex<()>,
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
        let (send_queue, work, kept) = SendQueue::new(Arc::new(api.clone()));
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
        Ok(Some(Self { api, send_queue, work, kept, name, settings }))
    }

    /// Starts the bot's workers: those that take in belong to the doors, those that send to the
    /// deliveries. Answers where webhook calls go, and the way of notices.
    #[must_use]
    pub fn start(
        self,
        (service, auth): (&Arc<BookingService>, StaffAuth),
        qris: Option<Qris>,
        (feed, node): (&Feed, NodeId),
        health: Health,
        doors: &Phase,
        deliveries: &Phase,
    ) -> (Arc<Inbox>, Arc<dyn DeliveryMethod>) {
        let Self { api, send_queue, work, kept, name, settings } = self;
        let health = BotHealth::new(health);
        let bot = Arc::new(BotContext {
            service: Arc::clone(service),
            auth,
            send_queue,
            settings: settings.clone(),
            name: Arc::clone(&name),
            front_office: FrontOfficeChat::new(settings.fo_chat, health.clone()),
            thinning: location::PositionThinning::default(),
            dashboards: tokio::sync::Mutex::default(),
            locks: updates::ChatLocks::default(),
        });
        let (deliver, merging) = TelegramDelivery::with_merging(Arc::clone(&bot), qris);
        deliveries.spawn("telegram outbox", work.run(deliveries.stop_signal(), health.clone()));
        deliveries.spawn("telegram notices", merging.run(deliveries.stop_signal()));
        let memory = memory::AfterSendWorker::new(Arc::clone(&bot), kept);
        deliveries.spawn("telegram memory", memory.run(deliveries.stop_signal()));
        let status = status::StatusUpdater::new(Arc::clone(&bot), feed.clone(), node.clone());
        doors.spawn("telegram status", status.run(doors.stop_signal()));
        let dashboard =
            dashboard_updater::DashboardUpdater::new(Arc::clone(&bot), feed.clone(), node);
        doors.spawn("telegram board", dashboard.run(doors.stop_signal()));
        let inbox = Arc::new(Inbox::new(bot));
        let intake = updates::UpdatePoller {
            api,
            inbox: Arc::clone(&inbox),
            health,
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

impl BotContext {
    /// Says something in a chat, in answer to somebody.
    async fn say(&self, chat: i64, shown: MessageContent) {
        self.send_queue.post(chat, Priority::Interactive, Call::Send(shown)).await;
    }

    /// Shows something else in a message, in answer to somebody.
    async fn show(&self, chat: i64, message: i32, shown: MessageContent) {
        self.send_queue.post(chat, Priority::Interactive, Call::Edit(message, shown)).await;
    }

    /// Ends the waiting sign of a tapped button.
    async fn answer(&self, query: &str, line: Option<String>) {
        self.send_queue.post(0, Priority::Interactive, Call::Answer(query.to_owned(), line)).await;
    }

    /// The member of staff with this id.
    fn member(&self, id: i64) -> Option<&crate::config::StaffMember> {
        self.settings.staff.iter().find(|member| member.telegram_id.0 == id)
    }
}
