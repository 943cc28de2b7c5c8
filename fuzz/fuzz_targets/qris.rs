//! Any bytes at all: `cargo +nightly fuzz run qris` (from the top of the work tree).
#![no_main]

use jatah::domain::Rupiah;
use jatah::qris::{Problem, Static, fields, table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let read: String = fields(text).map_while(Result::ok).map(|field| field.raw).collect();
        assert!(text.starts_with(&read), "fields are the text, in its order");
        let _ = table(text);
    }
    if let Ok(code) = Static::parse(bytes)
        && let Ok(twin) = code.exact(Rupiah(350_000), "RESI-20260104-001")
    {
        assert_eq!(Static::parse(twin.as_bytes()), Err(Problem::Dynamic));
        let amounts = fields(&twin).flatten().filter(|field| field.tag == 54);
        assert_eq!(amounts.map(|field| field.value).collect::<Vec<_>>(), ["350000"]);
    }
});
