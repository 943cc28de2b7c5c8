//! Fuzzes the cleaning of names.
#![no_main]

use jatah_fuzz::domain::ids::MAX_NAME_CHARS;
use jatah_fuzz::domain::{GuestName, StaffName};
use libfuzzer_sys::fuzz_target;
use unicode_normalization::is_nfc;

fuzz_target!(|text: &str| {
    let Ok(name) = GuestName::parse(text) else {
        assert!(StaffName::parse(text).is_err());
        return;
    };
    let name = name.as_str();
    assert!((1..=MAX_NAME_CHARS).contains(&name.chars().count()), "{name:?}");
    assert!(!name.contains(char::is_control) && name.trim() == name, "{name:?}");
    assert!(is_nfc(name), "{name:?}");
    // Cleaning a clean name changes nothing.
    assert_eq!(GuestName::parse(name).as_ref().map(GuestName::as_str), Ok(name));
    assert_eq!(StaffName::parse(text).as_ref().map(StaffName::as_str), Ok(name));
});
