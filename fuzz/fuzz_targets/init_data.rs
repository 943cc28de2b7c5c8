//! Fuzzes the data that Telegram signs for a Mini App: as it comes, and with a right signature.
#![no_main]

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jatah_fuzz::auth::mini_app::MiniApp;
use jatah_fuzz::config::StaffMember;
use jatah_fuzz::domain::{Role, StaffName, TelegramId};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use url::form_urlencoded;

const TOKEN: &str = "1:token";

fuzz_target!(|data: &str| {
    let now = DateTime::<Utc>::from_timestamp(1_767_520_800, 0).unwrap();
    let name = StaffName::parse("Sari").unwrap();
    let staff = vec![StaffMember { telegram_id: TelegramId(42), name, role: Role::FrontOffice }];
    let app = MiniApp::new(TOKEN, staff);
    // Nobody finds a signature by chance.
    assert!(app.member(data, now).is_none() && app.guest(data, now).is_none());
    let signed = format!("{data}&hash={}", signature(data));
    let (member, guest) = (app.member(&signed, now), app.guest(&signed, now));
    if member.is_some() {
        assert_eq!(guest.map(|guest| guest.id), Some(TelegramId(42)));
    }
});

/// The signature as Telegram describes it, of data without a `hash`.
fn signature(data: &str) -> String {
    let mut fields: Vec<(String, String)> =
        form_urlencoded::parse(data.as_bytes()).into_owned().collect();
    fields.sort();
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let key = hmac(b"WebAppData", TOKEN.as_bytes());
    hex::encode(hmac(&key, lines.join("\n").as_bytes()))
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
