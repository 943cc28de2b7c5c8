//! Commits in SQLite: one transaction for each batch.
//!
//! The transaction reads what the batch depends on, lets [`race`] decide which commits win, and
//! writes the plan. The whole batch therefore costs one flush to the disk.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::super::document::{hash, hash_text, receipt_no, status_text};
use super::super::race::{
    self, BookingState, BookingWrite, Claim, ClaimWrite, CountWrite, ReadSet, Snapshot, WritePlan,
};
use super::super::search::booking_words;
use super::super::{
    ClaimKey, Commit, CommitOutcome, CommitStep, FeedEvent, Lease, RequestRecord, StatusKind,
    StoreError,
};
use super::{SqliteStore, Writer, json, notifications, search, waiting};
use crate::domain::{ReceiptNo, Revision, TokenHash, Track};
use crate::store::CommitStore;

#[async_trait]
impl CommitStore for SqliteStore {
    async fn next_serials(
        &self,
        day: NaiveDate,
        count: u32,
    ) -> Result<RangeInclusive<u32>, StoreError> {
        self.write(move |writer| next_serials(&writer.connection, day, count)).await
    }

    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError> {
        let batch = batch.to_vec();
        let (answers, deleted_positions) =
            self.write(move |writer| commit_batch(writer, &batch)).await?;
        if deleted_positions {
            self.truncate_log_later();
        }
        Ok(answers)
    }

    async fn request(&self, id: TokenHash) -> Result<Option<RequestRecord>, StoreError> {
        self.read(move |connection| find_request(connection, id)).await
    }

    async fn put_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError> {
        let track = track.clone();
        self.write(move |writer| write_track(writer, receipt_no, &track)).await
    }
}

fn next_serials(
    connection: &Connection,
    day: NaiveDate,
    count: u32,
) -> Result<RangeInclusive<u32>, StoreError> {
    let sql = "INSERT INTO counters (day, last) VALUES (?1, ?2)
               ON CONFLICT (day) DO UPDATE SET last = last + ?2 RETURNING last";
    let mut statement = connection.prepare_cached(sql)?;
    let last: u32 = statement.query_row(params![day.to_string(), count], |row| row.get(0))?;
    Ok(last.saturating_sub(count).saturating_add(1)..=last)
}

