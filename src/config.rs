//! Reads the configuration: one TOML file and environment variables become a typed [`Config`].
//!
//! Every section and key is read and checked before anything starts, including those of features
//! that are switched off. The first error found is returned as a [`ConfigError`] of one line.
//! Secrets are stored as [`Secret`], which `{:?}` does not print. A value that may contain a secret
//! is never quoted in an error.
//!
//! This module does not open the store, connect to a server, or read the files that a key names.
//!
//! Submodules, in reading order: the sections as other modules use them (`section`), the keys of
//! each section with their defaults (`read`), the parsers of single values (`value`, `address`),
//! the file and the environment as sources of values (`raw`), the file of secrets (`secrets_file`), and
//! warnings about legal but doubtful settings (`warnings`).

mod address;
mod error;
mod raw;
mod read;
mod secret;
mod secrets_file;
mod section;
#[cfg(test)]
mod tests;
mod value;
mod warnings;

use std::io::ErrorKind;
use std::path::Path;

use toml::Table;

use crate::domain::{
    BookingPolicy, HoldPolicy, HotelPolicy, Policy, QrisPolicy, RoomType, Rupiah, TravelPolicy,
};

pub use address::{MailUrl, SmtpSecurity, StoreUrl, WebUrl};
pub use error::ConfigError;
pub use secret::{LinkKeySource, Secret, SecretBytes};
pub use secrets_file::SECRETS_FILE;
pub use section::{
    BackupSchedule, BackupSection, BookingSection, Dkim, EmailSection, HoldSection, HotelSection,
    LimitsSection, QrisMode, QrisSection, QrisSend, QrisSource, ReportSection, RetentionSection,
    Sender, ServerSection, StaffMember, StoreSection, TelegramSection, TravelSection, Webhook,
    WebhookTarget,
};

/// The file that is read if it exists and no other file is named.
pub const DEFAULT_FILE: &str = "jatah.toml";
/// The largest count that a key accepts: rooms, nights, requests.
pub const MAX_COUNT: u32 = 1_000_000;
/// The highest price of one night.
pub const MAX_PRICE: Rupiah = Rupiah(1_000_000_000);

// The highest price times the largest number of nights still fits into a sum.
const _: () = assert!(MAX_PRICE.0 * MAX_COUNT as u64 <= Rupiah::MAX.0);

/// The whole configuration, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Whether there was no configuration file. The values are then those of the demo hotel, except
    /// where the environment sets another.
    pub is_demo: bool,
    /// `[server]`: the addresses to listen on and the public URL.
    pub server: ServerSection,
    /// `[store]`: where bookings are stored.
    pub store: StoreSection,
    /// `[hotel]`: name, place, time zone and language of the hotel.
    pub hotel: HotelSection,
    /// `[[room]]`: the room types, at least one. They are shown everywhere in this order.
    pub rooms: Vec<RoomType>,
    /// `[hold]`: how long rooms are held.
    pub hold: HoldSection,
    /// `[booking]`: which dates, how many nights and how many holds a guest may book.
    pub booking: BookingSection,
    /// `[travel]`: how the time of arrival is estimated.
    pub travel: TravelSection,
    /// `[telegram]`: the Telegram bot.
    pub telegram: TelegramSection,
    /// `[email]`: how e-mails are sent.
    pub email: EmailSection,
    /// `[qris]`: the hotel's payment code.
    pub qris: QrisSection,
    /// `[report]`: the figures of the night.
    pub report: ReportSection,
    /// `[backup]`: the backup of each day.
    pub backup: BackupSection,
    /// `[webhook]`: the hotel's own system, which is told of every change. `None` if there is none.
    pub webhook: Option<WebhookTarget>,
    /// `[retention]`: how long guests and bookings are kept.
    pub retention: RetentionSection,
    /// `[limits]`: limits for requests and web holds, and the trusted proxies.
    pub limits: LimitsSection,
    /// `[[staff]]`: the staff who may use the bot. Telegram ids are unique.
    pub staff: Vec<StaffMember>,
    /// The keys that a real hotel should set but that still have the demo hotel's value. Empty if
    /// [`Config::is_demo`].
    left_at_demo: Vec<&'static str>,
}

