//! The types of the log of changes and of the notifications that its changes owe.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::StoreError;
use crate::domain::{Change, FailureReason, Moment, ReceiptNo, Recipient, Revision};

/// A place in the log of changes. Only the store that made it can read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// The events of the log in order, each with its cursor. The first error ends the stream.
pub type FeedStream = BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>;

/// A stream that ends with its first error.
#[must_use]
pub fn until_error<T, E>(
    items: BoxStream<'static, Result<T, E>>,
) -> BoxStream<'static, Result<T, E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let next = |items: Option<BoxStream<'static, Result<T, E>>>| async move {
        let mut items = items?;
        let item = items.next().await?;
        let rest = item.is_ok().then_some(items);
        Some((item, rest))
    };
    stream::unfold(Some(items), next).boxed()
}

/// An open stream of changes.
pub struct Changes {
    /// Where the stream starts. Nothing after this cursor is missed.
    pub start: Cursor,
    /// The events after `start`.
    pub stream: FeedStream,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedEvent {
    /// A booking changed.
    Changed {
        /// The change.
        change: Arc<Change>,
        /// Which node delivers its notifications first.
        lease: Lease,
    },
    /// A guest's track changed. Never replayed.
    PositionMoved(ReceiptNo),
    /// The waiting list changed. Never replayed.
    WaitingListMoved,
    /// A session of a member of staff ended: it was revoked, signed out, or deleted after it expired.
    SessionEnded,
    /// A notification was sent or given up. Never replayed.
    NotificationSettled(SettledNotification),
}

/// A notification that was sent or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledNotification {
    /// The notification.
    pub notification: NotificationId,
    /// Whether it was given up, not sent.
    pub is_given_up: bool,
}

/// Identifies one notification: the change that owes it, and the recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NotificationId {
    /// The booking.
    pub receipt_no: ReceiptNo,
    /// The revision of the change.
    pub revision: Revision,
    /// The recipient.
    pub to: Recipient,
}

/// The right of a node to deliver a notification, for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The node.
    pub node: NodeId,
    /// When it ends. Other nodes may take over then.
    pub until: Moment,
}

impl Lease {
    /// The length of a lease: longer than any attempt to deliver.
    pub const LENGTH: TimeDelta = TimeDelta::seconds(30);
}

/// The wish of a node to deliver a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    /// The notification.
    pub notification: NotificationId,
    /// The lease to take.
    pub lease: Lease,
    /// When it was asked for. Leases that have ended by then are free.
    pub now: Moment,
}

/// The outcome of trying to take a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// The lease is the caller's.
    Acquired,
    /// Another node has the lease until then.
    LeasedUntil(Moment),
    /// The notification was sent or given up, or does not exist.
    Settled,
}

/// The name of one process, new at every start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeId(pub String);

/// A notification that is still to be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct OwedNotification {
    /// The change that owes it.
    pub change: Arc<Change>,
    /// The recipient.
    pub to: Recipient,
    /// The current lease.
    pub lease: Lease,
}

/// The outcome of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Telegram or the mail server accepted it.
    Sent(Moment),
    /// It was given up, with the reason.
    GivenUp(Moment, FailureReason),
}

/// A notification that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeliveredNotification {
    /// The booking.
    pub receipt_no: ReceiptNo,
    /// The recipient.
    pub to: Recipient,
    /// The reason.
    pub reason: FailureReason,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{} to {:?}", self.receipt_no, self.revision.0, self.to)
    }
}
