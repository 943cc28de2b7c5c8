//! A request to book, in one form for every channel.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::domain::{Contact, Fix, Guest, RoomCode, Rupiah, TokenHash};
use crate::store::Limit;

/// A request to book.
#[derive(Debug, Clone)]
pub struct BookRequest {
    /// A secret that the client made, or this program if the client made none. A repeated id makes
    /// no second booking, and the access token is derived from it.
    pub request_id: String,
    /// The guest.
    pub guest: Guest,
    /// The room type.
    pub room: RoomCode,
    /// The first night.
    pub check_in: NaiveDate,
    /// The number of nights.
    pub nights: u32,
    /// The price of all nights that the guest was shown. Another price is refused.
    pub expected_price: Option<Rupiah>,
    /// The guest's position, if they shared it.
    pub position: Option<Fix>,
    /// The limit for the network address that the request came from.
    pub address_limit: Option<Limit>,
}

impl BookRequest {
    /// SHA-256 over the input. The position and the expected price are left out, because a repeated
    /// request may have newer ones and is still the same request.
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
        // No part contains a control character, so the separator is unambiguous.
        TokenHash(Sha256::digest(parts.join("\0")).into())
    }
}
