//! The buttons below messages: their labels, and the callback data that they send.
//!
//! What a button does is in `guest` and `staff`.

use super::callback::{CallbackData, GuestCallback, StaffCallback};
use super::transport::call::Button;
use crate::domain::{Booking, Language, ReceiptNo, Revision, Status};
use crate::text::telegram as words;
use crate::text::telegram::{GuestLabel, StaffLabel};

/// A row with one button for guests.
pub(super) fn guest_button(
    language: Language,
    label: GuestLabel,
    callback: GuestCallback,
) -> Vec<Button> {
    vec![Button::callback(words::guest_label(language, label), CallbackData::Guest(callback))]
}

/// A button for the front office.
pub(super) fn staff_button(
    language: Language,
    label: StaffLabel,
    callback: StaffCallback,
) -> Button {
    Button::callback(words::staff_label(language, label), CallbackData::Staff(callback))
}

/// The buttons for what can be done with a booking in its state.
pub(super) fn action_buttons(language: Language, booking: &Booking) -> Vec<Vec<Button>> {
    let receipt_no = booking.receipt_no;
    let history = staff_button(language, StaffLabel::History, StaffCallback::History(receipt_no));
    let arrive = |label| {
        let is_expected = booking.arrived_at.is_none();
        is_expected.then(|| staff_button(language, label, StaffCallback::Arrive(receipt_no)))
    };
    match booking.status {
        Status::Pending => {}
        Status::Paid { .. } => {
            return vec![arrive(StaffLabel::ArrivePaid).into_iter().chain([history]).collect()];
        }
        Status::Cancelled { .. } => {
            let revive = |label, callback| vec![staff_button(language, label, callback)];
            return vec![
                revive(StaffLabel::ReviveArrived, StaffCallback::ReviveArrived(receipt_no)),
                revive(StaffLabel::Revive, StaffCallback::Revive(receipt_no)),
                vec![history],
            ];
        }
    }
    let send = staff_button(language, StaffLabel::SendQris, StaffCallback::SendQris(receipt_no));
    vec![
        arrive(StaffLabel::Arrive).into_iter().chain([send]).collect(),
        vec![
            staff_button(language, StaffLabel::Paid, StaffCallback::ConfirmPaid(receipt_no)),
            staff_button(language, StaffLabel::Cancel, StaffCallback::ConfirmCancel(receipt_no)),
        ],
        vec![extend(language, receipt_no, booking.revision), history],
    ]
}

/// The buttons below the living message of a booking: none once it is paid.
pub(super) fn living_buttons(language: Language, booking: &Booking) -> Vec<Vec<Button>> {
    match booking.status {
        Status::Pending | Status::Cancelled { .. } => action_buttons(language, booking),
        Status::Paid { .. } => Vec::new(),
    }
}

fn extend(language: Language, receipt_no: ReceiptNo, revision: Revision) -> Button {
    staff_button(language, StaffLabel::Extend, StaffCallback::Extend(receipt_no, revision))
}
