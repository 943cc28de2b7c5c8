//! Stores which message shows which booking or dashboard, once the send queue has sent it.
//!
//! The send queue must not wait for the store, so it passes the outcome to this worker
//! ([`super::sent_messages`]).

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::BotParts;
use super::dashboard::Dashboards;
use super::sent_messages::{MessageSubject, SentMessageReceiver};
use super::status::StatusMessages;
use super::transport::call::CallError;
use super::transport::{ChatLocks, SentMessage};
use crate::service::{BookingService, ServiceError};

/// The worker that stores the outcome of messages.
pub(super) struct MessageRecorder {
    receiver: SentMessageReceiver,
    service: Arc<BookingService>,
    status: Arc<StatusMessages>,
    dashboards: Arc<Dashboards>,
    locks: Arc<ChatLocks>,
}

impl MessageRecorder {
    pub(super) fn new(
        receiver: SentMessageReceiver,
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

    async fn write(&self, shows: MessageSubject, sent: SentMessage) -> Result<(), ServiceError> {
        let SentMessage { chat, is_new, outcome } = sent;
        match (shows, outcome) {
            (MessageSubject::Status(receipt_no), Ok(message)) if is_new => {
                let lock = self.locks.of(chat);
                let _guard = lock.lock().await;
                self.status.note(chat, receipt_no, message).await?;
            }
            // The guest deleted the message, but the booking still runs: send a new message.
            (MessageSubject::Status(receipt_no), Err(CallError::NoMessage)) if !is_new => {
                self.status.show_anew(&self.service.booking(receipt_no).await?).await;
            }
            (MessageSubject::Dashboard(view, language), Ok(message)) if is_new => {
                self.dashboards.replace_dashboard(chat, message, view, language).await?;
            }
            (MessageSubject::Status(_) | MessageSubject::Dashboard(..), Ok(_) | Err(_)) => {}
        }
        Ok(())
    }
}
