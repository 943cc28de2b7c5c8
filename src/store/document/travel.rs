//! The persisted documents of fixes and evidence. Evidence stays after the fixes are deleted.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{broken, moment};
use crate::domain::travel::{Estimate, EstimateBasis, PositionSourceKind, RouteEstimate, Why};
use crate::domain::{Coordinates, Evidence, Fix, Forecast, PositionSource, Track, Verdict};
use crate::store::StoreError;

/// The fields with a default were added later than the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct EvidenceDocument {
    pub distance_metres: f64,
    pub is_approaching: Option<bool>,
    pub within_radius: bool,
    pub fix_age_ms: i64,
    pub is_fresh: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<EstimateDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceKindDocument>,
    #[serde(default)]
    pub standing_ms: i64,
    #[serde(default)]
    pub dropped: u32,
    #[serde(default)]
    pub extensions: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<WhyDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct EstimateDocument {
    pub arrives_in_ms: i64,
    pub basis: BasisDocument,
    #[serde(default)]
    pub is_routing_silent: bool,
}

/// Makes the persisted form of a domain enum without data, with conversions both ways.
macro_rules! name_variants {
    ($document:ident is $domain:ident: $($variant:ident),+) => {
        #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub(in crate::store) enum $document { $($variant),+ }

        impl From<$domain> for $document {
            fn from(value: $domain) -> Self {
                match value { $($domain::$variant => Self::$variant),+ }
            }
        }

        impl From<$document> for $domain {
            fn from(stored: $document) -> Self {
                match stored { $($document::$variant => Self::$variant),+ }
            }
        }
    };
}

name_variants!(ForecastDocument is Forecast: InTime, WillExtend, WillCancel, NoPosition);
name_variants!(SourceKindDocument is PositionSourceKind: Page, Single, Live, LiveSilent);
name_variants!(BasisDocument is EstimateBasis: Routed, OwnSpeed, CitySpeed);
name_variants!(WhyDocument is Why: Near, Closing, Stale, NoneLeft, Far, TooLate, MovedAway, NotLeft, Parked, Unrecorded);

/// The fields with a default were added later than the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct FixDocument {
    pub latitude: f64,
    pub longitude: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_metres: Option<f64>,
    pub at_ms: i64,
    #[serde(default)]
    pub source: SourceDocument,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RoadDocument>,
    /// Whether this report was not believed. Only the last one can be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_doubted: bool,
    /// The number of reports of this track that were not believed. Stored in its first fix only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u32>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::store) enum SourceDocument {
    #[default]
    Page,
    Single,
    Live {
        until_ms: Option<i64>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::store) enum RoadDocument {
    Silent,
    Drive { ms: i64 },
}

impl From<&Verdict> for EvidenceDocument {
    fn from(verdict: &Verdict) -> Self {
        let Verdict { evidence, why, extensions } = verdict;
        let estimate = |estimate: Estimate| EstimateDocument {
            arrives_in_ms: estimate.arrives_in.num_milliseconds(),
            basis: estimate.basis.into(),
            is_routing_silent: estimate.is_routing_silent,
        };
        Self {
            distance_metres: evidence.distance_metres,
            is_approaching: evidence.is_approaching,
            within_radius: evidence.within_radius,
            fix_age_ms: evidence.fix_age.num_milliseconds(),
            is_fresh: evidence.is_fresh,
            estimate: evidence.estimate.map(estimate),
            source: evidence.source.map(Into::into),
            standing_ms: evidence.standing.num_milliseconds(),
            dropped: evidence.dropped,
            extensions: *extensions,
            why: (*why != Why::Unrecorded).then(|| (*why).into()),
        }
    }
}

impl From<EvidenceDocument> for Verdict {
    fn from(stored: EvidenceDocument) -> Self {
        let estimate = |stored: EstimateDocument| Estimate {
            arrives_in: TimeDelta::milliseconds(stored.arrives_in_ms),
            basis: stored.basis.into(),
            is_routing_silent: stored.is_routing_silent,
        };
        let evidence = Evidence {
            distance_metres: stored.distance_metres,
            is_approaching: stored.is_approaching,
            within_radius: stored.within_radius,
            fix_age: TimeDelta::milliseconds(stored.fix_age_ms),
            is_fresh: stored.is_fresh,
            estimate: stored.estimate.map(estimate),
            source: stored.source.map(Into::into),
            standing: TimeDelta::milliseconds(stored.standing_ms),
            dropped: stored.dropped,
        };
        let why = stored.why.map_or(Why::Unrecorded, Into::into);
        Self { evidence, why, extensions: stored.extensions }
    }
}

impl From<PositionSource> for SourceDocument {
    fn from(source: PositionSource) -> Self {
        match source {
            PositionSource::Page => Self::Page,
            PositionSource::Single => Self::Single,
            PositionSource::Live { until } => {
                Self::Live { until_ms: until.map(|until| until.timestamp_millis()) }
            }
        }
    }
}

impl TryFrom<SourceDocument> for PositionSource {
    type Error = StoreError;

    fn try_from(stored: SourceDocument) -> Result<Self, StoreError> {
        Ok(match stored {
            SourceDocument::Page => Self::Page,
            SourceDocument::Single => Self::Single,
            SourceDocument::Live { until_ms } => {
                Self::Live { until: until_ms.map(moment).transpose()? }
            }
        })
    }
}

pub(in crate::store) fn fix_documents(track: &Track) -> Vec<FixDocument> {
    let document = |fix: &Fix| FixDocument {
        latitude: fix.place.latitude(),
        longitude: fix.place.longitude(),
        accuracy_metres: fix.accuracy_metres,
        at_ms: fix.at.timestamp_millis(),
        source: fix.source.into(),
        route: match fix.route {
            RouteEstimate::Unasked => None,
            RouteEstimate::Silent => Some(RoadDocument::Silent),
            RouteEstimate::Drive(drive) => {
                Some(RoadDocument::Drive { ms: drive.num_milliseconds() })
            }
        },
        is_doubted: false,
        dropped: None,
    };
    let mut documents: Vec<_> = track.fixes().iter().map(document).collect();
    if let Some(first) = documents.first_mut() {
        first.dropped = Some(track.dropped()).filter(|dropped| *dropped > 0);
    }
    let outlier = track.outlier().map(|fix| FixDocument { is_doubted: true, ..document(fix) });
    documents.extend(outlier);
    documents
}

pub(in crate::store) fn track(stored: Vec<FixDocument>) -> Result<Track, StoreError> {
    let (mut fixes, mut outlier, mut dropped) = (Vec::with_capacity(stored.len()), None, 0);
    for document in stored {
        dropped += document.dropped.unwrap_or_default();
        if document.is_doubted {
            outlier = Some(fix(document)?);
        } else {
            fixes.push(fix(document)?);
        }
    }
    Ok(Track::from_fixes(fixes).with_outlier(outlier, dropped))
}

fn fix(stored: FixDocument) -> Result<Fix, StoreError> {
    let place = Coordinates::new(stored.latitude, stored.longitude)
        .ok_or_else(|| broken("position", &"out of range"))?;
    Ok(Fix {
        place,
        accuracy_metres: stored.accuracy_metres,
        at: moment(stored.at_ms)?,
        source: stored.source.try_into()?,
        route: match stored.route {
            None => RouteEstimate::Unasked,
            Some(RoadDocument::Silent) => RouteEstimate::Silent,
            Some(RoadDocument::Drive { ms }) => RouteEstimate::Drive(TimeDelta::milliseconds(ms)),
        },
    })
}
