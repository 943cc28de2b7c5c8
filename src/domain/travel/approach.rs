//! Whether a guest comes closer, how fast, and when they will be there.

use chrono::{TimeDelta, Timelike};

use super::track::SPOT_METRES;
use super::{Estimate, EstimateBasis, Fix, RouteEstimate, Track};
use crate::domain::{Moment, Policy, TravelPolicy};

/// Approach is read off the fixes of so long before the latest.
const RECENT: TimeDelta = TimeDelta::minutes(15);
/// Coming closer by less than this, in metres, says nothing about direction.
const APPROACH_METRES: f64 = 200.0;
/// Getting away by less than this, in metres, may be the road: to the next U-turn, round a block
/// of one-way streets, on to the toll road.
const DETOUR_METRES: f64 = 2_000.0;
/// Who stands came from where they were at least so many metres nearer or farther.
const LEG_METRES: f64 = 500.0;
/// The guest's own speed is read off what they drove in so long before the latest fix: long enough
/// for a mean over main roads and lanes.
const DRIVEN: TimeDelta = TimeDelta::minutes(60);
/// Driving for less than this is no measure of a speed.
const MIN_DRIVEN: TimeDelta = TimeDelta::minutes(3);
/// Speeds that are believed of one who drives, in km/h. Below, they are on foot or in a jam that
/// will not last; above, it is a train or a mistake (the limit on Indonesian toll roads is 100).
const OWN_SPEEDS: std::ops::RangeInclusive<f64> = 3.0..=120.0;
/// What the guest's own speed counts beside the city's: the last minutes alone say too little of the
/// next. Of the shares tried with `jatah simulate`, this keeps the most guests for the minutes that
/// it costs, and still hears the guest where a city's speeds are set wrong.
const OWN_SHARE: f64 = 0.5;
/// Who stands for so long leaves at the earliest now.
const STANDS: TimeDelta = TimeDelta::minutes(5);
/// What a routing server said of one fix is carried over to later ones for so long.
const ROAD_LIFE: TimeDelta = TimeDelta::minutes(10);
/// Below this, in metres, distances are no measure of what is left of a drive.
const SHORT_METRES: f64 = 500.0;

/// A track as it looks at one moment.
pub(super) struct Approach<'a> {
    track: &'a Track,
    latest: Fix,
    now: Moment,
    policy: &'a Policy,
    /// Whether the guest counts as standing where the latest fix was until now.
    is_silent: bool,
    /// Metres to the hotel, along the geodesic.
    pub metres: f64,
    /// Metres come closer over the last while, and how long it took; `None` of a single fix.
    closed: Option<(f64, TimeDelta)>,
}

impl<'a> Approach<'a> {
    /// `is_silent`: whether no news since the latest fix means no movement.
    pub fn new(
        track: &'a Track,
        latest: Fix,
        is_silent: bool,
        now: Moment,
        policy: &'a Policy,
    ) -> Self {
        let hotel = policy.hotel.position;
        let metres = latest.place.metres_to(hotel);
        let seen_at = if is_silent { now.max(latest.at) } else { latest.at };
        let earlier = |fix: &&Fix| fix.at < seen_at;
        let mut recent = track.fixes().iter().filter(earlier);
        let first =
            recent.clone().find(|fix| seen_at - fix.at <= RECENT).or_else(|| recent.next_back());
        let closed = first.map(|first| (first.place.metres_to(hotel) - metres, seen_at - first.at));
        Self { track, latest, now, policy, is_silent, metres, closed }
    }

    /// Whether the guest comes closer; `None` if the fixes do not say. Of one who stands or may be
    /// on a detour, what led there tells: a guest in a jam is still on the way.
    pub fn is_closing(&self) -> Option<bool> {
        let (metres, _) = self.closed?;
        if metres >= APPROACH_METRES {
            Some(true)
        } else if metres <= -DETOUR_METRES {
            Some(false)
        } else if metres <= -APPROACH_METRES {
            self.came_closer(DETOUR_METRES)
        } else {
            self.came_closer(LEG_METRES)
        }
    }

    /// Whether the guest was farther away when last so many metres nearer or farther than now.
    fn came_closer(&self, metres: f64) -> Option<bool> {
        let hotel = self.policy.hotel.position;
        let change = |fix: &Fix| fix.place.about_metres_to(hotel) - self.metres;
        let mut changes = self.track.fixes().iter().rev().map(change);
        changes.find(|change| change.abs() >= metres).map(|change| change > 0.0)
    }

