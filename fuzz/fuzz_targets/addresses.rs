//! Fuzzes e-mail addresses.
#![no_main]

use jatah_fuzz::domain::Email;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(address) = Email::parse(text) else { return };
    let shown = address.as_str();
    assert!(shown.len() <= 254 && shown.bytes().all(|byte| byte.is_ascii_graphic()), "{shown:?}");
    assert_eq!(shown.matches('@').count(), 1, "{shown:?}");
    assert!(!shown.contains(['<', '>', ',', ';', '"', '(', ')', '\\']), "{shown:?}");
    assert_eq!(Email::parse(shown).as_ref(), Ok(&address));
    // Another tag, and other capitals, lead to the same mailbox.
    let mailbox = address.mailbox();
    assert_eq!(mailbox.matches('@').count(), 1, "{mailbox:?} of {shown:?}");
    let Some((local, domain)) = shown.split_once('@') else { return };
    if let Ok(tagged) = Email::parse(&format!("{}+x@{domain}", local.to_uppercase()))
        && !local.starts_with('+')
    {
        assert_eq!(tagged.mailbox(), mailbox, "of {shown:?}");
    }
});
