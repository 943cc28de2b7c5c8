//! Searches bookings by the beginnings of words.
//!
//! Each booking has a document with its words and its place in the order of pages. It is written
//! with the booking and never changes, so that the many later writes of a booking need not touch
//! the index of words.

use std::collections::HashSet;

use futures_util::{TryStreamExt, future};
use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::options::Hint;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::MongoStore;
use super::error::{DUPLICATE_KEY, code, store_error};
use super::shape::{BOOKINGS, META, READ_BATCH_SIZE, SEARCH_WORDS, all, newest_first, raw, rest};
use crate::domain::{Booking, ReceiptNo};
use crate::store::document::{
    BookingDocument, moment, receipt_no, receipt_of_order, receipt_order,
};
use crate::store::search::booking_words;
use crate::store::{MAX_COUNTED, PageKey, StoreError};

/// How many bookings of an older version are indexed at once.
const CHUNK: usize = 500;
/// How far each start looks back before the stored progress, in milliseconds: bookings are not
/// committed in the exact order of their times.
const OVERLAP_MS: i64 = 60_000;
/// The document that says until when all bookings are indexed.
pub(super) const PROGRESS: &str = "search words";

/// The words of one booking.
#[derive(Serialize)]
struct SearchDocument {
    #[serde(rename = "_id")]
    receipt_no: String,
    words: Vec<String>,
    booked_at_ms: i64,
    receipt_order: String,
}

/// The part of a [`SearchDocument`] that an index contains.
#[derive(Deserialize)]
struct Match {
    receipt_order: String,
}

#[derive(Deserialize)]
struct OnlyId {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Deserialize)]
struct Progress {
    until_ms: i64,
}

/// The keys of the index of words, which also has the order of pages.
pub(super) fn words_index() -> Document {
    let mut keys = doc! { "words": 1 };
    keys.extend(newest_first());
    keys
}

pub(super) fn search_document(booking: &Booking) -> Result<RawDocumentBuf, StoreError> {
    raw(&SearchDocument {
        receipt_no: booking.receipt_no.to_string(),
        words: booking_words(booking),
        booked_at_ms: booking.booked_at.timestamp_millis(),
        receipt_order: receipt_order(booking.receipt_no),
    })
}

/// How a search is carried out.
pub(super) struct SearchPlan {
    conditions: Vec<Document>,
    /// The index to read: that of words, or the order of pages if every term is so frequent that
    /// the first bookings in that order contain enough matches.
    index: Document,
    /// How many bookings match, if there is only one term; counted up to [`MAX_COUNTED`].
    count: Option<u64>,
}

impl MongoStore {
    /// Plans the search for bookings with words that begin with each of these terms. There is at
    /// least one.
    pub(super) async fn plan_search(&self, terms: &[String]) -> Result<SearchPlan, StoreError> {
        // Terms contain letters and digits only, so they have no special meaning in a pattern.
        let conditions: Vec<_> =
            terms.iter().map(|term| doc! { "words": { "$regex": format!("^{term}") } }).collect();
        let counts = conditions.iter().map(|condition| self.count(condition.clone()));
        let counts = future::try_join_all(counts).await?;
        let is_rare = counts.iter().any(|count| *count < MAX_COUNTED);
        let index = if is_rare { words_index() } else { newest_first() };
        let count = counts.first().copied().filter(|_| terms.len() == 1);
        Ok(SearchPlan { conditions, index, count })
    }

    /// The newest matches, or those after a key, in the order of pages.
    pub(super) async fn matches(
        &self,
        plan: &SearchPlan,
        after: Option<PageKey>,
        most: usize,
    ) -> Result<Vec<ReceiptNo>, StoreError> {
        let mut conditions = plan.conditions.clone();
        conditions.extend(after.map(rest));
        let words = self.db.collection::<Match>(SEARCH_WORDS);
        let found = words
            .find(all(conditions))
            .projection(doc! { "_id": 0, "receipt_order": 1 })
            .sort(newest_first())
            .limit(i64::try_from(most).unwrap_or(i64::MAX))
            .hint(Hint::Keys(plan.index.clone()))
            .await
            .map_err(|error| store_error(&error))?;
        let found: Vec<Match> = found.try_collect().await.map_err(|error| store_error(&error))?;
        found.iter().map(|found| receipt_of_order(&found.receipt_order)).collect()
    }

    /// How many bookings match; counted up to [`MAX_COUNTED`].
    pub(super) async fn count_matches(&self, plan: &SearchPlan) -> Result<u64, StoreError> {
        match plan.count {
            Some(count) => Ok(count),
            None => self.count(all(plan.conditions.clone())).await,
        }
    }

