//! The waiting list: joining and leaving it, and offers of rooms that are free.
//!
//! Who is offered a room is decided by the domain. The commit that frees a room also offers it, so
//! nobody else can take it in between.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::{BookingService, NewBookingAccess, ServiceError, WebOrigin};
use crate::auth;
use crate::domain::{
    self, Allotment, Change, Contact, Field, Guest, HoldsOf, InputError, Moment, NewBooking,
    NotAllowed, ReceiptNo, Refusal, RoomCode, RoomType, RoomsLeft, Step, TokenHash, WaitingGuest,
    WaitingState, Wish, WishedRoom, stay, waiting,
};
use crate::store::{
    ClaimKey, Commit, CommitOutcome, CommitStep, Filter, Lease, Limit, StatusKind, StoreError,
    WaitingStep,
};

/// The most guests who wait at a time.
const MAX_LINE: usize = 500;
/// How often a commit with offers is tried, if rooms or line change meanwhile.
const MAX_TRIES: u32 = 20;
/// The most nights that are looked at for offers.
const MAX_NIGHTS: u32 = 800;
/// How many bookings are looked at for the next deadline.
const MAX_DEADLINES: usize = 200;
/// For how many days after the check-in guests are still found in the list.
const OVER_DAYS: Days = Days::new(3);

/// A request to join the waiting list.
#[derive(Debug, Clone)]
pub struct WaitingRequest {
    /// A secret that the client made, or this program. A repeated id joins once, and the ticket is
    /// derived from it.
    pub request_id: String,
    /// The guest.
    pub guest: Guest,
    /// What they wait for.
    pub wish: Wish,
    /// Where the request came from, if it came through the web.
    pub origin: Option<WebOrigin>,
}

/// A guest's place in the waiting list.
#[derive(Debug, Clone)]
pub struct WaitingPlace {
    /// The guest.
    pub guest: WaitingGuest,
    /// 1 for who is next; 0 once a room was offered.
    pub position: usize,
    /// When the next hold of a room that would do ends. It may be extended or paid before.
    pub next_release: Option<Moment>,
    /// The offer, also after it was taken or ended.
    pub offer: Option<NewBookingAccess>,
}

/// What is known of the rooms and the line at one moment.
struct Look {
    /// The versions of the line for the room nights that the commit frees.
    seen: Vec<(ClaimKey, u32)>,
    left: RoomsLeft,
    line: Vec<WaitingGuest>,
}

impl BookingService {
    /// Puts a guest at the end of the waiting list. Returns the ticket, a secret, with the place.
    /// The same request id with the same input returns the same ticket.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]; [`Refusal::NotAllowed`] if a room is free or the list is full;
    /// [`Refusal::TooManyHolds`]; [`ServiceError::Store`] if the store fails.
    pub async fn join_waiting_list(
        &self,
        request: WaitingRequest,
    ) -> Result<(String, WaitingPlace), ServiceError> {
        self.check_clock()?;
        let WaitingRequest { request_id, guest, wish, origin } = request;
        let ticket = self.links.secret_of(&format!("ticket:{request_id}"));
        let now = self.clock.now();
        let rooms = self.wished_rooms(&wish, now)?;
        let address_key = origin.as_ref().map(|origin| self.address_key(&origin.address));
        let limit_key = super::guest_key(&guest.contact, address_key.as_deref());
        let new = WaitingGuest {
            ticket: auth::hash(&ticket),
            guest,
            wish,
            since: now,
            state: WaitingState::Waiting,
            limit_key,
            address_key,
        };
        if let Some(known) = self.store.waiting_guest(new.ticket).await? {
            return self.same_guest(ticket, &new, known).await;
        }
        let max_holds = origin.map_or(u32::MAX, |origin| origin.max_holds);
        self.check_line(&new, max_holds, now).await?;
        let step = WaitingStep::Join { guest: Arc::new(new.clone()), rooms };
        match self.commits.commit(self.commit_of_line(Vec::new(), step, now)).await? {
            CommitOutcome::HasTicket => {
                let known = self.store.waiting_guest(new.ticket).await?;
                self.same_guest(ticket, &new, known.ok_or(Refusal::Conflict)?).await
            }
            CommitOutcome::RoomIsFree => Err(Refusal::NotAllowed(NotAllowed::RoomIsFree).into()),
            CommitOutcome::Done => {
                let place = self.place_of(new).await?;
                Ok((ticket, place))
            }
            CommitOutcome::Stale
            | CommitOutcome::NumberTaken
            | CommitOutcome::SoldOut(_)
            | CommitOutcome::TooManyHolds(_)
            | CommitOutcome::Repeated(_)
            | CommitOutcome::GuestsWait
            | CommitOutcome::AllotmentTooLow(_) => Err(Refusal::Conflict.into()),
        }
    }

