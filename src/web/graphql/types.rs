//! The output types of the schema that contain no booking.

use async_graphql::{ID, SimpleObject};
use chrono::TimeDelta;

use crate::auth;
use crate::domain;
use crate::service::{self, Availability, BookingService, NightOfRoom};

use super::enums::{Action, StaffRole};
use super::scalar::{Date, DateTime, Rupiah};
use crate::web::WebSettings;

/// The hotel, its booking rules and its current time.
#[derive(SimpleObject, Debug)]
pub struct Hotel {
    /// The name of the hotel.
    name: String,
    /// The time zone, by its name in the IANA time zone database.
    timezone: String,
    /// The latitude of the hotel in degrees, positive to the north.
    latitude: f64,
    /// The longitude of the hotel in degrees, positive to the east.
    longitude: f64,
    /// A guest within this distance of the hotel counts as near, in kilometres.
    radius_km: f64,
    /// The length of a hold, in minutes.
    hold_minutes: f64,
    /// How long before the end of a hold the guest and the front office are reminded, in minutes.
    remind_minutes: f64,
    /// By how much the service extends the hold of a guest who is near at its end, in minutes.
    extend_minutes: f64,
    /// How long a freed room is offered to a guest of the waiting list, in minutes.
    offer_minutes: f64,
    /// How many days after today a stay may start at the latest. 0 means today only.
    advance_days: u32,
    /// The largest number of nights of one booking.
    max_nights: u32,
    /// The local time at which a hotel day starts, `HH:MM`. Before that time, the previous day is
    /// still the current hotel day.
    day_starts_at: String,
    /// The hotel's address, on one line. Null if none is configured.
    address: Option<String>,
    /// How guests reach the hotel, on one line. Null if none is configured.
    contact: Option<String>,
    /// The page of a map that shows the hotel.
    map_url: String,
    /// The local time from which rooms are ready on the check-in day, `HH:MM`.
    check_in_from: String,
    /// The user name of the Telegram bot, without `@`. Null if there is no bot.
    telegram_bot: Option<String>,
    /// Whether QRIS codes can be sent and shown.
    has_qris: bool,
    /// How late the deadlines of the current hotel day were, as far as the answering process
    /// decided them.
    clock: Lateness,
    /// The current time of the service. Clients should compute countdowns from it.
    now: DateTime,
    /// The current hotel day.
    today: Date,
    /// The room types, in the order in which they are to be shown.
    room_types: Vec<RoomType>,
}

/// The lateness of a hotel day's deadlines: from the instant that people were told to the stored
/// decision. All are 0 if there was none.
#[derive(SimpleObject, Debug)]
pub struct Lateness {
    /// Half of the deadlines were at most this late, in milliseconds.
    median_ms: f64,
    /// 99 of 100 deadlines were at most this late, in milliseconds.
    p99_ms: f64,
    /// The latest deadline, in milliseconds.
    worst_ms: f64,
    /// The number of deadlines.
    deadlines: u32,
}

impl From<service::Lateness> for Lateness {
    fn from(lateness: service::Lateness) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of lateness are few")]
        let ms = |ms: i64| ms as f64;
        Self {
            median_ms: ms(lateness.median_ms),
            p99_ms: ms(lateness.p99_ms),
            worst_ms: ms(lateness.worst_ms),
            deadlines: lateness.deadlines,
        }
    }
}

impl Hotel {
    /// The hotel with the current time.
    pub fn of(service: &BookingService, settings: &WebSettings) -> Self {
        let (policy, now) = (service.policy(), service.now());
        let hotel = &policy.hotel;
        Self {
            name: hotel.name.clone(),
            timezone: hotel.timezone.name().to_owned(),
            latitude: hotel.position.latitude(),
            longitude: hotel.position.longitude(),
            radius_km: policy.travel.radius_km,
            hold_minutes: minutes(policy.hold.duration),
            remind_minutes: minutes(policy.hold.remind_before),
            extend_minutes: minutes(policy.hold.extend_by),
            offer_minutes: minutes(policy.booking.offer_window),
            advance_days: policy.booking.advance_days,
            max_nights: policy.booking.max_nights,
            day_starts_at: hotel.day_starts_at.format("%H:%M").to_string(),
            address: hotel.address.clone(),
            contact: hotel.contact.clone(),
            map_url: hotel.map_url(),
            check_in_from: hotel.check_in_from.format("%H:%M").to_string(),
            telegram_bot: settings.telegram_bot.get().cloned(),
            has_qris: policy.qris.is_some(),
            clock: service.lateness().into(),
            now: DateTime(now),
            today: Date(hotel.day_of(now)),
            room_types: policy.rooms.iter().map(RoomType::from).collect(),
        }
    }
}

fn minutes(span: TimeDelta) -> f64 {
    span.as_seconds_f64() / 60.0
}

/// A room type.
#[derive(SimpleObject, Debug)]
pub struct RoomType {
    /// The code, which identifies the room type.
    pub code: String,
    /// The name for guests.
    pub name: String,
    /// The price of one night.
    pub price: Rupiah,
    /// The number of rooms of this type in the hotel. 0 if the hotel no longer has the type.
    pub rooms: u32,
}

impl From<&domain::RoomType> for RoomType {
    fn from(room: &domain::RoomType) -> Self {
        Self {
            code: room.code.as_str().to_owned(),
            name: room.name.clone(),
            price: Rupiah(room.price),
            rooms: room.rooms,
        }
    }
}

