//! Erases guests from an SQLite file, and deletes what is old. With `secure_delete` and an emptied
//! log, nothing of it is left on the disk.

use async_trait::async_trait;
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::Value;

use super::super::StoreError;
use super::super::backup::{self, Record};
use super::super::document::WaitingDocument;
use super::super::personal_data::{ERASED, PersonalDataStore, erase_booking, erase_change};
use super::super::search::booking_words;
use super::notifications::Table;
use super::{SqliteStore, backup as rows, json, search};
use crate::domain::{Booking, Moment, ReceiptNo, TelegramId};

#[async_trait]
impl PersonalDataStore for SqliteStore {
    async fn stored_about(&self, receipt_no: ReceiptNo) -> Result<Vec<Record>, StoreError> {
        self.read(move |connection| rows::stored_about(connection, receipt_no)).await
    }

    async fn finished(
        &self,
        settled_before: Moment,
        over_by: NaiveDate,
        has_name: bool,
        most: usize,
    ) -> Result<Vec<ReceiptNo>, StoreError> {
        self.read(move |connection| {
            // The first two conditions are met by an index.
            let sql = "SELECT receipt_no FROM bookings
                       WHERE json_extract(document, '$.status.at_ms') IS NOT NULL
                         AND json_extract(document, '$.status.at_ms') < ?1
                         AND date(check_in, '+' || json_extract(document, '$.nights') || ' days')
                             <= ?2
                         AND (NOT ?3 OR name_folded <> ?4)
                       ORDER BY json_extract(document, '$.status.at_ms') LIMIT ?5";
            let mut statement = connection.prepare_cached(sql)?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let found = statement.query_map(
                params![
                    settled_before.timestamp_millis(),
                    over_by.to_string(),
                    has_name,
                    ERASED,
                    most
                ],
                |row| row.get::<_, String>(0),
            )?;
            found.map(|number| super::super::document::receipt_no(&number?)).collect()
        })
        .await
    }

    async fn erase(
        &self,
        of: &[ReceiptNo],
        wished_at: Option<Moment>,
    ) -> Result<usize, StoreError> {
        let of = of.to_vec();
        let erased = self
            .write(move |writer| {
                each(&mut writer.connection, &of, |connection, row, booking, document| {
                    erase(connection, row, booking, document, wished_at)
                })
            })
            .await?;
        if erased > 0 {
            self.truncate_log_later();
        }
        Ok(erased)
    }

    async fn delete(&self, of: &[ReceiptNo]) -> Result<usize, StoreError> {
        let of = of.to_vec();
        let deleted = self
            .write(move |writer| {
                each(&mut writer.connection, &of, |connection, row, booking, _| {
                    delete(connection, row, booking)
                })
            })
            .await?;
        if deleted > 0 {
            self.truncate_log_later();
        }
        Ok(deleted)
    }

