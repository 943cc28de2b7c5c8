//! The waiting list in SQLite.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::document::{WaitingDocument, hash_text};
use super::super::race::{Place, WaitingWrite};
use super::super::{ClaimKey, MAX_WAITING, StoreError, WaitingList};
use super::{SqliteStore, json};
use crate::domain::{ReceiptNo, TokenHash, WaitingGuest};

#[async_trait]
impl WaitingList for SqliteStore {
    async fn waiting_guests(&self, from: NaiveDate) -> Result<Vec<WaitingGuest>, StoreError> {
        self.read(move |connection| guests(connection, from)).await
    }

    async fn waiting_guest(&self, ticket: TokenHash) -> Result<Option<WaitingGuest>, StoreError> {
        self.read(move |connection| {
            document(connection, ticket)?.map(WaitingGuest::try_from).transpose()
        })
        .await
    }
}

fn guests(connection: &Connection, from: NaiveDate) -> Result<Vec<WaitingGuest>, StoreError> {
    let sql = "SELECT document FROM waiting WHERE check_in >= ?1
               ORDER BY since_ms, ticket LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(
        params![from.to_string(), i64::try_from(MAX_WAITING).unwrap_or(i64::MAX)],
        |row| row.get::<_, String>(0),
    )?;
    rows.map(|row| json::decode::<WaitingDocument>("guest who waits", &row?)?.try_into()).collect()
}

fn document(
    connection: &Connection,
    ticket: TokenHash,
) -> Result<Option<WaitingDocument>, StoreError> {
    let sql = "SELECT document FROM waiting WHERE ticket = ?1";
    let found: Option<String> = connection
        .prepare_cached(sql)?
        .query_row([hash_text(ticket)], |row| row.get(0))
        .optional()?;
    found.map(|text| json::decode("guest who waits", &text)).transpose()
}

/// The places of guests that a batch depends on.
pub(super) fn places(
    connection: &Connection,
    tickets: &BTreeSet<TokenHash>,
) -> Result<HashMap<TokenHash, Place>, StoreError> {
    let mut places = HashMap::new();
    let sql = "SELECT is_waiting, claims FROM waiting WHERE ticket = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    for ticket in tickets {
        let found: Option<(bool, String)> = statement
            .query_row([hash_text(*ticket)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((is_waiting, claims)) = found {
            let claims: Vec<String> = json::decode("list of room nights", &claims)?;
            let claims = claims.iter().filter_map(|name| ClaimKey::parse(name)).collect();
            places.insert(*ticket, Place { is_waiting, claims });
        }
    }
    Ok(places)
}

/// Writes what a plan changes of the waiting list.
pub(super) fn write(
    connection: &Connection,
    writes: &[WaitingWrite<'_>],
) -> Result<(), StoreError> {
    for write in writes {
        match write {
            WaitingWrite::Insert(guest, claims) => insert(connection, guest, claims)?,
            WaitingWrite::Offered(ticket, receipt_no) => offer(connection, *ticket, *receipt_no)?,
            WaitingWrite::Delete(ticket) => {
                let sql = "DELETE FROM waiting WHERE ticket = ?1";
                connection.prepare_cached(sql)?.execute([hash_text(*ticket)])?;
            }
        }
    }
    Ok(())
}

/// Inserts a guest, and deletes those of days that are long over.
fn insert(
    connection: &Connection,
    guest: &WaitingGuest,
    claims: &[ClaimKey],
) -> Result<(), StoreError> {
    let over = guest.since.date_naive() - WaitingDocument::KEPT_DAYS;
    let sql = "DELETE FROM waiting WHERE check_in < ?1";
    connection.prepare_cached(sql)?.execute([over.to_string()])?;
    let claims: Vec<String> = claims.iter().map(ToString::to_string).collect();
    let sql = "INSERT INTO waiting (ticket, is_waiting, since_ms, check_in, claims, document)
               VALUES (?1, 1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        hash_text(guest.ticket),
        guest.since.timestamp_millis(),
        guest.wish.check_in.to_string(),
        json::encode(&claims)?,
        json::encode(&WaitingDocument::from(guest))?,
    ])?;
    Ok(())
}

fn offer(
    connection: &Connection,
    ticket: TokenHash,
    receipt_no: ReceiptNo,
) -> Result<(), StoreError> {
    let Some(stored) = document(connection, ticket)? else { return Ok(()) };
    let offered = WaitingDocument { receipt_no: Some(receipt_no.to_string()), ..stored };
    let sql = "UPDATE waiting SET is_waiting = 0, document = ?2 WHERE ticket = ?1";
    let values = [hash_text(ticket), json::encode(&offered)?];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}
