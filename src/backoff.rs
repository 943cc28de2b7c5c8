//! How long to wait before another attempt. All retries of the process use this rule.
//!
//! This module only counts failures and waits. The caller makes the attempts, decides when to give
//! up, and logs.

use std::time::Duration;

/// The most doublings of the first wait. The limit prevents an overflow; 2^16 times the first wait
/// is long enough.
const MAX_DOUBLINGS: u32 = 16;

/// Waits that double after each failure, from the first to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// Waits from `first` to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The longest wait.
    #[must_use]
    pub const fn longest(self) -> Duration {
        self.longest
    }

    /// The wait after `failures` consecutive failures, counted from 1.
    #[must_use]
    pub fn after(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(MAX_DOUBLINGS);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    /// A random wait between half of [`Backoff::after`] and all of it, so that callers that failed
    /// at the same time do not retry at the same time.
    #[must_use]
    pub fn spread_after(self, failures: u32) -> Duration {
        self.after(failures).mul_f64(rand::random_range(0.5..=1.0))
    }

    /// A counter of consecutive failures, at 0.
    #[must_use]
    pub const fn start(self) -> Retries {
        Retries { backoff: self, failures: 0 }
    }
}

/// Counts consecutive failures and waits after each.
#[derive(Debug)]
pub struct Retries {
    backoff: Backoff,
    failures: u32,
}

impl Retries {
    /// Counts a failure and waits.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_wait()).await;
    }

    /// Counts a failure and returns how long to wait.
    pub fn next_wait(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.backoff.after(self.failures)
    }

    /// Resets the count after an attempt that succeeded.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));

    #[test]
    fn waits_double_from_the_first_to_the_longest() {
        let waits = [1, 2, 3, 4, 5, 6, 7, 8, 40].map(|failures| BACKOFF.after(failures).as_secs());
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_spread_wait_is_never_longer_and_never_less_than_half() {
        for failures in 1..100 {
            let (most, wait) = (BACKOFF.after(failures), BACKOFF.spread_after(failures));
            assert!(wait <= most && wait >= most / 2, "{wait:?} of {most:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_of_failures_waits_longer_each_time_until_a_try_succeeds() {
        let start = tokio::time::Instant::now();
        let mut retries = BACKOFF.start();
        for _ in 0..3 {
            retries.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(1 + 2 + 4));
        retries.reset();
        assert_eq!(retries.next_wait(), Duration::from_secs(1));
    }
}
