//! The mutations of the schema. What a mutation does is decided by the service.

use async_graphql::{Context, ID, Lookahead, Object};

use super::error::ApiError;
use crate::auth::{self, MiniAppGuest};
use crate::domain::refusal::Unavailable;
use crate::domain::{
    self, Allotment, Command, Contact, Field, Forbidden, HoldsOf, InputError, Refusal,
};
use crate::service::{BookRequest, NewBookingAccess, ServiceError, WaitingPlace, WebOrigin};

use super::ApiContext;
use super::booking::{Booking, Viewer};
use super::caller::{Caller, RequestContext};
use super::enums::StaffRole;
use super::input::{
    self, AmendInput, CreateBookingInput, DeskBookingInput, MiniAppBookingInput, PositionInput,
    TelegramBookingInput, WaitingInput,
};
use super::payload::{CreateBookingPayload, WaitingTicket};
use super::scalar::{Date, DateTime};
use super::types::{RoomAvailability, Staff, StaffCode, StaffSession, TelegramHandoff};

/// The mutations.
pub struct Mutation;

/// Applies a command of the front office to a booking.
async fn apply(ctx: &Context<'_>, receipt_no: &str, command: Command) -> Result<Booking, ApiError> {
    let tracked = ctx.context().service.apply(input::receipt_no(receipt_no)?, command).await?;
    Ok(Booking::new(tracked, Viewer::Staff))
}

/// Applies a command of the guest who has the access token of the booking.
async fn apply_by_guest(
    ctx: &Context<'_>,
    receipt_no: &str,
    access_token: &str,
    command: Command,
) -> Result<Booking, ApiError> {
    check_asked(&ctx.look_ahead())?;
    let service = &ctx.context().service;
    let receipt_no = input::receipt_no(receipt_no)?;
    service.booking_for_guest(receipt_no, access_token).await?;
    Ok(Booking::new(service.apply(receipt_no, command).await?, Viewer::Guest))
}

/// Refuses a guest's mutation that selects a field for the front office. This is checked before the
/// mutation is executed, so that a refused mutation changes nothing.
fn check_asked(booking: &Lookahead<'_>) -> Result<(), ApiError> {
    if booking.field("history").exists() {
        return Err(Refusal::Forbidden(Forbidden::StaffOnly).into());
    }
    Ok(())
}

/// Books for a guest of the web, unless too much was booked in this hour. A request that was carried
/// out before is answered in any case.
async fn book(
    context: &ApiContext,
    caller: &Caller,
    request: BookRequest,
) -> Result<NewBookingAccess, ApiError> {
    let limits = &context.booking_limits;
    let counted = match &request.guest.contact {
        Contact::Web(email) => limits.count_booking(email, caller.network),
        Contact::Telegram(_) | Contact::Desk | Contact::Other => None,
    };
    let Some(counted) = counted else {
        let repeated = context.service.repeated(&request).await?;
        if repeated.is_none() {
            limits.alarm.ring();
        }
        return repeated.ok_or(ApiError::RateLimited);
    };
    match context.service.book(request).await {
        Ok(booked) => {
            counted.keep();
            Ok(booked)
        }
        Err(error) => {
            if let ServiceError::Refused(Refusal::TooManyHolds { of: HoldsOf::Address, .. }) = error
            {
                limits.alarm.ring();
            }
            Err(error.into())
        }
    }
}

/// The guest whom Telegram's signature names.
fn signed_guest(context: &ApiContext, init_data: &str) -> Result<MiniAppGuest, ApiError> {
    let unavailable = || Refusal::Unavailable(Unavailable::Telegram);
    let app = context.mini_app.as_ref().ok_or_else(unavailable)?;
    app.guest(init_data, context.service.now()).ok_or(ApiError::Unauthenticated)
}

/// Where a request of the web came from.
fn origin_of(context: &ApiContext, caller: &Caller) -> WebOrigin {
    WebOrigin {
        address: caller.network.to_string(),
        max_holds: context.settings.holds_per_address,
        web_share: context.settings.web_share,
    }
}

impl CreateBookingPayload {
    /// What a guest is given for a booking.
    pub fn of(booked: NewBookingAccess, caller: &Caller) -> Self {
        let (receipt_no, access_token) = (booked.tracked.booking.receipt_no, booked.access_token);
        Self {
            booking: Booking::new(booked.tracked, Viewer::Guest),
            status_url: format!("{}/b/{receipt_no}#{access_token}", caller.base_url),
            access_token,
        }
    }
}

