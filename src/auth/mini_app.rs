//! Identifies staff and guests by a Mini App's `initData`, which Telegram signs with a key derived
//! from the bot's token.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::Staff;
use crate::config::StaffMember;
use crate::domain::{Moment, TelegramId};

/// How old signed data may be. Telegram creates it when the Mini App is opened.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);
/// How far Telegram's clock may be ahead of this program's.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(1);
/// The most characters of the data.
const MAX_DATA: usize = 8_192;

/// A guest who opened the form inside Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MiniAppGuest {
    /// The user's id.
    pub id: TelegramId,
    /// The name of the account, as the user wrote it.
    pub name: String,
    /// The code of the language of the user's Telegram, if it has one.
    pub language_code: Option<String>,
}

/// Identifies staff and guests by data that Telegram signed.
#[derive(Clone)]
pub struct MiniApp {
    key: [u8; 32],
    staff: Arc<Vec<StaffMember>>,
}

impl MiniApp {
    /// For one bot and its staff.
    #[must_use]
    pub fn new(token: &str, staff: Vec<StaffMember>) -> Self {
        Self { key: hmac(b"WebAppData", token.as_bytes()), staff: Arc::new(staff) }
    }

    /// The member of staff in the data; `None` if the signature is wrong or too old, or the user is
    /// not staff.
    #[must_use]
    pub fn member(&self, init_data: &str, now: Moment) -> Option<Staff> {
        let id = self.user(init_data, now)?.get("id")?.as_i64()?;
        let member = self.staff.iter().find(|member| member.telegram_id.0 == id)?;
        Some(Staff::from(member))
    }

    /// The user in the data, as a guest; `None` if the signature is wrong or too old.
    #[must_use]
    pub fn guest(&self, init_data: &str, now: Moment) -> Option<MiniAppGuest> {
        let user = self.user(init_data, now)?;
        let text = |name: &str| user.get(name).and_then(|value| value.as_str());
        let id = TelegramId(user.get("id")?.as_i64()?);
        let names = [text("first_name"), text("last_name")];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let language_code = text("language_code").map(str::to_owned);
        Some(MiniAppGuest { id, name, language_code })
    }

    fn user(&self, init_data: &str, now: Moment) -> Option<serde_json::Value> {
        if init_data.len() > MAX_DATA {
            return None;
        }
        let mut fields: Vec<(String, String)> =
            form_urlencoded::parse(init_data.as_bytes()).into_owned().collect();
        let place = fields.iter().position(|(name, _)| name == "hash")?;
        let hash = hex::decode(fields.remove(place).1).ok()?;
        fields.sort();
        let lines: Vec<String> = fields.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let signed = hmac(&self.key, lines.join("\n").as_bytes());
        if !bool::from(signed.ct_eq(hash.as_slice())) {
            return None;
        }
        let field = |name: &str| fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
        let at = DateTime::from_timestamp_secs(field("auth_date")?.parse().ok()?)?;
        if now - at > MAX_AGE || at - now > MAX_AHEAD {
            return None;
        }
        serde_json::from_str(field("user")?).ok()
    }
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length (RFC 2104, 2), so this cannot fail.
    Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mut mac| {
        mac.update(text);
        mac.finalize().into_bytes().into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Role, StaffName};

    fn app() -> MiniApp {
        let name = StaffName::parse("Sari").unwrap();
        let member = StaffMember { telegram_id: TelegramId(42), name, role: Role::FrontOffice };
        MiniApp::new("1:token", vec![member])
    }

    fn now() -> Moment {
        DateTime::from_timestamp_secs(1_767_520_800).unwrap()
    }

    fn signed(fields: &[(&str, &str)]) -> String {
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let lines: Vec<String> = sorted.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let hash = hex::encode(hmac(&app().key, lines.join("\n").as_bytes()));
        let encode = |v: &str| {
            percent_encoding::utf8_percent_encode(v, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let pairs = fields.iter().map(|(k, v)| format!("{k}={}", encode(v)));
        pairs.chain([format!("hash={hash}")]).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn staff_are_known_by_data_that_telegram_signed_recently() {
        let at = now().timestamp().to_string();
        let sari = r#"{"id":42,"first_name":"Sari <&>"}"#;
        let data = signed(&[("user", sari), ("auth_date", &at), ("signature", "abc")]);
        assert_eq!(app().member(&data, now()).map(|staff| staff.role), Some(Role::FrontOffice));
        assert_eq!(app().member(&data, now() + TimeDelta::minutes(61)), None, "too old");
        assert_eq!(app().member(&data, now() - TimeDelta::minutes(2)), None, "from the future");
        let forged = data.replace("42", "43");
        assert_eq!(app().member(&forged, now()), None, "changed after it was signed");
        let guest = app().guest(&data, now()).unwrap();
        assert_eq!((guest.id, guest.name.as_str()), (TelegramId(42), "Sari <&>"));
        assert_eq!(app().guest(&forged, now()), None, "changed after it was signed");
        assert_eq!(app().guest(&data, now() + TimeDelta::minutes(61)), None, "too old");
        let stranger = signed(&[("user", r#"{"id":43}"#), ("auth_date", &at)]);
        assert_eq!(app().member(&stranger, now()), None, "a stranger");
        for broken in ["", "hash=", "user={}&hash=00", "a&b", &"x=1&".repeat(3000)] {
            assert_eq!(app().member(broken, now()), None, "{broken:.20}");
        }
    }
}
