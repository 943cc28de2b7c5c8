//! Test data: a hotel in Jakarta, and a guest with a standard room for one night.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};

use crate::domain::{
    self, AdvanceHold, BookingPolicy, Change, Command, Contact, Coordinates, Fix, Guest, GuestName,
    HoldPolicy, HotelPolicy, Language, Moment, NewBooking, Policy, ReceiptNo, Refusal, RoomCode,
    RoomType, Rupiah, StaffName, Step, TelegramId, TokenHash, Track, TrackedBooking, TravelPolicy,
};

/// So many minutes after 17:00 on 4 January 2026 in Jakarta.
pub fn at(minutes: i64) -> Moment {
    DateTime::from_timestamp_secs(1_767_520_800).unwrap() + TimeDelta::minutes(minutes)
}

/// So many seconds after that time.
pub fn at_second(seconds: i64) -> Moment {
    at(0) + TimeDelta::seconds(seconds)
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

pub fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

pub fn policy() -> Policy {
    Policy {
        hotel: HotelPolicy {
            name: "Hotel Uji".to_owned(),
            position: Coordinates::new(-6.2, 106.8).unwrap(),
            address: Some("Jalan Uji 1".to_owned()),
            contact: Some("halo@hotel.example".to_owned()),
            map_page: None,
            check_in_from: time("14:00:00"),
            timezone: chrono_tz::Asia::Jakarta,
            day_starts_at: time("06:00:00"),
        },
        rooms: vec![RoomType {
            code: RoomCode::parse("STD").unwrap(),
            name: "Standard".to_owned(),
            rooms: 10,
            price: Rupiah(350_000),
        }],
        hold: HoldPolicy {
            duration: TimeDelta::hours(2),
            remind_before: TimeDelta::minutes(15),
            extend_by: TimeDelta::minutes(30),
            max_extensions: 2,
            payment_window: TimeDelta::minutes(30),
        },
        booking: BookingPolicy {
            advance_days: 0,
            advance_hold: AdvanceHold::UntilRelease,
            release_at: time("18:00:00"),
            max_nights: 30,
            max_active_per_guest: 2,
            offer_window: TimeDelta::minutes(10),
        },
        travel: TravelPolicy {
            radius_km: 10.0,
            fix_max_age: TimeDelta::minutes(20),
            live_silence_max: TimeDelta::minutes(45),
            road_factor: 1.4,
            speeds: [20.0; 24],
            arrival_buffer: TimeDelta::minutes(15),
        },
        front_office_chat: true,
        has_hotel_system: false,
        qris: None,
    }
}

pub fn new_booking(check_in: NaiveDate, nights: u32) -> NewBooking {
    NewBooking {
        receipt_no: ReceiptNo::new(date("2026-01-04"), 1),
        access: TokenHash([1; 32]),
        guest: Guest {
            name: GuestName::parse("Budi").unwrap(),
            contact: Contact::Telegram(TelegramId(1)),
            language: Language::Indonesian,
        },
        room: RoomCode::parse("STD").unwrap(),
        check_in,
        nights,
    }
}

pub fn book() -> Input {
    Input::Book(new_booking(date("2026-01-04"), 1))
}

pub fn sari() -> StaffName {
    StaffName::parse("Sari").unwrap()
}

pub fn arrive() -> Input {
    Command::Arrive { by: sari() }.into()
}

pub fn pay() -> Input {
    Command::MarkPaid { by: sari() }.into()
}

pub fn cancel() -> Input {
    Command::CancelByStaff { by: sari(), note: Some("no show".to_owned()) }.into()
}

pub fn extend(minutes: u32) -> Input {
    Command::Extend { by: sari(), minutes }.into()
}

/// A fix so many degrees north of the hotel: 0.05 is near (5.5 km), 0.5 is far (55 km).
pub fn fix(degrees: f64, at: Moment) -> Fix {
    let place = Coordinates::new(-6.2 + degrees, 106.8).unwrap();
    Fix::seen(place, at)
}

pub fn report(degrees: f64, at: Moment) -> Input {
    Input::Report(fix(degrees, at))
}

/// An input to the domain.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Makes the booking.
    Book(NewBooking),
    /// The clock wakes the booking.
    Wake,
    /// The guest reports a position.
    Report(Fix),
    /// Somebody gives a command.
    Ask(Command),
}

impl From<Command> for Input {
    fn from(command: Command) -> Self {
        Self::Ask(command)
    }
}

/// The result of an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    Step(Box<Step>),
    Track(Track),
    Unchanged,
}

/// Calls the function of the domain that takes this input.
pub fn decide(
    tracked: Option<&TrackedBooking>,
    input: impl Into<Input>,
    now: Moment,
    policy: &Policy,
) -> Result<Decision, Refusal> {
    let step = match (tracked, input.into()) {
        (None, Input::Book(new)) => Some(domain::book(new, now, policy)?),
        (Some(tracked), Input::Wake) => domain::wake(tracked, now, policy),
        (Some(tracked), Input::Ask(command)) => domain::apply(tracked, command, now, policy)?,
        (Some(tracked), Input::Report(fix)) => {
            let track = tracked.track.report(fix, &tracked.booking)?;
            return Ok(track.map_or(Decision::Unchanged, Decision::Track));
        }
        (tracked, input) => panic!("{input:?} of {tracked:?}"),
    };
    Ok(step.map_or(Decision::Unchanged, |step| Decision::Step(Box::new(step))))
}

/// The change of an input that must be a step.
pub fn change(
    tracked: Option<&TrackedBooking>,
    input: impl Into<Input>,
    now: Moment,
    policy: &Policy,
) -> Change {
    match decide(tracked, input, now, policy).unwrap() {
        Decision::Step(step) => step.change,
        other => panic!("not a step: {other:?}"),
    }
}

/// A booking that is changed by inputs at given minutes. Each input must have an effect.
pub struct Scenario {
    pub policy: Policy,
    pub tracked: TrackedBooking,
}

impl Scenario {
    /// A booking made at minute 0.
    pub fn new() -> Self {
        Self::under(policy())
    }

    pub fn under(policy: Policy) -> Self {
        let booking = change(None, book(), at(0), &policy).booking;
        Self { policy, tracked: TrackedBooking { booking, track: Track::default() } }
    }

    pub fn then(self, input: impl Into<Input>, minute: i64) -> Self {
        self.then_at(input, at(minute))
    }

    pub fn then_at(mut self, input: impl Into<Input>, now: Moment) -> Self {
        match decide(Some(&self.tracked), input, now, &self.policy).unwrap() {
            Decision::Step(step) => self.tracked.booking = step.change.booking,
            Decision::Track(track) => self.tracked.track = track,
            Decision::Unchanged => panic!("nothing happens at {now}"),
        }
        self
    }

    /// The guest reports a fix in the minute when it is measured.
    pub fn seen(self, degrees: f64, minute: i64) -> Self {
        self.then(report(degrees, at(minute)), minute)
    }

    pub fn until(&self) -> Moment {
        self.tracked.booking.hold.until
    }

    pub fn remind_at(&self) -> Option<Moment> {
        self.tracked.booking.hold.remind_at
    }
}
