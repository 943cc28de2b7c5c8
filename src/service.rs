//! The booking service: every use case of a booking as load → decide → commit once.
//!
//! Every caller that reads or changes bookings uses [`BookingService`]. It asks the domain for a
//! decision and the store to write it. It knows no channels, texts or timers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tracing::{info, warn};

use crate::auth::{self, LinkKey};
use crate::clock::Clock;
use crate::domain::{
    self, Booking, Change, Command, Contact, Field, Fix, HoldsOf, InputError, Moment, NewBooking,
    Policy, ReceiptNo, Refusal, StaffName, Step, Track, TrackedBooking,
};
use crate::store::{
    Commit, CommitOutcome, CommitQueue, CommitStep, Lease, Limit, NodeId, RequestKey,
    RequestRecord, Store, StoreError, TypedValues, Wake,
};

mod handoff;
mod lateness;
mod positions;
mod request;
mod rooms;
mod summary;
mod waiting;

pub use handoff::Handoff;
pub use lateness::Lateness;
use lateness::LatenessLog;
use positions::Positions;
pub use summary::DayReport;

pub use positions::{ReportError, RouteRequest};
pub use request::{BookRequest, WebOrigin};
pub use rooms::{Availability, NightOfRoom};
pub use waiting::{WaitingPlace, WaitingRequest};

/// How often a step is decided, if other steps of the same booking keep being committed first.
const MAX_TRIES: u32 = 8;
/// How many receipt numbers are tried for one booking if the counter is behind the stored bookings.
const MAX_NUMBERS: u32 = 100;
/// How long work that is not urgent waits for due wakes at most.
const MAX_YIELD: Duration = Duration::from_secs(2);

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
    /// Locked while due wakes are read, decided and queued.
    deciding: Arc<Mutex<()>>,
    /// Locked while rooms are offered to guests who wait.
    offering: Mutex<()>,
    lateness: LatenessLog,
    /// The number of batches of wakes that are being carried out.
    waking: watch::Sender<usize>,
}

/// A booking just made, or made before by the same request.
#[derive(Debug, Clone)]
pub struct NewBookingAccess {
    /// The booking.
    pub tracked: TrackedBooking,
    /// The token that gives the guest access to it.
    pub access_token: String,
}

/// The turn of one caller to carry out due wakes. See [`BookingService::wake_turn`].
pub struct WakeTurn(#[expect(dead_code, reason = "held, not used")] OwnedMutexGuard<()>);

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

/// Counts a batch of wakes while it is carried out.
struct WakingGuard<'a>(&'a watch::Sender<usize>);

impl<'a> WakingGuard<'a> {
    fn new(waking: &'a watch::Sender<usize>) -> Self {
        waking.send_modify(|batches| *batches += 1);
        Self(waking)
    }
}

impl Drop for WakingGuard<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|batches| *batches -= 1);
    }
}

/// What is to be done about a wake.
enum WakeDecision {
    /// A step that was due at this instant.
    Commit { step: CommitStep, due: Option<Moment> },
    /// Nothing, with this result.
    Nothing(Result<WakeOutcome, StoreError>),
}

/// What a limit of running holds counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HoldLimit {
    /// The holds of one guest.
    Guest,
    /// The holds from one network address.
    Address,
    /// The rooms of one type that holds of the web take together on this night.
    WebShare(NaiveDate),
}

/// The limits of what the web may hold of a room type, one for each night; none if it may hold all.
fn web_share(share: f64, booking: &Booking, rooms: u32) -> Vec<(HoldLimit, Limit)> {
    if share >= 1.0 {
        return Vec::new();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of at most 1 of a u32"
    )]
    let most = ((f64::from(rooms) * share).floor() as u32).max(1);
    let code = &booking.stay.room.code;
    let limit =
        |night| (HoldLimit::WebShare(night), Limit { key: format!("web:{code}|{night}"), most });
    booking.stay.each_night().map(limit).collect()
}

