//! What a failed call to Telegram means for the notification that it was made for.

use super::transport::call::CallError;
use crate::domain::FailureCode;
use crate::notifier::DeliveryError;

/// The delivery error for a failed call to the front office's chat. What keeps the bot out of that
/// chat is a fault of the hotel's set-up (the bot is muted or was removed, the topic is closed), which
/// somebody mends, so no notification is given up because of it.
pub(super) fn front_office_error(error: &CallError) -> DeliveryError {
    match delivery_error(error) {
        DeliveryError::Permanent(reason) => DeliveryError::Transient { reason, retry_after: None },
        failure @ (DeliveryError::Transient { .. }
        | DeliveryError::Closed(_)
        | DeliveryError::Unknown(_)
        | DeliveryError::NotYet) => failure,
    }
}

/// The delivery error for a failed call. Its reason is shown to the front office.
pub(super) fn delivery_error(error: &CallError) -> DeliveryError {
    let transient = |retry_after| DeliveryError::Transient { reason: error.reason(), retry_after };
    match error {
        CallError::Busy => DeliveryError::NotYet,
        CallError::Wait(wait) => transient(Some(*wait)),
        CallError::Unreachable | CallError::WrongToken | CallError::TakenByAnother => {
            transient(None)
        }
        CallError::Unknown => DeliveryError::Unknown(error.reason()),
        CallError::NoMessage => DeliveryError::Permanent(FailureCode::ChatNotFound.into()),
        CallError::Gone(_) | CallError::Moved(_) | CallError::Refused(_) => {
            DeliveryError::Permanent(error.reason())
        }
    }
}
