//! What is brought to people, the ways there are, and why one may fail.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::{Change, Contact, FailureReason, Moment, Recipient};
use crate::store::NotificationId;

/// One way to reach people: a mail system, a chat.
#[async_trait]
pub trait DeliveryMethod: Send + Sync + 'static {
    /// Brings one letter. Called again for the same letter after a failure, so the receiving side
    /// must be able to tell that it is the same.
    ///
    /// # Errors
    /// [`DeliveryError`]
    async fn deliver(&self, request: &DeliveryRequest) -> Result<(), DeliveryError>;

    /// Tells the front office that a letter to a guest was given up, where this way leads to it.
    /// Told at most once, and lost with a process that dies meanwhile: the booking's list of what
    /// was given up is the record.
    async fn tell_given_up(&self, request: &DeliveryRequest, reason: &FailureReason) {
        let _ = (request, reason);
    }
}

/// A notice on its way.
#[derive(Debug, Clone)]
pub struct DeliveryRequest {
    /// The change that owes it.
    pub change: Arc<Change>,
    /// To whom.
    pub to: Recipient,
    /// After this it is not worth sending.
    pub useful_until: Moment,
    /// Whether the QRIS code comes with it.
    pub with_qris: bool,
}

impl DeliveryRequest {
    /// The notification that this change owes to `to`; `None` if it owes none.
    pub(super) fn new(change: &Arc<Change>, to: Recipient) -> Option<Self> {
        let owed = change.notifications.iter().find(|notification| notification.to == to)?;
        let (useful_until, with_qris) = (owed.useful_until, owed.with_qris);
        Some(Self { change: Arc::clone(change), to, useful_until, with_qris })
    }

    /// The name of the notice: the same at every attempt.
    #[must_use]
    pub fn id(&self) -> NotificationId {
        let booking = &self.change.booking;
        NotificationId { receipt_no: booking.receipt_no, revision: booking.revision, to: self.to }
    }
}

/// Why a letter did not arrive. Reasons are shown to the front office: no addresses in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Trying again later may help.
    #[error("{reason}")]
    Transient {
        /// What went wrong.
        reason: FailureReason,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// Trying again does not help.
    #[error("{0}")]
    Permanent(FailureReason),
    /// It may have arrived.
    #[error("{0}")]
    Unknown(FailureReason),
    /// Others went first for too long, so it was surely not sent. That is no failed attempt.
    #[error("others go first")]
    NotYet,
}

impl DeliveryError {
    /// What went wrong; `None` if the attempt did not fail.
    #[must_use]
    pub fn reason(&self) -> Option<&FailureReason> {
        match self {
            Self::Transient { reason, .. } | Self::Permanent(reason) | Self::Unknown(reason) => {
                Some(reason)
            }
            Self::NotYet => None,
        }
    }
}

/// The ways there are.
#[derive(Clone)]
pub struct DeliveryMethods {
    /// To web guests.
    pub email: Arc<dyn DeliveryMethod>,
    /// To Telegram guests and the front office, once there is a bot.
    pub telegram: Option<Arc<dyn DeliveryMethod>>,
}

impl DeliveryMethods {
    /// Over which channel a notification goes; `None` where no channel can reach its recipient.
    pub(super) fn channel(request: &DeliveryRequest) -> Option<DeliveryChannel> {
        match (request.to, &request.change.booking.guest.contact) {
            (Recipient::Guest, Contact::Web(_)) => Some(DeliveryChannel::Email),
            (Recipient::Guest, Contact::Telegram(_)) => Some(DeliveryChannel::Telegram),
            (Recipient::Guest, Contact::Other) => None,
            (Recipient::FrontOffice, _) => Some(DeliveryChannel::FrontOffice),
        }
    }

    /// How a notification goes; `None` where nobody set that up.
    pub(super) fn method(&self, request: &DeliveryRequest) -> Option<Arc<dyn DeliveryMethod>> {
        match Self::channel(request)? {
            DeliveryChannel::Email => Some(Arc::clone(&self.email)),
            DeliveryChannel::Telegram | DeliveryChannel::FrontOffice => self.telegram.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeliveryChannel {
    Email,
    Telegram,
    FrontOffice,
}
