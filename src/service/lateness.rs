//! How late the deadlines of the current hotel day were decided, for anybody who wants to check.
//!
//! Kept in memory, so it starts anew with the process and with each hotel day, and each process has
//! its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;

/// The lateness of a day's deadlines: from the instant that people were told to the committed
/// change, in milliseconds. All are 0 if there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lateness {
    /// The number of deadlines.
    pub deadlines: u32,
    /// Half of them were at most this late.
    pub median_ms: i64,
    /// 99 of 100 were at most this late.
    pub p99_ms: i64,
    /// The latest one.
    pub worst_ms: i64,
}

impl Lateness {
    /// The lateness of deadlines, from the lateness of each in milliseconds, ascending.
    #[must_use]
    pub(super) fn of_sorted(lateness_ms: &[i64]) -> Self {
        let at = |percent: usize| {
            // The rank of the value, from 1, rounded up.
            let rank = (lateness_ms.len() * percent).div_ceil(100);
            rank.checked_sub(1)
                .and_then(|index| lateness_ms.get(index))
                .map_or(0, |ms| (*ms).max(0))
        };
        Self {
            deadlines: u32::try_from(lateness_ms.len()).unwrap_or(u32::MAX),
            median_ms: at(50),
            p99_ms: at(99),
            worst_ms: at(100),
        }
    }
}

/// Counts the deadlines of the current hotel day by their lateness.
#[derive(Debug, Default)]
pub(super) struct LatenessLog(Mutex<LatenessOfDay>);

#[derive(Debug, Default)]
struct LatenessOfDay {
    day: NaiveDate,
    counts: BTreeMap<i64, u32>,
}

impl LatenessLog {
    /// Counts a deadline that was decided on this hotel day.
    pub(super) fn record(&self, day: NaiveDate, lateness_ms: i64) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.day != day {
            *log = LatenessOfDay { day, counts: BTreeMap::new() };
        }
        *log.counts.entry(rounded(lateness_ms)).or_default() += 1;
    }

    /// The lateness of the deadlines of this hotel day.
    pub(super) fn of(&self, day: NaiveDate) -> Lateness {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.day != day {
            return Lateness::default();
        }
        let deadlines: u32 = log.counts.values().sum();
        let at = |percent: u32| {
            // The rank of the value, from 1, rounded up.
            let rank = (u64::from(deadlines) * u64::from(percent)).div_ceil(100);
            let mut seen = 0_u64;
            let found = log.counts.iter().find(|(_, count)| {
                seen += u64::from(**count);
                seen >= rank
            });
            found.map_or(0, |(ms, _)| *ms)
        };
        Lateness { deadlines, median_ms: at(50), p99_ms: at(99), worst_ms: at(100) }
    }
}

/// Three digits are kept, rounded up, so that a day has few different values.
fn rounded(lateness_ms: i64) -> i64 {
    let mut unit = 1;
    while lateness_ms / unit >= 1_000 {
        unit *= 10;
    }
    (lateness_ms.max(0) + unit - 1) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, day).unwrap()
    }

    #[test]
    fn a_day_without_deadlines_has_none() {
        assert_eq!(LatenessLog::default().of(day(4)), Lateness::default());
    }

    #[test]
    fn the_median_and_the_99th_of_100_are_those_of_a_sorted_list() {
        let log = LatenessLog::default();
        for late in (1..=100).rev() {
            log.record(day(4), late);
        }
        let expected = Lateness { deadlines: 100, median_ms: 50, p99_ms: 99, worst_ms: 100 };
        assert_eq!(log.of(day(4)), expected);
    }

    #[test]
    fn each_hotel_day_starts_anew() {
        let log = LatenessLog::default();
        log.record(day(4), 7);
        log.record(day(5), 3);
        let expected = Lateness { deadlines: 1, median_ms: 3, p99_ms: 3, worst_ms: 3 };
        assert_eq!((log.of(day(4)), log.of(day(5))), (Lateness::default(), expected));
    }

    #[test]
    fn a_large_lateness_is_kept_to_three_digits_and_never_made_smaller() {
        let kept: Vec<i64> = [-1, 0, 999, 1_000, 1_001, 86_400_001].map(rounded).into();
        assert_eq!(kept, [0, 0, 999, 1_000, 1_010, 86_500_000]);
    }
}
