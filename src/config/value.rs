//! Parsers of single values. Each returns the parsed value, or an error text that says what is
//! allowed. Values that may be secrets are never quoted in an error.
//!
//! Rules about several keys together are in `read`.

use std::net::{IpAddr, SocketAddr};
use std::ops::{Bound, RangeBounds, RangeInclusive};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;
use ipnet::IpNet;
use toml::Value;

use super::raw::{RawValue, kind};
use super::{LinkKeySource, MAX_COUNT, MAX_PRICE, Secret, SecretBytes};
use crate::domain::{Email, RoomCode, Rupiah, StaffName, TelegramId};

/// The fewest characters of a key of links: 32 bytes in hexadecimal are 64.
const LINK_KEY_CHARS: usize = 32;
/// How long a signing key is, by the Standard Webhooks scheme.
const SIGNING_KEY_BYTES: RangeInclusive<usize> = 24..=64;
/// The most keys of links at a time.
const MAX_LINK_KEYS: usize = 4;
/// How many characters of a wrong value an error shows.
const MAX_QUOTED: usize = 40;

type Read<T> = Result<T, String>;

/// A value in quotes, cut off after [`MAX_QUOTED`] characters.
pub(super) fn quoted(text: &str) -> String {
    let start: String = text.chars().take(MAX_QUOTED).collect();
    let dots = if start.len() < text.len() { "…" } else { "" };
    format!("\"{start}{dots}\"")
}

/// Any text.
pub(super) fn text(raw: RawValue) -> Read<String> {
    match raw {
        RawValue::Plain(text) | RawValue::File(Value::String(text)) => Ok(text),
        RawValue::File(other) => Err(format!("is {}; write it as text, in quotes", kind(&other))),
    }
}

fn whole(raw: RawValue) -> Read<i64> {
    match raw {
        RawValue::File(Value::Integer(number)) => Ok(number),
        RawValue::File(Value::Float(number)) => Err(format!("is {number}")),
        RawValue::File(other) => Err(format!("is {}", kind(&other))),
        RawValue::Plain(text) => text.trim().parse().map_err(|_| format!("is {}", quoted(&text))),
    }
}

/// A whole number within `range`.
pub(super) fn count(range: RangeInclusive<u32>) -> impl Fn(RawValue) -> Read<u32> {
    move |raw| {
        let allowed = || format!("whole numbers from {} to {}", range.start(), range.end());
        let number = whole(raw).map_err(|is| format!("{is}; allowed are {}", allowed()))?;
        u32::try_from(number)
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("is {number}; allowed are {}", allowed()))
    }
}

/// A count from 1 to [`MAX_COUNT`].
pub(super) fn some(raw: RawValue) -> Read<u32> {
    count(1..=MAX_COUNT)(raw)
}

