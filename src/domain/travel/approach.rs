//! Whether a guest comes closer, and when they will arrive.
//!
//! Everything here is computed from one track at one moment. Decisions are made in
//! [`crate::domain::hold`].

use chrono::{TimeDelta, Timelike};

use super::drive::Drive;
use super::track::SPOT_METRES;
use super::{Fix, RouteEstimate, Track};
use crate::domain::{Moment, Policy, TravelPolicy};

/// The guest's own speed is measured over this long before the latest fix: long enough for a mean
/// over main roads and small streets.
const SPEED_WINDOW: TimeDelta = TimeDelta::minutes(60);
/// Driving for less than this is too short to measure a speed: the small streets at the beginning say
/// nothing about the main roads.
const MIN_DRIVE: TimeDelta = TimeDelta::minutes(12);
/// Speeds that are believed of a driving guest, in km/h. Below, the guest is on foot or in a jam
/// that will not last. Above, it is a train or an error (the limit on Indonesian toll roads is
/// 100).
const OWN_SPEEDS: std::ops::RangeInclusive<f64> = 3.0..=120.0;
/// The weight of the guest's own speed against the city's, because the last minutes alone predict
/// the next ones badly. Of the weights tried with `jatah simulate`, this one keeps the most guests
/// for the extra minutes of hold that it costs, and it still follows the guest if the configured
/// speeds of a city are wrong.
const OWN_SPEED_WEIGHT: f64 = 0.5;
/// A guest who has stood still for this long is assumed to leave now at the earliest.
const STANDSTILL: TimeDelta = TimeDelta::minutes(5);
/// The routing server's answer for one fix is used for later fixes for this long.
const ROUTE_MAX_AGE: TimeDelta = TimeDelta::minutes(10);
/// Below this, in metres, distances are too short to scale a drive by.
const SHORT_METRES: f64 = 500.0;

/// When a guest will arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The time from the moment of the evidence to the arrival, including the arrival buffer.
    pub arrives_in: TimeDelta,
    /// What it was computed from.
    pub basis: EstimateBasis,
    /// Whether the routing server's latest request failed.
    pub is_routing_silent: bool,
}

/// What an estimate was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EstimateBasis {
    /// The routing server's drive time, slowed by the traffic of the hour.
    Routed,
    /// The speed that the guest drove in the last hour, without halts, averaged with the city's
    /// speed at this hour.
    OwnSpeed,
    /// The speed in the city at this hour.
    CitySpeed,
}

/// A track as seen at one moment.
pub(super) struct Approach<'a> {
    track: &'a Track,
    latest: Fix,
    now: Moment,
    policy: &'a Policy,
    /// Whether the guest counts as having stayed at the latest fix until now.
    is_silent: bool,
    /// Metres to the hotel, along the geodesic.
    pub metres: f64,
}

impl<'a> Approach<'a> {
    /// `is_silent` says whether the absence of newer fixes means that the guest has not moved.
    pub fn new(
        track: &'a Track,
        latest: Fix,
        is_silent: bool,
        now: Moment,
        policy: &'a Policy,
    ) -> Self {
        let hotel = policy.hotel.position;
        let metres = latest.place.metres_to(hotel);
        Self { track, latest, now, policy, is_silent, metres }
    }

    /// Whether the guest drives to the hotel; `None` if the fixes do not show it. For a guest who
    /// stands still, the drive before that decides: a guest in a jam is still on the way.
    pub fn is_closing(&self) -> Option<bool> {
        Drive::latest(self.track, self.policy.hotel.position)?.leads_to_hotel()
    }

    /// How long the guest has been at the spot of the latest fix, as far as the fixes show.
    pub fn standing(&self) -> TimeDelta {
        let is_here = |fix: &&Fix| fix.place.about_metres_to(self.latest.place) < SPOT_METRES;
        let since = self.track.fixes().iter().rev().take_while(is_here).last();
        let until = if self.is_silent { self.now.max(self.latest.at) } else { self.latest.at };
        since.map_or(TimeDelta::zero(), |since| until - since.at)
    }

