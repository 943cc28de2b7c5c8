//! What a guest chose on the web form, on its way to the bot: kept here, carried by a key.

use chrono::{NaiveDate, TimeDelta};

use super::{BookingService, ServiceError};
use crate::auth;
use crate::domain::{GuestName, RoomCode};
use crate::store::StoreError;

/// How long a choice can be taken over.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// Characters of a key at most; a deep link takes 64.
const MAX_KEY: usize = 64;

/// A choice made on the web form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// Which room type.
    pub room: RoomCode,
    /// First night.
    pub check_in: NaiveDate,
    /// How many nights.
    pub nights: u32,
    /// Who comes, if it was said.
    pub name: Option<GuestName>,
}

impl BookingService {
    /// Keeps a choice for a day and answers its key.
    ///
    /// # Errors
    /// What the store says, or a refusal of what cannot be booked.
    pub async fn keep_handoff(&self, choice: &Handoff) -> Result<String, ServiceError> {
        self.policy.stay(&choice.room, choice.check_in, choice.nights, self.clock.now())?;
        let key = auth::fresh_secret();
        let name = choice.name.as_ref().map_or("", GuestName::as_str);
        let text = format!("{}|{}|{}|{name}", choice.room, choice.check_in, choice.nights);
        self.put_value(&value(&key), text, LIFE).await?;
        Ok(key)
    }

    /// The choice of a key; `None` if it is unknown or too old.
    ///
    /// # Errors
    /// What the store says.
    pub async fn handoff(&self, key: &str) -> Result<Option<Handoff>, StoreError> {
        if key.len() > MAX_KEY {
            return Ok(None);
        }
        Ok(self.value(&value(key)).await?.as_deref().and_then(read))
    }
}

fn value(key: &str) -> String {
    format!("start:{key}")
}

fn read(text: &str) -> Option<Handoff> {
    let mut parts = text.splitn(4, '|');
    Some(Handoff {
        room: RoomCode::parse(parts.next()?).ok()?,
        check_in: parts.next()?.parse().ok()?,
        nights: parts.next()?.parse().ok()?,
        name: GuestName::parse(parts.next()?).ok(),
    })
}