    /// The answer to a ticket that is known already.
    async fn same_guest(
        &self,
        ticket: String,
        asked: &WaitingGuest,
        known: WaitingGuest,
    ) -> Result<(String, WaitingPlace), ServiceError> {
        // The language may be the server's, which a restart may have changed.
        let is_same = (&asked.guest.name, &asked.guest.contact, &asked.wish)
            == (&known.guest.name, &known.guest.contact, &known.wish);
        if !is_same {
            let (field, error) = (Field::RequestId, InputError::UsedForAnother);
            return Err(Refusal::InvalidInput { field, error }.into());
        }
        Ok((ticket, self.place_of(known).await?))
    }

    /// The room types of a wish, each with its rooms for sale on nights without an allotment.
    fn wished_rooms(&self, wish: &Wish, now: Moment) -> Result<Vec<(RoomCode, u32)>, Refusal> {
        self.policy.check_dates(wish.check_in, wish.nights, now)?;
        let rooms = wish.rooms(&self.policy);
        if rooms.is_empty() {
            let prices = || self.policy.rooms.iter().map(|room| room.price.0);
            let (field, error) = match &wish.room {
                WishedRoom::OfType(_) => (Field::RoomType, InputError::Unknown),
                WishedRoom::Any { .. } => {
                    let bound = |price: Option<u64>| {
                        price.and_then(|price| i64::try_from(price).ok()).unwrap_or_default()
                    };
                    let (least, most) = (bound(prices().min()), bound(prices().max()));
                    (Field::MaxPrice, InputError::OutOfRange { least, most })
                }
            };
            return Err(Refusal::InvalidInput { field, error });
        }
        Ok(rooms.into_iter().map(|room| (room.code.clone(), room.rooms)).collect())
    }

    /// Refuses a guest for whom there is no place in the list. The places are counted before the commit,
    /// so requests at the same moment may get a few more.
    async fn check_line(
        &self,
        new: &WaitingGuest,
        max_holds: u32,
        now: Moment,
    ) -> Result<(), ServiceError> {
        let line = self.line(now).await?;
        let waits = |one: &&WaitingGuest| waiting::may_be_offered(one, now, &self.policy);
        let count = |same: &dyn Fn(&WaitingGuest) -> bool| {
            line.iter().filter(waits).filter(|one| same(one)).count()
        };
        let most = self.policy.booking.max_active_per_guest;
        if count(&|one| one.limit_key == new.limit_key) >= most as usize {
            return Err(Refusal::TooManyHolds { of: HoldsOf::Guest, most }.into());
        }
        let is_near = |one: &WaitingGuest| one.address_key == new.address_key;
        if new.address_key.is_some() && count(&is_near) >= max_holds as usize {
            let (of, most) = (HoldsOf::Address, max_holds);
            return Err(Refusal::TooManyHolds { of, most }.into());
        }
        if count(&|_| true) >= MAX_LINE {
            return Err(Refusal::NotAllowed(NotAllowed::WaitingListFull).into());
        }
        Ok(())
    }

    /// Everybody of the list whose check-in is not long ago, in the order of the line.
    async fn line(&self, now: Moment) -> Result<Vec<WaitingGuest>, StoreError> {
        let today = self.policy.hotel.day_of(now);
        self.store.waiting_guests(today.checked_sub_days(OVER_DAYS).unwrap_or(today)).await
    }

