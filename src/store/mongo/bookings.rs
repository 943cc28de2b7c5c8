//! Reads bookings with their tracks, their history and their wakes from MongoDB.

use std::collections::HashMap;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, future};
use mongodb::bson::{Document, doc};
use serde::Deserialize;

use super::MongoStore;
use super::error::store_error;
use super::notifications::{NotificationState, Outbox};
use super::shape::{
    BOOKINGS, CHANGES, READ_BATCH_SIZE, TRACKS, TrackDocument, all, newest_first, outbox_field,
    rest,
};
use crate::domain::{
    Booking, Change, Contact, Hold, ReceiptNo, Recipient, Revision, Track, TrackedBooking,
};
use crate::store::document::{
    BookingDocument, ChangeDocument, moment, receipt_no, recipient_text, status_text, track,
};
use crate::store::{
    BookingReader, Filter, MAX_COUNTED, MAX_SEARCHED, Page, PageKey, Search, StatusKind,
    StoreError, UndeliveredNotification, Wake,
};

#[derive(Debug, Deserialize)]
struct WakeDocument {
    receipt_no: String,
    revision: u32,
    hold_until_ms: i64,
    #[serde(default)]
    remind_at_ms: Option<i64>,
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

impl TryFrom<WakeDocument> for Wake {
    type Error = StoreError;

    fn try_from(stored: WakeDocument) -> Result<Self, StoreError> {
        let hold = Hold {
            until: moment(stored.hold_until_ms)?,
            remind_at: stored.remind_at_ms.map(moment).transpose()?,
            extensions: 0,
        };
        Ok(Self {
            receipt_no: receipt_no(&stored.receipt_no)?,
            revision: Revision(stored.revision),
            at: hold.wake_at(),
        })
    }
}

#[async_trait]
impl BookingReader for MongoStore {
    async fn booking(&self, receipt_no: ReceiptNo) -> Result<Option<TrackedBooking>, StoreError> {
        Ok(self.bookings(&[receipt_no]).await?.pop())
    }

    // A hold may end between the two reads, and with it the track. A track of a booking that has
    // ended is left out, and a step of a booking that has ended since is not committed.
    async fn bookings(&self, of: &[ReceiptNo]) -> Result<Vec<TrackedBooking>, StoreError> {
        self.call(async {
            let ids: Vec<String> = of.iter().map(ToString::to_string).collect();
            let bookings = self.db.collection::<BookingDocument>(BOOKINGS);
            let bookings = async {
                let found = bookings.find(doc! { "_id": { "$in": &ids } });
                let found = found.batch_size(READ_BATCH_SIZE).await;
                let found = found.map_err(|error| store_error(&error))?;
                found.try_collect::<Vec<_>>().await.map_err(|error| store_error(&error))
            };
            let (mut tracks, found) = future::try_join(self.tracks(&ids), bookings).await?;
            let tracked = |stored: BookingDocument| {
                let track = tracks.remove(&stored.receipt_no).unwrap_or_default();
                let booking = Booking::try_from(stored)?;
                let track = if booking.has_track() { track } else { Track::default() };
                Ok(TrackedBooking { booking, track })
            };
            found.into_iter().map(tracked).collect()
        })
        .await
    }

    async fn page(
        &self,
        filter: &Filter,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError> {
        self.call(async {
            match &filter.search {
                Some(Search::Words(terms)) => {
                    self.search_page(terms, conditions(filter), first, after).await
                }
                Some(Search::Receipt(_)) | None => {
                    self.filter_page(conditions(filter), first, after).await
                }
            }
        })
        .await
    }

    async fn history(&self, of: ReceiptNo) -> Result<Vec<Change>, StoreError> {
        self.call(async {
            let changes = self.db.collection::<ChangeDocument>(CHANGES);
            let filter = doc! { "booking.receipt_no": of.to_string() };
            let cursor = changes.find(filter).sort(doc! { "booking.revision": 1 }).await;
            let stored: Vec<_> = cursor
                .map_err(|error| store_error(&error))?
                .try_collect()
                .await
                .map_err(|error| store_error(&error))?;
            stored.into_iter().map(Change::try_from).collect()
        })
        .await
    }

    async fn undelivered(
        &self,
        of: &[ReceiptNo],
    ) -> Result<Vec<UndeliveredNotification>, StoreError> {
        self.call(async {
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
                    let state = change.outbox.remove(recipient_text(to));
                    if let Some(reason) = state.and_then(NotificationState::failure) {
                        let receipt_no = receipt_no(&change.booking.receipt_no)?;
                        all.push(UndeliveredNotification { receipt_no, to, reason });
                    }
                }
            }
            Ok(all)
        })
        .await
    }

    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError> {
        self.call(async {
        let fields = doc! { "_id": 0, "receipt_no": 1, "revision": 1, "hold_until_ms": 1, "remind_at_ms": 1 };
        let cursor = self
            .db
            .collection::<WakeDocument>(BOOKINGS)
            .find(doc! { "status.kind": status_text(StatusKind::Pending) })
            .projection(fields)
            .await
            .map_err(|error| store_error(&error))?;
        Ok(cursor.map(|stored| stored.map_err(|error| store_error(&error))?.try_into()).boxed())
        })
        .await
    }
}

