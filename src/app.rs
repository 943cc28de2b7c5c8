//! Connects all parts of a running hotel, starts them in order and stops them in order. It is the
//! only module that uses all others. It contains no rule about bookings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::auth::{LinkKey, MiniApp, StaffAuth, fresh_secret};
use crate::backoff::Backoff;
use crate::backup::ScheduledBackup;
use crate::clock::Clock;
use crate::config::{self, Config, StoreUrl};
use crate::daily::{DailyJob, DailyJobs};
use crate::domain::Policy;
use crate::email::{Mailer, MorningReport};
use crate::feed::{Feed, FeedItem, FeedMessage};
use crate::hotel_system::HotelSystem;
use crate::lifecycle::{Health, Lifecycle, WorkerGroup};
use crate::notifier::{self, DeliveryMethod, DeliveryMethods, Notifier};
use crate::personal_data::{DailyRetention, Retention};
use crate::qris::Qris;
use crate::routing::{self, RouteWorker, RoutingServer};
use crate::scheduler::Scheduler;
use crate::service::BookingService;
use crate::store::backup::RestoreTarget;
use crate::store::mongo::{MongoRestore, MongoStore};
use crate::store::sqlite::{ServeLock, SqliteRestore, SqliteStore};
use crate::store::{
    CommitQueue, FeedEvent, NodeId, NotificationQueue, Store, StoreFault, TypedValues,
};
use crate::system;
use crate::telegram::{BotName, RunningTelegram, Telegram, TelegramParts, TelegramWebhook};
use crate::text;
use crate::web::{self, Connections, LimitAlarm, WebParts, WebSettings, Webhook, WebhookHandler};

/// How long the inbound workers may take to stop, with the requests that they are handling; also
/// how long the feed may take.
const INBOUND_LIMIT: Duration = Duration::from_secs(5);
/// How long the queues may take to write what they hold.
const COMMITS_LIMIT: Duration = Duration::from_secs(5);
/// How often the free space of the database's disk is looked at. No query goes to the database.
const DISK_LOOK: Duration = Duration::from_mins(1);
/// Below this many free bytes the disk is reported. A busy day writes a few megabytes.
const DISK_NEARLY_FULL: u64 = 256 << 20;
/// How often the recorded samples of metrics are summed up, so that they do not fill the memory.
const METRICS_UPKEEP: Duration = Duration::from_mins(1);

/// An open store.
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The lock of a store that only one process may serve. `None` for a store that several may
    /// serve.
    pub lock: Option<ServeLock>,
}

impl OpenStore {
    /// Opens the configured store to serve it. Takes the lock if only one process may serve it.
    ///
    /// # Errors
    /// If the store cannot be opened, or another process has the lock.
    pub async fn to_serve(config: &Config, clock: &Clock) -> Result<Self> {
        let lock = match &config.store.url {
            StoreUrl::Sqlite(path) => Some(SqliteStore::lock(path)?),
            StoreUrl::Mongo(_) => None,
        };
        let store = Self::open_without_lock(config, clock).await?;
        Ok(Self { store, lock })
    }

    /// Opens the configured store without the lock. Another process may be serving it.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub async fn open_without_lock(config: &Config, clock: &Clock) -> Result<Arc<dyn Store>> {
        Ok(match &config.store.url {
            StoreUrl::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
            StoreUrl::Mongo(url) => {
                Arc::new(MongoStore::connect(url.expose(), clock.clone()).await?)
            }
        })
    }

    /// Starts to replace the configured store, which no process may serve meanwhile.
    ///
    /// # Errors
    /// If a process serves it, or the store cannot be used.
    pub async fn to_restore(config: &Config, clock: &Clock) -> Result<Box<dyn RestoreTarget>> {
        Ok(match &config.store.url {
            StoreUrl::Sqlite(path) => {
                let lock = SqliteStore::lock(path)?;
                Box::new(SqliteRestore::begin(path, lock, clock.now()).await?)
            }
            StoreUrl::Mongo(url) => {
                Box::new(MongoRestore::begin(url.expose(), clock.clone()).await?)
            }
        })
    }
}

