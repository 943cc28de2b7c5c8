//! Makes the calls. Each ends after a limited time, even if it hangs or panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tracing::{debug, error};

use super::job::{Job, Payload, Permit, PermitCall};
use super::{BotApi, PERMIT_TIMEOUT};
use crate::backoff::Backoff;
use crate::telegram::transport::call::CallError;

/// How long one call may take in all: 8 s until an answer begins, and the 10 s that teloxide sleeps
/// on a 5xx. Together with [`PERMIT_TIMEOUT`] it is shorter than an attempt of the notifier.
const CALL_TIMEOUT: Duration = Duration::from_secs(19);
/// Maximum number of attempts to answer a callback query. Telegram soon accepts no answer any more.
const ANSWER_TRIES: u32 = 4;
/// Waits between them.
const ANSWER_PAUSE: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(16));

/// The result of a job.
pub(super) struct SendResult {
    pub chat: i64,
    pub origin: CallOrigin,
    /// `None` if no call was made.
    pub outcome: Option<Result<i32, CallError>>,
}

/// Who gets the outcome of a call.
pub(super) enum CallOrigin {
    /// No caller: the job is tried again if it failed.
    Unattended(Job),
    /// The caller that waits.
    Awaited(oneshot::Sender<Result<i32, CallError>>),
    /// Nobody: the caller has given up, or the call was only a check.
    Abandoned,
}

/// Limits the time of a call, and turns a panic into a failure.
pub(super) async fn guarded<T>(
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let caught = AssertUnwindSafe(call).catch_unwind();
    match tokio::time::timeout(CALL_TIMEOUT, caught).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            error!("a call to Telegram panicked");
            Err(CallError::Refused("a call to Telegram crashed".to_owned()))
        }
        Err(_) => Err(CallError::Unknown),
    }
}

/// Makes the call of a job, or grants its permit and makes the call that the caller supplies.
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
            let (supply, supplied) = oneshot::channel();
            // If the caller has given up, this drops the permit, which ends the wait below.
            let _ = caller.send(Permit(supply));
            match tokio::time::timeout(PERMIT_TIMEOUT, supplied).await {
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

/// Answers a callback query. Tries again if that fails.
pub(super) async fn answer(api: Arc<dyn BotApi>, job: Job) {
    let Some(call) = job.call() else { return };
    for attempt in 1..=ANSWER_TRIES {
        let pause = match guarded(api.call(0, call)).await {
            Ok(_) => return,
            Err(CallError::Wait(wait)) => wait,
            Err(CallError::Unreachable | CallError::Unknown) => ANSWER_PAUSE.after(attempt),
            Err(failure) => return debug!(?failure, "a callback query was not answered"),
        };
        if attempt < ANSWER_TRIES {
            tokio::time::sleep(pause).await;
        }
    }
    debug!("a callback query was not answered");
}
