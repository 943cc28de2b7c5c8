//! Handoffs: a choice made on the web form is stored under a key, and the Telegram bot loads it.
//!
//! A handoff is not a booking and takes no room.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{BookingService, ServiceError};
use crate::auth;
use crate::domain::{GuestName, RoomCode};
use crate::store::{StoreError, TypedValue};

/// How long a choice is kept.
const CHOICE_LIFE: TimeDelta = TimeDelta::hours(24);
/// The most characters of a key; a Telegram deep link takes 64.
const MAX_KEY: usize = 64;

/// A choice made on the web form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// The room type.
    pub room: RoomCode,
    /// The first night.
    pub check_in: NaiveDate,
    /// The number of nights.
    pub nights: u32,
    /// The guest's name, if it was entered.
    pub name: Option<GuestName>,
}

impl BookingService {
    /// Stores a choice for a day and returns its key.
    ///
    /// # Errors
    /// [`crate::domain::Refusal`] if the choice cannot be booked; [`ServiceError::Store`] if the
    /// store fails.
    pub async fn keep_handoff(&self, choice: &Handoff) -> Result<String, ServiceError> {
        self.policy.stay(&choice.room, choice.check_in, choice.nights, self.clock.now())?;
        let key = auth::fresh_secret();
        self.values.put(&name(&key), &HandoffDocument::from(choice), CHOICE_LIFE).await?;
        Ok(key)
    }

    /// The choice of a key; `None` if the key is unknown or expired.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn handoff(&self, key: &str) -> Result<Option<Handoff>, StoreError> {
        if key.len() > MAX_KEY {
            return Ok(None);
        }
        let kept: Option<HandoffDocument> = self.values.get(&name(key)).await?;
        Ok(kept.and_then(HandoffDocument::read))
    }
}

fn name(key: &str) -> String {
    format!("start:{key}")
}

/// A choice as it is stored.
#[derive(Serialize, Deserialize)]
struct HandoffDocument {
    room: String,
    check_in: NaiveDate,
    nights: u32,
    name: Option<String>,
}

impl From<&Handoff> for HandoffDocument {
    fn from(choice: &Handoff) -> Self {
        Self {
            room: choice.room.to_string(),
            check_in: choice.check_in,
            nights: choice.nights,
            name: choice.name.as_ref().map(|name| name.as_str().to_owned()),
        }
    }
}

impl HandoffDocument {
    fn read(self) -> Option<Handoff> {
        let Self { room, check_in, nights, name } = self;
        let name = name.and_then(|name| GuestName::parse(&name).ok());
        Some(Handoff { room: RoomCode::parse(&room).ok()?, check_in, nights, name })
    }
}

impl TypedValue for HandoffDocument {
    /// `STD|2026-01-04|1|Budi`
    fn from_plain_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '|');
        Some(Self {
            room: parts.next()?.to_owned(),
            check_in: parts.next()?.parse().ok()?,
            nights: parts.next()?.parse().ok()?,
            name: parts.next().filter(|name| !name.is_empty()).map(str::to_owned),
        })
    }
}