/// A hotel that has not started: everything that is made from the configuration alone. A caller may
/// replace or leave out parts before the start.
pub struct AppBuilder<'a> {
    config: &'a Config,
    store: OpenStore,
    clock: Clock,
    metrics: Option<PrometheusHandle>,
    listeners: Listeners,
    public_url: String,
    policy: Arc<Policy>,
    links: LinkKey,
    qris: Option<Qris>,
    mailer: Arc<Mailer>,
    email: Arc<dyn DeliveryMethod>,
    telegram: TelegramPart,
    bot_name: BotName,
    hotel_system: Option<Arc<dyn DeliveryMethod>>,
    routing: Option<RoutingServer>,
    has_scheduler_and_notifier: bool,
}

/// The bound listeners.
struct Listeners {
    web: TcpListener,
    /// The separate listener for metrics, if one is configured.
    metrics: Option<TcpListener>,
}

/// How people are reached by Telegram.
enum TelegramPart {
    /// Not at all.
    None,
    /// By the bot, which also handles updates from Telegram.
    Bot(Box<Telegram>),
    /// By another method. There is no bot.
    Method(Arc<dyn DeliveryMethod>),
}

impl<'a> AppBuilder<'a> {
    /// Makes all parts as configured, over an open store. Listens at the configured addresses, but
    /// accepts nothing yet.
    ///
    /// # Errors
    /// If an address cannot be listened on, the store fails, or a part cannot be set up.
    pub async fn from_config(config: &'a Config, store: OpenStore, clock: Clock) -> Result<Self> {
        let listeners = Listeners::bind(config).await?;
        let public_url = config.server.base_url(listeners.web.local_addr()?);
        let policy = Arc::new(config.policy());
        let keys = &config.server.link_keys;
        let links = LinkKey::load_with(store.store.as_ref(), keys).await?;
        let qris = Qris::load(&config.qris, &config.hotel.name)?;
        let (hotel, url) = (policy.hotel.clone(), public_url.clone());
        let mailer = Mailer::new(&config.email, hotel, url, links.clone(), qris.clone())?;
        let mailer = Arc::new(mailer);
        let routing = config.travel.routing_url.as_ref();
        let routing = routing
            .map(|url| RoutingServer::new(url.as_str(), policy.hotel.position))
            .transpose()
            .context("travel.routing_url")?;
        let hotel_system = config.webhook.as_ref();
        let hotel_system = hotel_system
            .map(|target| HotelSystem::new(target, clock.clone()))
            .transpose()
            .context("webhook.url")?;
        let bot_name = BotName::default();
        let bot = Telegram::set_up(config, public_url.clone(), Arc::clone(&bot_name)).await?;
        Ok(Self {
            config,
            store,
            clock,
            metrics: None,
            listeners,
            public_url,
            policy,
            links,
            qris,
            email: Arc::<Mailer>::clone(&mailer),
            mailer,
            telegram: bot.map_or(TelegramPart::None, |bot| TelegramPart::Bot(Box::new(bot))),
            bot_name,
            hotel_system: hotel_system.map(|system| Arc::new(system) as Arc<dyn DeliveryMethod>),
            routing,
            has_scheduler_and_notifier: true,
        })
    }

    /// Serves these metrics.
    #[must_use]
    pub fn with_metrics(self, metrics: PrometheusHandle) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// Delivers e-mails to guests by this method instead of the configured one.
    #[must_use]
    pub fn with_email(self, method: Arc<dyn DeliveryMethod>) -> Self {
        Self { email: method, ..self }
    }

    /// Delivers messages by Telegram by this method instead of the bot, which is not started.
    #[must_use]
    pub fn with_telegram(self, method: Arc<dyn DeliveryMethod>) -> Self {
        Self { telegram: TelegramPart::Method(method), ..self }
    }

    /// Asks this routing server instead of the configured one.
    #[must_use]
    pub fn with_routing(self, server: RoutingServer) -> Self {
        Self { routing: Some(server), ..self }
    }

    /// Starts neither the scheduler nor the notifier. Bookings then change only by requests, no
    /// notification is delivered, and the caller says when the hotel is ready.
    #[must_use]
    pub fn without_scheduler_and_notifier(self) -> Self {
        Self { has_scheduler_and_notifier: false, ..self }
    }

