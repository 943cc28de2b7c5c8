//! The sections of the configuration as the rest of the program sees them.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use ipnet::IpNet;

use super::{MailUrl, Secret, StoreUrl, WebUrl};
use crate::domain::{AdvanceHold, Coordinates, Email, Language, Role, StaffName, TelegramId};

/// `[server]`: where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSection {
    /// Address and port of pages and GraphQL; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How guests reach it, without a slash at the end; see [`ServerSection::base_url`].
    pub public_url: Option<WebUrl>,
    /// A listener of their own for metrics.
    pub metrics_listen: Option<SocketAddr>,
}

impl ServerSection {
    /// What links start with, without a slash at the end: `public_url`, else the address that
    /// was bound (the loopback address where it was bound to all).
    #[must_use]
    pub fn base_url(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.as_str().to_owned();
        }
        match bound {
            _ if !bound.ip().is_unspecified() => format!("http://{bound}"),
            SocketAddr::V4(_) => format!("http://127.0.0.1:{}", bound.port()),
            SocketAddr::V6(_) => format!("http://[::1]:{}", bound.port()),
        }
    }
}

/// `[store]`: where it keeps things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSection {
    /// Which store.
    pub url: StoreUrl,
}

/// `[hotel]`: what and where the hotel is.
#[derive(Debug, Clone, PartialEq)]
pub struct HotelSection {
    /// What it is called: 1 to 80 characters on one line.
    pub name: String,
    /// Its time zone.
    pub timezone: Tz,
    /// Where its door is (`latitude`, `longitude`).
    pub position: Coordinates,
    /// In which language it speaks to whoever chose none.
    pub language: Language,
    /// When a hotel day starts.
    pub day_starts_at: NaiveTime,
}

/// `[hold]`: how long rooms are kept. Durations are 1 s to 366 d in whole milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldSection {
    /// How long a room is kept for a guest on the way.
    pub duration: TimeDelta,
    /// How long before its end guest and front office are warned.
    pub remind_before: TimeDelta,
    /// What the clock grants.
    pub extend_by: TimeDelta,
    /// How often the clock grants it; 0 is never.
    pub max_extensions: u32,
    /// How long a guest at the desk has to pay before the front office is asked again.
    pub payment_window: TimeDelta,
    /// Within so many kilometres a guest is near.
    pub radius_km: f64,
    /// A fix older than this says nothing.
    pub fix_max_age: TimeDelta,
    /// Added to the estimated drive: parking, walking, the lift.
    pub arrival_buffer: TimeDelta,
}

/// `[booking]`: what may be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingSection {
    /// How many days ahead; 0 is tonight only.
    pub advance_days: u32,
    /// When the hold of a later date ends.
    pub advance_hold: AdvanceHold,
    /// When held rooms of the day are released, for [`AdvanceHold::UntilRelease`].
    pub release_at: NaiveTime,
    /// Nights of one booking at most.
    pub max_nights: u32,
    /// Running holds of one guest at most.
    pub max_active_per_guest: u32,
}

/// `[travel]`: how arrival is estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct TravelSection {
    /// Road kilometres to one kilometre as the crow flies, 1 to 10.
    pub road_factor: f64,
    /// Speed in the city, for who gives no better clue.
    pub speeds: Speeds,
    /// How long a live location may be silent and still mean *has not moved*.
    pub live_silence_max: TimeDelta,
    /// An OSRM-compatible server, without a slash at the end.
    pub routing_url: Option<WebUrl>,
}

/// Kilometres an hour on the road, for each hour of the hotel's clock; 1 to 200.
#[derive(Debug, Clone, PartialEq)]
pub struct Speeds(pub [f64; 24]);

impl Speeds {
    /// Kilometres an hour at a time of day.
    #[must_use]
    pub fn at(&self, time: NaiveTime) -> f64 {
        // An hour is 0 to 23, so there always is one.
        self.0.get(time.hour() as usize).copied().unwrap_or(1.0)
    }
}

/// `[telegram]`: the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramSection {
    /// The bot's token; without it there is no bot.
    pub token: Option<Secret>,
    /// The Bot API, without a slash at the end.
    pub api_url: WebUrl,
    /// The front office's chat: a person's id, or a group's (negative). It is of use only with a
    /// token; see [`TelegramSection::front_office_chat`].
    pub fo_chat_id: Option<i64>,
    /// How updates come.
    pub webhook: Webhook,
}

impl TelegramSection {
    /// The chat that notices to the front office are owed to: set, and with a bot to reach it.
    #[must_use]
    pub fn front_office_chat(&self) -> Option<i64> {
        self.token.as_ref().and(self.fo_chat_id)
    }
}

/// How Telegram's updates come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Webhook {
    /// We ask for them: works behind any router.
    Off,
    /// Telegram calls us at the public URL, which is https.
    On {
        /// What it shows in `X-Telegram-Bot-Api-Secret-Token`: 1 to 256 of `A-Za-z0-9_-`.
        secret: Secret,
    },
}

/// `[email]`: how mails leave.
#[derive(Debug, Clone, PartialEq)]
pub struct EmailSection {
    /// A mail server or a folder.
    pub url: MailUrl,
    /// Who mails come from.
    pub from: Sender,
    /// How mails are signed, if they are.
    pub dkim: Option<Dkim>,
}

/// Who mails come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name that people see: of `from`, else the hotel's.
    pub name: String,
    /// The address.
    pub address: Email,
}

/// How mails are signed (DKIM, RFC 6376).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dkim {
    /// The domain that signs.
    pub domain: String,
    /// The selector: the key's name in that domain's DNS.
    pub selector: String,
    /// The file of the private key (PEM). It is not read here.
    pub key_file: PathBuf,
}

/// `[qris]`: the hotel's payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrisSection {
    /// The hotel's static code, if it has one.
    pub source: Option<QrisSource>,
    /// What is made of it.
    pub mode: QrisMode,
    /// When guests get it.
    pub send: QrisSend,
}

/// Where the hotel's static code is. Neither is decoded here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QrisSource {
    /// Its text.
    Payload(String),
    /// A picture of it (PNG or JPEG).
    Image(PathBuf),
}

/// What is made of the hotel's static code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisMode {
    /// One with the exact sum and the receipt number in it.
    Exact,
    /// Nothing: it goes out as it is, with the sum beside it.
    AsIs,
}

/// When guests get the code without anybody asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisSend {
    /// When the front office saw them at the desk.
    OnArrival,
    /// With the booking.
    OnBooking,
}

/// `[limits]`: what one address may do.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitsSection {
    /// Requests a second of one address.
    pub requests_per_second: u32,
    /// Running holds by the web form of one IPv4 address or one IPv6 /64.
    pub holds_per_address: u32,
    /// The part of a night's rooms that holds by the web form may take: above 0, up to 1.
    pub web_share: f64,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// `[[staff]]`: somebody who may act on Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// Their Telegram id; no two have the same.
    pub telegram_id: TelegramId,
    /// Under this name the history knows them.
    pub name: StaffName,
    /// What they may do.
    pub role: Role,
}
