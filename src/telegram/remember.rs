//! Stores which message shows which booking or dashboard, once the send queue has sent it.
//!
//! The send queue must not wait for the store, so it passes the outcome to this worker.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::BotParts;
use super::dashboard::{Dashboards, View};
use super::status::StatusMessages;
use super::transport::api::CallError;
use super::transport::{AfterSend, ChatLocks, SentMessage};
use crate::domain::{Language, ReceiptNo};
use crate::service::{BookingService, ServiceError};

/// What a message shows, and therefore what is to be stored once it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remember {
    /// The status message of a booking.
    Status(ReceiptNo),
    /// The dashboard of its chat.
    Dashboard(View, Language),
}

/// Passes the outcome of messages to the [`RememberWorker`]. Clones share the channel.
#[derive(Clone)]
pub(super) struct RememberSender(mpsc::UnboundedSender<(Remember, SentMessage)>);

/// The other end of a [`RememberSender`]. The channel is unbounded, but each entry was a call in
/// the bounded send queue.
pub(super) type RememberReceiver = mpsc::UnboundedReceiver<(Remember, SentMessage)>;

pub(super) fn channel() -> (RememberSender, RememberReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (RememberSender(sender), receiver)
}

impl RememberSender {
    /// The callback that the send queue calls with the outcome of a message.
    pub(super) fn after_send(&self, shows: Remember) -> AfterSend {
        let sender = self.0.clone();
        // The worker is gone only when the process stops.
        AfterSend::new(move |sent| drop(sender.send((shows, sent))))
    }
}

/// The worker that stores the outcome of messages.
pub(super) struct RememberWorker {
    receiver: RememberReceiver,
    service: Arc<BookingService>,
    status: Arc<StatusMessages>,
    dashboards: Arc<Dashboards>,
    locks: Arc<ChatLocks>,
}

impl RememberWorker {
    pub(super) fn new(
        receiver: RememberReceiver,
        parts: &BotParts,
        status: &Arc<StatusMessages>,
        dashboards: &Arc<Dashboards>,
    ) -> Self {
        let (service, locks) = (Arc::clone(&parts.service), Arc::clone(&parts.locks));
        let (status, dashboards) = (Arc::clone(status), Arc::clone(dashboards));
        Self { receiver, service, status, dashboards, locks }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let next = tokio::select! {
                () = stop.cancelled() => return,
                next = self.receiver.recv() => next,
            };
            let Some((shows, sent)) = next else { return stop.cancelled().await };
            if let Err(error) = self.write(shows, sent).await {
                warn!(%error, "what a message shows could not be stored");
            }
        }
    }

    async fn write(&self, shows: Remember, sent: SentMessage) -> Result<(), ServiceError> {
        let SentMessage { chat, is_new, outcome } = sent;
        match (shows, outcome) {
            (Remember::Status(receipt_no), Ok(message)) if is_new => {
                let lock = self.locks.of(chat);
                let _guard = lock.lock().await;
                self.status.note(chat, receipt_no, message).await?;
            }
            // The guest deleted the message, but the booking still runs: send a new message.
            (Remember::Status(receipt_no), Err(CallError::NoMessage)) if !is_new => {
                self.status.show_anew(&self.service.booking(receipt_no).await?).await;
            }
            (Remember::Dashboard(view, language), Ok(message)) if is_new => {
                self.dashboards.follow(chat, message, view, language).await?;
            }
            (Remember::Status(_) | Remember::Dashboard(..), Ok(_) | Err(_)) => {}
        }
        Ok(())
    }
}
