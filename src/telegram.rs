//! The Telegram bot. Guests and the front office use it to book and to manage bookings, and it
//! notifies both of changes.
//!
//! `transport` sends messages and receives updates; it knows nothing about hotels. `state` stores
//! what the bot must remember. `dispatch` passes each update to one of the conversations, `guest`
//! or `staff`. `dashboard` keeps the front office's list of bookings up to date, and `status` keeps
//! the message that shows guests their booking up to date. `notifications` sends notifications,
//! `notification_merger` merges those for the front office, and `living_messages` keeps one message
//! for each booking in the front office's chat up to date. `message_recorder` stores the ids of sent messages.
//!
//! The bot decides nothing about bookings: it calls the [`BookingService`].

mod buttons;
mod callback;
mod dashboard;
mod delivery_errors;
mod dispatch;
mod fault_reporter;
mod front_office;
mod guest;
mod living_messages;
mod location_keyboard;
mod menus;
mod message_recorder;
mod morning_report;
mod notification_merger;
mod notifications;
mod sent_messages;
mod staff;
mod state;
mod status;
mod transport;
mod user;
mod view;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::NaiveTime;
use url::Url;

use crate::auth::{LinkKey, StaffAuth};
use crate::clock::Clock;
use crate::config::{Config, Secret, StaffMember, Webhook};
use crate::daily::DailyJob;
use crate::domain::{FailureReason, HotelPolicy, Language, Refusal};
use crate::feed::Feed;
use crate::lifecycle::{Health, WorkerGroup};
use crate::notifier::DeliveryMethod;
use crate::qris::Qris;
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, KeyValueStore, NodeId, StoreError, TypedValues};
use crate::text;

use dashboard::Dashboards;
use dashboard::updater::DashboardUpdater;
use dispatch::Dispatcher;
use fault_reporter::FaultReporter;
use front_office::FrontOfficeChat;
use guest::GuestConversation;
use living_messages::LivingMessages;
use menus::MenuParts;
use message_recorder::MessageRecorder;
use morning_report::MorningReport;
use notifications::TelegramDelivery;
use staff::StaffConversation;
use state::BotState;
use status::{StatusMessages, StatusUpdater};
use transport::api::Api;
use transport::call::CallError;
use transport::updates::{Inbox, UpdatePoller};
use transport::{BotHealth, ChatLocks, SendQueue, SendQueueWorker};

/// How long the start waits for the bot's name. Without an answer, the bot asks again later.
const FIRST_CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the bot cannot be set up. Occurs only at start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The HTTP client or an address cannot be used.
    #[error("telegram: {0}")]
    Unusable(String),
    /// Telegram does not accept the token.
    #[error("telegram.token: Telegram does not accept this token")]
    WrongToken,
}

/// The bot's user name; empty until Telegram has reported it. Clones share the value.
pub type BotName = Arc<OnceLock<String>>;

/// The bot, set up but not started.
pub struct Telegram {
    api: Api,
    queue: SendQueue,
    queue_worker: SendQueueWorker,
    name: BotName,
    settings: Settings,
}

/// The bot's part of the configuration.
#[derive(Clone)]
struct Settings {
    staff: StaffList,
    fo_chat: Option<i64>,
    fo_topic: Option<i32>,
    language: Language,
    base_url: String,
    /// The address for buttons that open a page; `None` if Telegram would not accept it.
    public_url: Option<Url>,
    /// The secret of the webhook; `None` asks Telegram for updates.
    webhook: Option<Secret>,
    /// When managers get the figures of the last hotel day.
    report_at: Option<NaiveTime>,
}

/// The members of staff. Clones share the list.
#[derive(Clone)]
struct StaffList(Arc<Vec<StaffMember>>);

impl StaffList {
    /// Returns the member of staff with this Telegram id.
    fn member(&self, id: i64) -> Option<&StaffMember> {
        self.0.iter().find(|member| member.telegram_id.0 == id)
    }
}

