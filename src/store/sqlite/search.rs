//! Searches bookings by the beginnings of words.
//!
//! The table `search_words` has a row for each word of each booking. The words of a booking are
//! also beside it, in one text, to check all terms of a search.

use std::slice;

use rusqlite::types::Value;
use rusqlite::{Connection, Params, params, params_from_iter};
use tokio::time::Instant;
use tracing::warn;

use super::super::search::booking_words;
use super::super::{MAX_COUNTED, StoreError};
use super::conditions::{ANY_INDEX, Conditions, NO_INDEX};
use super::{SqliteStore, json};

/// How many bookings of an older version are indexed in one transaction.
const CHUNK: u32 = 500;
/// The bookings with a word in a range.
const WITH_TERM: &str = "SELECT DISTINCT booking FROM search_words WHERE word >= ? AND word < ?";

/// How a search finds its bookings.
pub(super) struct SearchPlan {
    /// The table to select from, with the choice of its index.
    pub table: &'static str,
    pub conditions: Conditions,
}

/// Plans the search for bookings with words that begin with each of these terms.
pub(super) fn plan(connection: &Connection, terms: &[String]) -> Result<SearchPlan, StoreError> {
    let mut conditions = Conditions::default();
    for term in terms {
        // `instr` takes plain text, not a pattern, so nothing needs escaping.
        conditions.add("instr(words, ?) > 0", [format!(" {term}").into()]);
    }
    for term in terms {
        if count(connection, slice::from_ref(term))? < MAX_COUNTED {
            conditions.add(format!("bookings.id IN ({WITH_TERM})"), range(term));
            return Ok(SearchPlan { table: NO_INDEX, conditions });
        }
    }
    // Every term is so frequent that the first bookings in the order of pages contain enough
    // matches.
    Ok(SearchPlan { table: ANY_INDEX, conditions })
}

/// How many bookings have words that begin with each of these terms; counted up to
/// [`MAX_COUNTED`]. There is at least one term.
pub(super) fn count(connection: &Connection, terms: &[String]) -> Result<u64, StoreError> {
    let all = vec![WITH_TERM; terms.len()].join(" INTERSECT ");
    let values = terms.iter().flat_map(|term| range(term));
    count_rows(connection, &format!("{all} LIMIT {MAX_COUNTED}"), params_from_iter(values))
}

/// How many rows a query has.
pub(super) fn count_rows(
    connection: &Connection,
    query: &str,
    values: impl Params,
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT count(*) FROM ({query})"))?;
    let count: i64 = statement.query_row(values, |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// The range of the words that begin with a term.
fn range(term: &str) -> [Value; 2] {
    [term.to_owned().into(), format!("{term}{}", char::MAX).into()]
}

/// The words of a booking as one text, each after a space.
pub(super) fn joined(words: &[String]) -> String {
    words.iter().map(|word| format!(" {word}")).collect()
}

/// Inserts the words of the booking in a row.
pub(super) fn insert(
    connection: &Connection,
    row: i64,
    words: &[String],
) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO search_words (word, booking) VALUES (?1, ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    for word in words {
        statement.execute(params![word, row])?;
    }
    Ok(())
}

/// Replaces the words of the booking in a row. `before` are the [`joined`] words that are stored.
pub(super) fn replace(
    connection: &Connection,
    row: i64,
    before: Option<&str>,
    words: &[String],
) -> Result<(), StoreError> {
    let sql = "DELETE FROM search_words WHERE word = ?1 AND booking = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    for word in before.unwrap_or_default().split_whitespace() {
        statement.execute(params![word, row])?;
    }
    let sql = "UPDATE bookings SET words = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![row, joined(words)])?;
    insert(connection, row, words)
}

impl SqliteStore {
    /// Indexes the bookings without words, newest first. Returns how many.
    pub(super) async fn index_older(&self) -> Result<u64, StoreError> {
        let mut indexed = 0;
        loop {
            let begun = Instant::now();
            let count = self.write(|writer| index_chunk(&mut writer.connection)).await?;
            indexed += count;
            if count < u64::from(CHUNK) {
                return Ok(indexed);
            }
            // The store is left free for others half of the time.
            tokio::time::sleep(begun.elapsed()).await;
        }
    }
}

fn index_chunk(connection: &mut Connection) -> Result<u64, StoreError> {
    let transaction = connection.transaction()?;
    let sql = "SELECT id, document FROM bookings WHERE words IS NULL ORDER BY id DESC LIMIT ?1";
    let rows: Vec<(i64, String)> = transaction
        .prepare_cached(sql)?
        .query_map([CHUNK], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (row, document) in &rows {
        // A booking that cannot be read has no words. It must not be read again and again.
        let words = match json::tracked(document, None) {
            Ok(tracked) => booking_words(&tracked.booking),
            Err(error) => {
                warn!(row, %error, "a booking cannot be indexed");
                Vec::new()
            }
        };
        replace(&transaction, *row, None, &words)?;
    }
    transaction.commit()?;
    Ok(rows.len() as u64)
}
