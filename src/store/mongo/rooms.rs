//! The rooms taken and the allotment of each night, in MongoDB.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR};
use mongodb::options::ReadConcern;
use tokio::time::sleep;

use super::MongoStore;
use super::connect::durable;
use super::error::{DUPLICATE_KEY, code, store_error};
use super::shape::{CLAIMS, ClaimDocument};
use crate::backoff::Backoff;
use crate::domain::{Allotment, RoomCode};
use crate::store::document::room_code;
use crate::store::{AllotmentTooLow, ClaimKey, RoomNight, RoomStore, StoreError};

/// How often an upsert is tried. It fails if another one inserts the same document first; the next
/// try then finds that document.
pub(super) const UPSERT_TRIES: u32 = 10;
/// How often an allotment is tried. It fails while bookings of the same nights are being made.
const ALLOTMENT_TRIES: u32 = 50;
/// Waits between two tries.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(100));

#[async_trait]
impl RoomStore for MongoStore {
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError> {
        self.call(async {
            let mut range = doc! { "$gte": from.to_string() };
            // If the end is beyond the last date, the range needs no upper bound.
            if let Some(end) = from.checked_add_days(Days::new(nights.into())) {
                range.insert("$lt", end.to_string());
            }
            let claims = self.db.collection::<ClaimDocument>(CLAIMS);
            let found =
                claims.find(doc! { "night": range }).sort(doc! { "night": 1, "_id": 1 }).await;
            let found: Vec<_> = found
                .map_err(|error| store_error(&error))?
                .try_collect()
                .await
                .map_err(|error| store_error(&error))?;
            let night = |stored: ClaimDocument| {
                let ClaimDocument { room, night, taken, allotment, is_closed } = stored;
                Ok(RoomNight { room: room_code(&room)?, night, taken, allotment, is_closed })
            };
            found.into_iter().map(night).collect()
        })
        .await
    }

    // One transaction. A claim with more rooms taken does not match, so its upsert fails with a
    // duplicate key; the claim is then read to return how many are taken.
    async fn set_allotment(
        &self,
        room: &RoomCode,
        allotment: Allotment,
    ) -> Result<Result<(), AllotmentTooLow>, StoreError> {
        self.call(async {
            for attempt in 1..=ALLOTMENT_TRIES {
                match self.try_allotment(room, allotment).await {
                    Ok(()) => return Ok(Ok(())),
                    Err((night, error)) if code(&error) == Some(DUPLICATE_KEY) => {
                        let Some(night) = night else { continue };
                        let known = self.nights(night, 1).await?;
                        let claim = known.into_iter().find(|known| known.room == *room);
                        let sold = claim.map_or(0, |claim| claim.taken);
                        if allotment.rooms.is_some_and(|rooms| sold > rooms) {
                            return Ok(Err(AllotmentTooLow { night, sold }));
                        }
                    }
                    Err((_, error)) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {}
                    Err((_, error)) => return Err(store_error(&error)),
                }
                // Bookings of the same nights are being made.
                sleep(BACKOFF.spread_after(attempt)).await;
            }
            Err(StoreError::Conflict(format!("the allotment of {room}")))
        })
        .await
    }
}

impl MongoStore {
    /// Tries to set an allotment in one transaction. An error names its night.
    async fn try_allotment(
        &self,
        room: &RoomCode,
        allotment: Allotment,
    ) -> Result<(), (Option<NaiveDate>, Error)> {
        let Allotment { rooms, is_closed, .. } = allotment;
        let nowhere = |error| (None, error);
        let mut session = self.client.start_session().await.map_err(nowhere)?;
        let begun = session.start_transaction().read_concern(ReadConcern::snapshot());
        begun.write_concern(durable()).await.map_err(nowhere)?;
        let claims = self.db.collection::<ClaimDocument>(CLAIMS);
        for night in allotment.each_night() {
            let id = ClaimKey { room: room.clone(), night }.to_string();
            let mut filter = doc! { "_id": &id };
            let mut set = Document::new();
            if let Some(rooms) = rooms {
                filter.insert("taken", doc! { "$lte": rooms });
                set.insert("allotment", rooms);
            }
            if let Some(is_closed) = is_closed {
                set.insert("closed", is_closed);
            }
            let update = doc! {
                "$set": set,
                "$setOnInsert": { "room": room.as_str(), "night": night.to_string(), "taken": 0_i64 },
            };
            let written = claims.update_one(filter, update).upsert(true).session(&mut session);
            if let Err(error) = written.await {
                // If this does not reach the server, it ends the transaction by itself later.
                let _ = session.abort_transaction().await;
                return Err((Some(night), error));
            }
        }
        session.commit_transaction().await.map_err(nowhere)
    }
}