    /// Starts all parts. The deadlines are armed soon after that; then [`Health::is_ready`] returns
    /// true.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn start(self) -> Result<App> {
        let lifecycle = Lifecycle::default();
        let (inbound, commits) = (lifecycle.phase("inbound"), lifecycle.phase("commits"));
        let (deliveries, log) = (lifecycle.phase("deliveries"), lifecycle.phase("log"));
        let store = Arc::clone(&self.store.store);
        // The feed is opened before bookings are read, so that it misses no change after that. After
        // this nothing is awaited, so on a single thread no worker runs before the caller listens.
        let health = Health::default();
        log.spawn("store faults", report_faults(store.faults(), health.clone(), log.stop_signal()));
        let feed = open_feed(&store, self.clock.clone(), &health, &log).await?;
        let queue = open_commit_queue(&store, &commits);
        let notifications = open_notification_queue(&store, &commits);
        let node = NodeId(fresh_secret());
        let members = self.config.staff.clone();
        let staff = StaffAuth::new(Arc::<dyn Store>::clone(&store), self.clock.clone(), members);
        log.spawn(
            "staff sessions",
            follow_sessions(staff.clone(), feed.clone(), log.stop_signal()),
        );
        let service = BookingService::new(
            Arc::clone(&store),
            queue,
            self.clock.clone(),
            self.policy,
            node.clone(),
            self.links.clone(),
        );
        let app = App {
            address: self.listeners.web.local_addr()?,
            public_url: self.public_url,
            service: with_routing(self.routing, service, &inbound),
            feed,
            staff,
            health,
            store: self.store,
            qris: self.qris,
            lifecycle,
            inbound,
            commits,
            notifications,
            deliveries,
            log,
        };
        let TelegramStarted { delivery: telegram, webhook: inbox, report } =
            app.start_telegram(self.telegram, &self.clock, self.links, node.clone());
        if self.has_scheduler_and_notifier {
            let (email, hotel_system) = (self.email, self.hotel_system);
            app.start_notifier(node, DeliveryMethods { email, telegram, hotel_system });
            app.start_scheduler(self.clock.clone());
            let mut reports: Vec<Arc<dyn DailyJob>> = report.into_iter().collect();
            reports.extend(app.mailed_report(self.config, self.mailer, &self.clock));
            app.start_daily_jobs(self.config, reports, self.clock);
        }
        if let StoreUrl::Sqlite(path) = &self.config.store.url {
            let watch = watch_disk(path.clone(), app.health.clone(), app.inbound.stop_signal());
            app.inbound.spawn("disk", watch);
        }
        app.serve_web(self.config, self.listeners, self.metrics, (self.bot_name, inbox));
        Ok(app)
    }
}

impl Listeners {
    async fn bind(config: &Config) -> Result<Self> {
        let web = listen(config.server.listen).await?;
        let metrics = match config.server.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        Ok(Self { web, metrics })
    }
}

/// A running hotel.
pub struct App {
    /// The address at which `web` listens.
    pub address: SocketAddr,
    /// The start of every link, without a slash at the end.
    pub public_url: String,
    /// The use cases.
    pub service: Arc<BookingService>,
    /// Every committed change, in order.
    pub feed: Feed,
    /// The sign-in of staff.
    pub staff: StaffAuth,
    /// Whether the process is ready, and which parts are degraded.
    pub health: Health,
    store: OpenStore,
    qris: Option<Qris>,
    lifecycle: Lifecycle,
    /// The web server, the bot's updates, the scheduler and the route worker.
    inbound: WorkerGroup,
    /// The queues that write to the store.
    commits: WorkerGroup,
    notifications: NotificationQueue,
    /// The notifier and the sending of messages by the bot.
    deliveries: WorkerGroup,
    /// The feed.
    log: WorkerGroup,
}

impl App {
    /// Starts all parts as configured, with an open store. See [`AppBuilder`].
    ///
    /// # Errors
    /// If an address cannot be listened on, the store fails, or a part cannot be set up.
    pub async fn start(
        config: &Config,
        store: OpenStore,
        clock: Clock,
        metrics: Option<PrometheusHandle>,
    ) -> Result<Self> {
        let builder = AppBuilder::from_config(config, store, clock).await?;
        match metrics {
            Some(metrics) => builder.with_metrics(metrics).start().await,
            None => builder.start().await,
        }
    }

