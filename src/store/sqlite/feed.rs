//! The log in SQLite: a live stream of what this process commits, and replays from the rows.
//!
//! Every change is published once, in the order of the rows.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use rusqlite::{Connection, params};
use tokio::sync::broadcast::{self, error::RecvError};

use super::super::document::moment;
use super::super::{Changes, Cursor, FeedEvent, Lease, NodeId, StoreError};
use super::{CHUNK, Chunk, SqliteStore, Writer, json};
use crate::store::{ChangeLog, until_error};

#[async_trait]
impl ChangeLog for SqliteStore {
    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError> {
        self.open_feed(after.cloned()).await
    }

    async fn replay(
        &self,
        after: &Cursor,
        until: &Cursor,
    ) -> Result<BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>, StoreError> {
        self.open_replay(after.clone(), until.clone()).await
    }
}

/// How many events a listener may fall behind before it must open the log again at its cursor.
const CAPACITY: usize = 16_384;

pub(super) type Sender = broadcast::Sender<(i64, FeedEvent)>;
type Receiver = broadcast::Receiver<(i64, FeedEvent)>;

pub(super) fn sender() -> Sender {
    broadcast::channel(CAPACITY).0
}

impl Writer {
    /// Publishes the event of a row. Must be called in the order of the rows.
    pub(super) fn feed(&self, row: i64, event: FeedEvent) {
        // Fails if nobody listens, which is fine.
        let _ = self.feed.send((row, event));
    }

    /// Publishes an event without a row of its own, with the newest row as its place.
    pub(super) fn feed_beside(&self, event: FeedEvent) -> Result<(), StoreError> {
        let newest = newest_row(&self.connection)?;
        self.feed(newest, event);
        Ok(())
    }
}

impl SqliteStore {
    pub(super) async fn open_feed(&self, after: Option<Cursor>) -> Result<Changes, StoreError> {
        // Nothing is committed between the two calls, so the receiver gets exactly the later rows.
        let (live, newest) = self
            .write(|writer| Ok((writer.feed.subscribe(), newest_row(&writer.connection)?)))
            .await?;
        let live = listen(live);
        let Some(after) = after else {
            return Ok(Changes { start: cursor(newest), stream: live });
        };
        let after = known_row(&after, newest)?;
        let stream = until_error(self.logged(after, newest).chain(live).boxed());
        Ok(Changes { start: cursor(after), stream })
    }

    pub(super) async fn open_replay(
        &self,
        after: Cursor,
        until: Cursor,
    ) -> Result<Items, StoreError> {
        let newest = self.read(|connection| newest_row(connection)).await?;
        let after = known_row(&after, newest)?;
        let until = row_of(&until).ok_or(StoreError::NotFound)?;
        Ok(self.logged(after, until))
    }

    /// The changes after one row up to another, as they were published.
    fn logged(&self, after: i64, until: i64) -> Items {
        self.rows_after(after, move |connection, after| logged(connection, after, until))
            .map_ok(|(row, event)| (cursor(row), event))
            .boxed()
    }
}

fn newest_row(connection: &Connection) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT coalesce(max(id), 0) FROM changes")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

fn cursor(row: i64) -> Cursor {
    Cursor(row.to_string())
}

/// The row of a cursor; an error for cursors that this store cannot have given out.
fn known_row(after: &Cursor, newest: i64) -> Result<i64, StoreError> {
    row_of(after).filter(|row| *row <= newest).ok_or(StoreError::NotFound)
}

/// The row of a cursor; `None` unless it has exactly the form of a cursor.
fn row_of(after: &Cursor) -> Option<i64> {
    after.0.parse().ok().filter(|row| *row >= 0 && cursor(*row) == *after)
}

/// A chunk of changes after a row, up to another.
fn logged(connection: &mut Connection, after: i64, last: i64) -> Chunk<FeedEvent> {
    let sql = "SELECT id, lease_node, lease_until_ms, document FROM changes
               WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![after, last, CHUNK], |row| {
        Ok((row.get(0)?, NodeId(row.get(1)?), row.get(2)?, row.get::<_, String>(3)?))
    })?;
    rows.map(|row| {
        let (id, node, until_ms, change) = row?;
        let lease = Lease { node, until: moment(until_ms)? };
        Ok((id, FeedEvent::Changed { change: json::shared_change(&change)?, lease }))
    })
    .collect()
}

type Items = BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>;

/// The stream of a listener. If it falls behind, the stream ends with an error, so that there is no
/// silent gap.
fn listen(live: Receiver) -> Items {
    let next = |mut live: Receiver| async move {
        let item = match live.recv().await {
            Ok((row, event)) => Ok((cursor(row), event)),
            Err(RecvError::Lagged(_)) => Err(StoreError::Unavailable(
                "this listener fell behind; it has to open the feed again".to_owned(),
            )),
            Err(RecvError::Closed) => Err(super::closed()),
        };
        Some((item, live))
    };
    until_error(stream::unfold(live, next).boxed())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::ReceiptNo;

    fn moved(serial: u32) -> FeedEvent {
        FeedEvent::PositionMoved(ReceiptNo::new(NaiveDate::MIN, serial))
    }

    #[tokio::test]
    async fn a_listener_that_fell_behind_gets_an_error_and_then_the_end() {
        let (sender, receiver) = broadcast::channel(2);
        let mut items = listen(receiver);
        sender.send((1, moved(1))).unwrap();
        assert_eq!(items.next().await.unwrap().unwrap(), (cursor(1), moved(1)));
        for serial in 2..6 {
            sender.send((serial.into(), moved(serial))).unwrap();
        }
        assert!(matches!(items.next().await, Some(Err(StoreError::Unavailable(_)))));
        assert!(items.next().await.is_none());
    }

    #[test]
    fn only_what_cursors_look_like_is_a_cursor() {
        assert_eq!(row_of(&cursor(0)), Some(0));
        assert_eq!(row_of(&cursor(42)), Some(42));
        for text in ["", "-1", "+1", "01", " 1", "1.0", "x", "99999999999999999999"] {
            assert_eq!(row_of(&Cursor(text.to_owned())), None, "{text:?}");
        }
    }
}
