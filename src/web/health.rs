//! Health checks for monitoring.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::lifecycle::Health;
use crate::service::BookingService;
use crate::store::StoreControl;

/// A store that takes longer to answer counts as unavailable.
const PING_WITHIN: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct HealthView {
    health: Health,
    store: Arc<dyn StoreControl>,
    service: Arc<BookingService>,
}

/// The routes of the health checks. `/healthz` shows that the process runs. `/readyz` shows whether
/// it is ready, and which parts are degraded.
pub fn routes(
    health: Health,
    store: Arc<dyn StoreControl>,
    service: Arc<BookingService>,
) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .with_state(HealthView { health, store, service })
}

async fn ready(State(watched): State<HealthView>) -> impl IntoResponse {
    let mut degraded = watched.health.degraded();
    let answered = tokio::time::timeout(PING_WITHIN, watched.store.ping()).await;
    let has_store = matches!(answered, Ok(Ok(())));
    if !has_store {
        // The driver's message may contain addresses and names, so it is not shown.
        degraded.entry("store").or_insert_with(|| "does not answer".to_owned());
    }
    let is_ready = has_store && watched.health.is_ready() && watched.service.is_clock_right();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Json(json!({ "ready": is_ready, "degraded": degraded }));
    (status, [(header::CACHE_CONTROL, "no-store")], body)
}
