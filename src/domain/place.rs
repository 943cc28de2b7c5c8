//! Places on earth: how far apart they are, and in which direction.

use geoutils::Location;

/// Mean radius of the earth, in metres (IUGG: 6,371.0088 km).
const EARTH_METRES: f64 = 6_371_008.8;

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
        // NaN is in neither range, so it is refused too.
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

    /// Metres along the great circle of a sphere to another place: within 0.6 % of
    /// [`Coordinates::metres_to`] at a tenth of its cost, where that is exact enough.
    #[must_use]
    pub fn about_metres_to(self, other: Self) -> f64 {
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let (here, there) = (self.latitude.to_radians(), other.latitude.to_radians());
        let chord = half(self.latitude, other.latitude)
            + here.cos() * there.cos() * half(self.longitude, other.longitude);
        2.0 * EARTH_METRES * chord.sqrt().min(1.0).asin()
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
