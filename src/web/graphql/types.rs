//! The hotel's things as clients see them, besides the booking itself.

use async_graphql::SimpleObject;
use chrono::TimeDelta;

use crate::auth;
use crate::domain;
use crate::service::{Availability, BookingService};

use super::enums::{Action, StaffRole};
use super::scalar::{Date, DateTime, Rupiah};
use crate::web::WebSettings;

/// The hotel, its rules in numbers, and its clock.
#[derive(SimpleObject, Debug)]
pub struct Hotel {
    /// What it is called.
    name: String,
    /// Its time zone, by the name in the time zone database.
    timezone: String,
    /// Degrees north of its door.
    latitude: f64,
    /// Degrees east of its door.
    longitude: f64,
    /// Within so many kilometres of the door a guest is near.
    radius_km: f64,
    /// How long a room is kept for a guest on the way, in minutes.
    hold_minutes: f64,
    /// How long before the end of a hold guest and front office are warned, in minutes.
    remind_minutes: f64,
    /// What the clock grants a guest who is near at the end of the hold, in minutes.
    extend_minutes: f64,
    /// How many days ahead a stay may start; 0 is tonight only.
    advance_days: u32,
    /// Nights of one booking at most.
    max_nights: u32,
    /// When a hotel day starts by the hotel's clock, `HH:MM`: until then it is still the day
    /// before.
    day_starts_at: String,
    /// User name of the Telegram bot, without `@`; null where there is none.
    telegram_bot: Option<String>,
    /// Whether the hotel has a QRIS code to send and show.
    has_qris: bool,
    /// Now, by the hotel's clock. Countdowns run on it.
    now: DateTime,
    /// The hotel day of now.
    today: Date,
    /// Room types, in the order in which they are shown everywhere.
    room_types: Vec<RoomType>,
}

impl Hotel {
    /// The hotel as it is now.
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
            advance_days: policy.booking.advance_days,
            max_nights: policy.booking.max_nights,
            day_starts_at: hotel.day_starts_at.format("%H:%M").to_string(),
            telegram_bot: settings.telegram_bot.get().cloned(),
            has_qris: policy.qris.is_some(),
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
    /// Its code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Price a night.
    pub price: Rupiah,
    /// How many the hotel has; 0 if it has none any more.
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

/// Rooms of one type left for a stay.
#[derive(SimpleObject, Debug)]
pub struct RoomAvailability {
    /// The type.
    room_type: RoomType,
    /// First night.
    date: Date,
    /// How many nights.
    nights: u32,
    /// Rooms left on the fullest of these nights.
    available: u32,
}

impl RoomAvailability {
    /// What is left of a type for a stay.
    pub fn new(left: &Availability, date: Date, nights: u32) -> Self {
        let room_type = RoomType::from(&left.room);
        Self { room_type, date, nights, available: left.available }
    }
}

/// Where a guest is who shares a position.
#[derive(SimpleObject, Debug)]
pub struct Travel {
    /// Kilometres to the hotel, as the crow flies.
    pub distance_km: f64,
    /// Direction from the guest to the hotel, in degrees clockwise from north.
    pub bearing: f64,
    /// Minutes from now until the guest arrives, time to park and walk included; null for one who
    /// moves away.
    pub eta_minutes: Option<f64>,
    /// When that is.
    pub arrives_at: Option<DateTime>,
    /// Whether the guest comes closer; null where the positions do not say.
    pub approaching: Option<bool>,
    /// Whether the guest is within the hotel's radius.
    pub within_radius: bool,
    /// When the position was measured.
    pub fix_at: DateTime,
    /// How old the position is now, in seconds.
    pub fix_age_seconds: f64,
    /// Where the guest was lately, oldest first, the latest position included; seen from the
    /// hotel. For the front office; guests find none.
    pub trail: Vec<TrailPoint>,
}

/// A place where a guest was, seen from the hotel.
#[derive(SimpleObject, Debug)]
pub struct TrailPoint {
    /// Kilometres from the hotel, as the crow flies.
    pub distance_km: f64,
    /// Direction from the hotel, in degrees clockwise from north.
    pub bearing: f64,
    /// When the guest was there.
    pub at: DateTime,
}

/// One step in the history of a booking.
#[derive(SimpleObject, Debug)]
pub struct HistoryEntry {
    /// When it was decided.
    pub at: DateTime,
    /// Who did it: a name, the guest, or the system.
    pub actor: String,
    /// What happened.
    pub action: Action,
    /// What there is to say of it besides.
    pub detail: Option<String>,
}

/// A part that is not well, without which the service goes on.
#[derive(SimpleObject)]
#[graphql(name = "Degraded")]
pub struct DegradedPart {
    /// Which: `telegram`, `courier` (notices that do not go out), `clock`.
    pub part: String,
    /// What is wrong with it, for who looks after the system.
    pub reason: String,
}

/// The way over to the Telegram bot.
#[derive(SimpleObject, Debug)]
pub struct TelegramHandoff {
    /// A link that opens the bot with the guest's choice.
    pub link: String,
}

/// A QRIS code to pay exactly the price of a booking by.
#[derive(SimpleObject, Debug)]
pub struct Qris {
    /// What the code says.
    pub payload: String,
    /// What is to be paid, to the rupiah.
    pub amount: Rupiah,
    /// Whether the code itself asks for that; if not, the guest types the amount.
    pub has_amount: bool,
    /// Its picture.
    pub svg: String,
}

/// A session of the front office.
#[derive(SimpleObject, Debug)]
pub struct StaffSession {
    /// Its secret, shown this once: `Authorization: Bearer TOKEN`.
    pub token: String,
    /// Whose it is.
    pub staff: Staff,
    /// When it ends.
    pub expires_at: DateTime,
}

/// A member of staff.
#[derive(SimpleObject, Debug)]
pub struct Staff {
    /// The name that the history shows.
    pub name: String,
    /// What they may do.
    pub role: StaffRole,
}

impl From<&auth::Staff> for Staff {
    fn from(staff: &auth::Staff) -> Self {
        Self { name: staff.name.as_str().to_owned(), role: staff.role.into() }
    }
}
