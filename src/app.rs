//! Puts the parts together, starts them in order and stops them in order. The only module that
//! knows all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::auth::{LinkKey, MiniApp, StaffAuth, fresh_secret};
use crate::clock::Clock;
use crate::config::{self, Config, StoreUrl};
use crate::domain::Coordinates;
use crate::email::Mailer;
use crate::feed::Feed;
use crate::lifecycle::{Health, Lifecycle, Phase};
use crate::notifier::{self, DeliveryMethods, Notifier};
use crate::qris::Qris;
use crate::routing::{self, RouteWorker, RoutingServer};
use crate::scheduler::Scheduler;
use crate::service::BookingService;
use crate::store::mongo::MongoStore;
use crate::store::sqlite::{ServeLock, SqliteStore};
use crate::store::{CommitQueue, NodeId, Store};
use crate::telegram::{BotName, Telegram, TelegramParts, TelegramWebhook};
use crate::web::{self, WebParts, WebSettings, Webhook, WebhookHandler};

/// How long requests in flight may take once the process is told to stop.
const DOORS_LIMIT: Duration = Duration::from_secs(5);
/// How long what is committed already may take to be written.
const COMMITS_LIMIT: Duration = Duration::from_secs(5);
/// How often the metrics tidy up after themselves, in memory.
const METRICS_UPKEEP: Duration = Duration::from_mins(1);

/// A store that is open.
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Held while this process serves the store alone; `None` where several may.
    pub lock: Option<ServeLock>,
}

impl OpenStore {
    /// Opens the configured store, as the one process that serves it where there is but one.
    ///
    /// # Errors
    /// If it cannot be opened, or another process serves it.
    pub async fn to_serve(config: &Config, clock: &Clock) -> Result<Self> {
        let lock = match &config.store.url {
            StoreUrl::Sqlite(path) => Some(SqliteStore::lock(path)?),
            StoreUrl::Mongo(_) => None,
        };
        let store = Self::beside(config, clock).await?;
        Ok(Self { store, lock })
    }

    /// Opens the configured store beside a process that may be serving it.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn beside(config: &Config, clock: &Clock) -> Result<Arc<dyn Store>> {
        Ok(match &config.store.url {
            StoreUrl::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
            StoreUrl::Mongo(url) => {
                Arc::new(MongoStore::connect(url.expose(), clock.clone()).await?)
            }
        })
    }
}

/// A hotel that is open.
pub struct App {
    /// Where the web door listens.
    pub address: SocketAddr,
    /// The base of every link, without a trailing slash.
    pub public_url: String,
    /// The use cases.
    pub service: Arc<BookingService>,
    /// What is committed, as it comes.
    pub feed: Feed,
    /// The door of the front office.
    pub staff: StaffAuth,
    /// How it is.
    pub health: Health,
    store: OpenStore,
    qris: Option<Qris>,
    lifecycle: Lifecycle,
    doors: Phase,
    commits: Phase,
    deliveries: Phase,
    log: Phase,
}

impl App {
    /// Starts everything over an open store. Returns once the web door listens; the deadlines
    /// are armed soon after ([`Health::is_ready`]).
    ///
    /// # Errors
    /// If an address is taken, or a part cannot be set up.
    pub async fn start(
        config: &Config,
        store: OpenStore,
        clock: Clock,
        metrics: Option<PrometheusHandle>,
    ) -> Result<Self> {
        let listener = listen(config.server.listen).await?;
        let address = listener.local_addr()?;
        let public_url = config.server.base_url(address);
        let policy = Arc::new(config.policy());
        let node = NodeId(fresh_secret());
        let links = LinkKey::load(store.store.as_ref()).await?;
        let qris = Qris::load(&config.qris, &config.hotel.name)?;
        let mailer = Mailer::new(
            &config.email,
            policy.hotel.clone(),
            public_url.clone(),
            links.clone(),
            qris.clone(),
        )?;
        let lifecycle = Lifecycle::default();
        let (doors, commits) = (lifecycle.phase("doors"), lifecycle.phase("commits"));
        let (deliveries, log) = (lifecycle.phase("deliveries"), lifecycle.phase("log"));

        // The log is open before anything is read that it must not miss.
        let (feed, feed_work) = Feed::open(Arc::<dyn Store>::clone(&store.store)).await?;
        log.spawn("feed", feed_work.run(log.stop_signal()));
        let (queue, queue_work) =
            CommitQueue::new(Arc::<dyn Store>::clone(&store.store), commits.stop_signal());
        commits.spawn("commits", queue_work);
        let hotel = policy.hotel.position;
        let service = BookingService::new(
            Arc::clone(&store.store),
            queue,
            clock.clone(),
            policy,
            node.clone(),
            links.clone(),
        );
        let service = ask_for_roads(config, hotel, service, &doors)?;
        let health = Health::default();
        let staff = StaffAuth::new(Arc::<dyn Store>::clone(&store.store), clock.clone());
        let bot_name = BotName::default();
        let bot = Telegram::set_up(config, public_url.clone(), Arc::clone(&bot_name)).await?;
        let started = bot.map(|bot| {
            let parts = TelegramParts {
                service: Arc::clone(&service),
                bookings: Arc::<dyn Store>::clone(&store.store),
                values: Arc::<dyn Store>::clone(&store.store),
                clock: clock.clone(),
                staff: staff.clone(),
                links: links.clone(),
                qris: qris.clone(),
                feed: feed.clone(),
                node: node.clone(),
                health: health.clone(),
            };
            bot.start(parts, &doors, &deliveries)
        });
        let (inbox, telegram) = started.unzip();
        let notifier = Notifier::new(
            Arc::<dyn Store>::clone(&store.store),
            feed.clone(),
            Arc::clone(&service),
            node,
            store.lock.is_some(),
            DeliveryMethods { email: Arc::new(mailer), telegram },
            health.clone(),
        );
        deliveries.spawn("courier", notifier.run(deliveries.stop_signal()));
        let scheduler = Scheduler::new(
            Arc::clone(&service),
            &store.store,
            feed.clone(),
            clock.clone(),
            health.clone(),
        );
        doors.spawn("scheduler", scheduler.run(doors.stop_signal()));
        let running = Self {
            address,
            public_url,
            service,
            feed,
            staff,
            health,
            store,
            qris,
            lifecycle,
            doors,
            commits,
            deliveries,
            log,
        };
        running.open_doors(config, listener, metrics, (bot_name, inbox)).await?;
        Ok(running)
    }

