//! A request to book, in one form for every channel.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::domain::{Contact, Fix, Guest, Language, RoomCode, Rupiah, TokenHash};

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
        self.fingerprint_in(self.guest.language)
    }

    /// Whether this repeats the request with this fingerprint. The language may be another one: without one
    /// in the request it is the server's, which a restart may have changed before the request is repeated.
    #[must_use]
    pub fn is_repeat_of(&self, fingerprint: TokenHash) -> bool {
        Language::CODES.iter().any(|(language, _)| self.fingerprint_in(*language) == fingerprint)
    }

    fn fingerprint_in(&self, language: Language) -> TokenHash {
        let contact = match &self.guest.contact {
            Contact::Telegram(id) => format!("telegram:{}", id.0),
            Contact::Web(email) => format!("email:{}", email.as_str()),
            Contact::Desk => "desk".to_owned(),
            Contact::Other => String::new(),
        };
        let parts = [
            self.guest.name.as_str(),
            &contact,
            language.code(),
            self.room.as_str(),
            &self.check_in.to_string(),
            &self.nights.to_string(),
        ];
        // No part contains a control character, so the separator is unambiguous.
        TokenHash(Sha256::digest(parts.join("\0")).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{GuestName, TelegramId};

    #[test]
    fn a_request_is_repeated_in_another_language_but_not_with_another_stay() {
        let request = |language, nights| BookRequest {
            request_id: "secret".to_owned(),
            guest: Guest {
                name: GuestName::parse("Budi").unwrap(),
                contact: Contact::Telegram(TelegramId(7)),
                language,
            },
            room: RoomCode::parse("STD").unwrap(),
            check_in: "2026-01-04".parse().unwrap(),
            nights,
            expected_price: None,
            position: None,
            origin: None,
        };
        let made = request(Language::Indonesian, 1).fingerprint();
        assert!(request(Language::Indonesian, 1).is_repeat_of(made));
        assert!(request(Language::English, 1).is_repeat_of(made));
        assert!(!request(Language::Indonesian, 2).is_repeat_of(made));
    }
}
