//! Erases and deletes by age what is stored about guests, once each day.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{NaiveTime, TimeDelta};
use tokio::time::Instant;
use tracing::info;

use crate::clock::Clock;
use crate::config::RetentionSection;
use crate::daily::{DailyJob, JobFailed};
use crate::domain::{HotelPolicy, Moment};
use crate::store::{PersonalDataStore, StoreError};

/// The number of bookings that are erased or deleted at once. A step holds the store for some
/// milliseconds.
const STEP: usize = 50;
/// When it is done by the hotel's clock: when few guests book.
const HOUR: u32 = 4;

/// How long guests and bookings are kept after the booking is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long names, addresses and Telegram ids are kept.
    pub names: TimeDelta,
    /// How long bookings and their changes are kept.
    pub bookings: TimeDelta,
}

/// What a run of the retention did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionOutcome {
    /// Bookings whose guest was erased.
    pub erased: usize,
    /// Bookings that were deleted.
    pub deleted: usize,
}

impl Retention {
    /// The retention that is configured.
    #[must_use]
    pub fn from_config(section: &RetentionSection) -> Self {
        Self { names: section.names, bookings: section.bookings }
    }

    /// Erases and deletes what is older than it may be, in small steps, between which others use
    /// the store.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. The next run does the rest.
    pub async fn run(
        self,
        store: &dyn PersonalDataStore,
        hotel: &HotelPolicy,
        now: Moment,
    ) -> Result<RetentionOutcome, StoreError> {
        let mut outcome = RetentionOutcome { erased: 0, deleted: 0 };
        let oldest = now - self.bookings;
        loop {
            let begun = Instant::now();
            let old = store.finished(oldest, hotel.day_of(oldest), false, STEP).await?;
            let deleted = store.delete(&old).await?;
            outcome.deleted += deleted;
            if deleted == 0 {
                break;
            }
            tokio::time::sleep(begun.elapsed()).await;
        }
        let with_names = now - self.names;
        loop {
            let begun = Instant::now();
            let old = store.finished(with_names, hotel.day_of(with_names), true, STEP).await?;
            let erased = store.erase(&old, None).await?;
            outcome.erased += erased;
            if erased == 0 {
                break;
            }
            tokio::time::sleep(begun.elapsed()).await;
        }
        store.delete_rest(hotel.day_of(oldest), now).await?;
        Ok(outcome)
    }
}

/// The job that erases and deletes each day what is old.
pub struct DailyRetention {
    retention: Retention,
    store: Arc<dyn PersonalDataStore>,
    hotel: HotelPolicy,
    clock: Clock,
}

impl DailyRetention {
    /// A job for a store.
    #[must_use]
    pub fn new(
        retention: Retention,
        store: Arc<dyn PersonalDataStore>,
        hotel: HotelPolicy,
        clock: Clock,
    ) -> Self {
        Self { retention, store, hotel, clock }
    }
}

#[async_trait]
impl DailyJob for DailyRetention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn at(&self) -> NaiveTime {
        NaiveTime::from_hms_opt(HOUR, 0, 0).unwrap_or(NaiveTime::MIN)
    }

    async fn run(&self, _: Moment) -> Result<(), JobFailed> {
        let outcome = self.retention.run(&*self.store, &self.hotel, self.clock.now()).await?;
        info!(outcome.erased, outcome.deleted, "old bookings were erased and deleted");
        Ok(())
    }
}
