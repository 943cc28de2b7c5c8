//! The drive: the guest's way since they last stayed somewhere, and whether it leads to the hotel.
//!
//! Times of arrival are not estimated here, and nothing is decided. The limits were chosen with
//! `jatah simulate`, on invented guests and on recorded drives: `docs/on-the-way.md`.

use chrono::TimeDelta;

use super::track::SPOT_METRES;
use super::{Fix, Track};
use crate::domain::Coordinates;

/// A guest who was at one spot for this long stayed there. The drive begins at the last such stay.
const STAY: TimeDelta = TimeDelta::minutes(10);
/// A guest who is less than this many metres from where the drive began has not left.
const LEFT_METRES: f64 = 100.0;

/// The first metres of a drive say little about where it leads: out of a one-way street, round the
/// block, to the main road.
const FIRST_METRES: f64 = 700.0;
/// On the first metres, a guest may be this many metres farther from the hotel than before.
const FIRST_DETOUR_METRES: f64 = 200.0;

/// Within this many metres of the hotel, one-way streets and the search for the entrance or a car
/// park lead away from it.
const CLOSE_BY_METRES: f64 = 1_500.0;
/// Close by, a guest may be this many metres farther from the hotel than before.
const CLOSE_BY_DETOUR_METRES: f64 = 800.0;

/// Elsewhere, a guest may be this many metres farther from the hotel than before, and as many more
/// as the devices state for the accuracy of two positions.
const DETOUR_METRES: f64 = 25.0;
/// After so many metres, roads that swing widely are expected.
const LONG_METRES: f64 = 10_000.0;
/// After a long drive, a guest may be farther from the hotel than before by this part of the
/// distance that is left.
const LONG_DETOUR: f64 = 0.14;
/// A drive to the hotel comes closer by at least this many metres for each metre driven.
const COURSE: f64 = 0.2;

/// The last part of a drive, which may lead to the hotel although the whole drive does not: after an
/// errand on the other side, say.
const RECENT: TimeDelta = TimeDelta::minutes(7);
/// The least metres by which a guest comes closer in the last part.
const RECENT_METRES: f64 = 500.0;
/// The metres for each metre driven by which a guest comes closer in the last part.
const RECENT_COURSE: f64 = 0.62;

/// A guest's way since they last stayed somewhere. All numbers are metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drive {
    /// The whole drive.
    whole: Leg,
    /// The part of the last [`RECENT`], from fix to fix.
    recent: Leg,
    /// In a straight line from where the drive began to the latest fix.
    from_start: f64,
    /// From the latest fix to the hotel.
    to_hotel: f64,
    /// By how much the guest is farther from the hotel than at the nearest fix of the drive.
    past_nearest: f64,
    /// The accuracy of the first and the latest fix together, as far as the devices state it.
    accuracy: f64,
}

/// A part of a drive.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Leg {
    /// Metres from fix to fix.
    driven: f64,
    /// By how many metres its end is closer to the hotel than its beginning; negative if farther.
    closer: f64,
}

impl Leg {
    fn of(fixes: &[Fix], hotel: Coordinates) -> Option<Self> {
        let (first, last) = (fixes.first()?, fixes.last()?);
        let steps = fixes.iter().zip(fixes.iter().skip(1));
        Some(Self {
            driven: steps.map(|(from, to)| from.place.about_metres_to(to.place)).sum(),
            closer: first.place.about_metres_to(hotel) - last.place.about_metres_to(hotel),
        })
    }
}

impl Drive {
    /// The latest drive of a track; `None` for a track with no fix.
    pub fn latest(track: &Track, hotel: Coordinates) -> Option<Self> {
        let latest = track.latest()?;
        let fixes = track.fixes().get(first_fix(track)..)?;
        let first = fixes.first()?;
        let since = latest.at - RECENT;
        let recent = fixes.iter().position(|fix| fix.at >= since)?;
        // A single fix is no leg: the one before belongs to it.
        let recent = recent.min(fixes.len().saturating_sub(2));
        let distance = |fix: &Fix| fix.place.about_metres_to(hotel);
        let nearest = fixes.iter().map(distance).fold(f64::INFINITY, f64::min);
        let accuracy = |fix: &Fix| fix.accuracy_metres.unwrap_or_default();
        Some(Self {
            whole: Leg::of(fixes, hotel)?,
            recent: Leg::of(fixes.get(recent..)?, hotel)?,
            from_start: first.place.about_metres_to(latest.place),
            to_hotel: distance(latest),
            past_nearest: distance(latest) - nearest,
            accuracy: accuracy(first) + accuracy(latest),
        })
    }

    /// Whether the drive leads to the hotel; `None` for a guest who has not left.
    pub fn leads_to_hotel(&self) -> Option<bool> {
        let is_first = self.whole.driven < FIRST_METRES && self.past_nearest <= FIRST_DETOUR_METRES;
        let has_left = self.from_start >= LEFT_METRES.max(self.accuracy);
        has_left.then(|| is_first || self.is_on_course() || self.has_turned_to_hotel())
    }

    /// Whether the guest is at the nearest place of the drive so far, and came closer with the metres
    /// driven.
    fn is_on_course(&self) -> bool {
        self.past_nearest <= self.detour() && self.whole.closer >= COURSE * self.whole.driven
    }

    /// By how many metres a guest on the way may be farther from the hotel than before.
    fn detour(&self) -> f64 {
        if self.to_hotel < CLOSE_BY_METRES {
            CLOSE_BY_DETOUR_METRES
        } else if self.whole.driven < LONG_METRES {
            DETOUR_METRES + self.accuracy
        } else {
            DETOUR_METRES + self.accuracy + LONG_DETOUR * self.to_hotel
        }
    }

    /// Whether the last part of the drive leads to the hotel, whatever was before.
    fn has_turned_to_hotel(&self) -> bool {
        let Leg { driven, closer } = self.recent;
        closer >= RECENT_METRES && closer >= RECENT_COURSE * driven
    }
}

/// The index of the fix with which the latest drive begins: the first fix of the last spot at which
/// the guest stayed before the present one, or else the first of the track.
fn first_fix(track: &Track) -> usize {
    let (fixes, Some(latest)) = (track.fixes(), track.latest()) else { return 0 };
    let is_apart = |one: &Fix, other: &Fix| one.place.about_metres_to(other.place) >= SPOT_METRES;
    let start_of_stay = |(index, fix): (usize, &Fix)| {
        let before = fixes.get(..index)?;
        let first =
            before.iter().rposition(|earlier| is_apart(earlier, fix)).map_or(0, |at| at + 1);
        let is_stay = fix.at - fixes.get(first)?.at >= STAY;
        (is_stay && is_apart(fix, latest)).then_some(first)
    };
    fixes.iter().enumerate().rev().find_map(start_of_stay).unwrap_or_default()
}