    async fn open_doors(
        &self,
        config: &Config,
        listener: TcpListener,
        metrics: Option<PrometheusHandle>,
        (telegram_bot, inbox): (BotName, Option<TelegramWebhook>),
    ) -> Result<()> {
        let stop = self.doors.stop_signal();
        let settings = WebSettings {
            language: config.hotel.language,
            public_url: config.server.public_url.as_ref().map(ToString::to_string),
            telegram_bot,
            requests_per_second: config.limits.requests_per_second,
            holds_per_address: config.limits.holds_per_address,
            trusted_proxies: config.limits.trusted_proxies.clone(),
            serves_metrics: config.server.metrics_listen.is_none(),
        };
        let doors = WebParts {
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
            settings,
        };
        if let (Some(address), Some(handle)) = (config.server.metrics_listen, metrics.clone()) {
            let listener = listen(address).await?;
            let router = web::metrics_router(handle);
            self.doors.spawn("metrics", web::serve(listener, router, stop.clone()));
        }
        if let Some(handle) = metrics {
            self.doors.spawn("metrics upkeep", upkeep(handle, stop.clone()));
        }
        self.doors.spawn("web", web::serve(listener, web::router(doors, stop.clone()), stop));
        Ok(())
    }

    /// The name of the first worker that dies; waits for ever while all is well.
    pub async fn death(&mut self) -> &'static str {
        self.lifecycle.death().await
    }

    /// Stops in order: no new work, then what is under way is written, told and sent, then the
    /// store is closed.
    pub async fn stop(self) {
        self.health.set_ready(false);
        self.doors.stop(DOORS_LIMIT).await;
        // The courier commits what became of codes, so it goes first.
        self.deliveries.stop(notifier::DRAIN + Duration::from_secs(1)).await;
        // The queue ends when nobody can commit any more.
        drop(self.service);
        self.commits.stop(COMMITS_LIMIT).await;
        self.log.stop(DOORS_LIMIT).await;
        self.store.store.close().await;
        info!("stopped");
    }
}

/// The door for Telegram's calls, where it is to call.
fn webhook(config: &Config, inbox: Option<TelegramWebhook>) -> Option<Webhook> {
    match &config.telegram.webhook {
        config::Webhook::On { secret } => {
            inbox.map(|inbox| Webhook::new(secret.expose(), Arc::new(WebhookAdapter(inbox))))
        }
        config::Webhook::Off => None,
    }
}

/// Hands what the web door takes to the bot.
struct WebhookAdapter(TelegramWebhook);

#[async_trait]
impl WebhookHandler for WebhookAdapter {
    async fn take_in(&self, body: &[u8]) -> bool {
        self.0.take_in(body).await
    }
}

/// The desk, with a worker that asks for roads if a routing server is configured.
fn ask_for_roads(
    config: &Config,
    hotel: Coordinates,
    service: BookingService,
    doors: &Phase,
) -> Result<Arc<BookingService>> {
    let Some(url) = &config.travel.routing_url else { return Ok(Arc::new(service)) };
    let server = RoutingServer::new(url.as_str(), hotel).context("travel.routing_url")?;
    let (route_requests, item) = mpsc::channel(routing::WAITING);
    let service = Arc::new(service.telling(route_requests));
    let routes = RouteWorker::new(server, Arc::clone(&service), item);
    doors.spawn("roads", routes.run(doors.stop_signal()));
    Ok(service)
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(METRICS_UPKEEP)).await.is_some() {
        metrics.run_upkeep();
    }
}
