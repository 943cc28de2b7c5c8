//! What the dashboard of a chat shows, as data. `dashboard` makes the content of it.

use chrono::TimeDelta;

use super::callback::{StaffCallback, Tab};
use crate::domain::{Language, Moment, ReceiptNo};

/// How long a card or details is shown before the dashboard returns to the list.
const READING_TIME: TimeDelta = TimeDelta::minutes(2);

/// What a dashboard shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// A page of a tab.
    Tab(Tab, u32),
    /// The card of a booking.
    Card(ReceiptNo),
    /// A question before an action, or the history of a booking. It is not renewed while somebody
    /// may be reading it.
    Details(ReceiptNo),
}

impl View {
    /// The first page of the pending bookings.
    pub const UNPAID: Self = Self::Tab(Tab::Unpaid, 0);

    /// The view of a message after this button was tapped.
    pub(super) fn of(callback: StaffCallback) -> Self {
        match callback {
            StaffCallback::Tab(tab, page) => Self::Tab(tab, page),
            StaffCallback::Card(receipt_no)
            | StaffCallback::Arrive(receipt_no)
            | StaffCallback::SendQris(receipt_no)
            | StaffCallback::Paid(receipt_no)
            | StaffCallback::Cancel(receipt_no)
            | StaffCallback::Revive(receipt_no)
            | StaffCallback::ReviveArrived(receipt_no)
            | StaffCallback::Extend(receipt_no, _) => Self::Card(receipt_no),
            StaffCallback::ConfirmPaid(receipt_no)
            | StaffCallback::ConfirmCancel(receipt_no)
            | StaffCallback::History(receipt_no) => Self::Details(receipt_no),
        }
    }

    /// The button that shows this view.
    pub(super) fn callback(self) -> StaffCallback {
        match self {
            Self::Tab(tab, page) => StaffCallback::Tab(tab, page),
            Self::Card(receipt_no) => StaffCallback::Card(receipt_no),
            Self::Details(receipt_no) => StaffCallback::History(receipt_no),
        }
    }
}

/// The newest dashboard of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dashboard {
    pub message: i32,
    pub language: Language,
    pub view: View,
    /// When it began to show this view.
    pub since: Moment,
}

impl Dashboard {
    /// The view to show when it is renewed; `None` while somebody may be reading details.
    pub fn next_view(&self, now: Moment) -> Option<View> {
        let is_read = now < self.reading_until();
        match self.view {
            View::Tab(..) => Some(self.view),
            View::Card(_) if is_read => Some(self.view),
            View::Details(_) if is_read => None,
            View::Card(_) | View::Details(_) => Some(View::UNPAID),
        }
    }

    /// Until when somebody may be reading a card or details.
    pub fn reading_until(&self) -> Moment {
        self.since + READING_TIME
    }
}
