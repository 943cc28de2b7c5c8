//! The policy: the numbers that the configuration sets and that the decisions use.
//!
//! This module does not read the configuration.

use std::ops::Range;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::refusal::{Field, InputError};
use super::{Coordinates, Moment, Refusal, RoomCode, RoomOfStay, Rupiah, Stay};

/// The minutes by which the front office may extend a hold at once.
pub const EXTEND_MINUTES: std::ops::RangeInclusive<u32> = 1..=240;

/// Everything that a decision may depend on besides state, command and current time.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The hotel's name, place and time.
    pub hotel: HotelPolicy,
    /// Room types, in the order in which they are shown everywhere.
    pub rooms: Vec<RoomType>,
    /// The rules of the hold.
    pub hold: HoldPolicy,
    /// What may be booked.
    pub booking: BookingPolicy,
    /// What counts as being on the way.
    pub travel: TravelPolicy,
    /// Whether the front office has a chat, so that it is owed notifications.
    pub front_office_chat: bool,
    /// Whether a system of the hotel is owed a notification of every change.
    pub has_hotel_system: bool,
    /// When guests are sent the hotel's QRIS code; `None` if the hotel has none.
    pub qris: Option<QrisPolicy>,
}

/// When guests are sent the QRIS code automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisPolicy {
    /// On arrival.
    OnArrival,
    /// With the booking.
    OnBooking,
}

/// The hotel's name, place and time, and what guests need to find it.
#[derive(Debug, Clone)]
pub struct HotelPolicy {
    /// Its name.
    pub name: String,
    /// Its position.
    pub position: Coordinates,
    /// Its address as people read it, on one line.
    pub address: Option<String>,
    /// How guests reach the hotel, as people read it, on one line.
    pub contact: Option<String>,
    /// The page of a map with the hotel. Without it, [`Self::map_url`] makes one of the position.
    pub map_page: Option<String>,
    /// From when rooms are ready on the check-in day.
    pub check_in_from: NaiveTime,
    /// Its time zone.
    pub timezone: Tz,
    /// When a hotel day starts: a guest at half past midnight books *tonight*.
    pub day_starts_at: NaiveTime,
}

/// A room type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomType {
    /// Its code.
    pub code: RoomCode,
    /// The name that people see.
    pub name: String,
    /// The number of rooms: the allotment of every night for which a manager set no other.
    pub rooms: u32,
    /// Price a night.
    pub price: Rupiah,
}

/// The rules of the hold.
#[derive(Debug, Clone, Copy)]
pub struct HoldPolicy {
    /// How long a room is kept for a guest on the way.
    pub duration: TimeDelta,
    /// How long before the end guest and front office are reminded.
    pub remind_before: TimeDelta,
    /// The length of an extension that the clock grants.
    pub extend_by: TimeDelta,
    /// How often the clock extends a hold at most.
    pub max_extensions: u32,
    /// How long a guest at the desk has to pay before the front office is asked again.
    pub payment_window: TimeDelta,
}

/// What may be booked.
#[derive(Debug, Clone, Copy)]
pub struct BookingPolicy {
    /// How many days ahead; 0 is tonight only.
    pub advance_days: u32,
    /// When the hold of a booking for a later date ends.
    pub advance_hold: AdvanceHold,
    /// When held rooms of the day are released, for [`AdvanceHold::UntilRelease`].
    pub release_at: NaiveTime,
    /// The most nights of one booking.
    pub max_nights: u32,
    /// The most running holds of one guest.
    pub max_active_per_guest: u32,
    /// How long a freed room is offered to a guest of the waiting list.
    pub offer_window: TimeDelta,
}

/// When the hold of a booking for a later date ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvanceHold {
    /// At `release_at` of the check-in day.
    UntilRelease,
    /// After the plain duration, as for tonight.
    Duration,
}

/// What counts as being on the way, and how arrival is estimated.
#[derive(Debug, Clone, Copy)]
pub struct TravelPolicy {
    /// A guest within this many kilometres is near.
    pub radius_km: f64,
    /// A fix older than this does not count, unless a live location still runs.
    pub fix_max_age: TimeDelta,
    /// How long a running live location may send nothing and still count as *has not moved*.
    pub live_silence_max: TimeDelta,
    /// Kilometres on the road for each kilometre in a straight line.
    ///
    /// 1.4 by default: trips to the centres of 300 European cities average 1.34 ("Road network
    /// distances and detours in European cities", Environment and Planning B, 2023), short trips
    /// and cities without a grid more (Giacomin and Levinson, "Road network circuity in
    /// metropolitan areas", Environment and Planning B, 2015).
    pub road_factor: f64,
    /// Kilometres an hour on the road, for each hour of the hotel's clock.
    ///
    /// The default is for Jakarta: in 2023, 10 km took 23 min 20 s on average, and the speed in the
    /// rush hours was 21 km/h ("`TomTom` Traffic Index" 2023). Lower default values allow for the
    /// evening rush hour, which is slower than the morning one, and for the last streets.
    pub speeds: [f64; 24],
    /// Added to the estimated drive: parking, walking, the lift.
    pub arrival_buffer: TimeDelta,
}

impl Policy {
    /// The room type of a code.
    #[must_use]
    pub fn room(&self, code: &RoomCode) -> Option<&RoomType> {
        self.rooms.iter().find(|room| room.code == *code)
    }

