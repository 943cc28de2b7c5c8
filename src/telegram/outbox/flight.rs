//! Calls under way: each ends, whatever happens.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tracing::{debug, error};

use super::job::{Brought, Cargo, Job, Turn};
use super::{Carrier, TURN};
use crate::telegram::api::CallError;

/// How long one call may take in all: 8 s until an answer begins, and the 10 s that teloxide
/// sleeps on a 5xx. With [`TURN`] it is less than an attempt of the courier.
const FLIGHT: Duration = Duration::from_secs(19);
/// Tries of an answer to a tap, which is soon too late.
const ANSWER_TRIES: u32 = 4;

/// A call that was under way.
pub(super) struct Flown {
    pub chat: i64,
    pub what: What,
    /// `None`: nothing was brought, so nothing was sent.
    pub outcome: Option<Result<i32, CallError>>,
}

/// Whose call it was.
pub(super) enum What {
    Posted(Job),
    Brought(oneshot::Sender<Result<i32, CallError>>),
    Nobodys,
}

/// A call that ends, whatever happens.
pub(super) async fn guarded<T>(
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let caught = AssertUnwindSafe(call).catch_unwind();
    match tokio::time::timeout(FLIGHT, caught).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            error!("a call to Telegram crashed");
            Err(CallError::Refused("a call to Telegram crashed".to_owned()))
        }
        Err(_) => Err(CallError::Unknown),
    }
}

pub(super) async fn fly(carrier: Arc<dyn Carrier>, job: Job) -> Flown {
    let chat = job.chat;
    let (what, outcome) = match job.cargo {
        Cargo::Posted(ref call, _) => {
            let outcome = guarded(carrier.carry(chat, call)).await;
            (What::Posted(job), Some(outcome))
        }
        Cargo::Awaited { call, begins, outcome } => match begins.send(()) {
            Ok(()) => {
                let done = guarded(carrier.carry(chat, &call)).await;
                (What::Brought(outcome), Some(done))
            }
            Err(()) => (What::Nobodys, None),
        },
        Cargo::Turn(caller) => {
            let (bring, brought) = oneshot::channel();
            // Whoever has given up meanwhile drops both ends.
            let _ = caller.send(Turn(bring));
            match tokio::time::timeout(TURN, brought).await {
                Ok(Ok(Brought { call, outcome })) => {
                    let done = guarded(carrier.carry(chat, &call)).await;
                    (What::Brought(outcome), Some(done))
                }
                Ok(Err(_)) | Err(_) => (What::Nobodys, None),
            }
        }
    };
    Flown { chat, what, outcome }
}

/// Answers a tap, and again if that fails.
pub(super) async fn answer(carrier: Arc<dyn Carrier>, job: Job) {
    let Some(call) = job.call() else { return };
    for tried in 1..=ANSWER_TRIES {
        let pause = match guarded(carrier.carry(0, call)).await {
            Ok(_) => return,
            Err(CallError::Wait(wait)) => wait,
            Err(CallError::Unreachable | CallError::Unknown) => Duration::from_secs(1 << tried),
            Err(failure) => return debug!(?failure, "a tap was not answered"),
        };
        if tried < ANSWER_TRIES {
            tokio::time::sleep(pause).await;
        }
    }
    debug!("a tap was not answered");
}
