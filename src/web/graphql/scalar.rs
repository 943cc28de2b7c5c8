//! The scalars of the schema: times, dates and amounts of rupiah, and their format in JSON.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat, Utc};

use crate::domain::{self, Moment};

/// A time in the format of RFC 3339. Output is in UTC, with three digits of milliseconds and `Z`.
/// Input may have any offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub Moment);

/// A time in the format of RFC 3339. Output is in UTC, with three digits of milliseconds and `Z`.
/// Input may have any offset.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        read_moment(&value).map(Self).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn is_valid(value: &Value) -> bool {
        read_moment(value).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

fn read_moment(value: &Value) -> Option<Moment> {
    let Value::String(text) = value else { return None };
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.with_timezone(&Utc))
}

/// A date in the hotel's calendar, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A date in the hotel's calendar, `YYYY-MM-DD`.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        read_date(&value).map(Self).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn is_valid(value: &Value) -> bool {
        read_date(value).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

fn read_date(value: &Value) -> Option<NaiveDate> {
    let Value::String(text) = value else { return None };
    // The parser alone would also accept "2026-1-4" and "+12026-01-04".
    let is_plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_plain)
}

/// An amount in whole rupiah: a JSON integer from 0 to 2^53 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rupiah(pub domain::Rupiah);

/// An amount in whole rupiah: a JSON integer from 0 to 2^53 - 1.
#[Scalar]
impl ScalarType for Rupiah {
    fn parse(value: Value) -> InputValueResult<Self> {
        let sum = match &value {
            Value::Number(number) => number.as_u64().map(domain::Rupiah),
            _ => None,
        };
        sum.filter(|sum| *sum <= domain::Rupiah::MAX)
            .map(Self)
            .ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.0.into())
    }
}
