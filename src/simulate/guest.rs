//! One guest: what they mean to do, where they are at every moment, and what their phone reports.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::city::{self, Origin};

/// A step of the simulated drive, in seconds; phones are looked at once a step.
const STEP: i64 = 60;
/// A guest is followed for so long after booking, in seconds: longer than any hold.
const FOLLOWED: i64 = 5 * 3600;
/// From the car to the desk, in seconds.
const WALK: std::ops::Range<i64> = 120..480;
/// Kilometres from the hotel at which a drive is over.
const THERE_KM: f64 = 0.05;

/// How a guest shares their position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sharing {
    /// Not at all.
    Nothing,
    /// The page is open for so many seconds after booking: a fix a minute while moving, one in
    /// ten minutes while not.
    Page { for_seconds: i64 },
    /// A live location that runs for so many seconds after booking and reports movement only,
    /// until its phone is lost.
    Live { for_seconds: i64, lost_after: i64 },
    /// By hand, every so many seconds.
    ByHand { every_seconds: i64 },
}

/// What a guest does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Intent {
    /// Drives to the hotel.
    Comes,
    /// Stays where they are.
    NeverLeaves,
    /// Drives, and turns away with this part of the way still to go.
    TurnsAway { left: f64 },
    /// Stops so many kilometres before the hotel, for so many seconds.
    LiesStill { km: f64, seconds: i64 },
}

/// A report of a phone: so many seconds after booking, kilometres east and north of the hotel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Report {
    pub second: i64,
    pub east_km: f64,
    pub north_km: f64,
    pub accuracy_metres: f64,
}

/// One guest's evening.
pub(super) struct Guest {
    /// Seconds after the start of the day.
    pub books_at: i64,
    pub sharing: Sharing,
    /// Seconds after booking; `None` if they never come.
    pub arrives: Option<i64>,
    /// In order of time.
    pub reports: Vec<Report>,
}

impl Guest {
    /// The guest of this number under a seed.
    pub fn new(seed: u64, number: u32) -> Self {
        // Any odd constant spreads neighbouring numbers; this one is the golden ratio's.
        let mixed = seed ^ u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut random = StdRng::seed_from_u64(mixed);
        let books_at = city::booking_second(&mut random);
        let sharing = sharing(&mut random);
        let trip = Trip::new(&mut random);
        let mut guest = Self { books_at, sharing, arrives: None, reports: Vec::new() };
        guest.drive(trip, &mut random);
        guest
    }

    /// Whether the hotel may know where the guest is, so many seconds after booking: by a report of
    /// the last 20 minutes, or by a live location that still runs and spoke within 45.
    pub fn shares_at(&self, second: i64) -> bool {
        let latest = self.reports.iter().rev().find(|report| report.second <= second);
        latest.is_some_and(|report| {
            let age = second - report.second;
            let is_live = matches!(self.sharing,
                Sharing::Live { for_seconds, .. } if second < for_seconds);
            age <= 1_200 || (is_live && age <= 2_700)
        })
    }

    fn drive(&mut self, mut trip: Trip, random: &mut StdRng) {
        let mut phone = Phone::new(self.sharing, random);
        let mut second = 0;
        while second <= FOLLOWED {
            let (east_km, north_km) = trip.place();
            if let Some(accuracy_metres) = phone.reports(second, east_km, north_km, random) {
                let noise = accuracy_metres / 1000.0 / 2.0;
                let east_km = east_km + city::normal(random, 0.0, noise);
                let north_km = north_km + city::normal(random, 0.0, noise);
                self.reports.push(Report { second, east_km, north_km, accuracy_metres });
            }
            if trip.is_there() {
                // The car is parked, the bags are carried to the desk.
                self.arrives = Some(second + random.random_range(WALK));
                return;
            }
            trip.go_on(second, self.books_at + second, random);
            second += STEP;
        }
    }
}

fn sharing(random: &mut StdRng) -> Sharing {
    match random.random_range(0..100) {
        0..35 => Sharing::Nothing,
        35..65 => Sharing::Page { for_seconds: lasts(random) },
        // Telegram offers 15 minutes, an hour and eight hours.
        65..69 => Sharing::Live { for_seconds: 900, lost_after: lasts(random) },
        69..77 => Sharing::Live { for_seconds: 3_600, lost_after: lasts(random) },
        77..92 => Sharing::Live { for_seconds: 8 * 3_600, lost_after: lasts(random) },
        _ => Sharing::ByHand { every_seconds: random.random_range(900..3600) },
    }
}

