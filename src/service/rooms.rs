//! Rooms: how many are left, and how many are for sale (the allotment).
//!
//! This module takes no rooms; commits do.

use chrono::{Days, NaiveDate};

use super::{BookingService, ServiceError};
use crate::domain::{Allotment, Field, InputError, NotAllowed, Refusal, RoomCode, RoomType, stay};
use crate::store::{AllotmentTooLow, Commit, CommitOutcome, Lease, RoomNight, StoreError};

/// How far ahead a manager may set an allotment.
const ALLOTMENT_DAYS: u64 = 730;
/// The most nights that are set or read at once: a year.
const MAX_RANGE: u64 = 366;
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

/// The rooms of one type on one night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightOfRoom {
    /// The room type.
    pub room: RoomType,
    /// The night.
    pub night: NaiveDate,
    /// Rooms for sale.
    pub for_sale: u32,
    /// Rooms taken by pending and paid bookings.
    pub taken: u32,
    /// Whether a manager closed the type.
    pub is_closed: bool,
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

    /// Sets how many rooms of a type are for sale on each of some nights, and whether the type is
    /// closed. Returns how many are left on the first night.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]; [`Refusal::NotAllowed`] if more rooms are sold already;
    /// [`ServiceError::Store`] if the store fails.
    pub async fn set_allotment(
        &self,
        code: &RoomCode,
        allotment: Allotment,
    ) -> Result<Availability, ServiceError> {
        let refuse = |field, error| Err(Refusal::InvalidInput { field, error }.into());
        let Some(room) = self.policy.room(code) else {
            return refuse(Field::RoomType, InputError::Unknown);
        };
        let Allotment { from, through, rooms, .. } = allotment;
        let today = self.policy.hotel.day_of(self.clock.now());
        let last = today + Days::new(ALLOTMENT_DAYS);
        if from < today {
            return refuse(Field::Date, InputError::InThePast);
        }
        if from > last {
            return refuse(Field::Date, InputError::TooFarAhead { last });
        }
        check_range(from, through, last)?;
        if rooms.is_some_and(|rooms| rooms > MAX_ALLOTMENT) {
            let error = InputError::OutOfRange { least: 0, most: MAX_ALLOTMENT.into() };
            return refuse(Field::Rooms, error);
        }
        let lease = Lease { node: self.node.clone(), until: self.clock.now() + Lease::LENGTH };
        let commit = Commit {
            allotment: Some((code.clone(), allotment)),
            ..Commit::of_steps(Vec::new(), None, lease)
        };
        match self.commit_and_offer(commit).await? {
            CommitOutcome::Done => {}
            CommitOutcome::AllotmentTooLow(AllotmentTooLow { night, sold }) => {
                return Err(Refusal::NotAllowed(NotAllowed::AllotmentTooLow { night, sold }).into());
            }
            CommitOutcome::Stale
            | CommitOutcome::NumberTaken
            | CommitOutcome::SoldOut(_)
            | CommitOutcome::TooManyHolds(_)
            | CommitOutcome::Repeated(_)
            | CommitOutcome::GuestsWait
            | CommitOutcome::RoomIsFree
            | CommitOutcome::HasTicket => return Err(Refusal::Conflict.into()),
        }
        let known = self.store.nights(from, 1).await?;
        Ok(Availability { room: room.clone(), available: left_on(&known, room, from) })
    }

    /// What is for sale and taken of every room type on each night from one to another, night by
    /// night in the order of the configuration.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]; [`ServiceError::Store`] if the store fails.
    pub async fn allotments(
        &self,
        from: NaiveDate,
        through: NaiveDate,
    ) -> Result<Vec<NightOfRoom>, ServiceError> {
        check_range(from, through, NaiveDate::MAX)?;
        let nights = stay::nights_through(from, through);
        let known = self.store.nights(from, nights).await?;
        let of_night = |night: NaiveDate| {
            let of_room = |room: &RoomType| {
                let found = claim_on(&known, room, night);
                NightOfRoom {
                    room: room.clone(),
                    night,
                    for_sale: found.and_then(|found| found.allotment).unwrap_or(room.rooms),
                    taken: found.map_or(0, |found| found.taken),
                    is_closed: found.is_some_and(|found| found.is_closed),
                }
            };
            self.policy.rooms.iter().map(of_room).collect::<Vec<_>>()
        };
        Ok(stay::nights_from(from, nights).flat_map(of_night).collect())
    }
}

/// Checks the last night of a range: not before the first, not after `last`, and at most
/// [`MAX_RANGE`] nights in all.
fn check_range(from: NaiveDate, through: NaiveDate, last: NaiveDate) -> Result<(), Refusal> {
    let refuse = |error| Err(Refusal::InvalidInput { field: Field::Through, error });
    let longest = from.checked_add_days(Days::new(MAX_RANGE - 1)).unwrap_or(NaiveDate::MAX);
    let last = last.min(longest);
    if through < from {
        return refuse(InputError::BeforeStart { from });
    }
    if through > last {
        return refuse(InputError::TooFarAhead { last });
    }
    Ok(())
}

fn claim_on<'a>(
    known: &'a [RoomNight],
    room: &RoomType,
    night: NaiveDate,
) -> Option<&'a RoomNight> {
    known.iter().find(|known| known.room == room.code && known.night == night)
}

/// Rooms of a type left on a night; `known` has the claims that were read.
fn left_on(known: &[RoomNight], room: &RoomType, night: NaiveDate) -> u32 {
    let known = claim_on(known, room, night);
    if known.is_some_and(|known| known.is_closed) {
        return 0;
    }
    let for_sale = known.and_then(|known| known.allotment).unwrap_or(room.rooms);
    for_sale.saturating_sub(known.map_or(0, |known| known.taken))
}
