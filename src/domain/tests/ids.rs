//! Names and numbers: what can be parsed, and what is refused.

use proptest::prelude::*;

use super::build::date;
use crate::domain::ids::{MAX_EMAIL_CHARS, MAX_NAME_CHARS, ParseIdError};
use crate::domain::{Email, GuestName, Language, ReceiptNo, RoomCode, StaffName};

#[test]
fn a_receipt_number_is_read_as_people_type_it() {
    let number = ReceiptNo::new(date("2026-01-04"), 1);
    for text in [
        "RESI-20260104-001",
        "resi-20260104-001",
        "Resi 20260104 001",
        "20260104-001",
        "20260104-1",
        "2026-01-04-1",
        "RESI20260104001",
        "202601041",
        "  RESI - 20260104 - 0001  ",
        "RESI\u{2013}20260104\u{2014}001",
        "RESI_20260104.001",
        "R E S I-20260104-001",
    ] {
        assert_eq!(ReceiptNo::parse(text), Ok(number), "{text:?}");
    }
    let big = ReceiptNo::new(date("2026-12-31"), 12_345);
    assert_eq!(ReceiptNo::parse("resi 20261231 12345"), Ok(big));
    assert_eq!(big.to_string(), "RESI-20261231-12345");
}

#[test]
fn what_is_no_receipt_number_is_refused() {
    for (text, expected) in [
        ("", ParseIdError::Empty),
        (" - ", ParseIdError::Empty),
        ("RESI", ParseIdError::Malformed),
        ("20260104", ParseIdError::Malformed),
        ("20260104-0", ParseIdError::Malformed),
        ("20260230-001", ParseIdError::Malformed),
        ("20261301-001", ParseIdError::Malformed),
        ("RESI-RESI-20260104-001", ParseIdError::Malformed),
        ("KODE-20260104-001", ParseIdError::Malformed),
        ("20260104-001a", ParseIdError::Malformed),
        ("20260104-+01", ParseIdError::Malformed),
        ("20260104-9999999999", ParseIdError::Malformed),
        ("\u{ff12}0260104-001", ParseIdError::Malformed),
        ("２０２６０１０４００１", ParseIdError::Malformed),
        ("20260104\u{0}001", ParseIdError::Malformed),
    ] {
        assert_eq!(ReceiptNo::parse(text), Err(expected), "{text:?}");
    }
    assert_eq!(ReceiptNo::parse(&"1".repeat(65)), Err(ParseIdError::TooLong));
}

proptest! {
    #![proptest_config(super::properties::config())]

    #[test]
    fn a_receipt_number_that_is_shown_can_be_read(days in 0_u64..40_000, serial in 1_u32..1_000_000) {
        let day = date("1990-01-01") + chrono::Days::new(days);
        let number = ReceiptNo::new(day, serial);
        prop_assert_eq!(ReceiptNo::parse(&number.to_string()), Ok(number));
    }

    #[test]
    fn nothing_that_is_typed_breaks_the_readers(text in any::<String>()) {
        let _ = ReceiptNo::parse(&text);
        let _ = RoomCode::parse(&text);
        let _ = Language::from_code(&text);
        if let Ok(name) = GuestName::parse(&text) {
            prop_assert!(!name.as_str().chars().any(char::is_control));
            prop_assert_eq!(name.as_str().trim(), name.as_str());
            prop_assert_eq!(GuestName::parse(name.as_str()), Ok(name));
        }
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(email.as_str().is_ascii());
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
        }
    }
}

#[test]
fn a_name_is_one_line_of_text_in_any_script() {
    for name in ["Budi", "Siti Nurhaliza binti Tarudin", "O'Neil <b>&amp;", "李小龍", "محمد", "🙂"]
    {
        assert_eq!(GuestName::parse(&format!("  {name}\t")).unwrap().as_str(), name);
    }
    assert_eq!(GuestName::parse(&"é".repeat(MAX_NAME_CHARS)).unwrap().as_str().len(), 160);
    assert_eq!(GuestName::parse(&"é".repeat(MAX_NAME_CHARS + 1)), Err(ParseIdError::TooLong));
}

