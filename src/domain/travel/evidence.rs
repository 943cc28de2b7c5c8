//! Evidence: what the end of a hold is decided by, in numbers.

use chrono::TimeDelta;

use super::approach::Approach;
use super::{PositionSource, Track};
use crate::domain::{Moment, Policy};

/// What is known of a guest's way at one moment: this stays when the positions are gone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Metres to the hotel, along the geodesic.
    pub distance_metres: f64,
    /// Whether the kept fixes come closer; `None` if they do not say.
    pub is_approaching: Option<bool>,
    /// Whether the guest is within the radius.
    pub within_radius: bool,
    /// Age of the latest fix.
    pub fix_age: TimeDelta,
    /// Whether it is young enough to count.
    pub is_fresh: bool,
    /// When the guest will be there; `None` of one who moves away.
    pub estimate: Option<Estimate>,
    /// How the latest fix came; `None` of evidence older than this field.
    pub source: Option<PositionSourceKind>,
    /// How long the guest has stayed at the same spot, as far as the kept fixes tell.
    pub standing: TimeDelta,
    /// Reports that were not believed.
    pub dropped: u32,
}

/// When a guest will be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// From the moment of the evidence to the hotel's door, buffer included.
    pub arrives_in: TimeDelta,
    /// What it was reckoned from.
    pub basis: EstimateBasis,
    /// Whether a routing server was asked in vain.
    pub is_routing_silent: bool,
}

/// What an estimate was reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EstimateBasis {
    /// A routing server's drive, slowed by the traffic of the hour.
    Routed,
    /// The guest's own closing speed.
    OwnSpeed,
    /// The speed in the city at this hour.
    CitySpeed,
}

/// How a fix came, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionSourceKind {
    /// From the guest's page.
    Page,
    /// Sent once by hand.
    Single,
    /// From a live location.
    Live,
    /// From a live location that has been silent since: the guest has not moved.
    LiveSilent,
}

/// What the end of a hold came to, and by which clause of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Within the radius: the hold grows.
    Near,
    /// Closing in, and there by the end of an extension, give or take: the hold grows.
    Closing,
    /// The position is too old to count.
    Stale,
    /// Every extension is used.
    NoneLeft,
    /// Far, and not closing in.
    Far,
    /// Closing in, but there only long after an extension would be over.
    TooLate,
    /// Near, but provably moving away.
    MovedAway,
    /// Near, but where they were all along: they have not set out.
    NotLeft,
    /// At the same spot for most of an extension that was granted, or for longer than one on the
    /// way there.
    Parked,
    /// Decided before reasons were recorded.
    Unrecorded,
}

impl Why {
    /// Whether the hold grows.
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

/// What a track says at `now`; `None` without any fix.
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
