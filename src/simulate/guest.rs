//! One simulated guest: what the guest intends to do, the drive, and what the phone reports. The
//! rules of the hotel play no part here.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::city::{self, Origin};

/// The length of one step of the drive, in seconds. A phone reports at most once in a step.
const STEP_SECONDS: i64 = 60;
/// How long a guest is simulated after booking, in seconds. It is longer than any hold with the
/// default configuration.
const SIMULATED_SECONDS: i64 = 5 * 3600;
/// The time from the car to the front office, in seconds.
const WALK_SECONDS: std::ops::Range<i64> = 120..480;
/// The road distance from the hotel at which the drive ends, in km.
const ARRIVED_KM: f64 = 0.05;

/// How a guest shares the position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SharingPattern {
    /// The guest shares nothing.
    Nothing,
    /// The booking's page is open until `for_seconds` after booking. It reports once a minute while
    /// the guest moves, and once in ten minutes while the guest stands still.
    Page { for_seconds: i64 },
    /// A Telegram live location until `for_seconds` after booking. It reports movement only, and
    /// nothing from `lost_after` seconds on, when the phone has lost the signal.
    Live { for_seconds: i64, lost_after: i64 },
    /// A single location, sent by hand every `every_seconds`.
    ByHand { every_seconds: i64 },
}

/// What a guest intends to do.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Intent {
    /// Drives to the hotel.
    Comes,
    /// Never leaves.
    NeverLeaves,
    /// Drives, and turns back when the part `left` of the way is still to go.
    TurnsAway { left: f64 },
    /// Stops `km` before the hotel for some seconds, then drives on.
    LiesStill { km: f64, seconds: i64 },
}

/// A position that a phone reports: seconds after booking, and kilometres east and north of the
/// hotel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Report {
    pub second: i64,
    pub east_km: f64,
    pub north_km: f64,
    pub accuracy_metres: f64,
}

/// One guest.
pub(super) struct SimulatedGuest {
    /// When the guest books, in seconds after the start of the day.
    pub books_at: i64,
    /// How the guest shares the position.
    pub sharing: SharingPattern,
    /// When the guest is at the front office, in seconds after booking. `None` if the guest does
    /// not come within [`SIMULATED_SECONDS`].
    pub arrives: Option<i64>,
    /// The reported positions, in order of time.
    pub reports: Vec<Report>,
}

impl SimulatedGuest {
    /// The guest with this number. The same seed and number give the same guest.
    pub fn new(seed: u64, number: u32) -> Self {
        // Multiplying by a large odd constant spreads neighbouring numbers. This one is 2^64
        // divided by the golden ratio.
        let mixed = seed ^ u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut random = StdRng::seed_from_u64(mixed);
        let books_at = city::booking_second(&mut random);
        let sharing = sharing(&mut random);
        let trip = Trip::new(&mut random);
        let mut guest = Self { books_at, sharing, arrives: None, reports: Vec::new() };
        guest.drive(trip, &mut random);
        guest
    }

    /// Whether the hotel knows where the guest is, `second` seconds after booking: from a report of
    /// the last 20 minutes, or from a live location that still runs and reported in the last 45.
    /// These are the default limits of the configuration.
    pub fn shares_at(&self, second: i64) -> bool {
        let latest = self.reports.iter().rev().find(|report| report.second <= second);
        latest.is_some_and(|report| {
            let age = second - report.second;
            let is_live = matches!(self.sharing,
                SharingPattern::Live { for_seconds, .. } if second < for_seconds);
            age <= 1_200 || (is_live && age <= 2_700)
        })
    }

