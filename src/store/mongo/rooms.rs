//! The rooms taken and the allotment of each night, in MongoDB.

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use futures_util::TryStreamExt;
use mongodb::bson::doc;

use super::MongoStore;
use super::error::store_error;
use super::shape::{CLAIMS, ClaimDocument};
use crate::store::document::room_code;
use crate::store::{RoomNight, RoomStore, StoreError};

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
                let ClaimDocument { room, night, taken, allotment, is_closed, line, .. } = stored;
                let room = room_code(&room)?;
                Ok(RoomNight { room, night, taken, allotment, is_closed, line })
            };
            found.into_iter().map(night).collect()
        })
        .await
    }
}
