//! What buttons carry: the state of a conversation, in at most 64 bytes, versioned.
//!
//! A button outlives restarts and updates of the program. One whose data is not of this version
//! is *stale*: whoever taps it is told so and offered a fresh start.

use chrono::NaiveDate;

use crate::domain::{ReceiptNo, Revision, RoomCode};

/// Bytes that a button may carry (Bot API, `InlineKeyboardButton.callback_data`).
pub const MAX_BYTES: usize = 64;
/// What the data of this version starts with.
const VERSION: &str = "1";
/// Stands between two parts; no part has it inside.
const GAP: char = '|';

/// What a tap means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tap {
    /// A guest's.
    Guest(GuestTap),
    /// The front office's.
    Staff(StaffTap),
}

/// What a guest's tap means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestTap {
    /// Start a booking in a new message.
    Start,
    /// Start over in the same message: choose the room type.
    Rooms,
    /// Choose a date, of the page that starts so many days from today.
    Dates(RoomCode, u32),
    /// Choose the nights, of the page that starts at so many.
    Nights(RoomCode, NaiveDate, u32),
    /// Choose the name.
    Name(Wish),
    /// Type a name.
    TypeName(Wish),
    /// Show the summary.
    Summary(Wish, Named),
    /// Book it.
    Book(Wish, Named),
    /// Explain how to share the position.
    Share(ReceiptNo),
    /// Ask whether to cancel.
    AskCancel(ReceiptNo),
    /// Cancel.
    Cancel(ReceiptNo),
    /// Leave things as they are: show the booking again.
    Keep(ReceiptNo),
    /// Show the running bookings, each in a new message.
    Mine,
}

/// A stay that a guest is choosing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which room type.
    pub room: RoomCode,
    /// First night.
    pub check_in: NaiveDate,
    /// How many nights.
    pub nights: u32,
}

/// Under which name to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The name on Telegram.
    AsOnTelegram,
    /// A name that was typed and is kept under this key.
    Kept(String),
}

/// What a tap of the front office means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffTap {
    /// Show a tab of the dashboard, from a page on.
    Tab(Tab, u32),
    /// Show a booking.
    Card(ReceiptNo),
    /// The guest is at the desk.
    Arrive(ReceiptNo),
    /// Send the payment code.
    SendQris(ReceiptNo),
    /// Show the matching sheet before paying.
    PaidSheet(ReceiptNo),
    /// Paid.
    Paid(ReceiptNo),
    /// Show the sheet before cancelling.
    CancelSheet(ReceiptNo),
    /// Cancel.
    Cancel(ReceiptNo),
    /// Half an hour more for a booking in exactly this state: a repeated tap adds no second one.
    Extend(ReceiptNo, Revision),
    /// Show the history.
    History(ReceiptNo),
}

/// The tabs of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Running holds.
    Unpaid,
    /// Paid today.
    Paid,
    /// Cancelled today.
    Cancelled,
}

impl Tab {
    /// Every tab with its letter: the one table for both directions.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Unpaid, "u"), (Self::Paid, "p"), (Self::Cancelled, "c")];

    fn letter(self) -> &'static str {
        Self::ALL.iter().find(|(tab, _)| *tab == self).map_or("u", |(_, letter)| letter)
    }

    fn of_letter(letter: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == letter).map(|(tab, _)| *tab)
    }
}

impl Tap {
    /// The data of a button.
    #[must_use]
    pub fn data(&self) -> String {
        let parts = match self {
            Self::Guest(tap) => guest_parts(tap),
            Self::Staff(tap) => staff_parts(*tap),
        };
        let parts: Vec<String> = [VERSION.to_owned()].into_iter().chain(parts).collect();
        parts.join(&GAP.to_string())
    }

    /// What the data of a button says; `None` if it is stale.
    #[must_use]
    pub fn read(data: &str) -> Option<Self> {
        let mut parts = data.split(GAP);
        if data.len() > MAX_BYTES || parts.next() != Some(VERSION) {
            return None;
        }
        let kind = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        read_guest(kind, &rest)
            .map(Self::Guest)
            .or_else(|| read_staff(kind, &rest).map(Self::Staff))
    }
}

fn guest_parts(tap: &GuestTap) -> Vec<String> {
    let of = |kind: &str, parts: Vec<String>| {
        [kind.to_owned()].into_iter().chain(parts).collect::<Vec<_>>()
    };
    match tap {
        GuestTap::Start => of("s", vec![]),
        GuestTap::Rooms => of("r", vec![]),
        GuestTap::Dates(room, from) => of("d", vec![room.to_string(), from.to_string()]),
        GuestTap::Nights(room, day, from) => {
            of("n", vec![room.to_string(), day_text(*day), from.to_string()])
        }
        GuestTap::Name(wish) => of("m", wish_parts(wish)),
        GuestTap::TypeName(wish) => of("t", wish_parts(wish)),
        GuestTap::Summary(wish, named) => of("z", named_parts(wish, named)),
        GuestTap::Book(wish, named) => of("b", named_parts(wish, named)),
        GuestTap::Share(receipt_no) => of("l", vec![receipt_text(*receipt_no)]),
        GuestTap::AskCancel(receipt_no) => of("a", vec![receipt_text(*receipt_no)]),
        GuestTap::Cancel(receipt_no) => of("x", vec![receipt_text(*receipt_no)]),
        GuestTap::Keep(receipt_no) => of("k", vec![receipt_text(*receipt_no)]),
        GuestTap::Mine => of("y", vec![]),
    }
}

