//! Limits on how often something may happen.

use std::time::Duration;

use tokio::time::Instant;

/// Allows a burst, then one at a time.
#[derive(Debug)]
pub(super) struct Bucket {
    burst: u32,
    every: Duration,
    /// When all would have been refilled.
    full_at: Instant,
}

impl Bucket {
    pub(super) fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, full_at: Instant::now() }
    }

    /// When the next may go that leaves so many for others.
    pub(super) fn ready_at(&self, leaving: u32) -> Instant {
        let spare = self.burst.saturating_sub(1).saturating_sub(leaving);
        self.full_at.checked_sub(self.every * spare).unwrap_or(self.full_at)
    }

    pub(super) fn take(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.every;
    }

    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_leaves_some_for_others_waits_longer() {
        let mut bucket = Bucket::new(3, Duration::from_secs(6));
        let start = Instant::now();
        bucket.take(start);
        assert!(bucket.ready_at(0) <= start && bucket.ready_at(1) <= start);
        bucket.take(start);
        assert!(bucket.ready_at(0) <= start);
        assert_eq!(bucket.ready_at(1), start + Duration::from_secs(6));
        tokio::time::advance(Duration::from_secs(12)).await;
        assert!(bucket.is_full(Instant::now()));
    }
}
