//! Erases guests from a MongoDB database, and deletes what is old.
//!
//! The server's own log of operations (the oplog) has what was written before, until it rolls over.

use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR};
use mongodb::options::ReadConcern;
use mongodb::{ClientSession, Collection};
use serde_json::Value;
use tokio::time::sleep;

use super::MongoStore;
use super::backup::record;
use super::connect::durable;
use super::error::store_error;
use super::search::search_document;
use super::shape::{
    BOOKINGS, CHANGES, CLAIMS, COUNTERS, FORGOTTEN, KEY_VALUES, REQUESTS, SEARCH_WORDS, TRACKS,
    WAITING, change_id, raw, read_raw,
};
use crate::backoff::Backoff;
use crate::domain::{Booking, Moment, ReceiptNo, Revision, TelegramId};
use crate::store::backup::{self, Record};
use crate::store::document::{BookingDocument, receipt_no};
use crate::store::personal_data::{ERASED, PersonalDataStore, erase_booking, erase_change};
use crate::store::{ClaimKey, StoreError};

/// How often a booking is tried, if others change it.
const TRIES: u32 = 20;
/// Waits between two tries.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(100));
/// How many bookings are looked at for one that is returned: a stay may still run.
const LOOKED_AT: usize = 4;

#[async_trait]
impl PersonalDataStore for MongoStore {
    async fn stored_about(&self, of: ReceiptNo) -> Result<Vec<Record>, StoreError> {
        let number = of.to_string();
        let mut all = Vec::new();
        for (name, filter) in [
            (BOOKINGS, doc! { "_id": &number }),
            (TRACKS, doc! { "_id": &number }),
            (REQUESTS, doc! { "receipt_no": &number }),
            (CHANGES, doc! { "booking.receipt_no": &number }),
        ] {
            let collection = self.db.collection::<RawDocumentBuf>(name);
            let order = doc! { "booking.revision": 1 };
            let found: Vec<_> = self
                .call(async {
                    let found = collection.find(filter).sort(order).await;
                    let found = found.map_err(|error| store_error(&error))?;
                    found.try_collect().await.map_err(|error| store_error(&error))
                })
                .await?;
            for stored in found {
                all.extend(record(name, &stored, Moment::UNIX_EPOCH)?);
            }
        }
        Ok(all)
    }

    async fn finished(
        &self,
        settled_before: Moment,
        over_by: NaiveDate,
        has_name: bool,
        most: usize,
    ) -> Result<Vec<ReceiptNo>, StoreError> {
        self.call(async {
            let mut filter = doc! {
                "status.at_ms": { "$lt": settled_before.timestamp_millis() },
                "check_in": { "$lt": over_by.to_string() },
            };
            if has_name {
                filter.insert("guest_name", doc! { "$ne": ERASED });
            }
            let limit = i64::try_from(most.saturating_mul(LOOKED_AT)).unwrap_or(i64::MAX);
            let bookings = self.db.collection::<BookingDocument>(BOOKINGS);
            let found = bookings.find(filter).sort(doc! { "status.at_ms": 1 }).limit(limit).await;
            let found: Vec<_> = found
                .map_err(|error| store_error(&error))?
                .try_collect()
                .await
                .map_err(|error| store_error(&error))?;
            let is_over = |booking: &BookingDocument| {
                let nights = chrono::Days::new(booking.nights.into());
                booking.check_in.checked_add_days(nights).is_some_and(|end| end <= over_by)
            };
            let over = found.iter().filter(|booking| is_over(booking)).take(most);
            over.map(|booking| receipt_no(&booking.receipt_no)).collect()
        })
        .await
    }

    async fn erase(
        &self,
        of: &[ReceiptNo],
        wished_at: Option<Moment>,
    ) -> Result<usize, StoreError> {
        self.each(of, Work::Erase(wished_at)).await
    }

    async fn delete(&self, of: &[ReceiptNo]) -> Result<usize, StoreError> {
        self.each(of, Work::Delete).await
    }

