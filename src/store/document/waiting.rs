//! The stored form of a guest in the waiting list.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    ContactDocument, hash, hash_text, language, moment, receipt_no, room_code, rupiah,
    rupiah_number,
};
use crate::domain::{Guest, GuestName, WaitingGuest, WaitingState, Wish, WishedRoom};
use crate::store::StoreError;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct WaitingDocument {
    pub ticket: String,
    pub guest_name: String,
    pub contact: ContactDocument,
    pub language: String,
    /// `None` if any type will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The most that a night may cost, if any type will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    pub check_in: NaiveDate,
    pub nights: u32,
    pub since_ms: i64,
    pub limit_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_key: Option<String>,
    /// The booking that offered a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_no: Option<String>,
}

impl WaitingDocument {
    /// How long it is kept after the check-in date.
    pub const KEPT_DAYS: Days = Days::new(3);
}

impl From<&WaitingGuest> for WaitingDocument {
    fn from(guest: &WaitingGuest) -> Self {
        let (room, at_most) = match &guest.wish.room {
            WishedRoom::OfType(code) => (Some(code.to_string()), None),
            WishedRoom::Any { at_most } => (None, at_most.map(rupiah_number)),
        };
        Self {
            ticket: hash_text(guest.ticket),
            guest_name: guest.guest.name.as_str().to_owned(),
            contact: (&guest.guest.contact).into(),
            language: guest.guest.language.code().to_owned(),
            room,
            at_most,
            check_in: guest.wish.check_in,
            nights: guest.wish.nights,
            since_ms: guest.since.timestamp_millis(),
            limit_key: guest.limit_key.clone(),
            address_key: guest.address_key.clone(),
            receipt_no: match guest.state {
                WaitingState::Waiting => None,
                WaitingState::Offered(receipt_no) => Some(receipt_no.to_string()),
            },
        }
    }
}

impl TryFrom<WaitingDocument> for WaitingGuest {
    type Error = StoreError;

    fn try_from(stored: WaitingDocument) -> Result<Self, StoreError> {
        let room = match stored.room {
            Some(code) => WishedRoom::OfType(room_code(&code)?),
            None => WishedRoom::Any { at_most: stored.at_most.map(rupiah).transpose()? },
        };
        Ok(Self {
            ticket: hash(&stored.ticket)?,
            guest: Guest {
                name: GuestName::from_stored(stored.guest_name),
                contact: stored.contact.try_into()?,
                language: language(&stored.language)?,
            },
            wish: Wish { room, check_in: stored.check_in, nights: stored.nights },
            since: moment(stored.since_ms)?,
            state: match stored.receipt_no {
                None => WaitingState::Waiting,
                Some(number) => WaitingState::Offered(receipt_no(&number)?),
            },
            limit_key: stored.limit_key,
            address_key: stored.address_key,
        })
    }
}