/// The limit that a booking counts towards when it runs again. It never refuses: the front office has
/// decided.
fn again_counted(booking: &Booking) -> Vec<Limit> {
    match booking.guest.contact {
        // The network of the first request is not kept.
        Contact::Telegram(_) | Contact::Web(_) => {
            vec![Limit { key: guest_key(&booking.guest.contact, None), most: u32::MAX }]
        }
        Contact::Desk | Contact::Other => Vec::new(),
    }
}

/// The key of the limit that counts the running holds of a guest. `address_key` is that of the network
/// that asked, if it asked through the web.
fn guest_key(contact: &Contact, address_key: Option<&str>) -> String {
    match (contact, address_key) {
        (Contact::Telegram(id), _) => format!("telegram:{}", id.0),
        // Counted together with the address, so that a stranger who books with a guest's e-mail
        // address does not lock the guest out.
        (Contact::Web(email), Some(address)) => format!("email:{}|{address}", email.mailbox()),
        (Contact::Web(email), None) => format!("email:{}", email.mailbox()),
        // No request comes through a channel that this version does not know, and walk-ins have no
        // limits.
        (Contact::Desk | Contact::Other, _) => String::new(),
    }
}

/// The refusal for a limit that is reached.
fn refusal_of(reached: &Limit, limits: &[(HoldLimit, Limit)]) -> Refusal {
    let most = reached.most;
    match limits.iter().find(|(_, limit)| limit == reached).map(|(kind, _)| *kind) {
        Some(HoldLimit::WebShare(night)) => Refusal::SoldOut { night },
        Some(HoldLimit::Address) => Refusal::TooManyHolds { of: HoldsOf::Address, most },
        Some(HoldLimit::Guest) | None => Refusal::TooManyHolds { of: HoldsOf::Guest, most },
    }
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
        let values = TypedValues::new(Arc::<dyn Store>::clone(&store), clock.clone());
        let (deciding, waking) = (Arc::default(), watch::Sender::default());
        let (positions, lateness) = (Positions::default(), LatenessLog::default());
        Self {
            store,
            commits,
            clock,
            policy,
            node,
            links,
            values,
            positions,
            deciding,
            offering: Mutex::default(),
            lateness,
            waking,
        }
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

    /// Whether times are right: this machine's clock agrees with the store's, and was not set since
    /// the start.
    #[must_use]
    pub fn is_clock_right(&self) -> bool {
        self.store.is_clock_trusted() && self.clock.step_not_followed().is_none()
    }

    /// How late the deadlines of the current hotel day were, as far as this process decided them.
    #[must_use]
    pub fn lateness(&self) -> Lateness {
        self.lateness.of(self.policy.hotel.day_of(self.clock.now()))
    }

    /// Makes a booking. The same request id with the same input returns the same booking.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], [`Refusal::PriceChanged`], [`Refusal::SoldOut`],
    /// [`Refusal::TooManyHolds`] or [`Refusal::Conflict`]; [`ServiceError::Store`] if the store fails.
    pub async fn book(&self, request: BookRequest) -> Result<NewBookingAccess, ServiceError> {
        self.check_clock()?;
        let request_hash = auth::hash(&request.request_id);
        let fingerprint = request.fingerprint();
        let now = self.clock.now();
        // A request that is refused anyway must not use up a receipt number. But it may repeat one
        // that was made while the stay was still offered.
        if let Err(refusal) = self.check_stay(&request, now) {
            return match self.store.request(request_hash).await? {
                Some(earlier) => self.repeat(&request, earlier).await,
                None => Err(refusal.into()),
            };
        }
        let key = RequestKey { id: request_hash, fingerprint };
        for _ in 0..MAX_NUMBERS {
            let (step, access_token) = self.first_step(&request, now).await?;
            let booking = step.change.booking.clone();
            let rooms = self.policy.room(&request.room).map_or(0, |room| room.rooms);
            let due = step.due;
            let limits = self.limits(&request, &booking, rooms);
            let counted = limits.iter().map(|(_, limit)| limit.clone()).collect();
            let step = CommitStep::new(None, step.change).within(rooms, counted);
            return match self.commit(step, due, Some(key)).await? {
                CommitOutcome::Done => {
                    let tracked = self.first_position(booking, request.position).await;
                    Ok(NewBookingAccess { tracked, access_token })
                }
                // A stored booking has this number already: the counter is behind.
                CommitOutcome::NumberTaken => continue,
                CommitOutcome::SoldOut(night) => Err(Refusal::SoldOut { night }.into()),
                CommitOutcome::TooManyHolds(reached) => Err(refusal_of(&reached, &limits).into()),
                CommitOutcome::Repeated(earlier) => self.repeat(&request, earlier).await,
                CommitOutcome::Stale
                | CommitOutcome::GuestsWait
                | CommitOutcome::RoomIsFree
                | CommitOutcome::HasTicket
                | CommitOutcome::AllotmentTooLow(_) => Err(Refusal::Conflict.into()),
            };
        }
        Err(Refusal::Conflict.into())
    }

    /// Books for a walk-in, who is at the desk: pending with the time to pay, or paid. No limits of
    /// holds apply. The same request id with the same input returns the same booking.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], [`Refusal::SoldOut`] or [`Refusal::Conflict`];
    /// [`ServiceError::Store`] if the store fails.
    pub async fn book_at_desk(
        &self,
        request: BookRequest,
        is_paid: bool,
        by: StaffName,
    ) -> Result<TrackedBooking, ServiceError> {
        self.check_clock()?;
        if let Some(earlier) = self.repeated(&request).await? {
            return Ok(earlier.tracked);
        }
        let now = self.clock.now();
        self.check_stay(&request, now)?;
        let fingerprint = request.fingerprint();
        let key = RequestKey { id: auth::hash(&request.request_id), fingerprint };
        let rooms = self.policy.room(&request.room).map_or(0, |room| room.rooms);
        for _ in 0..MAX_NUMBERS {
            let (new, _) = self.new_booking(&request, now).await?;
            let steps = domain::book_at_desk(new, is_paid, by.clone(), now, &self.policy)?;
            let changes: Vec<Change> = steps.into_iter().map(|step| step.change).collect();
            let Some(last) = changes.last() else { return Err(Refusal::Conflict.into()) };
            let booking = last.booking.clone();
            let mut previous: Option<Booking> = None;
            let steps = changes.iter().cloned().map(|change| {
                let before = previous.replace(change.booking.clone());
                let step = CommitStep::new(before.as_ref(), change);
                if before.is_none() { step.within(rooms, Vec::new()) } else { step }
            });
            let lease = Lease { node: self.node.clone(), until: now + Lease::LENGTH };
            let commit = Commit::of_steps(steps.collect(), Some(key), lease);
            return match self.commits.commit(commit).await? {
                CommitOutcome::Done => {
                    for change in &changes {
                        self.record(change, None);
                    }
                    Ok(TrackedBooking { booking, track: Track::default() })
                }
                // A stored booking has this number already: the counter is behind.
                CommitOutcome::NumberTaken => continue,
                CommitOutcome::SoldOut(night) => Err(Refusal::SoldOut { night }.into()),
                CommitOutcome::Repeated(earlier) => {
                    Ok(self.repeat(&request, earlier).await?.tracked)
                }
                CommitOutcome::TooManyHolds(_)
                | CommitOutcome::Stale
                | CommitOutcome::GuestsWait
                | CommitOutcome::RoomIsFree
                | CommitOutcome::HasTicket
                | CommitOutcome::AllotmentTooLow(_) => Err(Refusal::Conflict.into()),
            };
        }
        Err(Refusal::Conflict.into())
    }

    /// The booking that this request made before, if it did.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] if it was made with other input; [`ServiceError::Store`] if the store
    /// fails.
    pub async fn repeated(
        &self,
        request: &BookRequest,
    ) -> Result<Option<NewBookingAccess>, ServiceError> {
        match self.store.request(auth::hash(&request.request_id)).await? {
            Some(earlier) => self.repeat(request, earlier).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the stay is offered, at the price that the guest was shown.
    fn check_stay(&self, request: &BookRequest, now: Moment) -> Result<(), Refusal> {
        let stay = self.policy.stay(&request.room, request.check_in, request.nights, now)?;
        match request.expected_price {
            Some(expected) if expected != stay.price => {
                Err(Refusal::PriceChanged { price: stay.price })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The first step of a booking with the next receipt number, and the guest's access token.
    async fn first_step(
        &self,
        request: &BookRequest,
        now: Moment,
    ) -> Result<(Step, String), ServiceError> {
        let (new, access_token) = self.new_booking(request, now).await?;
        Ok((domain::book(new, now, &self.policy)?, access_token))
    }

    /// What a request books, with the next receipt number, and the guest's access token.
    async fn new_booking(
        &self,
        request: &BookRequest,
        now: Moment,
    ) -> Result<(NewBooking, String), StoreError> {
        let day = self.policy.hotel.day_of(now);
        let receipt_no = ReceiptNo::new(day, self.commits.next_serial(day).await?);
        let access_token = self.links.access_token(&request.request_id, receipt_no);
        let new = NewBooking {
            receipt_no,
            access: auth::hash(&access_token),
            guest: request.guest.clone(),
            room: request.room.clone(),
            check_in: request.check_in,
            nights: request.nights,
        };
        Ok((new, access_token))
    }

    /// The limits that a booking counts towards while its hold runs.
    fn limits(
        &self,
        request: &BookRequest,
        booking: &Booking,
        rooms: u32,
    ) -> Vec<(HoldLimit, Limit)> {
        let most = self.policy.booking.max_active_per_guest;
        let address = request.origin.as_ref().map(|origin| self.address_key(&origin.address));
        let guest = guest_key(&request.guest.contact, address.as_deref());
        let mut limits = vec![(HoldLimit::Guest, Limit { key: guest, most })];
        if let (Some(origin), Some(key)) = (&request.origin, address) {
            limits.push((HoldLimit::Address, Limit { key, most: origin.max_holds }));
            limits.extend(web_share(origin.web_share, booking, rooms));
        }
        limits
    }

    /// The key of a network address for stored limits. It is a keyed hash, so that the address cannot
    /// be found by trying all addresses.
    fn address_key(&self, address: &str) -> String {
        format!("address:{}", self.links.secret_of(&format!("address:{address}")))
    }

    /// The answer to a request that was carried out before.
    async fn repeat(
        &self,
        request: &BookRequest,
        earlier: RequestRecord,
    ) -> Result<NewBookingAccess, ServiceError> {
        if !request.is_repeat_of(earlier.fingerprint) {
            let (field, error) = (Field::RequestId, InputError::UsedForAnother);
            return Err(Refusal::InvalidInput { field, error }.into());
        }
        let tracked = self.booking(earlier.receipt_no).await?;
        let (receipt_no, access) = (earlier.receipt_no, tracked.booking.access);
        let given = self.links.given_access_token(&request.request_id, receipt_no, access);
        let access_token =
            given.unwrap_or_else(|| auth::older_access_token(&request.request_id, receipt_no));
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
        turn: WakeTurn,
    ) -> Result<Vec<Result<WakeOutcome, StoreError>>, StoreError> {
        let _waking = WakingGuard::new(&self.waking);
        let receipt_nos: Vec<ReceiptNo> = wakes.iter().map(|wake| wake.receipt_no).collect();
        // A position that came before the end counts, even if it is still being written.
        self.positions.settle(&receipt_nos).await;
        let found = self.store.bookings(&receipt_nos).await?;
        let found: HashMap<ReceiptNo, TrackedBooking> =
            found.into_iter().map(|tracked| (tracked.booking.receipt_no, tracked)).collect();
        let decisions: Vec<WakeDecision> =
            wakes.iter().map(|wake| self.decide_wake(*wake, found.get(&wake.receipt_no))).collect();
        let commits = decisions.iter().filter_map(|decision| match decision {
            WakeDecision::Commit { step, .. } => Some(self.commit_of(step.clone(), None)),
            WakeDecision::Nothing(_) => None,
        });
        let commits: Vec<Commit> = commits.collect();
        let mut committed = if commits.is_empty() {
            Vec::new()
        } else {
            let committed = self.commits.enqueue_all(commits).await?;
            // The next batch may be read while this one is committed.
            drop(turn);
            committed.await?
        }
        .into_iter();
        let (mut results, mut freeing) = (Vec::with_capacity(decisions.len()), Vec::new());
        for decision in decisions {
            results.push(match decision {
                WakeDecision::Nothing(result) => result,
                WakeDecision::Commit { step, due } => {
                    let none =
                        || Err(StoreError::Unexpected("a wake without an outcome".to_owned()));
                    match committed.next().unwrap_or_else(none) {
                        Ok(CommitOutcome::GuestsWait) => {
                            freeing.push((results.len(), step, due));
                            Ok(WakeOutcome::NotYet)
                        }
                        Ok(outcome) => Ok(self.woken(&step.change, due, &outcome)),
                        Err(error) => Err(error),
                    }
                }
            });
        }
        for (index, result) in self.wake_with_offers(freeing).await {
            if let Some(place) = results.get_mut(index) {
                *place = result;
            }
        }
        Ok(results)
    }

    /// Commits wakes that free rooms for which somebody waits, with the offers. All go into one commit,
    /// so that the line is looked at once; if one of them has lost a race, each goes alone.
    async fn wake_with_offers(
        &self,
        wakes: Vec<(usize, CommitStep, Option<Moment>)>,
    ) -> Vec<(usize, Result<WakeOutcome, StoreError>)> {
        if wakes.len() > 1 {
            let steps: Vec<CommitStep> = wakes.iter().map(|(_, step, _)| step.clone()).collect();
            let lease = Lease { node: self.node.clone(), until: self.clock.now() + Lease::LENGTH };
            let all = Commit::of_steps(steps, None, lease);
            if let Ok(outcome @ CommitOutcome::Done) = self.commit_with_offers(&all).await {
                let done = |(index, step, due): (usize, CommitStep, Option<Moment>)| {
                    (index, Ok(self.woken(&step.change, due, &outcome)))
                };
                return wakes.into_iter().map(done).collect();
            }
        }
        let mut results = Vec::with_capacity(wakes.len());
        for (index, step, due) in wakes {
            let change = Arc::clone(&step.change);
            let outcome = self.commit_with_offers(&self.commit_of(step, None)).await;
            results.push((index, outcome.map(|outcome| self.woken(&change, due, &outcome))));
        }
        results
    }

    /// The result of a wake whose commit has this outcome.
    fn woken(&self, change: &Change, due: Option<Moment>, outcome: &CommitOutcome) -> WakeOutcome {
        match outcome {
            CommitOutcome::Done => {
                self.record(change, due);
                WakeOutcome::Done
            }
            CommitOutcome::Stale
            | CommitOutcome::NumberTaken
            | CommitOutcome::SoldOut(_)
            | CommitOutcome::TooManyHolds(_)
            | CommitOutcome::Repeated(_)
            | CommitOutcome::GuestsWait
            | CommitOutcome::RoomIsFree
            | CommitOutcome::HasTicket
            | CommitOutcome::AllotmentTooLow(_) => WakeOutcome::Superseded,
        }
    }

    /// Waits for the turn to read, decide and queue due wakes. One caller at a time has it, so that
    /// wakes are committed in the order of their turns.
    pub async fn wake_turn(&self) -> WakeTurn {
        WakeTurn(Arc::clone(&self.deciding).lock_owned().await)
    }

    /// Waits while due wakes are carried out, for at most two seconds. Work that is not urgent
    /// does this first, so that it does not delay deadlines.
    pub async fn yield_to_wakes(&self) {
        let mut waking = self.waking.subscribe();
        // Fails if it takes longer, which is fine. The sender is `self`, so it is not closed.
        let _ = tokio::time::timeout(MAX_YIELD, waking.wait_for(|batches| *batches == 0)).await;
    }

    fn decide_wake(&self, wake: Wake, tracked: Option<&TrackedBooking>) -> WakeDecision {
        let Some(tracked) = tracked.filter(|tracked| tracked.booking.revision >= wake.revision)
        else {
            // The feed reported a newer state than this read returned.
            let error = StoreError::Conflict("read behind the log".to_owned());
            return WakeDecision::Nothing(Err(error));
        };
        if tracked.booking.revision > wake.revision || tracked.booking.wake_at().is_none() {
            return WakeDecision::Nothing(Ok(WakeOutcome::Superseded));
        }
        match domain::wake(tracked, self.clock.now(), &self.policy) {
            Some(Step { change, due }) => {
                WakeDecision::Commit { step: CommitStep::new(Some(&tracked.booking), change), due }
            }
            None => WakeDecision::Nothing(Ok(WakeOutcome::NotYet)),
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
        if command.sets_deadline() {
            self.check_clock()?;
        }
        for _ in 0..MAX_TRIES {
            let tracked = self.booking(receipt_no).await?;
            let now = self.clock.now();
            let step = domain::apply(&tracked, command.clone(), now, &self.policy)?;
            let Some(Step { change, due }) = step else { return Ok(tracked) };
            let booking = change.booking.clone();
            let mut step = CommitStep::new(Some(&tracked.booking), change);
            if booking.is_pending() {
                let is_again = !tracked.booking.is_pending();
                let limits = if is_again { again_counted(&booking) } else { Vec::new() };
                let rooms = self.policy.room(&booking.stay.room.code).map_or(0, |room| room.rooms);
                step = step.within(rooms, limits);
            }
            match self.commit(step, due, None).await? {
                CommitOutcome::Done => return Ok(Self::after(booking, tracked)),
                CommitOutcome::SoldOut(night) => return Err(Refusal::SoldOut { night }.into()),
                CommitOutcome::Stale
                | CommitOutcome::NumberTaken
                | CommitOutcome::TooManyHolds(_)
                | CommitOutcome::Repeated(_)
                | CommitOutcome::GuestsWait
                | CommitOutcome::RoomIsFree
                | CommitOutcome::HasTicket
                | CommitOutcome::AllotmentTooLow(_) => {}
            }
        }
        Err(Refusal::Conflict.into())
    }

    /// Fails if this machine's clock is wrong. A deadline by a wrong clock would be judged by other
    /// processes with the right one.
    fn check_clock(&self) -> Result<(), StoreError> {
        if self.store.is_clock_trusted() {
            return Ok(());
        }
        let ahead_ms = self.store.clock_ahead_ms().unwrap_or_default();
        let reason = format!("this machine's clock is {} ms off the store's", -ahead_ms);
        Err(StoreError::Unavailable(reason))
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
        let outcome = self.commit_and_offer(self.commit_of(step, request)).await?;
        if outcome == CommitOutcome::Done {
            self.record(&change, due);
        }
        Ok(outcome)
    }

    fn commit_of(&self, step: CommitStep, request: Option<RequestKey>) -> Commit {
        let lease = Lease { node: self.node.clone(), until: step.change.at + Lease::LENGTH };
        Commit::of_steps(vec![step], request, lease)
    }

    fn record(&self, change: &Change, due: Option<Moment>) {
        let receipt_no = change.booking.receipt_no;
        let action = change.event.action();
        metrics::counter!("jatah_changes_total", "action" => action.name()).increment(1);
        if let Some(due) = due {
            let now = self.clock.now();
            let lateness_ms = (now - due).num_milliseconds();
            self.lateness.record(self.policy.hotel.day_of(now), lateness_ms);
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