    async fn texts_of(&self, user: TelegramId) -> Result<Vec<Record>, StoreError> {
        let texts = self.db.collection::<RawDocumentBuf>(KEY_VALUES);
        let found: Vec<_> = self
            .call(async {
                let found = texts.find(of_user(user)).await.map_err(|error| store_error(&error))?;
                found.try_collect().await.map_err(|error| store_error(&error))
            })
            .await?;
        let record = |stored| record(KEY_VALUES, stored, Moment::UNIX_EPOCH);
        found.iter().filter_map(|stored| record(stored).transpose()).collect()
    }

    async fn delete_texts_of(&self, user: TelegramId) -> Result<usize, StoreError> {
        let texts = self.db.collection::<Document>(KEY_VALUES);
        self.call(async {
            let deleted = texts.delete_many(of_user(user)).await;
            let deleted = deleted.map_err(|error| store_error(&error))?;
            Ok(usize::try_from(deleted.deleted_count).unwrap_or(usize::MAX))
        })
        .await
    }

    // The server deletes credentials, texts and guests of the waiting list that have expired by itself.
    async fn delete_rest(&self, before: NaiveDate, _: Moment) -> Result<(), StoreError> {
        let midnight = before.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
        for (name, filter) in [
            (COUNTERS, doc! { "_id": { "$gte": "receipt ", "$lt": format!("receipt {before}") } }),
            (CLAIMS, doc! { "night": { "$lt": before.to_string() }, "taken": 0 }),
            (FORGOTTEN, doc! { "at_ms": { "$lt": midnight } }),
        ] {
            let collection = self.db.collection::<Document>(name);
            self.call(async {
                let deleted = collection.delete_many(filter).await;
                deleted.map(|_| ()).map_err(|error| store_error(&error))
            })
            .await?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Work {
    Erase(Option<Moment>),
    Delete,
}

impl MongoStore {
    /// Does something with each of these bookings that is settled, each in a transaction of its
    /// own.
    async fn each(&self, of: &[ReceiptNo], work: Work) -> Result<usize, StoreError> {
        let mut count = 0;
        for receipt_no in of {
            let mut tries = 1;
            count += loop {
                let tried = self.call(async { Ok(self.try_one(*receipt_no, work).await) }).await?;
                match tried {
                    Ok(done) => break usize::from(done?),
                    Err(error)
                        if tries < TRIES && error.contains_label(TRANSIENT_TRANSACTION_ERROR) =>
                    {
                        sleep(BACKOFF.spread_after(tries)).await;
                        tries += 1;
                    }
                    Err(error) => return Err(store_error(&error)),
                }
            };
        }
        Ok(count)
    }

    /// Returns whether the booking is settled.
    async fn try_one(
        &self,
        receipt_no: ReceiptNo,
        work: Work,
    ) -> Result<Result<bool, StoreError>, Error> {
        let mut session = self.client.start_session().await?;
        let begun = session.start_transaction().read_concern(ReadConcern::snapshot());
        begun.write_concern(durable()).await?;
        let filter = doc! { "_id": receipt_no.to_string() };
        let bookings = self.db.collection::<RawDocumentBuf>(BOOKINGS);
        let found = bookings.find_one(filter).session(&mut session).await?;
        let document = found.map(|stored| read_raw::<Value>(stored.as_bytes())).transpose();
        let settled = document.and_then(|document| {
            let Some(document) = document else { return Ok(None) };
            let booking = backup::booking(&document)?;
            Ok((!booking.is_pending()).then_some((booking, document)))
        });
        let (booking, document) = match settled {
            Ok(Some(settled)) => settled,
            Ok(None) => {
                let _ = session.abort_transaction().await;
                return Ok(Ok(false));
            }
            Err(error) => {
                let _ = session.abort_transaction().await;
                return Ok(Err(error));
            }
        };
        let done = match work {
            Work::Erase(at) => self.erase_one(&mut session, &booking, document, at).await?,
            Work::Delete => self.delete_one(&mut session, &booking).await?,
        };
        match done {
            Ok(()) => {
                session.commit_transaction().await?;
                Ok(Ok(true))
            }
            Err(error) => {
                let _ = session.abort_transaction().await;
                Ok(Err(error))
            }
        }
    }

    async fn erase_one(
        &self,
        session: &mut ClientSession,
        booking: &Booking,
        mut document: Value,
        wished_at: Option<Moment>,
    ) -> Result<Result<(), StoreError>, Error> {
        let number = booking.receipt_no.to_string();
        erase_booking(&mut document);
        let erased = backup::booking(&document).and_then(|erased| search_document(&erased));
        let (stored, words) = match raw(&document).and_then(|stored| Ok((stored, erased?))) {
            Ok(both) => both,
            Err(error) => return Ok(Err(error)),
        };
        let by_number = || doc! { "_id": &number };
        let collection = |name| self.db.collection::<RawDocumentBuf>(name);
        collection(BOOKINGS).replace_one(by_number(), stored).session(&mut *session).await?;
        collection(SEARCH_WORDS)
            .replace_one(by_number(), words)
            .upsert(true)
            .session(&mut *session)
            .await?;
        let changes = collection(CHANGES);
        for revision in 1..=booking.revision.0 {
            let filter = doc! { "_id": change_id(booking.receipt_no, Revision(revision)) };
            let found = changes.find_one(filter.clone()).session(&mut *session).await?;
            let Some(found) = found else { continue };
            let erased = read_raw::<Value>(found.as_bytes()).and_then(|mut change| {
                erase_change(&mut change);
                erase_outbox(&mut change);
                raw(&change)
            });
            match erased {
                Ok(erased) => {
                    changes.replace_one(filter, erased).session(&mut *session).await?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        self.delete_beside(session, &number).await?;
        if let Some(at) = wished_at {
            let forgotten: Collection<Document> = self.db.collection(FORGOTTEN);
            let set = doc! { "$set": { "at_ms": at.timestamp_millis() } };
            forgotten.update_one(by_number(), set).upsert(true).session(&mut *session).await?;
        }
        Ok(Ok(()))
    }

    /// Deletes the request that made a booking, and the guest's place in the waiting list.
    async fn delete_beside(&self, session: &mut ClientSession, number: &str) -> Result<(), Error> {
        let collection = |name| self.db.collection::<Document>(name);
        let of_booking = doc! { "receipt_no": number };
        collection(REQUESTS).delete_many(of_booking).session(&mut *session).await?;
        let of_guest = doc! { "document.receipt_no": number };
        collection(WAITING).delete_many(of_guest).session(&mut *session).await?;
        Ok(())
    }

    async fn delete_one(
        &self,
        session: &mut ClientSession,
        booking: &Booking,
    ) -> Result<Result<(), StoreError>, Error> {
        let number = booking.receipt_no.to_string();
        let collection = |name| self.db.collection::<Document>(name);
        if booking.takes_room() {
            for night in booking.stay.each_night() {
                let key = ClaimKey { room: booking.stay.room.code.clone(), night };
                collection(CLAIMS)
                    .update_one(doc! { "_id": key.to_string() }, doc! { "$inc": { "taken": -1 } })
                    .session(&mut *session)
                    .await?;
            }
        }
        self.delete_beside(session, &number).await?;
        for name in [BOOKINGS, SEARCH_WORDS, TRACKS] {
            let filter = doc! { "_id": &number };
            collection(name).delete_one(filter).session(&mut *session).await?;
        }
        let filter = doc! { "booking.receipt_no": &number };
        collection(CHANGES).delete_many(filter).session(&mut *session).await?;
        Ok(Ok(()))
    }
}

/// The condition for texts that are stored under the id of a Telegram user.
fn of_user(user: TelegramId) -> Document {
    doc! { "_id": { "$regex": format!(":{}$", user.0) } }
}

/// Erases why the notifications of a change were given up: a server's words may name the guest.
fn erase_outbox(change: &mut Value) {
    let Some(outbox) = change.get_mut("outbox").and_then(Value::as_object_mut) else { return };
    for state in outbox.values_mut().filter_map(Value::as_object_mut) {
        state.remove("gave_up_detail");
        if let Some(sentence) = state.get_mut("gave_up") {
            *sentence = ERASED.into();
        }
    }
}
