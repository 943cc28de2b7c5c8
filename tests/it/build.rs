//! Builders for tests: a hotel's policy, bookings, and commits of steps that the domain decided.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};
use jatah::domain::{
    self, AdvanceHold, Allotment, BookingPolicy, Command, Contact, Coordinates, Email, Fix, Guest,
    GuestName, HoldPolicy, HotelPolicy, Language, Moment, NewBooking, Policy, ReceiptNo, RoomCode,
    RoomType, Rupiah, StaffName, Step, TelegramId, TokenHash, Track, TrackedBooking, TravelPolicy,
};
use jatah::store::{
    AllotmentTooLow, Commit, CommitOutcome, CommitStep, Lease, Limit, NodeId, RequestKey, Store,
};

/// The moment at which most tests start: five in the afternoon at the hotel.
pub fn epoch() -> Moment {
    DateTime::from_timestamp_secs(1_767_520_800).unwrap()
}

/// The moment this many minutes after the epoch.
pub fn minute(minutes: i64) -> Moment {
    epoch() + TimeDelta::minutes(minutes)
}

/// The hotel day of the epoch.
pub fn today() -> NaiveDate {
    day(4)
}

/// A day of the month of the epoch.
pub fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, day).unwrap()
}

pub fn room(code: &str) -> RoomCode {
    RoomCode::parse(code).unwrap()
}

pub fn staff(name: &str) -> StaffName {
    StaffName::parse(name).unwrap()
}

pub fn secret(number: u32) -> TokenHash {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    TokenHash(bytes)
}

/// The policy of a hotel with one suite, ten standard rooms and a hall of 10,000 beds.
pub fn policy() -> Policy {
    let room_type = |code: &str, rooms, price| RoomType {
        code: room(code),
        name: format!("The {code}"),
        rooms,
        price: Rupiah(price),
    };
    Policy {
        hotel: HotelPolicy {
            name: "Hotel Melati".to_owned(),
            position: hotel(),
            address: Some("Jalan Kebon Sirih 10, Jakarta".to_owned()),
            contact: Some("Telegram @hotelmelati".to_owned()),
            map_page: None,
            check_in_from: NaiveTime::from_hms_opt(14, 0, 0).unwrap(),
            timezone: chrono_tz::Asia::Jakarta,
            day_starts_at: NaiveTime::from_hms_opt(6, 0, 0).unwrap(),
        },
        rooms: vec![
            room_type("SUITE", 1, 1_250_000),
            room_type("STD", 10, 350_000),
            room_type("HALL", 20_000, 50_000),
        ],
        hold: HoldPolicy {
            duration: TimeDelta::hours(2),
            remind_before: TimeDelta::minutes(15),
            extend_by: TimeDelta::minutes(30),
            max_extensions: 2,
            payment_window: TimeDelta::minutes(30),
        },
        booking: BookingPolicy {
            advance_days: 20,
            advance_hold: AdvanceHold::Duration,
            release_at: NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
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
        has_hotel_system: true,
        qris: None,
    }
}

pub fn hotel() -> Coordinates {
    Coordinates::new(-6.2, 106.8).unwrap()
}

/// A position fix so many degrees north of the hotel. A tenth of a degree is about 11 km.
pub fn fix_north(degrees: f64, at: Moment) -> Fix {
    let place = Coordinates::new(hotel().latitude() + degrees, hotel().longitude()).unwrap();
    Fix { accuracy_metres: Some(12.5), ..Fix::seen(place, at) }
}

pub fn track(fixes: &[Fix]) -> Track {
    Track::from_fixes(fixes.to_vec())
}

pub fn lease() -> Lease {
    Lease { node: NodeId("here".to_owned()), until: epoch() + TimeDelta::seconds(30) }
}

/// A booking that a test makes. By default it is one standard room for tonight.
#[derive(Clone)]
pub struct TestBooking {
    pub serial: u32,
    pub name: String,
    pub contact: Contact,
    pub room: &'static str,
    pub check_in: NaiveDate,
    pub nights: u32,
    pub at: Moment,
    pub limits: Vec<Limit>,
    pub request: u32,
}

impl TestBooking {
    /// A booking with its own guest and its own request.
    pub fn new(serial: u32) -> Self {
        Self {
            serial,
            name: format!("Guest {serial}"),
            contact: Contact::Telegram(TelegramId(i64::from(serial))),
            room: "STD",
            check_in: today(),
            nights: 1,
            at: epoch(),
            limits: vec![Limit { key: format!("guest:{serial}"), most: 2 }],
            request: serial,
        }
    }

    pub fn of(self, room: &'static str) -> Self {
        Self { room, ..self }
    }

    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    pub fn by_mail(self, address: &str) -> Self {
        Self { contact: Contact::Web(Email::parse(address).unwrap()), ..self }
    }

    pub fn staying(self, check_in: NaiveDate, nights: u32) -> Self {
        Self { check_in, nights, ..self }
    }

    pub fn at(self, at: Moment) -> Self {
        Self { at, ..self }
    }

    pub fn limited(self, key: &str, most: u32) -> Self {
        Self { limits: vec![Limit { key: key.to_owned(), most }], ..self }
    }

    pub fn requested_as(self, request: u32) -> Self {
        Self { request, ..self }
    }

    pub fn receipt_no(&self) -> ReceiptNo {
        ReceiptNo::new(today(), self.serial)
    }

    pub fn fingerprint(&self) -> TokenHash {
        secret(1_000_000 + self.serial)
    }

    /// The commit that makes this booking.
    pub fn commit(&self) -> Commit {
        let policy = policy();
        let code = room(self.room);
        let rooms = policy.room(&code).unwrap().rooms;
        let input = Input::Book(NewBooking {
            receipt_no: self.receipt_no(),
            access: secret(2_000_000 + self.serial),
            guest: Guest {
                name: GuestName::parse(&self.name).unwrap(),
                contact: self.contact.clone(),
                language: Language::Indonesian,
            },
            room: code,
            check_in: self.check_in,
            nights: self.nights,
        });
        let request = RequestKey { id: secret(self.request), fingerprint: self.fingerprint() };
        let Commit { steps, lease, .. } = decided(None, input, self.at);
        let within = |step: CommitStep| step.within(rooms, self.limits.clone());
        Commit::of_steps(steps.into_iter().map(within).collect(), Some(request), lease)
    }
}

/// What a test does to a booking.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Makes the booking.
    Book(NewBooking),
    /// The scheduler wakes the booking.
    Wake,
    /// A command of the guest or the staff.
    Ask(Command),
}

