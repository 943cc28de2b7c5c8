//! The rooms taken and the allotment of each night, in SQLite.

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use rusqlite::{Connection, TransactionBehavior, params};

use super::super::document::room_code;
use super::super::{AllotmentTooLow, RoomNight, StoreError};
use super::SqliteStore;
use crate::domain::{Allotment, RoomCode};
use crate::store::RoomStore;

#[async_trait]
impl RoomStore for SqliteStore {
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError> {
        self.read(move |connection| read_nights(connection, from, nights)).await
    }

    async fn set_allotment(
        &self,
        room: &RoomCode,
        allotment: Allotment,
    ) -> Result<Result<(), AllotmentTooLow>, StoreError> {
        let room = room.clone();
        self.write(move |writer| set_allotment(&mut writer.connection, &room, allotment)).await
    }
}

fn read_nights(
    connection: &Connection,
    from: NaiveDate,
    nights: u32,
) -> Result<Vec<RoomNight>, StoreError> {
    let end = from.checked_add_days(Days::new(nights.into())).unwrap_or(NaiveDate::MAX);
    let sql = "SELECT night, room, taken, allotment, is_closed FROM claims
               WHERE night >= ?1 AND night < ?2 ORDER BY night, room";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([from.to_string(), end.to_string()], |row| {
        let (night, room): (String, String) = (row.get(0)?, row.get(1)?);
        Ok((night, room, row.get(2)?, row.get(3)?, row.get(4)?))
    })?;
    rows.map(|row| {
        let (night, room, taken, allotment, is_closed) = row?;
        let night = night
            .parse()
            .map_err(|_| StoreError::Unexpected("a stored night is broken".to_owned()))?;
        Ok(RoomNight { room: room_code(&room)?, night, taken, allotment, is_closed })
    })
    .collect()
}

pub(super) fn set_allotment(
    connection: &mut Connection,
    room: &RoomCode,
    allotment: Allotment,
) -> Result<Result<(), AllotmentTooLow>, StoreError> {
    let Allotment { rooms, is_closed, .. } = allotment;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "INSERT INTO claims (night, room, taken, allotment, is_closed)
               VALUES (?1, ?2, 0, ?3, coalesce(?4, 0))
               ON CONFLICT (night, room) DO UPDATE
               SET allotment = coalesce(?3, allotment), is_closed = coalesce(?4, is_closed)
               RETURNING taken";
    for night in allotment.each_night() {
        let values = params![night.to_string(), room.as_str(), rooms, is_closed];
        let sold: u32 = transaction.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
        if rooms.is_some_and(|rooms| sold > rooms) {
            return Ok(Err(AllotmentTooLow { night, sold }));
        }
    }
    transaction.commit()?;
    Ok(Ok(()))
}
