//! The summary of a hotel day: what happened on it, counted from the present state of the bookings.
//!
//! A booking counts as booked on the day on which it was made, as paid on the day of its payment and
//! as ended on the day of its end, each by what it is now: a payment that was taken back is not
//! counted. This module reads no bookings; it counts those that it is given.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta, Timelike};

use super::{Actor, Booking, Channel, HotelPolicy, Moment, RoomCode, Rupiah, StaffName, Status};

/// The numbers of bookings of one day, or of a part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// Made on the day.
    pub booked: u32,
    /// Paid on the day.
    pub paid: u32,
    /// The sum of what was paid.
    pub paid_sum: Rupiah,
    /// Ended by the clock on the day.
    pub expired: u32,
    /// Cancelled by front office or guest on the day.
    pub cancelled: u32,
}

/// What happened on one hotel day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySummary {
    /// The day.
    pub day: NaiveDate,
    /// All bookings.
    pub all: DayCounts,
    /// Bookings made on the day whose hold the clock extended.
    pub extended: u32,
    /// Those of them whose guest came or paid.
    pub extended_and_came: u32,
    /// Guests who came on the day, are at the desk and have not paid.
    pub at_desk: u32,
    /// For how long rooms were kept for bookings that expired or were cancelled on the day, summed.
    pub blocked: TimeDelta,
    /// How long guests who paid on the day were at the desk before, on average; `None` without any.
    pub desk_wait: Option<TimeDelta>,
    /// The bookings made on the day, by the hour of the hotel's clock.
    pub by_hour: [u32; 24],
    /// By channel, in the order of [`Channel`].
    pub by_channel: Vec<(Channel, DayCounts)>,
    /// By room type and the name that it had, in the order of the codes.
    pub by_room: Vec<(RoomCode, String, DayCounts)>,
    /// What each member of the front office settled, by name.
    pub by_staff: Vec<(StaffName, DayCounts)>,
    /// How late each booking expired that expired on the day, in milliseconds, ascending.
    pub lateness_ms: Vec<i64>,
}

/// Counts the bookings of a day. Each booking must be added once.
#[derive(Debug)]
pub struct DayCounter<'a> {
    day: NaiveDate,
    hotel: &'a HotelPolicy,
    summary: DaySummary,
    by_channel: BTreeMap<Channel, DayCounts>,
    by_room: BTreeMap<RoomCode, (String, DayCounts)>,
    by_staff: BTreeMap<String, (StaffName, DayCounts)>,
    desk_waits: Vec<TimeDelta>,
}

impl<'a> DayCounter<'a> {
    /// A counter for a hotel day.
    #[must_use]
    pub fn new(day: NaiveDate, hotel: &'a HotelPolicy) -> Self {
        let summary = DaySummary {
            day,
            all: DayCounts::default(),
            extended: 0,
            extended_and_came: 0,
            at_desk: 0,
            blocked: TimeDelta::zero(),
            desk_wait: None,
            by_hour: [0; 24],
            by_channel: Vec::new(),
            by_room: Vec::new(),
            by_staff: Vec::new(),
            lateness_ms: Vec::new(),
        };
        Self {
            day,
            hotel,
            summary,
            by_channel: BTreeMap::new(),
            by_room: BTreeMap::new(),
            by_staff: BTreeMap::new(),
            desk_waits: Vec::new(),
        }
    }

    /// Counts a booking. One that has nothing to do with the day changes nothing, and neither does an
    /// offer that was not taken.
    pub fn add(&mut self, booking: &Booking) {
        if booking.is_offer {
            return;
        }
        if self.is_of_day(booking.booked_at) {
            self.count(booking, None, |counts| counts.booked += 1);
            let local = booking.booked_at.with_timezone(&self.hotel.timezone);
            if let Some(count) = self.summary.by_hour.get_mut(local.hour() as usize) {
                *count += 1;
            }
            if booking.hold.extensions > 0 {
                self.summary.extended += 1;
                let came = booking.arrived_at.is_some() || booking.is_paid();
                self.summary.extended_and_came += u32::from(came);
            }
        }
        match &booking.status {
            Status::Pending => {
                let came_today = booking.arrived_at.is_some_and(|at| self.is_of_day(at));
                self.summary.at_desk += u32::from(came_today);
            }
            Status::Paid { at, by } if self.is_of_day(*at) => self.add_paid(booking, *at, by),
            Status::Cancelled { at, by, .. } if self.is_of_day(*at) => {
                self.add_cancelled(booking, *at, by);
            }
            Status::Paid { .. } | Status::Cancelled { .. } => {}
        }
    }

    fn add_paid(&mut self, booking: &Booking, at: Moment, by: &StaffName) {
        let price = booking.stay.price.0;
        self.count(booking, Some(by), |counts| {
            counts.paid += 1;
            counts.paid_sum = Rupiah(counts.paid_sum.0.saturating_add(price));
        });
        self.desk_waits.extend(booking.arrived_at.map(|arrived_at| at - arrived_at));
    }

    fn add_cancelled(&mut self, booking: &Booking, at: Moment, by: &Actor) {
        self.summary.blocked += at - booking.booked_at;
        match by {
            Actor::Clock | Actor::System => {
                self.count(booking, None, |counts| counts.expired += 1);
                self.summary.lateness_ms.push((at - booking.hold.until).num_milliseconds());
            }
            Actor::Staff(name) => {
                self.count(booking, Some(name), |counts| counts.cancelled += 1);
            }
            Actor::Guest => self.count(booking, None, |counts| counts.cancelled += 1),
        }
    }

    /// The summary of all bookings that were added.
    #[must_use]
    pub fn finish(mut self) -> DaySummary {
        self.summary.lateness_ms.sort_unstable();
        let waits = i32::try_from(self.desk_waits.len()).unwrap_or(i32::MAX);
        let desk_wait = self.desk_waits.iter().sum::<TimeDelta>().checked_div(waits);
        let by_room = self.by_room.into_iter().map(|(code, (name, counts))| (code, name, counts));
        DaySummary {
            desk_wait,
            by_channel: self.by_channel.into_iter().collect(),
            by_room: by_room.collect(),
            by_staff: self.by_staff.into_values().collect(),
            ..self.summary
        }
    }

    fn is_of_day(&self, at: Moment) -> bool {
        self.hotel.day_of(at) == self.day
    }

    fn count(&mut self, booking: &Booking, by: Option<&StaffName>, add: impl Fn(&mut DayCounts)) {
        add(&mut self.summary.all);
        add(self.by_channel.entry(booking.guest.contact.channel()).or_default());
        let room = &booking.stay.room;
        let of_room = || (room.name.clone(), DayCounts::default());
        add(&mut self.by_room.entry(room.code.clone()).or_insert_with(of_room).1);
        if let Some(by) = by {
            let of_staff = || (by.clone(), DayCounts::default());
            add(&mut self.by_staff.entry(by.as_str().to_owned()).or_insert_with(of_staff).1);
        }
    }
}