fn read_guest(kind: &str, parts: &[&str]) -> Option<GuestTap> {
    Some(match (kind, parts) {
        ("s", []) => GuestTap::Start,
        ("r", []) => GuestTap::Rooms,
        ("d", [room, from]) => GuestTap::Dates(RoomCode::parse(room).ok()?, from.parse().ok()?),
        ("n", [room, day, from]) => {
            GuestTap::Nights(RoomCode::parse(room).ok()?, read_day(day)?, from.parse().ok()?)
        }
        ("m", [room, day, nights]) => GuestTap::Name(read_wish(room, day, nights)?),
        ("t", [room, day, nights]) => GuestTap::TypeName(read_wish(room, day, nights)?),
        ("z", [room, day, nights, name]) => {
            GuestTap::Summary(read_wish(room, day, nights)?, read_named(name)?)
        }
        ("b", [room, day, nights, name]) => {
            GuestTap::Book(read_wish(room, day, nights)?, read_named(name)?)
        }
        ("l", [receipt]) => GuestTap::Share(read_receipt(receipt)?),
        ("a", [receipt]) => GuestTap::AskCancel(read_receipt(receipt)?),
        ("x", [receipt]) => GuestTap::Cancel(read_receipt(receipt)?),
        ("k", [receipt]) => GuestTap::Keep(read_receipt(receipt)?),
        ("y", []) => GuestTap::Mine,
        _ => return None,
    })
}

fn staff_parts(tap: StaffTap) -> Vec<String> {
    let one = |kind: &str, receipt_no: ReceiptNo| vec![kind.to_owned(), receipt_text(receipt_no)];
    match tap {
        StaffTap::Tab(tab, page) => {
            vec!["T".to_owned(), tab.letter().to_owned(), page.to_string()]
        }
        StaffTap::Card(receipt_no) => one("K", receipt_no),
        StaffTap::Arrive(receipt_no) => one("A", receipt_no),
        StaffTap::PaidSheet(receipt_no) => one("S", receipt_no),
        StaffTap::Paid(receipt_no) => one("P", receipt_no),
        StaffTap::CancelSheet(receipt_no) => one("C", receipt_no),
        StaffTap::Cancel(receipt_no) => one("X", receipt_no),
        StaffTap::SendQris(receipt_no) => one("Q", receipt_no),
        StaffTap::Extend(receipt_no, revision) => {
            vec!["E".to_owned(), receipt_text(receipt_no), revision.0.to_string()]
        }
        StaffTap::History(receipt_no) => one("H", receipt_no),
    }
}

fn read_staff(kind: &str, parts: &[&str]) -> Option<StaffTap> {
    Some(match (kind, parts) {
        ("T", [tab, page]) => StaffTap::Tab(Tab::of_letter(tab)?, page.parse().ok()?),
        ("K", [receipt]) => StaffTap::Card(read_receipt(receipt)?),
        ("A", [receipt]) => StaffTap::Arrive(read_receipt(receipt)?),
        ("Q", [receipt]) => StaffTap::SendQris(read_receipt(receipt)?),
        ("S", [receipt]) => StaffTap::PaidSheet(read_receipt(receipt)?),
        ("P", [receipt]) => StaffTap::Paid(read_receipt(receipt)?),
        ("C", [receipt]) => StaffTap::CancelSheet(read_receipt(receipt)?),
        ("X", [receipt]) => StaffTap::Cancel(read_receipt(receipt)?),
        ("E", [receipt, revision]) => {
            StaffTap::Extend(read_receipt(receipt)?, Revision(revision.parse().ok()?))
        }
        ("H", [receipt]) => StaffTap::History(read_receipt(receipt)?),
        _ => return None,
    })
}

fn wish_parts(wish: &Wish) -> Vec<String> {
    vec![wish.room.to_string(), day_text(wish.check_in), wish.nights.to_string()]
}

fn named_parts(wish: &Wish, named: &Named) -> Vec<String> {
    let name = match named {
        Named::AsOnTelegram => String::new(),
        Named::Kept(key) => key.clone(),
    };
    wish_parts(wish).into_iter().chain([name]).collect()
}

fn read_wish(room: &str, day: &str, nights: &str) -> Option<Wish> {
    let room = RoomCode::parse(room).ok()?;
    Some(Wish { room, check_in: read_day(day)?, nights: nights.parse().ok()? })
}

/// Characters of the key of a kept name.
pub const NAME_KEY_CHARS: usize = 10;

fn read_named(text: &str) -> Option<Named> {
    let is_key = text.len() == NAME_KEY_CHARS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match text {
        "" => Some(Named::AsOnTelegram),
        key if is_key => Some(Named::Kept(key.to_owned())),
        _ => None,
    }
}

fn day_text(day: NaiveDate) -> String {
    day.format("%Y%m%d").to_string()
}

fn read_day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y%m%d").ok()
}

fn receipt_text(receipt_no: ReceiptNo) -> String {
    receipt_no.to_string().chars().filter(char::is_ascii_digit).collect()
}

fn read_receipt(text: &str) -> Option<ReceiptNo> {
    ReceiptNo::parse(text).ok()
}

#[cfg(test)]
mod tests;
