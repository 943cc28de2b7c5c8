//! A request to book, in one form for every channel.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::domain::{Contact, Fix, Guest, RoomCode, Rupiah, TokenHash};

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
    /// Where the request came from, if it came through the web.
    pub origin: Option<WebOrigin>,
}

/// Where a request of the web came from, and how much may be held from there.
#[derive(Debug, Clone)]
pub struct WebOrigin {
    /// The network address. Only a keyed hash of it is stored.
    pub address: String,
    /// The most running holds of that address.
    pub max_holds: u32,
    /// The part of a room type's rooms that holds of the web may take together, up to 1.
    pub web_share: f64,
}

impl BookRequest {
    /// SHA-256 over the input. The position and the expected price are left out, because a repeated
    /// request may have newer ones and is still the same request.
    #[must_use]
    pub fn fingerprint(&self) -> TokenHash {
        let contact = match &self.guest.contact {
            Contact::Telegram(id) => format!("telegram:{}", id.0),
            Contact::Web(email) => format!("email:{}", email.as_str()),
            Contact::Desk => "desk".to_owned(),
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