    /// Takes a guest off the waiting list. Returns whether they waited.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn leave_waiting_list(&self, ticket: &str) -> Result<bool, StoreError> {
        if ticket.len() > auth::MAX_SECRET {
            return Ok(false);
        }
        self.end_waiting(auth::hash(ticket)).await
    }

    /// Takes a guest who was identified in another way off the waiting list. Returns whether they
    /// waited.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn end_waiting(&self, ticket: TokenHash) -> Result<bool, StoreError> {
        let step = WaitingStep::Leave { ticket };
        let commit = self.commit_of_line(Vec::new(), step, self.clock.now());
        Ok(self.commits.commit(commit).await? == CommitOutcome::Done)
    }

    /// The place of a ticket.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown ticket, also days after the check-in;
    /// [`ServiceError::Store`] if the store fails.
    pub async fn waiting_place(&self, ticket: &str) -> Result<WaitingPlace, ServiceError> {
        if ticket.len() > auth::MAX_SECRET {
            return Err(Refusal::NotFound.into());
        }
        let found = self.store.waiting_guest(auth::hash(ticket)).await?;
        self.place_of(found.ok_or(Refusal::NotFound)?).await
    }

    /// The places of a guest who waits, or to whom an offer was made that is still open.
    ///
    /// # Errors
    /// [`ServiceError::Store`] if the store fails.
    pub async fn waiting_places_of(
        &self,
        contact: &Contact,
    ) -> Result<Vec<WaitingPlace>, ServiceError> {
        let now = self.clock.now();
        let line = self.line(now).await?;
        let mut places = Vec::new();
        for guest in line.into_iter().filter(|one| one.guest.contact == *contact) {
            if waiting::may_be_offered(&guest, now, &self.policy) {
                places.push(self.place_of(guest).await?);
            }
        }
        Ok(places)
    }

    /// The guests who wait for a stay from a date on, in the order of the line, and those whose offer
    /// is open.
    ///
    /// # Errors
    /// [`ServiceError::Store`] if the store fails.
    pub async fn waiting_list(
        &self,
        check_in: NaiveDate,
    ) -> Result<Vec<(WaitingGuest, Option<domain::Booking>)>, ServiceError> {
        let line = self.store.waiting_guests(check_in).await?;
        let of_day: Vec<_> = line.into_iter().filter(|one| one.wish.check_in == check_in).collect();
        let offered = |one: &WaitingGuest| match one.state {
            WaitingState::Offered(receipt_no) => Some(receipt_no),
            WaitingState::Waiting => None,
        };
        let receipt_nos: Vec<ReceiptNo> = of_day.iter().filter_map(offered).collect();
        let bookings = self.store.bookings(&receipt_nos).await?;
        let open: HashMap<ReceiptNo, domain::Booking> = bookings
            .into_iter()
            .map(|tracked| (tracked.booking.receipt_no, tracked.booking))
            .filter(|(_, booking)| booking.is_offer && booking.is_pending())
            .collect();
        let known = |guest: WaitingGuest| match guest.state {
            WaitingState::Waiting => Some((guest, None)),
            WaitingState::Offered(receipt_no) => {
                open.get(&receipt_no).map(|booking| (guest, Some(booking.clone())))
            }
        };
        Ok(of_day.into_iter().filter_map(known).collect())
    }

    async fn place_of(&self, guest: WaitingGuest) -> Result<WaitingPlace, ServiceError> {
        let (position, next_release, offer) = match guest.state {
            WaitingState::Offered(receipt_no) => {
                let tracked = self.booking(receipt_no).await?;
                let (request, access) = (offer_request(guest.ticket), tracked.booking.access);
                let given = self.links.given_access_token(&request, receipt_no, access);
                let access_token = given.ok_or(Refusal::NotFound)?;
                (0, None, Some(NewBookingAccess { tracked, access_token }))
            }
            WaitingState::Waiting => {
                let now = self.clock.now();
                let line = self.line(now).await?;
                let ahead = line
                    .iter()
                    .take_while(|one| one.ticket != guest.ticket)
                    .filter(|one| waiting::may_be_offered(one, now, &self.policy))
                    .filter(|one| self.compete(&one.wish, &guest.wish));
                (ahead.count() + 1, self.next_release(&guest.wish).await?, None)
            }
        };
        Ok(WaitingPlace { guest, position, next_release, offer })
    }

    /// Whether one room could be given to either of two guests.
    fn compete(&self, one: &Wish, other: &Wish) -> bool {
        let nights: HashSet<NaiveDate> = other.each_night().collect();
        let rooms = other.rooms(&self.policy);
        one.each_night().any(|night| nights.contains(&night))
            && one.rooms(&self.policy).iter().any(|room| rooms.contains(room))
    }

    /// When the next hold of a room that fulfils a wish ends.
    async fn next_release(&self, wish: &Wish) -> Result<Option<Moment>, StoreError> {
        let filter = Filter {
            status: Some(vec![StatusKind::Pending]),
            check_in: Some(wish.check_in),
            ..Filter::default()
        };
        let page = self.store.page(&filter, MAX_DEADLINES, None).await?;
        let rooms = wish.rooms(&self.policy);
        let would_do = page.bookings.into_iter().map(|tracked| tracked.booking).filter(|booking| {
            booking.arrived_at.is_none()
                && rooms.iter().any(|room| room.code == booking.stay.room.code)
        });
        Ok(would_do.map(|booking| booking.hold.until).min())
    }

    /// Offers the rooms that are free to the guests who wait: at the start, because the configuration may
    /// have more rooms than before.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn offer_free_rooms(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if self.check_clock().is_err() || self.line(now).await?.is_empty() {
            return Ok(());
        }
        let lease = Lease { node: self.node.clone(), until: now + Lease::LENGTH };
        self.commit_with_offers(&Commit::of_steps(Vec::new(), None, lease)).await.map(drop)
    }

    /// Commits, and offers the rooms that are freed if somebody waits for them.
    pub(super) async fn commit_and_offer(
        &self,
        commit: Commit,
    ) -> Result<CommitOutcome, StoreError> {
        match self.commits.commit(commit.clone()).await? {
            CommitOutcome::GuestsWait => self.commit_with_offers(&commit).await,
            outcome => Ok(outcome),
        }
    }

    /// Carries out a commit together with the offers of what it frees.
    pub(super) async fn commit_with_offers(
        &self,
        base: &Commit,
    ) -> Result<CommitOutcome, StoreError> {
        // One at a time in this process, because each would change the line that the others look at.
        let _turn = self.offering.lock().await;
        let takes_rooms = base.steps.iter().any(|step| !step.takes.is_empty());
        let mut passed_over: HashSet<String> = HashSet::new();
        let mut outcome = CommitOutcome::GuestsWait;
        for _ in 0..MAX_TRIES {
            let now = self.clock.now();
            let look = self.look(base, now).await?;
            let (commit, changes) = self.with_offers(base, look, &passed_over, now).await?;
            if commit.steps.is_empty() && commit.allotment.is_none() && is_idle(&commit) {
                return Ok(CommitOutcome::Done);
            }
            outcome = self.commits.commit(commit).await?;
            match &outcome {
                CommitOutcome::Done => {
                    for change in &changes {
                        self.record(change, None);
                    }
                    return Ok(outcome);
                }
                CommitOutcome::TooManyHolds(limit)
                    if changes.iter().any(|change| change.booking.is_offer) =>
                {
                    passed_over.insert(limit.key.clone());
                }
                // Somebody took a room since the look.
                CommitOutcome::SoldOut(_) if !takes_rooms => {}
                CommitOutcome::GuestsWait | CommitOutcome::NumberTaken => {}
                CommitOutcome::SoldOut(_)
                | CommitOutcome::TooManyHolds(_)
                | CommitOutcome::Stale
                | CommitOutcome::Repeated(_)
                | CommitOutcome::RoomIsFree
                | CommitOutcome::HasTicket
                | CommitOutcome::AllotmentTooLow(_) => return Ok(outcome),
            }
        }
        Err(StoreError::Conflict(format!("the waiting list kept changing: {outcome:?}")))
    }

    /// Reads the rooms and the line. The versions are read before the line: who joins in between is
    /// in the line, and the version is then out of date.
    async fn look(&self, base: &Commit, now: Moment) -> Result<Look, StoreError> {
        let today = self.policy.hotel.day_of(now);
        let freed: Vec<ClaimKey> = freed_by(base).collect();
        let nights = freed.iter().map(|key| key.night);
        let from = nights.clone().min().map_or(today, |first| first.min(today));
        let ahead = self.policy.booking.advance_days + self.policy.booking.max_nights;
        let last = today.checked_add_days(Days::new(ahead.into())).unwrap_or(today);
        let through = nights.max().map_or(last, |latest| latest.max(last));
        let count = stay::nights_through(from, through).min(MAX_NIGHTS);
        let known = self.store.nights(from, count).await?;
        let line = self.line(now).await?;
        let known: HashMap<ClaimKey, _> = known
            .into_iter()
            .map(|one| (ClaimKey { room: one.room.clone(), night: one.night }, one))
            .collect();
        let seen = freed.iter().map(|key| (key.clone(), known.get(key).map_or(0, |one| one.line)));
        let mut left = RoomsLeft::default();
        for room in &self.policy.rooms {
            for night in stay::nights_from(from, count) {
                let key = ClaimKey { room: room.code.clone(), night };
                let stored = known.get(&key);
                let (mut for_sale, mut is_closed) =
                    (stored.and_then(|one| one.allotment), stored.is_some_and(|one| one.is_closed));
                if let Some((_, set)) = base.allotment.as_ref().filter(|(code, set)| {
                    *code == room.code && set.each_night().any(|one| one == night)
                }) {
                    for_sale = set.rooms.or(for_sale);
                    is_closed = set.is_closed.unwrap_or(is_closed);
                }
                let count_in = |keys: fn(&CommitStep) -> &Vec<ClaimKey>| {
                    let all = base.steps.iter().flat_map(keys);
                    u32::try_from(all.filter(|one| **one == key).count()).unwrap_or(u32::MAX)
                };
                let taken = stored.map_or(0, |one| one.taken) + count_in(|step| &step.takes);
                let taken = taken.saturating_sub(count_in(|step| &step.releases));
                let for_sale = if is_closed { 0 } else { for_sale.unwrap_or(room.rooms) };
                left.set(room.code.clone(), night, for_sale.saturating_sub(taken));
            }
        }
        Ok(Look { seen: seen.collect(), left, line })
    }

    /// The commit with the offers to the first in line, and the changes that are offers.
    async fn with_offers(
        &self,
        base: &Commit,
        look: Look,
        passed_over: &HashSet<String>,
        now: Moment,
    ) -> Result<(Commit, Vec<Change>), StoreError> {
        let Look { seen, left, line } = look;
        let is_over = |one: &&WaitingGuest| {
            one.state == WaitingState::Waiting && waiting::is_over(one, now, &self.policy)
        };
        let over = line.iter().filter(is_over).map(|one| one.ticket).collect();
        let may_hold = line.iter().filter(|one| !passed_over.contains(&one.limit_key));
        let (mut steps, mut changes, mut offered) = (base.steps.clone(), Vec::new(), Vec::new());
        for (guest, room) in waiting::offers(may_hold, left, now, &self.policy) {
            // The rules of the hotel may have changed since the guest joined.
            let Some((step, rooms)) = self.offer(guest, &room, now).await? else { continue };
            let receipt_no = step.change.booking.receipt_no;
            let most = self.policy.booking.max_active_per_guest;
            let limit = Limit { key: guest.limit_key.clone(), most };
            changes.push(step.change.clone());
            steps.push(CommitStep::new(None, step.change).within(rooms, vec![limit]));
            offered.push((guest.ticket, receipt_no));
        }
        let waiting = Some(WaitingStep::Offer { seen, offered, over });
        Ok((Commit { steps, waiting, ..base.clone() }, changes))
    }

    /// The first step of an offer, with the rooms for sale of its type.
    async fn offer(
        &self,
        guest: &WaitingGuest,
        room: &RoomCode,
        now: Moment,
    ) -> Result<Option<(Step, u32)>, StoreError> {
        let day = self.policy.hotel.day_of(now);
        let receipt_no = ReceiptNo::new(day, self.commits.next_serial(day).await?);
        let new = NewBooking {
            receipt_no,
            access: auth::hash(&self.links.access_token(&offer_request(guest.ticket), receipt_no)),
            guest: guest.guest.clone(),
            room: room.clone(),
            check_in: guest.wish.check_in,
            nights: guest.wish.nights,
        };
        let rooms = self.policy.room(room).map_or(0, |room: &RoomType| room.rooms);
        Ok(domain::offer(new, now, &self.policy).ok().map(|step| (step, rooms)))
    }

    fn commit_of_line(&self, steps: Vec<CommitStep>, waiting: WaitingStep, now: Moment) -> Commit {
        let lease = Lease { node: self.node.clone(), until: now + Lease::LENGTH };
        Commit { waiting: Some(waiting), ..Commit::of_steps(steps, None, lease) }
    }

    /// How many guests wait for a stay that starts tonight.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn count_waiting_tonight(&self) -> Result<usize, StoreError> {
        let today = self.policy.hotel.day_of(self.clock.now());
        let line = self.store.waiting_guests(today).await?;
        let waits =
            |one: &&WaitingGuest| one.state == WaitingState::Waiting && one.wish.check_in == today;
        Ok(line.iter().filter(waits).count())
    }
}

/// What the access token of an offer is derived from, in place of a request id: who has the ticket can
/// be given the token at any time.
fn offer_request(ticket: TokenHash) -> String {
    format!("ticket:{}", hex::encode(ticket.0))
}

/// The room nights of which a commit may leave more than before.
fn freed_by(commit: &Commit) -> impl Iterator<Item = ClaimKey> + '_ {
    let released = commit.steps.iter().flat_map(|step| step.releases.iter().cloned());
    let allotted = commit.allotment.iter().flat_map(|(room, allotment): &(RoomCode, Allotment)| {
        allotment.each_night().map(|night| ClaimKey { room: room.clone(), night })
    });
    released.chain(allotted)
}

/// Whether a commit changes nothing of the waiting list.
fn is_idle(commit: &Commit) -> bool {
    match &commit.waiting {
        Some(WaitingStep::Offer { offered, over, .. }) => offered.is_empty() && over.is_empty(),
        Some(WaitingStep::Join { .. } | WaitingStep::Leave { .. }) => false,
        None => true,
    }
}
