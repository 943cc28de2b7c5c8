//! The track: the latest few fixes of one guest, and which reported fixes are believed and kept.

use chrono::TimeDelta;

use super::{Fix, RouteEstimate};
use crate::domain::Moment;

/// The most fixes kept of one guest.
pub const MAX_FIXES: usize = 12;
/// A fix with a larger accuracy radius than this, in metres, is useless: it comes from a cell
/// tower or a network address.
const MAX_ACCURACY_METRES: f64 = 2_000.0;
/// The fastest believable speed, in metres a second: 200 km/h.
const MAX_SPEED: f64 = 200.0 / 3.6;
/// The least accuracy radius that is assumed, in metres, also if the device states none. Phones
/// under an open sky are within 4.9 m (gps.gov, "GPS Accuracy"), between tall buildings within ten
/// times that.
const USUAL_ACCURACY_METRES: f64 = 50.0;
/// The least time between kept fixes, so that twelve of them show a journey and not a moment.
const SPACING: TimeDelta = TimeDelta::seconds(120);
/// Older fixes are kept more sparsely: a fix is dropped once its neighbours are closer together in
/// time than its age divided by this. Twelve fixes then reach back over a whole hold.
const THINNING_DIVISOR: i32 = 2;
/// Fixes within this many metres of each other count as one spot, such as a car park or a jam.
pub(super) const SPOT_METRES: f64 = 200.0;

/// The latest few fixes of one guest, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    fixes: Vec<Fix>,
    /// The last report, if it was too far away to be believed. A second report that agrees with it
    /// is believed.
    outlier: Option<Fix>,
    /// The number of reports that were not believed.
    dropped: u32,
}

/// What happens to one more fix.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackUpdate {
    /// It is believed and kept: the track with it.
    Accepted(Track),
    /// It is believed, but adds nothing to what is known.
    Duplicate,
    /// It is not believed, and counted in [`Track::dropped`]. A second one that agrees will be
    /// believed.
    Outlier(Track),
    /// Its accuracy is too poor to be of use.
    Imprecise(Track),
    /// It is older than the latest fix.
    OutOfOrder,
}

impl Track {
    /// The track of stored fixes; the latest [`MAX_FIXES`] are kept.
    #[must_use]
    pub fn from_fixes(mut fixes: Vec<Fix>) -> Self {
        fixes.sort_by_key(|fix| fix.at);
        let surplus = fixes.len().saturating_sub(MAX_FIXES);
        Self { fixes: fixes.split_off(surplus), outlier: None, dropped: 0 }
    }

    /// The same track with its last unbelieved report and its number of dropped reports.
    #[must_use]
    pub fn with_outlier(self, outlier: Option<Fix>, dropped: u32) -> Self {
        Self { outlier, dropped, ..self }
    }

    /// Takes one more fix. The newest believable fix wins.
    #[must_use]
    pub fn take(&self, fix: Fix) -> TrackUpdate {
        let is_vague = fix.accuracy_metres.is_some_and(|metres| metres > MAX_ACCURACY_METRES);
        let Some(latest) = self.latest() else {
            return if is_vague { TrackUpdate::Imprecise(self.dropping()) } else { self.kept(fix) };
        };
        if fix.at < latest.at {
            TrackUpdate::OutOfOrder
        } else if is_vague {
            TrackUpdate::Imprecise(self.dropping())
        } else if is_believable(latest, &fix) {
            if fix.is_worth_keeping_after(latest) { self.kept(fix) } else { TrackUpdate::Duplicate }
        } else {
            match self.outlier {
                // Two agreeing reports outvote the older fixes, which were wrong.
                Some(outlier) if outlier.at < fix.at && is_believable(&outlier, &fix) => {
                    let begun = Self { fixes: vec![outlier], outlier: None, dropped: self.dropped };
                    begun.kept(fix)
                }
                Some(_) | None => {
                    TrackUpdate::Outlier(Self { outlier: Some(fix), ..self.dropping() })
                }
            }
        }
    }

    fn dropping(&self) -> Self {
        Self { dropped: self.dropped.saturating_add(1), ..self.clone() }
    }

    fn kept(&self, fix: Fix) -> TrackUpdate {
        let mut fixes: Vec<Fix> = Vec::with_capacity(MAX_FIXES + 1);
        let newer = self.fixes.iter().skip(1).chain([&fix]);
        for (one, next) in self.fixes.iter().zip(newer) {
            let is_spared = fixes
                .last()
                .is_none_or(|before| next.at - before.at >= (fix.at - one.at) / THINNING_DIVISOR);
            if is_spared {
                fixes.push(*one);
            }
        }
        if let [.., before, latest] = fixes.as_slice() {
            // A fix between two others at the same spot adds nothing.
            let is_one_spot = [latest, &fix]
                .iter()
                .all(|other| before.place.about_metres_to(other.place) < SPOT_METRES);
            if is_one_spot || latest.at - before.at < SPACING {
                fixes.pop();
            }
        }
        fixes.push(fix);
        if fixes.len() > MAX_FIXES {
            // The first fix stays: it shows where the guest set out.
            fixes.remove(1);
        }
        TrackUpdate::Accepted(Self { fixes, outlier: None, dropped: self.dropped })
    }

    /// The track with the routing server's answer for the fix measured at `at`; `None` if that fix
    /// is no longer kept.
    #[must_use]
    pub fn routed(&self, at: Moment, route: RouteEstimate) -> Option<Self> {
        let mut track = self.clone();
        track.fixes.iter_mut().rev().find(|fix| fix.at == at)?.route = route;
        Some(track)
    }

    /// The latest fix.
    #[must_use]
    pub fn latest(&self) -> Option<&Fix> {
        self.fixes.last()
    }

    /// All fixes, oldest first.
    #[must_use]
    pub fn fixes(&self) -> &[Fix] {
        &self.fixes
    }

    /// The last report, if it was not believed.
    #[must_use]
    pub fn outlier(&self) -> Option<&Fix> {
        self.outlier.as_ref()
    }

    /// How many reports were not believed.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

/// Whether a guest can have moved from one fix to the other, within the accuracy of both.
fn is_believable(from: &Fix, to: &Fix) -> bool {
    let slack = |fix: &Fix| fix.accuracy_metres.unwrap_or(0.0).max(USUAL_ACCURACY_METRES);
    let metres = from.place.about_metres_to(to.place) - slack(from) - slack(to);
    metres <= MAX_SPEED * (to.at - from.at).as_seconds_f64()
}