/// The available rooms of one type for a stay.
#[derive(SimpleObject, Debug)]
pub struct RoomAvailability {
    /// The room type.
    room_type: RoomType,
    /// The date of the first night.
    date: Date,
    /// The number of nights.
    nights: u32,
    /// The number of available rooms on the night of the stay that has the fewest.
    available: u32,
}

impl RoomAvailability {
    /// Converts the availability of one type.
    pub fn new(left: &Availability, date: Date, nights: u32) -> Self {
        let room_type = RoomType::from(&left.room);
        Self { room_type, date, nights, available: left.available }
    }
}

/// The rooms of one type on one night.
#[derive(SimpleObject, Debug)]
pub struct Allotment {
    /// The room type.
    room_type: RoomType,
    /// The night, as a hotel day.
    date: Date,
    /// The number of rooms for sale.
    rooms: u32,
    /// The number of rooms taken by pending and paid bookings.
    taken: u32,
    /// Whether the type is closed: nothing more is sold, also when a room is freed.
    closed: bool,
}

impl From<&NightOfRoom> for Allotment {
    fn from(night: &NightOfRoom) -> Self {
        Self {
            room_type: RoomType::from(&night.room),
            date: Date(night.night),
            rooms: night.for_sale,
            taken: night.taken,
            closed: night.is_closed,
        }
    }
}

/// The way to the hotel of a guest who shares a position.
#[derive(SimpleObject, Debug)]
pub struct Travel {
    /// The distance from the guest to the hotel in a straight line, in kilometres.
    pub distance_km: f64,
    /// The direction from the guest to the hotel, in degrees clockwise from north.
    pub bearing: f64,
    /// The estimated time until the guest arrives, in minutes from now. It includes the time to
    /// park and walk. Null if there is no estimate, for example because the guest moves away.
    pub eta_minutes: Option<f64>,
    /// The estimated time of arrival. Null if there is no estimate.
    pub arrives_at: Option<DateTime>,
    /// Whether the guest is getting closer to the hotel. Null if the positions do not show it.
    pub approaching: Option<bool>,
    /// Whether the guest is within `Hotel.radiusKm` of the hotel.
    pub within_radius: bool,
    /// When the latest position was measured.
    pub fix_at: DateTime,
    /// The age of the latest position, in seconds.
    pub fix_age_seconds: f64,
    /// The kept positions of the guest relative to the hotel, oldest first. The last one is the
    /// latest position. Only for the front office: the list is empty for guests.
    pub trail: Vec<TrailPoint>,
}

/// A position of a guest, relative to the hotel.
#[derive(SimpleObject, Debug)]
pub struct TrailPoint {
    /// The distance from the hotel in a straight line, in kilometres.
    pub distance_km: f64,
    /// The direction from the hotel to the position, in degrees clockwise from north.
    pub bearing: f64,
    /// When this position was measured.
    pub at: DateTime,
}

/// One entry in the history of a booking.
#[derive(SimpleObject, Debug)]
pub struct HistoryEntry {
    /// When it happened.
    pub at: DateTime,
    /// Who did it: the name of a member of staff, the guest, or the system. The text is for
    /// display.
    pub actor: String,
    /// What happened.
    pub action: Action,
    /// More about it, as a text for display. Null if there is no more.
    pub detail: Option<String>,
}

/// A part of the service that does not work properly. The service runs on without it.
#[derive(SimpleObject)]
#[graphql(name = "Degraded")]
pub struct DegradedPart {
    /// The name of the part, such as `telegram`, `courier` (the delivery of notifications), `webhook`
    /// (the hotel's own system) or `clock`.
    pub part: String,
    /// What is wrong, as a text for the system's administrators.
    pub reason: String,
}

/// How the guest continues in the Telegram bot.
#[derive(SimpleObject, Debug)]
pub struct TelegramHandoff {
    /// A link that opens the bot with the guest's choice.
    pub link: String,
}

/// A QRIS code to pay the price of a booking.
#[derive(SimpleObject, Debug)]
pub struct Qris {
    /// The text that the QR code encodes.
    pub payload: String,
    /// The exact amount to be paid.
    pub amount: Rupiah,
    /// Whether the code contains the amount. If not, the guest has to enter the amount when paying.
    pub has_amount: bool,
    /// The QR code as an SVG image.
    pub svg: String,
}

/// A session of a member of staff.
#[derive(SimpleObject, Debug)]
pub struct StaffSession {
    /// The secret token, to be sent as `Authorization: Bearer TOKEN`. It is not shown again.
    pub token: String,
    /// The member of staff who signed in.
    pub staff: Staff,
    /// When the session ends.
    pub expires_at: DateTime,
}

/// A one-time code that signs somebody in.
#[derive(SimpleObject)]
pub struct StaffCode {
    /// The code.
    pub code: String,
    /// The link that signs in with it.
    pub url: String,
    /// When it can no longer be used.
    pub expires_at: DateTime,
}

/// A running session of the front office.
#[derive(SimpleObject)]
pub struct StaffSessionInfo {
    /// Names the session for `revokeStaffSession`. It does not sign in.
    pub id: ID,
    /// The member of staff it belongs to.
    pub staff: Staff,
    /// When it was opened.
    pub since: DateTime,
    /// When it ends by itself.
    pub expires_at: DateTime,
    /// Whether it is the session that asks.
    pub is_own: bool,
}

/// A member of staff.
#[derive(SimpleObject, Debug)]
pub struct Staff {
    /// The name, as the history shows it.
    pub name: String,
    /// The role, which determines the permissions.
    pub role: StaffRole,
}

impl From<&auth::Staff> for Staff {
    fn from(staff: &auth::Staff) -> Self {
        Self { name: staff.name.as_str().to_owned(), role: staff.role.into() }
    }
}
