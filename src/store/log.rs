//! The log of changes, and the notices that its changes owe.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::stream::BoxStream;

use super::StoreError;
use crate::domain::{Change, Moment, ReceiptNo, Recipient, Revision};

/// A place in the log of changes. What is in it only its store knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// What the log tells, in order, each event with its place. The first error ends it.
pub type FeedStream = BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>;

/// An open stream of changes.
pub struct Changes {
    /// Where it starts: nothing after this cursor is missed.
    pub start: Cursor,
    /// What was committed after it.
    pub stream: FeedStream,
}

/// What the log tells.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedEvent {
    /// A booking moved.
    Changed {
        /// The step.
        change: Arc<Change>,
        /// Who delivers its notices first.
        lease: Lease,
    },
    /// A guest moved. Never replayed.
    PositionMoved(ReceiptNo),
    /// A notice was sent or given up. Never replayed.
    NotificationSettled(SettledNotification),
}

/// What became of a notice, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledNotification {
    /// Which notice.
    pub notification: NotificationId,
    /// Given up, not sent.
    pub is_given_up: bool,
}

/// Names one notice: the change that owes it, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NotificationId {
    /// The booking.
    pub receipt_no: ReceiptNo,
    /// The change.
    pub revision: Revision,
    /// Who is told.
    pub to: Recipient,
}

/// The right to deliver a notice first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which process.
    pub node: NodeId,
    /// Until when; then others take over.
    pub until: Moment,
}

impl Lease {
    /// How long a process has the right to deliver a notice: longer than any attempt.
    pub const LENGTH: TimeDelta = TimeDelta::seconds(30);
}

/// What became of the wish to deliver a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// The lease is the caller's.
    Acquired,
    /// Another process has the right until then.
    LeasedUntil(Moment),
    /// It is sent or given up, or never was.
    Settled,
}

/// One process's name, fresh at every start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeId(pub String);

/// A notice that is still to be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct OwedNotification {
    /// The change that owes it.
    pub change: Arc<Change>,
    /// To whom.
    pub to: Recipient,
    /// Who has the right to deliver it.
    pub lease: Lease,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Accepted by the recipient's side.
    Sent(Moment),
    /// Given up, with the reason in the front office's words.
    GivenUp(Moment, String),
}

/// A notice that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeliveredNotification {
    /// Of which booking.
    pub receipt_no: ReceiptNo,
    /// To whom.
    pub to: Recipient,
    /// Why.
    pub reason: String,
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