/// The parts of the application that the bot uses.
pub struct TelegramParts {
    /// The use cases of bookings.
    pub service: Arc<BookingService>,
    /// Reads bookings.
    pub bookings: Arc<dyn BookingReader>,
    /// Stores the bot's own state.
    pub values: Arc<dyn KeyValueStore>,
    /// The clock.
    pub clock: Clock,
    /// Issues the one-time codes for staff links.
    pub staff: StaffAuth,
    /// The hotel's secret key, from which request ids are derived.
    pub links: LinkKey,
    /// The hotel's payment code, if it has one.
    pub qris: Option<Qris>,
    /// The feed of committed changes.
    pub feed: Feed,
    /// The id of this process.
    pub node: NodeId,
    /// Where the bot reports that it is degraded.
    pub health: Health,
}

/// The parts that the conversations share.
struct BotParts {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    state: BotState,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    front_office: Arc<FrontOfficeChat>,
    settings: Settings,
}

/// Receives the calls of the webhook.
pub struct TelegramWebhook(Arc<Inbox>);

impl TelegramWebhook {
    /// Handles the body of one call. Returns `false` if Telegram must send it again.
    pub async fn handle_body(&self, body: &[u8]) -> bool {
        self.0.handle_body(body).await
    }
}

impl Telegram {
    /// Sets the bot up as configured; returns `None` if no token is configured. Asks Telegram for
    /// the bot's name, and continues if Telegram does not answer.
    ///
    /// # Errors
    /// [`SetupError`] if the token is wrong, or the client or the API's address cannot be used.
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
        match tokio::time::timeout(FIRST_CALL_TIMEOUT, api.name()).await {
            Ok(Ok(found)) => drop(name.set(found)),
            Ok(Err(CallError::WrongToken)) => return Err(SetupError::WrongToken),
            // The update poller asks again until Telegram answers.
            Ok(Err(_)) | Err(_) => {}
        }
        let public_url = config.server.public_url.as_ref();
        let (queue, queue_worker) = SendQueue::new(Arc::new(api.clone()));
        let settings = Settings {
            staff: StaffList(Arc::new(config.staff.clone())),
            fo_chat: config.telegram.fo_chat_id,
            fo_topic: config.telegram.fo_topic_id,
            language: config.hotel.language,
            base_url,
            public_url: public_url
                .filter(|url| url.is_for_buttons())
                .and_then(|url| Url::parse(url.as_str()).ok()),
            webhook: match &config.telegram.webhook {
                Webhook::On { secret } => Some(secret.clone()),
                Webhook::Off => None,
            },
            report_at: config.report.at,
        };
        Ok(Some(Self { api, queue, queue_worker, name, settings }))
    }

    /// Starts the bot's workers: those that handle updates and changes in the phase `inbound`,
    /// those that send in the phase `deliveries`.
    #[must_use]
    pub fn start(
        self,
        parts: TelegramParts,
        inbound: &WorkerGroup,
        deliveries: &WorkerGroup,
    ) -> RunningTelegram {
        let Self { api, queue, queue_worker, name, settings } = self;
        let TelegramParts { service, bookings, feed, node, .. } = parts;
        let process_health = parts.health.clone();
        let health = BotHealth::new(parts.health);
        let state = BotState::new(TypedValues::new(parts.values, parts.clock));
        let (chat, topic) = (settings.fo_chat, settings.fo_topic);
        let fo_chat = FrontOfficeChat::new(chat, topic, health.clone(), state.clone());
        let shared = BotParts {
            service,
            bookings,
            state,
            queue,
            locks: Arc::default(),
            front_office: Arc::new(fo_chat),
            settings,
        };
        let (remember, receiver) = sent_messages::channel();
        let status = Arc::new(StatusMessages::new(&shared, remember.clone()));
        let dashboards = Arc::new(Dashboards::new(&shared, remember));
        let living = Arc::new(LivingMessages::new(&shared));
        let (delivery, merger) =
            TelegramDelivery::with_merger(&shared, Arc::clone(&status), &living, parts.qris);
        let stop = || deliveries.stop_signal();
        deliveries.spawn("telegram send queue", queue_worker.run(stop(), health.clone()));
        deliveries.spawn("telegram notifications", merger.run(stop()));
        let reporter = FaultReporter::new(&shared, process_health);
        deliveries.spawn("telegram fault reporter", reporter.run(stop()));
        let worker = MessageRecorder::new(receiver, &shared, &status, &dashboards);
        deliveries.spawn("telegram message recorder", worker.run(stop()));

        let stop = || inbound.stop_signal();
        let bookings = Arc::clone(&shared.bookings);
        let updater = StatusUpdater::new(Arc::clone(&status), bookings, feed.clone(), node.clone());
        inbound.spawn("telegram status", updater.run(stop()));
        let updater = DashboardUpdater::new(Arc::clone(&dashboards), feed, node);
        inbound.spawn("telegram dashboards", updater.run(stop()));
        let report = shared.settings.report_at.map(|at| MorningReport::new(&shared, at));
        let guests =
            GuestConversation::new(&shared, parts.links.clone(), status, Arc::clone(&living));
        let staff = StaffConversation::new(&shared, parts.staff, parts.links, dashboards, living);
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
        RunningTelegram {
            webhook: TelegramWebhook(inbox),
            delivery,
            report: report.map(|report| Arc::new(report) as Arc<dyn DailyJob>),
        }
    }
}