/// A finite number within `bounds`. `allowed` describes the bounds in an error.
pub(super) fn number(
    bounds: (Bound<f64>, Bound<f64>),
    allowed: &str,
) -> impl Fn(RawValue) -> Read<f64> {
    move |raw| {
        let number = match raw {
            RawValue::File(Value::Float(number)) => Ok(number),
            RawValue::File(Value::Integer(number)) => Ok(exact(number)),
            RawValue::File(other) => Err(format!("is {}", kind(&other))),
            RawValue::Plain(text) => {
                text.trim().parse().map_err(|_| format!("is {}", quoted(&text)))
            }
        };
        let number: f64 = number.map_err(|is| format!("{is}; allowed are numbers {allowed}"))?;
        // NaN and infinity are refused.
        if number.is_finite() && bounds.contains(&number) {
            Ok(number)
        } else {
            Err(format!("is {number}; allowed are numbers {allowed}"))
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "every bound is far below 2^53, from which on not every whole number has a float"
)]
fn exact(number: i64) -> f64 {
    number as f64
}

/// A number from `least` to `most`, both included.
pub(super) fn within(least: f64, most: f64) -> impl Fn(RawValue) -> Read<f64> {
    let allowed = format!("from {least} to {most}");
    move |raw| number((Bound::Included(least), Bound::Included(most)), &allowed)(raw)
}

/// A number above 0 and up to `most`.
pub(super) fn up_to(most: f64) -> impl Fn(RawValue) -> Read<f64> {
    let allowed = format!("above 0, up to {most}");
    move |raw| number((Bound::Excluded(0.0), Bound::Included(most)), &allowed)(raw)
}

/// A price in whole rupiah, from 1 to [`MAX_PRICE`].
pub(super) fn price(raw: RawValue) -> Read<Rupiah> {
    let allowed = || format!("allowed are whole rupiah from 1 to {}", MAX_PRICE.0);
    let number = whole(raw).map_err(|is| format!("{is}; {}", allowed()))?;
    u64::try_from(number)
        .ok()
        .map(Rupiah)
        .filter(|price| (Rupiah(1)..=MAX_PRICE).contains(price))
        .ok_or_else(|| format!("is {number}; {}", allowed()))
}

/// A duration with units, in whole milliseconds, from 1 s to 366 d.
pub(super) fn duration(raw: RawValue) -> Read<TimeDelta> {
    const ALLOWED: &str = "write one like 2h, 15m, 5s, 1500ms or 1h30m, from 1s to 366d, in quotes";
    let text = text(raw).map_err(|is| format!("{is}; {ALLOWED}"))?;
    let whole_milliseconds = humantime::parse_duration(text.trim())
        .ok()
        .filter(|duration| duration.subsec_nanos() % 1_000_000 == 0)
        .and_then(|duration| TimeDelta::from_std(duration).ok());
    match whole_milliseconds {
        None => Err(format!("{} is no duration; {ALLOWED}", quoted(&text))),
        Some(length) if length < TimeDelta::seconds(1) => {
            Err(format!("{} is too short; {ALLOWED}", quoted(&text)))
        }
        Some(length) if length > TimeDelta::days(366) => {
            Err(format!("{} is too long; {ALLOWED}", quoted(&text)))
        }
        Some(length) => Ok(length),
    }
}

/// A duration of whole days, from 1 d to 36,500 d.
pub(super) fn days(raw: RawValue) -> Read<TimeDelta> {
    const ALLOWED: &str = "write whole days like 90d, from 1d to 36500d, in quotes";
    let text = text(raw).map_err(|is| format!("{is}; {ALLOWED}"))?;
    let length = humantime::parse_duration(text.trim()).ok();
    length
        .and_then(|length| TimeDelta::from_std(length).ok())
        .filter(|length| *length == TimeDelta::days(length.num_days()))
        .filter(|length| (1..=36_500).contains(&length.num_days()))
        .ok_or_else(|| format!("is {}; {ALLOWED}", quoted(&text)))
}

/// A time of day, `HH:MM`.
pub(super) fn time_of_day(raw: RawValue) -> Read<NaiveTime> {
    const ALLOWED: &str = "write HH:MM in quotes, from \"00:00\" to \"23:59\"";
    let text = text(raw).map_err(|is| format!("{is}; {ALLOWED}"))?;
    // The length is checked because the parser would also accept "6:5".
    let time = if text.len() == 5 { NaiveTime::parse_from_str(&text, "%H:%M").ok() } else { None };
    time.ok_or_else(|| format!("{} is no time of day; {ALLOWED}", quoted(&text)))
}

/// A time zone by its IANA name.
pub(super) fn time_zone(raw: RawValue) -> Read<Tz> {
    let text = text(raw)?;
    text.parse().map_err(|_| {
        format!("{} is no known time zone; write an IANA name like Asia/Jakarta", quoted(&text))
    })
}

/// One of the `words`, which stands for its value.
pub(super) fn one_of<T: Copy>(words: &[(&str, T)]) -> impl Fn(RawValue) -> Read<T> {
    move |raw| {
        let list: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let allowed = list.join(" or ");
        let text = text(raw).map_err(|is| format!("{is}; allowed are {allowed}"))?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.ok_or_else(|| format!("is {}; allowed are {allowed}", quoted(&text)))
    }
}

/// A name. The same rules hold for the names of staff, the hotel and room types.
pub(super) fn staff_name(raw: RawValue) -> Read<StaffName> {
    let text = text(raw)?;
    StaffName::parse(&text)
        .map_err(|error| format!("{error}; allowed are 1 to 80 characters on one line"))
}

/// A name as plain text.
pub(super) fn name(raw: RawValue) -> Read<String> {
    staff_name(raw).map(|name| name.as_str().to_owned())
}

/// The most characters of a line that people read.
const MAX_LINE: usize = 200;

/// A line of plain text that people read.
pub(super) fn line(raw: RawValue) -> Read<String> {
    let text = text(raw)?.trim().to_owned();
    match text.chars().count() {
        0 => Err("is empty".to_owned()),
        length if length > MAX_LINE => Err(format!("is longer than {MAX_LINE} characters")),
        _ if text.chars().any(char::is_control) => {
            Err("contains a line break or another control character".to_owned())
        }
        _ => Ok(text),
    }
}

/// The code of a room type.
pub(super) fn room_code(raw: RawValue) -> Read<RoomCode> {
    let text = text(raw)?;
    RoomCode::parse(&text).map_err(|error| {
        format!("{} {error}; allowed are 1 to 16 of A-Z a-z 0-9 _ -", quoted(&text))
    })
}

/// The id of a Telegram user.
pub(super) fn telegram_id(raw: RawValue) -> Read<TelegramId> {
    match whole(raw) {
        Ok(id) if id > 0 => Ok(TelegramId(id)),
        Ok(id) => Err(format!("is {id}; the id of a person is above 0")),
        Err(is) => Err(format!("{is}; write the id of a person, a whole number above 0")),
    }
}

/// The id of a Telegram chat: a person's, or a group's, which is negative.
pub(super) fn chat_id(raw: RawValue) -> Read<i64> {
    const ALLOWED: &str = "write a chat's id, a whole number (negative for groups)";
    match whole(raw) {
        Ok(0) => Err(format!("is 0; {ALLOWED}")),
        Ok(id) => Ok(id),
        Err(is) => Err(format!("{is}; {ALLOWED}")),
    }
}

/// The id of a topic in a group: the id of the message that began it.
pub(super) fn topic_id(raw: RawValue) -> Read<i32> {
    const ALLOWED: &str = "write a topic's id, a whole number from 1 to 2147483647";
    let id = whole(raw).map_err(|is| format!("{is}; {ALLOWED}"))?;
    let topic = i32::try_from(id).ok().filter(|id| *id > 0);
    topic.ok_or_else(|| format!("is {id}; {ALLOWED}"))
}

/// Whether `text` is one or more ASCII letters, digits, `_` or `-`.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The token of a Telegram bot: digits, a colon, and a key.
pub(super) fn bot_token(raw: RawValue) -> Read<Secret> {
    let text = text(raw)?;
    let is_valid = text.split_once(':').is_some_and(|(id, key)| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && is_token(key)
    });
    if is_valid {
        Ok(Secret::new(text))
    } else {
        Err("is no bot token; it looks like 123456789:AAE-letters_and_digits".to_owned())
    }
}

