//! Search for bookings by what the staff type: a receipt number, or the beginnings of words.
//!
//! A booking has a few words: those of the guest's name, the day and the counter of its receipt
//! number, and its price. A search has terms, and a booking matches if each term is the beginning
//! of one of its words. Words and terms are made here, in the same way, for both stores. This
//! module does not search: each store has an index of the words.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::{Booking, ReceiptNo};

/// The most terms of one search. Further ones are ignored.
const MAX_TERMS: usize = 8;
/// The most words of a name that are indexed. Names are short; this bounds what a stranger can make
/// the stores write.
const MAX_NAME_WORDS: usize = 12;

/// A search for bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// This receipt number.
    Receipt(ReceiptNo),
    /// The beginnings of words: a booking matches if each of these terms begins one of its words.
    /// Without any term, no booking matches.
    Words(Vec<String>),
}

impl Search {
    /// Reads a search as people type it: a receipt number in any form, or words in any case and
    /// with or without accents. An amount may have `Rp` before it and dots in it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Ok(receipt_no) = ReceiptNo::parse(text) {
            return Self::Receipt(receipt_no);
        }
        let mut terms = Vec::new();
        for part in text.split_whitespace() {
            match amount(part) {
                Some(amount) => terms.push(amount),
                None => terms.extend(words_of(part).map(without_zeros)),
            }
        }
        // `RESI` before a part of a number says only that it is one.
        let is_number = |term: &String| term.bytes().all(|byte| byte.is_ascii_digit());
        if terms.iter().any(is_number) {
            terms.retain(|term| term != "resi" && term != "rp");
        }
        terms.sort_unstable();
        terms.dedup();
        terms.truncate(MAX_TERMS);
        Self::Words(terms)
    }
}

/// The words by which a booking is found, each once.
pub(super) fn booking_words(booking: &Booking) -> Vec<String> {
    let name = booking.guest.name.as_str();
    let words = words_of(name).chain(parts_at_apostrophes(name));
    let mut words: Vec<_> = words.take(MAX_NAME_WORDS).map(without_zeros).collect();
    let receipt_no = booking.receipt_no;
    words.extend([
        receipt_no.day().format("%Y%m%d").to_string(),
        receipt_no.serial().to_string(),
        booking.stay.price.0.to_string(),
    ]);
    words.sort_unstable();
    words.dedup();
    words
}

/// The words of a text: lower case, without accents and apostrophes, split at everything else that is
/// neither a letter nor a digit.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let is_kept = |c: &char| !is_combining_mark(*c) && !is_apostrophe(*c);
    let folded: String = text.nfkd().filter(is_kept).flat_map(char::to_lowercase).collect();
    let words: Vec<_> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

/// Whether people write this character as an apostrophe within a word (`Ma'ruf`, `O’Neil`), or it is
/// never seen there.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{2b9}'..='\u{2bf}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{ff07}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'
            | '\u{feff}'
            | '\u{ad}'
    )
}

/// The parts of a name at its apostrophes, for who leaves a space there.
fn parts_at_apostrophes(name: &str) -> impl Iterator<Item = String> {
    name.split_whitespace()
        .filter(|word| word.contains(is_apostrophe))
        .flat_map(|word| word.split(is_apostrophe).flat_map(words_of))
}

/// A number without the zeros in front of it. Any other word as it is.
fn without_zeros(word: String) -> String {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    match word.trim_start_matches('0') {
        rest if is_number && !rest.is_empty() => rest.to_owned(),
        _ => word,
    }
}

/// The digits of an amount with dots or commas between groups of three, such as `Rp300.000`.
fn amount(text: &str) -> Option<String> {
    let digits = text.strip_prefix(['r', 'R']).and_then(|rest| rest.strip_prefix(['p', 'P']));
    let mut groups = digits.unwrap_or(text).split(['.', ',']);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let rest: Vec<_> = groups.collect();
    let is_amount = !rest.is_empty()
        && rest.iter().all(|group| group.len() == 3)
        && rest.iter().chain([&first]).all(|group| group.bytes().all(|b| b.is_ascii_digit()));
    is_amount.then(|| format!("{first}{}", rest.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        match Search::parse(text) {
            Search::Words(terms) => terms,
            Search::Receipt(receipt_no) => panic!("{text} is the receipt number {receipt_no}"),
        }
    }

    #[test]
    fn a_search_is_split_into_the_beginnings_of_words() {
        for (text, expected) in [
            ("budi", &["budi"][..]),
            ("  SANTOSO, Budi ", &["budi", "santoso"]),
            ("Élodie O'Neil", &["elodie", "oneil"]),
            ("Ma\u{2019}ruf", &["maruf"]),
            ("ma ruf", &["ma", "ruf"]),
            ("Jose\u{301}", &["jose"]),
            ("\u{200b}bu\u{200d}di\u{feff}", &["budi"]),
            ("budi budi", &["budi"]),
            ("Rp300.000", &["300000"]),
            ("1.250.000", &["1250000"]),
            ("rp 300000", &["300000"]),
            ("300.00", &["00", "300"]),
            ("resi-20260104", &["20260104"]),
            ("RESI 021", &["21"]),
            ("-021", &["21"]),
            ("000", &["000"]),
            ("resi", &["resi"]),
            ("%_'\"", &[]),
            ("張 偉", &["偉", "張"]),
        ] {
            assert_eq!(terms(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_found_however_its_apostrophe_and_accents_are_typed() {
        let name = "José Ma\u{2019}ruf";
        let words: Vec<String> = words_of(name).chain(parts_at_apostrophes(name)).collect();
        for typed in ["maruf", "Ma'ruf", "MA\u{2018}RUF", "ma`ruf", "ma ruf", "jose", "JOSE\u{301}"]
        {
            let is_found = |term: &String| words.iter().any(|word| word.starts_with(term.as_str()));
            assert!(terms(typed).iter().all(is_found), "{typed}");
        }
    }

    #[test]
    fn a_whole_receipt_number_is_one_in_any_form() {
        let receipt_no = ReceiptNo::parse("RESI-20260104-021").unwrap();
        for text in ["RESI-20260104-021", "20260104 21", "resi20260104021"] {
            assert_eq!(Search::parse(text), Search::Receipt(receipt_no), "{text}");
        }
    }

    #[test]
    fn a_search_has_a_bounded_number_of_terms() {
        let text: Vec<String> = (1..50).map(|number| format!("w{number}")).collect();
        assert_eq!(terms(&text.join(" ")).len(), MAX_TERMS);
    }
}