/// What the rest of the hotel needs of a bot that runs.
pub struct RunningTelegram {
    /// The receiver of webhook calls.
    pub webhook: TelegramWebhook,
    /// The delivery method for notifications.
    pub delivery: Arc<dyn DeliveryMethod>,
    /// The morning report, if managers get one.
    pub report: Option<Arc<dyn DailyJob>>,
}

/// What `jatah check` finds out about the bot.
#[derive(Debug)]
pub struct BotCheck {
    /// The bot's user name.
    pub name: String,
    /// How updates are received, and how many wait.
    pub updates: String,
    /// The last error of a call of the webhook.
    pub webhook_error: Option<String>,
    /// Whether the bot may write to the front office's chat; `None` if there is none.
    pub front_office: Option<Result<(), FailureReason>>,
}

/// Asks Telegram about the bot and the front office's chat. Nobody gets a message.
///
/// # Errors
/// [`SetupError`] if there is no token or a wrong one, or if Telegram or its client cannot be used.
pub async fn check(config: &Config) -> Result<BotCheck, SetupError> {
    let unusable = |what: &str| SetupError::Unusable(what.to_owned());
    let token = config.telegram.token.as_ref().ok_or_else(|| unusable("there is no token"))?;
    let url = Url::parse(config.telegram.api_url.as_str());
    let url = url.map_err(|error| SetupError::Unusable(error.to_string()))?;
    let api = Api::new(token.expose(), &url).map_err(SetupError::Unusable)?;
    let name = match api.name().await {
        Ok(name) => name,
        Err(CallError::WrongToken) => return Err(SetupError::WrongToken),
        Err(_) => return Err(unusable("Telegram cannot be reached")),
    };
    let (updates, webhook_error) = match api.webhook().await {
        Ok((Some(url), waiting, error)) => {
            (format!("updates come to {url}, {waiting} wait"), error)
        }
        Ok((None, waiting, error)) => (format!("updates are asked for, {waiting} wait"), error),
        Err(_) => ("how updates come is not known".to_owned(), None),
    };
    let front_office = match config.telegram.front_office_chat() {
        Some(chat) => {
            let asked = api.show_typing(chat, config.telegram.fo_topic_id).await;
            Some(asked.map_err(|error| error.reason()))
        }
        None => None,
    };
    Ok(BotCheck { name, updates, webhook_error, front_office })
}

/// The text of a refusal that somebody is shown, without markup. Counts it.
fn refusal_text(language: Language, refusal: &Refusal, hotel: &HotelPolicy) -> String {
    let code = refusal.code();
    metrics::counter!("jatah_refusals_total", "door" => "telegram", "code" => code).increment(1);
    text::refusal(language, refusal, hotel)
}

/// The same as HTML, for a message.
fn refusal_html(language: Language, refusal: &Refusal, hotel: &HotelPolicy) -> String {
    text::telegram::escape(&refusal_text(language, refusal, hotel))
}

/// The text of a refusal without markup, for the answer to a tapped button; `None` if `done` is no
/// refusal.
///
/// # Errors
/// [`StoreError`] if `done` failed because of the store.
fn refusal_line(
    language: Language,
    done: Result<(), ServiceError>,
    hotel: &HotelPolicy,
) -> Result<Option<String>, StoreError> {
    match done {
        Ok(()) => Ok(None),
        Err(ServiceError::Refused(refusal)) => Ok(Some(refusal_text(language, &refusal, hotel))),
        Err(ServiceError::Store(error)) => Err(error),
    }
}