    /// Starts the bot if there is one.
    fn start_telegram(
        &self,
        telegram: TelegramPart,
        clock: &Clock,
        links: LinkKey,
        node: NodeId,
    ) -> TelegramStarted {
        let bot = match telegram {
            TelegramPart::None => return TelegramStarted::default(),
            TelegramPart::Method(method) => {
                return TelegramStarted { delivery: Some(method), ..TelegramStarted::default() };
            }
            TelegramPart::Bot(bot) => bot,
        };
        let parts = TelegramParts {
            service: Arc::clone(&self.service),
            bookings: Arc::<dyn Store>::clone(&self.store.store),
            values: Arc::<dyn Store>::clone(&self.store.store),
            clock: clock.clone(),
            staff: self.staff.clone(),
            links,
            qris: self.qris.clone(),
            feed: self.feed.clone(),
            node,
            health: self.health.clone(),
        };
        let RunningTelegram { webhook, delivery, report } =
            bot.start(parts, &self.inbound, &self.deliveries);
        TelegramStarted { delivery: Some(delivery), webhook: Some(webhook), report }
    }

    fn start_notifier(&self, node: NodeId, methods: DeliveryMethods) {
        let notifier = Notifier::new(
            self.notifications.clone(),
            self.feed.clone(),
            Arc::clone(&self.service),
            node,
            self.store.lock.is_some(),
            methods,
            self.health.clone(),
        );
        self.deliveries.spawn("notifier", notifier.run(self.deliveries.stop_signal()));
    }

    fn start_scheduler(&self, clock: Clock) {
        let scheduler = Scheduler::new(
            Arc::clone(&self.service),
            &self.store.store,
            self.feed.clone(),
            clock,
            self.health.clone(),
        );
        self.inbound.spawn("scheduler", scheduler.run(self.inbound.stop_signal()));
        let offers = offer_free_rooms(Arc::clone(&self.service), self.inbound.stop_signal());
        self.inbound.spawn("waiting list", offers);
    }

    /// The morning report by e-mail, if managers get one.
    fn mailed_report(
        &self,
        config: &Config,
        mailer: Arc<Mailer>,
        clock: &Clock,
    ) -> Option<Arc<dyn DailyJob>> {
        let managers = config.report.email.clone();
        let at = config.report.at.filter(|_| !managers.is_empty())?;
        let values = TypedValues::new(Arc::<dyn Store>::clone(&self.store.store), clock.clone());
        let service = Arc::clone(&self.service);
        let language = config.hotel.language;
        Some(Arc::new(MorningReport::new((at, managers), language, mailer, service, values)))
    }

    /// Starts what is done once each day.
    fn start_daily_jobs(&self, config: &Config, reports: Vec<Arc<dyn DailyJob>>, clock: Clock) {
        let mut jobs = reports;
        if let Some(schedule) = config.backup.schedule.clone() {
            jobs.push(Arc::new(ScheduledBackup::new(
                schedule,
                config.backup.keep,
                Arc::<dyn Store>::clone(&self.store.store),
                config.hotel.timezone,
                clock.clone(),
                self.health.clone(),
            )));
        }
        let values = Arc::<dyn Store>::clone(&self.store.store);
        let hotel = self.service.policy().hotel.clone();
        jobs.push(Arc::new(DailyRetention::new(
            Retention::from_config(&config.retention),
            Arc::<dyn Store>::clone(&self.store.store),
            hotel.clone(),
            clock.clone(),
        )));
        let daily = DailyJobs::new(jobs, values, hotel, clock);
        self.inbound.spawn("daily jobs", daily.run(self.inbound.stop_signal()));
    }

