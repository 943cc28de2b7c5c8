//! Distance, bearing, approach, and positions as devices report them.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::build::{at, fix, policy};
use crate::domain::travel::{MAX_FIXES, TrackUpdate, evidence};
use crate::domain::{Coordinates, Field, Fix, InputError, Refusal, Track};

fn place(latitude: f64, longitude: f64) -> Coordinates {
    Coordinates::new(latitude, longitude).unwrap()
}

fn assert_near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected} ± {within}");
}

#[test]
fn distances_are_those_of_the_geodesic() {
    // Jakarta (Monas) to Bandung (Gedung Sate): 119 km.
    assert_near(place(-6.1754, 106.8272).metres_to(place(-6.9025, 107.6188)), 118_900.0, 700.0);
    // One degree of the meridian and of the equator (WGS 84).
    assert_near(place(0.0, 0.0).metres_to(place(1.0, 0.0)), 110_574.4, 0.5);
    assert_near(place(0.0, 0.0).metres_to(place(0.0, 1.0)), 111_319.5, 0.5);
    // Across the date line, the short way.
    assert_near(place(0.0, 179.5).metres_to(place(0.0, -179.5)), 111_319.5, 0.5);
    assert_near(place(-6.2, 106.8).metres_to(place(-6.2, 106.8)), 0.0, 1e-9);
}

#[test]
fn antipodes_have_a_distance_too() {
    let half_round = 20_003_931.5;
    for (from, to) in [
        (place(0.0, 0.0), place(0.0, 180.0)),
        (place(0.0, 0.0), place(0.5, 179.7)),
        (place(-6.2, 106.8), place(6.2, -73.2)),
        (place(90.0, 0.0), place(-90.0, 0.0)),
    ] {
        let metres = from.metres_to(to);
        assert!(metres.is_finite(), "{metres}");
        assert_near(metres, half_round, half_round * 0.006);
    }
}

#[test]
fn a_bearing_runs_clockwise_from_north() {
    let here = place(0.0, 0.0);
    for (to, expected) in [
        (place(1.0, 0.0), 0.0),
        (place(0.0, 1.0), 90.0),
        (place(-1.0, 0.0), 180.0),
        (place(0.0, -1.0), 270.0),
        (place(1.0, 1.0), 44.996),
    ] {
        assert_near(here.bearing_to(to), expected, 0.001);
    }
    // From Jakarta to Mecca, the known direction of prayer: 295 degrees.
    assert_near(place(-6.2, 106.8).bearing_to(place(21.4225, 39.8262)), 295.2, 0.2);
    assert_near(place(0.0, 179.5).bearing_to(place(0.0, -179.5)), 90.0, 0.001);
}

proptest! {
    #![proptest_config(super::properties::config())]

    #[test]
    fn distance_and_bearing_are_always_numbers(
        a in -90.0..=90.0_f64, b in -180.0..=180.0_f64,
        c in -90.0..=90.0_f64, d in -180.0..=180.0_f64,
    ) {
        let (from, to) = (place(a, b), place(c, d));
        let metres = from.metres_to(to);
        prop_assert!((0.0..20_100_000.0).contains(&metres), "{}", metres);
        prop_assert!((metres - to.metres_to(from)).abs() < 1.0);
        prop_assert!((0.0..360.0).contains(&from.bearing_to(to)));
    }
}

#[test]
fn a_place_off_the_earth_is_none() {
    let nan = f64::NAN;
    for (latitude, longitude) in [
        (90.1, 0.0),
        (-90.1, 0.0),
        (0.0, 180.1),
        (0.0, -180.1),
        (nan, 0.0),
        (0.0, nan),
        (f64::INFINITY, 0.0),
        (0.0, f64::NEG_INFINITY),
    ] {
        assert_eq!(Coordinates::new(latitude, longitude), None, "{latitude} {longitude}");
    }
    assert!(Coordinates::new(-90.0, 180.0).is_some());
}

#[test]
fn a_reported_fix_is_checked() {
    let reported =
        |latitude, accuracy, recorded| Fix::reported(latitude, 106.8, accuracy, recorded, at(10));
    let refused = |error| Err(Refusal::InvalidInput { field: Field::Position, error });
    let malformed = refused(InputError::Malformed);
    assert_eq!(reported(f64::NAN, None, None), malformed);
    assert_eq!(reported(91.0, None, None), malformed);
    for accuracy in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(reported(-6.2, Some(accuracy), None), malformed, "{accuracy}");
    }
    let second = TimeDelta::seconds(1);
    for (recorded, taken) in [
        (None, at(10)),
        (Some(at(3)), at(3)),
        (Some(at(10) + second), at(10)),
        (Some(at(12)), at(10)),
    ] {
        assert_eq!(reported(-6.2, Some(0.0), recorded).unwrap().at, taken);
    }
    assert_eq!(reported(-6.2, None, Some(at(12) + second)), refused(InputError::DatedAhead));
}

#[test]
fn a_track_tells_whether_the_guest_comes_closer() {
    let approach = |degrees: &[f64]| {
        let fixes = degrees.iter().zip(0..).map(|(degrees, minute)| fix(*degrees, at(minute)));
        let track = Track::from_fixes(fixes.collect());
        evidence(&track, at(20), &policy()).and_then(|evidence| evidence.is_approaching)
    };
    assert_eq!(approach(&[]), None);
    assert_eq!(approach(&[0.3]), None);
    assert_eq!(approach(&[0.3, 0.2]), Some(true));
    assert_eq!(approach(&[0.2, 0.3]), Some(false));
    assert_eq!(approach(&[0.3, 0.3008]), None, "less than a hundred metres: not left");
    assert_eq!(approach(&[0.3, 0.3015]), Some(true), "the first metres may lead away");
    assert_eq!(approach(&[0.3, 0.303]), Some(false), "three hundred metres away");
    assert_eq!(approach(&[0.3, 0.5, 0.1]), Some(true), "nearer than ever");
    assert_eq!(approach(&[0.13, 0.1, 0.11]), Some(false), "a kilometre past the nearest place");
    assert_eq!(approach(&[0.3, 0.004, 0.01]), Some(true), "close by, streets lead away");
}

#[test]
fn evidence_knows_age_and_radius_to_the_boundary() {
    let seen = |degrees, now| {
        evidence(&Track::from_fixes(vec![fix(degrees, at(0))]), now, &policy()).unwrap()
    };
    assert!(seen(0.05, at(20)).is_fresh);
    assert!(!seen(0.05, at(20) + TimeDelta::milliseconds(1)).is_fresh);
    assert!(seen(0.0, at(0)).within_radius);
    assert!(!seen(0.1, at(0)).within_radius);
    assert_eq!(seen(0.0, at(0)).fix_age, TimeDelta::zero());
    // If the clock was stepped back, the age is zero and not negative.
    assert_eq!(seen(0.0, at(-5)).fix_age, TimeDelta::zero());
}

#[test]
fn a_track_keeps_the_latest_few() {
    let fixes = (0..50).map(|minute| fix(0.1, at(minute))).collect();
    let track = Track::from_fixes(fixes);
    assert_eq!(track.fixes().len(), MAX_FIXES);
    assert_eq!(track.fixes()[0].at, at(38));
    assert_eq!(track.take(fix(0.1, at(48))), TrackUpdate::OutOfOrder);
}
