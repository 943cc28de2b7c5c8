//! The wall clock: the system's, or a test clock that runs with tokio's.
//!
//! This is the only module that asks the system for the time of day. It does not sleep: tokio does
//! that, by its monotonic clock. The scheduler compares the two clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::domain::Moment;

/// A wall clock. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(ClockSource);

#[derive(Debug, Clone)]
enum ClockSource {
    System,
    /// A fixed moment, plus the time that tokio's clock has run since, plus steps.
    Anchored {
        epoch: Moment,
        since: Instant,
        stepped_ms: Arc<AtomicI64>,
    },
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(ClockSource::System)
    }

    /// A clock that shows `epoch` now and then runs with tokio's clock. It pauses and advances with
    /// it.
    #[must_use]
    pub fn anchored(epoch: Moment) -> Self {
        Self(ClockSource::Anchored { epoch, since: Instant::now(), stepped_ms: Arc::default() })
    }

    /// Steps an anchored clock, as if an administrator set it or the machine slept. It has no
    /// effect on the system's clock.
    pub fn step(&self, by: TimeDelta) {
        if let ClockSource::Anchored { stepped_ms, .. } = &self.0 {
            stepped_ms.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }

    /// The current time, rounded down to the millisecond.
    #[must_use]
    pub fn now(&self) -> Moment {
        let now = match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
            ClockSource::System => Utc::now(),
            ClockSource::Anchored { epoch, since, stepped_ms } => {
                let ran = TimeDelta::from_std(since.elapsed()).unwrap_or(TimeDelta::MAX);
                *epoch + ran + TimeDelta::milliseconds(stepped_ms.load(Ordering::SeqCst))
            }
        };
        whole_millisecond(now)
    }
}

fn whole_millisecond(moment: Moment) -> Moment {
    DateTime::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}
