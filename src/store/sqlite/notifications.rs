//! Notifications in SQLite: inserted with their change, leased to a node, settled once.
//!
//! This module does not send notifications.

use async_trait::async_trait;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::super::document::{is_first_recipient, moment, receipt_no, recipient, recipient_text};
use super::super::{
    DeliveryOutcome, FeedEvent, Lease, LeaseOutcome, LeaseRequest, NodeId, NotificationId,
    OwedNotification, SettledNotification, StoreError, UndeliveredNotification,
};
use super::{CHUNK, Chunk, SqliteStore, Writer, json};
use crate::domain::{Change, ReceiptNo, Recipient};
use crate::store::NotificationStore;
use crate::store::document::FailureDocument;

#[async_trait]
impl NotificationStore for SqliteStore {
    async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError> {
        let in_table = |table: Table| {
            self.rows_after(0, move |connection, after| owed(connection, table, after))
                .map_ok(|(_, owed)| owed)
        };
        Ok(in_table(Table::First).chain(in_table(Table::More)).boxed())
    }

    async fn take_leases(
        &self,
        requests: &[LeaseRequest],
    ) -> Result<Vec<LeaseOutcome>, StoreError> {
        let requests = requests.to_vec();
        self.write(move |writer| take_leases(&mut writer.connection, &requests)).await
    }

    async fn settle(
        &self,
        outcomes: &[(NotificationId, DeliveryOutcome)],
    ) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(move |writer| settle(writer, &outcomes)).await
    }
}

/// The table of a notification.
#[derive(Debug, Clone, Copy)]
pub(super) enum Table {
    /// For the recipients that every version knows.
    First,
    /// For the others.
    More,
}

impl Table {
    pub(super) const ALL: [Self; 2] = [Self::First, Self::More];

    fn of(to: Recipient) -> Self {
        if is_first_recipient(to) { Self::First } else { Self::More }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "notices",
            Self::More => "more_notices",
        }
    }
}

/// Inserts the notifications that a change owes, with the lease of its commit.
pub(super) fn insert(
    connection: &Connection,
    row: i64,
    change: &Change,
    lease: &Lease,
) -> Result<(), StoreError> {
    let booking = &change.booking;
    for notification in &change.notifications {
        let table = Table::of(notification.to).name();
        let sql = format!(
            "INSERT INTO {table} (change_id, receipt_no, revision, recipient, useful_until_ms,
                 lease_node, lease_until_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        );
        connection.prepare_cached(&sql)?.execute(params![
            row,
            booking.receipt_no.to_string(),
            booking.revision.0,
            recipient_text(notification.to),
            notification.useful_until.timestamp_millis(),
            lease.node.0,
            lease.until.timestamp_millis(),
        ])?;
    }
    Ok(())
}

/// A chunk of the owed notifications of a table after a row, each with its row. Those to recipients
/// that only a newer version knows are left to it.
fn owed(connection: &mut Connection, table: Table, after: i64) -> Chunk<OwedNotification> {
    let known = json::encode(&Recipient::ALL.map(recipient_text))?;
    let sql = format!(
        "SELECT owed.id, recipient, owed.lease_node, owed.lease_until_ms, document
         FROM {} AS owed JOIN changes ON changes.id = change_id
         WHERE owed.id > ?1 AND sent_at_ms IS NULL AND gave_up_at_ms IS NULL
           AND recipient IN (SELECT value FROM json_each(?3))
         ORDER BY owed.id LIMIT ?2",
        table.name()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![after, CHUNK, known], |row| {
        let to: String = row.get(1)?;
        let change: String = row.get(4)?;
        Ok((row.get(0)?, to, NodeId(row.get(2)?), row.get(3)?, change))
    })?;
    rows.map(|row| {
        let (id, to, node, until_ms, change) = row?;
        let lease = Lease { node, until: moment(until_ms)? };
        let change = json::shared_change(&change)?;
        Ok((id, OwedNotification { change, to: recipient(&to)?, lease }))
    })
    .collect()
}

fn take_leases(
    connection: &mut Connection,
    requests: &[LeaseRequest],
) -> Result<Vec<LeaseOutcome>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outcomes = requests
        .iter()
        .map(|request| take_lease(&transaction, request))
        .collect::<Result<_, StoreError>>()?;
    transaction.commit()?;
    Ok(outcomes)
}

