//! A booking as its guest or the front office sees it.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Object};
use tokio::sync::OnceCell;

use super::error::ApiError;
use crate::domain::forecast;
use crate::domain::{
    self, Contact, Fix, Forbidden, ReceiptNo, Refusal, RoomOfStay, Status, Track, TrackedBooking,
    travel,
};
use crate::service::BookingService;
use crate::store::{BookingReader, StatusKind, StoreError, UndeliveredNotification};
use crate::text;

use super::caller::RequestContext;
use super::enums::{BookingStatus, CancelReason, Channel, Forecast, QrisProgress};
use super::scalar::{Date, DateTime, Rupiah};
use super::types::{HistoryEntry, RoomType, TrailPoint, Travel};

/// For whom a booking was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Its guest.
    Guest,
    /// The front office.
    Staff,
}

/// One guest's promise to come.
pub struct Booking {
    state: domain::Booking,
    /// Read when it is first asked for, where it did not come with the state.
    track: OnceCell<Track>,
    viewer: Viewer,
}

impl Booking {
    /// A booking with the positions that are known of its guest.
    pub fn new(tracked: TrackedBooking, viewer: Viewer) -> Self {
        Self { state: tracked.booking, track: OnceCell::new_with(Some(tracked.track)), viewer }
    }

    /// The state that a change produced; positions are read if they are asked for.
    pub fn changed(state: domain::Booking, viewer: Viewer) -> Self {
        Self { state, track: OnceCell::new(), viewer }
    }

    async fn track(&self, service: &BookingService) -> Result<&Track, ApiError> {
        self.track
            .get_or_try_init(|| async { Ok(service.booking(self.state.receipt_no).await?.track) })
            .await
    }

    /// The booking with its track, while its hold runs.
    async fn tracked(&self, service: &BookingService) -> Result<Option<TrackedBooking>, ApiError> {
        if !self.state.is_pending() {
            return Ok(None);
        }
        let track = self.track(service).await?.clone();
        Ok(Some(TrackedBooking { booking: self.state.clone(), track }))
    }
}

/// One guest's promise to come.
#[Object]
impl Booking {
    /// Its name towards everybody, such as `RESI-20260104-001`.
    async fn receipt_no(&self) -> String {
        self.state.receipt_no.to_string()
    }

    /// Who comes, as they wrote it. Untrusted text: escape it wherever markup is made.
    async fn guest_name(&self) -> &str {
        self.state.guest.name.as_str()
    }

    /// Where it was booked, and how the guest is spoken to.
    async fn channel(&self) -> Channel {
        match self.state.guest.contact {
            Contact::Telegram(_) => Channel::Telegram,
            Contact::Web(_) => Channel::Web,
            Contact::Other => Channel::Other,
        }
    }

    /// The e-mail address; null for guests who booked by Telegram.
    async fn contact(&self) -> Option<&str> {
        match &self.state.guest.contact {
            Contact::Telegram(_) | Contact::Other => None,
            Contact::Web(email) => Some(email.as_str()),
        }
    }

    /// The room type, with the name and price that it had when it was booked.
    async fn room_type(&self, ctx: &Context<'_>) -> RoomType {
        let RoomOfStay { code, name, price } = &self.state.stay.room;
        RoomType {
            code: code.as_str().to_owned(),
            name: name.clone(),
            price: Rupiah(*price),
            rooms: ctx.context().service.policy().room(code).map_or(0, |room| room.rooms),
        }
    }

    /// First night.
    async fn check_in(&self) -> Date {
        Date(self.state.stay.check_in)
    }

    /// How many nights.
    async fn nights(&self) -> u32 {
        self.state.stay.nights
    }

    /// The price of all nights, fixed at booking: exactly what is paid.
    async fn price(&self) -> Rupiah {
        Rupiah(self.state.stay.price)
    }

    /// What has become of it.
    async fn status(&self) -> BookingStatus {
        StatusKind::from(&self.state.status).into()
    }

    /// Why it was cancelled; null unless it was.
    async fn cancel_reason(&self) -> Option<CancelReason> {
        match &self.state.status {
            Status::Cancelled { by, .. } => Some(domain::CancelReason::from(by).into()),
            Status::Pending | Status::Paid { .. } => None,
        }
    }

    /// When it was made.
    async fn booked_at(&self) -> DateTime {
        DateTime(self.state.booked_at)
    }

    /// Until when the room is kept, as the guest was told. Stands still once the hold is over.
    async fn hold_until(&self) -> DateTime {
        DateTime(self.state.hold.until)
    }

    /// How often the clock extended the hold.
    async fn extensions(&self) -> u32 {
        self.state.hold.extensions
    }

    /// When the front office saw the guest at the desk.
    async fn arrived_at(&self) -> Option<DateTime> {
        self.state.arrived_at.map(DateTime)
    }

    /// When a QRIS code last reached the guest.
    async fn qris_sent_at(&self) -> Option<DateTime> {
        self.state.qris_sent_at.map(DateTime)
    }

    /// What becomes of the QRIS code that was asked for last; null before any was. It moves
    /// neither status nor hold.
    async fn qris_progress(&self) -> Option<QrisProgress> {
        QrisProgress::of(self.state.qris)
    }

    /// When the front office saw the payment.
    async fn paid_at(&self) -> Option<DateTime> {
        match self.state.status {
            Status::Paid { at, .. } => Some(DateTime(at)),
            Status::Pending | Status::Cancelled { .. } => None,
        }
    }

    /// When it was cancelled.
    async fn cancelled_at(&self) -> Option<DateTime> {
        match self.state.status {
            Status::Cancelled { at, .. } => Some(DateTime(at)),
            Status::Pending | Status::Paid { .. } => None,
        }
    }

    /// Moves by one with every change, from 1. Of two states the one with the higher is newer.
    async fn revision(&self) -> u32 {
        self.state.revision.0
    }

    /// Where the guest is; only while the hold runs and the guest shares a position.
    async fn travel(&self, ctx: &Context<'_>) -> Result<Option<Travel>, ApiError> {
        let service = &ctx.context().service;
        let Some(tracked) = self.tracked(service).await? else { return Ok(None) };
        Ok(travel_of(&tracked, self.viewer, service))
    }

    /// What the end of the hold would decide now; only while the hold runs.
    async fn forecast(&self, ctx: &Context<'_>) -> Result<Option<Forecast>, ApiError> {
        let service = &ctx.context().service;
        let tracked = self.tracked(service).await?;
        Ok(tracked
            .map(|tracked| forecast::forecast(&tracked, service.now(), service.policy()).into()))
    }

    /// Messages about this booking that could not be delivered, with the reason. For the front
    /// office; guests find none.
    async fn undelivered(&self, ctx: &Context<'_>) -> Result<Vec<String>, ApiError> {
        if self.viewer == Viewer::Guest {
            return Ok(Vec::new());
        }
        let loader = ctx.data_unchecked::<DataLoader<UndeliveredLoader>>();
        let language = ctx.caller().language;
        let given_up = loader.load_one(self.state.receipt_no).await?.unwrap_or_default();
        Ok(given_up.iter().map(|one| text::undelivered(language, one.to, &one.reason)).collect())
    }

    /// What happened to it, oldest first. For the front office only.
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
            detail: text::story(language, change, timezone),
        };
        Ok(changes.iter().map(entry).collect())
    }
}

/// Where a guest is; nothing once they stand at the desk, or when the position is too old.
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

/// Loads what was not delivered for all bookings of a page at once.
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
