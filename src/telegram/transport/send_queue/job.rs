//! The jobs in the send queue, and the values by which callers wait for them.

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::{AfterSend, Call, Priority, SentMessage};
use crate::telegram::transport::call::CallError;

/// One queued call or permit.
pub(super) struct Job {
    pub chat: i64,
    pub priority: Priority,
    pub payload: Payload,
    /// When it was queued.
    pub since: Instant,
    /// The earliest time for the next attempt.
    pub not_before: Instant,
    pub tries: u32,
    /// The number of these attempts whose outcome is unknown.
    pub unknown: u32,
}

/// What a job sends, and who learns the outcome.
pub(super) enum Payload {
    /// A call that no caller waits for. It is tried again if it fails. The callback gets the
    /// outcome.
    Unattended(Call, Option<AfterSend>),
    /// A call that is made once. The caller waits for the outcome, and may try again.
    Awaited {
        call: Call,
        /// Tells the caller that the call begins; closed if the caller has given up.
        begins: oneshot::Sender<()>,
        outcome: oneshot::Sender<Result<i32, CallError>>,
    },
    /// A permit. The caller supplies the message when the permit is granted.
    Permit(oneshot::Sender<Permit>),
}

impl Job {
    pub(super) fn new(chat: i64, priority: Priority, payload: Payload) -> Self {
        let since = Instant::now();
        Self { chat, priority, payload, since, not_before: since, tries: 0, unknown: 0 }
    }

    /// Whether the caller has given up.
    pub(super) fn is_dropped(&self) -> bool {
        match &self.payload {
            Payload::Unattended(..) => false,
            Payload::Awaited { begins, .. } => begins.is_closed(),
            Payload::Permit(caller) => caller.is_closed(),
        }
    }

    /// Passes the outcome to the callback, if there is one.
    pub(super) fn done(&self, outcome: Result<i32, CallError>) {
        if let Payload::Unattended(_, Some(AfterSend(then))) = &self.payload {
            then(SentMessage { chat: self.chat, is_new: self.is_message(), outcome });
        }
    }

    /// Whether a caller waits for the outcome of this call.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(self.payload, Payload::Awaited { .. })
    }

    /// Tells the caller that the call will not be made, and why.
    pub(super) fn refuse(self, why: CallError) {
        match self.payload {
            Payload::Awaited { outcome, begins, .. } => {
                let _ = outcome.send(Err(why));
                drop(begins);
            }
            Payload::Unattended(..) | Payload::Permit(_) => {}
        }
    }

    /// Whether this is an edit of the message that no caller waits for.
    pub(super) fn is_posted_edit_of(&self, message: i32) -> bool {
        !self.is_awaited() && self.edited() == Some(message)
    }

    /// Replaces the content by that of a newer edit of the same message.
    pub(super) fn replace_content(&mut self, newer: Self) {
        let older = std::mem::replace(&mut self.payload, newer.payload);
        self.inherit(&older);
    }

    /// Keeps the callback of an older edit, if this one has none.
    pub(super) fn inherit(&mut self, older: &Payload) {
        if let Payload::Unattended(_, after_send @ None) = &mut self.payload
            && let Payload::Unattended(_, known) = older
        {
            after_send.clone_from(known);
        }
    }

    /// The call; `None` for a permit.
    pub(super) fn call(&self) -> Option<&Call> {
        match &self.payload {
            Payload::Unattended(call, _) | Payload::Awaited { call, .. } => Some(call),
            Payload::Permit(_) => None,
        }
    }

    /// The message that it edits, if it is an edit.
    pub(super) fn edited(&self) -> Option<i32> {
        match self.call()? {
            Call::Edit(message, _) => Some(*message),
            Call::Send(_)
            | Call::Picture(_)
            | Call::PassPicture(_)
            | Call::Venue(_)
            | Call::Answer(..) => None,
        }
    }

    /// Whether it is a new message.
    pub(super) fn is_message(&self) -> bool {
        match self.call() {
            None
            | Some(Call::Send(_) | Call::Picture(_) | Call::PassPicture(_) | Call::Venue(_)) => {
                true
            }
            Some(Call::Edit(..) | Call::Answer(..)) => false,
        }
    }
}

/// The permission to send one message to a chat now. The chat waits until it is used or dropped. A
/// dropped permit sends nothing.
pub struct Permit(pub(super) oneshot::Sender<PermitCall>);

/// The message for a permit.
pub(super) struct PermitCall {
    pub call: Call,
    pub outcome: oneshot::Sender<Result<i32, CallError>>,
}

/// A queued call. If this value is dropped before the call begins, the call is not made.
pub struct QueuedCall {
    pub(super) begun: oneshot::Receiver<()>,
    pub(super) ended: oneshot::Receiver<Result<i32, CallError>>,
}

impl QueuedCall {
    /// Waits for the outcome if the call begins before the deadline. Returns the id of the message
    /// (0 if there is none).
    ///
    /// # Errors
    /// [`CallError::Busy`] if the call did not begin in time, otherwise the [`CallError`] of the
    /// call.
    pub async fn outcome_by(mut self, deadline: Instant) -> Result<i32, CallError> {
        let is_begun = if let Ok(begun) = timeout_at(deadline, &mut self.begun).await {
            begun.is_ok()
        } else {
            // After `close` the call cannot begin. It may have begun before.
            self.begun.close();
            self.begun.try_recv().is_ok()
        };
        if is_begun {
            self.ended.await.unwrap_or(Err(CallError::Unknown))
        } else {
            self.ended.try_recv().unwrap_or(Err(CallError::Busy))
        }
    }
}

impl Permit {
    /// Sends a new message, and returns its id.
    ///
    /// # Errors
    /// [`CallError::Busy`] if the permit has expired, otherwise the [`CallError`] of the call.
    pub async fn send(self, call: Call) -> Result<i32, CallError> {
        let (outcome, sent) = oneshot::channel();
        self.0.send(PermitCall { call, outcome }).map_err(|_| CallError::Busy)?;
        sent.await.unwrap_or(Err(CallError::Unknown))
    }
}