#[test]
fn a_name_is_cleaned_before_it_is_judged() {
    for (text, expected) in [
        ("\u{200e}Budi\u{200f}", "Budi"),
        ("\u{2068}Budi Santoso\u{2069}\u{feff}", "Budi Santoso"),
        ("Bu\u{200b}di\u{ad}", "Budi"),
        ("\u{a0}Jose\u{301}\u{a0}", "José"),
        // What is taken out may have kept a letter apart from its accent.
        ("Jose\u{200b}\u{301}", "José"),
        ("Ma\u{2019}ruf", "Ma\u{2019}ruf"),
        ("Drs. H. Budi, S.Kom., M.M.", "Drs. H. Budi, S.Kom., M.M."),
        ("dr.Sari S.Pd.I", "dr.Sari S.Pd.I"),
        ("Budi & Co.", "Budi & Co."),
        ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
    ] {
        assert_eq!(GuestName::parse(text).unwrap().as_str(), expected, "{text:?}");
    }
    let decomposed = "e\u{301}".repeat(MAX_NAME_CHARS);
    assert_eq!(GuestName::parse(&decomposed).unwrap().as_str(), "é".repeat(MAX_NAME_CHARS));
}

#[test]
fn a_name_with_control_characters_or_marks_that_turn_text_is_refused() {
    for (text, expected) in [
        ("", ParseIdError::Empty),
        (" \t\n ", ParseIdError::Empty),
        ("\u{200b}\u{feff}", ParseIdError::Empty),
        ("Budi\nSantoso", ParseIdError::ControlCharacter),
        ("Budi\r\nBcc: all@example.com", ParseIdError::ControlCharacter),
        ("Budi\u{0}", ParseIdError::ControlCharacter),
        ("\u{2800}\u{3164}\u{ad}", ParseIdError::Empty),
        ("\u{301}\u{fe0f}\u{e0041}", ParseIdError::Empty),
        ("Budi https://evil.example/x", ParseIdError::Link),
        ("www.evil.example", ParseIdError::Link),
        ("menang di evil.com!", ParseIdError::Link),
        ("hadiah.xyz/klik", ParseIdError::Link),
        ("(t.me/hadiah)", ParseIdError::Link),
        ("bit.ly/3x", ParseIdError::Link),
        ("Budi\u{1b}[31m", ParseIdError::ControlCharacter),
        ("Budi\u{85}Santoso", ParseIdError::ControlCharacter),
        ("Budi\u{2028}Santoso", ParseIdError::ControlCharacter),
        ("Budi\u{2029}Santoso", ParseIdError::ControlCharacter),
    ] {
        assert_eq!(GuestName::parse(text), Err(expected), "{text:?}");
        assert_eq!(StaffName::parse(text).err(), Some(expected), "{text:?}");
    }
    // Every character that Unicode lists as a control of text direction.
    let marks = ['\u{61c}', '\u{200e}', '\u{200f}'];
    for mark in marks.into_iter().chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
        let name = format!("Bu{mark}di");
        assert_eq!(GuestName::parse(&name), Err(ParseIdError::ControlCharacter), "{name:?}");
    }
}

#[test]
fn an_address_that_mail_systems_take_is_read() {
    for (text, expected) in [
        ("budi@example.com", "budi@example.com"),
        ("  Budi.Santoso+hotel@EXAMPLE.Co.ID ", "Budi.Santoso+hotel@example.co.id"),
        ("o'neil_1@sub-domain.example.org", "o'neil_1@sub-domain.example.org"),
        ("a@b.c", "a@b.c"),
        ("a@b.co\r\n", "a@b.co"),
        ("\u{200b}\u{202a}a@b.co\u{202c}\u{feff}", "a@b.co"),
    ] {
        assert_eq!(Email::parse(text).unwrap().as_str(), expected);
    }
    let longest = format!("{}@{}.com", "a".repeat(64), "b".repeat(63));
    assert!(Email::parse(&longest).is_ok());
}

