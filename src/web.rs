//! The web door: pages, GraphQL over HTTP and WebSocket, health and metrics.
//!
//! What comes in is turned into calls of the desk, and what comes back into what browsers read.
//! Nothing is decided here but who may knock how often.

mod graphql;
mod graphql_http;
mod health;
mod limits;
mod pages;
mod webhook;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Extension, Router, middleware};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::auth::{MiniApp, StaffAuth};
use crate::domain::Language;
use crate::feed::Feed;
use crate::lifecycle::Health;
use crate::qris::Qris;
use crate::service::BookingService;
use crate::store::{BookingReader, StoreControl};

use graphql::ApiContext;
use graphql_http::Sockets;
use limits::Limits;

pub use graphql::sdl;
pub use webhook::{Webhook, WebhookHandler};

/// Nothing but what comes from us, no inline script or style, and nobody frames our pages.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// What is configured of the web door.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// The language of whoever does not say theirs.
    pub language: Language,
    /// Where our pages are for guests, without a slash at the end; by default where a request
    /// went.
    pub public_url: Option<String>,
    /// User name of the Telegram bot, without `@`, once it is known.
    pub telegram_bot: Arc<OnceLock<String>>,
    /// GraphQL requests of one address in a second at most.
    pub requests_per_second: u32,
    /// Running holds of one address at most.
    pub holds_per_address: u32,
    /// Proxies whose word on a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether `/metrics` is served here, rather than on a listener of its own.
    pub serves_metrics: bool,
}

/// The parts of the hotel that the web door opens to.
pub struct WebParts {
    /// The use cases.
    pub service: Arc<BookingService>,
    /// Bookings, to be read.
    pub bookings: Arc<dyn BookingReader>,
    /// Whether the store answers.
    pub store: Arc<dyn StoreControl>,
    /// Committed changes.
    pub feed: Feed,
    /// Staff sessions.
    pub staff: StaffAuth,
    /// The hotel's payment code, if it has one.
    pub qris: Option<Qris>,
    /// How the process is.
    pub health: Health,
    /// The metrics, if they are recorded.
    pub metrics: Option<PrometheusHandle>,
    /// Who takes what Telegram calls with, if it does.
    pub webhook: Option<Webhook>,
    /// Who comes in by the Mini App, if there is a bot.
    pub mini_app: Option<MiniApp>,
    /// What was configured.
    pub settings: WebSettings,
}

/// Everything that is served. Live sockets are closed once `stop` is cancelled. To be served with
/// the peer's address as [`ConnectInfo`](axum::extract::ConnectInfo).
pub fn router(parts: WebParts, stop: CancellationToken) -> Router {
    let WebParts {
        service,
        bookings,
        store,
        feed,
        staff,
        qris,
        health,
        metrics,
        webhook,
        mini_app,
        settings,
    } = parts;
    let webhook = webhook.map(webhook::routes).unwrap_or_default();
    let pages = pages::routes(settings.language);
    let probes = health::routes(health.clone(), store);
    let metrics = metrics.filter(|_| settings.serves_metrics).map(metrics_router);
    let limits = Limits::new(settings.requests_per_second, settings.trusted_proxies.clone());
    let context = ApiContext { service, bookings, feed, staff, mini_app, qris, health, settings };
    Router::new()
        .route("/graphql", graphql::route(context, limits, stop))
        .merge(probes)
        .merge(webhook)
        .merge(metrics.unwrap_or_default())
        .merge(pages)
        .layer(middleware::map_response(secure))
}

/// The metrics alone, for a listener of their own.
pub fn metrics_router(metrics: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(async move || metrics.render()))
}

/// Serves a router until it is told to stop, then sees requests and sockets to their end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let sockets = Sockets::default();
    let router = router.layer(Extension(sockets.clone()));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|connection| {
        // Small messages go at once; without it they only go later.
        let _ = connection.set_nodelay(true);
    });
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        error!(%error, "the web door broke");
    }
    sockets.0.close();
    sockets.0.wait().await;
}

/// What browsers must not do with anything of ours.
async fn secure(mut response: Response) -> Response {
    const RULES: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), "geolocation=(self)"),
    ];
    for (name, rule) in RULES {
        response.headers_mut().insert(name, HeaderValue::from_static(rule));
    }
    response
}