fn take_lease(
    transaction: &Transaction<'_>,
    request: &LeaseRequest,
) -> Result<LeaseOutcome, StoreError> {
    let LeaseRequest { notification, lease, now } = request;
    let table = Table::of(notification.to).name();
    let sql = format!(
        "SELECT id, lease_node, lease_until_ms FROM {table}
         WHERE receipt_no = ?1 AND revision = ?2 AND recipient = ?3
           AND sent_at_ms IS NULL AND gave_up_at_ms IS NULL"
    );
    let owed: Option<(i64, String, i64)> = transaction
        .prepare_cached(&sql)?
        .query_row(
            params![
                notification.receipt_no.to_string(),
                notification.revision.0,
                recipient_text(notification.to)
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((id, node, until_ms)) = owed else {
        return Ok(LeaseOutcome::Settled);
    };
    let until = moment(until_ms)?;
    if until > *now && node != lease.node.0 {
        return Ok(LeaseOutcome::LeasedUntil(until));
    }
    let sql = format!("UPDATE {table} SET lease_node = ?2, lease_until_ms = ?3 WHERE id = ?1");
    transaction.prepare_cached(&sql)?.execute(params![
        id,
        lease.node.0,
        lease.until.timestamp_millis()
    ])?;
    Ok(LeaseOutcome::Acquired)
}

/// Records the first outcome of each notification and publishes it. A later one has no effect.
fn settle(
    writer: &mut Writer,
    outcomes: &[(NotificationId, DeliveryOutcome)],
) -> Result<(), StoreError> {
    let transaction =
        writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut settled = Vec::with_capacity(outcomes.len());
    for (notification, outcome) in outcomes {
        settled.extend(settle_one(&transaction, *notification, outcome)?);
    }
    transaction.commit()?;
    for settled in settled {
        writer.feed_beside(FeedEvent::NotificationSettled(settled))?;
    }
    Ok(())
}

/// Records the outcome of a notification; `None` if it had one.
fn settle_one(
    transaction: &Transaction<'_>,
    notification: NotificationId,
    outcome: &DeliveryOutcome,
) -> Result<Option<SettledNotification>, StoreError> {
    let (sent_at, gave_up_at, failure) = match outcome {
        DeliveryOutcome::Sent(at) => (Some(at.timestamp_millis()), None, None),
        DeliveryOutcome::GivenUp(at, reason) => {
            (None, Some(at.timestamp_millis()), Some(FailureDocument::from(reason)))
        }
    };
    let sql = format!(
        "UPDATE {} SET sent_at_ms = ?4, gave_up_at_ms = ?5, gave_up_reason = ?6,
                gave_up_code = ?7, gave_up_detail = ?8
         WHERE receipt_no = ?1 AND revision = ?2 AND recipient = ?3
           AND sent_at_ms IS NULL AND gave_up_at_ms IS NULL",
        Table::of(notification.to).name()
    );
    let marked = transaction.prepare_cached(&sql)?.execute(params![
        notification.receipt_no.to_string(),
        notification.revision.0,
        recipient_text(notification.to),
        sent_at,
        gave_up_at,
        failure.as_ref().map(|failure| &failure.sentence),
        failure.as_ref().and_then(|failure| failure.code.as_ref()),
        failure.as_ref().and_then(|failure| failure.detail.as_ref()),
    ])?;
    let is_given_up = gave_up_at.is_some();
    Ok((marked > 0).then_some(SettledNotification { notification, is_given_up }))
}

pub(super) fn undelivered(
    connection: &Connection,
    receipt_nos: &[ReceiptNo],
) -> Result<Vec<UndeliveredNotification>, StoreError> {
    let asked: Vec<_> = receipt_nos.iter().map(ToString::to_string).collect();
    let asked = json::encode(&asked)?;
    let mut all = Vec::new();
    for table in Table::ALL {
        all.extend(undelivered_in(connection, table, &asked)?);
    }
    Ok(all)
}

fn undelivered_in(
    connection: &Connection,
    table: Table,
    asked: &str,
) -> Result<Vec<UndeliveredNotification>, StoreError> {
    let known = json::encode(&Recipient::ALL.map(recipient_text))?;
    let sql = format!(
        "SELECT receipt_no, recipient, gave_up_reason, gave_up_code, gave_up_detail FROM {}
         WHERE receipt_no IN (SELECT value FROM json_each(?1)) AND gave_up_at_ms IS NOT NULL
           AND recipient IN (SELECT value FROM json_each(?2))
         ORDER BY id",
        table.name()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([asked, &known], |row| {
        let sentence: Option<String> = row.get(2)?;
        let failure = FailureDocument {
            sentence: sentence.unwrap_or_default(),
            code: row.get(3)?,
            detail: row.get(4)?,
        };
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, failure))
    })?;
    rows.map(|row| {
        let (number, to, failure) = row?;
        Ok(UndeliveredNotification {
            receipt_no: receipt_no(&number)?,
            to: recipient(&to)?,
            reason: failure.into(),
        })
    })
    .collect()
}
