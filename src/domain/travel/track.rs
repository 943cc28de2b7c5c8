//! The latest few fixes of one guest: what is believed, what is dropped, what is worth keeping.

use chrono::TimeDelta;

use super::{Fix, PositionSource, RouteEstimate};
use crate::domain::refusal::Unavailable;
use crate::domain::{Booking, Moment, NotAllowed, Refusal, Status, Winner};

/// Fixes kept of one guest.
pub const MAX_FIXES: usize = 12;
/// A fix less sure than this, in metres, says nothing: a cell tower's, or a network address's.
const MAX_ACCURACY_METRES: f64 = 2_000.0;
/// Nobody drives faster, in metres a second: 200 km/h.
const MAX_SPEED: f64 = 200.0 / 3.6;
/// How sure a device is that does not say, in metres. Phones under an open sky are within 4.9 m
/// (gps.gov, "GPS Accuracy"); between tall buildings ten times that.
const USUAL_ACCURACY_METRES: f64 = 50.0;
/// A move of less than this, in metres, is not worth keeping by itself.
const WORTH_METRES: f64 = 50.0;
/// A fix so much younger than the last kept one is worth keeping without a move.
const WORTH_AGE: TimeDelta = TimeDelta::seconds(60);
/// Fixes between the first and the latest are kept so far apart in time at least, so that twelve
/// of them tell of a way and not of a moment.
const SPACING: TimeDelta = TimeDelta::seconds(120);
/// The older a fix, the sparser: it goes once its neighbours are closer together in time than its age
/// divided by this. Twelve fixes then reach back over a whole hold.
const SPARSENESS: i32 = 2;
/// Fixes within so many metres of each other are one spot: a car park, a restaurant, a jam.
pub(super) const SPOT_METRES: f64 = 200.0;

/// The latest few fixes of one guest, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    fixes: Vec<Fix>,
    /// The last report, if it was too far away to be believed: a second one like it is.
    doubted: Option<Fix>,
    /// Reports that were not believed.
    dropped: u32,
}

/// What a track makes of one more fix.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackUpdate {
    /// It is believed: the track with it.
    Accepted(Track),
    /// It is believed, and says nothing that is not known already.
    Duplicate,
    /// It is not believed ([`Track::dropped`] has it counted); a second one that agrees will be.
    Doubtful(Track),
    /// It is too vague to be of use.
    Imprecise(Track),
    /// It is older than what is known.
    OutOfOrder,
}

impl Track {
    /// A track of fixes as they were kept.
    #[must_use]
    pub fn from_fixes(mut fixes: Vec<Fix>) -> Self {
        fixes.sort_by_key(|fix| fix.at);
        let surplus = fixes.len().saturating_sub(MAX_FIXES);
        Self { fixes: fixes.split_off(surplus), doubted: None, dropped: 0 }
    }

    /// The same track with what was not believed.
    #[must_use]
    pub fn doubting(self, doubted: Option<Fix>, dropped: u32) -> Self {
        Self { doubted, dropped, ..self }
    }

    /// What a guest's report makes of this track: the track to keep, or `None` if the report
    /// changes nothing. At the desk a position plays no part any more, so none is kept.
    ///
    /// # Errors
    /// [`Refusal`] once the hold is over: where the guest is then is nobody's business.
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

    /// What becomes of one more fix. The newest that can be believed wins.
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
                // Two against one: it was the older fix that was wrong.
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
                .is_none_or(|before| next.at - before.at >= (fix.at - one.at) / SPARSENESS);
            if is_spared {
                fixes.push(*one);
            }
        }
        if let [.., before, latest] = fixes.as_slice() {
            // What lies between two fixes of one spot says nothing that they do not.
            let is_one_spot = [latest, &fix]
                .iter()
                .all(|other| before.place.about_metres_to(other.place) < SPOT_METRES);
            if is_one_spot || latest.at - before.at < SPACING {
                fixes.pop();
            }
        }
        fixes.push(fix);
        if fixes.len() > MAX_FIXES {
            // Where they set out stays.
            fixes.remove(1);
        }
        TrackUpdate::Accepted(Self { fixes, doubted: None, dropped: self.dropped })
    }

    /// The track with what a routing server said of the road from the fix measured at `at`;
    /// `None` if that fix is gone.
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

/// Whether somebody can have come from one to the other, each being as unsure as it says.
fn is_believable(from: &Fix, to: &Fix) -> bool {
    let slack = |fix: &Fix| fix.accuracy_metres.unwrap_or(0.0).max(USUAL_ACCURACY_METRES);
    let metres = from.place.about_metres_to(to.place) - slack(from) - slack(to);
    metres <= MAX_SPEED * (to.at - from.at).as_seconds_f64()
}

/// Whether a fix says more than the one before it.
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
        || fix.at - latest.at >= WORTH_AGE
        || latest.place.about_metres_to(fix.place) >= WORTH_METRES
}
