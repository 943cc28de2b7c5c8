//! Wall time, from the system or from a test that moves it together with tokio's.
//!
//! The only place that asks the system for the time of day. Sleeping is tokio's business, on its
//! monotonic clock; comparing the two is the scheduler's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::domain::Moment;

/// A clock on the wall. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(ClockSource);

#[derive(Debug, Clone)]
enum ClockSource {
    System,
    /// A fixed moment plus what tokio's clock has run since, plus steps.
    Anchored {
        epoch: Moment,
        since: Instant,
        stepped_ms: Arc<AtomicI64>,
    },
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(ClockSource::System)
    }

    /// A clock that shows `epoch` now and from then on runs with tokio's: paused with it, and
    /// advanced with it.
    #[must_use]
    pub fn anchored(epoch: Moment) -> Self {
        Self(ClockSource::Anchored { epoch, since: Instant::now(), stepped_ms: Arc::default() })
    }

    /// Steps an anchored clock, as an administrator or a waking machine does. The system's clock
    /// is nobody's to step.
    pub fn step(&self, by: TimeDelta) {
        if let ClockSource::Anchored { stepped_ms, .. } = &self.0 {
            stepped_ms.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }

    /// Now, to the millisecond (rounded down: what is due in this millisecond is due).
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
