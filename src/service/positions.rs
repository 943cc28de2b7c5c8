//! Guests' positions: limits the rate of reports and stores the tracks.
//!
//! A track is read, changed and written as a whole, so a lock allows one write a booking at a time.
//! (Between nodes the later write wins; the guest's next report corrects the track.)
//!
//! Drive times are requested elsewhere: this module sends a [`RouteRequest`] for each new fix and
//! stores the answer. It does not call a routing server.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{MutexGuard, mpsc};

use super::{BookingService, MAX_TRIES, ServiceError};
use crate::domain::travel::RouteEstimate;
use crate::domain::{Coordinates, Fix, Moment, ReceiptNo, Refusal, TrackedBooking};
use crate::rate_limit::KeyedLimiter;
use crate::store::StoreError;

/// The number of reports that are allowed at once after a pause; then one a second is. Phones send
/// at most one in five seconds.
const REPORT_BURST: u32 = 10;
/// The number of locks: how many bookings can have a position written at the same time.
const LOCKS: usize = 64;

/// A request for the drive time from a guest's position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RouteRequest {
    /// The guest's booking.
    pub receipt_no: ReceiptNo,
    /// The position.
    pub from: Coordinates,
    /// When the fix was measured; identifies the fix.
    pub at: Moment,
}

/// Why a position was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReportError {
    /// The reports come too often.
    #[error("too many reports")]
    TooMany,
    /// The request was refused or the store failed.
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

/// The state that the service needs for positions.
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
    /// Locks the track of this booking for writing.
    async fn lock(&self, receipt_no: ReceiptNo) -> MutexGuard<'_, ()> {
        self.locks[lock_index(receipt_no)].lock().await
    }

    /// Waits for writes of these bookings' tracks that are in progress.
    pub(super) async fn settle(&self, receipt_nos: &[ReceiptNo]) {
        let locks: BTreeSet<usize> = receipt_nos.iter().copied().map(lock_index).collect();
        for lock in locks {
            drop(self.locks[lock].lock().await);
        }
    }

    /// Sends a route request. It is dropped if the queue is full, because later fixes follow.
    fn request_route(&self, request: RouteRequest) {
        if let Some(route_requests) = &self.route_requests {
            let _ = route_requests.try_send(request);
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
    /// The same service, which sends a [`RouteRequest`] for each new fix.
    #[must_use]
    pub fn with_route_requests(mut self, route_requests: mpsc::Sender<RouteRequest>) -> Self {
        self.positions.route_requests = Some(route_requests);
        self
    }

    /// Stores a position reported by a guest who is known to have made the booking.
    ///
    /// # Errors
    /// [`ReportError::TooMany`], before anything is read from the store; [`ReportError::Service`]
    /// if the domain refuses the report or the store fails.
    pub async fn report(
        &self,
        receipt_no: ReceiptNo,
        fix: Fix,
    ) -> Result<TrackedBooking, ReportError> {
        self.check_rate(&receipt_no)?;
        self.keep(receipt_no, fix, |_| Ok(())).await
    }

    /// Stores a position reported by a caller with the booking's access token.
    ///
    /// # Errors
    /// As [`BookingService::report`]; [`Refusal::NotFound`] if the token is wrong.
    pub async fn report_by_guest(
        &self,
        receipt_no: ReceiptNo,
        token: &str,
        fix: Fix,
    ) -> Result<TrackedBooking, ReportError> {
        // The token is part of the key, so that guesses do not use up the guest's own rate.
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
        let _lock = self.positions.lock(receipt_no).await;
        for _ in 0..MAX_TRIES {
            let tracked = self.booking(receipt_no).await?;
            check(&tracked)?;
            let Some(track) = tracked.track.report(fix, &tracked.booking)? else {
                count("known");
                return Ok(tracked);
            };
            if self.store.put_track(receipt_no, &track).await? {
                let is_believed = track.latest().is_some_and(|latest| latest.at == fix.at);
                count(if is_believed { "kept" } else { "dropped" });
                if is_believed {
                    let Fix { place: from, at, .. } = fix;
                    self.positions.request_route(RouteRequest { receipt_no, from, at });
                }
                return Ok(TrackedBooking { track, ..tracked });
            }
            // The hold ended in between. The next try gets the refusal that says so.
        }
        Err(Refusal::Conflict.into())
    }

    /// Stores the routing server's answer for a fix. It has no effect once that fix or the hold is
    /// gone.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such booking; [`ServiceError::Store`] if the store
    /// fails.
    pub async fn store_route(
        &self,
        of: RouteRequest,
        route: RouteEstimate,
    ) -> Result<(), ServiceError> {
        let _lock = self.positions.lock(of.receipt_no).await;
        let tracked = self.booking(of.receipt_no).await?;
        if let Some(track) = tracked.track.routed(of.at, route) {
            self.store.put_track(of.receipt_no, &track).await?;
        }
        Ok(())
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("jatah_positions_total", "outcome" => outcome).increment(1);
}