/// The secret of the Telegram webhook.
pub(super) fn webhook_secret(raw: RawValue) -> Read<Secret> {
    let text = text(raw)?;
    if text.len() <= 256 && is_token(&text) {
        Ok(Secret::new(text))
    } else {
        Err("is no webhook secret; allowed are 1 to 256 of A-Z a-z 0-9 _ -".to_owned())
    }
}

/// The key that signs calls of the hotel's own system: `whsec_` and base64, as the Standard Webhooks
/// scheme writes it, or a text whose bytes are the key.
pub(super) fn signing_key(raw: RawValue) -> Read<SecretBytes> {
    let text = text(raw)?;
    let key = match text.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).ok(),
        None => Some(text.into_bytes()),
    };
    key.filter(|key| SIGNING_KEY_BYTES.contains(&key.len())).map(SecretBytes::new).ok_or_else(
        || {
            format!(
                "is no good key; write whsec_ and the base64 of {} to {} bytes, or a text of that \
             length; `echo whsec_$(openssl rand -base64 32)` makes one",
                SIGNING_KEY_BYTES.start(),
                SIGNING_KEY_BYTES.end()
            )
        },
    )
}

/// The keys of the links to bookings, the newest first, separated by spaces or lines.
pub(super) fn link_keys(raw: RawValue) -> Read<Vec<LinkKeySource>> {
    let text = text(raw)?;
    let key = |word: &str| match word {
        "stored" => Some(LinkKeySource::Stored),
        secret if secret.len() >= LINK_KEY_CHARS => {
            Some(LinkKeySource::Secret(Secret::new(secret)))
        }
        _ => None,
    };
    let keys: Option<Vec<_>> = text.split_whitespace().map(key).collect();
    keys.filter(|keys| (1..=MAX_LINK_KEYS).contains(&keys.len())).ok_or_else(|| {
        format!(
            "has no good keys; write 1 to {MAX_LINK_KEYS} with spaces between, each of \
             {LINK_KEY_CHARS} characters or more, or the word stored; `openssl rand -hex 32` makes one"
        )
    })
}