    /// The stay that a guest asks for, with its exact price.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] for an unknown room type, a date in the past or too far ahead,
    /// or a number of nights out of range.
    pub fn stay(
        &self,
        code: &RoomCode,
        check_in: NaiveDate,
        nights: u32,
        now: Moment,
    ) -> Result<Stay, Refusal> {
        self.check_room(code)?;
        self.check_dates(check_in, nights, now)?;
        self.amended_stay(code, check_in, nights)
    }

    /// A stay from a date that was booked before, also if it is no longer offered to new guests, with
    /// its exact price of today.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] for an unknown room type or a number of nights out of range.
    pub fn amended_stay(
        &self,
        code: &RoomCode,
        check_in: NaiveDate,
        nights: u32,
    ) -> Result<Stay, Refusal> {
        let refuse = |field, error| Err(Refusal::InvalidInput { field, error });
        let room = self.check_room(code)?;
        self.check_nights(nights)?;
        let Some(price) = room.price.for_nights(nights) else {
            return refuse(Field::Nights, self.nights_range());
        };
        let room =
            RoomOfStay { code: room.code.clone(), name: room.name.clone(), price: room.price };
        Ok(Stay { room, check_in, nights, price })
    }

    /// Checks that a stay may start on this date and last this many nights.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] with [`Field::CheckIn`] or [`Field::Nights`].
    pub fn check_dates(
        &self,
        check_in: NaiveDate,
        nights: u32,
        now: Moment,
    ) -> Result<(), Refusal> {
        let refuse = |field, error| Err(Refusal::InvalidInput { field, error });
        let today = self.hotel.day_of(now);
        if check_in < today {
            return refuse(Field::CheckIn, InputError::InThePast);
        }
        let last = today
            .checked_add_days(Days::new(self.booking.advance_days.into()))
            .unwrap_or(NaiveDate::MAX);
        if check_in > last {
            return refuse(Field::CheckIn, InputError::TooFarAhead { last });
        }
        self.check_nights(nights)
    }

    fn check_room(&self, code: &RoomCode) -> Result<&RoomType, Refusal> {
        let unknown = Refusal::InvalidInput { field: Field::RoomType, error: InputError::Unknown };
        self.room(code).ok_or(unknown)
    }

    fn check_nights(&self, nights: u32) -> Result<(), Refusal> {
        if nights == 0 || nights > self.booking.max_nights {
            let error = self.nights_range();
            return Err(Refusal::InvalidInput { field: Field::Nights, error });
        }
        Ok(())
    }

    fn nights_range(&self) -> InputError {
        InputError::OutOfRange { least: 1, most: self.booking.max_nights.into() }
    }

    /// When the hold ends of a stay that is booked at `now`.
    #[must_use]
    pub fn hold_end(&self, check_in: NaiveDate, now: Moment) -> Moment {
        let plain = now + self.hold.duration;
        match self.booking.advance_hold {
            AdvanceHold::UntilRelease if check_in > self.hotel.day_of(now) => {
                plain.max(self.hotel.instant_of(check_in, self.booking.release_at))
            }
            AdvanceHold::UntilRelease | AdvanceHold::Duration => plain,
        }
    }
}

impl HotelPolicy {
    /// The address of a map that shows the hotel: the configured page, or a search of its position
    /// by Google Maps (Maps URLs, `api=1`).
    #[must_use]
    pub fn map_url(&self) -> String {
        self.map_page.clone().unwrap_or_else(|| {
            let (latitude, longitude) = (self.position.latitude(), self.position.longitude());
            format!("https://www.google.com/maps/search/?api=1&query={latitude},{longitude}")
        })
    }

    /// The hotel day of a moment. Days start at `day_starts_at`, not at midnight.
    #[must_use]
    pub fn day_of(&self, moment: Moment) -> NaiveDate {
        let local = moment.with_timezone(&self.timezone).naive_local();
        if local.time() < self.day_starts_at {
            local.date().pred_opt().unwrap_or(NaiveDate::MIN)
        } else {
            local.date()
        }
    }

    /// The last hotel day that is over at a moment.
    #[must_use]
    pub fn last_whole_day(&self, moment: Moment) -> NaiveDate {
        let day = self.day_of(moment);
        day.pred_opt().unwrap_or(day)
    }

    /// The moments of a hotel day.
    #[must_use]
    pub fn moments_of(&self, day: NaiveDate) -> Range<Moment> {
        let next = day.succ_opt().unwrap_or(day);
        self.instant_of(day, self.day_starts_at)..self.instant_of(next, self.day_starts_at)
    }

    /// The moment at which the hotel's clock shows `time` within a hotel day.
    #[must_use]
    pub fn instant_of(&self, day: NaiveDate, time: NaiveTime) -> Moment {
        let date = if time < self.day_starts_at { day.succ_opt().unwrap_or(day) } else { day };
        local_instant(self.timezone, date.and_time(time))
    }
}

/// The first moment at which clocks of a zone show `local`. If they skip that time, the first
/// moment at which they show one hour later.
fn local_instant(timezone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    local
        .and_local_timezone(timezone)
        .earliest()
        .or_else(|| (local + TimeDelta::hours(1)).and_local_timezone(timezone).earliest())
        .map_or_else(|| local.and_utc(), |moment| moment.with_timezone(&Utc))
}
