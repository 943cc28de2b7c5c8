//! The webhook for Telegram's calls. The secret is compared in constant time, and status 200 is
//! returned only after the update was handled.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use crate::auth;
use crate::domain::TokenHash;

/// The largest body, in bytes. An update has only a few kilobytes.
const MAX_BODY: usize = 1 << 20;
/// The header in which Telegram sends the secret (Bot API, `setWebhook`).
const SECRET: &str = "x-telegram-bot-api-secret-token";

/// Handles the updates that Telegram sends.
#[async_trait]
pub trait WebhookHandler: Send + Sync + 'static {
    /// Handles one update. `false` makes Telegram send it again.
    async fn handle_body(&self, body: &[u8]) -> bool;
}

/// The webhook: its secret and its handler.
#[derive(Clone)]
pub struct Webhook {
    secret: TokenHash,
    handler: Arc<dyn WebhookHandler>,
}

impl Webhook {
    /// A webhook that accepts calls with this secret.
    #[must_use]
    pub fn new(secret: &str, handler: Arc<dyn WebhookHandler>) -> Self {
        Self { secret: auth::hash(secret), handler }
    }
}

pub(super) fn routes(webhook: Webhook) -> Router {
    Router::new()
        .route("/telegram/webhook", post(call))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(webhook)
}

async fn call(State(webhook): State<Webhook>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let shown = headers.get(SECRET).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !auth::opens(shown, webhook.secret) {
        return StatusCode::UNAUTHORIZED;
    }
    if webhook.handler.handle_body(&body).await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
