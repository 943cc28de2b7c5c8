//! Commits: one transaction a batch, decided one after the other.
//!
//! Each commit is judged by what the ones before it left, and judged before it writes: so a loser
//! writes nothing, the others stay, and the whole batch costs one flush to the disk.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::super::document::hash_text;
use super::super::{Commit, CommitOutcome, FeedEvent, Opening, StatusKind, StoreError};
use super::{Writer, json, notifications, read, rooms};
use crate::domain::{Booking, ReceiptNo, Track};

/// What one commit came to: its answer, and the row of its change if it was written.
struct DeliveryOutcome {
    answer: CommitOutcome,
    row: Option<i64>,
    deleted_positions: bool,
}

/// Carries out a batch and feeds what was written. Also tells whether positions were deleted.
pub(super) fn commit(
    writer: &mut Writer,
    batch: &[Commit],
) -> Result<(Vec<CommitOutcome>, bool), StoreError> {
    let transaction =
        writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outcomes =
        batch.iter().map(|commit| one(&transaction, commit)).collect::<Result<Vec<_>, _>>()?;
    transaction.commit()?;
    for (commit, outcome) in batch.iter().zip(&outcomes) {
        if let Some(row) = outcome.row {
            let event = FeedEvent::Changed {
                change: Arc::clone(&commit.change),
                lease: commit.lease.clone(),
            };
            writer.feed(row, event);
        }
    }
    let deleted_positions = outcomes.iter().any(|outcome| outcome.deleted_positions);
    Ok((outcomes.into_iter().map(|outcome| outcome.answer).collect(), deleted_positions))
}

/// Keeps the positions of a running hold and feeds that the guest moved.
pub(super) fn keep_track(
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

fn one(transaction: &Transaction<'_>, commit: &Commit) -> Result<DeliveryOutcome, StoreError> {
    let booking = &commit.change.booking;
    let refused = match &commit.opening {
        Some(opening) => refuse_opening(transaction, booking, opening)?,
        None => refuse_step(transaction, booking)?,
    };
    if let Some(answer) = refused {
        return Ok(DeliveryOutcome { answer, row: None, deleted_positions: false });
    }
    match &commit.opening {
        Some(opening) => open(transaction, booking, opening)?,
        None => update_booking(transaction, booking)?,
    }
    if commit.frees_rooms() {
        rooms::free(transaction, &booking.stay)?;
    }
    if commit.ends_hold() {
        give_limits_back(transaction, booking.receipt_no)?;
    }
    let deleted_positions = commit.ends_track() && end_track(transaction, booking.receipt_no)?;
    let row = insert_change(transaction, commit)?;
    Ok(DeliveryOutcome { answer: CommitOutcome::Done, row: Some(row), deleted_positions })
}

fn refuse_step(
    connection: &Connection,
    booking: &Booking,
) -> Result<Option<CommitOutcome>, StoreError> {
    let stored = stored_revision(connection, booking.receipt_no)?;
    let is_next = stored.is_some_and(|stored| booking.revision.0 == stored + 1);
    Ok((!is_next).then_some(CommitOutcome::Stale))
}

fn refuse_opening(
    connection: &Connection,
    booking: &Booking,
    opening: &Opening,
) -> Result<Option<CommitOutcome>, StoreError> {
    if let Some(requested) = read::requested(connection, opening.request)? {
        return Ok(Some(CommitOutcome::Repeated(requested)));
    }
    if stored_revision(connection, booking.receipt_no)?.is_some() {
        return Ok(Some(CommitOutcome::Stale));
    }
    for limit in &opening.limits {
        if running(connection, &limit.key)? >= limit.most {
            return Ok(Some(CommitOutcome::TooManyHolds(limit.most)));
        }
    }
    let full = rooms::first_full_night(connection, &booking.stay, opening.rooms)?;
    Ok(full.map(CommitOutcome::SoldOut))
}

fn stored_revision(
    connection: &Connection,
    receipt_no: ReceiptNo,
) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT revision FROM bookings WHERE receipt_no = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([receipt_no.to_string()], |row| row.get(0)).optional()?)
}