/// One in eight loses the signal, or closes the page, somewhere on the way.
fn lasts(random: &mut StdRng) -> i64 {
    if random.random_bool(0.125) { random.random_range(600..9_000) } else { 8 * 3600 }
}

/// A way to the hotel, as a curve from the origin with bends in it.
struct Trip {
    intent: Intent,
    origin: Origin,
    /// Road kilometres of the whole way and those behind the guest.
    road_km: f64,
    gone_km: f64,
    /// How far the road swings to the side, in kilometres, and how often.
    swing_km: f64,
    bends: f64,
    /// This driver's speed by the road's: motorcycles are faster, trucks slower.
    pace: f64,
    /// Seconds after booking at which they leave.
    leaves: i64,
    /// A jam: from which part of the way on, and for how long it holds them.
    jam: Option<(f64, i64)>,
    waits_until: i64,
    /// Whether they drive back where they came from.
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
        // A half sine of this height lengthens a way by about the square of its height.
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

    fn part(&self) -> f64 {
        (self.gone_km / self.road_km).clamp(0.0, 1.0)
    }

    /// Kilometres east and north of the hotel.
    fn place(&self) -> (f64, f64) {
        let left = self.origin.km * (1.0 - self.part());
        let side = self.swing_km * (self.part() * self.bends * std::f64::consts::PI).sin();
        let (sin, cos) = self.origin.bearing.sin_cos();
        (left * sin + side * cos, left * cos - side * sin)
    }

    fn is_there(&self) -> bool {
        self.road_km - self.gone_km <= THERE_KM
    }

    /// One step on, at so many seconds after booking and after the start of the day.
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
        // Toll roads are twice as fast, until the city begins.
        let is_toll = self.origin.is_afar && self.origin.km * (1.0 - part) > 15.0;
        let speed = if is_toll { city * 2.2 } else { city } * self.pace;
        #[expect(clippy::cast_precision_loss, reason = "a step is a minute")]
        let step_hours = STEP as f64 / 3600.0;
        let km = speed * step_hours * random.random_range(0.6..1.4);
        self.gone_km =
            if self.is_returning { self.gone_km - km } else { self.gone_km + km }.max(0.0);
    }
}

/// Most leave soon, some first finish what they are doing.
fn leaves(random: &mut StdRng) -> i64 {
    match random.random_range(0..10) {
        0..6 => random.random_range(0..900),
        6..9 => random.random_range(900..3_600),
        _ => random.random_range(3_600..6_600),
    }
}

/// When a phone reports.
struct Phone {
    sharing: Sharing,
    last: Option<(i64, f64, f64)>,
    accuracy_metres: f64,
}

impl Phone {
    fn new(sharing: Sharing, random: &mut StdRng) -> Self {
        Self { sharing, last: None, accuracy_metres: random.random_range(8.0..60.0) }
    }

    /// The accuracy of a report at this second, if there is one.
    fn reports(&mut self, second: i64, east: f64, north: f64, random: &mut StdRng) -> Option<f64> {
        let since = self.last.map_or(i64::MAX, |(at, ..)| second - at);
        let moved = self.last.is_none_or(|(_, e, n)| (east - e).hypot(north - n) >= 0.05);
        let is_due = match self.sharing {
            Sharing::Nothing => false,
            Sharing::Page { for_seconds } => {
                second <= for_seconds && (moved || since >= 600) && random.random_bool(0.85)
            }
            Sharing::Live { for_seconds, lost_after } => {
                second <= for_seconds.min(lost_after) && moved && random.random_bool(0.9)
            }
            Sharing::ByHand { every_seconds } => since >= every_seconds,
        };
        if !is_due {
            return None;
        }
        self.last = Some((second, east, north));
        // Now and then a phone knows no better than its cell tower.
        Some(if random.random_bool(0.01) { 3_000.0 } else { self.accuracy_metres })
    }
}
