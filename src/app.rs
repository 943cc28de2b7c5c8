//! Connects all parts of a running hotel, starts them in order and stops them in order. It is the
//! only module that uses all others. It contains no rule about bookings.

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

/// How long the inbound workers may take to stop, with the requests that they are handling; also
/// how long the feed may take.
const INBOUND_LIMIT: Duration = Duration::from_secs(5);
/// How long the commit queue may take to write the commits that it holds.
const COMMITS_LIMIT: Duration = Duration::from_secs(5);
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
        let store = Self::beside(config, clock).await?;
        Ok(Self { store, lock })
    }

    /// Opens the configured store without the lock. Another process may be serving it.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub async fn beside(config: &Config, clock: &Clock) -> Result<Arc<dyn Store>> {
        Ok(match &config.store.url {
            StoreUrl::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
            StoreUrl::Mongo(url) => {
                Arc::new(MongoStore::connect(url.expose(), clock.clone()).await?)
            }
        })
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
    inbound: Phase,
    /// The commit queue.
    commits: Phase,
    /// The notifier and the sending of messages by the bot.
    deliveries: Phase,
    /// The feed.
    log: Phase,
}

impl App {
    /// Starts all parts with an open store. Returns when `web` listens. The deadlines are armed
    /// soon after that; then [`Health::is_ready`] returns true.
    ///
    /// # Errors
    /// If an address cannot be listened on, the store fails, or a part cannot be set up.
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
        let (inbound, commits) = (lifecycle.phase("doors"), lifecycle.phase("commits"));
        let (deliveries, log) = (lifecycle.phase("deliveries"), lifecycle.phase("log"));

        // The feed is opened before bookings are read, so that it misses no change after that.
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
        let service = with_routing(config, hotel, service, &inbound)?;
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
            bot.start(parts, &inbound, &deliveries)
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
        inbound.spawn("scheduler", scheduler.run(inbound.stop_signal()));
        let app = Self {
            address,
            public_url,
            service,
            feed,
            staff,
            health,
            store,
            qris,
            lifecycle,
            inbound,
            commits,
            deliveries,
            log,
        };
        app.serve_web(config, listener, metrics, (bot_name, inbox)).await?;
        Ok(app)
    }

    /// Starts the web server, and the separate metrics server if one is configured.
    ///
    /// # Errors
    /// If the address for metrics cannot be listened on.
    async fn serve_web(
        &self,
        config: &Config,
        listener: TcpListener,
        metrics: Option<PrometheusHandle>,
        (telegram_bot, inbox): (BotName, Option<TelegramWebhook>),
    ) -> Result<()> {
        let stop = self.inbound.stop_signal();
        let settings = WebSettings {
            language: config.hotel.language,
            public_url: config.server.public_url.as_ref().map(ToString::to_string),
            telegram_bot,
            requests_per_second: config.limits.requests_per_second,
            holds_per_address: config.limits.holds_per_address,
            trusted_proxies: config.limits.trusted_proxies.clone(),
            serves_metrics: config.server.metrics_listen.is_none(),
        };
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
            settings,
        };
        if let (Some(address), Some(handle)) = (config.server.metrics_listen, metrics.clone()) {
            let listener = listen(address).await?;
            let router = web::metrics_router(handle);
            self.inbound.spawn("metrics", web::serve(listener, router, stop.clone()));
        }
        if let Some(handle) = metrics {
            self.inbound.spawn("metrics upkeep", upkeep(handle, stop.clone()));
        }
        self.inbound.spawn("web", web::serve(listener, web::router(parts, stop.clone()), stop));
        Ok(())
    }

    /// Waits until a worker ends before it was told to, and returns its name.
    pub async fn death(&mut self) -> &'static str {
        self.lifecycle.death().await
    }

    /// Stops the parts in order: inbound workers, deliveries, the commit queue, the feed. Then
    /// closes the store.
    pub async fn stop(self) {
        self.health.set_ready(false);
        self.inbound.stop(INBOUND_LIMIT).await;
        // The notifier commits whether QRIS codes were sent, so it stops before the commit queue.
        self.deliveries.stop(notifier::DRAIN + Duration::from_secs(1)).await;
        // The commit queue ends when nobody can commit any more.
        drop(self.service);
        self.commits.stop(COMMITS_LIMIT).await;
        self.log.stop(INBOUND_LIMIT).await;
        self.store.store.close().await;
        info!("stopped");
    }
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
    async fn take_in(&self, body: &[u8]) -> bool {
        self.0.take_in(body).await
    }
}

/// Completes the service. If a routing server is configured, it is connected to a [`RouteWorker`],
/// which is started.
///
/// # Errors
/// If the HTTP client for the routing server cannot be set up.
fn with_routing(
    config: &Config,
    hotel: Coordinates,
    service: BookingService,
    inbound: &Phase,
) -> Result<Arc<BookingService>> {
    let Some(url) = &config.travel.routing_url else { return Ok(Arc::new(service)) };
    let server = RoutingServer::new(url.as_str(), hotel).context("travel.routing_url")?;
    let (sender, receiver) = mpsc::channel(routing::WAITING);
    let service = Arc::new(service.telling(sender));
    let routes = RouteWorker::new(server, Arc::clone(&service), receiver);
    inbound.spawn("roads", routes.run(inbound.stop_signal()));
    Ok(service)
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Sums up the recorded samples of metrics every [`METRICS_UPKEEP`].
async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(METRICS_UPKEEP)).await.is_some() {
        metrics.run_upkeep();
    }
}
