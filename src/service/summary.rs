//! The summary of a hotel day, from the bookings that the store finds by its indexes.

use chrono::{NaiveDate, TimeDelta};

use super::{BookingService, Lateness};
use crate::domain::summary::{DayCounter, DaySummary};
use crate::store::{Filter, PageKey, StoreError};

/// How many bookings are read at once.
const PAGE: usize = 500;

/// The summary of a day, with what is stored beside the bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayReport {
    /// What happened to the bookings.
    pub summary: DaySummary,
    /// How late the bookings expired that expired on the day.
    pub lateness: Lateness,
    /// Notifications about these bookings that were given up.
    pub undelivered: u32,
}

impl DayReport {
    /// For how long after its time a morning's report is still sent.
    pub const USEFUL_FOR: TimeDelta = TimeDelta::hours(6);
}

impl BookingService {
    /// The summary of a hotel day. It reads every booking that was made, settled or arrived on the
    /// day.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn day_report(&self, day: NaiveDate) -> Result<DayReport, StoreError> {
        let hotel = &self.policy.hotel;
        let mut counter = DayCounter::new(day, hotel);
        let filter = Filter { touched_within: Some(hotel.moments_of(day)), ..Filter::default() };
        let (mut after, mut undelivered) = (None, 0);
        loop {
            let page = self.store.page(&filter, PAGE, after).await?;
            let mut numbers = Vec::with_capacity(page.bookings.len());
            for tracked in &page.bookings {
                counter.add(&tracked.booking);
                numbers.push(tracked.booking.receipt_no);
            }
            undelivered += self.store.undelivered(&numbers).await?.len();
            let Some(last) = page.bookings.last().filter(|_| page.has_next) else { break };
            let (booked_at, receipt_no) = (last.booking.booked_at, last.booking.receipt_no);
            after = Some(PageKey { booked_at, receipt_no });
        }
        let summary = counter.finish();
        let lateness = Lateness::of_sorted(&summary.lateness_ms);
        let undelivered = u32::try_from(undelivered).unwrap_or(u32::MAX);
        Ok(DayReport { summary, lateness, undelivered })
    }
}
