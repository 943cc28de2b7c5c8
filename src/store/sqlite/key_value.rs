//! Short texts by name, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::super::document::moment;
use super::super::{StoreError, StoredValue};
use super::SqliteStore;
use crate::domain::Moment;
use crate::store::KeyValueStore;

#[async_trait]
impl KeyValueStore for SqliteStore {
    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.clone());
        self.write(move |writer| keep(&mut writer.connection, &name, &value, now)).await
    }

    async fn put_value_if_absent(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<bool, StoreError> {
        let (name, value) = (name.to_owned(), value.clone());
        self.write(move |writer| keep_if_absent(&writer.connection, &name, &value, now)).await
    }

    async fn value(&self, name: &str) -> Result<Option<StoredValue>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| read(connection, &name)).await
    }
}

pub(super) fn keep(
    connection: &mut Connection,
    name: &str,
    value: &StoredValue,
    now: Moment,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM memos WHERE expires_at_ms <= ?1", [now.timestamp_millis()])?;
    transaction.execute(
        "INSERT OR REPLACE INTO memos (name, text, expires_at_ms) VALUES (?1, ?2, ?3)",
        params![name, value.text, value.expires_at.timestamp_millis()],
    )?;
    Ok(transaction.commit()?)
}

fn keep_if_absent(
    connection: &Connection,
    name: &str,
    value: &StoredValue,
    now: Moment,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO memos (name, text, expires_at_ms) VALUES (?1, ?2, ?3)
               ON CONFLICT (name) DO UPDATE
               SET text = excluded.text, expires_at_ms = excluded.expires_at_ms
               WHERE memos.expires_at_ms <= ?4";
    let ends = value.expires_at.timestamp_millis();
    let stored = connection.prepare_cached(sql)?.execute(params![
        name,
        value.text,
        ends,
        now.timestamp_millis()
    ])?;
    Ok(stored == 1)
}

pub(super) fn read(connection: &Connection, name: &str) -> Result<Option<StoredValue>, StoreError> {
    let found: Option<(String, i64)> = connection
        .prepare_cached("SELECT text, expires_at_ms FROM memos WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(text, ends)| Ok(StoredValue { text, expires_at: moment(ends)? })).transpose()
}
