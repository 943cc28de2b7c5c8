//! Runs the bookings of simulated guests: does what `service` and `scheduler` do, without a store,
//! competition for rooms, or notifications.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{NaiveDate, TimeDelta};

use super::guest::{Report, SharingPattern, SimulatedGuest};
use super::tally::{StayOutcome, Tally};
use super::{Setting, SimulationPlan, day_start};
use crate::domain::travel::RouteEstimate;
use crate::domain::{
    self, Booking, Command, Contact, Coordinates, Fix, GuestName, Language, Moment, NewBooking,
    Policy, PositionSource, ReceiptNo, Refusal, Revision, StaffName, TelegramId, TokenHash, Track,
    TrackedBooking,
};

/// How many guests a thread simulates together.
const BATCH: u32 = 2_048;
/// Kilometres of one degree of latitude, and of one degree of longitude at the equator (WGS 84).
const DEGREE_KM: (f64, f64) = (110.574, 111.320);

/// Simulates the day with every setting, with the same guests. Returns one tally for each setting.
///
/// # Errors
/// [`Refusal`] if the domain refuses a step. This does not happen with a valid policy, because no
/// guest asks for anything that is not allowed.
pub fn run(plan: &SimulationPlan, settings: &[Setting]) -> Result<Vec<Tally>, Refusal> {
    let threads = u32::try_from(plan.threads.max(1)).unwrap_or(1);
    let shares = std::thread::scope(|scope| {
        let work = |thread: u32| move || share(plan, settings, thread, threads);
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
        running
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let mut tallies = vec![Tally::default(); settings.len()];
    for (all, one) in shares.iter().flat_map(|share| share.iter().enumerate()) {
        if let Some(tally) = tallies.get_mut(all) {
            tally.add(one);
        }
    }
    Ok(tallies)
}

/// Simulates the batches of one thread: every batch whose number modulo `threads` is `thread`.
fn share(
    plan: &SimulationPlan,
    settings: &[Setting],
    thread: u32,
    threads: u32,
) -> Result<Vec<Tally>, Refusal> {
    let mut tallies = vec![Tally::default(); settings.len()];
    let batches = plan.guests.div_ceil(BATCH);
    for batch in (0..batches).filter(|batch| batch % threads == thread) {
        let numbers = batch * BATCH..plan.guests.min((batch + 1).saturating_mul(BATCH));
        let guests: Vec<SimulatedGuest> =
            numbers.map(|number| SimulatedGuest::new(plan.seed, number)).collect();
        for (setting, tally) in settings.iter().zip(&mut tallies) {
            Day::new(&guests, setting)?.run(tally)?;
        }
    }
    Ok(tallies)
}

/// One batch of guests with one setting.
struct Day<'a> {
    setting: &'a Setting,
    stays: Vec<SimulatedStay<'a>>,
    /// The queue of wakes, the earliest first.
    wakes: BinaryHeap<Reverse<(Moment, usize, Revision)>>,
}

impl<'a> Day<'a> {
    fn new(guests: &'a [SimulatedGuest], setting: &'a Setting) -> Result<Self, Refusal> {
        let mut day = Self {
            setting,
            stays: Vec::with_capacity(guests.len()),
            wakes: BinaryHeap::with_capacity(guests.len()),
        };
        for (index, guest) in guests.iter().enumerate() {
            let stay = SimulatedStay::book(guest, index, &setting.policy)?;
            day.stays.push(stay);
            day.arm(index);
        }
        Ok(day)
    }

    fn arm(&mut self, index: usize) {
        if let Some(booking) = self.stays.get(index).map(|stay| &stay.tracked.booking)
            && let Some(at) = booking.wake_at()
        {
            self.wakes.push(Reverse((at, index, booking.revision)));
        }
    }

    fn run(mut self, tally: &mut Tally) -> Result<(), Refusal> {
        while let Some(Reverse((at, index, revision))) = self.wakes.pop() {
            let Some(stay) = self.stays.get_mut(index) else { continue };
            stay.live_until(at, self.setting)?;
            if stay.tracked.booking.revision == revision {
                stay.wake(at, &self.setting.policy);
            }
            if stay.is_over() {
                tally.count(&stay.outcome());
            } else {
                self.arm(index);
            }
        }
        Ok(())
    }
}

/// One guest's booking.
struct SimulatedStay<'a> {
    guest: &'a SimulatedGuest,
    tracked: TrackedBooking,
    /// The end of the hold as promised at booking.
    first_end: Moment,
    /// How many of the guest's reports were handled.
    reported: usize,
}

