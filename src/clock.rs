//! The wall clock: the system's, the same without steps, or a test clock that runs with tokio's.
//!
//! This is the only module that asks the system for the time of day. It does not sleep: tokio does
//! that, by its monotonic clock. The scheduler compares the two clocks.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::domain::Moment;
use crate::system;

/// A wall clock. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(ClockSource);

#[derive(Debug, Clone)]
enum ClockSource {
    System,
    /// The system's clock, except that a step of more than [`MAX_STEP`] is not followed.
    Steady(Arc<Mutex<SteadyClock>>),
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

    /// The system's clock as it is now, which from then on follows no step of more than
    /// two seconds: it runs on with the time since the machine booted. A step is seldom right and
    /// would end every hold, or none; a restart takes the new time.
    #[must_use]
    pub fn steady() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        let wall = Utc::now();
        let clock = SteadyClock { wall, boot: system::time_since_boot(), step: TimeDelta::zero() };
        Self(ClockSource::Steady(Arc::new(Mutex::new(clock))))
    }

    /// By how much the system's clock was set since the start, if this clock does not follow it.
    #[must_use]
    pub fn step_not_followed(&self) -> Option<TimeDelta> {
        match &self.0 {
            ClockSource::Steady(steady) => {
                let _ = self.now();
                let step = steady.lock().unwrap_or_else(PoisonError::into_inner).step;
                (!step.is_zero()).then_some(step)
            }
            ClockSource::System | ClockSource::Anchored { .. } => None,
        }
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
            ClockSource::Steady(steady) => {
                let mut steady = steady.lock().unwrap_or_else(PoisonError::into_inner);
                #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
                steady.read(Utc::now(), system::time_since_boot())
            }
            ClockSource::Anchored { epoch, since, stepped_ms } => {
                let ran = TimeDelta::from_std(since.elapsed()).unwrap_or(TimeDelta::MAX);
                *epoch + ran + TimeDelta::milliseconds(stepped_ms.load(Ordering::SeqCst))
            }
        };
        whole_millisecond(now)
    }
}

/// The largest step of the system's clock that a steady clock follows: what time synchronisation
/// corrects at once.
const MAX_STEP: TimeDelta = TimeDelta::seconds(2);

/// One reading of the wall clock and of the time since boot, by which later ones are judged.
#[derive(Debug)]
struct SteadyClock {
    wall: Moment,
    boot: Duration,
    /// How far the wall clock was off at the last reading; zero if it is followed.
    step: TimeDelta,
}

impl SteadyClock {
    /// The time at a reading of both clocks.
    fn read(&mut self, wall: Moment, boot: Duration) -> Moment {
        let ran = TimeDelta::from_std(boot.saturating_sub(self.boot)).unwrap_or(TimeDelta::MAX);
        let expected = self.wall + ran;
        let step = wall - expected;
        if step.abs() > MAX_STEP {
            self.step = step;
            return expected;
        }
        (self.wall, self.boot, self.step) = (wall, boot, TimeDelta::zero());
        wall
    }
}

fn whole_millisecond(moment: Moment) -> Moment {
    DateTime::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_not_followed_until_it_is_undone_and_small_ones_are() {
        let second = |seconds: i64| Moment::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let mut clock = SteadyClock {
            wall: second(0),
            boot: Duration::from_secs(100),
            step: TimeDelta::zero(),
        };
        let mut read = |wall: i64, boot: u64| {
            (clock.read(second(wall), Duration::from_secs(100 + boot)), clock.step)
        };
        let none = TimeDelta::zero();
        assert_eq!(read(10, 10), (second(10), none));
        assert_eq!(read(22, 20), (second(22), none), "small steps add up");
        assert_eq!(read(34, 30), (second(34), none));
        let three_hours = TimeDelta::hours(3);
        assert_eq!(read(44 + 10_800, 40), (second(44), three_hours), "set ahead");
        assert_eq!(read(54 - 10_800, 50), (second(54), -three_hours), "set back");
        assert_eq!(read(64, 60), (second(64), none), "set right again");
        assert_eq!(read(90_064, 90_060), (second(90_064), none), "the machine slept for a day");
    }
}
