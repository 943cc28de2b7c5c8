//! The booking service: every use case of a booking as load → decide → commit once.
//!
//! Every caller that reads or changes bookings uses [`BookingService`]. It asks the domain for a
//! decision and the store to write it. It knows no channels, texts or timers.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use tracing::{info, warn};

use crate::auth::{self, LinkKey};
use crate::clock::Clock;
use crate::domain::{
    self, Booking, Change, Command, Contact, Field, Fix, InputError, Moment, NewBooking, Policy,
    ReceiptNo, Refusal, Step, TokenHash, Track, TrackedBooking,
};
use crate::store::{
    Commit, CommitOutcome, CommitQueue, CommitStep, Lease, Limit, NodeId, RequestKey,
    RequestRecord, Store, StoreError, TypedValues, Wake,
};

mod handoff;
mod positions;
mod request;
mod rooms;

pub use handoff::Handoff;
use positions::Positions;

pub use positions::{ReportError, RouteRequest};
pub use request::BookRequest;
pub use rooms::Availability;

/// How often a step is decided, if other steps of the same booking keep being committed first.
const MAX_TRIES: u32 = 8;
/// How many receipt numbers are tried for one booking if the counter is behind the stored bookings.
const MAX_NUMBERS: u32 = 100;

/// Why a use case failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ServiceError {
    /// The request was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use cases of bookings.
pub struct BookingService {
    store: Arc<dyn Store>,
    commits: CommitQueue,
    clock: Clock,
    policy: Arc<Policy>,
    node: NodeId,
    links: LinkKey,
    values: TypedValues,
    positions: Positions,
}

/// A booking just made, or made before by the same request.
#[derive(Debug, Clone)]
pub struct NewBookingAccess {
    /// The booking.
    pub tracked: TrackedBooking,
    /// The token that gives the guest access to it.
    pub access_token: String,
}

/// What became of a wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeOutcome {
    /// The step that was due is committed.
    Done,
    /// The booking has changed since, or needs no wake any more. If it has a new wake time, the
    /// feed reports it.
    Superseded,
    /// The wake time has not come yet.
    NotYet,
}

