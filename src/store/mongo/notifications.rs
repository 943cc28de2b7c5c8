//! Notifications in MongoDB: what is owed, which node delivers it, and the outcome.
//!
//! They are stored in the document of the change that owes them. This module does not send them.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::{Document, doc, serialize_to_bson};
use serde::Deserialize;

use super::MongoStore;
use super::connect::durable;
use super::error::{broken, store_error};
use super::shape::{CHANGES, LeaseDocument, change_id, marked_field, outbox_field, read};
use crate::domain::{Change, FailureReason, Notification};
use crate::store::document::{ChangeDocument, FailureDocument, recipient_text};
use crate::store::{
    DeliveryOutcome, Lease, LeaseOutcome, LeaseRequest, NotificationId, NotificationStore,
    OwedNotification, StoreError,
};

/// The state of one notification.
#[derive(Debug, Deserialize)]
pub(super) struct NotificationState {
    owed: bool,
    lease: LeaseDocument,
    #[serde(default)]
    gave_up: Option<String>,
    #[serde(default)]
    gave_up_code: Option<String>,
    #[serde(default)]
    gave_up_detail: Option<String>,
}

impl NotificationState {
    /// Why the notification was given up; `None` if it was not.
    pub(super) fn failure(self) -> Option<FailureReason> {
        let (code, detail) = (self.gave_up_code, self.gave_up_detail);
        self.gave_up.map(|sentence| FailureDocument { sentence, code, detail }.into())
    }
}

pub(super) type Outbox = HashMap<String, NotificationState>;

#[derive(Debug, Deserialize)]
struct ChangeWithOutbox {
    #[serde(rename = "_id")]
    id: String,
    outbox: Outbox,
}

#[async_trait]
impl NotificationStore for MongoStore {
    async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError> {
        self.call(async {
            let cursor = self
                .db
                .collection::<Document>(CHANGES)
                .find(doc! { "owed": { "$gt": 0 } })
                .sort(doc! { "at_ms": 1, "_id": 1 })
                .await
                .map_err(|error| store_error(&error))?;
            let owed = cursor
                .map(|stored| owed_of(stored.map_err(|error| store_error(&error))?))
                .map_ok(|owed| stream::iter(owed.into_iter().map(Ok)))
                .try_flatten();
            Ok(owed.boxed())
        })
        .await
    }

    // Conditional writes, so that only one of two nodes gets a free lease.
    async fn take_leases(
        &self,
        requests: &[LeaseRequest],
    ) -> Result<Vec<LeaseOutcome>, StoreError> {
        let matched = self.update_changes(requests.iter().map(lease_statement).collect()).await?;
        if matched == requests.len() {
            return Ok(vec![LeaseOutcome::Acquired; requests.len()]);
        }
        // The answer does not say which statements matched, so the leases are read.
        let mut owed = HashMap::new();
        for change in self.leases(requests).await? {
            owed.insert(change.id, change.outbox);
        }
        let outcome = |request: &LeaseRequest| {
            let LeaseRequest { notification, lease, .. } = request;
            let outbox = owed.get(&change_id(notification.receipt_no, notification.revision));
            let state = outbox.and_then(|outbox| outbox.get(recipient_text(notification.to)));
            let Some(state) = state.filter(|state| state.owed) else {
                return Ok(LeaseOutcome::Settled);
            };
            let current = Lease::try_from(state.lease.clone())?;
            let is_ours = current == *lease;
            Ok(if is_ours {
                LeaseOutcome::Acquired
            } else {
                LeaseOutcome::LeasedUntil(current.until)
            })
        };
        requests.iter().map(outcome).collect()
    }

    async fn settle(
        &self,
        outcomes: &[(NotificationId, DeliveryOutcome)],
    ) -> Result<(), StoreError> {
        let statements = outcomes.iter().map(|(id, outcome)| settlement(*id, outcome)).collect();
        self.update_changes(statements).await.map(|_| ())
    }
}

