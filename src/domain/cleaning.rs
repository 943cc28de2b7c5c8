//! Cleans what people type or paste into names and addresses, before it is judged: telephones and
//! messengers add characters that nobody sees.
//!
//! This module does not decide what a name or an address may contain.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The last labels of host names by which a word in a name is taken for a link, as messengers and
/// mail programs do. Academic degrees (`S.Kom`, `S.Pd.I`) have none of them.
const LINK_ENDINGS: [&str; 20] = [
    "app", "biz", "cc", "co", "com", "dev", "id", "info", "io", "link", "me", "my", "net",
    "online", "org", "ru", "shop", "site", "top", "xyz",
];

/// A text without white space and invisible characters at its ends.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// A name as it is stored: trimmed, in Unicode's composed form (NFC), and without characters that
/// are never seen.
pub(super) fn name(text: &str) -> String {
    let is_seen = |c: &char| !matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}');
    let composed: String = text.chars().filter(is_seen).nfc().collect();
    trim(&composed).to_owned()
}

/// Whether a text shows as nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c) || is_combining_mark(c))
}

/// Whether a text contains what messengers and mail programs make a link of. An e-mail address is
/// none: it leads nowhere but to a mail.
pub(super) fn has_link(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let lower = word.to_lowercase();
        let host = lower.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let host = host.trim_matches(|c: char| !c.is_alphanumeric());
        let is_link = |(before, ending): (&str, &str)| {
            let last = before.rsplit('.').next().unwrap_or_default();
            let has_path = word.contains('/') && ending.len() >= 2;
            has_path || (last.chars().count() >= 2 && LINK_ENDINGS.contains(&ending))
        };
        lower.contains("://")
            || lower.starts_with("www.")
            || (!host.contains('@') && host.rsplit_once('.').is_some_and(is_link))
    })
}

/// Whether a character has no width and no ink of its own (Unicode's default ignorable characters,
/// and blanks that are no white space).
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
