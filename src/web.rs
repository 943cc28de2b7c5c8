//! The web server: pages, GraphQL over HTTP and WebSocket, health and metrics.
//!
//! Requests are converted to calls of the service, and its results to responses. The only decision
//! made here is how many requests a client may send.

mod address;
mod assets;
mod booking_limits;
mod connections;
mod graphql;
mod graphql_http;
mod health;
mod limits;
mod pages;
mod receipt_code;
mod server;
mod webhook;

use std::sync::{Arc, OnceLock};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::auth::{MiniApp, StaffAuth};
use crate::config::RetentionSection;
use crate::domain::Language;
use crate::feed::Feed;
use crate::lifecycle::Health;
use crate::qris::Qris;
use crate::service::BookingService;
use crate::store::{BookingReader, StoreControl};

use assets::PageFacts;
use booking_limits::BookingLimits;
use graphql::ApiContext;
use limits::Limits;

pub use booking_limits::LimitAlarm;
pub use connections::Connections;
pub use graphql::sdl;
pub use server::serve;
pub use webhook::{Webhook, WebhookHandler};

/// Pages load only files of this server, have no inline script or style, and are framed by nobody but
/// Telegram's web client, which shows Mini Apps in a frame. The form and the board are Mini Apps, and
/// the other pages open from them in the same frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors https://web.telegram.org";

/// The settings of the web server.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// The language for requests that name none.
    pub language: Language,
    /// The public address of the pages, without a slash at the end. By default, the address that a
    /// request was sent to.
    pub public_url: Option<String>,
    /// The user name of the Telegram bot, without `@`. Set once it is known.
    pub telegram_bot: Arc<OnceLock<String>>,
    /// The most GraphQL requests per second from one client network.
    pub requests_per_second: u32,
    /// The most running holds of one client network.
    pub holds_per_address: u32,
    /// The part of a room type's rooms that holds of the web may take together, up to 1.
    pub web_share: f64,
    /// The proxies that are trusted to forward the client's address.
    pub trusted_proxies: Vec<IpNet>,
    /// How long guests and bookings are kept, as the pages say it.
    pub retention: RetentionSection,
    /// Whether positions are sent to a routing server, as the pages say it.
    pub asks_routing_server: bool,
    /// Whether `/metrics` is served here and not on a separate listener.
    pub serves_metrics: bool,
}

/// The parts of the service that the web server uses.
pub struct WebParts {
    /// The use cases.
    pub service: Arc<BookingService>,
    /// Reads bookings.
    pub bookings: Arc<dyn BookingReader>,
    /// Checks whether the store answers.
    pub store: Arc<dyn StoreControl>,
    /// The feed of committed changes.
    pub feed: Feed,
    /// The sign-in and the sessions of staff.
    pub staff: StaffAuth,
    /// The maker of QRIS codes, if the hotel has a code.
    pub qris: Option<Qris>,
    /// Whether the process is ready, and which parts are degraded.
    pub health: Health,
    /// The metrics, if they are recorded.
    pub metrics: Option<PrometheusHandle>,
    /// The webhook for Telegram's calls, if it is used.
    pub webhook: Option<Webhook>,
    /// The sign-in by the Telegram Mini App, if there is a bot.
    pub mini_app: Option<MiniApp>,
    /// Rung when somebody reaches a limit that honest guests do not reach. The caller runs it.
    pub limit_alarm: LimitAlarm,
    /// The settings of the web server.
    pub settings: WebSettings,
}

/// The routes of the web server. WebSocket connections are closed once `stop` is cancelled.
/// Requests must have the peer's address as [`ConnectInfo`](axum::extract::ConnectInfo).
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
        limit_alarm,
        settings,
    } = parts;
    let webhook = webhook.map(webhook::routes).unwrap_or_default();
    let facts = PageFacts {
        hotel: &service.policy().hotel,
        hold: service.policy().hold.duration,
        retention: settings.retention,
        asks_routing_server: settings.asks_routing_server,
        has_bot: mini_app.is_some(),
        has_hotel_system: service.policy().has_hotel_system,
    };
    let pages = pages::routes(settings.language, Arc::clone(&settings.telegram_bot), &facts);
    let probes = health::routes(health.clone(), store, Arc::clone(&service));
    let metrics = metrics.filter(|_| settings.serves_metrics).map(metrics_router);
    let limits = Limits::new(settings.requests_per_second, settings.trusted_proxies.clone());
    let codes = receipt_code::routes(settings.clone(), limits.clone());
    let per_guest = service.policy().booking.max_active_per_guest;
    let booking_limits = BookingLimits::new(per_guest, settings.holds_per_address, limit_alarm);
    let context = ApiContext {
        service,
        bookings,
        feed,
        staff,
        mini_app,
        qris,
        health,
        booking_limits,
        settings,
    };
    let graphql = graphql::route(context, limits.clone(), stop);
    // These ask the store or write much, so they are counted as requests too.
    let probes = probes.merge(metrics.unwrap_or_default());
    let probes = probes.layer(middleware::from_fn_with_state(limits, check_rate));
    Router::new()
        .route("/graphql", graphql)
        .merge(probes)
        .merge(webhook)
        .merge(pages)
        .merge(codes)
        .layer(middleware::map_response(secure))
}

/// Refuses a request of a network that sends too many.
async fn check_rate(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match limits.check(limits.network(&parts)) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(_) => StatusCode::TOO_MANY_REQUESTS.into_response(),
    }
}

/// The route of the metrics only, for a separate listener.
pub fn metrics_router(metrics: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(async move || metrics.render()))
}

/// Adds the security headers to a response. Scripts and styles get only the one that concerns them,
/// because the others would be half of what is sent for a small file.
async fn secure(mut response: Response) -> Response {
    const RULES: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), "geolocation=(self)"),
    ];
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_document = kind
        .is_none_or(|kind| !kind.starts_with("text/javascript") && !kind.starts_with("text/css"));
    if is_document {
        for (name, rule) in RULES {
            headers.entry(name).or_insert(HeaderValue::from_static(rule));
        }
    }
    response
}