impl BookingService {
    /// A service over a store. It commits through a queue, under the name of this node.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        commits: CommitQueue,
        clock: Clock,
        policy: Arc<Policy>,
        node: NodeId,
        links: LinkKey,
    ) -> Self {
        let positions = Positions::default();
        let values = TypedValues::new(Arc::<dyn Store>::clone(&store), clock.clone());
        Self { store, commits, clock, policy, node, links, values, positions }
    }

    /// The hotel's rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Makes a booking. The same request id with the same input returns the same booking.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], [`Refusal::SoldOut`], [`Refusal::TooManyHolds`] or
    /// [`Refusal::Conflict`]; [`ServiceError::Store`] if the store fails.
    pub async fn book(&self, request: BookRequest) -> Result<NewBookingAccess, ServiceError> {
        let request_hash = auth::hash(&request.request_id);
        let fingerprint = request.fingerprint();
        if let Some(earlier) = self.store.request(request_hash).await? {
            return self.repeat(&request.request_id, fingerprint, earlier).await;
        }
        let now = self.clock.now();
        // A request that is refused anyway must not use up a receipt number.
        self.policy.stay(&request.room, request.check_in, request.nights, now)?;
        let key = RequestKey { id: request_hash, fingerprint };
        for _ in 0..MAX_NUMBERS {
            let (step, access_token) = self.first_step(&request, now).await?;
            let booking = step.change.booking.clone();
            let rooms = self.policy.room(&request.room).map_or(0, |room| room.rooms);
            let due = step.due;
            let step = CommitStep::new(None, step.change).within(rooms, self.limits(&request));
            return match self.commit(step, due, Some(key)).await? {
                CommitOutcome::Done => {
                    let tracked = self.first_position(booking, request.position).await;
                    Ok(NewBookingAccess { tracked, access_token })
                }
                // A stored booking has this number already: the counter is behind.
                CommitOutcome::NumberTaken => continue,
                CommitOutcome::SoldOut(night) => Err(Refusal::SoldOut { night }.into()),
                CommitOutcome::TooManyHolds(most) => Err(Refusal::TooManyHolds { most }.into()),
                CommitOutcome::Repeated(earlier) => {
                    self.repeat(&request.request_id, fingerprint, earlier).await
                }
                CommitOutcome::Stale => Err(Refusal::Conflict.into()),
            };
        }
        Err(Refusal::Conflict.into())
    }

    /// The first step of a booking with the next receipt number, and the guest's access token.
    async fn first_step(
        &self,
        request: &BookRequest,
        now: Moment,
    ) -> Result<(Step, String), ServiceError> {
        let day = self.policy.hotel.day_of(now);
        let receipt_no = ReceiptNo::new(day, self.store.next_serial(day).await?);
        let access_token = auth::access_token(&request.request_id, receipt_no);
        let new = NewBooking {
            receipt_no,
            access: auth::hash(&access_token),
            guest: request.guest.clone(),
            room: request.room.clone(),
            check_in: request.check_in,
            nights: request.nights,
        };
        Ok((domain::book(new, now, &self.policy)?, access_token))
    }

    fn limits(&self, request: &BookRequest) -> Vec<Limit> {
        let most = self.policy.booking.max_active_per_guest;
        let key = match &request.guest.contact {
            Contact::Telegram(id) => format!("telegram:{}", id.0),
            // Nearly all mail systems ignore the case of the local part (RFC 5321, 2.4).
            Contact::Web(email) => format!("email:{}", email.as_str().to_ascii_lowercase()),
            // No request comes through a channel that this version does not know.
            Contact::Other => String::new(),
        };
        let address = request.address_limit.clone();
        [Limit { key, most }].into_iter().chain(address).collect()
    }

    /// The answer to a request that was carried out before.
    async fn repeat(
        &self,
        request_id: &str,
        fingerprint: TokenHash,
        earlier: RequestRecord,
    ) -> Result<NewBookingAccess, ServiceError> {
        if earlier.fingerprint != fingerprint {
            let (field, error) = (Field::RequestId, InputError::UsedForAnother);
            return Err(Refusal::InvalidInput { field, error }.into());
        }
        let tracked = self.booking(earlier.receipt_no).await?;
        let access_token = auth::access_token(request_id, earlier.receipt_no);
        Ok(NewBookingAccess { tracked, access_token })
    }

    /// Stores the position that came with a booking. If that fails, the booking stands without it.
    async fn first_position(&self, booking: Booking, fix: Option<Fix>) -> TrackedBooking {
        let receipt_no = booking.receipt_no;
        if let Some(fix) = fix {
            match self.report(receipt_no, fix).await {
                Ok(tracked) => return tracked,
                Err(error) => warn!(%receipt_no, %error, "the first position was not stored"),
            }
        }
        TrackedBooking { booking, track: Track::default() }
    }

    /// Carries out due wakes: reads all bookings at once, then decides and commits in the order of
    /// the wakes. Returns one result for each wake, in the same order. A wake with an error is
    /// still due.
    ///
    /// # Errors
    /// [`StoreError`] if the bookings cannot be read.
    pub async fn wake(
        &self,
        wakes: &[Wake],
    ) -> Result<Vec<Result<WakeOutcome, StoreError>>, StoreError> {
        let receipt_nos: Vec<ReceiptNo> = wakes.iter().map(|wake| wake.receipt_no).collect();
        // A position that came before the end counts, even if it is still being written.
        self.positions.settle(&receipt_nos).await;
        let found = self.store.bookings(&receipt_nos).await?;
        let found: HashMap<ReceiptNo, TrackedBooking> =
            found.into_iter().map(|tracked| (tracked.booking.receipt_no, tracked)).collect();
        // All futures are first polled in order, so they enter the commit queue in order.
        Ok(join_all(wakes.iter().map(|wake| self.wake_one(*wake, found.get(&wake.receipt_no))))
            .await)
    }

    async fn wake_one(
        &self,
        wake: Wake,
        tracked: Option<&TrackedBooking>,
    ) -> Result<WakeOutcome, StoreError> {
        let Some(tracked) = tracked.filter(|tracked| tracked.booking.revision >= wake.revision)
        else {
            // The feed reported a newer state than this read returned.
            return Err(StoreError::Conflict("read behind the log".to_owned()));
        };
        if tracked.booking.revision > wake.revision {
            return Ok(WakeOutcome::Superseded);
        }
        if tracked.booking.wake_at().is_none() {
            return Ok(WakeOutcome::Superseded);
        }
        let Some(step) = domain::wake(tracked, self.clock.now(), &self.policy) else {
            return Ok(WakeOutcome::NotYet);
        };
        let due = step.due;
        let step = CommitStep::new(Some(&tracked.booking), step.change);
        match self.commit(step, due, None).await? {
            CommitOutcome::Done => Ok(WakeOutcome::Done),
            CommitOutcome::Stale
            | CommitOutcome::NumberTaken
            | CommitOutcome::SoldOut(_)
            | CommitOutcome::TooManyHolds(_)
            | CommitOutcome::Repeated(_) => Ok(WakeOutcome::Superseded),
        }
    }

    /// Carries out a command on a booking. Every command takes this path.
    ///
    /// # Errors
    /// The domain's [`Refusal`]; [`Refusal::Conflict`] if other steps kept being committed first;
    /// [`ServiceError::Store`] if the store fails.
    pub async fn apply(
        &self,
        receipt_no: ReceiptNo,
        command: Command,
    ) -> Result<TrackedBooking, ServiceError> {
        for _ in 0..MAX_TRIES {
            let tracked = self.booking(receipt_no).await?;
            let now = self.clock.now();
            let step = domain::apply(&tracked, command.clone(), now, &self.policy)?;
            let Some(Step { change, due }) = step else { return Ok(tracked) };
            let booking = change.booking.clone();
            let step = CommitStep::new(Some(&tracked.booking), change);
            if self.commit(step, due, None).await? == CommitOutcome::Done {
                return Ok(Self::after(booking, tracked));
            }
        }
        Err(Refusal::Conflict.into())
    }

    /// The booking after a step. The track is kept only while the booking is pending.
    fn after(booking: Booking, before: TrackedBooking) -> TrackedBooking {
        let track = if booking.is_pending() { before.track } else { Track::default() };
        TrackedBooking { booking, track }
    }

    async fn commit(
        &self,
        step: CommitStep,
        due: Option<Moment>,
        request: Option<RequestKey>,
    ) -> Result<CommitOutcome, StoreError> {
        let change = Arc::clone(&step.change);
        let lease = Lease { node: self.node.clone(), until: change.at + Lease::LENGTH };
        let outcome = self.commits.commit(Commit { steps: vec![step], request, lease }).await?;
        if outcome == CommitOutcome::Done {
            self.record(&change, due);
        }
        Ok(outcome)
    }

    fn record(&self, change: &Change, due: Option<Moment>) {
        let receipt_no = change.booking.receipt_no;
        let action = change.event.action();
        metrics::counter!("jatah_changes_total", "action" => action.name()).increment(1);
        if let Some(due) = due {
            let lateness_ms = (self.clock.now() - due).num_milliseconds();
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of lateness are few")]
            metrics::histogram!("jatah_lateness_ms").record(lateness_ms as f64);
            info!(%receipt_no, action = action.name(), lateness_ms, "committed");
        } else {
            info!(%receipt_no, action = action.name(), "committed");
        }
    }

    /// One booking with its track.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`ServiceError::Store`] if the store fails.
    pub async fn booking(&self, receipt_no: ReceiptNo) -> Result<TrackedBooking, ServiceError> {
        Ok(self.store.booking(receipt_no).await?.ok_or(Refusal::NotFound)?)
    }

    /// One booking for a caller with its access token. With a wrong token it is not found.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`ServiceError::Store`] if the store fails.
    pub async fn booking_for_guest(
        &self,
        receipt_no: ReceiptNo,
        token: &str,
    ) -> Result<TrackedBooking, ServiceError> {
        let tracked = self.booking(receipt_no).await?;
        self.check_token(&tracked, token)?;
        Ok(tracked)
    }

    fn check_token(&self, tracked: &TrackedBooking, token: &str) -> Result<(), ServiceError> {
        let Booking { access, receipt_no, .. } = tracked.booking;
        if auth::opens(token, access) || self.links.opens(token, receipt_no) {
            Ok(())
        } else {
            Err(Refusal::NotFound.into())
        }
    }
}
