//! The stay: the room type and nights of a booking, with their price.

use chrono::{Days, NaiveDate};

use super::{RoomCode, Rupiah};

/// The room and nights that were promised. The room's name and price are as they were when it was
/// booked, even if the configuration changes later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The room type as booked.
    pub room: RoomOfStay,
    /// The first night, as a hotel day.
    pub check_in: NaiveDate,
    /// The number of nights, at least 1.
    pub nights: u32,
    /// Price a night × nights, to the rupiah. Nothing is added.
    pub price: Rupiah,
}

impl Stay {
    /// The hotel day of each night of the stay.
    pub fn each_night(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        nights_from(self.check_in, self.nights)
    }
}

/// `nights` hotel days from `check_in` on.
pub fn nights_from(check_in: NaiveDate, nights: u32) -> impl Iterator<Item = NaiveDate> {
    (0..nights).filter_map(move |offset| check_in.checked_add_days(Days::new(offset.into())))
}

/// What a manager sets for one room type on every night from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// The first night.
    pub from: NaiveDate,
    /// The last night, the same or a later one.
    pub through: NaiveDate,
    /// Rooms for sale; `None` leaves them as they are.
    pub rooms: Option<u32>,
    /// Whether nothing more is sold; `None` leaves it as it is.
    pub is_closed: Option<bool>,
}

impl Allotment {
    /// This many rooms on one night.
    #[must_use]
    pub fn of_night(night: NaiveDate, rooms: u32) -> Self {
        Self { from: night, through: night, rooms: Some(rooms), is_closed: None }
    }

    /// The nights, first night first.
    pub fn each_night(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let through = self.through;
        self.from.iter_days().take_while(move |night| *night <= through)
    }
}

/// How many nights there are from one date to another, both included. 0 if the other is earlier.
#[must_use]
pub fn nights_through(from: NaiveDate, through: NaiveDate) -> u32 {
    u32::try_from((through - from).num_days() + 1).unwrap_or(0)
}

/// The room type as it was when the booking was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomOfStay {
    /// Its code.
    pub code: RoomCode,
    /// Its name.
    pub name: String,
    /// Price a night.
    pub price: Rupiah,
}
