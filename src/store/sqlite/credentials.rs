//! One-time codes and sessions by the hash of their secret, and the hotel's signing key, in SQLite.

use async_trait::async_trait;
use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::super::document::{hash, hash_text, moment, role, role_text};
use super::super::{Credential, CredentialKind, StoreError};
use super::SqliteStore;
use crate::domain::{Moment, StaffName, TelegramId, TokenHash};
use crate::store::{CredentialStore, FeedEvent};

#[async_trait]
impl CredentialStore for SqliteStore {
    async fn put_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
        credential: &Credential,
    ) -> Result<(), StoreError> {
        let credential = credential.clone();
        self.write(move |writer| keep(&mut writer.connection, kind, secret, &credential)).await
    }

    async fn take_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.write(move |writer| {
            let taken = take(&writer.connection, kind, secret)?;
            if taken.is_some() && kind == CredentialKind::Session {
                writer.feed_beside(FeedEvent::SessionEnded)?;
            }
            Ok(taken)
        })
        .await
    }

    async fn credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.read(move |connection| read(connection, kind, secret)).await
    }

    async fn sessions(&self, now: Moment) -> Result<Vec<(TokenHash, Credential)>, StoreError> {
        self.read(move |connection| sessions(connection, now)).await
    }

    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.write(move |writer| signing_key(&mut writer.connection, fresh)).await
    }
}

/// The store has no clock, so it compares expiry times: a credential that expires this long before
/// a new one of its kind has expired already and is deleted.
const EXPIRED_FOR: TimeDelta = TimeDelta::days(30);

pub(super) fn keep(
    connection: &mut Connection,
    kind: CredentialKind,
    secret: TokenHash,
    credential: &Credential,
) -> Result<(), StoreError> {
    let table = table(kind);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        &format!("DELETE FROM {table} WHERE expires_at_ms < ?1"),
        [(credential.expires_at - EXPIRED_FOR).timestamp_millis()],
    )?;
    let stored = transaction.execute(
        &format!(
            "INSERT INTO {table} (secret, name, role, expires_at_ms, telegram_id)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"
        ),
        params![
            hash_text(secret),
            credential.name.as_str(),
            role_text(credential.role),
            credential.expires_at.timestamp_millis(),
            credential.telegram_id.map(|TelegramId(id)| id.to_string())
        ],
    )?;
    if stored == 0 {
        return Err(StoreError::Conflict("a credential with this secret".to_owned()));
    }
    Ok(transaction.commit()?)
}

pub(super) fn take(
    connection: &Connection,
    kind: CredentialKind,
    secret: TokenHash,
) -> Result<Option<Credential>, StoreError> {
    let sql = format!(
        "DELETE FROM {} WHERE secret = ?1 RETURNING secret, name, role, expires_at_ms, telegram_id",
        table(kind)
    );
    one(connection, &sql, secret)
}

pub(super) fn read(
    connection: &Connection,
    kind: CredentialKind,
    secret: TokenHash,
) -> Result<Option<Credential>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE secret = ?1", table(kind));
    one(connection, &sql, secret)
}

/// Stores the key if there is none yet, and returns the stored one.
pub(super) fn signing_key(
    connection: &mut Connection,
    fresh: [u8; 32],
) -> Result<[u8; 32], StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT OR IGNORE INTO meta (name, value) VALUES ('signing_key', ?1)",
        [hash_text(TokenHash(fresh))],
    )?;
    let sql = "SELECT value FROM meta WHERE name = 'signing_key'";
    let kept: String = transaction.query_row(sql, [], |row| row.get(0))?;
    transaction.commit()?;
    // The key has the form of a hash: 32 bytes.
    hash(&kept).map(|TokenHash(key)| key)
}

fn table(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Code => "codes",
        CredentialKind::Session => "sessions",
    }
}

fn sessions(
    connection: &Connection,
    now: Moment,
) -> Result<Vec<(TokenHash, Credential)>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE expires_at_ms > ?1");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([now.timestamp_millis()], columns)?;
    rows.map(|row| credential(row?)).collect()
}

fn one(
    connection: &Connection,
    sql: &str,
    secret: TokenHash,
) -> Result<Option<Credential>, StoreError> {
    let found =
        connection.prepare_cached(sql)?.query_row([hash_text(secret)], columns).optional()?;
    Ok(found.map(credential).transpose()?.map(|(_, credential)| credential))
}

/// The columns of a credential, in the order of [`Columns`].
const COLUMNS: &str = "secret, name, role, expires_at_ms, telegram_id";

type Columns = (String, String, String, i64, Option<String>);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn credential(stored: Columns) -> Result<(TokenHash, Credential), StoreError> {
    let (secret, name, stored_role, expires_at_ms, telegram_id) = stored;
    let broken = |_| StoreError::Unexpected("a stored Telegram id is broken".to_owned());
    let telegram_id =
        telegram_id.map(|id| id.parse().map(TelegramId).map_err(broken)).transpose()?;
    let (name, role) = (StaffName::from_stored(name), role(&stored_role)?);
    Ok((hash(&secret)?, Credential { name, role, telegram_id, expires_at: moment(expires_at_ms)? }))
}
