//! Where guests are: what they report is limited, thinned, decided and kept; what the road is
//! like from there is asked for elsewhere and comes back here.
//!
//! Of one booking one position at a time is kept: a track is read, added to and written whole.
//! (Between nodes the later write wins; the guest's next report mends it.)

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use tokio::sync::{MutexGuard, mpsc};

use super::{BookingService, MAX_TRIES, ServiceError};
use crate::domain::travel::RouteEstimate;
use crate::domain::{Coordinates, Fix, Moment, ReceiptNo, Refusal, TrackedBooking};
use crate::store::StoreError;

/// One report a second is let through for good; phones send one in five seconds at most.
const REPORT_EVERY: TimeDelta = TimeDelta::seconds(1);
/// So many at once are let through after a pause.
const REPORT_BURST: i32 = 10;
/// Guests are remembered up to so many before those are forgotten who reported nothing lately.
const REMEMBERED: usize = 4_096;
/// How many bookings can have a position kept at the same time.
const LOCKS: usize = 64;

/// A place from which the road is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RouteRequest {
    /// Whose.
    pub receipt_no: ReceiptNo,
    /// Where.
    pub from: Coordinates,
    /// When the guest was there: names the fix.
    pub at: Moment,
}

/// Why a position was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReportError {
    /// It came sooner after the others than anybody needs to report.
    #[error("too many reports")]
    TooMany,
    /// As of every use case.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for ReportError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl From<Refusal> for ReportError {
    fn from(refusal: Refusal) -> Self {
        Self::Service(refusal.into())
    }
}

/// What the service needs for positions.
pub(super) struct Positions {
    limiter: Mutex<ReportLimiter>,
    locks: [tokio::sync::Mutex<()>; LOCKS],
    route_requests: Option<mpsc::Sender<RouteRequest>>,
}

impl Default for Positions {
    fn default() -> Self {
        let locks = std::array::from_fn(|_| tokio::sync::Mutex::new(()));
        Self { limiter: Mutex::default(), locks, route_requests: None }
    }
}

impl Positions {
    fn allows(&self, reporter: u64, now: Moment) -> bool {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner).allows(reporter, now)
    }

    /// The right to write this booking's track.
    async fn lock(&self, receipt_no: ReceiptNo) -> MutexGuard<'_, ()> {
        self.locks[lock_index(receipt_no)].lock().await
    }

    /// Waits for positions of these bookings that are being kept at this moment.
    pub(super) async fn settle(&self, receipt_nos: &[ReceiptNo]) {
        let locks: BTreeSet<usize> = receipt_nos.iter().copied().map(lock_index).collect();
        for lock in locks {
            drop(self.locks[lock].lock().await);
        }
    }

    /// Tells whoever asks for roads. If they are behind, this one is left out: the next comes.
    fn request_route(&self, departure: RouteRequest) {
        if let Some(route_requests) = &self.route_requests {
            let _ = route_requests.try_send(departure);
        }
    }
}

/// Who reported how much lately (the generic cell rate algorithm, in memory).
#[derive(Default)]
struct ReportLimiter(HashMap<u64, Moment>);

impl ReportLimiter {
    fn allows(&mut self, reporter: u64, now: Moment) -> bool {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, paid_until| *paid_until > now);
        }
        let paid_until = self.0.entry(reporter).or_insert(now);
        let next = (*paid_until).max(now) + REPORT_EVERY;
        let is_in = next <= now + REPORT_EVERY * REPORT_BURST;
        if is_in {
            *paid_until = next;
        }
        is_in
    }
}

