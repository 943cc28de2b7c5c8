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
