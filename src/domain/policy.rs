//! The hotel's rules in numbers: what the configuration sets and the decisions read.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::refusal::{Field, InputError};
use super::{Coordinates, Moment, Refusal, RoomCode, RoomOfStay, Rupiah, Stay};

/// Minutes that the front office may grant at once.
pub const EXTEND_MINUTES: std::ops::RangeInclusive<u32> = 1..=240;

/// Everything that a decision may depend on, besides state, command and moment.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Where and in which time the hotel lives.
    pub hotel: HotelPolicy,
    /// Room types, in the order in which they are shown everywhere.
    pub rooms: Vec<RoomType>,
    /// The hold.
    pub hold: HoldPolicy,
    /// What may be booked.
    pub booking: BookingPolicy,
    /// What counts as being on the way.
    pub travel: TravelPolicy,
    /// Whether the front office has a chat, so that notices are owed to it.
    pub front_office_chat: bool,
    /// When guests are sent the hotel's QRIS code; `None` where it has none.
    pub qris: Option<QrisPolicy>,
}

/// When guests are sent the QRIS code without anybody asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisPolicy {
    /// When the front office saw them at the desk.
    OnArrival,
    /// With the booking.
    OnBooking,
}

/// Where and in which time the hotel lives.
#[derive(Debug, Clone)]
pub struct HotelPolicy {
    /// What it is called.
    pub name: String,
    /// Where the door is.
    pub position: Coordinates,
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
    /// What people call it.
    pub name: String,
    /// How many there are: the allotment of a night unless a manager set another.
    pub rooms: u32,
    /// Price a night.
    pub price: Rupiah,
}

/// The hold.
#[derive(Debug, Clone, Copy)]
pub struct HoldPolicy {
    /// How long a room is kept for a guest on the way.
    pub duration: TimeDelta,
    /// How long before its end guest and front office are warned.
    pub remind_before: TimeDelta,
    /// What the clock grants.
    pub extend_by: TimeDelta,
    /// How often the clock grants it.
    pub max_extensions: u32,
    /// How long a guest at the desk has to pay before the front office is asked again.
    pub payment_window: TimeDelta,
}

/// What may be booked.
#[derive(Debug, Clone, Copy)]
pub struct BookingPolicy {
    /// How many days ahead; 0 is tonight only.
    pub advance_days: u32,
    /// When the hold of a later date ends.
    pub advance_hold: AdvanceHold,
    /// When held rooms of the day are released, for [`AdvanceHold::UntilRelease`].
    pub release_at: NaiveTime,
    /// Nights of one booking at most.
    pub max_nights: u32,
    /// Running holds of one guest at most.
    pub max_active_per_guest: u32,
}

/// When the hold of a later date ends.
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
    /// Within so many kilometres a guest is near.
    pub radius_km: f64,
    /// A fix older than this says nothing.
    pub fix_max_age: TimeDelta,
    /// How long a running live location may be silent and still mean *has not moved*.
    pub live_silence_max: TimeDelta,
    /// Road kilometres to one as the crow flies.
    ///
    /// 1.4 by default: trips to the centres of 300 European cities average 1.34 ("Road network
    /// distances and detours in European cities", Environment and Planning B, 2023), short trips
    /// and cities without a grid more (Giacomin and Levinson, "Road network circuity in
    /// metropolitan areas", Environment and Planning B, 2015).
    pub road_factor: f64,
    /// Kilometres an hour on the road, for each hour of the hotel's clock.
    ///
    /// By default Jakarta's: 10 km took 23 min 20 s on average and 21 km/h were driven in the
    /// rush hours of 2023 ("`TomTom` Traffic Index" 2023); what is less than that allows for the
    /// evening, which is slower than the morning there, and for the last streets.
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
        let refuse = |field, error| Err(Refusal::InvalidInput { field, error });
        let Some(room) = self.room(code) else {
            return refuse(Field::RoomType, InputError::Unknown);
        };
        self.check_dates(check_in, nights, now)?;
        let Some(price) = room.price.for_nights(nights) else {
            return refuse(Field::Nights, self.nights_range());
        };
        let room =
            RoomOfStay { code: room.code.clone(), name: room.name.clone(), price: room.price };
        Ok(Stay { room, check_in, nights, price })
    }

    /// Whether a stay may start on a date and last so many nights.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] that names `checkIn` or `nights`.
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
        if nights == 0 || nights > self.booking.max_nights {
            return refuse(Field::Nights, self.nights_range());
        }
        Ok(())
    }

    fn nights_range(&self) -> InputError {
        InputError::OutOfRange { least: 1, most: self.booking.max_nights.into() }
    }

    /// When the hold of a stay ends that is booked now.
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
    /// The hotel day of a moment: days start at `day_starts_at`, not at midnight.
    #[must_use]
    pub fn day_of(&self, moment: Moment) -> NaiveDate {
        let local = moment.with_timezone(&self.timezone).naive_local();
        if local.time() < self.day_starts_at {
            local.date().pred_opt().unwrap_or(NaiveDate::MIN)
        } else {
            local.date()
        }
    }

    /// The moment at which the hotel's clock shows `time` within a hotel day.
    #[must_use]
    pub fn instant_of(&self, day: NaiveDate, time: NaiveTime) -> Moment {
        let date = if time < self.day_starts_at { day.succ_opt().unwrap_or(day) } else { day };
        local_instant(self.timezone, date.and_time(time))
    }
}

/// The first moment at which clocks of a zone show `local`; where they skip it, the moment an
/// hour of the skipped time later.
fn local_instant(timezone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    local
        .and_local_timezone(timezone)
        .earliest()
        .or_else(|| (local + TimeDelta::hours(1)).and_local_timezone(timezone).earliest())
        .map_or_else(|| local.and_utc(), |moment| moment.with_timezone(&Utc))
}
