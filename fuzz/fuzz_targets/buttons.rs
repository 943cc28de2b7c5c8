//! Fuzzes the data of buttons.
#![no_main]

use jatah_fuzz::telegram::callback::{CallbackData, MAX_BYTES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(button) = CallbackData::read(text) else { return };
    // Another text may mean the same button; what the button writes is one text.
    let written = button.data();
    assert_eq!(CallbackData::read(&written), Some(button), "{text:?} as {written:?}");
    assert!(text.len() > MAX_BYTES || written.len() <= MAX_BYTES, "{text:?} as {written:?}");
});
