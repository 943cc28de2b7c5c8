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
    /// Whether there is another page, and how to request it.
    pub page_info: PageInfo,
    /// The number of bookings that match the filter, on all pages. Counting stops at 10,000.
    pub total_count: u64,
    /// The position of the feed before the page was read. A client that passes it as `after` to
    /// `bookingChanged` receives every later change.
    pub feed_cursor: String,
}

/// The end of a page.
#[derive(SimpleObject, Debug)]
pub struct PageInfo {
    /// Whether there are bookings after this page.
    pub has_next_page: bool,
    /// The value of `after` for the next page. Null if this page is empty.
    pub end_cursor: Option<String>,
}

/// One change of a booking, or another event about it.
#[derive(SimpleObject)]
pub struct BookingChange {
    /// The position of the feed right after this event.
    pub cursor: String,
    /// When it happened.
    pub at: DateTime,
    /// What happened.
    pub action: Action,
    /// The state of the booking after the change.
    pub booking: Booking,
}

/// The result of `createBooking`.
#[derive(SimpleObject)]
pub struct CreateBookingPayload {
    /// The booking.
    pub booking: Booking,
    /// The secret access token of the booking. Whoever has it can see and cancel the booking.
    pub access_token: String,
    /// The address of the guest's page. The access token follows the `#`, a part that browsers do
    /// not send to the server.
    pub status_url: String,
}
