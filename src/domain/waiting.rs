//! The waiting list: guests for whom no room was left, in the order in which they came.
//!
//! [`offers`] decides who gets a room that is free. It makes no bookings and stores nothing.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Guest, Moment, Policy, ReceiptNo, RoomCode, RoomType, Rupiah, TokenHash, stay};

/// A guest who waits, or waited, for a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingGuest {
    /// SHA-256 of the ticket, the secret by which the guest asks about their place.
    pub ticket: TokenHash,
    /// The guest.
    pub guest: Guest,
    /// What they wait for.
    pub wish: Wish,
    /// Since when. Who came first is first in line.
    pub since: Moment,
    /// Whether they still wait.
    pub state: WaitingState,
    /// The limit of running holds that an offer counts towards.
    pub limit_key: String,
    /// The network that asked, as a keyed hash, if it asked through the web.
    pub address_key: Option<String>,
}

/// Whether a guest still waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingState {
    /// No room was offered yet.
    Waiting,
    /// A room was offered by this booking. Whether it was taken is told by the booking.
    Offered(ReceiptNo),
}

/// What a guest waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wish {
    /// The room.
    pub room: WishedRoom,
    /// The first night, as a hotel day.
    pub check_in: NaiveDate,
    /// The number of nights.
    pub nights: u32,
}

/// The room that a guest waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WishedRoom {
    /// Of this type.
    OfType(RoomCode),
    /// Of any type that costs at most this a night; of any type without a price.
    Any {
        /// The most that a night may cost.
        at_most: Option<Rupiah>,
    },
}

impl Wish {
    /// The room types that fulfil the wish, the cheapest first, then in the order of the
    /// configuration.
    #[must_use]
    pub fn rooms<'a>(&self, policy: &'a Policy) -> Vec<&'a RoomType> {
        let fulfils = |room: &&RoomType| match &self.room {
            WishedRoom::OfType(code) => room.code == *code,
            WishedRoom::Any { at_most } => at_most.is_none_or(|most| room.price <= most),
        };
        let mut rooms: Vec<_> = policy.rooms.iter().filter(fulfils).collect();
        rooms.sort_by_key(|room| room.price);
        rooms
    }

    /// Each night of the stay.
    pub fn each_night(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        stay::nights_from(self.check_in, self.nights)
    }
}

/// How many rooms of each type are left on each night. What is not known is not left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomsLeft(HashMap<(RoomCode, NaiveDate), u32>);

impl RoomsLeft {
    /// Sets how many rooms of a type are left on a night.
    pub fn set(&mut self, room: RoomCode, night: NaiveDate, left: u32) {
        self.0.insert((room, night), left);
    }

    /// Rooms of a type left on the night with the fewest left.
    #[must_use]
    pub fn through(&self, room: &RoomCode, nights: impl Iterator<Item = NaiveDate>) -> u32 {
        let left = |night| self.0.get(&(room.clone(), night)).copied().unwrap_or(0);
        nights.map(left).min().unwrap_or(0)
    }

    fn take(&mut self, room: &RoomCode, nights: impl Iterator<Item = NaiveDate>) {
        for night in nights {
            if let Some(left) = self.0.get_mut(&(room.clone(), night)) {
                *left = left.saturating_sub(1);
            }
        }
    }
}

/// Whether a guest may be offered a room at `now`: they wait, and the hotel still offers the stay, which
/// another configuration may have ended.
#[must_use]
pub fn may_be_offered(guest: &WaitingGuest, now: Moment, policy: &Policy) -> bool {
    let Wish { check_in, nights, .. } = guest.wish;
    guest.state == WaitingState::Waiting && policy.check_dates(check_in, nights, now).is_ok()
}

/// Whether the day of check-in is over, so that the guest waits no longer.
#[must_use]
pub fn is_over(guest: &WaitingGuest, now: Moment, policy: &Policy) -> bool {
    guest.wish.check_in < policy.hotel.day_of(now)
}

/// Who is offered which room type. The line is in its order; each room goes to the first whose whole
/// stay fits, and each guest gets the cheapest room that fulfils their wish.
#[must_use]
pub fn offers<'a>(
    line: impl IntoIterator<Item = &'a WaitingGuest>,
    mut left: RoomsLeft,
    now: Moment,
    policy: &Policy,
) -> Vec<(&'a WaitingGuest, RoomCode)> {
    let mut given = Vec::new();
    for guest in line {
        if !may_be_offered(guest, now, policy) {
            continue;
        }
        let wish = &guest.wish;
        let fits = |room: &&&RoomType| left.through(&room.code, wish.each_night()) > 0;
        if let Some(room) = wish.rooms(policy).iter().find(fits) {
            left.take(&room.code, wish.each_night());
            given.push((guest, room.code.clone()));
        }
    }
    given
}
