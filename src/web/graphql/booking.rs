//! The schema's type of a booking. Some fields are empty or refused for guests.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Object};
use tokio::sync::OnceCell;

use super::error::ApiError;
use crate::domain::{
    self, Contact, Fix, Forbidden, ReceiptNo, Refusal, RoomOfStay, Status, Track, TrackedBooking,
    forecast, travel,
};
use crate::service::BookingService;
use crate::store::{BookingReader, StatusKind, StoreError, UndeliveredNotification};
use crate::text;

use super::caller::RequestContext;
use super::enums::{BookingStatus, CancelReason, Channel, Forecast, QrisProgress};
use super::scalar::{Date, DateTime, Rupiah};
use super::types::{HistoryEntry, RoomType, TrailPoint, Travel};

/// Who may see a booking's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The guest of the booking.
    Guest,
    /// The front office.
    Staff,
}

/// A guest's booking of one room. Before payment, the room is held until `holdUntil`.
pub struct Booking {
    state: domain::Booking,
    /// Loaded at the first access if it was not given with the state.
    track: OnceCell<Track>,
    viewer: Viewer,
}

impl Booking {
    /// A booking with the recorded positions of its guest.
    pub fn new(tracked: TrackedBooking, viewer: Viewer) -> Self {
        Self { state: tracked.booking, track: OnceCell::new_with(Some(tracked.track)), viewer }
    }

    /// The state after a change. The positions are loaded when a field needs them.
    pub fn changed(state: domain::Booking, viewer: Viewer) -> Self {
        Self { state, track: OnceCell::new(), viewer }
    }

    async fn track(&self, service: &BookingService) -> Result<&Track, ApiError> {
        self.track
            .get_or_try_init(|| async { Ok(service.booking(self.state.receipt_no).await?.track) })
            .await
    }

    /// The booking with its track. `None` if its hold is over, and for an offer.
    async fn tracked(&self, service: &BookingService) -> Result<Option<TrackedBooking>, ApiError> {
        if !self.state.is_pending() || self.state.is_offer {
            return Ok(None);
        }
        let track = self.track(service).await?.clone();
        Ok(Some(TrackedBooking { booking: self.state.clone(), track }))
    }
}

/// A guest's booking of one room. Before payment, the room is held until `holdUntil`.
#[Object]
impl Booking {
    /// The receipt number, which identifies the booking, such as `RESI-20260104-001`.
    async fn receipt_no(&self) -> String {
        self.state.receipt_no.to_string()
    }

    /// The guest's name as the guest entered it. It is untrusted text: escape it in markup.
    async fn guest_name(&self) -> &str {
        self.state.guest.name.as_str()
    }

    /// The channel by which the guest booked and receives messages.
    async fn channel(&self) -> Channel {
        self.state.guest.contact.channel().into()
    }

    /// The guest's e-mail address. Null if the guest did not book by the web form.
    async fn contact(&self) -> Option<&str> {
        match &self.state.guest.contact {
            Contact::Telegram(_) | Contact::Desk | Contact::Other => None,
            Contact::Web(email) => Some(email.as_str()),
        }
    }

    /// The room type, with its name and price at the time of booking.
    async fn room_type(&self, ctx: &Context<'_>) -> RoomType {
        let RoomOfStay { code, name, price } = &self.state.stay.room;
        RoomType {
            code: code.as_str().to_owned(),
            name: name.clone(),
            price: Rupiah(*price),
            rooms: ctx.context().service.policy().room(code).map_or(0, |room| room.rooms),
        }
    }

    /// The date of the first night.
    async fn check_in(&self) -> Date {
        Date(self.state.stay.check_in)
    }

    /// The number of nights.
    async fn nights(&self) -> u32 {
        self.state.stay.nights
    }

    /// The price of all nights together. It is fixed at booking, and the guest pays exactly this
    /// amount.
    async fn price(&self) -> Rupiah {
        Rupiah(self.state.stay.price)
    }

    /// The status of the booking.
    async fn status(&self) -> BookingStatus {
        StatusKind::from(&self.state.status).into()
    }

    /// Why the booking was cancelled. Null if it was not cancelled.
    async fn cancel_reason(&self) -> Option<CancelReason> {
        match &self.state.status {
            Status::Cancelled { by, .. } => Some(domain::CancelReason::from(by).into()),
            Status::Pending | Status::Paid { .. } => None,
        }
    }

    /// The front office's words to the guest about the cancellation, one line. Null if there are
    /// none.
    async fn cancel_note(&self) -> Option<&str> {
        match &self.state.status {
            Status::Cancelled { note, .. } => note.as_deref(),
            Status::Pending | Status::Paid { .. } => None,
        }
    }

    /// Whether it is an offer of the waiting list that was not taken: a freed room, held for a moment.
    async fn offer(&self) -> bool {
        self.state.is_offer
    }

    /// When the booking was made.
    async fn booked_at(&self) -> DateTime {
        DateTime(self.state.booked_at)
    }

    /// The end of the hold, as the guest was told. It does not change after the hold is over.
    async fn hold_until(&self) -> DateTime {
        DateTime(self.state.hold.until)
    }

    /// How many times the service extended the hold automatically.
    async fn extensions(&self) -> u32 {
        self.state.hold.extensions
    }

    /// When the front office marked the guest as arrived. Null before that.
    async fn arrived_at(&self) -> Option<DateTime> {
        self.state.arrived_at.map(DateTime)
    }