impl From<Command> for Input {
    fn from(command: Command) -> Self {
        Self::Ask(command)
    }
}

/// The step that the domain decides for an input. Fails if it decides none.
fn step(tracked: Option<&TrackedBooking>, input: Input, now: Moment) -> Step {
    let policy = policy();
    let step = match (tracked, input) {
        (None, Input::Book(new)) => Some(domain::book(new, now, &policy).unwrap()),
        (Some(tracked), Input::Wake) => domain::wake(tracked, now, &policy),
        (Some(tracked), Input::Ask(command)) => {
            domain::apply(tracked, command, now, &policy).unwrap()
        }
        (tracked, input) => panic!("{input:?} of {tracked:?}"),
    };
    step.expect("a step")
}

/// A commit of the step that the domain decides for an input. Fails if it decides none.
pub fn decided(tracked: Option<&TrackedBooking>, input: impl Into<Input>, at: Moment) -> Commit {
    let step = CommitStep::new(
        tracked.map(|tracked| &tracked.booking),
        step(tracked, input.into(), at).change,
    );
    Commit::of_steps(vec![step], None, lease())
}

/// Sends one commit and returns its outcome.
pub async fn put(store: &dyn Store, commit: Commit) -> CommitOutcome {
    let mut answers = store.commit(&[commit]).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

/// Sets an allotment, unless more rooms are sold.
pub async fn set_allotment(
    store: &dyn Store,
    room: &RoomCode,
    allotment: Allotment,
) -> Result<(), AllotmentTooLow> {
    let commit = Commit {
        allotment: Some((room.clone(), allotment)),
        ..Commit::of_steps(vec![], None, lease())
    };
    match put(store, commit).await {
        CommitOutcome::Done => Ok(()),
        CommitOutcome::AllotmentTooLow(too_low) => Err(too_low),
        other => panic!("{other:?}"),
    }
}

/// Makes a booking, which must succeed.
pub async fn book(store: &dyn Store, test_booking: &TestBooking) -> TrackedBooking {
    assert_eq!(put(store, test_booking.commit()).await, CommitOutcome::Done);
    tracked(store, test_booking.receipt_no()).await
}

/// Applies an input to the present state of a booking and commits the step, which must succeed.
pub async fn apply(
    store: &dyn Store,
    receipt_no: ReceiptNo,
    input: impl Into<Input>,
    at: Moment,
) -> TrackedBooking {
    let commit = decided(Some(&tracked(store, receipt_no).await), input, at);
    assert_eq!(put(store, commit).await, CommitOutcome::Done);
    tracked(store, receipt_no).await
}

/// The present state of a booking, which must exist.
pub async fn tracked(store: &dyn Store, receipt_no: ReceiptNo) -> TrackedBooking {
    store.booking(receipt_no).await.unwrap().unwrap()
}

pub fn pay() -> Input {
    Command::MarkPaid { by: staff("Sari") }.into()
}

pub fn arrive() -> Input {
    Command::Arrive { by: staff("Sari") }.into()
}

pub fn cancel() -> Input {
    Command::CancelByStaff { by: staff("Sari"), note: Some("asked by the guest".to_owned()) }.into()
}

/// The outcome of a commit for which this limit is reached.
pub fn too_many(key: &str, most: u32) -> CommitOutcome {
    CommitOutcome::TooManyHolds(Limit { key: key.to_owned(), most })
}
