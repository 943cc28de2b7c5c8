//! The data of buttons: the state of a conversation, in at most 64 bytes, with a version.
//!
//! Buttons stay in chats across restarts and updates of the program. Data that this version cannot
//! read is *stale*: a user that taps such a button is told so, and can start over.
//!
//! This module only writes and reads the data. Whether a user may do what a button says is checked
//! elsewhere, because a client can send any data.

use chrono::NaiveDate;

use crate::domain::{ReceiptNo, Revision, RoomCode, Rupiah};

/// Maximum length of the data of a button in bytes (Bot API, `InlineKeyboardButton.callback_data`).
pub const MAX_BYTES: usize = 64;
/// The first part of data of this version.
const VERSION: &str = "1";
/// Separates two parts; no part contains it.
const SEPARATOR: char = '|';

/// What a button does when a user taps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallbackData {
    /// A button for guests.
    Guest(GuestCallback),
    /// A button for the front office.
    Staff(StaffCallback),
    /// A button that books for a guest at the desk.
    WalkIn(WalkInCallback),
}

/// Books for a guest at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkInCallback {
    /// The room type.
    pub room: RoomCode,
    /// The number of nights from today.
    pub nights: u32,
    /// The key of the stored name.
    pub name_key: String,
    /// Whether the guest has paid.
    pub is_paid: bool,
}

/// What a button for guests does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestCallback {
    /// Start a booking in a new message.
    Start,
    /// Start over in the same message: choose the room type.
    Rooms,
    /// Choose the check-in date, on the page that starts this many days from today.
    Dates(RoomCode, u32),
    /// Choose the number of nights, on the page that starts with this number.
    Nights(RoomCode, NaiveDate, u32),
    /// Choose the name.
    Name(StayDraft),
    /// Type a name.
    TypeName(StayDraft),
    /// Show the summary.
    Summary(StayDraft, NameSource),
    /// Book at this price of all nights, which the summary showed. Buttons of the version before
    /// have no price.
    Book(StayDraft, NameSource, Option<Rupiah>),
    /// Explain how to share the position.
    Share(ReceiptNo),
    /// Ask whether to cancel.
    AskCancel(ReceiptNo),
    /// Cancel.
    Cancel(ReceiptNo),
    /// Do not cancel: show the booking again.
    Keep(ReceiptNo),
    /// Show the pending bookings, each in a new message.
    Mine,
    /// Take the room that was offered.
    TakeOffer(ReceiptNo),
    /// Wait for a room of a type, or of any type, tonight.
    Wait(Option<RoomCode>, NaiveDate, u32),
    /// Leave the waiting list; the first bytes of the ticket's hash say which place.
    StopWaiting(String),
}

/// A stay that a guest is choosing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayDraft {
    /// The room type.
    pub room: RoomCode,
    /// The check-in date.
    pub check_in: NaiveDate,
    /// The number of nights.
    pub nights: u32,
}

/// Where the name for a booking comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameSource {
    /// The name of the Telegram account.
    Telegram,
    /// A name that is stored under this key.
    Stored(String),
}

/// What a button for the front office does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffCallback {
    /// Show a page of a tab of the dashboard.
    Tab(Tab, u32),
    /// Show the card of a booking.
    Card(ReceiptNo),
    /// Record that the guest is at the desk.
    Arrive(ReceiptNo),
    /// Send the payment code.
    SendQris(ReceiptNo),
    /// Show the details to compare with the payment, before the booking becomes paid.
    ConfirmPaid(ReceiptNo),
    /// Make the booking paid.
    Paid(ReceiptNo),
    /// Ask whether to cancel.
    ConfirmCancel(ReceiptNo),
    /// Cancel.
    Cancel(ReceiptNo),
    /// Extend the hold by 30 minutes if the booking still has this revision. If the button is
    /// tapped twice, the second tap has no effect.
    Extend(ReceiptNo, Revision),
    /// Take a cancellation back, for a guest who is on the way.
    Revive(ReceiptNo),
    /// Take a cancellation back, for a guest who is at the desk.
    ReviveArrived(ReceiptNo),
    /// Show the history.
    History(ReceiptNo),
}

/// The tabs of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Pending bookings.
    Unpaid,
    /// Bookings that became paid today.
    Paid,
    /// Bookings that were cancelled today.
    Cancelled,
}

impl Tab {
    /// Every tab with its letter, for writing and reading.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Unpaid, "u"), (Self::Paid, "p"), (Self::Cancelled, "c")];

    fn letter(self) -> &'static str {
        Self::ALL.iter().find(|(tab, _)| *tab == self).map_or("u", |(_, letter)| letter)
    }

    fn of_letter(letter: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == letter).map(|(tab, _)| *tab)
    }
}

impl CallbackData {
    /// Writes the data of a button.
    #[must_use]
    pub fn data(&self) -> String {
        let parts = match self {
            Self::Guest(callback) => guest_parts(callback),
            Self::Staff(callback) => staff_parts(*callback),
            Self::WalkIn(callback) => walk_in_parts(callback),
        };
        let parts: Vec<String> = [VERSION.to_owned()].into_iter().chain(parts).collect();
        parts.join(&SEPARATOR.to_string())
    }

