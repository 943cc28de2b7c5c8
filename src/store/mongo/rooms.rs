//! The rooms taken and the allotment of each night, in MongoDB.

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use futures_util::TryStreamExt;
use mongodb::bson::doc;

use super::MongoStore;
use super::error::{DUPLICATE_KEY, code, store_error};
use super::shape::{CLAIMS, ClaimDocument};
use crate::domain::RoomCode;
use crate::store::document::room_code;
use crate::store::{AllotmentTooLow, ClaimKey, RoomNight, RoomStore, StoreError};

/// How often an upsert is tried. It fails if another one inserts the same document first; the next
/// try then finds that document.
pub(super) const UPSERT_TRIES: u32 = 10;

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
                let ClaimDocument { room, night, taken, allotment } = stored;
                Ok(RoomNight { room: room_code(&room)?, night, taken, allotment })
            };
            found.into_iter().map(night).collect()
        })
        .await
    }

    // One conditional write. If more rooms are taken, the claim does not match, and the upsert
    // fails with a duplicate key. The claim is then read to return how many are taken.
    async fn set_allotment(
        &self,
        room: &RoomCode,
        night: NaiveDate,
        rooms: u32,
    ) -> Result<Result<(), AllotmentTooLow>, StoreError> {
        self.call(async {
        let claims = self.db.collection::<ClaimDocument>(CLAIMS);
        let id = ClaimKey { room: room.clone(), night }.to_string();
        let update = doc! {
            "$set": { "allotment": rooms },
            "$setOnInsert": { "room": room.as_str(), "night": night.to_string(), "taken": 0_i64 },
        };
        for _ in 0..UPSERT_TRIES {
            let filter = doc! { "_id": &id, "taken": { "$lte": rooms } };
            match claims.update_one(filter, update.clone()).upsert(true).await {
                Ok(_) => return Ok(Ok(())),
                Err(error) if code(&error) == Some(DUPLICATE_KEY) => {}
                Err(error) => return Err(store_error(&error)),
            }
            let claim = claims.find_one(doc! { "_id": &id }).await;
            let claim = claim.map_err(|error| store_error(&error))?;
            if let Some(claim) = claim.filter(|claim| claim.taken > rooms) {
                return Ok(Err(AllotmentTooLow(claim.taken)));
            }
        }
        Err(StoreError::Conflict(format!("the allotment of {id}")))
        })
        .await
    }
}
