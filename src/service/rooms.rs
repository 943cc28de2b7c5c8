//! Rooms: how many are left, and how many are for sale (the allotment).
//!
//! This module takes no rooms; commits do.

use chrono::NaiveDate;

use super::{BookingService, ServiceError};
use crate::domain::{Field, InputError, NotAllowed, Refusal, RoomCode, RoomType, stay};
use crate::store::{AllotmentTooLow, RoomNight, StoreError};

/// How far ahead a manager may set an allotment.
const ALLOTMENT_DAYS: u64 = 730;
/// The most rooms of an allotment.
const MAX_ALLOTMENT: u32 = 1_000_000;

/// Rooms of one type left for a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The room type.
    pub room: RoomType,
    /// Rooms left on the night with the fewest left.
    pub available: u32,
}

impl BookingService {
    /// Rooms left of every type for a stay, in the order of the configuration.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] for dates that cannot be booked; [`ServiceError::Store`] if the
    /// store fails.
    pub async fn availability(
        &self,
        check_in: NaiveDate,
        nights: u32,
    ) -> Result<Vec<Availability>, ServiceError> {
        self.policy.check_dates(check_in, nights, self.clock.now())?;
        let known = self.store.nights(check_in, nights).await?;
        let availability = |room: &RoomType| Availability {
            room: room.clone(),
            available: stay::nights_from(check_in, nights)
                .map(|night| left_on(&known, room, night))
                .min()
                .unwrap_or(0),
        };
        Ok(self.policy.rooms.iter().map(availability).collect())
    }

    /// Rooms of a type left on each of `nights` nights from a date on.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn left_each_night(
        &self,
        room: &RoomType,
        from: NaiveDate,
        nights: u32,
    ) -> Result<Vec<(NaiveDate, u32)>, StoreError> {
        let known = self.store.nights(from, nights).await?;
        let left = |night: NaiveDate| (night, left_on(&known, room, night));
        Ok(stay::nights_from(from, nights).map(left).collect())
    }

    /// Sets how many rooms of a type are for sale on a night, and returns how many are left.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]; [`Refusal::NotAllowed`] if more rooms are sold already;
    /// [`ServiceError::Store`] if the store fails.
    pub async fn set_allotment(
        &self,
        code: &RoomCode,
        night: NaiveDate,
        rooms: u32,
    ) -> Result<Availability, ServiceError> {
        let refuse = |field, error| Err(Refusal::InvalidInput { field, error }.into());
        let Some(room) = self.policy.room(code) else {
            return refuse(Field::RoomType, InputError::Unknown);
        };
        let today = self.policy.hotel.day_of(self.clock.now());
        let last = today + chrono::Days::new(ALLOTMENT_DAYS);
        if night < today {
            return refuse(Field::Date, InputError::InThePast);
        }
        if night > last {
            return refuse(Field::Date, InputError::TooFarAhead { last });
        }
        if rooms > MAX_ALLOTMENT {
            let error = InputError::OutOfRange { least: 0, most: MAX_ALLOTMENT.into() };
            return refuse(Field::Rooms, error);
        }
        if let Err(AllotmentTooLow(sold)) = self.store.set_allotment(code, night, rooms).await? {
            return Err(Refusal::NotAllowed(NotAllowed::AllotmentTooLow { sold }).into());
        }
        let known = self.store.nights(night, 1).await?;
        let taken = known.iter().find(|known| known.room == *code).map_or(0, |known| known.taken);
        Ok(Availability { room: room.clone(), available: rooms.saturating_sub(taken) })
    }
}

/// Rooms of a type left on a night; `known` has the claims that were read.
fn left_on(known: &[RoomNight], room: &RoomType, night: NaiveDate) -> u32 {
    let known = known.iter().find(|known| known.room == room.code && known.night == night);
    let for_sale = known.and_then(|known| known.allotment).unwrap_or(room.rooms);
    for_sale.saturating_sub(known.map_or(0, |known| known.taken))
}
