//! Checks that a payload is a static QRIS code that the hotel can use. It does not check that the
//! merchant account exists.

use crc::{CRC_16_IBM_3740, Crc};
use percent_encoding::percent_decode_str;

use super::table::printable;
use super::tlv::{Field, TlvError, fields};

/// The most characters of a payload (EMV QRCPS-MPM 1.1, 3.6).
pub(super) const MAX_CHARS: usize = 512;
/// The tags of merchant accounts.
const ACCOUNT_TAGS: std::ops::RangeInclusive<u8> = 26..=51;
/// The tags of tips and fees that the payer would add.
const TIP_TAGS: std::ops::RangeInclusive<u8> = 55..=57;
/// The required tags, besides `00`, a merchant account and the checksum.
const REQUIRED_TAGS: [u8; 5] = [52, 53, 58, 59, 60];
/// The most characters that the values of these tags have by the standard (EMV QRCPS-MPM 1.1).
/// Banks issue codes with longer ones, and every payment app accepts those.
const STANDARD_LENGTHS: [(u8, usize); 2] = [(59, 25), (60, 15)];

/// Some editors put it at the start of a text file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// CRC-16 with polynomial 0x1021 and initial value 0xFFFF, not reflected.
const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);

/// The checksum of a payload. `text` is the payload up to and including `6304`.
pub(super) fn checksum(text: &str) -> u16 {
    CRC.checksum(text.as_bytes())
}

/// Why a payload cannot be used. Each message is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The bytes are not UTF-8.
    #[error("is no text")]
    NotText,
    /// The payload is percent-encoded, as in a web address.
    #[error(
        "is percent-encoded, as in a web address; write the decoded text, which starts with 000201"
    )]
    PercentEncoded,
    /// There is a line break or a tab inside, and the rest is right.
    #[error("has a line break or a tab inside; write it in one line")]
    LineBreak,
    /// The lengths count bytes, and some character has several.
    #[error(
        "counts bytes where it should count characters, because a name has letters like é; ask the \
         bank for a code with plain letters"
    )]
    CountedBytes,
    /// The payload is too long.
    #[error("has more than {MAX_CHARS} characters")]
    TooLong,
    /// The payload does not start with `000201`.
    #[error("is no QRIS payload; one starts with 000201")]
    NotQris,
    /// The payload is not a sequence of fields.
    #[error("is damaged: {0}")]
    Structure(TlvError),
    /// A field occurs more than once.
    #[error("has field {0:02} twice")]
    Twice(u8),
    /// A required field is missing.
    #[error("has no field {0:02} ({name})", name = super::table::name(*.0))]
    Missing(u8),
    /// There is no merchant account.
    #[error("has no merchant account (fields 26 to 51)")]
    NoAccount,
    /// The checksum is not the last field, or does not have four characters.
    #[error("does not end with its checksum (field 63)")]
    ChecksumNotLast,
    /// The checksum is wrong.
    #[error("is damaged: its checksum is {}, but what stands there gives {right}", printable(.found))]
    Checksum {
        /// The checksum in the payload.
        found: String,
        /// The right checksum.
        right: String,
    },
    /// The country is not Indonesia.
    #[error("is of country {}; QRIS is Indonesian, ID (field 58)", printable(.0))]
    Country(String),
    /// The currency is not the rupiah.
    #[error("is in currency {}; QRIS is in rupiah, 360 (field 53)", printable(.0))]
    Currency(String),
    /// The payload asks for a tip or fee on top of the price.
    #[error("asks for a tip or fee (field {0}); a guest pays the price and nothing more")]
    Tip(u8),
    /// The code is a dynamic one, made for a single payment.
    #[error("is a dynamic code, made for one payment; the hotel's static one is needed (field 01)")]
    Dynamic,
    /// Field 01 is neither static nor dynamic.
    #[error("is neither static (11) nor dynamic (12) but \"{}\" (field 01)", printable(.0))]
    Initiation(String),
    /// The payload already contains an amount.
    #[error("has a sum in it already (field 54); the hotel's static code without one is needed")]
    Amount,
    /// The additional data is not a sequence of fields.
    #[error("is damaged within field 62 (additional data): {0}")]
    Additional(TlvError),
}

/// A checked static QRIS payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticQris(String);