    async fn texts_of(&self, user: TelegramId) -> Result<Vec<Record>, StoreError> {
        self.read(move |connection| {
            let sql = "SELECT name, text, expires_at_ms FROM memos WHERE name LIKE '%:' || ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_map([user.0], |row| {
                let (name, text, expires_at_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Record::Text { name, text, expires_at_ms })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn delete_texts_of(&self, user: TelegramId) -> Result<usize, StoreError> {
        self.write(move |writer| {
            let sql = "DELETE FROM memos WHERE name LIKE '%:' || ?1";
            Ok(writer.connection.prepare_cached(sql)?.execute([user.0])?)
        })
        .await
    }

    async fn delete_rest(&self, before: NaiveDate, now: Moment) -> Result<(), StoreError> {
        self.write(move |writer| delete_rest(&mut writer.connection, before, now)).await
    }
}

/// Does something with each of these bookings that is settled, all in one transaction.
fn each(
    connection: &mut Connection,
    of: &[ReceiptNo],
    work: impl Fn(&Connection, i64, &Booking, Value) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut count = 0;
    for receipt_no in of {
        let sql = "SELECT id, document FROM bookings WHERE receipt_no = ?1";
        let found: Option<(i64, String)> = transaction
            .prepare_cached(sql)?
            .query_row([receipt_no.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((row, document)) = found else { continue };
        let document: Value = json::decode("booking", &document)?;
        let booking = backup::booking(&document)?;
        if !booking.is_pending() {
            work(&transaction, row, &booking, document)?;
            count += 1;
        }
    }
    transaction.commit()?;
    Ok(count)
}

fn erase(
    connection: &Connection,
    row: i64,
    booking: &Booking,
    mut document: Value,
    wished_at: Option<Moment>,
) -> Result<(), StoreError> {
    let number = booking.receipt_no.to_string();
    erase_booking(&mut document);
    let words = booking_words(&backup::booking(&document)?);
    let sql = "UPDATE bookings SET document = ?2, name_folded = ?3 WHERE id = ?1 RETURNING words";
    let before: Option<String> = connection
        .prepare_cached(sql)?
        .query_row(params![row, document.to_string(), ERASED], |row| row.get(0))?;
    search::replace(connection, row, before.as_deref(), &words)?;

    let sql = "SELECT id, document FROM changes WHERE receipt_no = ?1";
    let changes: Vec<(i64, String)> = connection
        .prepare_cached(sql)?
        .query_map([&number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (row, document) in changes {
        let mut document: Value = json::decode("change", &document)?;
        erase_change(&mut document);
        let sql = "UPDATE changes SET document = ?2 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute(params![row, document.to_string()])?;
    }
    for table in Table::ALL {
        let sql = format!(
            "UPDATE {} SET gave_up_reason = ?2, gave_up_detail = NULL
             WHERE receipt_no = ?1 AND gave_up_reason IS NOT NULL",
            table.name()
        );
        connection.prepare_cached(&sql)?.execute([number.as_str(), ERASED])?;
    }
    delete_beside(connection, &number)?;
    if let Some(at) = wished_at {
        let sql = "INSERT OR REPLACE INTO forgotten (receipt_no, at_ms) VALUES (?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![number, at.timestamp_millis()])?;
    }
    Ok(())
}

/// Deletes the request that made a booking, and the guest's place in the waiting list.
fn delete_beside(connection: &Connection, number: &str) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM requests WHERE receipt_no = ?1")?.execute([number])?;
    let sql = "DELETE FROM waiting WHERE json_extract(document, '$.receipt_no') = ?1";
    connection.prepare_cached(sql)?.execute([number])?;
    Ok(())
}

fn delete(connection: &Connection, row: i64, booking: &Booking) -> Result<(), StoreError> {
    let number = booking.receipt_no.to_string();
    if booking.takes_room() {
        let sql = "UPDATE claims SET taken = taken - 1 WHERE night = ?1 AND room = ?2";
        for night in booking.stay.each_night() {
            let room = booking.stay.room.code.as_str();
            connection.prepare_cached(sql)?.execute([&night.to_string(), room])?;
        }
    }
    let sql = "SELECT words FROM bookings WHERE id = ?1";
    let words: Option<String> =
        connection.prepare_cached(sql)?.query_row([row], |row| row.get(0))?;
    search::replace(connection, row, words.as_deref(), &[])?;
    delete_beside(connection, &number)?;
    for sql in [
        "DELETE FROM notices WHERE receipt_no = ?1",
        "DELETE FROM more_notices WHERE receipt_no = ?1",
        "DELETE FROM changes WHERE receipt_no = ?1",
        "DELETE FROM tracks WHERE receipt_no = ?1",
        "DELETE FROM bookings WHERE receipt_no = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([&number])?;
    }
    Ok(())
}

fn delete_rest(
    connection: &mut Connection,
    before: NaiveDate,
    now: Moment,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let day = before.to_string();
    transaction.execute("DELETE FROM counters WHERE day < ?1", [&day])?;
    transaction.execute("DELETE FROM claims WHERE night < ?1 AND taken = 0", [&day])?;
    let midnight = before.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    transaction.execute("DELETE FROM forgotten WHERE at_ms < ?1", [midnight])?;
    let over = now.date_naive() - WaitingDocument::KEPT_DAYS;
    transaction.execute("DELETE FROM waiting WHERE check_in < ?1", [over.to_string()])?;
    for table in ["codes", "sessions", "memos"] {
        let sql = format!("DELETE FROM {table} WHERE expires_at_ms <= ?1");
        transaction.execute(&sql, [now.timestamp_millis()])?;
    }
    Ok(transaction.commit()?)
}
