//! Tells the hotel's own system (a PMS) of every change of a booking, by a signed call of the address
//! that is configured in `[webhook]`.
//!
//! Calls are signed by the Standard Webhooks scheme (`signature`). The body has what a hotel's system
//! needs (`payload`), and nothing by which somebody could act for the guest. Any answer of 2xx means
//! that the call has arrived. 410 means that no further call is wanted: none is made until the next
//! start. Redirects are not followed.
//!
//! This module makes one attempt for each request. The notifier repeats failed ones, and decides for
//! how long.

mod payload;
mod signature;

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use crate::clock::Clock;
use crate::config::{Secret, WebhookTarget};
use crate::domain::{FailureCode, FailureReason};
use crate::notifier::{DeliveryError, DeliveryMethod, DeliveryRequest};

use signature::Signer;

/// The time limit for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit for a call, up to the last byte of its answer. A receiver should answer first and
/// do its work afterwards.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// The most bytes of an answer that are read. They are thrown away; an answer that was read to its
/// end leaves its connection for the next call.
const MAX_ANSWER: usize = 16 * 1024;
/// The longest wait that a receiver may ask for (`Retry-After`).
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// A client of the hotel's own system.
pub struct HotelSystem {
    http: Client,
    url: Secret,
    signer: Signer,
    clock: Clock,
    /// Whether the system wants no further calls.
    is_gone: AtomicBool,
}

/// A call as it is sent. Its id is the same at every attempt.
struct Call {
    id: String,
    body: String,
}

impl HotelSystem {
    /// A client of the configured address.
    ///
    /// # Errors
    /// [`reqwest::Error`] if the HTTP client cannot be set up, for example its TLS.
    pub fn new(target: &WebhookTarget, clock: Clock) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .redirect(Policy::none())
            .user_agent(concat!("jatah/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let (url, signer) = (target.url.clone(), Signer::new(target.key.clone()));
        Ok(Self { http, url, signer, clock, is_gone: AtomicBool::new(false) })
    }

    /// Makes a call that is about no booking, to see whether calls arrive.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn ping(&self, hotel: &str) -> Result<(), FailureReason> {
        let call = payload::of_ping(hotel, self.clock.now());
        self.call(call).await.map_err(|failure| failure.reason)
    }

    async fn call(&self, call: Call) -> Result<(), CallFailure> {
        let Call { id, body } = call;
        let sent_at = self.clock.now().timestamp();
        let request = self
            .http
            .post(self.url.expose())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", sent_at)
            .header("webhook-signature", self.signer.sign(&id, sent_at, &body))
            .body(body);
        let response = request.send().await.map_err(|error| CallFailure::unanswered(&error))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        read_to_end(response).await;
        if status.is_success() {
            return Ok(());
        }
        Err(CallFailure { reason: refusal(status), retry_after })
    }
}

#[async_trait]
impl DeliveryMethod for HotelSystem {
    async fn deliver(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        if self.is_gone.load(Ordering::Relaxed) {
            return Err(DeliveryError::Closed(FailureCode::WebhookGone.into()));
        }
        match self.call(payload::of_change(&request.change)).await {
            Ok(()) => Ok(()),
            Err(CallFailure { reason, .. }) if reason.code == FailureCode::WebhookGone => {
                self.is_gone.store(true, Ordering::Relaxed);
                Err(DeliveryError::Closed(reason))
            }
            // Also without an answer: the id lets the receiver recognize a call that came twice.
            Err(CallFailure { reason, retry_after }) => {
                Err(DeliveryError::Transient { reason, retry_after })
            }
        }
    }
}

/// Why a call did not arrive. It contains nothing of the address.
struct CallFailure {
    reason: FailureReason,
    /// How long to wait before the next attempt, if the receiver said so.
    retry_after: Option<Duration>,
}

impl CallFailure {
    fn unanswered(error: &reqwest::Error) -> Self {
        let code = if error.is_timeout() && !error.is_connect() {
            FailureCode::WebhookSilent
        } else {
            FailureCode::WebhookUnreachable
        };
        let mut cause: &dyn Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        // The innermost cause says most. Only the error itself has the address.
        let detail = error.source().map_or_else(String::new, |_| cause.to_string());
        Self { reason: FailureReason::with_detail(code, detail), retry_after: None }
    }
}

/// The reason for an answer that is not 2xx.
fn refusal(status: StatusCode) -> FailureReason {
    match status {
        StatusCode::GONE => FailureCode::WebhookGone.into(),
        status => FailureReason::with_detail(
            FailureCode::WebhookRefused,
            format!("HTTP {}", status.as_u16()),
        ),
    }
}

/// How long the receiver asks to wait. Only seconds are read, not a date.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// Reads an answer, up to [`MAX_ANSWER`] bytes. What goes wrong meanwhile changes nothing: the status
/// said whether the call has arrived.
async fn read_to_end(mut response: Response) {
    let mut left = MAX_ANSWER;
    while let Ok(Some(chunk)) = response.chunk().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            return;
        }
    }
}
