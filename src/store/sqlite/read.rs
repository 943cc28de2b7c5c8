//! Reads bookings, their history and their wakes from SQLite.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::super::document::{moment, receipt_no};
use super::super::{Filter, MAX_COUNTED, MAX_SEARCHED, Page, PageKey, Search, StoreError, Wake};
use super::conditions::{ANY_INDEX, Conditions, NO_INDEX, ORDER};
use super::{CHUNK, Chunk, SqliteStore, json, notifications, search};
use crate::domain::{Change, ReceiptNo, Revision, TrackedBooking};
use crate::store::{BookingReader, UndeliveredNotification};

#[async_trait]
impl BookingReader for SqliteStore {
    async fn booking(&self, receipt_no: ReceiptNo) -> Result<Option<TrackedBooking>, StoreError> {
        self.read(move |connection| tracked(connection, receipt_no)).await
    }

    async fn bookings(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<TrackedBooking>, StoreError> {
        let receipt_nos = receipt_nos.to_vec();
        self.read(move |connection| bookings(connection, &receipt_nos)).await
    }

    async fn page(
        &self,
        filter: &Filter,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError> {
        let filter = filter.clone();
        if let Some(Search::Words(_)) = filter.search {
            let store = self.clone();
            self.older_bookings.wait_until_indexed(async move { store.index_older().await }).await;
        }
        self.read(move |connection| page(connection, &filter, first, after)).await
    }

    async fn history(&self, receipt_no: ReceiptNo) -> Result<Vec<Change>, StoreError> {
        self.read(move |connection| history(connection, receipt_no)).await
    }

    async fn undelivered(
        &self,
        receipt_nos: &[ReceiptNo],
    ) -> Result<Vec<UndeliveredNotification>, StoreError> {
        let receipt_nos = receipt_nos.to_vec();
        self.read(move |connection| notifications::undelivered(connection, &receipt_nos)).await
    }

    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError> {
        Ok(self.in_chunks(wakes))
    }
}

pub(super) fn tracked(
    connection: &Connection,
    receipt_no: ReceiptNo,
) -> Result<Option<TrackedBooking>, StoreError> {
    let sql = "SELECT document, fixes FROM bookings LEFT JOIN tracks USING (receipt_no)
               WHERE receipt_no = ?1";
    let found = connection
        .prepare_cached(sql)?
        .query_row([receipt_no.to_string()], document_and_fixes)
        .optional()?;
    found.map(|(booking, fixes)| json::tracked(&booking, fixes.as_deref())).transpose()
}

/// The bookings with these numbers, each once even if a number is repeated.
pub(super) fn bookings(
    connection: &Connection,
    receipt_nos: &[ReceiptNo],
) -> Result<Vec<TrackedBooking>, StoreError> {
    let asked: Vec<_> = receipt_nos.iter().map(ToString::to_string).collect();
    let sql = "SELECT document, fixes FROM bookings LEFT JOIN tracks USING (receipt_no)
               WHERE receipt_no IN (SELECT value FROM json_each(?1))";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([json::encode(&asked)?], document_and_fixes)?;
    tracked_bookings(rows)
}

fn tracked_bookings(
    rows: impl Iterator<Item = rusqlite::Result<(String, Option<String>)>>,
) -> Result<Vec<TrackedBooking>, StoreError> {
    rows.map(|row| {
        let (booking, fixes) = row?;
        json::tracked(&booking, fixes.as_deref())
    })
    .collect()
}

fn document_and_fixes(row: &Row<'_>) -> rusqlite::Result<(String, Option<String>)> {
    Ok((row.get(0)?, row.get(1)?))
}

pub(super) fn history(
    connection: &Connection,
    receipt_no: ReceiptNo,
) -> Result<Vec<Change>, StoreError> {
    let sql = "SELECT document FROM changes WHERE receipt_no = ?1 ORDER BY revision";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([receipt_no.to_string()], |row| row.get::<_, String>(0))?;
    rows.map(|row| json::change(&row?)).collect()
}

/// A chunk of wakes after a row, each with its row.
pub(super) fn wakes(connection: &mut Connection, after: i64) -> Chunk<Wake> {
    let sql = "SELECT id, receipt_no, revision, wake_at_ms FROM bookings
               WHERE wake_at_ms IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([after, CHUNK], |row| {
        Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
    })?;
    rows.map(|row| {
        let (id, number, revision, at_ms) = row?;
        let (receipt_no, at) = (receipt_no(&number)?, moment(at_ms)?);
        Ok((id, Wake { receipt_no, revision: Revision(revision), at }))
    })
    .collect()
}

pub(super) fn page(
    connection: &mut Connection,
    filter: &Filter,
    first: usize,
    after: Option<PageKey>,
) -> Result<Page, StoreError> {
    // One transaction, so that the page and the total are of the same moment.
    let transaction = connection.transaction()?;
    let mut conditions = Conditions::of(filter);
    let (mut table, mut total) = (ANY_INDEX, None);
    if let Some(Search::Words(terms)) = &filter.search {
        if terms.is_empty() {
            return Ok(Page::default());
        }
        let found = search::plan(&transaction, terms)?;
        if conditions.is_empty() {
            (table, total) = (found.table, Some(search::count(&transaction, terms)?));
            conditions = found.conditions;
        } else {
            // Rows are looked up by these ids.
            table = NO_INDEX;
            let newest = format!(
                "bookings.id IN (SELECT id FROM {} {} ORDER BY {ORDER} LIMIT {MAX_SEARCHED})",
                found.table,
                found.conditions.clause()
            );
            conditions.add(newest, found.conditions.values);
        }
    }
    let total = if let Some(total) = total {
        total
    } else {
        let rows = format!("SELECT 1 FROM {table} {} LIMIT {MAX_COUNTED}", conditions.clause());
        search::count_rows(&transaction, &rows, params_from_iter(&conditions.values))?
    };
    if let Some(key) = after {
        let booked_at_ms = key.booked_at.timestamp_millis();
        conditions.add(
            "booked_at_ms <= ? AND (booked_at_ms < ?
                OR (length(receipt_no), receipt_no) > (length(?), ?))",
            [
                booked_at_ms.into(),
                booked_at_ms.into(),
                key.receipt_no.to_string().into(),
                key.receipt_no.to_string().into(),
            ],
        );
    }
    let sql = format!(
        "SELECT document, fixes FROM {table} LEFT JOIN tracks USING (receipt_no) {}
         ORDER BY {ORDER} LIMIT ?",
        conditions.clause()
    );
    // One row more than asked for shows whether there is a next page.
    conditions.values.push(i64::try_from(first).unwrap_or(i64::MAX).saturating_add(1).into());
    let mut statement = transaction.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(&conditions.values), document_and_fixes)?;
    let mut bookings = tracked_bookings(rows)?;
    let has_next = bookings.len() > first;
    bookings.truncate(first);
    Ok(Page { bookings, has_next, total })
}

impl SqliteStore {
    /// A stream of all items, in chunks that `read` reads after a given row.
    pub(super) fn in_chunks<T: Send + 'static>(
        &self,
        read: fn(&mut Connection, i64) -> Chunk<T>,
    ) -> BoxStream<'static, Result<T, StoreError>> {
        self.rows_after(0, read).map_ok(|(_, item)| item).boxed()
    }

    /// The same, starting after any row, with the rows.
    pub(super) fn rows_after<T: Send + 'static>(
        &self,
        after: i64,
        read: impl Fn(&mut Connection, i64) -> Chunk<T> + Clone + Send + 'static,
    ) -> BoxStream<'static, Result<(i64, T), StoreError>> {
        let store = self.clone();
        stream::try_unfold(after, move |after| {
            let (store, read) = (store.clone(), read.clone());
            async move {
                let chunk = store.read(move |connection| read(connection, after)).await?;
                let last = chunk.last().map(|(row, _)| *row);
                Ok::<_, StoreError>(last.map(|last| (stream::iter(chunk).map(Ok), last)))
            }
        })
        .try_flatten()
        .boxed()
    }
}