    /// Reads the data of a button; `None` if it is stale.
    #[must_use]
    pub fn read(data: &str) -> Option<Self> {
        let mut parts = data.split(SEPARATOR);
        if data.len() > MAX_BYTES || parts.next() != Some(VERSION) {
            return None;
        }
        let kind = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        read_guest(kind, &rest)
            .map(Self::Guest)
            .or_else(|| read_staff(kind, &rest).map(Self::Staff))
            .or_else(|| read_walk_in(kind, &rest).map(Self::WalkIn))
    }
}

/// Writes the data of a button.
impl From<CallbackData> for String {
    fn from(callback: CallbackData) -> Self {
        callback.data()
    }
}

fn guest_parts(callback: &GuestCallback) -> Vec<String> {
    let of = |kind: &str, parts: Vec<String>| {
        [kind.to_owned()].into_iter().chain(parts).collect::<Vec<_>>()
    };
    match callback {
        GuestCallback::Start => of("s", vec![]),
        GuestCallback::Rooms => of("r", vec![]),
        GuestCallback::Dates(room, from) => of("d", vec![room.to_string(), from.to_string()]),
        GuestCallback::Nights(room, day, from) => {
            of("n", vec![room.to_string(), day_text(*day), from.to_string()])
        }
        GuestCallback::Name(draft) => of("m", draft_parts(draft)),
        GuestCallback::TypeName(draft) => of("t", draft_parts(draft)),
        GuestCallback::Summary(draft, name_source) => {
            of("z", named_draft_parts(draft, name_source))
        }
        GuestCallback::Book(draft, name_source, price) => {
            // In hexadecimal, so that the largest one fits.
            let price = price.map(|price| format!("{:x}", price.0));
            of("b", named_draft_parts(draft, name_source).into_iter().chain(price).collect())
        }
        GuestCallback::Share(receipt_no) => of("l", vec![receipt_text(*receipt_no)]),
        GuestCallback::AskCancel(receipt_no) => of("a", vec![receipt_text(*receipt_no)]),
        GuestCallback::Cancel(receipt_no) => of("x", vec![receipt_text(*receipt_no)]),
        GuestCallback::Keep(receipt_no) => of("k", vec![receipt_text(*receipt_no)]),
        GuestCallback::Mine => of("y", vec![]),
        GuestCallback::TakeOffer(receipt_no) => of("o", vec![receipt_text(*receipt_no)]),
        GuestCallback::Wait(room, day, nights) => {
            let room = room.as_ref().map(ToString::to_string).unwrap_or_default();
            of("w", vec![room, day_text(*day), nights.to_string()])
        }
        GuestCallback::StopWaiting(place) => of("u", vec![place.clone()]),
    }
}

fn read_guest(kind: &str, parts: &[&str]) -> Option<GuestCallback> {
    Some(match (kind, parts) {
        ("s", []) => GuestCallback::Start,
        ("r", []) => GuestCallback::Rooms,
        ("d", [room, from]) => {
            GuestCallback::Dates(RoomCode::parse(room).ok()?, from.parse().ok()?)
        }
        ("n", [room, day, from]) => {
            GuestCallback::Nights(RoomCode::parse(room).ok()?, read_day(day)?, from.parse().ok()?)
        }
        ("m", [room, day, nights]) => GuestCallback::Name(read_draft(room, day, nights)?),
        ("t", [room, day, nights]) => GuestCallback::TypeName(read_draft(room, day, nights)?),
        ("z", [room, day, nights, name]) => {
            GuestCallback::Summary(read_draft(room, day, nights)?, read_name_source(name)?)
        }
        ("b", [room, day, nights, name]) => {
            GuestCallback::Book(read_draft(room, day, nights)?, read_name_source(name)?, None)
        }
        ("b", [room, day, nights, name, price]) => GuestCallback::Book(
            read_draft(room, day, nights)?,
            read_name_source(name)?,
            Some(Rupiah(u64::from_str_radix(price, 16).ok()?)),
        ),
        ("l", [receipt]) => GuestCallback::Share(read_receipt(receipt)?),
        ("a", [receipt]) => GuestCallback::AskCancel(read_receipt(receipt)?),
        ("x", [receipt]) => GuestCallback::Cancel(read_receipt(receipt)?),
        ("k", [receipt]) => GuestCallback::Keep(read_receipt(receipt)?),
        ("y", []) => GuestCallback::Mine,
        ("o", [receipt]) => GuestCallback::TakeOffer(read_receipt(receipt)?),
        ("w", ["", day, nights]) => GuestCallback::Wait(None, read_day(day)?, nights.parse().ok()?),
        ("w", [room, day, nights]) => GuestCallback::Wait(
            Some(RoomCode::parse(room).ok()?),
            read_day(day)?,
            nights.parse().ok()?,
        ),
        ("u", [place]) if place.bytes().all(|b| b.is_ascii_hexdigit()) => {
            GuestCallback::StopWaiting((*place).to_owned())
        }
        _ => return None,
    })
}

