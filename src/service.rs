//! The desk: every use case of a booking as load → decide → commit once.
//!
//! Whoever wants something of a booking comes here. The desk asks the domain what to do and the
//! store to write it; it knows no channel, no sentence and no timer.

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

/// How often a step is decided again because another step of the same booking came first.
const MAX_TRIES: u32 = 8;
/// How many receipt numbers are tried for one booking when the counter is behind the bookings.
const MAX_NUMBERS: u32 = 100;

/// Why the desk did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ServiceError {
    /// The caller's business.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use cases.
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
    /// The guest's key to it.
    pub access_token: String,
}

/// What became of a wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeOutcome {
    /// What was due is done.
    Done,
    /// The booking has moved on since, or is gone: a newer wake is or was on its way.
    Superseded,
    /// It is not yet time.
    NotYet,
}

impl BookingService {
    /// A desk over a store, committing through a queue as one node of the hotel.
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

    /// Now, by the hotel's clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Makes a booking. The same request id with the same input answers the same booking.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], [`Refusal::SoldOut`], [`Refusal::TooManyHolds`], or what the
    /// store says.
    pub async fn book(&self, request: BookRequest) -> Result<NewBookingAccess, ServiceError> {
        let request_hash = auth::hash(&request.request_id);
        let fingerprint = request.fingerprint();
        if let Some(earlier) = self.store.request(request_hash).await? {
            return self.repeat(&request.request_id, fingerprint, earlier).await;
        }
        let now = self.clock.now();
        // What is refused anyway must not use up a receipt number.
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
                // A booking of an earlier life of the counter has this number.
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

    /// A booking with the next receipt number, and the token that opens it.
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
            // Mail systems fold the case of the local part nearly everywhere (RFC 5321, 2.4).
            Contact::Web(email) => format!("email:{}", email.as_str().to_ascii_lowercase()),
            // Nobody books by a channel that this version does not know.
            Contact::Other => String::new(),
        };
        let address = request.address_limit.clone();
        [Limit { key, most }].into_iter().chain(address).collect()
    }

    /// Answers a request that was carried out before.
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

    /// Keeps the position that came with a booking. The booking stands without it.
    async fn first_position(&self, booking: Booking, fix: Option<Fix>) -> TrackedBooking {
        let receipt_no = booking.receipt_no;
        if let Some(fix) = fix {
            match self.report(receipt_no, fix).await {
                Ok(tracked) => return tracked,
                Err(error) => warn!(%receipt_no, %error, "the first position was not kept"),
            }
        }
        TrackedBooking { booking, track: Track::default() }
    }

    /// The clock has come to these wakes: one read for all of them, decided and committed in
    /// their order. Answers each in its place; one whose answer is an error is still due.
    ///
    /// # Errors
    /// What the store says if it cannot be read at all.
    pub async fn wake(
        &self,
        wakes: &[Wake],
    ) -> Result<Vec<Result<WakeOutcome, StoreError>>, StoreError> {
        let receipt_nos: Vec<ReceiptNo> = wakes.iter().map(|wake| wake.receipt_no).collect();
        // A position that came before the end counts, also when it is being written right now.
        self.positions.settle(&receipt_nos).await;
        let tracked = self.store.bookings(&receipt_nos).await?;
        let tracked: HashMap<ReceiptNo, TrackedBooking> =
            tracked.into_iter().map(|tracked| (tracked.booking.receipt_no, tracked)).collect();
        // All are polled first in their order, and so stand in the queue of commits.
        Ok(join_all(wakes.iter().map(|wake| self.wake_one(*wake, tracked.get(&wake.receipt_no))))
            .await)
    }

    async fn wake_one(
        &self,
        wake: Wake,
        tracked: Option<&TrackedBooking>,
    ) -> Result<WakeOutcome, StoreError> {
        let Some(tracked) = tracked.filter(|tracked| tracked.booking.revision >= wake.revision)
        else {
            // The feed told of a state that this reading does not show yet.
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

    /// Does what somebody asks of a booking: the one path of every command.
    ///
    /// # Errors
    /// The domain's refusal, [`Refusal::Conflict`] if others kept coming first, or what the
    /// store says.
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

    /// The booking after a step; its track outlives the step only while the hold runs.
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
            self.note(&change, due);
        }
        Ok(outcome)
    }

    fn note(&self, change: &Change, due: Option<Moment>) {
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
    /// [`Refusal::NotFound`], or what the store says.
    pub async fn booking(&self, receipt_no: ReceiptNo) -> Result<TrackedBooking, ServiceError> {
        Ok(self.store.booking(receipt_no).await?.ok_or(Refusal::NotFound)?)
    }

    /// One booking for whoever has its token. Without the right one it does not exist.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], or what the store says.
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
