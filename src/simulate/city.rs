//! The simulated city: how far away guests start, when they book, and how fast traffic moves.
//!
//! It does not use the policy on purpose: the rules must not be tested against their own
//! assumptions.

use rand::RngExt;
use rand::rngs::StdRng;

/// The distance from the hotel, in km, over which the density of people falls to 1/e. Density falls
/// exponentially with the distance from the centre (C. Clark, "Urban Population Densities", 1951).
/// With 8 km most guests start within 30 km, which is the size of a city like Jakarta.
const DENSITY_KM: f64 = 8.0;
/// The part of guests who come from another town, by toll road.
const OUT_OF_TOWN_SHARE: f64 = 0.08;
/// The real road speeds in km/h, for each hour from 0 to 23. The "`TomTom` Traffic Index" 2023
/// gives for Jakarta 25.7 km/h on average (10 km in 23 min 20 s) and 21 km/h in the rush hours.
const ROAD_SPEEDS: [f64; 24] = [
    38.0, 40.0, 40.0, 40.0, 38.0, 32.0, 26.0, 21.0, 21.0, 23.0, 25.0, 25.0, 25.0, 25.0, 25.0, 23.0,
    21.0, 19.0, 19.0, 21.0, 24.0, 28.0, 32.0, 35.0,
];
/// Relative numbers of bookings in each hour of the day, which starts at 06:00.
const BOOKINGS: [u32; 24] =
    [1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 9, 11, 12, 12, 11, 10, 8, 6, 4, 2, 1, 1, 1, 1];

/// The place where a guest starts.
pub(super) struct Origin {
    /// Kilometres from the hotel in a straight line.
    pub km: f64,
    /// Direction from the hotel, in radians clockwise from north.
    pub bearing: f64,
    /// Whether the guest comes from another town, mostly by toll road.
    pub is_afar: bool,
}

/// Draws where a guest starts.
pub(super) fn origin(random: &mut StdRng) -> Origin {
    let is_afar = random.random_bool(OUT_OF_TOWN_SHARE);
    let km = if is_afar {
        random.random_range(35.0..90.0)
    } else {
        // If the density falls exponentially, the distance from the centre is distributed like
        // the sum of two exponential draws.
        let draw = |random: &mut StdRng| -(1.0 - random.random::<f64>()).ln() * DENSITY_KM;
        (draw(random) + draw(random)).clamp(0.5, 45.0)
    };
    Origin { km, bearing: random.random_range(0.0..std::f64::consts::TAU), is_afar }
}

/// Draws when a guest books, in seconds after the start of the day.
pub(super) fn booking_second(random: &mut StdRng) -> i64 {
    let all: u32 = BOOKINGS.iter().sum();
    let mut draw = random.random_range(0..all);
    let mut hour = 0;
    for (index, weight) in (0..).zip(BOOKINGS) {
        if draw < weight {
            hour = index;
            break;
        }
        draw -= weight;
    }
    hour * 3600 + random.random_range(0..3600)
}

/// The road speed in km/h at `second` seconds after the start of the day, which is 06:00.
pub(super) fn road_speed(second: i64) -> f64 {
    let hour = (second / 3600 + 6).rem_euclid(24);
    usize::try_from(hour).ok().and_then(|hour| ROAD_SPEEDS.get(hour)).copied().unwrap_or(25.0)
}

/// Draws from a normal distribution (Box–Muller transform).
pub(super) fn normal(random: &mut StdRng, mean: f64, deviation: f64) -> f64 {
    let (a, b) = (1.0 - random.random::<f64>(), random.random::<f64>());
    mean + deviation * (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
