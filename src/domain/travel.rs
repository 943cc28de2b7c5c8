//! Where the guest is: fixes, distance, bearing, approach, and the forecast made of them.
//!
//! The rule here is the simple one: a fresh fix within the radius is *near*. Estimated arrival
//! is not reckoned, so nobody is forecast to arrive in time unless they stand at the desk.

use chrono::TimeDelta;
use geoutils::Location;

use super::hold::{self, End};
use super::refusal::{Field, InputError};
use super::{Held, Moment, Policy, Refusal};

/// Fixes kept of one guest.
pub const MAX_FIXES: usize = 12;
/// How far ahead of our clock a device may date its fix; it is then taken as of now.
pub const MAX_AHEAD: TimeDelta = TimeDelta::minutes(2);
/// Two fixes closer in distance to the hotel than this say nothing about direction.
const APPROACH_METRES: f64 = 200.0;

/// A place on earth, in degrees (WGS 84).
#[derive(Clone, Copy, PartialEq)]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// Positions do not belong in logs, so the debug form hides it.
impl std::fmt::Debug for Coordinates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coordinates(…)")
    }
}

impl Coordinates {
    /// A place; `None` unless latitude is within ±90 and longitude within ±180 degrees.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        // NaN is in no range.
        ((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude))
            .then_some(Self { latitude, longitude })
    }

    /// Degrees north.
    #[must_use]
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    #[must_use]
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// Metres along the geodesic to another place.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let here = Location::new(self.latitude, self.longitude);
        let there = Location::new(other.latitude, other.longitude);
        // Vincenty's iteration does not converge for nearly antipodal places; the great circle
        // is within 0.6 % there.
        here.distance_to(&there)
            .map_or_else(|_| here.haversine_distance_to(&there).meters(), |d| d.meters())
    }

    /// Initial bearing to another place, in degrees clockwise from north, 0 to 360 exclusive
    /// (forward azimuth on the sphere).
    #[must_use]
    pub fn bearing_to(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let turn = (other.longitude - self.longitude).to_radians();
        let east = turn.sin() * to.cos();
        let north = from.cos() * to.sin() - from.sin() * to.cos() * turn.cos();
        let degrees = east.atan2(north).to_degrees().rem_euclid(360.0);
        if degrees >= 360.0 { 0.0 } else { degrees }
    }
}

/// One reported position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// Where.
    pub place: Coordinates,
    /// How sure the device is, as a radius in metres.
    pub accuracy_metres: Option<f64>,
    /// When it was measured.
    pub at: Moment,
}

impl Fix {
    /// A fix as a device reports it. One dated slightly ahead is taken as of now.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], field `position`, if a coordinate is out of range or no
    /// number, the accuracy is negative, or the date is more than [`MAX_AHEAD`] ahead.
    pub fn reported(
        latitude: f64,
        longitude: f64,
        accuracy_metres: Option<f64>,
        recorded_at: Option<Moment>,
        now: Moment,
    ) -> Result<Self, Refusal> {
        let refuse = |error| Err(Refusal::InvalidInput { field: Field::Position, error });
        let Some(place) = Coordinates::new(latitude, longitude) else {
            return refuse(InputError::Malformed);
        };
        if accuracy_metres.is_some_and(|metres| !metres.is_finite() || metres < 0.0) {
            return refuse(InputError::Malformed);
        }
        let at = recorded_at.unwrap_or(now);
        if at - now > MAX_AHEAD {
            return refuse(InputError::DatedAhead);
        }
        Ok(Self { place, accuracy_metres, at: at.min(now) })
    }
}

/// The latest few fixes of one guest, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track(Vec<Fix>);

impl Track {
    /// A track of fixes as they were kept.
    #[must_use]
    pub fn from_fixes(mut fixes: Vec<Fix>) -> Self {
        fixes.sort_by_key(|fix| fix.at);
        let surplus = fixes.len().saturating_sub(MAX_FIXES);
        Self(fixes.split_off(surplus))
    }

    /// The track with one more fix; `None` if it is older than what is known already.
    #[must_use]
    pub fn with(&self, fix: Fix) -> Option<Self> {
        if self.latest().is_some_and(|latest| fix.at < latest.at) {
            return None;
        }
        Some(Self::from_fixes(self.0.iter().copied().chain([fix]).collect()))
    }

    /// The latest fix.
    #[must_use]
    pub fn latest(&self) -> Option<&Fix> {
        self.0.last()
    }

    /// All fixes, oldest first.
    #[must_use]
    pub fn fixes(&self) -> &[Fix] {
        &self.0
    }
}

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
}

/// What a track says at `now`; `None` without any fix.
#[must_use]
pub fn evidence(track: &Track, now: Moment, policy: &Policy) -> Option<Evidence> {
    let latest = track.latest()?;
    let metres = |fix: &Fix| fix.place.metres_to(policy.hotel.position);
    let distance_metres = metres(latest);
    let come_closer = track.fixes().first().map_or(0.0, metres) - distance_metres;
    let fix_age = (now - latest.at).max(TimeDelta::zero());
    Some(Evidence {
        distance_metres,
        is_approaching: (come_closer.abs() >= APPROACH_METRES).then_some(come_closer > 0.0),
        within_radius: distance_metres <= policy.travel.radius_km * 1000.0,
        fix_age,
        is_fresh: fix_age <= policy.travel.fix_max_age,
    })
}

/// What the end of a hold would decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forecast {
    /// The guest is there, or will be before the end.
    InTime,
    /// The hold will grow.
    WillExtend,
    /// The booking will be cancelled.
    WillCancel,
    /// No fresh position: the booking will be cancelled.
    NoPosition,
}

/// What the end of a running hold would decide as things stand.
#[must_use]
pub fn forecast(held: &Held, now: Moment, policy: &Policy) -> Forecast {
    if held.booking.arrived_at.is_some() {
        return Forecast::InTime;
    }
    match hold::end(held, now, policy) {
        End::Extend(_) => Forecast::WillExtend,
        End::Expire(Some(evidence)) if evidence.is_fresh => Forecast::WillCancel,
        End::Expire(_) => Forecast::NoPosition,
    }
}
