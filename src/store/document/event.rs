//! The stored forms of events, and of the reasons why notifications did not arrive.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::StayDocument;
use super::travel::{EvidenceDocument, ForecastDocument};
use crate::domain::{Event, FailureCode, FailureReason, GuestName};
use crate::store::StoreError;
use crate::text;

/// Why a notification did not arrive. The sentence is in both languages; versions that know no
/// codes show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct FailureDocument {
    #[serde(rename = "reason")]
    pub sentence: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::store) enum EventDocument {
    Booked,
    Reminded {
        forecast: ForecastDocument,
        evidence: Option<EvidenceDocument>,
    },
    PaymentAsked,
    ExtendedByClock {
        by_ms: i64,
        evidence: EvidenceDocument,
    },
    ExtendedByStaff {
        minutes: u32,
    },
    Arrived,
    QrisRequested,
    QrisSent,
    QrisFailed(FailureDocument),
    Paid,
    Cancelled {
        note: Option<String>,
    },
    Expired {
        evidence: Option<EvidenceDocument>,
    },
    Revived,
    Reopened {
        reason: String,
    },
    Amended {
        name_before: String,
        stay_before: StayDocument,
    },
    Offered,
    OfferTaken,
    /// A kind that only a newer version knows. Changes are never rewritten, so nothing is lost.
    #[serde(other)]
    Other,
}

impl From<&FailureReason> for FailureDocument {
    fn from(reason: &FailureReason) -> Self {
        let (code, detail) = match reason.code {
            FailureCode::Recorded => (None, None),
            code => {
                let detail = (!reason.detail.is_empty()).then(|| reason.detail.clone());
                (Some(code.name().to_owned()), detail)
            }
        };
        Self { sentence: text::failure_in_both(reason), code, detail }
    }
}

impl From<FailureDocument> for FailureReason {
    fn from(stored: FailureDocument) -> Self {
        match stored.code.as_deref().and_then(FailureCode::from_name) {
            Some(code) => Self { code, detail: stored.detail.unwrap_or_default() },
            None => Self::recorded(stored.sentence),
        }
    }
}

impl From<&Event> for EventDocument {
    fn from(event: &Event) -> Self {
        match event {
            Event::Booked => Self::Booked,
            Event::Reminded { forecast, verdict } => Self::Reminded {
                forecast: (*forecast).into(),
                evidence: verdict.as_ref().map(Into::into),
            },
            Event::PaymentAsked => Self::PaymentAsked,
            Event::ExtendedByClock { by, verdict } => {
                Self::ExtendedByClock { by_ms: by.num_milliseconds(), evidence: verdict.into() }
            }
            Event::ExtendedByStaff { minutes } => Self::ExtendedByStaff { minutes: *minutes },
            Event::Arrived => Self::Arrived,
            Event::QrisRequested => Self::QrisRequested,
            Event::QrisSent => Self::QrisSent,
            Event::QrisFailed { reason } => Self::QrisFailed(reason.into()),
            Event::Paid => Self::Paid,
            Event::Cancelled { note } => Self::Cancelled { note: note.clone() },
            Event::Expired { verdict } => {
                Self::Expired { evidence: verdict.as_ref().map(Into::into) }
            }
            Event::Revived => Self::Revived,
            Event::Reopened { reason } => Self::Reopened { reason: reason.clone() },
            Event::Amended { name_before, stay_before } => Self::Amended {
                name_before: name_before.as_str().to_owned(),
                stay_before: stay_before.into(),
            },
            Event::Offered => Self::Offered,
            Event::OfferTaken => Self::OfferTaken,
            Event::Other => Self::Other,
        }
    }
}

impl TryFrom<EventDocument> for Event {
    type Error = StoreError;

    fn try_from(stored: EventDocument) -> Result<Self, StoreError> {
        Ok(match stored {
            EventDocument::Booked => Self::Booked,
            EventDocument::Reminded { forecast, evidence } => {
                Self::Reminded { forecast: forecast.into(), verdict: evidence.map(Into::into) }
            }
            EventDocument::PaymentAsked => Self::PaymentAsked,
            EventDocument::ExtendedByClock { by_ms, evidence } => Self::ExtendedByClock {
                by: TimeDelta::milliseconds(by_ms),
                verdict: evidence.into(),
            },
            EventDocument::ExtendedByStaff { minutes } => Self::ExtendedByStaff { minutes },
            EventDocument::Arrived => Self::Arrived,
            EventDocument::QrisRequested => Self::QrisRequested,
            EventDocument::QrisSent => Self::QrisSent,
            EventDocument::QrisFailed(stored) => Self::QrisFailed { reason: stored.into() },
            EventDocument::Paid => Self::Paid,
            EventDocument::Cancelled { note } => Self::Cancelled { note },
            EventDocument::Expired { evidence } => {
                Self::Expired { verdict: evidence.map(Into::into) }
            }
            EventDocument::Revived => Self::Revived,
            EventDocument::Reopened { reason } => Self::Reopened { reason },
            EventDocument::Amended { name_before, stay_before } => Self::Amended {
                name_before: GuestName::from_stored(name_before),
                stay_before: stay_before.try_into()?,
            },
            EventDocument::Offered => Self::Offered,
            EventDocument::OfferTaken => Self::OfferTaken,
            EventDocument::Other => Self::Other,
        })
    }
}
