//! The rooms taken and the allotment of each night, in SQLite.

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::super::document::room_code;
use super::super::{AllotmentTooLow, RoomNight, StoreError};
use super::SqliteStore;
use crate::domain::RoomCode;
use crate::store::RoomStore;

#[async_trait]
impl RoomStore for SqliteStore {
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError> {
        self.read(move |connection| read_nights(connection, from, nights)).await
    }

    async fn set_allotment(
        &self,
        room: &RoomCode,
        night: NaiveDate,
        rooms: u32,
    ) -> Result<Result<(), AllotmentTooLow>, StoreError> {
        let room = room.clone();
        self.write(move |writer| set_allotment(&mut writer.connection, &room, night, rooms)).await
    }
}

fn read_nights(
    connection: &Connection,
    from: NaiveDate,
    nights: u32,
) -> Result<Vec<RoomNight>, StoreError> {
    let end = from.checked_add_days(Days::new(nights.into())).unwrap_or(NaiveDate::MAX);
    let sql = "SELECT night, room, taken, allotment FROM claims
               WHERE night >= ?1 AND night < ?2 ORDER BY night, room";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([from.to_string(), end.to_string()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
    })?;
    rows.map(|row| {
        let (night, room, taken, allotment) = row?;
        let night = night
            .parse()
            .map_err(|_| StoreError::Unexpected("a stored night is broken".to_owned()))?;
        Ok(RoomNight { room: room_code(&room)?, night, taken, allotment })
    })
    .collect()
}

pub(super) fn set_allotment(
    connection: &mut Connection,
    room: &RoomCode,
    night: NaiveDate,
    rooms: u32,
) -> Result<Result<(), AllotmentTooLow>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let night = night.to_string();
    let taken: Option<u32> = transaction
        .query_row(
            "SELECT taken FROM claims WHERE night = ?1 AND room = ?2",
            [&night, room.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(taken) = taken.filter(|taken| *taken > rooms) {
        return Ok(Err(AllotmentTooLow(taken)));
    }
    transaction.execute(
        "INSERT INTO claims (night, room, taken, allotment) VALUES (?1, ?2, 0, ?3)
         ON CONFLICT (night, room) DO UPDATE SET allotment = excluded.allotment",
        params![night, room.as_str(), rooms],
    )?;
    transaction.commit()?;
    Ok(Ok(()))
}
