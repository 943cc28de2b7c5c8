//! What waits in the outbox, and what those hold who wait for it.

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::{AfterSend, Call, Priority, SentMessage};
use crate::telegram::transport::api::CallError;

/// One thing that waits to go out.
pub(super) struct Job {
    pub chat: i64,
    pub priority: Priority,
    pub payload: Payload,
    pub since: Instant,
    pub not_before: Instant,
    pub tries: u32,
    /// Of these tries, those whose outcome is not known.
    pub unknown: u32,
}

pub(super) enum Payload {
    /// To be sent, and again if it fails; nobody waits. Something may have to be kept of it.
    Unattended(Call, Option<AfterSend>),
    /// To be sent once: somebody waits for the outcome, and tries again themselves.
    Awaited {
        call: Call,
        /// Says that it is under way; nobody hears that any more if they gave up.
        begins: oneshot::Sender<()>,
        outcome: oneshot::Sender<Result<i32, CallError>>,
    },
    /// Somebody brings a message when their turn has come, however long that takes.
    Permit(oneshot::Sender<Permit>),
}

impl Job {
    pub(super) fn new(chat: i64, priority: Priority, payload: Payload) -> Self {
        let since = Instant::now();
        Self { chat, priority, payload, since, not_before: since, tries: 0, unknown: 0 }
    }

    /// Whoever waited for this has given up.
    pub(super) fn is_dropped(&self) -> bool {
        match &self.payload {
            Payload::Unattended(..) => false,
            Payload::Awaited { begins, .. } => begins.is_closed(),
            Payload::Permit(caller) => caller.is_closed(),
        }
    }

    /// Tells whoever wants to know what became of it.
    pub(super) fn done(&self, outcome: Result<i32, CallError>) {
        if let Payload::Unattended(_, Some(AfterSend(then))) = &self.payload {
            then(SentMessage { chat: self.chat, is_new: self.is_message(), outcome });
        }
    }

    /// Whoever waits for this wants to know if it takes long.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(self.payload, Payload::Awaited { .. })
    }

    /// Tells whoever waits that this will not be sent.
    pub(super) fn refuse(self, why: CallError) {
        match self.payload {
            Payload::Awaited { outcome, begins, .. } => {
                let _ = outcome.send(Err(why));
                drop(begins);
            }
            Payload::Unattended(..) | Payload::Permit(_) => {}
        }
    }

    pub(super) fn is_posted_edit_of(&self, message: i32) -> bool {
        !self.is_awaited() && self.edited() == Some(message)
    }

    /// Takes over what a newer edit of the same message says.
    pub(super) fn replace_content(&mut self, newer: Self) {
        let older = std::mem::replace(&mut self.payload, newer.payload);
        self.inherit(&older);
    }

    /// What was to be kept of an older edit is still to be kept.
    pub(super) fn inherit(&mut self, older: &Payload) {
        if let Payload::Unattended(_, after_send @ None) = &mut self.payload
            && let Payload::Unattended(_, known) = older
        {
            after_send.clone_from(known);
        }
    }

    pub(super) fn call(&self) -> Option<&Call> {
        match &self.payload {
            Payload::Unattended(call, _) | Payload::Awaited { call, .. } => Some(call),
            Payload::Permit(_) => None,
        }
    }

    /// The message that it gives another content.
    pub(super) fn edited(&self) -> Option<i32> {
        match self.call()? {
            Call::Edit(message, _) => Some(*message),
            Call::Send(_) | Call::Picture(_) | Call::Answer(..) => None,
        }
    }

    /// It is a new message.
    pub(super) fn is_message(&self) -> bool {
        match self.call() {
            None | Some(Call::Send(_) | Call::Picture(_)) => true,
            Some(Call::Edit(..) | Call::Answer(..)) => false,
        }
    }
}

/// A caller's turn: the chat waits for what they bring. Dropped, it was never there.
pub struct Permit(pub(super) oneshot::Sender<PermitCall>);

pub(super) struct PermitCall {
    pub call: Call,
    pub outcome: oneshot::Sender<Result<i32, CallError>>,
}

/// A call that has its place in the queue. Dropping it drops what was not yet sent.
pub struct QueuedCall {
    pub(super) begun: oneshot::Receiver<()>,
    pub(super) ended: oneshot::Receiver<Result<i32, CallError>>,
}

impl QueuedCall {
    /// The message's id (0 where there is none), if its turn comes by then.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Busy`] if its turn did not come.
    pub async fn outcome_by(mut self, by: Instant) -> Result<i32, CallError> {
        let is_begun = if let Ok(begun) = timeout_at(by, &mut self.begun).await {
            begun.is_ok()
        } else {
            // From here on it cannot begin; until here it may have.
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
    /// Sends a new message and answers its id.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn send(self, call: Call) -> Result<i32, CallError> {
        let (outcome, sent) = oneshot::channel();
        self.0.send(PermitCall { call, outcome }).map_err(|_| CallError::Busy)?;
        sent.await.unwrap_or(Err(CallError::Unknown))
    }
}
