//! The interface of delivery methods: a request to deliver a notification, the methods, and their
//! errors. The methods themselves are implemented elsewhere.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::{Change, Contact, FailureReason, Moment, Recipient};
use crate::store::NotificationId;

/// A way to deliver notifications, such as e-mail or Telegram.
#[async_trait]
pub trait DeliveryMethod: Send + Sync + 'static {
    /// Delivers one notification. After a failure it is called again for the same notification, so
    /// the message must carry an identity by which a repetition can be recognized.
    ///
    /// # Errors
    /// [`DeliveryError`]
    async fn deliver(&self, request: &DeliveryRequest) -> Result<(), DeliveryError>;

    /// Tells the front office that a notification to a guest was given up, if this method reaches
    /// the front office. This is done at most once, and it is lost if the process dies. The
    /// booking's list of undelivered notifications is the permanent record.
    async fn notify_given_up(&self, request: &DeliveryRequest, reason: &FailureReason) {
        let _ = (request, reason);
    }
}

/// A notification to be delivered.
#[derive(Debug, Clone)]
pub struct DeliveryRequest {
    /// The change that caused it.
    pub change: Arc<Change>,
    /// The recipient.
    pub to: Recipient,
    /// After this time it is no longer sent.
    pub useful_until: Moment,
    /// Whether the QRIS code is sent with it.
    pub with_qris: bool,
}

impl DeliveryRequest {
    /// The notification of this change for `to`. `None` if there is none.
    pub(super) fn new(change: &Arc<Change>, to: Recipient) -> Option<Self> {
        let owed = change.notifications.iter().find(|notification| notification.to == to)?;
        let (useful_until, with_qris) = (owed.useful_until, owed.with_qris);
        Some(Self { change: Arc::clone(change), to, useful_until, with_qris })
    }

    /// The id of the notification. It is the same at every attempt.
    #[must_use]
    pub fn id(&self) -> NotificationId {
        let booking = &self.change.booking;
        NotificationId { receipt_no: booking.receipt_no, revision: booking.revision, to: self.to }
    }
}

/// Why a notification was not delivered. Reasons are shown to the front office and must not contain
/// addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// A later attempt may succeed.
    #[error("{reason}")]
    Transient {
        /// What went wrong.
        reason: FailureReason,
        /// How long to wait before the next attempt, if the other side said so.
        retry_after: Option<Duration>,
    },
    /// A later attempt would fail too.
    #[error("{0}")]
    Permanent(FailureReason),
    /// The recipient wants no further message by this channel, which is degraded from now on.
    #[error("{0}")]
    Closed(FailureReason),
    /// It may have been delivered.
    #[error("{0}")]
    Unknown(FailureReason),
    /// Other messages were sent first for too long. It was certainly not sent, and the attempt does
    /// not count as failed.
    #[error("other messages are sent first")]
    NotYet,
}

impl DeliveryError {
    /// The reason. `None` if the attempt does not count as failed.
    #[must_use]
    pub fn reason(&self) -> Option<&FailureReason> {
        match self {
            Self::Transient { reason, .. }
            | Self::Permanent(reason)
            | Self::Closed(reason)
            | Self::Unknown(reason) => Some(reason),
            Self::NotYet => None,
        }
    }
}

/// The configured delivery methods.
#[derive(Clone)]
pub struct DeliveryMethods {
    /// For guests of the web form.
    pub email: Arc<dyn DeliveryMethod>,
    /// For guests of Telegram and for the front office. `None` if there is no bot.
    pub telegram: Option<Arc<dyn DeliveryMethod>>,
    /// For the hotel's own system. `None` if there is none.
    pub hotel_system: Option<Arc<dyn DeliveryMethod>>,
}

impl DeliveryMethods {
    /// The channel of a notification. `None` if no channel can reach its recipient.
    pub(super) fn channel(request: &DeliveryRequest) -> Option<DeliveryChannel> {
        match (request.to, &request.change.booking.guest.contact) {
            (Recipient::Guest, Contact::Web(_)) => Some(DeliveryChannel::Email),
            (Recipient::Guest, Contact::Telegram(_)) => Some(DeliveryChannel::Telegram),
            (Recipient::Guest, Contact::Desk | Contact::Other) => None,
            (Recipient::FrontOffice, _) => Some(DeliveryChannel::FrontOffice),
            (Recipient::HotelSystem, _) => Some(DeliveryChannel::HotelSystem),
        }
    }

    /// The delivery method of a notification. `None` if it is not configured.
    pub(super) fn method(&self, request: &DeliveryRequest) -> Option<Arc<dyn DeliveryMethod>> {
        match Self::channel(request)? {
            DeliveryChannel::Email => Some(Arc::clone(&self.email)),
            DeliveryChannel::Telegram | DeliveryChannel::FrontOffice => self.telegram.clone(),
            DeliveryChannel::HotelSystem => self.hotel_system.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DeliveryChannel {
    Email,
    Telegram,
    FrontOffice,
    HotelSystem,
}

impl DeliveryChannel {
    /// The name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Telegram => "telegram",
            Self::FrontOffice => "front_office",
            Self::HotelSystem => "webhook",
        }
    }
}