impl MongoStore {
    /// A page of the bookings that meet all conditions.
    async fn filter_page(
        &self,
        matching: Vec<Document>,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError> {
        let bookings = self.db.collection::<BookingDocument>(BOOKINGS);
        let mut of_page = matching.clone();
        of_page.extend(after.map(rest));
        let find = async {
            let limit = i64::try_from(first).unwrap_or(i64::MAX).saturating_add(1);
            let found = bookings.find(all(of_page)).sort(newest_first()).limit(limit).await?;
            found.try_collect::<Vec<_>>().await
        };
        let count = async { bookings.count_documents(all(matching)).limit(MAX_COUNTED).await };
        let (mut found, total) =
            future::try_join(find, count).await.map_err(|error| store_error(&error))?;
        // A booking that is replaced during the read may be met twice.
        found.dedup_by(|one, other| one.receipt_no == other.receipt_no);
        let has_next = found.len() > first;
        found.truncate(first);
        let ids: Vec<_> = found.iter().map(|booking| booking.receipt_no.clone()).collect();
        let mut tracks = self.tracks(&ids).await?;
        let bookings = found.into_iter().map(|stored| {
            let track = tracks.remove(&stored.receipt_no).unwrap_or_default();
            Ok(TrackedBooking { booking: Booking::try_from(stored)?, track })
        });
        Ok(Page { bookings: bookings.collect::<Result<_, StoreError>>()?, has_next, total })
    }

    /// A page of the bookings that match a search and meet all conditions.
    async fn search_page(
        &self,
        terms: &[String],
        mut conditions: Vec<Document>,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError> {
        if terms.is_empty() {
            return Ok(Page::default());
        }
        let store = self.clone();
        self.older_bookings.wait_until_indexed(async move { store.index_older().await }).await;
        let plan = self.plan_search(terms).await?;
        if !conditions.is_empty() {
            let newest = self.matches(&plan, None, MAX_SEARCHED).await?;
            let ids: Vec<_> = newest.iter().map(ToString::to_string).collect();
            conditions.push(doc! { "_id": { "$in": ids } });
            return self.filter_page(conditions, first, after).await;
        }
        let matches = self.matches(&plan, after, first.saturating_add(1));
        let (mut of_page, total) = future::try_join(matches, self.count_matches(&plan)).await?;
        let has_next = of_page.len() > first;
        of_page.truncate(first);
        let mut bookings = self.bookings(&of_page).await?;
        let place = |tracked: &TrackedBooking| {
            of_page.iter().position(|receipt_no| *receipt_no == tracked.booking.receipt_no)
        };
        bookings.sort_by_key(place);
        Ok(Page { bookings, has_next, total })
    }

    /// The tracks of these bookings that have positions.
    async fn tracks(&self, ids: &[String]) -> Result<HashMap<String, Track>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let tracks = self.db.collection::<TrackDocument>(TRACKS);
        let filter = doc! { "_id": { "$in": ids }, "fixes": { "$ne": [] } };
        let found = tracks.find(filter).batch_size(READ_BATCH_SIZE).await;
        let found: Vec<_> = found
            .map_err(|error| store_error(&error))?
            .try_collect()
            .await
            .map_err(|error| store_error(&error))?;
        found.into_iter().map(|stored| Ok((stored.receipt_no, track(stored.fixes)?))).collect()
    }
}

/// The conditions of a filter, without the words of its search.
fn conditions(filter: &Filter) -> Vec<Document> {
    let status = filter.status.as_ref().map(|kinds| {
        let kinds: Vec<_> = kinds.iter().copied().map(status_text).collect();
        doc! { "status.kind": { "$in": kinds } }
    });
    let check_in = filter.check_in.map(|day| doc! { "check_in": day.to_string() });
    let receipt_no = match &filter.search {
        Some(Search::Receipt(receipt_no)) => Some(doc! { "_id": receipt_no.to_string() }),
        Some(Search::Words(_)) | None => None,
    };
    let contact = filter.contact.as_ref().map(|contact| match contact {
        Contact::Telegram(id) => doc! { "contact.id": id.0 },
        Contact::Web(email) => doc! { "contact.email": email.as_str() },
        Contact::Desk => doc! { "contact.channel": "DESK" },
        Contact::Other => doc! { "contact.channel": { "$nin": ["TELEGRAM", "WEB", "DESK"] } },
    });
    let settled = filter
        .settled_since
        .map(|since| doc! { "status.at_ms": { "$gte": since.timestamp_millis() } });
    let price = filter.price.map(|price| {
        let price = i64::try_from(price.0).unwrap_or(i64::MAX);
        doc! { "price": price }
    });
    let happened = filter.happened_within.as_ref().map(|within| {
        let range =
            doc! { "$gte": within.start.timestamp_millis(), "$lt": within.end.timestamp_millis() };
        let pending = doc! { "status.kind": "PENDING", "booked_at_ms": range.clone() };
        doc! { "$or": [pending, { "status.at_ms": range }] }
    });
    let touched = filter.touched_within.as_ref().map(|within| {
        let range =
            doc! { "$gte": within.start.timestamp_millis(), "$lt": within.end.timestamp_millis() };
        let at_desk = doc! { "status.kind": "PENDING", "arrived_at_ms": range.clone() };
        doc! { "$or": [{ "booked_at_ms": range.clone() }, { "status.at_ms": range }, at_desk] }
    });
    let status = status.into_iter().chain(price).chain(happened).chain(touched);
    status.chain(check_in).chain(contact).chain(settled).chain(receipt_no).collect()
}
