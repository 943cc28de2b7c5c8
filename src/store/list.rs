//! The types of queries and their results: wakes, nights, pages of bookings.

use std::ops::Range;

use chrono::NaiveDate;

use super::Search;
use crate::domain::{
    Contact, Moment, ReceiptNo, Revision, RoomCode, Rupiah, Status, TrackedBooking,
};

/// The wake of a booking: when it needs the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// The booking.
    pub receipt_no: ReceiptNo,
    /// The revision that the wake is for. Once the booking has a newer one, the wake is void.
    pub revision: Revision,
    /// The wake time.
    pub at: Moment,
}

/// The rooms of one type on one night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomNight {
    /// The room type.
    pub room: RoomCode,
    /// The night.
    pub night: NaiveDate,
    /// Rooms taken by pending and paid bookings.
    pub taken: u32,
    /// Rooms for sale, if a manager set an allotment.
    pub allotment: Option<u32>,
    /// Whether a manager closed the type: nothing more is sold, also when a room is freed.
    pub is_closed: bool,
    /// The version of the waiting list for this room night: it grows when somebody who could take a
    /// room of it joins or leaves.
    pub line: u32,
}

/// An allotment was refused because more rooms are sold already. Nothing was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllotmentTooLow {
    /// The first such night.
    pub night: NaiveDate,
    /// The rooms that are sold on it.
    pub sold: u32,
}

/// A filter of bookings. Every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The status is one of these.
    pub status: Option<Vec<StatusKind>>,
    /// The check-in date is this.
    pub check_in: Option<NaiveDate>,
    /// The guest has this contact.
    pub contact: Option<Contact>,
    /// It was paid or cancelled at or after this moment.
    pub settled_since: Option<Moment>,
    /// The price is exactly this.
    pub price: Option<Rupiah>,
    /// What its status tells happened within these moments: a pending booking was made, a paid one was
    /// paid, a cancelled one was cancelled.
    pub happened_within: Option<Range<Moment>>,
    /// It was made, paid or cancelled within these moments, or its guest came within them and has not
    /// paid.
    pub touched_within: Option<Range<Moment>>,
    /// It matches this search. Together with other conditions, only the newest
    /// [`MAX_SEARCHED`](super::MAX_SEARCHED) bookings that match the search are looked at.
    pub search: Option<Search>,
}

/// A status without its data, to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusKind {
    /// Pending.
    Pending,
    /// Paid.
    Paid,
    /// Cancelled.
    Cancelled,
}

impl From<&Status> for StatusKind {
    fn from(status: &Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Paid { .. } => Self::Paid,
            Status::Cancelled { .. } => Self::Cancelled,
        }
    }
}

/// The last booking of a page. The next page starts after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    /// When it was booked.
    pub booked_at: Moment,
    /// Its receipt number.
    pub receipt_no: ReceiptNo,
}

/// One page of bookings.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The bookings with their tracks.
    pub bookings: Vec<TrackedBooking>,
    /// Whether there are more after these.
    pub has_next: bool,
    /// How many bookings the filter matches in total, counted up to [`MAX_COUNTED`].
    ///
    /// [`MAX_COUNTED`]: super::MAX_COUNTED
    pub total: u64,
}