#[test]
fn an_address_that_could_carry_a_header_or_is_none_is_refused() {
    for (text, expected) in [
        ("", ParseIdError::Empty),
        ("a@b.co\r\nBcc: c@d.co", ParseIdError::ControlCharacter),
        ("a\0@b.co", ParseIdError::ControlCharacter),
        ("a@b.co, c@d.co", ParseIdError::Malformed),
        ("a@b.co;c@d.co", ParseIdError::Malformed),
        ("Budi <a@b.co>", ParseIdError::Malformed),
        ("<a@b.co>", ParseIdError::Malformed),
        ("\"a b\"@b.co", ParseIdError::Malformed),
        ("a(comment)@b.co", ParseIdError::Malformed),
        ("a@[127.0.0.1]", ParseIdError::Malformed),
        ("a b@c.co", ParseIdError::Malformed),
        ("a@b", ParseIdError::Malformed),
        ("@b.co", ParseIdError::Malformed),
        ("a@", ParseIdError::Malformed),
        ("a@@b.co", ParseIdError::Malformed),
        (".a@b.co", ParseIdError::Malformed),
        ("a..b@c.co", ParseIdError::Malformed),
        ("a@b..co", ParseIdError::Malformed),
        ("a@-b.co", ParseIdError::Malformed),
        ("a@b-.co", ParseIdError::Malformed),
        ("a@b.co.", ParseIdError::Malformed),
        ("budi@exämple.com", ParseIdError::Malformed),
        ("bud\u{456}@example.com", ParseIdError::Malformed),
    ] {
        assert_eq!(Email::parse(text), Err(expected), "{text:?}");
    }
    assert_eq!(Email::parse(&format!("{}@b.co", "a".repeat(65))), Err(ParseIdError::Malformed));
    let endless = format!("a@{}co", "b.".repeat(MAX_EMAIL_CHARS));
    assert_eq!(Email::parse(&endless), Err(ParseIdError::TooLong));
}

#[test]
fn addresses_of_one_mailbox_count_as_one() {
    for (text, expected) in [
        ("Budi@example.com", "budi@example.com"),
        ("budi+hotel@example.com", "budi@example.com"),
        ("b.u.d.i+1@GMAIL.com", "budi@gmail.com"),
        ("budi@googlemail.com", "budi@gmail.com"),
        ("b.udi@example.com", "b.udi@example.com"),
        ("+1@example.com", "+1@example.com"),
    ] {
        assert_eq!(Email::parse(text).unwrap().mailbox(), expected);
    }
}

#[test]
fn what_is_personal_does_not_show_in_logs() {
    let shown = format!("{:?}", super::build::Scenario::new().seen(0.123_456, 1).tracked);
    assert!(!shown.contains("Budi") && !shown.contains("6.07"), "{shown}");
    let email = Email::parse("budi@example.com").unwrap();
    assert!(!format!("{email:?}").contains("budi"));
}

#[test]
fn a_room_code_is_short_and_plain() {
    for text in ["A", "STD", "suite_2-b", "0123456789abcdef"] {
        assert_eq!(RoomCode::parse(text).unwrap().as_str(), text);
    }
    for text in ["", "0123456789abcdefg", "A B", "A:B", "ä", " A"] {
        assert!(RoomCode::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_language_is_found_by_its_tag() {
    for (tag, expected) in [
        ("id", Some(Language::Indonesian)),
        ("ID-id", Some(Language::Indonesian)),
        ("en", Some(Language::English)),
        (" en_GB ", Some(Language::English)),
        ("eng", None),
        ("", None),
        ("de", None),
    ] {
        assert_eq!(Language::from_code(tag), expected, "{tag:?}");
    }
}