    /// Starts the web server, and the separate metrics server if one is configured.
    fn serve_web(
        &self,
        config: &Config,
        listeners: Listeners,
        metrics: Option<PrometheusHandle>,
        (telegram_bot, inbox): (BotName, Option<TelegramWebhook>),
    ) {
        let stop = self.inbound.stop_signal();
        let settings = WebSettings {
            language: config.hotel.language,
            public_url: config.server.public_url.as_ref().map(ToString::to_string),
            telegram_bot,
            requests_per_second: config.limits.requests_per_second,
            holds_per_address: config.limits.holds_per_address,
            web_share: config.limits.web_share,
            trusted_proxies: config.limits.trusted_proxies.clone(),
            retention: config.retention,
            asks_routing_server: config.travel.routing_url.is_some(),
            serves_metrics: listeners.metrics.is_none(),
        };
        let limit_alarm = LimitAlarm::default();
        let alarm = limit_alarm.clone().run(self.health.clone(), stop.clone());
        self.inbound.spawn("limit alarm", alarm);
        let parts = WebParts {
            service: Arc::clone(&self.service),
            bookings: Arc::<dyn Store>::clone(&self.store.store),
            store: Arc::<dyn Store>::clone(&self.store.store),
            feed: self.feed.clone(),
            staff: self.staff.clone(),
            qris: self.qris.clone(),
            health: self.health.clone(),
            metrics: metrics.clone(),
            webhook: webhook(config, inbox),
            mini_app: config
                .telegram
                .token
                .as_ref()
                .map(|token| MiniApp::new(token.expose(), config.staff.clone())),
            limit_alarm,
            settings,
        };
        let router = web::router(parts, stop.clone());
        let connections = Connections::new(
            system::raise_descriptor_limit(),
            config.limits.trusted_proxies.clone(),
        );
        let serving = web::serve(listeners.web, router, connections.clone(), stop.clone());
        self.inbound.spawn("web", serving);
        let Some(metrics) = metrics else { return };
        if let Some(listener) = listeners.metrics {
            let router = web::metrics_router(metrics.clone());
            let serving = web::serve(listener, router, connections, stop.clone());
            self.inbound.spawn("metrics", serving);
        }
        self.inbound.spawn("metrics upkeep", upkeep(metrics, stop));
    }

    /// Waits until a worker ends before it was told to, and returns its name.
    pub async fn failed_worker(&mut self) -> &'static str {
        self.lifecycle.failed_worker().await
    }

    /// Stops the parts in order: inbound workers, deliveries, the commit queue, the feed. Then
    /// closes the store.
    pub async fn stop(self) {
        self.health.set_ready(false);
        self.inbound.stop(INBOUND_LIMIT).await;
        // The notifier commits whether QRIS codes were sent, so it stops before the commit queue.
        self.deliveries.stop(notifier::DRAIN_TIMEOUT + Duration::from_secs(1)).await;
        self.commits.stop(COMMITS_LIMIT).await;
        self.log.stop(INBOUND_LIMIT).await;
        self.store.store.close().await;
        info!("stopped");
    }
}

/// What there is of Telegram once the hotel runs.
#[derive(Default)]
struct TelegramStarted {
    delivery: Option<Arc<dyn DeliveryMethod>>,
    webhook: Option<TelegramWebhook>,
    report: Option<Arc<dyn DailyJob>>,
}

/// The webhook for Telegram's calls. `None` if it is switched off or there is no bot.
fn webhook(config: &Config, inbox: Option<TelegramWebhook>) -> Option<Webhook> {
    match &config.telegram.webhook {
        config::Webhook::On { secret } => {
            inbox.map(|inbox| Webhook::new(secret.expose(), Arc::new(WebhookAdapter(inbox))))
        }
        config::Webhook::Off => None,
    }
}

/// Gives the updates that `web` receives to the bot.
struct WebhookAdapter(TelegramWebhook);

#[async_trait]
impl WebhookHandler for WebhookAdapter {
    async fn handle_body(&self, body: &[u8]) -> bool {
        self.0.handle_body(body).await
    }
}

/// Opens the feed and starts its worker.
///
/// # Errors
/// If the store fails.
async fn open_feed(
    store: &Arc<dyn Store>,
    clock: Clock,
    health: &Health,
    log: &WorkerGroup,
) -> Result<Feed> {
    let (feed, work) = Feed::open(Arc::<dyn Store>::clone(store), clock).await?;
    log.spawn("feed", work.run(health.clone(), log.stop_signal()));
    Ok(feed)
}