fn staff_parts(callback: StaffCallback) -> Vec<String> {
    let one = |kind: &str, receipt_no: ReceiptNo| vec![kind.to_owned(), receipt_text(receipt_no)];
    match callback {
        StaffCallback::Tab(tab, page) => {
            vec!["T".to_owned(), tab.letter().to_owned(), page.to_string()]
        }
        StaffCallback::Card(receipt_no) => one("K", receipt_no),
        StaffCallback::Arrive(receipt_no) => one("A", receipt_no),
        StaffCallback::ConfirmPaid(receipt_no) => one("S", receipt_no),
        StaffCallback::Paid(receipt_no) => one("P", receipt_no),
        StaffCallback::ConfirmCancel(receipt_no) => one("C", receipt_no),
        StaffCallback::Cancel(receipt_no) => one("X", receipt_no),
        StaffCallback::SendQris(receipt_no) => one("Q", receipt_no),
        StaffCallback::Extend(receipt_no, revision) => {
            vec!["E".to_owned(), receipt_text(receipt_no), revision.0.to_string()]
        }
        StaffCallback::Revive(receipt_no) => one("V", receipt_no),
        StaffCallback::ReviveArrived(receipt_no) => one("W", receipt_no),
        StaffCallback::History(receipt_no) => one("H", receipt_no),
    }
}

fn read_staff(kind: &str, parts: &[&str]) -> Option<StaffCallback> {
    Some(match (kind, parts) {
        ("T", [tab, page]) => StaffCallback::Tab(Tab::of_letter(tab)?, page.parse().ok()?),
        ("K", [receipt]) => StaffCallback::Card(read_receipt(receipt)?),
        ("A", [receipt]) => StaffCallback::Arrive(read_receipt(receipt)?),
        ("Q", [receipt]) => StaffCallback::SendQris(read_receipt(receipt)?),
        ("S", [receipt]) => StaffCallback::ConfirmPaid(read_receipt(receipt)?),
        ("P", [receipt]) => StaffCallback::Paid(read_receipt(receipt)?),
        ("C", [receipt]) => StaffCallback::ConfirmCancel(read_receipt(receipt)?),
        ("X", [receipt]) => StaffCallback::Cancel(read_receipt(receipt)?),
        ("E", [receipt, revision]) => {
            StaffCallback::Extend(read_receipt(receipt)?, Revision(revision.parse().ok()?))
        }
        ("V", [receipt]) => StaffCallback::Revive(read_receipt(receipt)?),
        ("W", [receipt]) => StaffCallback::ReviveArrived(read_receipt(receipt)?),
        ("H", [receipt]) => StaffCallback::History(read_receipt(receipt)?),
        _ => return None,
    })
}

fn walk_in_parts(callback: &WalkInCallback) -> Vec<String> {
    let WalkInCallback { room, nights, name_key, is_paid } = callback;
    let paid = if *is_paid { "1" } else { "0" };
    vec!["G".to_owned(), room.to_string(), nights.to_string(), name_key.clone(), paid.to_owned()]
}

fn read_walk_in(kind: &str, parts: &[&str]) -> Option<WalkInCallback> {
    let ("G", [room, nights, name, paid]) = (kind, parts) else { return None };
    let Some(NameSource::Stored(name_key)) = read_name_source(name) else { return None };
    let is_paid = match *paid {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let room = RoomCode::parse(room).ok()?;
    Some(WalkInCallback { room, nights: nights.parse().ok()?, name_key, is_paid })
}

fn draft_parts(draft: &StayDraft) -> Vec<String> {
    vec![draft.room.to_string(), day_text(draft.check_in), draft.nights.to_string()]
}

fn named_draft_parts(draft: &StayDraft, name_source: &NameSource) -> Vec<String> {
    let name = match name_source {
        NameSource::Telegram => String::new(),
        NameSource::Stored(key) => key.clone(),
    };
    draft_parts(draft).into_iter().chain([name]).collect()
}

fn read_draft(room: &str, day: &str, nights: &str) -> Option<StayDraft> {
    let room = RoomCode::parse(room).ok()?;
    Some(StayDraft { room, check_in: read_day(day)?, nights: nights.parse().ok()? })
}

/// Length of the key of a stored name in characters.
pub const NAME_KEY_CHARS: usize = 10;

fn read_name_source(text: &str) -> Option<NameSource> {
    let is_key = text.len() == NAME_KEY_CHARS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match text {
        "" => Some(NameSource::Telegram),
        key if is_key => Some(NameSource::Stored(key.to_owned())),
        _ => None,
    }
}

fn day_text(day: NaiveDate) -> String {
    day.format("%Y%m%d").to_string()
}

fn read_day(text: &str) -> Option<NaiveDate> {
    // The parser alone would also accept signs and white space, which are never written.
    let is_plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| is_plain)
}

fn receipt_text(receipt_no: ReceiptNo) -> String {
    receipt_no.to_string().chars().filter(char::is_ascii_digit).collect()
}

fn read_receipt(text: &str) -> Option<ReceiptNo> {
    ReceiptNo::parse(text).ok()
}

#[cfg(test)]
mod tests;
