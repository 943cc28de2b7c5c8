//! The queries of the schema. They read and change nothing.

use async_graphql::{Context, Object};

use super::ApiContext;
use super::error::ApiError;
use crate::auth::Session;
use crate::domain::refusal::{NotAllowed, Unavailable};
use crate::domain::{self, Refusal, Status, Winner};
use crate::store::{PageKey, StoreError};

use super::booking::{Booking, Viewer};
use super::caller::RequestContext;
use super::input::{self, BookingFilter};
use super::payload::{BookingConnection, PageInfo, WaitingGuest, WaitingTicket};
use super::scalar::{Date, DateTime, Rupiah};
use super::summary::DaySummary;
use super::types::{Allotment, Hotel, Qris, RoomAvailability, Staff, StaffSessionInfo};

/// Checks that a booking is still to be paid.
///
/// # Errors
/// [`Refusal::AlreadyPaid`] or [`Refusal::AlreadyCancelled`], with who paid or cancelled it.
fn must_pay(booking: &domain::Booking) -> Result<(), Refusal> {
    match &booking.status {
        Status::Pending => Ok(()),
        Status::Paid { at, by } => Err(Refusal::AlreadyPaid(Winner::staff(*at, by))),
        Status::Cancelled { at, by, .. } => {
            Err(Refusal::AlreadyCancelled(Winner { at: *at, by: by.clone() }))
        }
    }
}

/// The QRIS code to pay the price of a booking.
///
/// # Errors
/// A refusal if there is nothing to pay or the hotel has no code.
fn code_of(context: &ApiContext, booking: &domain::Booking) -> Result<Qris, ApiError> {
    // A guest must not pay for a booking that is paid or cancelled.
    must_pay(booking)?;
    let unavailable = || Refusal::Unavailable(Unavailable::Qris);
    let qris = context.qris.as_ref().ok_or_else(unavailable)?;
    let unexpected = |error: &dyn std::fmt::Display| StoreError::Unexpected(error.to_string());
    let code = qris.of(booking).map_err(|error| unexpected(&error))?;
    let svg = code.svg().map_err(|error| unexpected(&error))?;
    let has_amount = code.has_amount();
    Ok(Qris { payload: code.payload, amount: Rupiah(code.amount), has_amount, svg })
}

/// The queries.
pub struct Query;

/// The queries. Guests need no session. Queries for the front office need one.
#[Object]
impl Query {
    /// The hotel, its booking rules and its current time.
    async fn hotel(&self, ctx: &Context<'_>) -> Hotel {
        Hotel::of(&ctx.context().service, &ctx.context().settings)
    }