/// The environment variables of the process, for [`Config::load`]. Bytes that are not Unicode are
/// replaced by U+FFFD, where [`std::env::vars`] would panic.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
}

impl Config {
    /// Reads the file at `path`. If `path` is `None`, reads [`DEFAULT_FILE`] in the current folder;
    /// if that does not exist either, uses the demo hotel. Environment variables override the file
    /// and the defaults. A file has its secrets, if it likes, in [`SECRETS_FILE`] in its folder: they
    /// count as variables, which the environment overrides.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read, or for the first wrong key or value.
    pub fn load(
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::load_or(path, Path::new(DEFAULT_FILE), environment)
    }

    /// Reads `text` in the same way as [`Config::load`] reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] for the first wrong key or value.
    pub fn from_toml(
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::from_table(parse(text, "configuration")?, environment, false)
    }

    /// The demo hotel: the default of every key, without the environment.
    ///
    /// # Errors
    /// None in practice: a test checks that each default is allowed for its key.
    pub fn demo() -> Result<Self, ConfigError> {
        Self::from_table(Table::new(), [], true)
    }

    fn load_or(
        path: Option<&Path>,
        fallback: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let file = path.unwrap_or(fallback);
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let table = parse(&text, &file.to_string_lossy())?;
                // Of two variables with one name, the later one counts.
                let secrets = secrets_file::secrets_beside(file)?;
                Self::from_table(table, secrets.into_iter().chain(environment), false)
            }
            Err(error) if path.is_none() && error.kind() == ErrorKind::NotFound => {
                Self::from_table(Table::new(), environment, true)
            }
            Err(error) => {
                let problem = format!("the configuration file cannot be read: {error}");
                Err(ConfigError::at(file.to_string_lossy(), problem))
            }
        }
    }

    /// The start of every link, without a slash at the end. For callers that have not bound a
    /// listener: without `public_url` it is made from `listen` as configured.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.base_url(self.server.listen)
    }

    /// The part of the configuration that the domain needs for its decisions.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            hotel: HotelPolicy {
                name: self.hotel.name.clone(),
                position: self.hotel.position,
                address: self.hotel.address.clone(),
                contact: self.hotel.contact.clone(),
                map_page: self.hotel.map_url.as_ref().map(|page| page.as_str().to_owned()),
                check_in_from: self.hotel.check_in_from,
                timezone: self.hotel.timezone,
                day_starts_at: self.hotel.day_starts_at,
            },
            rooms: self.rooms.clone(),
            hold: HoldPolicy {
                duration: self.hold.duration,
                remind_before: self.hold.remind_before,
                extend_by: self.hold.extend_by,
                max_extensions: self.hold.max_extensions,
                payment_window: self.hold.payment_window,
            },
            booking: BookingPolicy {
                advance_days: self.booking.advance_days,
                advance_hold: self.booking.advance_hold,
                release_at: self.booking.release_at,
                max_nights: self.booking.max_nights,
                max_active_per_guest: self.booking.max_active_per_guest,
                offer_window: self.booking.offer_window,
            },
            travel: TravelPolicy {
                radius_km: self.hold.radius_km,
                fix_max_age: self.hold.fix_max_age,
                live_silence_max: self.travel.live_silence_max,
                road_factor: self.travel.road_factor,
                speeds: self.travel.speeds,
                arrival_buffer: self.hold.arrival_buffer,
            },
            front_office_chat: self.telegram.front_office_chat().is_some(),
            has_hotel_system: self.webhook.is_some(),
            qris: self.qris.source.as_ref().map(|_| match self.qris.send {
                QrisSend::OnArrival => QrisPolicy::OnArrival,
                QrisSend::OnBooking => QrisPolicy::OnBooking,
            }),
        }
    }
}

/// Parses a TOML document. An error names the line but does not quote its text, which may contain a
/// secret.
fn parse(text: &str, name: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        ConfigError::at(name, format!("line {line} is no TOML: {}", error.message()))
    })
}