    async fn count(&self, condition: Document) -> Result<u64, StoreError> {
        let words = self.db.collection::<Document>(SEARCH_WORDS);
        let count = words.count_documents(condition).limit(MAX_COUNTED);
        let count = count.hint(Hint::Keys(words_index())).await;
        count.map_err(|error| store_error(&error))
    }

    /// Indexes the bookings that were written without words, newest first. Returns how many.
    ///
    /// A version before this index writes no words. Its processes may still run beside this one, so
    /// each start looks at the bookings made since the last complete run.
    pub(super) async fn index_older(&self) -> Result<u64, StoreError> {
        let since_ms = self.indexed_until().await?;
        let (mut indexed, mut newest_ms, mut after) = (0, None, None);
        loop {
            let begun = Instant::now();
            let chunk = self.booked_since(since_ms, after).await?;
            newest_ms = newest_ms.or(chunk.first().map(|booking| booking.booked_at_ms));
            indexed += self.index(&chunk).await?;
            let last = chunk.last().filter(|_| chunk.len() == CHUNK);
            let Some(last) = last else { break };
            after = Some(PageKey {
                booked_at: moment(last.booked_at_ms)?,
                receipt_no: receipt_no(&last.receipt_no)?,
            });
            // The store is left free for others half of the time.
            sleep(begun.elapsed()).await;
        }
        if let Some(newest_ms) = newest_ms {
            self.set_indexed_until(newest_ms).await?;
        }
        Ok(indexed)
    }

    /// At most [`CHUNK`] bookings made at or after a moment, newest first.
    async fn booked_since(
        &self,
        since_ms: i64,
        after: Option<PageKey>,
    ) -> Result<Vec<BookingDocument>, StoreError> {
        self.call(async {
            let mut conditions = vec![doc! { "booked_at_ms": { "$gte": since_ms } }];
            conditions.extend(after.map(rest));
            let bookings = self.db.collection::<BookingDocument>(BOOKINGS);
            let chunk = bookings
                .find(all(conditions))
                .sort(newest_first())
                .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX))
                .await
                .map_err(|error| store_error(&error))?;
            chunk.try_collect().await.map_err(|error| store_error(&error))
        })
        .await
    }

    /// Indexes those of these bookings that are not. Returns how many were not.
    async fn index(&self, chunk: &[BookingDocument]) -> Result<u64, StoreError> {
        self.call(async {
            let words = self.db.collection::<RawDocumentBuf>(SEARCH_WORDS);
            let ids: Vec<_> = chunk.iter().map(|booking| &booking.receipt_no).collect();
            let known = words.clone_with_type::<OnlyId>();
            let known = known
                .find(doc! { "_id": { "$in": ids } })
                .projection(doc! { "_id": 1 })
                .batch_size(READ_BATCH_SIZE)
                .await
                .map_err(|error| store_error(&error))?;
            let known: Vec<OnlyId> =
                known.try_collect().await.map_err(|error| store_error(&error))?;
            let known: HashSet<_> = known.into_iter().map(|known| known.id).collect();
            let missing = chunk.iter().filter(|booking| !known.contains(&booking.receipt_no));
            let missing = missing.filter_map(|stored| match Booking::try_from(stored.clone()) {
                Ok(booking) => Some(search_document(&booking)),
                Err(error) => {
                    warn!(receipt_no = stored.receipt_no, %error, "a booking cannot be indexed");
                    None
                }
            });
            let missing = missing.collect::<Result<Vec<_>, StoreError>>()?;
            if missing.is_empty() {
                return Ok(0);
            }
            match words.insert_many(&missing).ordered(false).await {
                Ok(_) => {}
                // Another process indexes them at the same time.
                Err(error) if code(&error) == Some(DUPLICATE_KEY) => {}
                Err(error) => return Err(store_error(&error)),
            }
            Ok(missing.len() as u64)
        })
        .await
    }

    /// The moment up to which all bookings are indexed, with an overlap.
    async fn indexed_until(&self) -> Result<i64, StoreError> {
        self.call(async {
            let meta = self.db.collection::<Progress>(META);
            let found = meta.find_one(doc! { "_id": PROGRESS }).await;
            let found = found.map_err(|error| store_error(&error))?;
            Ok(found.map_or(i64::MIN, |progress| progress.until_ms - OVERLAP_MS))
        })
        .await
    }

    async fn set_indexed_until(&self, until_ms: i64) -> Result<(), StoreError> {
        self.call(async {
            let meta = self.db.collection::<Document>(META);
            let update = doc! { "$max": { "until_ms": until_ms } };
            let written = meta.update_one(doc! { "_id": PROGRESS }, update).upsert(true).await;
            match written.map_err(|error| store_error(&error)) {
                // On a conflict, another process wrote it at the same time.
                Ok(_) | Err(StoreError::Conflict(_)) => Ok(()),
                Err(error) => Err(error),
            }
        })
        .await
    }
}
