//! A guest's wish to book, as it comes in by any channel.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::domain::{Contact, Fix, Guest, RoomCode, TokenHash};
use crate::store::Limit;

/// A guest's wish to book.
#[derive(Debug, Clone)]
pub struct BookRequest {
    /// A secret of the client's making, or of ours for one that made none: its bookings are made
    /// once, and their access tokens derive from it.
    pub request_id: String,
    /// Who comes.
    pub guest: Guest,
    /// Which room type.
    pub room: RoomCode,
    /// First night.
    pub check_in: NaiveDate,
    /// How many nights.
    pub nights: u32,
    /// Where the guest is, if they said so.
    pub position: Option<Fix>,
    /// A limit by the network address that the wish came from.
    pub address_limit: Option<Limit>,
}

impl BookRequest {
    /// SHA-256 over what was asked for. The position is left out: a repeated tap may come with a
    /// newer one and still be the same wish.
    #[must_use]
    pub fn fingerprint(&self) -> TokenHash {
        let contact = match &self.guest.contact {
            Contact::Telegram(id) => format!("telegram:{}", id.0),
            Contact::Web(email) => format!("email:{}", email.as_str()),
            Contact::Other => String::new(),
        };
        let parts = [
            self.guest.name.as_str(),
            &contact,
            self.guest.language.code(),
            self.room.as_str(),
            &self.check_in.to_string(),
            &self.nights.to_string(),
        ];
        // No part has a control character, so the separator cannot be imitated.
        TokenHash(Sha256::digest(parts.join("\0")).into())
    }
}
