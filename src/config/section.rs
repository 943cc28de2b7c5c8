//! The sections of the configuration as other modules use them. How they are read is in `read`.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;
use ipnet::IpNet;

use super::{LinkKeySource, MailUrl, Secret, SecretBytes, StoreUrl, WebUrl};
use crate::domain::{AdvanceHold, Coordinates, Email, Language, Role, StaffName, TelegramId};

/// `[server]`: the addresses to listen on and the public URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSection {
    /// Address and port for pages and GraphQL. Port 0 takes a free port.
    pub listen: SocketAddr,
    /// The address that guests use, without a slash at the end. See [`ServerSection::base_url`].
    pub public_url: Option<WebUrl>,
    /// A separate address for `/metrics`. Without it, metrics are served at `listen`.
    pub metrics_listen: Option<SocketAddr>,
    /// The keys of the links to bookings, the newest first. Empty for the key in the store.
    pub link_keys: Vec<LinkKeySource>,
}

impl ServerSection {
    /// The start of every link, without a slash at the end: `public_url`, or else the bound
    /// address. If the listener is bound to all addresses, the loopback address is used.
    #[must_use]
    pub fn base_url(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.as_str().to_owned();
        }
        self.local_url(bound)
    }

    /// The address of a bound listener, as this machine reaches it.
    #[must_use]
    pub fn local_url(&self, bound: SocketAddr) -> String {
        match bound {
            _ if !bound.ip().is_unspecified() => format!("http://{bound}"),
            SocketAddr::V4(_) => format!("http://127.0.0.1:{}", bound.port()),
            SocketAddr::V6(_) => format!("http://[::1]:{}", bound.port()),
        }
    }
}

/// `[store]`: where bookings are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSection {
    /// The address of the store.
    pub url: StoreUrl,
}

/// `[hotel]`: name, place, time zone and language of the hotel.
#[derive(Debug, Clone, PartialEq)]
pub struct HotelSection {
    /// The name of the hotel: 1 to 80 characters on one line.
    pub name: String,
    /// The time zone of the hotel.
    pub timezone: Tz,
    /// Where the hotel is (`latitude`, `longitude`).
    pub position: Coordinates,
    /// The language for guests and staff who chose none.
    pub language: Language,
    /// The time of day at which a hotel day starts.
    pub day_starts_at: NaiveTime,
    /// The address that guests read: 1 to 200 characters on one line.
    pub address: Option<String>,
    /// How guests reach the hotel, as they read it: 1 to 200 characters on one line.
    pub contact: Option<String>,
    /// The page of a map with the hotel.
    pub map_url: Option<WebUrl>,
    /// From when rooms are ready on the check-in day.
    pub check_in_from: NaiveTime,
}

/// `[hold]`: how long rooms are held. Durations are whole milliseconds from 1 s to 366 d.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldSection {
    /// How long a room is held for a guest on the way.
    pub duration: TimeDelta,
    /// How long before the end of a hold the guest and the front office are reminded.
    pub remind_before: TimeDelta,
    /// How long an extension is that is granted automatically at the end of a hold.
    pub extend_by: TimeDelta,
    /// How many extensions one booking gets automatically; 0 is none.
    pub max_extensions: u32,
    /// How long after the arrival the front office is asked about a booking that is not paid; also
    /// the time between such questions.
    pub payment_window: TimeDelta,
    /// A guest within this distance of the hotel is near, in km.
    pub radius_km: f64,
    /// A fix older than this is ignored, unless it is from a running live location.
    pub fix_max_age: TimeDelta,
    /// Added to the estimated drive, for parking and the walk to the front office.
    pub arrival_buffer: TimeDelta,
}

/// `[booking]`: which dates, how many nights and how many holds a guest may book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingSection {
    /// How many days ahead a guest may book; 0 is tonight only.
    pub advance_days: u32,
    /// How the end of the hold is set for a booking of a later date.
    pub advance_hold: AdvanceHold,
    /// The time on the check-in day until which such a hold lasts, for
    /// [`AdvanceHold::UntilRelease`].
    pub release_at: NaiveTime,
    /// The most nights of one booking.
    pub max_nights: u32,
    /// The most holds that one guest may have at the same time.
    pub max_active_per_guest: u32,
    /// How long a freed room is offered to a guest of the waiting list.
    pub offer_window: TimeDelta,
}

/// `[travel]`: how the time of arrival is estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct TravelSection {
    /// Road kilometres for one kilometre in a straight line, 1 to 10.
    pub road_factor: f64,
    /// Road speeds in km/h, 1 to 200, for each hour of the hotel's clock. They are used alone if the
    /// guest's own speed is not known.
    pub speeds: [f64; 24],
    /// For how long a live location that reports nothing is taken as *has not moved*.
    pub live_silence_max: TimeDelta,
    /// The address of an OSRM-compatible routing server, without a slash at the end.
    pub routing_url: Option<WebUrl>,
}