fn running(connection: &Connection, key: &str) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached("SELECT running FROM limits WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn open(connection: &Connection, booking: &Booking, opening: &Opening) -> Result<(), StoreError> {
    insert_booking(connection, booking, opening)?;
    rooms::take(connection, &booking.stay)?;
    let sql = "INSERT INTO limits (key, running) VALUES (?1, 1)
               ON CONFLICT (key) DO UPDATE SET running = running + 1";
    let mut statement = connection.prepare_cached(sql)?;
    for limit in &opening.limits {
        statement.execute([&limit.key])?;
    }
    let receipt_no = booking.receipt_no.to_string();
    let sql = "INSERT INTO requests (request, receipt_no, fingerprint) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute([
        &hash_text(opening.request),
        &receipt_no,
        &hash_text(opening.fingerprint),
    ])?;
    let sql = "INSERT INTO tracks (receipt_no, fixes) VALUES (?1, '[]')";
    connection.prepare_cached(sql)?.execute([&receipt_no])?;
    Ok(())
}

fn insert_booking(
    connection: &Connection,
    booking: &Booking,
    opening: &Opening,
) -> Result<(), StoreError> {
    let limit_keys: Vec<_> = opening.limits.iter().map(|limit| &limit.key).collect();
    let sql = "INSERT INTO bookings (receipt_no, revision, status, booked_at_ms, check_in,
                   wake_at_ms, name_folded, limit_keys, document)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        booking.receipt_no.to_string(),
        booking.revision.0,
        read::status_text((&booking.status).into()),
        booking.booked_at.timestamp_millis(),
        booking.stay.check_in.to_string(),
        booking.wake_at().map(|at| at.timestamp_millis()),
        read::folded(booking.guest.name.as_str()),
        json::encode(&limit_keys)?,
        json::booking_text(booking)?,
    ])?;
    Ok(())
}

fn update_booking(connection: &Connection, booking: &Booking) -> Result<(), StoreError> {
    let sql = "UPDATE bookings SET revision = ?2, status = ?3, wake_at_ms = ?4, document = ?5
               WHERE receipt_no = ?1";
    connection.prepare_cached(sql)?.execute(params![
        booking.receipt_no.to_string(),
        booking.revision.0,
        read::status_text(StatusKind::from(&booking.status)),
        booking.wake_at().map(|at| at.timestamp_millis()),
        json::booking_text(booking)?,
    ])?;
    Ok(())
}

/// Gives back what the hold counted towards, once, and forgets where the guest was. Tells
/// whether there was anything to forget.
fn give_limits_back(connection: &Connection, receipt_no: ReceiptNo) -> Result<(), StoreError> {
    let receipt_no = receipt_no.to_string();
    let sql = "SELECT limit_keys FROM bookings WHERE receipt_no = ?1";
    let limit_keys: String =
        connection.prepare_cached(sql)?.query_row([&receipt_no], |row| row.get(0))?;
    for key in json::decode::<Vec<String>>("list of limits", &limit_keys)? {
        let sql = "DELETE FROM limits WHERE key = ?1 AND running = 1";
        if connection.prepare_cached(sql)?.execute([&key])? == 0 {
            let sql = "UPDATE limits SET running = running - 1 WHERE key = ?1";
            connection.prepare_cached(sql)?.execute([&key])?;
        }
    }
    let sql = "UPDATE bookings SET limit_keys = '[]' WHERE receipt_no = ?1";
    connection.prepare_cached(sql)?.execute([&receipt_no])?;
    Ok(())
}

/// Deletes a track; whether there was any position in it.
fn end_track(connection: &Connection, receipt_no: ReceiptNo) -> Result<bool, StoreError> {
    let sql = "DELETE FROM tracks WHERE receipt_no = ?1 RETURNING fixes <> '[]'";
    let mut statement = connection.prepare_cached(sql)?;
    let deleted = statement.query_row([receipt_no.to_string()], |row| row.get(0)).optional()?;
    Ok(deleted.unwrap_or(false))
}

fn insert_change(connection: &Connection, commit: &Commit) -> Result<i64, StoreError> {
    let booking = &commit.change.booking;
    let sql = "INSERT INTO changes (receipt_no, revision, lease_node, lease_until_ms, document)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = connection.prepare_cached(sql)?.insert(params![
        booking.receipt_no.to_string(),
        booking.revision.0,
        commit.lease.node.0,
        commit.lease.until.timestamp_millis(),
        json::change_text(&commit.change)?,
    ])?;
    notifications::insert(connection, row, commit)?;
    Ok(row)
}
