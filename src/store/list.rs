//! What the store is asked for: wakes, nights, pages of bookings.

use chrono::NaiveDate;

use crate::domain::{Contact, Moment, ReceiptNo, Revision, RoomCode, Status, TrackedBooking};

/// When a booking needs the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// Which booking.
    pub receipt_no: ReceiptNo,
    /// In which state: a wake of an older one is void.
    pub revision: Revision,
    /// When.
    pub at: Moment,
}

/// What is known of one room type on one night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomNight {
    /// Which type.
    pub room: RoomCode,
    /// Which night.
    pub night: NaiveDate,
    /// Rooms taken by pending and paid bookings.
    pub taken: u32,
    /// Rooms for sale, if a manager set it.
    pub allotment: Option<u32>,
}

/// More rooms are sold than the allotment would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BelowSold(pub u32);

/// Which bookings. Every condition that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of these states.
    pub status: Option<Vec<StatusKind>>,
    /// With this check-in date.
    pub check_in: Option<NaiveDate>,
    /// Of the guest with this contact.
    pub contact: Option<Contact>,
    /// Paid or cancelled at or after this moment.
    pub settled_since: Option<Moment>,
    /// Receipt number, or part of the name, whatever the case.
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

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// This receipt number.
    Receipt(ReceiptNo),
    /// Part of a receipt number (`RESI-20260104`, `-001`) or of the guest's name, any case.
    Text(String),
}

/// Where a page ended: the next starts after this booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    /// When it was booked.
    pub booked_at: Moment,
    /// Its receipt number.
    pub receipt_no: ReceiptNo,
}

/// One page of bookings.
#[derive(Debug, Clone)]
pub struct Page {
    /// The bookings with their tracks.
    pub bookings: Vec<TrackedBooking>,
    /// Whether there are more after these.
    pub has_next: bool,
    /// How many the filter matches in all.
    pub total: u64,
}
