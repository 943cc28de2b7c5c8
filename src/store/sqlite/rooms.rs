//! The rooms taken and the allotment of each night, in SQLite.

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use rusqlite::Connection;

use super::super::document::room_code;
use super::super::{RoomNight, StoreError};
use super::SqliteStore;
use crate::store::RoomStore;

#[async_trait]
impl RoomStore for SqliteStore {
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError> {
        self.read(move |connection| read_nights(connection, from, nights)).await
    }
}

fn read_nights(
    connection: &Connection,
    from: NaiveDate,
    nights: u32,
) -> Result<Vec<RoomNight>, StoreError> {
    let end = from.checked_add_days(Days::new(nights.into())).unwrap_or(NaiveDate::MAX);
    let sql = "SELECT night, room, taken, allotment, is_closed, line FROM claims
               WHERE night >= ?1 AND night < ?2 ORDER BY night, room";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([from.to_string(), end.to_string()], |row| {
        let (night, room): (String, String) = (row.get(0)?, row.get(1)?);
        Ok((night, room, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    rows.map(|row| {
        let (night, room, taken, allotment, is_closed, line) = row?;
        let night = night
            .parse()
            .map_err(|_| StoreError::Unexpected("a stored night is broken".to_owned()))?;
        Ok(RoomNight { room: room_code(&room)?, night, taken, allotment, is_closed, line })
    })
    .collect()
}
