//! The city that guests come through: how far away they start, and how fast they really drive.
//!
//! Kept apart from the policy on purpose: what the rules assume must not be what is true here.

use rand::RngExt;
use rand::rngs::StdRng;

/// Kilometres over which the density of people falls to 1/e from the hotel outwards: 8 km spread
/// most guests over the 30 km of a city like Jakarta (C. Clark, "Urban Population Densities",
/// 1951: density falls exponentially with distance from the centre).
const DENSITY_KM: f64 = 8.0;
/// One guest in so many comes from another town, by toll road.
const FROM_AFAR: f64 = 0.08;
/// What the roads really allow, in km/h by the hour: the "`TomTom` Traffic Index" 2023 has Jakarta at
/// 25.7 km/h on average (10 km in 23 min 20 s) and 21 km/h in the rush hours.
const ROAD_SPEEDS: [f64; 24] = [
    38.0, 40.0, 40.0, 40.0, 38.0, 32.0, 26.0, 21.0, 21.0, 23.0, 25.0, 25.0, 25.0, 25.0, 25.0, 23.0,
    21.0, 19.0, 19.0, 21.0, 24.0, 28.0, 32.0, 35.0,
];
/// How many of a day's bookings come in each hour from six in the morning on, relatively.
const BOOKINGS: [u32; 24] =
    [1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 9, 11, 12, 12, 11, 10, 8, 6, 4, 2, 1, 1, 1, 1];

/// Where a guest starts.
pub(super) struct Origin {
    /// Kilometres from the hotel as the crow flies.
    pub km: f64,
    /// Direction, in radians clockwise from north.
    pub bearing: f64,
    /// Whether most of the way is toll road.
    pub is_afar: bool,
}

pub(super) fn origin(random: &mut StdRng) -> Origin {
    let is_afar = random.random_bool(FROM_AFAR);
    let km = if is_afar {
        random.random_range(35.0..90.0)
    } else {
        // The distance of people around a centre of exponential density: a sum of two
        // exponential draws.
        let draw = |random: &mut StdRng| -(1.0 - random.random::<f64>()).ln() * DENSITY_KM;
        (draw(random) + draw(random)).clamp(0.5, 45.0)
    };
    Origin { km, bearing: random.random_range(0.0..std::f64::consts::TAU), is_afar }
}

/// Seconds after the start of the day at which a guest books.
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

/// Road speed in km/h so many seconds after the start of the day, which is six in the morning.
pub(super) fn road_speed(second: i64) -> f64 {
    let hour = (second / 3600 + 6).rem_euclid(24);
    usize::try_from(hour).ok().and_then(|hour| ROAD_SPEEDS.get(hour)).copied().unwrap_or(25.0)
}

/// A draw from the normal distribution (Box and Muller's transform).
pub(super) fn normal(random: &mut StdRng, mean: f64, deviation: f64) -> f64 {
    let (a, b) = (1.0 - random.random::<f64>(), random.random::<f64>());
    mean + deviation * (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