impl MongoStore {
    /// Carries out statements on changes, each of which matches at most one. Returns how many
    /// matched.
    async fn update_changes(&self, statements: Vec<Document>) -> Result<usize, StoreError> {
        self.call(async {
            let write_concern = serialize_to_bson(&durable()).map_err(|error| broken(&error))?;
            let command = doc! {
                "update": CHANGES,
                "updates": statements,
                "ordered": false,
                "writeConcern": write_concern,
            };
            let reply = self.db.run_command(command).await;
            let reply = reply.map_err(|error| store_error(&error))?;
            if reply.contains_key("writeErrors") || reply.contains_key("writeConcernError") {
                let message = "notifications were not all recorded".to_owned();
                return Err(StoreError::Unavailable(message));
            }
            let matched = reply.get_i32("n").ok().and_then(|n| usize::try_from(n).ok());
            Ok(matched.unwrap_or_default())
        })
        .await
    }

    async fn leases(&self, requests: &[LeaseRequest]) -> Result<Vec<ChangeWithOutbox>, StoreError> {
        self.call(async {
            let ids: Vec<_> = requests
                .iter()
                .map(|LeaseRequest { notification, .. }| {
                    change_id(notification.receipt_no, notification.revision)
                })
                .collect();
            let changes = self.db.collection::<ChangeWithOutbox>(CHANGES);
            let found = changes
                .find(doc! { "_id": { "$in": ids } })
                .projection(doc! { "outbox": 1 })
                .await
                .map_err(|error| store_error(&error))?;
            found.try_collect().await.map_err(|error| store_error(&error))
        })
        .await
    }
}

fn lease_statement(request: &LeaseRequest) -> Document {
    let LeaseRequest { notification, lease, now } = request;
    let mut filter = still_owed(*notification);
    let ended = outbox_field(notification.to, "lease.until_ms");
    let own = outbox_field(notification.to, "lease.node");
    filter.insert(
        "$or",
        vec![doc! { ended: { "$lte": now.timestamp_millis() } }, doc! { own: &lease.node.0 }],
    );
    let lease = LeaseDocument::from(lease).document();
    doc! { "q": filter, "u": { "$set": { outbox_field(notification.to, "lease"): lease } } }
}

/// The marked field is for the change stream: it shows which notification was settled.
fn settlement(notification: NotificationId, outcome: &DeliveryOutcome) -> Document {
    let mut set = doc! {
        outbox_field(notification.to, "owed"): false,
        marked_field(notification.to): recipient_text(notification.to),
    };
    let (at, field) = match outcome {
        DeliveryOutcome::Sent(at) => (at, "sent_at_ms"),
        DeliveryOutcome::GivenUp(at, reason) => {
            let FailureDocument { sentence, code, detail } = reason.into();
            set.insert(outbox_field(notification.to, "gave_up"), sentence);
            if let Some(code) = code {
                set.insert(outbox_field(notification.to, "gave_up_code"), code);
            }
            if let Some(detail) = detail {
                set.insert(outbox_field(notification.to, "gave_up_detail"), detail);
            }
            (at, "gave_up_at_ms")
        }
    };
    set.insert(outbox_field(notification.to, field), at.timestamp_millis());
    doc! { "q": still_owed(notification), "u": { "$set": set, "$inc": { "owed": -1 } } }
}

fn still_owed(notification: NotificationId) -> Document {
    doc! {
        "_id": change_id(notification.receipt_no, notification.revision),
        outbox_field(notification.to, "owed"): true,
    }
}

/// The notifications that one change still owes, in the change's order.
fn owed_of(stored: Document) -> Result<Vec<OwedNotification>, StoreError> {
    let ChangeWithOutbox { mut outbox, .. } = read(stored.clone())?;
    let stored: ChangeDocument = read(stored)?;
    let change = Arc::new(Change::try_from(stored)?);
    let mut owed = Vec::new();
    for Notification { to, .. } in &change.notifications {
        let state = outbox.remove(recipient_text(*to));
        if let Some(state) = state.filter(|state| state.owed) {
            let lease = state.lease.try_into()?;
            owed.push(OwedNotification { change: Arc::clone(&change), to: *to, lease });
        }
    }
    Ok(owed)
}
