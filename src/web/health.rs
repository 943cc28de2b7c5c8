//! How the process is, for those who watch it from outside.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::lifecycle::Health;
use crate::store::StoreControl;

/// A store that takes longer to answer counts as away.
const PING_WITHIN: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct HealthView {
    health: Health,
    store: Arc<dyn StoreControl>,
}

/// `/healthz`: the process runs. `/readyz`: it serves, and what of it is not well.
pub fn routes(health: Health, store: Arc<dyn StoreControl>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .with_state(HealthView { health, store })
}

async fn ready(State(watched): State<HealthView>) -> impl IntoResponse {
    let mut degraded = watched.health.degraded();
    let answered = tokio::time::timeout(PING_WITHIN, watched.store.ping()).await;
    let has_store = matches!(answered, Ok(Ok(())));
    if !has_store {
        // Drivers' words may hold addresses and names, so they stay in the log.
        degraded.insert("store", "does not answer".to_owned());
    }
    let is_ready = has_store && watched.health.is_ready();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Json(json!({ "ready": is_ready, "degraded": degraded }));
    (status, [(header::CACHE_CONTROL, "no-store")], body)
}
