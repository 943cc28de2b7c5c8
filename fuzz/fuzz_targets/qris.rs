//! Fuzzes the parser of QRIS payloads with arbitrary bytes. Run `make fuzz` at the top of the work
//! tree.
//!
//! The parser's files are included directly and not through the crate, so that the target builds in
//! seconds and only the parser is instrumented.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/qris/check.rs"]
mod check;
#[path = "../../src/qris/exact.rs"]
mod exact;
#[path = "../../src/qris/table.rs"]
mod table;
#[path = "../../src/qris/tlv.rs"]
mod tlv;

/// The types of the domain that the parser uses.
mod domain {
    /// An amount in whole rupiah.
    #[derive(Debug, Clone, Copy)]
    pub struct Rupiah(pub u64);
}

use check::{PayloadError, StaticQris};
use domain::Rupiah;
use tlv::fields;

const RECEIPT: &str = "RESI-20260104-001";

fuzz_target!(|bytes: &[u8]| {
    try_out(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read: String = fields(text).map_while(Result::ok).map(|field| field.raw).collect();
    assert!(text.starts_with(&read), "fields are the text, in its order");
    let _ = table::table(text);
    // Random input almost never has a valid checksum. Add one, so that the code behind the check is
    // reached too.
    let body = format!("{text}6304");
    try_out(format!("{body}{:04X}", check::checksum(&body)).as_bytes());
});

fn try_out(bytes: &[u8]) {
    let code = match StaticQris::parse(bytes) {
        Ok(code) => code,
        Err(problem) => {
            let words = problem.to_string();
            return assert!(!words.contains(char::is_control), "one line: {words:?}");
        }
    };
    let Ok(dynamic_code) = code.exact(Rupiah(350_000), RECEIPT) else { return };
    assert_eq!(StaticQris::parse(dynamic_code.as_bytes()), Err(PayloadError::Dynamic));
    let of = |payload: &str, tag: u8| -> Vec<String> {
        let found = fields(payload).flatten().filter(|field| field.tag == tag);
        found.map(|field| field.value.to_owned()).collect()
    };
    assert_eq!(of(&dynamic_code, 54), ["350000"]);
    assert_eq!(of(&of(&dynamic_code, 62).concat(), 1), [RECEIPT]);
    // All other fields are unchanged and in the same order.
    let others = |payload: &str| -> String {
        let kept = fields(payload).flatten().filter(|field| ![1, 54, 62, 63].contains(&field.tag));
        kept.map(|field| field.raw).collect()
    };
    assert_eq!(others(&dynamic_code), others(code.as_str()));
    let _ = table::side_by_side(("static", code.as_str()), ("exact", &dynamic_code));
}
