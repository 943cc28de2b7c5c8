//! The enums of the schema and their conversions from and to the domain's types.

use async_graphql::Enum;

use crate::domain;
use crate::store::StatusKind;

/// The channel by which a guest booked and receives messages.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Channel")]
pub enum Channel {
    /// The Telegram bot.
    Telegram,
    /// The web form. The guest receives messages by e-mail.
    Web,
    /// The desk: a walk-in, entered by the front office. The guest receives no messages.
    Desk,
    /// A channel that only a newer version of the service supports.
    Other,
}

/// The status of a booking.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StatusKind")]
pub enum BookingStatus {
    /// The hold is running. The room is reserved for the guest.
    Pending,
    /// The front office confirmed the payment. Only a manager takes it back.
    Paid,
    /// The booking was cancelled, and its room is available again. Only the front office revives it.
    Cancelled,
}

/// Why a booking was cancelled.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::CancelReason")]
pub enum CancelReason {
    /// The hold ended without payment.
    Expired,
    /// The front office cancelled it.
    ByStaff,
    /// The guest cancelled it.
    ByGuest,
}

/// The permissions of a member of staff.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Role")]
pub enum StaffRole {
    /// May see and change all bookings.
    FrontOffice,
    /// May also change allotments.
    Manager,
}

/// A language of the service's texts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Bahasa Indonesia.
    Id,
    /// English.
    En,
}

impl From<Language> for domain::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Id => Self::Indonesian,
            Language::En => Self::English,
        }
    }
}

/// What would happen to a booking at the end of its hold, as far as known now.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Forecast")]
pub enum Forecast {
    /// The guest has arrived, or is expected to arrive before the end of the hold.
    InTime,
    /// The hold will be extended.
    WillExtend,
    /// The booking will be cancelled.
    WillCancel,
    /// There is no recent position, so the booking will be cancelled.
    NoPosition,
}

/// What happened to a booking.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The booking was made.
    Booked,
    /// A reminder of the end of the hold was sent, or the front office was asked whether an arrived
    /// guest has paid.
    Reminded,
    /// The hold was extended: `holdUntil` is later.
    Extended,
    /// The guest's position changed. Only subscriptions report this; it is not in the history.
    Position,
    /// The front office marked the guest as arrived.
    Arrived,
    /// The front office requested that a QRIS code be sent to the guest.
    QrisRequested,
    /// A QRIS code was delivered to the guest.
    QrisSent,
    /// A QRIS code could not be delivered. Show the code on the front office's screen instead.
    QrisFailed,
    /// The front office confirmed the payment.
    Paid,
    /// The front office or the guest cancelled the booking.
    Cancelled,
    /// The hold ended without payment, so the service cancelled the booking.
    Expired,
    /// A cancelled booking was made active again.
    Revived,
    /// A manager took a payment back that was marked by mistake.
    Reopened,
    /// The front office changed the name, room type or nights.
    Amended,
    /// A freed room was offered to a guest of the waiting list.
    Offered,
    /// The guest took the offer.
    OfferTaken,
    /// A change that only a newer version of the service supports.
    Other,
    /// A message about the booking could not be delivered; `undelivered` has the reason. Only
    /// subscriptions report this; it is not in the history.
    Undelivered,
}

/// The delivery state of a QRIS code.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisProgress {
    /// The code is being sent.
    Sending,
    /// Telegram or the mail server accepted the code.
    Sent,
    /// The code could not be delivered; `undelivered` has the reason. Show the code on the front
    /// office's screen instead.
    Failed,
}

impl QrisProgress {
    /// The domain's progress. `None` if no code was requested.
    pub fn of(progress: domain::QrisProgress) -> Option<Self> {
        match progress {
            domain::QrisProgress::None => None,
            domain::QrisProgress::Sending(_) => Some(Self::Sending),
            domain::QrisProgress::Sent => Some(Self::Sent),
            domain::QrisProgress::Failed => Some(Self::Failed),
        }
    }
}

impl From<domain::Action> for Action {
    fn from(action: domain::Action) -> Self {
        match action {
            domain::Action::Booked => Self::Booked,
            domain::Action::Reminded => Self::Reminded,
            domain::Action::Extended => Self::Extended,
            domain::Action::Arrived => Self::Arrived,
            domain::Action::QrisRequested => Self::QrisRequested,
            domain::Action::QrisSent => Self::QrisSent,
            domain::Action::QrisFailed => Self::QrisFailed,
            domain::Action::Paid => Self::Paid,
            domain::Action::Cancelled => Self::Cancelled,
            domain::Action::Expired => Self::Expired,
            domain::Action::Revived => Self::Revived,
            domain::Action::Reopened => Self::Reopened,
            domain::Action::Amended => Self::Amended,
            domain::Action::Offered => Self::Offered,
            domain::Action::OfferTaken => Self::OfferTaken,
            domain::Action::Other => Self::Other,
        }
    }
}