impl StaticQris {
    /// Checks a payload. White space and a byte order mark around it are ignored.
    ///
    /// # Errors
    /// [`PayloadError`] for the first mistake that is found.
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        let text = std::str::from_utf8(bytes).map_err(|_| PayloadError::NotText)?;
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == BYTE_ORDER_MARK);
        Self::parse_text(text).map_err(|error| likely_cause(text).unwrap_or(error))
    }

    fn parse_text(text: &str) -> Result<Self, PayloadError> {
        if text.chars().count() > MAX_CHARS {
            return Err(PayloadError::TooLong);
        }
        if !text.starts_with("000201") {
            return Err(PayloadError::NotQris);
        }
        let found: Vec<Field<'_>> =
            fields(text).collect::<Result<_, _>>().map_err(PayloadError::Structure)?;
        for (index, field) in found.iter().enumerate() {
            if found.iter().skip(index + 1).any(|later| later.tag == field.tag) {
                return Err(PayloadError::Twice(field.tag));
            }
        }
        check_checksum(text, &found)?;
        check_fields(&found)?;
        Ok(Self(text.to_owned()))
    }

    /// What is unusual but changes no payment. One line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let lengths = fields(&self.0).flatten().filter_map(|field| {
            let (_, most) = STANDARD_LENGTHS.into_iter().find(|(tag, _)| *tag == field.tag)?;
            let has = field.value.chars().count();
            (has > most).then(|| {
                let (tag, name) = (field.tag, super::table::name(field.tag));
                format!(
                    "field {tag:02} ({name}) has {has} characters; the standard allows {most}, but \
                     payment apps accept it"
                )
            })
        });
        lengths.collect()
    }

    /// The payload as it was given, without the white space around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The mistake that was probably made with a payload that cannot be used, if it is a common one. It says
/// more than where the parser stopped.
fn likely_cause(text: &str) -> Option<PayloadError> {
    let is_break = |c: char| matches!(c, '\n' | '\r' | '\t');
    if text.contains('%') {
        let decoded = percent_decode_str(text).decode_utf8().ok()?;
        if StaticQris::parse_text(decoded.trim()).is_ok() {
            return Some(PayloadError::PercentEncoded);
        }
    }
    if text.contains(is_break) && StaticQris::parse_text(&text.replace(is_break, "")).is_ok() {
        return Some(PayloadError::LineBreak);
    }
    // With one byte for each character, lengths in bytes are lengths in characters.
    let bytes: String = text.bytes().map(char::from).collect();
    let counts_bytes = !text.is_ascii()
        && fields(text).any(|field| field.is_err())
        && fields(&bytes).all(|field| field.is_ok());
    counts_bytes.then_some(PayloadError::CountedBytes)
}

fn check_checksum(text: &str, found: &[Field<'_>]) -> Result<(), PayloadError> {
    let last = found.last().filter(|last| last.tag == 63 && last.value.chars().count() == 4);
    let Some(last) = last else {
        let is_there = found.iter().any(|field| field.tag == 63);
        return Err(if is_there {
            PayloadError::ChecksumNotLast
        } else {
            PayloadError::Missing(63)
        });
    };
    let covered = text.strip_suffix(last.value).unwrap_or(text);
    let right = format!("{:04X}", checksum(covered));
    if last.value.eq_ignore_ascii_case(&right) {
        Ok(())
    } else {
        Err(PayloadError::Checksum { found: last.value.to_owned(), right })
    }
}

fn check_fields(found: &[Field<'_>]) -> Result<(), PayloadError> {
    let value = |tag| found.iter().find(|field| field.tag == tag).map(|field| field.value);
    if let Some(tag) = REQUIRED_TAGS.into_iter().find(|tag| value(*tag).is_none()) {
        return Err(PayloadError::Missing(tag));
    }
    match value(1) {
        None | Some("11") => {}
        Some("12") => return Err(PayloadError::Dynamic),
        Some(other) => return Err(PayloadError::Initiation(other.to_owned())),
    }
    if let Some(country) = value(58).filter(|country| *country != "ID") {
        return Err(PayloadError::Country(country.to_owned()));
    }
    if let Some(currency) = value(53).filter(|currency| *currency != "360") {
        return Err(PayloadError::Currency(currency.to_owned()));
    }
    if let Some(tag) = TIP_TAGS.into_iter().find(|tag| value(*tag).is_some()) {
        return Err(PayloadError::Tip(tag));
    }
    if value(54).is_some() {
        return Err(PayloadError::Amount);
    }
    if !found.iter().any(|field| ACCOUNT_TAGS.contains(&field.tag)) {
        return Err(PayloadError::NoAccount);
    }
    let additional = value(62).unwrap_or_default();
    fields(additional)
        .find_map(Result::err)
        .map_or(Ok(()), |error| Err(PayloadError::Additional(error)))
}