/// An IP address and a port to listen on.
pub(super) fn listen(raw: RawValue) -> Read<SocketAddr> {
    let text = text(raw)?;
    text.trim().parse().map_err(|_| {
        format!("{} is no address with port; write one like 127.0.0.1:8080", quoted(&text))
    })
}

/// The path of a file. Whether the file exists is not checked.
pub(super) fn file(raw: RawValue) -> Read<PathBuf> {
    let text = text(raw)?;
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err("is no path of a file".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// The text of a QRIS code. Only its start is checked here; the rest is checked by
/// [`StaticQris::parse`](crate::qris::StaticQris::parse).
pub(super) fn payload(raw: RawValue) -> Read<String> {
    let text = text(raw)?;
    let text = text.trim();
    if text.starts_with("000201") && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("is no QRIS payload; it is one line that starts with 000201".to_owned())
    }
}

/// A domain or a DKIM selector. The same rules hold for both.
pub(super) fn domain(raw: RawValue) -> Read<String> {
    let text = text(raw)?;
    let is_label = |label: &str| label.len() <= 63 && is_token(label);
    if text.len() <= 253 && text.split('.').all(is_label) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("{} is no domain name; write one like hotel.example", quoted(&text)))
    }
}

/// A sender: `NAME <ADDRESS>`, or the address alone.
pub(super) fn mailbox(raw: RawValue) -> Read<(Option<String>, Email)> {
    const ALLOWED: &str = "write \"Name <address@domain>\" or the address alone";
    let text = text(raw)?;
    let (name, address) = match text.trim().strip_suffix('>').and_then(|t| t.split_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text.as_str()),
    };
    let wrong = |error| format!("{} {error}; {ALLOWED}", quoted(&text));
    let address = Email::parse(address).map_err(wrong)?;
    let name = match name.trim_matches('"') {
        "" => None,
        name => Some(StaffName::parse(name).map_err(wrong)?.as_str().to_owned()),
    };
    Ok((name, address))
}

/// A list: a TOML list, or plain text separated by commas.
fn list(raw: RawValue) -> Read<Vec<RawValue>> {
    match raw {
        RawValue::File(Value::Array(values)) => {
            Ok(values.into_iter().map(RawValue::File).collect())
        }
        RawValue::File(other) => Err(format!("is {}; write a list in [ ]", kind(&other))),
        RawValue::Plain(text) if text.trim().is_empty() => Ok(Vec::new()),
        RawValue::Plain(text) => {
            Ok(text.split(',').map(|part| RawValue::Plain(part.trim().to_owned())).collect())
        }
    }
}

/// A list of networks: single IP addresses, or ranges in CIDR notation.
pub(super) fn networks(raw: RawValue) -> Read<Vec<IpNet>> {
    let network = |raw: RawValue| {
        let text = text(raw)?;
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address.or_else(|_| text.parse::<IpNet>().map(|net| net.trunc())).map_err(|_| {
            format!("{} is no address and no range like 10.0.0.0/8 or fd00::/8", quoted(&text))
        })
    };
    list(raw)?.into_iter().map(network).collect()
}

/// A list of different e-mail addresses.
pub(super) fn addresses(raw: RawValue) -> Read<Vec<Email>> {
    let mut addresses: Vec<Email> = Vec::new();
    for raw in list(raw)? {
        let text = text(raw)?;
        let address = Email::parse(&text).map_err(|error| format!("{} {error}", quoted(&text)))?;
        if addresses.contains(&address) {
            return Err(format!("has {} twice", quoted(&text)));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

/// A list of 24 speeds in km/h, one for each hour.
pub(super) fn speeds(raw: RawValue) -> Read<[f64; 24]> {
    let speeds: Vec<f64> = list(raw)?.into_iter().map(within(1.0, 200.0)).collect::<Read<_>>()?;
    <[f64; 24]>::try_from(speeds).map_err(|speeds| {
        format!("has {} numbers; write 24, one for each hour from 0 to 23", speeds.len())
    })
}
