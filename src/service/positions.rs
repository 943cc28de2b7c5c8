//! Where guests are: what they report is limited, thinned, decided and kept; what the road is
//! like from there is asked for elsewhere and comes back here.
//!
//! Of one booking one position at a time is kept: a track is read, added to and written whole.
//! (Between nodes the later write wins; the guest's next report mends it.)

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{MutexGuard, mpsc};

use super::{BookingService, MAX_TRIES, ServiceError};
use crate::domain::travel::RouteEstimate;
use crate::domain::{Coordinates, Fix, Moment, ReceiptNo, Refusal, TrackedBooking};
use crate::rate_limit::KeyedLimiter;
use crate::store::StoreError;

/// Reports that pass at once after a pause; then one a second does. Phones send one in five
/// seconds at most.
const REPORT_BURST: u32 = 10;
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
    limiter: KeyedLimiter<u64>,
    locks: [tokio::sync::Mutex<()>; LOCKS],
    route_requests: Option<mpsc::Sender<RouteRequest>>,
}

impl Default for Positions {
    fn default() -> Self {
        let locks = std::array::from_fn(|_| tokio::sync::Mutex::new(()));
        Self { limiter: KeyedLimiter::one_per_second(REPORT_BURST), locks, route_requests: None }
    }
}

impl Positions {
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
        if self.positions.limiter.check(&hash(reporter)).is_ok() {
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
