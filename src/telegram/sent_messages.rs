//! The channel on which the send queue reports sent messages.
//!
//! It stores nothing; `message_recorder` does.

use tokio::sync::mpsc;

use super::transport::{AfterSend, SentMessage};
use super::view::View;
use crate::domain::{Language, ReceiptNo};

/// What a message shows, and therefore what is to be stored once it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageSubject {
    /// The status message of a booking.
    Status(ReceiptNo),
    /// The dashboard of its chat.
    Dashboard(View, Language),
}

/// Passes the outcome of messages to the message recorder. Clones share the channel.
#[derive(Clone)]
pub(super) struct SentMessageSender(mpsc::UnboundedSender<(MessageSubject, SentMessage)>);

/// The other end of a [`SentMessageSender`]. The channel is unbounded, but each entry was a call in
/// the bounded send queue.
pub(super) type SentMessageReceiver = mpsc::UnboundedReceiver<(MessageSubject, SentMessage)>;

pub(super) fn channel() -> (SentMessageSender, SentMessageReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (SentMessageSender(sender), receiver)
}

impl SentMessageSender {
    /// The callback that the send queue calls with the outcome of a message.
    pub(super) fn after_send(&self, shows: MessageSubject) -> AfterSend {
        let sender = self.0.clone();
        // The worker is gone only when the process stops.
        AfterSend::new(move |sent| drop(sender.send((shows, sent))))
    }
}
