//! The enums of the schema, and what they are in the hotel's own terms.

use async_graphql::Enum;

use crate::domain;
use crate::store::StatusKind;

/// Where a guest booked and is spoken to.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// By the Telegram bot.
    Telegram,
    /// By the web form; messages go by e-mail.
    Web,
    /// By a way that only a newer version of the service knows.
    Other,
}

/// What has become of a booking.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StatusKind")]
pub enum BookingStatus {
    /// The hold is running; the room is kept.
    Pending,
    /// The front office saw the payment. Stays so.
    Paid,
    /// The room is free again. Stays so.
    Cancelled,
}

/// Why a booking ended without payment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::CancelReason")]
pub enum CancelReason {
    /// The hold ran out.
    Expired,
    /// The front office ended it.
    ByStaff,
    /// The guest ended it.
    ByGuest,
}

/// What a member of staff may do.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Role")]
pub enum StaffRole {
    /// Everything about bookings.
    FrontOffice,
    /// Allotments too.
    Manager,
}

/// A language that the hotel speaks.
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

/// What the end of a hold would decide as things stand.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Forecast")]
pub enum Forecast {
    /// The guest is there, or will be before the end.
    InTime,
    /// The hold will grow.
    WillExtend,
    /// The booking will be cancelled.
    WillCancel,
    /// No fresh position: the booking will be cancelled.
    NoPosition,
}

/// What happened to a booking.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Booked,
    /// Its deadline was announced, or the front office was asked about a guest at the desk.
    Reminded,
    /// `holdUntil` moved.
    Extended,
    /// The guest moved. Fed live, never kept in the history.
    Position,
    /// The guest stands at the desk.
    Arrived,
    /// The front office asked for a QRIS code to be sent.
    QrisRequested,
    /// A QRIS code reached the guest.
    QrisSent,
    /// A QRIS code could not be delivered: show it on the desk's screen.
    QrisFailed,
    /// The front office saw the payment.
    Paid,
    /// Staff or guest ended it.
    Cancelled,
    /// The clock ended it.
    Expired,
    /// A cancelled booking was taken up again.
    Revived,
    /// Something that only a newer version of the service knows.
    Other,
    /// A message about it was given up; `undelivered` says why. Fed live, never kept in the
    /// history.
    Undelivered,
}

/// What becomes of a QRIS code on its way to the guest.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrisProgress {
    /// It is on its way.
    Sending,
    /// Telegram or the mail server accepted it.
    Sent,
    /// It was given up; `undelivered` says why. Show it on the desk's screen.
    Failed,
}

impl QrisProgress {
    /// The domain's progress; nothing before any code was asked for.
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
            domain::Action::Other => Self::Other,
        }
    }
}
