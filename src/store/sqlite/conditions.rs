//! The SQL of filters: conditions with their values, and the order of pages.

use std::ops::Range;

use rusqlite::types::Value;

use super::super::document::status_text;
use super::super::{Filter, Search};
use crate::domain::Contact;

/// The order of pages, the same as that of `document::receipt_order`: bookings of the same moment
/// have the same day in their numbers, so the longer number is the later one.
pub(super) const ORDER: &str = "booked_at_ms DESC, length(receipt_no), receipt_no";
/// The table of bookings, read by the index that SQLite chooses.
pub(super) const ANY_INDEX: &str = "bookings";
/// The table of bookings, read by its ids only.
pub(super) const NO_INDEX: &str = "bookings NOT INDEXED";

/// The conditions of a filter, with their values.
#[derive(Default)]
pub(super) struct Conditions {
    sql: Vec<String>,
    pub values: Vec<Value>,
}

impl Conditions {
    /// The conditions of a filter, without the words of its search.
    pub(super) fn of(filter: &Filter) -> Self {
        let mut conditions = Self::default();
        if let Some(statuses) = &filter.status {
            let places = vec!["?"; statuses.len()].join(", ");
            let values = statuses.iter().map(|status| status_text(*status).to_owned().into());
            conditions.add(format!("status IN ({places})"), values);
        }
        if let Some(check_in) = filter.check_in {
            conditions.add("check_in = ?", [check_in.to_string().into()]);
        }
        match &filter.contact {
            // The expression must not change: it is that of the index.
            Some(Contact::Telegram(id)) => {
                conditions.add("json_extract(document, '$.contact.id') = ?", [id.0.into()]);
            }
            Some(Contact::Web(email)) => conditions.add(
                "json_extract(document, '$.contact.email') = ?",
                [email.as_str().to_owned().into()],
            ),
            Some(Contact::Desk) => {
                conditions.add("json_extract(document, '$.contact.channel') = 'DESK'", []);
            }
            Some(Contact::Other) => conditions.add(
                "json_extract(document, '$.contact.channel') NOT IN ('TELEGRAM', 'WEB', 'DESK')",
                [],
            ),
            None => {}
        }
        if let Some(since) = filter.settled_since {
            // The expression must not change: it is that of the index.
            let sql = "json_extract(document, '$.status.at_ms') >= ?";
            conditions.add(sql, [since.timestamp_millis().into()]);
        }
        if let Some(price) = filter.price {
            let price = i64::try_from(price.0).unwrap_or(i64::MAX);
            conditions.add("json_extract(document, '$.price') = ?", [price.into()]);
        }
        if let Some(Range { start, end }) = &filter.happened_within {
            // The expressions must not change: they are those of the indexes.
            let sql = "((status = 'PENDING' AND booked_at_ms >= ? AND booked_at_ms < ?)
                OR (json_extract(document, '$.status.at_ms') >= ?
                    AND json_extract(document, '$.status.at_ms') < ?))";
            let (start, end) = (start.timestamp_millis(), end.timestamp_millis());
            conditions.add(sql, [start, end, start, end].map(Value::from));
        }
        if let Some(Range { start, end }) = &filter.touched_within {
            let sql = "((booked_at_ms >= ? AND booked_at_ms < ?)
                OR (json_extract(document, '$.status.at_ms') >= ?
                    AND json_extract(document, '$.status.at_ms') < ?)
                OR (status = 'PENDING' AND json_extract(document, '$.arrived_at_ms') >= ?
                    AND json_extract(document, '$.arrived_at_ms') < ?))";
            let (start, end) = (start.timestamp_millis(), end.timestamp_millis());
            conditions.add(sql, [start, end, start, end, start, end].map(Value::from));
        }
        match &filter.search {
            Some(Search::Receipt(number)) => {
                conditions.add("receipt_no = ?", [number.to_string().into()]);
            }
            Some(Search::Words(_)) | None => {}
        }
        conditions
    }

    pub(super) fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    /// The `WHERE` clause; nothing if there is no condition.
    pub(super) fn clause(&self) -> String {
        if self.sql.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", self.sql.join(" AND "))
        }
    }
}
