//! The webhook for Telegram's calls. The secret is compared in constant time, and status 200 is
//! returned only after the update was handled.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use tokio::time::timeout;

use crate::auth;
use crate::domain::TokenHash;

/// The largest body, in bytes. An update has only a few kilobytes.
const MAX_BODY: usize = 128 * 1024;
/// The longest time that the body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);
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
    Router::new().route("/telegram/webhook", post(call)).with_state(webhook)
}

/// Reads the body only if the secret is right, so that a stranger can make us do nothing.
async fn call(State(webhook): State<Webhook>, request: Request) -> StatusCode {
    let shown = request.headers().get(SECRET).and_then(|value| value.to_str().ok());
    if !auth::opens(shown.unwrap_or_default(), webhook.secret) {
        return StatusCode::UNAUTHORIZED;
    }
    let body = match timeout(BODY_WITHIN, to_bytes(request.into_body(), MAX_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => return StatusCode::REQUEST_TIMEOUT,
    };
    if webhook.handler.handle_body(&body).await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