    /// Simulates the drive step by step, with the reports and the arrival.
    fn drive(&mut self, mut trip: Trip, random: &mut StdRng) {
        let mut phone = Phone::new(self.sharing, random);
        let mut second = 0;
        while second <= SIMULATED_SECONDS {
            let (east_km, north_km) = trip.place();
            if let Some(accuracy_metres) = phone.reports(second, east_km, north_km, random) {
                let noise = accuracy_metres / 1000.0 / 2.0;
                let east_km = east_km + city::normal(random, 0.0, noise);
                let north_km = north_km + city::normal(random, 0.0, noise);
                self.reports.push(Report { second, east_km, north_km, accuracy_metres });
            }
            if trip.is_there() {
                // The guest parks and walks to the front office.
                self.arrives = Some(second + random.random_range(WALK_SECONDS));
                return;
            }
            trip.go_on(second, self.books_at + second, random);
            second += STEP_SECONDS;
        }
    }
}

/// Draws how a guest shares the position.
fn sharing(random: &mut StdRng) -> SharingPattern {
    match random.random_range(0..100) {
        0..35 => SharingPattern::Nothing,
        35..65 => SharingPattern::Page { for_seconds: lasts(random) },
        // Telegram offers 15 minutes, one hour and eight hours.
        65..69 => SharingPattern::Live { for_seconds: 900, lost_after: lasts(random) },
        69..77 => SharingPattern::Live { for_seconds: 3_600, lost_after: lasts(random) },
        77..92 => SharingPattern::Live { for_seconds: 8 * 3_600, lost_after: lasts(random) },
        _ => SharingPattern::ByHand { every_seconds: random.random_range(900..3600) },
    }
}

/// Draws for how many seconds a phone can report. One guest in eight loses the signal or closes the
/// page on the way.
fn lasts(random: &mut StdRng) -> i64 {
    if random.random_bool(0.125) { random.random_range(600..9_000) } else { 8 * 3600 }
}

/// A drive to the hotel, along a curved road.
struct Trip {
    intent: Intent,
    origin: Origin,
    /// Road kilometres of the whole way.
    road_km: f64,
    /// Road kilometres that were driven.
    gone_km: f64,
    /// How far the road leaves the straight line, in kilometres.
    swing_km: f64,
    /// How many bends the road has.
    bends: f64,
    /// The driver's speed as a multiple of the road speed. Motorcycles are faster, trucks slower.
    pace: f64,
    /// When the guest leaves, in seconds after booking.
    leaves: i64,
    /// A traffic jam: the part of the way at which it begins, and how many seconds it lasts.
    jam: Option<(f64, i64)>,
    /// Until when the guest stands still, in seconds after booking.
    waits_until: i64,
    /// Whether the guest is driving back.
    is_returning: bool,
}

impl Trip {
    fn new(random: &mut StdRng) -> Self {
        let origin = city::origin(random);
        let intent = match random.random_range(0..100) {
            0..12 => Intent::NeverLeaves,
            12..17 => Intent::TurnsAway { left: random.random_range(0.1..0.6) },
            17..23 => Intent::LiesStill {
                km: random.random_range(0.5..7.0_f64).min(origin.km),
                seconds: random.random_range(1_800..10_800),
            },
            _ => Intent::Comes,
        };
        let detour = city::normal(random, if origin.is_afar { 1.25 } else { 1.38 }, 0.12);
        // A road in the shape of a half sine is longer than the straight line by about the square
        // of its height.
        let detour = detour.clamp(1.08, 1.9);
        let swing_km = origin.km * 0.6 * (detour - 1.0).sqrt() * random.random_range(-1.0..1.0);
        Self {
            intent,
            road_km: origin.km * detour,
            gone_km: 0.0,
            swing_km,
            bends: f64::from(random.random_range(1..=3_u8)),
            pace: city::normal(random, 0.0, 0.22).exp(),
            leaves: leaves(random),
            jam: random
                .random_bool(0.15)
                .then(|| (random.random_range(0.1..0.95), random.random_range(300..2_400))),
            waits_until: 0,
            is_returning: false,
            origin,
        }
    }

    /// The part of the way that was driven, 0 to 1.
    fn part(&self) -> f64 {
        (self.gone_km / self.road_km).clamp(0.0, 1.0)
    }

