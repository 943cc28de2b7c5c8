//! Prints the fields of payloads as tables for a terminal.

use std::fmt::Write;

use super::tlv::{Field, fields};

/// The name of a field of the payload.
pub(super) fn name(tag: u8) -> &'static str {
    match tag {
        0 => "payload format",
        1 => "static (11) or dynamic (12)",
        2..=51 => "merchant account",
        52 => "merchant category",
        53 => "currency",
        54 => "amount",
        55 => "tip or fee",
        56 => "fixed fee",
        57 => "fee in percent",
        58 => "country",
        59 => "merchant name",
        60 => "merchant city",
        61 => "postal code",
        62 => "additional data",
        63 => "checksum",
        64 => "name in another language",
        _ => "reserved",
    }
}

/// The name of a field within the additional data.
fn additional(tag: u8) -> &'static str {
    match tag {
        1 => "bill number",
        2 => "mobile number",
        3 => "store",
        4 => "loyalty number",
        5 => "reference",
        6 => "customer",
        7 => "terminal",
        8 => "purpose",
        9 => "asked of the customer",
        _ => "reserved",
    }
}

/// The name of a field within a merchant account.
fn account(tag: u8) -> &'static str {
    match tag {
        0 => "scheme",
        1 => "merchant PAN",
        2 => "merchant id",
        3 => "criteria",
        _ => "scheme's own",
    }
}

/// One row of a table. The tag of a field within another field follows the tag of that field, as in
/// `62.01`.
struct Row {
    tag: String,
    name: &'static str,
    value: String,
}

fn rows(payload: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for field in fields(payload).map_while(Result::ok) {
        let Field { tag, value, .. } = field;
        let inner: Vec<Field<'_>> = match tag {
            26..=51 | 62 => fields(value).collect::<Result<_, _>>().unwrap_or_default(),
            _ => Vec::new(),
        };
        let shown = if inner.is_empty() { printable(value) } else { String::new() };
        rows.push(Row { tag: format!("{tag:02}"), name: name(tag), value: shown });
        for part in inner {
            let name = if tag == 62 { additional(part.tag) } else { account(part.tag) };
            let tag = format!("{tag:02}.{:02}", part.tag);
            rows.push(Row { tag, name, value: printable(part.value) });
        }
    }
    rows
}

/// Replaces control characters, so that a value from outside stays on its line and cannot send
/// control sequences to the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The fields of a payload, one on each line, up to the first damaged field.
#[must_use]
pub fn table(payload: &str) -> String {
    let mut lines = String::new();
    for row in rows(payload) {
        // Writing to a String does not fail.
        let _ = writeln!(lines, "{:<6} {:<28} {}", row.tag, row.name, row.value);
    }
    lines
}

/// The fields of two payloads side by side. A star marks lines that differ.
#[must_use]
pub fn side_by_side(left: (&str, &str), right: (&str, &str)) -> String {
    let (left_rows, right_rows) = (rows(left.1), rows(right.1));
    let mut tags: Vec<(&str, &'static str)> = Vec::new();
    // The tags of the right payload in its order, then tags that only the left one has.
    for row in right_rows.iter().chain(&left_rows) {
        if !tags.iter().any(|(tag, _)| *tag == row.tag) {
            tags.push((&row.tag, row.name));
        }
    }
    let value = |rows: &[Row], tag: &str| {
        rows.iter().find(|row| row.tag == tag).map_or("-".to_owned(), |row| row.value.clone())
    };
    let wide = left_rows.iter().map(|row| row.value.chars().count()).max().unwrap_or(0);
    let wide = wide.max(left.0.chars().count());
    let mut lines = format!("  {:<6} {:<28} {:<wide$}  {}\n", "tag", "field", left.0, right.0);
    for (tag, name) in tags {
        let (before, after) = (value(&left_rows, tag), value(&right_rows, tag));
        let mark = if before == after { ' ' } else { '*' };
        let _ = writeln!(lines, "{mark} {tag:<6} {name:<28} {before:<wide$}  {after}");
    }
    lines
}
