//! Evidence: the numbers by which the end of a hold is decided.
//!
//! Evidence is kept after the positions are deleted. It contains no coordinates.

use chrono::TimeDelta;

use super::approach::{Approach, Estimate};
use super::{PositionSource, Track};
use crate::domain::{Moment, Policy};

/// What is known of a guest's journey at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Metres to the hotel, along the geodesic.
    pub distance_metres: f64,
    /// Whether the guest comes closer; `None` if the kept fixes do not show it.
    pub is_approaching: Option<bool>,
    /// Whether the guest is within the radius.
    pub within_radius: bool,
    /// Age of the latest fix.
    pub fix_age: TimeDelta,
    /// Whether the latest fix is recent enough to count.
    pub is_fresh: bool,
    /// When the guest will arrive; `None` for a guest who moves away.
    pub estimate: Option<Estimate>,
    /// The source of the latest fix; `None` in evidence that was stored before this field existed.
    pub source: Option<PositionSourceKind>,
    /// How long the guest has stayed at the same spot, as far as the kept fixes show.
    pub standing: TimeDelta,
    /// The number of reports that were not believed.
    pub dropped: u32,
}

/// The source of a fix, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionSourceKind {
    /// From the guest's page.
    Page,
    /// Sent once by hand.
    Single,
    /// From a live location.
    Live,
    /// From a live location that has sent nothing since: the guest has not moved.
    LiveSilent,
}

/// The clause of the rule that decided the end of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// Within the radius: the hold is extended.
    Near,
    /// Outside the radius, coming closer, and expected around the end of an extension: the hold is
    /// extended.
    Closing,
    /// The position is too old to count.
    Stale,
    /// Every extension is used up.
    NoneLeft,
    /// Outside the radius, and not coming closer.
    Far,
    /// Coming closer, but expected only long after the end of an extension.
    TooLate,
    /// Within the radius, but moving away.
    MovedAway,
    /// Within the radius, but still where the guest was all along: they have not left yet.
    NotLeft,
    /// At the same spot for too long: after an extension for most of it, or before any extension,
    /// outside the radius, for longer than one.
    Parked,
    /// Decided before clauses were recorded.
    Unrecorded,
}

impl Why {
    /// Whether the hold is extended.
    #[must_use]
    pub fn extends(self) -> bool {
        match self {
            Self::Near | Self::Closing => true,
            Self::Stale
            | Self::NoneLeft
            | Self::Far
            | Self::TooLate
            | Self::MovedAway
            | Self::NotLeft
            | Self::Parked
            | Self::Unrecorded => false,
        }
    }
}

/// The evidence of a track at `now`; `None` without any fix.
#[must_use]
pub fn evidence(track: &Track, now: Moment, policy: &Policy) -> Option<Evidence> {
    let travel = &policy.travel;
    let latest = *track.latest()?;
    let fix_age = (now - latest.at).max(TimeDelta::zero());
    let is_live = latest.is_live(now) && fix_age <= travel.live_silence_max;
    let approach = Approach::new(track, latest, is_live, now, policy);
    Some(Evidence {
        distance_metres: approach.metres,
        is_approaching: approach.is_closing(),
        within_radius: approach.metres <= travel.radius_km * 1000.0,
        fix_age,
        is_fresh: is_live || fix_age <= travel.fix_max_age,
        estimate: approach.estimate(),
        source: Some(match latest.source {
            PositionSource::Page => PositionSourceKind::Page,
            PositionSource::Single => PositionSourceKind::Single,
            PositionSource::Live { .. } if is_live && fix_age > travel.fix_max_age => {
                PositionSourceKind::LiveSilent
            }
            PositionSource::Live { .. } => PositionSourceKind::Live,
        }),
        standing: approach.standing(),
        dropped: track.dropped(),
    })
}