impl<'a> SimulatedStay<'a> {
    fn book(guest: &'a SimulatedGuest, index: usize, policy: &Policy) -> Result<Self, Refusal> {
        let now = day_start() + TimeDelta::seconds(guest.books_at);
        let today = policy.hotel.day_of(now);
        let new = new_booking(index, today, policy).ok_or(Refusal::NotFound)?;
        let booking = domain::book(new, now, policy)?.change.booking;
        let first_end = booking.hold.until;
        Ok(Self {
            guest,
            tracked: TrackedBooking { booking, track: Track::default() },
            first_end,
            reported: 0,
        })
    }

    /// The moment `second` seconds after booking.
    fn at(&self, second: i64) -> Moment {
        self.tracked.booking.booked_at + TimeDelta::seconds(second)
    }

    /// Handles everything that the guest does up to and including `until`: reports and the arrival.
    fn live_until(&mut self, until: Moment, setting: &Setting) -> Result<(), Refusal> {
        while let Some(report) = self.guest.reports.get(self.reported).copied()
            && self.at(report.second) <= until
        {
            self.reported += 1;
            if self.tracked.booking.arrived_at.is_none() {
                self.report(report, setting)?;
            }
        }
        if let Some(arrives) = self.guest.arrives.map(|second| self.at(second))
            && arrives <= until
            && self.tracked.booking.arrived_at.is_none()
            && let Ok(by) = StaffName::parse("FO")
        {
            self.apply(Command::Arrive { by: by.clone() }, arrives, &setting.policy)?;
            self.apply(Command::MarkPaid { by }, arrives, &setting.policy)?;
        }
        Ok(())
    }

    fn report(&mut self, report: Report, setting: &Setting) -> Result<(), Refusal> {
        let now = self.at(report.second);
        let Some(place) = place(&report, &setting.policy) else { return Ok(()) };
        let source = match self.guest.sharing {
            SharingPattern::Live { for_seconds, .. } => {
                PositionSource::Live { until: Some(self.at(for_seconds)) }
            }
            SharingPattern::ByHand { .. } => PositionSource::Single,
            SharingPattern::Nothing | SharingPattern::Page { .. } => PositionSource::Page,
        };
        let fix = Fix {
            place,
            accuracy_metres: Some(report.accuracy_metres),
            at: now,
            source,
            route: RouteEstimate::Unasked,
        };
        if let Some(track) = self.tracked.track.report(fix, &self.tracked.booking)? {
            self.tracked.track = track;
        }
        if setting.is_radius_only {
            self.tracked.track = latest_only(&self.tracked.track);
        }
        Ok(())
    }

    fn apply(&mut self, command: Command, now: Moment, policy: &Policy) -> Result<(), Refusal> {
        if let Some(step) = domain::apply(&self.tracked, command, now, policy)? {
            self.tracked.booking = step.change.booking;
        }
        Ok(())
    }

    fn wake(&mut self, now: Moment, policy: &Policy) {
        if let Some(step) = domain::wake(&self.tracked, now, policy) {
            self.tracked.booking = step.change.booking;
        }
    }

    fn is_over(&self) -> bool {
        !self.tracked.booking.is_pending()
    }

    fn outcome(&self) -> StayOutcome {
        let Booking { booked_at, arrived_at, .. } = self.tracked.booking;
        let arrives = self.guest.arrives.map(|second| self.at(second));
        StayOutcome {
            is_kept: arrived_at.is_some(),
            would_arrive: arrives.map(|at| at - self.first_end),
            shares_at_end: self.guest.shares_at((self.first_end - booked_at).num_seconds()),
            has_shared: !self.guest.reports.is_empty(),
            held: self.tracked.booking.settled_at().map_or(TimeDelta::zero(), |at| at - booked_at),
            extended: self.tracked.booking.hold.until - self.first_end,
        }
    }
}

/// What the rule "radius only" knows of a track: its latest fix. It is from a page, so that the silence
/// of a live location says nothing.
pub(super) fn latest_only(track: &Track) -> Track {
    let latest = track.latest().map(|fix| fix.from_source(PositionSource::Page));
    Track::from_fixes(latest.into_iter().collect())
}

fn new_booking(index: usize, today: NaiveDate, policy: &Policy) -> Option<NewBooking> {
    let number = u32::try_from(index).ok()? + 1;
    Some(NewBooking {
        receipt_no: ReceiptNo::new(today, number),
        access: TokenHash([0; 32]),
        guest: domain::Guest {
            name: GuestName::parse("Tamu").ok()?,
            contact: Contact::Telegram(TelegramId(i64::from(number))),
            language: Language::Indonesian,
        },
        room: policy.rooms.first()?.code.clone(),
        check_in: today,
        nights: 1,
    })
}

fn place(report: &Report, policy: &Policy) -> Option<Coordinates> {
    let hotel = policy.hotel.position;
    let (latitude_km, longitude_km) = DEGREE_KM;
    let latitude = hotel.latitude() + report.north_km / latitude_km;
    let east = report.east_km / (longitude_km * hotel.latitude().to_radians().cos());
    Coordinates::new(latitude, hotel.longitude() + east)
}
