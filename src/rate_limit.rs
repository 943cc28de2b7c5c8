//! The rate limiters of the process: one based on `governor`, and one that counts within an hour.
//!
//! They use tokio's clock, so that tests can advance its time. The bot's send queue does not use it:
//! the queue must know when the next message may be sent, and `governor` cannot tell that without
//! counting a message.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{NotUntil, Quota, RateLimiter};
use tokio::time::Instant;

/// The number of checks after which keys without recent events are removed.
const TIDY_EVERY: u32 = 4_096;

/// Limits the events of each key.
pub struct KeyedLimiter<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, TokioClock, NoOpMiddleware<TokioInstant>>,
    clock: TokioClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> KeyedLimiter<K> {
    /// Allows `count` events per second for each key, and as many at once after a pause. 0 counts
    /// as 1.
    #[must_use]
    pub fn per_second(count: u32) -> Self {
        Self::new(Quota::per_second(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)))
    }

    /// Allows one event per second for each key, and `burst` at once after a pause. 0 counts as 1.
    #[must_use]
    pub fn one_per_second(burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        Self::new(Quota::per_second(NonZeroU32::MIN).allow_burst(burst))
    }

    fn new(quota: Quota) -> Self {
        let clock = TokioClock;
        let limiter = RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock.clone());
        Self { limiter, clock, checks: AtomicU32::new(0) }
    }

    /// Counts an event of a key.
    ///
    /// # Errors
    /// How long to wait, if the key has had too many events.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let wait = |until: NotUntil<_>| until.wait_time_from(self.clock.now());
        self.limiter.check_key(key).map_err(wait)
    }

    /// The number of keys in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.limiter.len()
    }

    /// Whether no key is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.limiter.is_empty()
    }
}

/// Limits the events of each key in an hour. Unlike [`KeyedLimiter`], an event that did not happen
/// after all can be given back. A key is kept for an hour after its first event.
pub struct HourlyLimiter<K> {
    most: u32,
    counts: Mutex<HashMap<K, (Instant, u32)>>,
}

const HOUR: Duration = Duration::from_hours(1);

impl<K: Hash + Eq> HourlyLimiter<K> {
    /// Allows `most` events of each key within an hour of the first one.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { most, counts: Mutex::default() }
    }

    /// Counts an event. Returns whether it is allowed; if not, it is not counted.
    pub fn take(&self, key: K) -> bool {
        let now = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len().is_multiple_of(TIDY_EVERY as usize) {
            counts.retain(|_, (since, _)| now - *since < HOUR);
        }
        let (since, count) = counts.entry(key).or_insert((now, 0));
        if now - *since >= HOUR {
            (*since, *count) = (now, 0);
        }
        if *count >= self.most {
            return false;
        }
        *count += 1;
        true
    }

    /// Gives back an event that was counted and did not happen.
    pub fn give_back(&self, key: &K) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = counts.get_mut(key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(key);
            }
        }
    }
}

/// Tokio's clock for `governor`.
#[derive(Debug, Clone, Default)]
struct TokioClock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TokioInstant(Instant);

impl Clock for TokioClock {
    type Instant = TokioInstant;

    fn now(&self) -> TokioInstant {
        TokioInstant(Instant::now())
    }
}

impl Reference for TokioInstant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        let duration = Duration::from(duration);
        Self(self.0.checked_sub(duration).unwrap_or(self.0))
    }
}

impl std::ops::Add<Nanos> for TokioInstant {
    type Output = Self;

    fn add(self, duration: Nanos) -> Self {
        Self(self.0 + Duration::from(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_gets_its_burst_and_then_one_a_second_and_others_do_not_notice() {
        let limiter = KeyedLimiter::one_per_second(10);
        let passed =
            |key: u32, tries: u32| (0..tries).filter(|_| limiter.check(&key).is_ok()).count();
        assert_eq!(passed(1, 1_000), 10);
        let mut within_ten_seconds = 0;
        for _ in 0..1_000 {
            tokio::time::advance(Duration::from_millis(10)).await;
            within_ten_seconds += passed(1, 10);
        }
        assert_eq!(within_ten_seconds, 10);
        assert!(limiter.check(&2).is_ok());
        assert!(limiter.check(&1).is_err_and(|wait| wait <= Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_were_not_seen_lately_are_forgotten() {
        let limiter = KeyedLimiter::per_second(1);
        for key in 0..TIDY_EVERY - 1 {
            let _ = limiter.check(&key);
        }
        tokio::time::advance(Duration::from_hours(1)).await;
        let _ = limiter.check(&u32::MAX);
        assert!(limiter.len() <= 1, "{}", limiter.len());
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_has_its_number_of_events_and_what_did_not_happen_is_not_counted() {
        let limiter = HourlyLimiter::new(2);
        assert!(limiter.take(1) && limiter.take(1) && !limiter.take(1));
        assert!(limiter.take(2), "another key");
        limiter.give_back(&1);
        assert!(limiter.take(1) && !limiter.take(1));
        tokio::time::advance(HOUR).await;
        assert!(limiter.take(1) && limiter.take(1) && !limiter.take(1));
        for key in 10..10 + TIDY_EVERY {
            limiter.take(key);
            limiter.give_back(&key);
        }
        assert!(limiter.counts.lock().unwrap().len() <= 2);
    }
}