fn find_request(
    connection: &Connection,
    request: TokenHash,
) -> Result<Option<RequestRecord>, StoreError> {
    let sql = "SELECT receipt_no, fingerprint FROM requests WHERE request = ?1";
    let found: Option<(String, String)> = connection
        .prepare_cached(sql)?
        .query_row([hash_text(request)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let requested = |(number, fingerprint): (String, String)| {
        Ok(RequestRecord { receipt_no: receipt_no(&number)?, fingerprint: hash(&fingerprint)? })
    };
    found.map(requested).transpose()
}

/// Carries out a batch and publishes its changes. Also returns whether positions were deleted.
fn commit_batch(
    writer: &mut Writer,
    batch: &[Commit],
) -> Result<(Vec<CommitOutcome>, bool), StoreError> {
    let transaction =
        writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let snapshot = read(&transaction, batch)?;
    let plan = race::decide(batch, &snapshot)?;
    let deleted_positions = end_tracks(&transaction, &plan.tracks_ended)?;
    let rows = write(&transaction, &plan)?;
    waiting::write(&transaction, &plan.waiting)?;
    transaction.commit()?;
    for (row, step, lease) in rows {
        let change = Arc::clone(&step.change);
        writer.feed(row, FeedEvent::Changed { change, lease: lease.clone() });
    }
    if !plan.waiting.is_empty() {
        writer.feed_beside(FeedEvent::WaitingListMoved)?;
    }
    Ok((plan.outcomes, deleted_positions))
}

/// Stores the positions of a running hold and publishes that they changed.
fn write_track(
    writer: &mut Writer,
    receipt_no: ReceiptNo,
    track: &Track,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tracks SET fixes = ?2 WHERE receipt_no = ?1";
    let mut statement = writer.connection.prepare_cached(sql)?;
    let is_kept = statement.execute(params![receipt_no.to_string(), json::track_text(track)?])? > 0;
    drop(statement);
    if is_kept {
        writer.feed_beside(FeedEvent::PositionMoved(receipt_no))?;
    }
    Ok(is_kept)
}

/// Reads everything that the batch depends on.
fn read(connection: &Connection, batch: &[Commit]) -> Result<Snapshot, StoreError> {
    let wanted = ReadSet::of(batch);
    let mut snapshot = Snapshot::default();
    let sql = "SELECT request, receipt_no, fingerprint FROM requests
               WHERE request IN (SELECT value FROM json_each(?1))";
    let ids = wanted.requests.iter().map(|id| hash_text(*id));
    for (request, number, fingerprint) in rows::<String, String, String>(connection, sql, ids)? {
        let (receipt_no, fingerprint) = (receipt_no(&number)?, hash(&fingerprint)?);
        snapshot.requests.insert(hash(&request)?, RequestRecord { receipt_no, fingerprint });
    }
    let sql = "SELECT receipt_no, revision, limit_keys FROM bookings
               WHERE receipt_no IN (SELECT value FROM json_each(?1))";
    let ids = wanted.bookings.iter().map(ToString::to_string);
    for (number, revision, limit_keys) in rows::<String, u32, String>(connection, sql, ids)? {
        let limit_keys = json::decode("list of limits", &limit_keys)?;
        let state = BookingState { revision: Revision(revision), limit_keys };
        snapshot.bookings.insert(receipt_no(&number)?, state);
    }
    let limits: BTreeSet<String> =
        wanted.limits.into_iter().chain(snapshot.released_limits(batch)).collect();
    let sql = "SELECT key, running, NULL FROM limits
               WHERE key IN (SELECT value FROM json_each(?1))";
    for (key, running, _) in rows::<String, u32, Option<u32>>(connection, sql, limits)? {
        snapshot.limits.insert(key, running);
    }
    snapshot.waiting = waiting::places(connection, &wanted.waiting)?;
    let sql = "SELECT taken, allotment, is_closed, waiting, line FROM claims
               WHERE night = ?1 AND room = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let claims: BTreeSet<ClaimKey> =
        wanted.claims.into_iter().chain(snapshot.left_claims()).collect();
    for key in claims {
        let mut found = statement.query([&key.night.to_string(), key.room.as_str()])?;
        if let Some(row) = found.next()? {
            let claim = Claim {
                taken: row.get(0)?,
                allotment: row.get(1)?,
                is_closed: row.get(2)?,
                waiting: row.get(3)?,
                line: row.get(4)?,
            };
            snapshot.claims.insert(key, claim);
        }
    }
    Ok(snapshot)
}

/// Runs a statement that takes a list of texts and selects three columns.
fn rows<A: FromSql, B: FromSql, C: FromSql>(
    connection: &Connection,
    sql: &str,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<(A, B, C)>, StoreError> {
    let ids: Vec<String> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([json::encode(&ids)?], columns)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Writes a plan, except for the tracks that end. Returns the rows of its changes, in order.
fn write<'a>(
    transaction: &Transaction<'_>,
    plan: &WritePlan<'a>,
) -> Result<Vec<(i64, &'a CommitStep, &'a Lease)>, StoreError> {
    for booking in &plan.bookings {
        write_booking(transaction, booking)?;
    }
    for claim in &plan.claims {
        write_claim(transaction, claim)?;
    }
    for limit in &plan.limits {
        write_limit(transaction, limit)?;
    }
    let sql = "INSERT INTO requests (request, receipt_no, fingerprint) VALUES (?1, ?2, ?3)";
    for (request, record) in &plan.requests {
        transaction.prepare_cached(sql)?.execute([
            &hash_text(*request),
            &record.receipt_no.to_string(),
            &hash_text(record.fingerprint),
        ])?;
    }
    let sql = "INSERT INTO tracks (receipt_no, fixes) VALUES (?1, '[]')";
    for receipt_no in &plan.tracks_begun {
        transaction.prepare_cached(sql)?.execute([receipt_no.to_string()])?;
    }
    let mut rows = Vec::new();
    for commit in &plan.winners {
        for step in &commit.steps {
            rows.push((insert_change(transaction, step, &commit.lease)?, step, &commit.lease));
        }
    }
    Ok(rows)
}

fn write_booking(connection: &Connection, write: &BookingWrite<'_>) -> Result<(), StoreError> {
    if write.before.is_none() {
        return insert_booking(connection, write);
    }
    let booking = write.booking;
    let sql = "UPDATE bookings SET revision = ?2, status = ?3, check_in = ?4, wake_at_ms = ?5,
                   limit_keys = ?6, document = ?7
               WHERE receipt_no = ?1";
    connection.prepare_cached(sql)?.execute(params![
        booking.receipt_no.to_string(),
        booking.revision.0,
        status_text(StatusKind::from(&booking.status)),
        booking.stay.check_in.to_string(),
        booking.wake_at().map(|at| at.timestamp_millis()),
        json::encode(&write.limit_keys)?,
        json::booking_text(booking)?,
    ])?;
    if write.is_found_anew {
        let number = booking.receipt_no.to_string();
        // The version before searches this column.
        let sql = "UPDATE bookings SET name_folded = ?2 WHERE receipt_no = ?1 RETURNING id, words";
        let name = booking.guest.name.as_str().to_lowercase();
        let (row, words): (i64, Option<String>) = connection
            .prepare_cached(sql)?
            .query_row([&number, &name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        search::replace(connection, row, words.as_deref(), &booking_words(booking))?;
    }
    Ok(())
}

/// Writes a new booking and its words, by which it is found.
fn insert_booking(connection: &Connection, write: &BookingWrite<'_>) -> Result<(), StoreError> {
    let booking = write.booking;
    let words = booking_words(booking);
    let sql = "INSERT INTO bookings (receipt_no, revision, status, booked_at_ms, check_in,
                   wake_at_ms, name_folded, limit_keys, document, words)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let row = connection.prepare_cached(sql)?.insert(params![
        booking.receipt_no.to_string(),
        booking.revision.0,
        status_text(StatusKind::from(&booking.status)),
        booking.booked_at.timestamp_millis(),
        booking.stay.check_in.to_string(),
        booking.wake_at().map(|at| at.timestamp_millis()),
        // The version before searches this column.
        booking.guest.name.as_str().to_lowercase(),
        json::encode(&write.limit_keys)?,
        json::booking_text(booking)?,
        search::joined(&words),
    ])?;
    search::insert(connection, row, &words)
}

fn write_claim(connection: &Connection, write: &ClaimWrite) -> Result<(), StoreError> {
    let sql = "INSERT INTO claims (night, room, taken, allotment, is_closed, waiting, line)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (night, room) DO UPDATE
               SET taken = excluded.taken, allotment = excluded.allotment,
                   is_closed = excluded.is_closed, waiting = excluded.waiting,
                   line = excluded.line";
    let ClaimKey { room, night } = &write.key;
    let Claim { taken, allotment, is_closed, waiting, line } = write.after;
    let night = night.to_string();
    let values = params![night, room.as_str(), taken, allotment, is_closed, waiting, line];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Writes a limit. A guest without a running hold has no row, so nothing is kept about them.
fn write_limit(connection: &Connection, write: &CountWrite<String>) -> Result<(), StoreError> {
    if write.after == 0 {
        connection.prepare_cached("DELETE FROM limits WHERE key = ?1")?.execute([&write.key])?;
    } else {
        let sql = "INSERT INTO limits (key, running) VALUES (?1, ?2)
                   ON CONFLICT (key) DO UPDATE SET running = excluded.running";
        connection.prepare_cached(sql)?.execute(params![write.key, write.after])?;
    }
    Ok(())
}

/// Deletes tracks. Returns whether there was any position in them.
fn end_tracks(connection: &Connection, ended: &[ReceiptNo]) -> Result<bool, StoreError> {
    let sql = "DELETE FROM tracks WHERE receipt_no = ?1 RETURNING fixes <> '[]'";
    let mut any = false;
    for receipt_no in ended {
        let mut statement = connection.prepare_cached(sql)?;
        let mut deleted = statement.query([receipt_no.to_string()])?;
        while let Some(row) = deleted.next()? {
            any |= row.get::<_, bool>(0)?;
        }
    }
    Ok(any)
}

fn insert_change(
    connection: &Connection,
    step: &CommitStep,
    lease: &Lease,
) -> Result<i64, StoreError> {
    let booking = &step.change.booking;
    let sql = "INSERT INTO changes (receipt_no, revision, lease_node, lease_until_ms, document)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = connection.prepare_cached(sql)?.insert(params![
        booking.receipt_no.to_string(),
        booking.revision.0,
        lease.node.0,
        lease.until.timestamp_millis(),
        json::change_text(&step.change)?,
    ])?;
    notifications::insert(connection, row, &step.change, lease)?;
    Ok(row)
}