    /// How long the guest has been where they were last seen, as far as is known.
    pub fn standing(&self) -> TimeDelta {
        let is_here = |fix: &&Fix| fix.place.about_metres_to(self.latest.place) < SPOT_METRES;
        let since = self.track.fixes().iter().rev().take_while(is_here).last();
        let until = if self.is_silent { self.now.max(self.latest.at) } else { self.latest.at };
        since.map_or(TimeDelta::zero(), |since| until - since.at)
    }

    /// When the guest will be there; `None` of one who moves away.
    pub fn estimate(&self) -> Option<Estimate> {
        if self.is_closing() == Some(false) {
            return None;
        }
        let (drive, basis) = self.drive();
        let leaves_at = if self.standing() >= STANDS { self.now } else { self.latest.at };
        let arrives_at = leaves_at + drive + self.policy.travel.arrival_buffer;
        let arrives_in = (arrives_at - self.now).max(TimeDelta::zero());
        Some(Estimate { arrives_in, basis, is_routing_silent: self.is_routing_silent() })
    }

    /// The drive from the latest fix, by the best clue there is.
    fn drive(&self) -> (TimeDelta, EstimateBasis) {
        let travel = &self.policy.travel;
        if let Some(drive) = self.routed() {
            return (drive, EstimateBasis::Routed);
        }
        let road_km = self.metres / 1000.0 * travel.road_factor;
        let city = self.city_speed();
        let (km_per_hour, basis) = match self.own_speed() {
            Some(own) => (city + (own - city) * OWN_SHARE, EstimateBasis::OwnSpeed),
            None => (city, EstimateBasis::CitySpeed),
        };
        (hours(road_km / km_per_hour), basis)
    }

    /// Speed on the road over the last hour, in km/h, halts left out, if it can be believed. It is
    /// that of the way driven, whichever way the road swings: what was closed in of it says little
    /// of how fast the rest will go.
    fn own_speed(&self) -> Option<f64> {
        let fixes = self.track.fixes();
        let since = self.latest.at - DRIVEN;
        let legs = fixes.iter().zip(fixes.iter().skip(1)).filter(|(from, _)| from.at >= since);
        let (metres, took) = legs
            .map(|(from, to)| (from.place.about_metres_to(to.place), to.at - from.at))
            .filter(|(metres, _)| *metres >= SPOT_METRES)
            .fold((0.0, TimeDelta::zero()), |(way, took), (metres, time)| {
                (way + metres, took + time)
            });
        let km_per_hour = metres / took.as_seconds_f64() * 3.6;
        (took >= MIN_DRIVEN && OWN_SPEEDS.contains(&km_per_hour)).then_some(km_per_hour)
    }

    fn city_speed(&self) -> f64 {
        let local = self.latest.at.with_timezone(&self.policy.hotel.timezone);
        self.policy.travel.speed_at(local.hour())
    }

    /// What a routing server said, slowed by the traffic of the hour. What it said of an earlier
    /// fix shrinks with the distance since.
    fn routed(&self) -> Option<TimeDelta> {
        let said = |fix: &Fix| match fix.route {
            RouteEstimate::Drive(drive) => Some((drive, fix.place, fix.at)),
            RouteEstimate::Unasked | RouteEstimate::Silent => None,
        };
        let (drive, place, at) = self.track.fixes().iter().rev().find_map(said)?;
        if self.latest.at - at > ROAD_LIFE {
            return None;
        }
        let then = place.metres_to(self.policy.hotel.position);
        let left = if then < SHORT_METRES { 1.0 } else { self.metres / then };
        let traffic = self.policy.travel.free_speed() / self.city_speed();
        Some(hours(drive.as_seconds_f64() / 3600.0 * left * traffic))
    }

    /// Whether the routing server was asked last in vain.
    fn is_routing_silent(&self) -> bool {
        let asked = |fix: &&Fix| fix.route != RouteEstimate::Unasked;
        self.track
            .fixes()
            .iter()
            .rev()
            .find(asked)
            .is_some_and(|fix| fix.route == RouteEstimate::Silent)
    }
}

impl TravelPolicy {
    /// Speed in the city at an hour of the day, in km/h.
    #[must_use]
    pub fn speed_at(&self, hour: u32) -> f64 {
        // An hour is 0 to 23, so there always is one.
        let index = usize::try_from(hour).unwrap_or_default();
        self.speeds.get(index).copied().unwrap_or(1.0)
    }

    /// Speed on empty roads, in km/h: that of the fastest hour.
    #[must_use]
    pub fn free_speed(&self) -> f64 {
        self.speeds.iter().copied().fold(1.0, f64::max)
    }
}

/// So many hours, to the second; a year at most.
fn hours(hours: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "a saturated number of seconds is capped")]
    let seconds = (hours * 3600.0).round() as i64;
    TimeDelta::seconds(seconds.clamp(0, 366 * 24 * 3600))
}