    /// The number of available rooms of each type for a stay, in the order of `Hotel.roomTypes`.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The date of the first night, as a hotel day.")] check_in: Date,
        #[graphql(desc = "The number of nights.", default = 1)] nights: i64,
    ) -> Result<Vec<RoomAvailability>, ApiError> {
        let nights = input::nights(nights);
        let left = ctx.context().service.availability(check_in.0, nights).await?;
        Ok(left.iter().map(|left| RoomAvailability::new(left, check_in, nights)).collect())
    }

    /// The rooms for sale and taken of each type on each night from one to another, at most 366
    /// nights, night by night. Only for the front office.
    async fn allotments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first night, as a hotel day.")] from: Date,
        #[graphql(desc = "The last night.")] through: Date,
    ) -> Result<Vec<Allotment>, ApiError> {
        ctx.caller().staff(ctx.context()).await?;
        let nights = ctx.context().service.allotments(from.0, through.0).await?;
        Ok(nights.iter().map(Allotment::from).collect())
    }

    /// What happened on a hotel day, counted from the present state of the bookings. Only for the front
    /// office.
    async fn day_summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The hotel day.")] date: Date,
    ) -> Result<DaySummary, ApiError> {
        ctx.caller().staff(ctx.context()).await?;
        Ok(ctx.context().service.day_report(date.0).await?.into())
    }

    /// The booking of a guest who has its access token.
    async fn my_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The access token of the booking.")] access_token: String,
    ) -> Result<Booking, ApiError> {
        let receipt_no = input::receipt_no(&receipt_no)?;
        let tracked = ctx.context().service.booking_for_guest(receipt_no, &access_token).await?;
        Ok(Booking::new(tracked, Viewer::Guest))
    }

    /// The guest's place in the waiting list.
    async fn waiting_ticket(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ticket.")] ticket: String,
    ) -> Result<WaitingTicket, ApiError> {
        let place = ctx.context().service.waiting_place(&ticket).await?;
        Ok(WaitingTicket::of(ticket, place, ctx.caller()))
    }

    /// The guests who wait for a stay that starts on a date, in the order of the line, and those who can
    /// still take an offer. Only for the front office.
    async fn waiting_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The date of the first night, as a hotel day.")] check_in: Date,
    ) -> Result<Vec<WaitingGuest>, ApiError> {
        ctx.caller().staff(ctx.context()).await?;
        let service = &ctx.context().service;
        let line = service.waiting_list(check_in.0).await?;
        let guest =
            |(guest, offer): &(_, Option<_>)| WaitingGuest::of(guest, offer.as_ref(), service);
        Ok(line.iter().map(guest).collect())
    }

    /// The member of staff who is signed in. Null without a session.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<Staff>, ApiError> {
        let session = ctx.caller().session(ctx.context()).await?;
        Ok(session.map(|session| Staff::from(&session.staff)))
    }

    /// The running sessions of the front office, oldest first. Only for managers.
    async fn staff_sessions(&self, ctx: &Context<'_>) -> Result<Vec<StaffSessionInfo>, ApiError> {
        let context = ctx.context();
        ctx.caller().must_manage(context).await?;
        let own = ctx.caller().session(context).await?.map(|session| session.id);
        let info = |session: Session| StaffSessionInfo {
            id: input::session_id_text(session.id),
            staff: Staff::from(&session.staff),
            since: DateTime(session.since()),
            expires_at: DateTime(session.expires_at),
            is_own: own == Some(session.id),
        };
        Ok(context.staff.sessions().await?.into_iter().map(info).collect())
    }

    /// One booking. Only for the front office.
    async fn booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
    ) -> Result<Booking, ApiError> {
        ctx.caller().staff(ctx.context()).await?;
        let tracked = ctx.context().service.booking(input::receipt_no(&receipt_no)?).await?;
        Ok(Booking::new(tracked, Viewer::Staff))
    }

    /// Bookings, newest first. Only for the front office.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The default is all bookings.")] filter: Option<BookingFilter>,
        #[graphql(desc = "The number of bookings, 1 to 200.", default = 50)] first: i64,
        #[graphql(desc = "The `endCursor` of the previous page.")] after: Option<String>,
    ) -> Result<BookingConnection, ApiError> {
        let context = ctx.context();
        ctx.caller().staff(context).await?;
        let filter = filter
            .map(|filter| filter.read(&context.service.policy().hotel))
            .transpose()?
            .unwrap_or_default();
        let first = input::first(first)?;
        let after = after.as_deref().map(input::page_key).transpose()?;
        // Taken before the read, so that a client that subscribes after this cursor receives every
        // later change.
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

    /// The QRIS code to pay the price of a booking, to show on the front office's screen. Only for
    /// the front office.
    async fn qris(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
    ) -> Result<Qris, ApiError> {
        let context = ctx.context();
        ctx.caller().staff(context).await?;
        let tracked = context.service.booking(input::receipt_no(&receipt_no)?).await?;
        code_of(context, &tracked.booking)
    }

    /// The QRIS code for a guest who has the booking's access token: once the front office marked
    /// them as arrived, or once a code was sent to them.
    async fn my_qris(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The access token of the booking.")] access_token: String,
    ) -> Result<Qris, ApiError> {
        let context = ctx.context();
        let receipt_no = input::receipt_no(&receipt_no)?;
        let booking = context.service.booking_for_guest(receipt_no, &access_token).await?.booking;
        must_pay(&booking)?;
        if booking.arrived_at.is_none() && !booking.may_have_code() {
            return Err(Refusal::NotAllowed(NotAllowed::CodeComesOnArrival).into());
        }
        code_of(context, &booking)
    }
}
