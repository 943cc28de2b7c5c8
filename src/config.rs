//! What the hotel is told at start: one TOML file and the environment, as a typed [`Config`].
//!
//! Every section and key is read and checked before anything starts, also those of features that
//! are switched off. The first thing that is wrong is the one line of a [`ConfigError`]. Secrets
//! are [`Secret`]s, which no `{:?}` shows; values that may hold one are never quoted in errors.
//!
//! In reading order: the sections as others see them (`section`); how each is read, with its
//! defaults (`read`); what the values may be (`value`, `address`); where they come from (`raw`).

mod address;
mod error;
mod raw;
mod read;
mod secret;
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
pub use secret::Secret;
pub use section::{
    BookingSection, Dkim, EmailSection, HoldSection, HotelSection, LimitsSection, QrisMode,
    QrisSection, QrisSend, QrisSource, Sender, ServerSection, Speeds, StaffMember, StoreSection,
    TelegramSection, TravelSection, Webhook,
};

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "jatah.toml";
/// The greatest count of anything: rooms, nights, requests.
pub const MAX_COUNT: u32 = 1_000_000;
/// The highest price a night.
pub const MAX_PRICE: Rupiah = Rupiah(1_000_000_000);

// So no price times nights is ever beyond what a sum can be, whatever the two are.
const _: () = assert!(MAX_PRICE.0 * MAX_COUNT as u64 <= Rupiah::MAX.0);

/// Everything that the hotel is told at start, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Whether no file was there: the demo hotel, on the values that are built in (the
    /// environment may have changed some).
    pub is_demo: bool,
    /// `[server]`: where it listens.
    pub server: ServerSection,
    /// `[store]`: where it keeps things.
    pub store: StoreSection,
    /// `[hotel]`: what and where the hotel is.
    pub hotel: HotelSection,
    /// `[[room]]`: room types, in the order in which they are shown everywhere; at least one.
    pub rooms: Vec<RoomType>,
    /// `[hold]`: how long rooms are kept.
    pub hold: HoldSection,
    /// `[booking]`: what may be booked.
    pub booking: BookingSection,
    /// `[travel]`: how arrival is estimated.
    pub travel: TravelSection,
    /// `[telegram]`: the bot.
    pub telegram: TelegramSection,
    /// `[email]`: how mails leave.
    pub email: EmailSection,
    /// `[qris]`: the hotel's payment code.
    pub qris: QrisSection,
    /// `[limits]`: what one address may do.
    pub limits: LimitsSection,
    /// `[[staff]]`: who may act on Telegram; ids are unique.
    pub staff: Vec<StaffMember>,
    /// What a real hotel would have set, where the demo's value stands instead.
    left_at_demo: Vec<&'static str>,
}

/// The process's environment, for [`Config::load`]. What is no Unicode comes with U+FFFD in its
/// place instead of a panic.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
}

impl Config {
    /// Reads the file at `path`, or without one [`DEFAULT_FILE`] of the current folder, or
    /// without that the demo; the environment wins over each.
    ///
    /// # Errors
    /// The first thing that is wrong, as one line.
    pub fn load(
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::load_or(path, Path::new(DEFAULT_FILE), environment)
    }

    /// Reads a text as [`Config::load`] reads a file.
    ///
    /// # Errors
    /// The first thing that is wrong, as one line.
    pub fn from_toml(
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::from_table(parse(text, "configuration")?, environment, false)
    }

    /// The demo hotel on the built-in values alone.
    ///
    /// # Errors
    /// Never: a test holds that each default is within its own range.
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
                Self::from_table(parse(&text, &file.to_string_lossy())?, environment, false)
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

    /// What links start with, without a slash at the end, for who knows no address that was bound.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.base_url(self.server.listen)
    }

    /// The rules that the domain decides by.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            hotel: HotelPolicy {
                name: self.hotel.name.clone(),
                position: self.hotel.position,
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
            },
            travel: TravelPolicy {
                radius_km: self.hold.radius_km,
                fix_max_age: self.hold.fix_max_age,
                live_silence_max: self.travel.live_silence_max,
                road_factor: self.travel.road_factor,
                speeds: self.travel.speeds.0,
                arrival_buffer: self.hold.arrival_buffer,
            },
            front_office_chat: self.telegram.front_office_chat().is_some(),
            qris: self.qris.source.as_ref().map(|_| match self.qris.send {
                QrisSend::OnArrival => QrisPolicy::OnArrival,
                QrisSend::OnBooking => QrisPolicy::OnBooking,
            }),
        }
    }
}

/// A TOML document; what is wrong with it comes with its line, but without its text, which may
/// hold a secret.
fn parse(text: &str, name: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        ConfigError::at(name, format!("line {line} is no TOML: {}", error.message()))
    })
}
