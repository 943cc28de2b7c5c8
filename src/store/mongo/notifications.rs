//! Notifications in MongoDB: what is owed, which node delivers it, and the outcome.
//!
//! They are stored in the document of the change that owes them. This module does not send them.

use crate::domain::FailureReason;
use crate::store::NotificationStore;
use crate::store::document::FailureDocument;
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::{Document, doc};
use serde::Deserialize;

use super::MongoStore;
use super::error::store_error;
use super::shape::{CHANGES, LeaseDocument, change_id, outbox_field, read};
use crate::domain::{Change, Moment};
use crate::store::document::{ChangeDocument, recipient, recipient_text};
use crate::store::{
    DeliveryOutcome, Lease, LeaseOutcome, NotificationId, OwedNotification, StoreError,
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

    // One conditional write, so that only one of two nodes gets a free lease.
    async fn take_lease(
        &self,
        notification: NotificationId,
        lease: &Lease,
        now: Moment,
    ) -> Result<LeaseOutcome, StoreError> {
        self.call(async {
        let mut filter = still_owed(notification);
        let ended = doc! { outbox_field(notification.to, "lease.until_ms"): { "$lte": now.timestamp_millis() } };
        let own = doc! { outbox_field(notification.to, "lease.node"): &lease.node.0 };
        filter.insert("$or", vec![ended, own]);
        let lease = LeaseDocument::from(lease).document();
        let update = doc! { "$set": { outbox_field(notification.to, "lease"): lease } };
        let moved = self.db.collection::<Document>(CHANGES).update_one(filter, update).await;
        if moved.map_err(|error| store_error(&error))?.matched_count > 0 {
            return Ok(LeaseOutcome::Acquired);
        }
        let changes = self.db.collection::<ChangeWithOutbox>(CHANGES);
        let found = changes.find_one(still_owed(notification)).await;
        let found = found.map_err(|error| store_error(&error))?;
        match found.and_then(|mut change| change.outbox.remove(recipient_text(notification.to))) {
            Some(state) => Ok(LeaseOutcome::LeasedUntil(Lease::try_from(state.lease)?.until)),
            None => Ok(LeaseOutcome::Settled),
        }
        })
        .await
    }

    // The field `marked` is for the change stream: it shows which notification was settled.
    async fn settle(
        &self,
        notification: NotificationId,
        outcome: &DeliveryOutcome,
    ) -> Result<(), StoreError> {
        self.call(async {
            let mut set = doc! {
                outbox_field(notification.to, "owed"): false,
                "marked": recipient_text(notification.to),
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
            let update = doc! { "$set": set, "$inc": { "owed": -1 } };
            let changes = self.db.collection::<Document>(CHANGES);
            changes
                .update_one(still_owed(notification), update)
                .await
                .map_err(|error| store_error(&error))?;
            Ok(())
        })
        .await
    }
}

fn still_owed(notification: NotificationId) -> Document {
    doc! {
        "_id": change_id(notification.receipt_no, notification.revision),
        outbox_field(notification.to, "owed"): true,
    }
}

/// The notifications that one change still owes, in the change's order.
fn owed_of(stored: Document) -> Result<Vec<OwedNotification>, StoreError> {
    let ChangeWithOutbox { mut outbox } = read(stored.clone())?;
    let stored: ChangeDocument = read(stored)?;
    let recipients: Vec<_> =
        stored.notifications.iter().map(|notification| notification.to.clone()).collect();
    let change = Arc::new(Change::try_from(stored)?);
    let mut owed = Vec::new();
    for to in recipients {
        if let Some(state) = outbox.remove(&to).filter(|state| state.owed) {
            let lease = state.lease.try_into()?;
            owed.push(OwedNotification { change: Arc::clone(&change), to: recipient(&to)?, lease });
        }
    }
    Ok(owed)
}
