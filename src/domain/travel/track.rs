//! The track: the latest few fixes of one guest, and which reported fixes are believed and kept.

use chrono::TimeDelta;

use super::{Fix, PositionSource, RouteEstimate};
use crate::domain::refusal::Unavailable;
use crate::domain::{Booking, Moment, NotAllowed, Refusal, Status, Winner};

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
/// A move of at least this, in metres, is worth keeping.
const MIN_MOVE_METRES: f64 = 50.0;
/// A fix at least this much newer than the latest kept one is worth keeping without a move.
const MIN_INTERVAL: TimeDelta = TimeDelta::seconds(60);
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
    doubted: Option<Fix>,
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
    Doubtful(Track),
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
        Self { fixes: fixes.split_off(surplus), doubted: None, dropped: 0 }
    }

    /// The same track with its last doubted report and its number of dropped reports.
    #[must_use]
    pub fn doubting(self, doubted: Option<Fix>, dropped: u32) -> Self {
        Self { doubted, dropped, ..self }
    }

    /// Adds a guest's report: the track to store, or `None` if the report changes nothing. Once the
    /// guest is at the desk, positions are not kept.
    ///
    /// # Errors
    /// [`Refusal`] once the hold is over, or if only a newer version may decide about the booking.
    pub fn report(&self, fix: Fix, booking: &Booking) -> Result<Option<Self>, Refusal> {
        if booking.is_read_only {
            return Err(Refusal::Unavailable(Unavailable::NewerVersion));
        }
        match &booking.status {
            Status::Paid { .. } => return Err(Refusal::NotAllowed(NotAllowed::HoldIsOver)),
            Status::Cancelled { at, by } => {
                return Err(Refusal::AlreadyCancelled(Winner { at: *at, by: by.clone() }));
            }
            Status::Pending if booking.arrived_at.is_some() => return Ok(None),
            Status::Pending => {}
        }
        Ok(match self.take(fix) {
            TrackUpdate::Accepted(track)
            | TrackUpdate::Doubtful(track)
            | TrackUpdate::Imprecise(track) => Some(track),
            TrackUpdate::Duplicate | TrackUpdate::OutOfOrder => None,
        })
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
            if is_news(latest, &fix) { self.kept(fix) } else { TrackUpdate::Duplicate }
        } else {
            match self.doubted {
                // Two agreeing reports outvote the older fixes, which were wrong.
                Some(doubted) if doubted.at < fix.at && is_believable(&doubted, &fix) => {
                    let begun = Self { fixes: vec![doubted], doubted: None, dropped: self.dropped };
                    begun.kept(fix)
                }
                Some(_) | None => {
                    TrackUpdate::Doubtful(Self { doubted: Some(fix), ..self.dropping() })
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
        TrackUpdate::Accepted(Self { fixes, doubted: None, dropped: self.dropped })
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
    pub fn doubted(&self) -> Option<&Fix> {
        self.doubted.as_ref()
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

/// Whether a fix is worth keeping after the latest one.
pub(super) fn is_news(latest: &Fix, fix: &Fix) -> bool {
    let came_otherwise = match (latest.source, fix.source) {
        (PositionSource::Live { until: before }, PositionSource::Live { until: now }) => {
            before != now
        }
        (PositionSource::Page, PositionSource::Page)
        | (PositionSource::Single, PositionSource::Single) => false,
        (PositionSource::Live { .. } | PositionSource::Page | PositionSource::Single, _) => true,
    };
    came_otherwise
        || fix.at - latest.at >= MIN_INTERVAL
        || latest.place.about_metres_to(fix.place) >= MIN_MOVE_METRES
}
