//! Fuzzes receipt numbers, codes of room types and amounts as people type them.
#![no_main]

use jatah_fuzz::domain::{ReceiptNo, RoomCode, Rupiah};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(number) = ReceiptNo::parse(text) {
        let shown = number.to_string();
        assert_eq!(ReceiptNo::parse(&shown), Ok(number), "{shown}");
        assert_eq!(
            ReceiptNo::parse(&shown.to_lowercase().replace('-', " ")),
            Ok(number),
            "{shown}"
        );
        assert!(shown.len() <= 64 && number.serial() > 0, "{shown}");
        let _ = (number.is_followed_by(number), number.distance_to(number));
    }
    if let Ok(code) = RoomCode::parse(text) {
        assert_eq!(code.as_str(), text);
    }
    if let Some(sum) = Rupiah::parse(text) {
        assert!(sum <= Rupiah::MAX);
        assert_eq!(Rupiah::parse(&sum.0.to_string()), Some(sum));
    }
});
