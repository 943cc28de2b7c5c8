//! Calls under way: each ends, whatever happens.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tracing::{debug, error};

use super::job::{Job, Payload, Permit, PermitCall};
use super::{BotApi, PERMIT_TIMEOUT};
use crate::backoff::Backoff;
use crate::telegram::transport::api::CallError;

/// How long one call may take in all: 8 s until an answer begins, and the 10 s that teloxide
/// sleeps on a 5xx. With [`PERMIT_TIMEOUT`] it is less than an attempt of the courier.
const CALL_TIMEOUT: Duration = Duration::from_secs(19);
/// Tries of an answer to a tap, which is soon too late.
const ANSWER_TRIES: u32 = 4;
/// Waits between them.
const ANSWER_PAUSE: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(16));

/// A call that was under way.
pub(super) struct SendResult {
    pub chat: i64,
    pub origin: CallOrigin,
    /// `None`: nothing was brought, so nothing was sent.
    pub outcome: Option<Result<i32, CallError>>,
}

/// Whose call it was.
pub(super) enum CallOrigin {
    Unattended(Job),
    Awaited(oneshot::Sender<Result<i32, CallError>>),
    Abandoned,
}

/// A call that ends, whatever happens.
pub(super) async fn guarded<T>(
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let caught = AssertUnwindSafe(call).catch_unwind();
    match tokio::time::timeout(CALL_TIMEOUT, caught).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            error!("a call to Telegram crashed");
            Err(CallError::Refused("a call to Telegram crashed".to_owned()))
        }
        Err(_) => Err(CallError::Unknown),
    }
}

pub(super) async fn send_job(api: Arc<dyn BotApi>, job: Job) -> SendResult {
    let chat = job.chat;
    let (origin, outcome) = match job.payload {
        Payload::Unattended(ref call, _) => {
            let outcome = guarded(api.call(chat, call)).await;
            (CallOrigin::Unattended(job), Some(outcome))
        }
        Payload::Awaited { call, begins, outcome } => match begins.send(()) {
            Ok(()) => {
                let done = guarded(api.call(chat, &call)).await;
                (CallOrigin::Awaited(outcome), Some(done))
            }
            Err(()) => (CallOrigin::Abandoned, None),
        },
        Payload::Permit(caller) => {
            let (bring, brought) = oneshot::channel();
            // Whoever has given up meanwhile drops both ends.
            let _ = caller.send(Permit(bring));
            match tokio::time::timeout(PERMIT_TIMEOUT, brought).await {
                Ok(Ok(PermitCall { call, outcome })) => {
                    let done = guarded(api.call(chat, &call)).await;
                    (CallOrigin::Awaited(outcome), Some(done))
                }
                Ok(Err(_)) | Err(_) => (CallOrigin::Abandoned, None),
            }
        }
    };
    SendResult { chat, origin, outcome }
}

/// Answers a tap, and again if that fails.
pub(super) async fn answer(api: Arc<dyn BotApi>, job: Job) {
    let Some(call) = job.call() else { return };
    for tried in 1..=ANSWER_TRIES {
        let pause = match guarded(api.call(0, call)).await {
            Ok(_) => return,
            Err(CallError::Wait(wait)) => wait,
            Err(CallError::Unreachable | CallError::Unknown) => ANSWER_PAUSE.after(tried),
            Err(failure) => return debug!(?failure, "a tap was not answered"),
        };
        if tried < ANSWER_TRIES {
            tokio::time::sleep(pause).await;
        }
    }
    debug!("a tap was not answered");
}