impl WaitingTicket {
    /// The place of a ticket.
    pub fn of(ticket: String, place: WaitingPlace, caller: &Caller) -> Self {
        Self {
            ticket,
            position: u32::try_from(place.position).unwrap_or(u32::MAX),
            next_release: place.next_release.map(DateTime),
            offer: place.offer.map(|offer| CreateBookingPayload::of(offer, caller)),
        }
    }
}

/// The mutations. Guests need the access token of their booking. Mutations for the front office
/// need a session.
#[Object]
impl Mutation {
    /// Books a room for a guest of the web form.
    async fn create_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The data for the booking.")] input: CreateBookingInput,
    ) -> Result<CreateBookingPayload, ApiError> {
        check_asked(&ctx.look_ahead().field("booking"))?;
        let (context, caller) = (ctx.context(), ctx.caller());
        let origin = origin_of(context, caller);
        let request = input.read(caller.language, origin, context.service.now())?;
        Ok(CreateBookingPayload::of(book(context, caller, request).await?, caller))
    }

    /// Books a room for a guest who opened the form inside Telegram. The channel is `TELEGRAM`: the
    /// guest is limited as in the bot, and everything about the booking comes into the chat.
    async fn create_telegram_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `initData` that Telegram gave the Mini App.")] init_data: String,
        #[graphql(desc = "The data for the booking.")] input: MiniAppBookingInput,
    ) -> Result<CreateBookingPayload, ApiError> {
        check_asked(&ctx.look_ahead().field("booking"))?;
        let (context, caller) = (ctx.context(), ctx.caller());
        let guest = signed_guest(context, &init_data)?;
        let request = input.read(guest, caller.language)?;
        Ok(CreateBookingPayload::of(context.service.book(request).await?, caller))
    }

    /// Puts a guest at the end of the waiting list. The first in line whose whole stay fits is offered
    /// the next room that is freed, by e-mail and in `waitingChanged`. Refused while a room is free.
    async fn join_waiting_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the guest waits for.")] input: WaitingInput,
    ) -> Result<WaitingTicket, ApiError> {
        check_asked(&ctx.look_ahead().field("offer").field("booking"))?;
        let (context, caller) = (ctx.context(), ctx.caller());
        let guest = match input.init_data() {
            Some(data) => Some(signed_guest(context, data)?),
            None => None,
        };
        let language = guest.as_ref().and_then(|guest| guest.language_code.as_deref());
        let language = language.and_then(domain::Language::from_code).unwrap_or(caller.language);
        let contact = guest.map(|guest| Contact::Telegram(guest.id));
        // A guest of Telegram is limited as in the bot, by nothing of the network.
        let origin = contact.is_none().then(|| origin_of(context, caller));
        let request = input.read(language, contact, origin)?;
        // An offer sends a mail and holds a room, as a booking does.
        let counted = match &request.guest.contact {
            Contact::Web(email) => {
                let counted = context.booking_limits.count_booking(email, caller.network);
                if counted.is_none() {
                    context.booking_limits.alarm.ring();
                    return Err(ApiError::RateLimited);
                }
                counted
            }
            Contact::Telegram(_) | Contact::Desk | Contact::Other => None,
        };
        let (ticket, place) = context.service.join_waiting_list(request).await?;
        if let Some(counted) = counted {
            counted.keep();
        }
        Ok(WaitingTicket::of(ticket, place, caller))
    }

    /// Takes a guest off the waiting list. False if the guest does not wait.
    async fn leave_waiting_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ticket.")] ticket: String,
    ) -> Result<bool, ApiError> {
        Ok(ctx.context().service.leave_waiting_list(&ticket).await?)
    }

    /// Takes the room that was offered: the booking is held like any other from now on.
    async fn take_offer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The access token of the booking.")] access_token: String,
    ) -> Result<Booking, ApiError> {
        apply_by_guest(ctx, &receipt_no, &access_token, Command::TakeOffer).await
    }

    /// Books for a walk-in, who is at the desk: arrived now, and paid at once or waiting to pay. Only
    /// for the front office.
    async fn book_at_desk(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The data for the booking.")] input: DeskBookingInput,
    ) -> Result<Booking, ApiError> {
        let (context, caller) = (ctx.context(), ctx.caller());
        let by = caller.staff_name(context).await?;
        let service = &context.service;
        let today = service.policy().hotel.day_of(service.now());
        let (request, is_paid) = input.read(context.settings.language, today)?;
        let tracked = service.book_at_desk(request, is_paid, by).await?;
        Ok(Booking::new(tracked, Viewer::Staff))
    }

    /// Keeps a choice for the Telegram bot, and returns a link that opens the bot with it.
    async fn prepare_telegram_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The guest's choice.")] input: TelegramBookingInput,
    ) -> Result<TelegramHandoff, ApiError> {
        let context = ctx.context();
        let choice = input.read()?;
        let Some(bot) = context.settings.telegram_bot.get() else {
            return Err(Refusal::Unavailable(Unavailable::Telegram).into());
        };
        if !context.booking_limits.count_handoff(ctx.caller().network) {
            return Err(ApiError::RateLimited);
        }
        let key = context.service.keep_handoff(&choice).await?;
        Ok(TelegramHandoff { link: format!("https://t.me/{bot}?start={key}") })
    }

    /// Reports the guest's position. Only the last few positions are kept, and only until the hold
    /// ends.
    async fn report_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The access token of the booking.")] access_token: String,
        #[graphql(desc = "The guest's position.")] position: PositionInput,
    ) -> Result<Booking, ApiError> {
        check_asked(&ctx.look_ahead())?;
        let service = &ctx.context().service;
        let receipt_no = input::receipt_no(&receipt_no)?;
        let fix = position.read(service.now())?;
        let tracked = service.report_by_guest(receipt_no, &access_token, fix).await?;
        Ok(Booking::new(tracked, Viewer::Guest))
    }

    /// Cancels the guest's own booking.
    async fn cancel_my_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The access token of the booking.")] access_token: String,
    ) -> Result<Booking, ApiError> {
        apply_by_guest(ctx, &receipt_no, &access_token, Command::CancelByGuest).await
    }

    /// Opens a session for the front office with a one-time code.
    async fn sign_in_with_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The one-time code from the sign-in link.")] code: String,
    ) -> Result<StaffSession, ApiError> {
        let Some(signed_in) = ctx.context().staff.sign_in(&code).await? else {
            let (field, error) = (Field::Code, InputError::Spent);
            return Err(Refusal::InvalidInput { field, error }.into());
        };
        Ok(StaffSession {
            token: signed_in.token,
            staff: Staff::from(&signed_in.staff),
            expires_at: DateTime(signed_in.expires_at),
        })
    }

    /// Opens a session for the front office with the data that Telegram signed for the user. The same data
    /// opens one session.
    async fn sign_in_with_telegram(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `initData` that Telegram gave the Mini App.")] init_data: String,
    ) -> Result<StaffSession, ApiError> {
        let context = ctx.context();
        let Some(app) = &context.mini_app else {
            return Err(Refusal::Unavailable(Unavailable::Telegram).into());
        };
        let Some(staff) = app.member(&init_data, context.service.now()) else {
            return Err(ApiError::Unauthenticated);
        };
        let opened = context.staff.open_session_once(staff, &init_data).await?;
        let signed_in = opened.ok_or(ApiError::Unauthenticated)?;
        Ok(StaffSession {
            token: signed_in.token,
            staff: Staff::from(&signed_in.staff),
            expires_at: DateTime(signed_in.expires_at),
        })
    }

    /// Ends the caller's session. `false` if there was none.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<bool, ApiError> {
        let context = ctx.context();
        match ctx.caller().session(context).await? {
            Some(session) => Ok(context.staff.end_session(session.id).await?),
            None => Ok(false),
        }
    }

    /// Makes a one-time code that signs in another device or person. Only for managers.
    async fn create_staff_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The role of the person who signs in with it.")] role: StaffRole,
        #[graphql(desc = "The name of that person, as the history shows it.")] name: String,
    ) -> Result<StaffCode, ApiError> {
        let (context, caller) = (ctx.context(), ctx.caller());
        caller.must_manage(context).await?;
        let name = input::staff_name(&name)?;
        let staff = auth::Staff { name, role: role.into(), telegram_id: None };
        let new = context.staff.issue_code(staff).await?;
        Ok(StaffCode {
            url: format!("{}/fo#code={}", caller.base_url, new.code),
            code: new.code,
            expires_at: DateTime(new.expires_at),
        })
    }

    /// Ends a session of the front office at once. `false` if it had ended. Only for managers.
    async fn revoke_staff_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the session, from `staffSessions`.")] id: ID,
    ) -> Result<bool, ApiError> {
        let context = ctx.context();
        ctx.caller().must_manage(context).await?;
        match input::session_id(&id) {
            Some(id) => Ok(context.staff.end_session(id).await?),
            None => Ok(false),
        }
    }

    /// Marks the guest as arrived. From then on the guest's position is ignored and the time to pay
    /// runs. The status does not change. Only for the front office.
    async fn mark_arrived(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
    ) -> Result<Booking, ApiError> {
        let by = ctx.caller().staff_name(ctx.context()).await?;
        apply(ctx, &receipt_no, Command::Arrive { by }).await
    }

    /// Sends the QRIS code to the guest, again if it was sent before. The guest need not have
    /// arrived. The status and the hold do not change. Only for the front office.
    async fn send_qris(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
    ) -> Result<Booking, ApiError> {
        let by = ctx.caller().staff_name(ctx.context()).await?;
        apply(ctx, &receipt_no, Command::SendQris { by }).await
    }

    /// Marks the booking as paid, which is final. Only for the front office.
    async fn mark_paid(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
    ) -> Result<Booking, ApiError> {
        let by = ctx.caller().staff_name(ctx.context()).await?;
        apply(ctx, &receipt_no, Command::MarkPaid { by }).await
    }

    /// Makes a cancelled or expired booking active again, with the same receipt number and price, while
    /// a room of its type is free and until the hotel day of the check-in ends. Its hold runs anew from
    /// now; a guest who has arrived has the time to pay. Only for the front office.
    async fn revive_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "Whether the guest is at the desk.", default = false)] arrived: bool,
    ) -> Result<Booking, ApiError> {
        let by = ctx.caller().staff_name(ctx.context()).await?;
        apply(ctx, &receipt_no, Command::Revive { by, is_arrived: arrived }).await
    }

    /// Takes a payment back that was marked by mistake: the booking is pending again, and its guest
    /// counts as arrived. Only for managers.
    async fn reopen_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "Why, in one line. The history shows it.")] reason: String,
    ) -> Result<Booking, ApiError> {
        ctx.caller().must_manage(ctx.context()).await?;
        let by = ctx.caller().staff_name(ctx.context()).await?;
        let reason = input::reason(reason)?;
        apply(ctx, &receipt_no, Command::Reopen { by, reason }).await
    }

    /// Changes the name, room type or nights of a pending booking. The rooms are taken and given back
    /// together or not at all. Another room type or number of nights has today's price; if the guest
    /// has a payment code of another price, it is replaced. Only for the front office.
    async fn amend_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "What is changed.")] input: AmendInput,
    ) -> Result<Booking, ApiError> {
        let by = ctx.caller().staff_name(ctx.context()).await?;
        apply(ctx, &receipt_no, Command::Amend { by, amendment: input.read()? }).await
    }

    /// Cancels a booking. Only for the front office.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The reason: one line of at most 200 characters.")] note: Option<String>,
    ) -> Result<Booking, ApiError> {
        let by = ctx.caller().staff_name(ctx.context()).await?;
        let note = input::note(note)?;
        apply(ctx, &receipt_no, Command::CancelByStaff { by, note }).await
    }

    /// Extends the hold of a booking. Only for the front office.
    async fn extend_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The number of minutes, from 1 to 240.")] minutes: i64,
    ) -> Result<Booking, ApiError> {
        let by = ctx.caller().staff_name(ctx.context()).await?;
        let minutes = input::minutes(minutes);
        apply(ctx, &receipt_no, Command::Extend { by, minutes }).await
    }

    /// Sets the number of rooms of a type that are for sale on each night from one to another, on all
    /// of them or on none. Only for managers.
    async fn set_allotment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code of the room type.")] room_type: String,
        #[graphql(desc = "The date of the first night, as a hotel day.")] date: Date,
        #[graphql(desc = "The number of rooms, at least as many as are sold.")] rooms: i64,
        #[graphql(desc = "The last night, within 366. The default is the first one.")]
        through: Option<Date>,
        #[graphql(
            desc = "Whether the type is closed: nothing more is sold, also when a room is freed. The \
                    default is as it was."
        )]
        closed: Option<bool>,
    ) -> Result<RoomAvailability, ApiError> {
        let context = ctx.context();
        ctx.caller().must_manage(context).await?;
        let code = input::room_code(&room_type)?;
        let allotment = Allotment {
            from: date.0,
            through: through.unwrap_or(date).0,
            rooms: Some(input::rooms(rooms)),
            is_closed: closed,
        };
        let left = context.service.set_allotment(&code, allotment).await?;
        Ok(RoomAvailability::new(&left, date, 1))
    }
}