    /// The place of the guest, in kilometres east and north of the hotel.
    fn place(&self) -> (f64, f64) {
        let left = self.origin.km * (1.0 - self.part());
        let side = self.swing_km * (self.part() * self.bends * std::f64::consts::PI).sin();
        let (sin, cos) = self.origin.bearing.sin_cos();
        (left * sin + side * cos, left * cos - side * sin)
    }

    fn is_there(&self) -> bool {
        self.road_km - self.gone_km <= ARRIVED_KM
    }

    /// Drives for one step, at `second` after booking and `day_second` after the start of the day.
    fn go_on(&mut self, second: i64, day_second: i64, random: &mut StdRng) {
        let part = self.part();
        match self.intent {
            Intent::NeverLeaves => return,
            Intent::TurnsAway { left } if 1.0 - part <= left => self.is_returning = true,
            Intent::LiesStill { km, seconds } if self.origin.km * (1.0 - part) <= km => {
                self.intent = Intent::Comes;
                self.waits_until = second + seconds;
            }
            Intent::Comes | Intent::TurnsAway { .. } | Intent::LiesStill { .. } => {}
        }
        if let Some((at, seconds)) = self.jam
            && part >= at
        {
            self.jam = None;
            self.waits_until = self.waits_until.max(second + seconds);
        }
        if second < self.leaves || second < self.waits_until {
            return;
        }
        let city = city::road_speed(day_second);
        // More than 15 km away, guests from another town drive 2.2 times as fast: on toll roads.
        let is_toll = self.origin.is_afar && self.origin.km * (1.0 - part) > 15.0;
        let speed = if is_toll { city * 2.2 } else { city } * self.pace;
        #[expect(clippy::cast_precision_loss, reason = "a step is a minute")]
        let step_hours = STEP_SECONDS as f64 / 3600.0;
        let km = speed * step_hours * random.random_range(0.6..1.4);
        self.gone_km =
            if self.is_returning { self.gone_km - km } else { self.gone_km + km }.max(0.0);
    }
}

/// Draws when a guest leaves, in seconds after booking. Most leave soon.
fn leaves(random: &mut StdRng) -> i64 {
    match random.random_range(0..10) {
        0..6 => random.random_range(0..900),
        6..9 => random.random_range(900..3_600),
        _ => random.random_range(3_600..6_600),
    }
}

/// Decides when a phone reports.
struct Phone {
    sharing: SharingPattern,
    /// The latest report: second, kilometres east and north.
    last: Option<(i64, f64, f64)>,
    accuracy_metres: f64,
}

impl Phone {
    fn new(sharing: SharingPattern, random: &mut StdRng) -> Self {
        Self { sharing, last: None, accuracy_metres: random.random_range(8.0..60.0) }
    }

    /// The accuracy of the report at `second`, in metres. `None` if the phone does not report then.
    fn reports(&mut self, second: i64, east: f64, north: f64, random: &mut StdRng) -> Option<f64> {
        let since = self.last.map_or(i64::MAX, |(at, ..)| second - at);
        let moved = self.last.is_none_or(|(_, e, n)| (east - e).hypot(north - n) >= 0.05);
        let is_due = match self.sharing {
            SharingPattern::Nothing => false,
            SharingPattern::Page { for_seconds } => {
                second <= for_seconds && (moved || since >= 600) && random.random_bool(0.85)
            }
            SharingPattern::Live { for_seconds, lost_after } => {
                second <= for_seconds.min(lost_after) && moved && random.random_bool(0.9)
            }
            SharingPattern::ByHand { every_seconds } => since >= every_seconds,
        };
        if !is_due {
            return None;
        }
        self.last = Some((second, east, north));
        // One report in a hundred has only the accuracy of a cell tower.
        Some(if random.random_bool(0.01) { 3_000.0 } else { self.accuracy_metres })
    }
}