/// Reports what keeps the store from keeping what it is given.
async fn report_faults(
    mut faults: BoxStream<'static, Option<StoreFault>>,
    health: Health,
    stop: CancellationToken,
) {
    while let Some(Some(fault)) = stop.run_until_cancelled(faults.next()).await {
        health.set_degraded("store", fault.map(|fault| fault.reason().to_owned()));
    }
    stop.cancelled().await;
}

/// Offers the rooms that are free at the start to the guests who wait: the configuration may have more
/// rooms than before.
async fn offer_free_rooms(service: Arc<BookingService>, stop: CancellationToken) {
    let offer = async {
        let mut retries = Backoff::new(Duration::from_secs(1), Duration::from_mins(1)).start();
        while let Err(error) = service.offer_free_rooms().await {
            warn!(%error, "the waiting list was not looked at");
            retries.wait().await;
        }
    };
    stop.run_until_cancelled(offer).await;
    stop.cancelled().await;
}

/// Ends the sessions of people who have left, and lets those who use a session look again when one
/// has ended in another process.
async fn follow_sessions(staff: StaffAuth, feed: Feed, stop: CancellationToken) {
    let follow = async {
        let mut messages = feed.listen();
        if let Err(error) = staff.end_sessions_of_departed().await {
            warn!(%error, "the sessions of people who have left were not ended");
        }
        while let Some(message) = messages.next().await {
            match message {
                FeedMessage::Item(FeedItem { event: FeedEvent::SessionEnded, .. }) => {
                    staff.note_ended();
                }
                FeedMessage::Lagged => {
                    messages = feed.listen();
                    staff.note_ended();
                }
                FeedMessage::Item(_) => {}
            }
        }
    };
    stop.run_until_cancelled(follow).await;
    stop.cancelled().await;
}

/// Opens the commit queue and starts its worker.
fn open_commit_queue(store: &Arc<dyn Store>, commits: &WorkerGroup) -> CommitQueue {
    let (queue, work) = CommitQueue::new(Arc::<dyn Store>::clone(store), commits.stop_signal());
    commits.spawn("commits", work);
    queue
}

/// Opens the queue for leases and outcomes of notifications, and starts its worker.
fn open_notification_queue(store: &Arc<dyn Store>, commits: &WorkerGroup) -> NotificationQueue {
    let (queue, work) =
        NotificationQueue::new(Arc::<dyn Store>::clone(store), commits.stop_signal());
    commits.spawn("notifications", work);
    queue
}

/// Completes the service. If there is a routing server, the service is connected to a
/// [`RouteWorker`], which is started.
fn with_routing(
    server: Option<RoutingServer>,
    service: BookingService,
    inbound: &WorkerGroup,
) -> Arc<BookingService> {
    let Some(server) = server else { return Arc::new(service) };
    let (sender, receiver) = mpsc::channel(routing::QUEUE_CAPACITY);
    let service = Arc::new(service.with_route_requests(sender));
    let routes = RouteWorker::new(server, Arc::clone(&service), receiver);
    inbound.spawn("routing", routes.run(inbound.stop_signal()));
    service
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Reports the disk of a file before it is full.
async fn watch_disk(file: PathBuf, health: Health, stop: CancellationToken) {
    loop {
        if let Some(free) = system::free_space(&file) {
            #[expect(clippy::cast_precision_loss, reason = "a disk's size need not be exact")]
            metrics::gauge!("jatah_disk_free_bytes").set(free as f64);
            health.set_degraded("disk", disk_fault(free));
        }
        if stop.run_until_cancelled(tokio::time::sleep(DISK_LOOK)).await.is_none() {
            return;
        }
    }
}

/// Why a disk with this many free bytes is degraded, if it is.
fn disk_fault(free: u64) -> Option<String> {
    (free < DISK_NEARLY_FULL).then(|| text::disk_nearly_full(free >> 20))
}

/// Sums up the recorded samples of metrics every [`METRICS_UPKEEP`].
async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(METRICS_UPKEEP)).await.is_some() {
        metrics.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_reported_before_it_is_full() {
        assert_eq!(disk_fault(DISK_NEARLY_FULL), None);
        assert!(disk_fault(DISK_NEARLY_FULL - 1).is_some_and(|words| words.contains("255 MB")));
    }
}
