//! A limit on how often something may happen: a token bucket. It only computes times; it does not
//! wait.

use std::time::Duration;

use tokio::time::Instant;

/// A bucket of `burst` tokens, which gets a new token after each interval `every`.
#[derive(Debug)]
pub(super) struct Bucket {
    burst: u32,
    every: Duration,
    /// When all tokens are available again.
    full_at: Instant,
}

impl Bucket {
    pub(super) fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, full_at: Instant::now() }
    }

    /// When a token can be taken so that at least `leaving` tokens remain.
    pub(super) fn ready_at(&self, leaving: u32) -> Instant {
        let spare = self.burst.saturating_sub(1).saturating_sub(leaving);
        self.full_at.checked_sub(self.every * spare).unwrap_or(self.full_at)
    }

    /// Takes a token.
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
    async fn leaving_tokens_for_others_takes_longer() {
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
