//! What is owed, who delivers it, and what became of it. Nothing here sends.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::{Document, doc};
use serde::Deserialize;

use super::MongoStore;
use super::error::store_error;
use super::shape::{CHANGES, LeaseDocument, change_id, outbox_field, read};
use crate::domain::{Change, Moment, ReceiptNo, Recipient};
use crate::store::document::{ChangeDocument, receipt_no, recipient, recipient_text};
use crate::store::{
    DeliveryOutcome, Lease, LeaseOutcome, NotificationId, OwedNotification, StoreError,
    UndeliveredNotification,
};

/// One notice's fate.
#[derive(Debug, Deserialize)]
struct NotificationState {
    owed: bool,
    lease: LeaseDocument,
    #[serde(default)]
    gave_up: Option<String>,
}

type Outbox = HashMap<String, NotificationState>;

#[derive(Debug, Deserialize)]
struct ChangeWithOutbox {
    outbox: Outbox,
}

#[derive(Debug, Deserialize)]
struct GivenUpRow {
    booking: ReceiptOnly,
    outbox: Outbox,
}

#[derive(Debug, Deserialize)]
struct ReceiptOnly {
    receipt_no: String,
}

impl MongoStore {
    pub(super) async fn read_history(&self, of: ReceiptNo) -> Result<Vec<Change>, StoreError> {
        let changes = self.db.collection::<ChangeDocument>(CHANGES);
        let filter = doc! { "booking.receipt_no": of.to_string() };
        let cursor = changes.find(filter).sort(doc! { "booking.revision": 1 }).await;
        let stored: Vec<_> = cursor
            .map_err(|error| store_error(&error))?
            .try_collect()
            .await
            .map_err(|error| store_error(&error))?;
        stored.into_iter().map(Change::try_from).collect()
    }

    pub(super) async fn read_undelivered(
        &self,
        of: &[ReceiptNo],
    ) -> Result<Vec<UndeliveredNotification>, StoreError> {
        let ids: Vec<_> = of.iter().map(ToString::to_string).collect();
        let gave_up: Vec<_> = Recipient::ALL
            .into_iter()
            .map(|to| doc! { outbox_field(to, "gave_up"): { "$exists": true } })
            .collect();
        let filter = doc! { "booking.receipt_no": { "$in": ids }, "$or": gave_up };
        let cursor = self
            .db
            .collection::<GivenUpRow>(CHANGES)
            .find(filter)
            .projection(doc! { "booking.receipt_no": 1, "outbox": 1 })
            .sort(doc! { "at_ms": 1, "booking.receipt_no": 1, "booking.revision": 1 })
            .await;
        let stored: Vec<_> = cursor
            .map_err(|error| store_error(&error))?
            .try_collect()
            .await
            .map_err(|error| store_error(&error))?;
        let mut all = Vec::new();
        for mut change in stored {
            for to in Recipient::ALL {
                let fate = change.outbox.remove(recipient_text(to));
                if let Some(reason) = fate.and_then(|fate| fate.gave_up) {
                    let receipt_no = receipt_no(&change.booking.receipt_no)?;
                    all.push(UndeliveredNotification { receipt_no, to, reason });
                }
            }
        }
        Ok(all)
    }

    pub(super) async fn stream_owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError> {
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
    }

    /// One write with its condition, so that of two one finds the lease free.
    pub(super) async fn move_lease(
        &self,
        notification: NotificationId,
        lease: &Lease,
        now: Moment,
    ) -> Result<LeaseOutcome, StoreError> {
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
            Some(fate) => Ok(LeaseOutcome::LeasedUntil(Lease::try_from(fate.lease)?.until)),
            None => Ok(LeaseOutcome::Settled),
        }
    }

    /// The field `marked` is for the change stream: two marks of one change differ in it.
    pub(super) async fn write_settlement(
        &self,
        notification: NotificationId,
        outcome: &DeliveryOutcome,
    ) -> Result<(), StoreError> {
        let mut set = doc! {
            outbox_field(notification.to, "owed"): false,
            "marked": recipient_text(notification.to),
        };
        let (at, field) = match outcome {
            DeliveryOutcome::Sent(at) => (at, "sent_at_ms"),
            DeliveryOutcome::GivenUp(at, reason) => {
                set.insert(outbox_field(notification.to, "gave_up"), reason);
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
    }
}

fn still_owed(notification: NotificationId) -> Document {
    doc! {
        "_id": change_id(notification.receipt_no, notification.revision),
        outbox_field(notification.to, "owed"): true,
    }
}

/// What one change still owes, in its own order.
fn owed_of(stored: Document) -> Result<Vec<OwedNotification>, StoreError> {
    let ChangeWithOutbox { mut outbox } = read(stored.clone())?;
    let stored: ChangeDocument = read(stored)?;
    let recipients: Vec<_> =
        stored.notifications.iter().map(|notification| notification.to.clone()).collect();
    let change = Arc::new(Change::try_from(stored)?);
    let mut owed = Vec::new();
    for to in recipients {
        if let Some(fate) = outbox.remove(&to).filter(|fate| fate.owed) {
            let lease = fate.lease.try_into()?;
            owed.push(OwedNotification { change: Arc::clone(&change), to: recipient(&to)?, lease });
        }
    }
    Ok(owed)
}