    /// When a QRIS code was last delivered to the guest. Null before that.
    async fn qris_sent_at(&self) -> Option<DateTime> {
        self.state.qris_sent_at.map(DateTime)
    }

    /// The delivery state of the QRIS code that was last requested. Null if none was requested. It
    /// does not affect the status or the hold.
    async fn qris_progress(&self) -> Option<QrisProgress> {
        QrisProgress::of(self.state.qris)
    }

    /// When the front office marked the booking as paid. Null if it is not paid.
    async fn paid_at(&self) -> Option<DateTime> {
        match self.state.status {
            Status::Paid { at, .. } => Some(DateTime(at)),
            Status::Pending | Status::Cancelled { .. } => None,
        }
    }

    /// When the booking was cancelled. Null if it was not cancelled.
    async fn cancelled_at(&self) -> Option<DateTime> {
        match self.state.status {
            Status::Cancelled { at, .. } => Some(DateTime(at)),
            Status::Pending | Status::Paid { .. } => None,
        }
    }

    /// The number of the booking's state: 1 at first, and 1 more after each change. Of two states,
    /// the one with the higher number is newer.
    async fn revision(&self) -> u32 {
        self.state.revision.0
    }

    /// The guest's way to the hotel. Null if the hold is over, the guest has arrived, or there is
    /// no recent position.
    async fn travel(&self, ctx: &Context<'_>) -> Result<Option<Travel>, ApiError> {
        let service = &ctx.context().service;
        let Some(tracked) = self.tracked(service).await? else { return Ok(None) };
        Ok(travel_of(&tracked, self.viewer, service))
    }

    /// What would happen to the booking at the end of the hold, as far as known now. Null if the
    /// hold is over.
    async fn forecast(&self, ctx: &Context<'_>) -> Result<Option<Forecast>, ApiError> {
        let service = &ctx.context().service;
        let tracked = self.tracked(service).await?;
        Ok(tracked
            .map(|tracked| forecast::forecast(&tracked, service.now(), service.policy()).into()))
    }

    /// Messages about this booking that could not be delivered, each with the reason. Only for the
    /// front office: the list is empty for guests.
    async fn undelivered(&self, ctx: &Context<'_>) -> Result<Vec<String>, ApiError> {
        if self.viewer == Viewer::Guest {
            return Ok(Vec::new());
        }
        let loader = ctx.data_unchecked::<DataLoader<UndeliveredLoader>>();
        let language = ctx.caller().language;
        let given_up = loader.load_one(self.state.receipt_no).await?.unwrap_or_default();
        Ok(given_up.iter().map(|one| text::undelivered(language, one.to, &one.reason)).collect())
    }

    /// The history of the booking, oldest entry first. Only for the front office: guests get the
    /// error `FORBIDDEN`.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<HistoryEntry>, ApiError> {
        if self.viewer == Viewer::Guest {
            return Err(Refusal::Forbidden(Forbidden::StaffOnly).into());
        }
        let language = ctx.caller().language;
        let service = &ctx.context().service;
        let timezone = service.policy().hotel.timezone;
        let changes = ctx.context().bookings.history(self.state.receipt_no).await?;
        let entry = |change: &domain::Change| HistoryEntry {
            at: DateTime(change.at),
            actor: text::actor(language, &change.actor),
            action: change.event.action().into(),
            detail: text::change_detail(language, change, timezone),
        };
        Ok(changes.iter().map(entry).collect())
    }
}

/// The guest's way to the hotel. `None` if the guest has arrived or the last position is too old.
fn travel_of(tracked: &TrackedBooking, viewer: Viewer, service: &BookingService) -> Option<Travel> {
    let (policy, now) = (service.policy(), service.now());
    let hotel = policy.hotel.position;
    let latest = tracked.track.latest().filter(|_| tracked.booking.arrived_at.is_none())?;
    let evidence = travel::evidence(&tracked.track, now, policy).filter(|known| known.is_fresh)?;
    let arrives_in = evidence.estimate.map(|estimate| estimate.arrives_in);
    let point = |fix: &Fix| TrailPoint {
        distance_km: fix.place.metres_to(hotel) / 1000.0,
        bearing: hotel.bearing_to(fix.place),
        at: DateTime(fix.at),
    };
    Some(Travel {
        distance_km: evidence.distance_metres / 1000.0,
        bearing: latest.place.bearing_to(hotel),
        eta_minutes: arrives_in.map(|time| time.as_seconds_f64() / 60.0),
        arrives_at: arrives_in.map(|time| DateTime(now + time)),
        approaching: evidence.is_approaching,
        within_radius: evidence.within_radius,
        fix_at: DateTime(latest.at),
        fix_age_seconds: evidence.fix_age.as_seconds_f64(),
        trail: match viewer {
            Viewer::Staff => tracked.track.fixes().iter().map(point).collect(),
            Viewer::Guest => Vec::new(),
        },
    })
}

/// Loads the undelivered notifications of all bookings of a page with one call of the store.
pub struct UndeliveredLoader(pub Arc<dyn BookingReader>);

impl Loader<ReceiptNo> for UndeliveredLoader {
    type Value = Vec<UndeliveredNotification>;
    type Error = StoreError;

    async fn load(
        &self,
        keys: &[ReceiptNo],
    ) -> Result<HashMap<ReceiptNo, Self::Value>, Self::Error> {
        let mut by_booking: HashMap<ReceiptNo, Self::Value> = HashMap::new();
        for one in self.0.undelivered(keys).await? {
            by_booking.entry(one.receipt_no).or_default().push(one);
        }
        Ok(by_booking)
    }
}
