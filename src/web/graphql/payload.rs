//! The output types that contain a booking: pages, changes, and what a mutation returns.

use async_graphql::SimpleObject;

use super::booking::Booking;
use super::enums::Action;
use super::scalar::DateTime;

/// One page of bookings.
#[derive(SimpleObject)]
pub struct BookingConnection {
    /// The bookings, newest first.
    pub nodes: Vec<Booking>,
    /// Whether there are more, and where.
    pub page_info: PageInfo,
    /// How many bookings the filter matches in all.
    pub total_count: u64,
    /// Where the feed was before this was read: subscribe after it, and nothing is missed.
    pub feed_cursor: String,
}

/// Where a page ends.
#[derive(SimpleObject, Debug)]
pub struct PageInfo {
    /// Whether there are more after these.
    pub has_next_page: bool,
    /// What to give as `after` for the next page; null on an empty page.
    pub end_cursor: Option<String>,
}

/// One committed change of one booking.
#[derive(SimpleObject)]
pub struct BookingChange {
    /// The place in the feed right after this change.
    pub cursor: String,
    /// When it was decided.
    pub at: DateTime,
    /// What happened.
    pub action: Action,
    /// The state that this change produced.
    pub booking: Booking,
}

/// A booking just made.
#[derive(SimpleObject)]
pub struct CreateBookingPayload {
    /// The booking.
    pub booking: Booking,
    /// The guest's key to it. Whoever has it may see and cancel the booking.
    pub access_token: String,
    /// The guest's page, with the key behind the `#`, which browsers do not send.
    pub status_url: String,
}