/// `[report]`: the figures of the night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSection {
    /// When managers get the figures of the last hotel day; `None`: not at all.
    pub at: Option<NaiveTime>,
    /// The managers who get them by e-mail.
    pub email: Vec<Email>,
}

/// `[backup]`: the backup of each day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSection {
    /// When a backup is made, and where it goes; `None`: not at all.
    pub schedule: Option<BackupSchedule>,
    /// How many backups are kept in the folder.
    pub keep: u32,
}

/// When a backup is made each day, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSchedule {
    /// The time of the hotel's clock.
    pub at: NaiveTime,
    /// The folder.
    pub folder: PathBuf,
}

/// `[webhook]`: the address of the hotel's own system, which is told of every change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    /// The address: https, or http on this machine. Its path and query may be as good as a password.
    pub url: Secret,
    /// The host of the address, which may be shown.
    pub host: String,
    /// The key that signs the calls: 24 to 64 bytes.
    pub key: SecretBytes,
}

/// `[retention]`: how long guests and bookings are kept after the end of the stay or of the booking,
/// whichever is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionSection {
    /// For how long names, addresses and Telegram ids are kept, in whole days.
    pub names: TimeDelta,
    /// For how long bookings and their changes are kept, in whole days.
    pub bookings: TimeDelta,
}

/// `[telegram]`: the Telegram bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramSection {
    /// The token of the bot. Without it there is no bot.
    pub token: Option<Secret>,
    /// The address of the Bot API, without a slash at the end.
    pub api_url: WebUrl,
    /// The id of the front office's chat: a person's, or a group's, which is negative. It has no
    /// effect without a token; see [`TelegramSection::front_office_chat`].
    pub fo_chat_id: Option<i64>,
    /// The topic of that chat to which notifications are sent, if the chat has topics.
    pub fo_topic_id: Option<i32>,
    /// How updates from Telegram are received.
    pub webhook: Webhook,
}

impl TelegramSection {
    /// The chat for notifications to the front office. `None` if no chat is set, or if there is no
    /// token.
    #[must_use]
    pub fn front_office_chat(&self) -> Option<i64> {
        self.token.as_ref().and(self.fo_chat_id)
    }
}

/// How updates from Telegram are received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Webhook {
    /// By long polling. This works behind any router.
    Off,
    /// Telegram calls the webhook at the public URL, which is https.
    On {
        /// What Telegram sends in `X-Telegram-Bot-Api-Secret-Token`: 1 to 256 of `A-Za-z0-9_-`.
        secret: Secret,
    },
}

/// `[email]`: how e-mails are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct EmailSection {
    /// The mail server or the folder.
    pub url: MailUrl,
    /// The sender of all e-mails.
    pub from: Sender,
    /// The name that is said in EHLO: `hello`, or else the host of the public URL, or else the
    /// domain of `from`. Mail servers refuse a name without a dot.
    pub hello: String,
    /// The DKIM key. Without it, e-mails are not signed.
    pub dkim: Option<Dkim>,
}

/// The sender of e-mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name: that of `from`, or else the name of the hotel.
    pub name: String,
    /// The address.
    pub address: Email,
}

/// The key that signs e-mails (DKIM, RFC 6376).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dkim {
    /// The signing domain.
    pub domain: String,
    /// The selector: the name of the key in the DNS of the domain.
    pub selector: String,
    /// The file of the private key (PEM). The configuration does not read it.
    pub key_file: PathBuf,
}

/// `[qris]`: the hotel's payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrisSection {
    /// The hotel's static code, if it has one.
    pub source: Option<QrisSource>,
    /// Which code guests get.
    pub mode: QrisMode,
    /// When guests get it without asking.
    pub send: QrisSend,
}

/// The source of the hotel's static code. The configuration does not decode it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QrisSource {
    /// The text of the code.
    Payload(String),
    /// The path of a picture of the code (PNG or JPEG).
    Image(PathBuf),
}

/// Which code guests get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisMode {
    /// A dynamic code that contains the exact price and the receipt number.
    Exact,
    /// The hotel's static code, unchanged. The message around it names the price.
    AsIs,
}

/// When guests get the code without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisSend {
    /// When the front office records the arrival.
    OnArrival,
    /// With the confirmation of the booking.
    OnBooking,
}

/// `[limits]`: limits for requests and web holds, and the trusted proxies.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitsSection {
    /// The most requests a second from one address.
    pub requests_per_second: u32,
    /// The most web holds that one IPv4 address or IPv6 /64 network may have at the same time. By
    /// default half of the hotel's rooms, and at least 4.
    pub holds_per_address: u32,
    /// The part of the rooms of a type that web holds may take together: above 0, up to 1, and at
    /// least one room.
    pub web_share: f64,
    /// Networks of proxies whose `X-Forwarded-For` header is trusted.
    pub trusted_proxies: Vec<IpNet>,
}

/// `[[staff]]`: a member of staff who may use the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// Their Telegram id, which is unique.
    pub telegram_id: TelegramId,
    /// The name that the history of a booking shows.
    pub name: StaffName,
    /// Their role, which decides what they may do.
    pub role: Role,
}