    /// When the guest will arrive; `None` for a guest who moves away.
    pub fn estimate(&self) -> Option<Estimate> {
        if self.is_closing() == Some(false) {
            return None;
        }
        let (drive, basis) = self.drive();
        let leaves_at = if self.standing() >= STANDSTILL { self.now } else { self.latest.at };
        let arrives_at = leaves_at + drive + self.policy.travel.arrival_buffer;
        let arrives_in = (arrives_at - self.now).max(TimeDelta::zero());
        Some(Estimate { arrives_in, basis, is_routing_silent: self.is_routing_silent() })
    }

    /// The drive from the latest fix, by the best basis that is available.
    fn drive(&self) -> (TimeDelta, EstimateBasis) {
        let travel = &self.policy.travel;
        if let Some(drive) = self.routed() {
            return (drive, EstimateBasis::Routed);
        }
        let road_km = self.metres / 1000.0 * travel.road_factor;
        let city = self.city_speed();
        let (km_per_hour, basis) = match self.own_speed() {
            Some(own) => (city + (own - city) * OWN_SPEED_WEIGHT, EstimateBasis::OwnSpeed),
            None => (city, EstimateBasis::CitySpeed),
        };
        (hours(road_km / km_per_hour), basis)
    }

    /// The guest's speed over the last hour, in km/h, without halts; `None` if it is not
    /// believable. It is measured along the driven way, not towards the hotel: how fast the guest
    /// came closer says little about the speed on the rest of the way.
    fn own_speed(&self) -> Option<f64> {
        let fixes = self.track.fixes();
        let since = self.latest.at - SPEED_WINDOW;
        let legs = fixes.iter().zip(fixes.iter().skip(1)).filter(|(from, _)| from.at >= since);
        let (metres, took) = legs
            .map(|(from, to)| (from.place.about_metres_to(to.place), to.at - from.at))
            .filter(|(metres, _)| *metres >= SPOT_METRES)
            .fold((0.0, TimeDelta::zero()), |(way, took), (metres, time)| {
                (way + metres, took + time)
            });
        let km_per_hour = metres / took.as_seconds_f64() * 3.6;
        (took >= MIN_DRIVE && OWN_SPEEDS.contains(&km_per_hour)).then_some(km_per_hour)
    }

    fn city_speed(&self) -> f64 {
        let local = self.latest.at.with_timezone(&self.policy.hotel.timezone);
        self.policy.travel.speed_at(local.hour())
    }

    /// The drive that the routing server answered, slowed by the traffic of the hour. An answer for
    /// an earlier fix is scaled to the distance that is left.
    fn routed(&self) -> Option<TimeDelta> {
        let answered = |fix: &Fix| match fix.route {
            RouteEstimate::Drive(drive) => Some((drive, fix.place, fix.at)),
            RouteEstimate::Unasked | RouteEstimate::Silent => None,
        };
        let (drive, place, at) = self.track.fixes().iter().rev().find_map(answered)?;
        if self.latest.at - at > ROUTE_MAX_AGE {
            return None;
        }
        let then = place.metres_to(self.policy.hotel.position);
        let left = if then < SHORT_METRES { 1.0 } else { self.metres / then };
        let traffic = self.policy.travel.free_speed() / self.city_speed();
        Some(hours(drive.as_seconds_f64() / 3600.0 * left * traffic))
    }

    /// Whether the routing server's latest request failed.
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
        // An hour is 0 to 23, so the index is always in range.
        let index = usize::try_from(hour).unwrap_or_default();
        self.speeds.get(index).copied().unwrap_or(1.0)
    }

    /// How long a drive takes at least: at the speed of the fastest hour. The distance is in metres,
    /// in a straight line.
    #[must_use]
    pub fn drive_on_empty_roads(&self, metres: f64) -> TimeDelta {
        hours(metres / 1000.0 * self.road_factor / self.free_speed())
    }

    /// Speed on empty roads, in km/h: that of the fastest hour.
    #[must_use]
    pub fn free_speed(&self) -> f64 {
        self.speeds.iter().copied().fold(1.0, f64::max)
    }
}

/// A duration in hours, rounded to the second; at most 366 days.
fn hours(hours: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "a saturated number of seconds is capped")]
    let seconds = (hours * 3600.0).round() as i64;
    TimeDelta::seconds(seconds.clamp(0, 366 * 24 * 3600))
}