fn lock_index(receipt_no: ReceiptNo) -> usize {
    usize::try_from(hash(&receipt_no) % (LOCKS as u64)).unwrap_or_default()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl BookingService {
    /// The same desk, which tells where guests are to who asks for roads.
    #[must_use]
    pub fn telling(mut self, route_requests: mpsc::Sender<RouteRequest>) -> Self {
        self.positions.route_requests = Some(route_requests);
        self
    }

    /// A position of a guest who is known to be the booking's.
    ///
    /// # Errors
    /// [`ReportError::TooMany`], before the store is asked for anything; what the domain
    /// refuses; or what the store says.
    pub async fn report(
        &self,
        receipt_no: ReceiptNo,
        fix: Fix,
    ) -> Result<TrackedBooking, ReportError> {
        self.check_rate(&receipt_no)?;
        self.keep(receipt_no, fix, |_| Ok(())).await
    }

    /// A position of whoever has the booking's token.
    ///
    /// # Errors
    /// As [`BookingService::report`]; without the right token [`Refusal::NotFound`].
    pub async fn report_by_guest(
        &self,
        receipt_no: ReceiptNo,
        token: &str,
        fix: Fix,
    ) -> Result<TrackedBooking, ReportError> {
        // A stranger's guesses use up nobody's share but their own.
        self.check_rate(&(receipt_no, token))?;
        self.keep(receipt_no, fix, |tracked| self.check_token(tracked, token)).await
    }

    fn check_rate(&self, reporter: &impl Hash) -> Result<(), ReportError> {
        if self.positions.allows(hash(reporter), self.clock.now()) {
            Ok(())
        } else {
            count("limited");
            Err(ReportError::TooMany)
        }
    }

    async fn keep(
        &self,
        receipt_no: ReceiptNo,
        fix: Fix,
        check: impl Fn(&TrackedBooking) -> Result<(), ServiceError>,
    ) -> Result<TrackedBooking, ReportError> {
        let _lane = self.positions.lock(receipt_no).await;
        for _ in 0..MAX_TRIES {
            let tracked = self.booking(receipt_no).await?;
            check(&tracked)?;
            let Some(track) = tracked.track.report(fix, &tracked.booking)? else {
                count("known");
                return Ok(tracked);
            };
            if self.store.keep_track(receipt_no, &track).await? {
                let is_believed = track.latest().is_some_and(|latest| latest.at == fix.at);
                count(if is_believed { "kept" } else { "dropped" });
                if is_believed {
                    let Fix { place: from, at, .. } = fix;
                    self.positions.request_route(RouteRequest { receipt_no, from, at });
                }
                return Ok(TrackedBooking { track, ..tracked });
            }
            // The hold ended in between: decided again, it is refused by name.
        }
        Err(Refusal::Conflict.into())
    }

    /// What a routing server said of the road from where a guest was. Without effect once that
    /// fix or the hold is gone.
    ///
    /// # Errors
    /// What the store says.
    pub async fn keep_road(
        &self,
        of: RouteRequest,
        route: RouteEstimate,
    ) -> Result<(), ServiceError> {
        let _lane = self.positions.lock(of.receipt_no).await;
        let tracked = self.booking(of.receipt_no).await?;
        if let Some(track) = tracked.track.routed(of.at, route) {
            self.store.keep_track(of.receipt_no, &track).await?;
        }
        Ok(())
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("jatah_positions_total", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_flood_gets_its_burst_and_then_one_a_second_and_others_do_not_notification() {
        let (mut limiter, epoch) = (ReportLimiter::default(), DateTime::UNIX_EPOCH);
        let at = |ms| epoch + TimeDelta::milliseconds(ms);
        let burst = (0..1_000).filter(|_| limiter.allows(1, at(0))).count();
        assert_eq!(burst, 10);
        let within_ten_seconds = (1..=100_000).filter(|n| limiter.allows(1, at(n / 10))).count();
        assert_eq!(within_ten_seconds, 10);
        assert!(limiter.allows(2, at(10_000)));
    }

    #[test]
    fn who_reports_nothing_for_a_while_is_forgotten() {
        let (mut limiter, epoch) = (ReportLimiter::default(), DateTime::UNIX_EPOCH);
        for guest in 0..REMEMBERED as u64 {
            limiter.allows(guest, epoch);
        }
        limiter.allows(u64::MAX, epoch + TimeDelta::hours(1));
        assert_eq!(limiter.0.len(), 1);
    }
}
