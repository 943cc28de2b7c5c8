//! What can be asked.

use async_graphql::{Context, Object};

use super::error::ApiError;
use crate::domain::refusal::Unavailable;
use crate::domain::{self, Refusal, Status, Winner};
use crate::store::{PageKey, StoreError};

use super::booking::{Booking, Viewer};
use super::caller::RequestContext;
use super::input::{self, BookingFilter};
use super::payload::{BookingConnection, PageInfo};
use super::scalar::{Date, Rupiah};
use super::types::{Hotel, Qris, RoomAvailability, Staff};

/// Refuses a booking that nobody is to pay for any more, by who ended it.
fn must_pay(booking: &domain::Booking) -> Result<(), Refusal> {
    match &booking.status {
        Status::Pending => Ok(()),
        Status::Paid { at, by } => Err(Refusal::AlreadyPaid(Winner::staff(*at, by))),
        Status::Cancelled { at, by } => {
            Err(Refusal::AlreadyCancelled(Winner { at: *at, by: by.clone() }))
        }
    }
}

/// Everything that can be asked.
pub struct Query;

/// Everything that can be asked. Guests need no session; what is marked as the front office's
/// needs one.
#[Object]
impl Query {
    /// The hotel, its rules in numbers, and its clock.
    async fn hotel(&self, ctx: &Context<'_>) -> Hotel {
        Hotel::of(&ctx.context().service, &ctx.context().settings)
    }

    /// Rooms left of every type for a stay, in the hotel's order.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First night, a hotel day.")] check_in: Date,
        #[graphql(desc = "How many nights.", default = 1)] nights: i64,
    ) -> Result<Vec<RoomAvailability>, ApiError> {
        let nights = input::nights(nights);
        let left = ctx.context().service.availability(check_in.0, nights).await?;
        Ok(left.iter().map(|left| RoomAvailability::new(left, check_in, nights)).collect())
    }

    /// A guest's own booking.
    async fn my_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The key that came with the booking.")] access_token: String,
    ) -> Result<Booking, ApiError> {
        let receipt_no = input::receipt_no(&receipt_no)?;
        let tracked = ctx.context().service.booking_for_guest(receipt_no, &access_token).await?;
        Ok(Booking::new(tracked, Viewer::Guest))
    }

    /// Whose session this is; null without one.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<Staff>, ApiError> {
        let session = ctx.caller().session(ctx.context()).await?;
        Ok(session.map(|session| Staff::from(&session.staff)))
    }

    /// One booking, for the front office.
    async fn booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
    ) -> Result<Booking, ApiError> {
        ctx.caller().staff(ctx.context()).await?;
        let tracked = ctx.context().service.booking(input::receipt_no(&receipt_no)?).await?;
        Ok(Booking::new(tracked, Viewer::Staff))
    }

    /// Bookings, newest first, for the front office.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all by default.")] filter: Option<BookingFilter>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i64,
        #[graphql(desc = "`endCursor` of the page before.")] after: Option<String>,
    ) -> Result<BookingConnection, ApiError> {
        let context = ctx.context();
        ctx.caller().staff(context).await?;
        let filter = filter.map(BookingFilter::read).transpose()?.unwrap_or_default();
        let first = input::first(first)?;
        let after = after.as_deref().map(input::page_key).transpose()?;
        // Before the read: whoever listens after this cursor hears of all that the read missed.
        let feed_cursor = context.feed.cursor();
        let page = context.bookings.page(&filter, first, after).await?;
        let end_cursor = page.bookings.last().map(|last| {
            let (booked_at, receipt_no) = (last.booking.booked_at, last.booking.receipt_no);
            input::page_cursor(PageKey { booked_at, receipt_no })
        });
        let node = |tracked| Booking::new(tracked, Viewer::Staff);
        Ok(BookingConnection {
            nodes: page.bookings.into_iter().map(node).collect(),
            page_info: PageInfo { has_next_page: page.has_next, end_cursor },
            total_count: page.total,
            feed_cursor: feed_cursor.0,
        })
    }

    /// The QRIS code for exactly a booking's price, to show on the desk's screen. For the front
    /// office.
    async fn qris(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
    ) -> Result<Qris, ApiError> {
        let context = ctx.context();
        ctx.caller().staff(context).await?;
        let tracked = context.service.booking(input::receipt_no(&receipt_no)?).await?;
        // Nobody is shown what must not be paid any more.
        must_pay(&tracked.booking)?;
        let unavailable = || Refusal::Unavailable(Unavailable::Qris);
        let qris = context.qris.as_ref().ok_or_else(unavailable)?;
        let made =
            qris.of(&tracked.booking).map_err(|error| StoreError::Unexpected(error.to_string()));
        let code = made?;
        let svg = code.svg().map_err(|error| StoreError::Unexpected(error.to_string()))?;
        let has_amount = code.has_amount();
        Ok(Qris { payload: code.payload, amount: Rupiah(code.amount), has_amount, svg })
    }
}
