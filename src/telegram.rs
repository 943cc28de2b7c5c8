//! The bot: guests and the front office talk to the hotel by Telegram, and both are told of
//! changes by it.
//!
//! `transport` moves messages and knows no hotel. On it stand `state` (what is remembered), and the
//! conversations: `guest`, `staff`, `dashboard` (what the front office sees), `status` (what each
//! guest sees), and `notifications` on their way out. `dispatch` hands updates to them.

mod callback;
mod dashboard;
mod dispatch;
mod front_office;
mod guest;
mod menus;
mod merging;
mod notifications;
mod remember;
mod staff;
mod state;
mod status;
mod transport;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;

use crate::auth::{LinkKey, StaffAuth};
use crate::clock::Clock;
use crate::config::{Config, StaffMember, Webhook};
use crate::domain::{HotelPolicy, Language, Refusal};
use crate::feed::Feed;
use crate::lifecycle::{Health, Phase};
use crate::notifier::DeliveryMethod;
use crate::qris::Qris;
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, KeyValueStore, NodeId, StoreError, TypedValues};
use crate::text;

use dashboard::Dashboards;
use dashboard::updater::DashboardUpdater;
use dispatch::Dispatcher;
use front_office::FrontOfficeChat;
use guest::GuestConversation;
use menus::MenuParts;
use notifications::TelegramDelivery;
use remember::RememberWorker;
use staff::StaffConversation;
use state::BotState;
use status::{StatusMessages, StatusUpdater};
use transport::api::{Api, CallError};
use transport::updates::{Inbox, UpdatePoller};
use transport::{BotHealth, ChatLocks, SendQueue, SendQueueWorker};

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
    queue: SendQueue,
    queue_worker: SendQueueWorker,
    name: BotName,
    settings: Settings,
}

/// What was configured of the bot.
#[derive(Clone)]
struct Settings {
    staff: StaffList,
    fo_chat: Option<i64>,
    language: Language,
    base_url: String,
    /// Pages that a button may lead to, if there are any.
    public_url: Option<Url>,
    webhook: Webhook,
}

/// The people who may do the front office's part. Clones share it.
#[derive(Clone)]
struct StaffList(Arc<Vec<StaffMember>>);

impl StaffList {
    /// The member of staff with this Telegram id.
    fn member(&self, id: i64) -> Option<&StaffMember> {
        self.0.iter().find(|member| member.telegram_id.0 == id)
    }
}

/// The parts of the hotel that the bot works with.
pub struct TelegramParts {
    /// The use cases.
    pub service: Arc<BookingService>,
    /// Bookings, to be read.
    pub bookings: Arc<dyn BookingReader>,
    /// Where the bot's own state is kept.
    pub values: Arc<dyn KeyValueStore>,
    /// The time of day.
    pub clock: Clock,
    /// Staff sessions.
    pub staff: StaffAuth,
    /// The hotel's own key.
    pub links: LinkKey,
    /// The hotel's payment code, if it has one.
    pub qris: Option<Qris>,
    /// Committed changes.
    pub feed: Feed,
    /// This process.
    pub node: NodeId,
    /// How the process is.
    pub health: Health,
}

/// What the conversations share.
struct BotParts {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    state: BotState,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    front_office: Arc<FrontOfficeChat>,
    settings: Settings,
}

/// Where the calls of a webhook go.
pub struct TelegramWebhook(Arc<Inbox>);

impl TelegramWebhook {
    /// Handles what Telegram brought; `false` asks for it again.
    pub async fn take_in(&self, body: &[u8]) -> bool {
        self.0.take_in(body).await
    }
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
        let (queue, queue_worker) = SendQueue::new(Arc::new(api.clone()));
        let settings = Settings {
            staff: StaffList(Arc::new(config.staff.clone())),
            fo_chat: config.telegram.fo_chat_id,
            language: config.hotel.language,
            base_url,
            public_url: public_url
                .filter(|url| url.is_for_buttons())
                .and_then(|url| Url::parse(url.as_str()).ok()),
            webhook: config.telegram.webhook.clone(),
        };
        Ok(Some(Self { api, queue, queue_worker, name, settings }))
    }

    /// Starts the bot's workers: those that take in belong to `inbound`, those that send to
    /// `deliveries`. Answers where webhook calls go, and the delivery method of notifications.
    #[must_use]
    pub fn start(
        self,
        parts: TelegramParts,
        inbound: &Phase,
        deliveries: &Phase,
    ) -> (TelegramWebhook, Arc<dyn DeliveryMethod>) {
        let Self { api, queue, queue_worker, name, settings } = self;
        let TelegramParts { service, bookings, feed, node, .. } = parts;
        let health = BotHealth::new(parts.health);
        let state = BotState::new(TypedValues::new(parts.values, parts.clock));
        let fo_chat = FrontOfficeChat::new(settings.fo_chat, health.clone(), state.clone());
        let shared = BotParts {
            service,
            bookings,
            state,
            queue,
            locks: Arc::default(),
            front_office: Arc::new(fo_chat),
            settings,
        };
        let (remember, receiver) = remember::channel();
        let status = Arc::new(StatusMessages::new(&shared, remember.clone()));
        let dashboards = Arc::new(Dashboards::new(&shared, remember));
        let (delivery, merger) =
            TelegramDelivery::with_merger(&shared, Arc::clone(&status), parts.qris);
        let stop = || deliveries.stop_signal();
        deliveries.spawn("telegram outbox", queue_worker.run(stop(), health.clone()));
        deliveries.spawn("telegram notices", merger.run(stop()));
        let worker = RememberWorker::new(receiver, &shared, &status, &dashboards);
        deliveries.spawn("telegram memory", worker.run(stop()));

        let stop = || inbound.stop_signal();
        let bookings = Arc::clone(&shared.bookings);
        let updater = StatusUpdater::new(Arc::clone(&status), bookings, feed.clone(), node.clone());
        inbound.spawn("telegram status", updater.run(stop()));
        let updater = DashboardUpdater::new(Arc::clone(&dashboards), feed, node);
        inbound.spawn("telegram board", updater.run(stop()));
        let guests = GuestConversation::new(&shared, parts.links, status);
        let staff = StaffConversation::new(&shared, parts.staff, dashboards);
        let dispatcher = Dispatcher::new(&shared, guests, staff, Arc::clone(&name));
        let inbox = Arc::new(Inbox::new(Arc::new(dispatcher), Arc::clone(&shared.locks)));
        let menus = MenuParts::new(&shared);
        let poller = UpdatePoller {
            api: api.clone(),
            inbox: Arc::clone(&inbox),
            health,
            name,
            webhook: shared.settings.webhook,
            base_url: shared.settings.base_url,
        };
        let set_menus = async move { menus::set(&api, &menus).await };
        inbound.spawn("telegram updates", poller.run(set_menus, stop()));
        (TelegramWebhook(inbox), delivery)
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

/// A refusal as a sentence to be read in a chat, as HTML.
fn refusal_html(language: Language, refusal: &Refusal, hotel: &HotelPolicy) -> String {
    text::telegram::escape(&text::refusal(language, refusal, hotel))
}

/// A refusal as a plain line to be read; what the store says goes on.
fn refusal_line(
    language: Language,
    done: Result<(), ServiceError>,
    hotel: &HotelPolicy,
) -> Result<Option<String>, StoreError> {
    match done {
        Ok(()) => Ok(None),
        Err(ServiceError::Refused(refusal)) => Ok(Some(text::refusal(language, &refusal, hotel))),
        Err(ServiceError::Store(error)) => Err(error),
    }
}
