//! Guests on the way: which positions are believed, when a guest will arrive, and what the end of a
//! hold decides.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::build::{Decision, Input, Scenario, at, change, decide, fix, policy, report};
use crate::domain::forecast::forecast_with_verdict;
use crate::domain::travel::{
    EstimateBasis, Evidence, MAX_FIXES, PositionSourceKind, RouteEstimate, TrackUpdate, evidence,
};
use crate::domain::{
    Coordinates, Event, Fix, Forecast, Moment, Policy, PositionSource, Track, TravelPolicy,
    Verdict, Why,
};

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// A fix so many kilometres north of the hotel.
fn km(km: f64, minute: i64) -> Fix {
    fix(km / 110.6, at(minute))
}

fn taken(track: &Track, fix: Fix) -> Track {
    match track.take(fix) {
        TrackUpdate::Accepted(track)
        | TrackUpdate::Outlier(track)
        | TrackUpdate::Imprecise(track) => track,
        other => panic!("{other:?}"),
    }
}

/// A track of fixes at (kilometres, minute), reported in this order.
fn way(points: &[(f64, i64)]) -> Track {
    points.iter().fold(Track::default(), |track, (far, minute)| taken(&track, km(*far, *minute)))
}

/// The track of a live location that runs until it is stopped.
fn live(points: &[(f64, i64)]) -> Track {
    let fixes = points.iter().map(|(far, minute)| km(*far, *minute));
    fixes.fold(Track::default(), |track, fix| {
        taken(&track, fix.from_source(PositionSource::Live { until: None }))
    })
}

/// A booking with a track, and with so many extensions granted before.
fn story(track: Track, extensions: u32) -> Scenario {
    let mut story = Scenario::new();
    story.tracked.track = track;
    story.tracked.booking.hold.extensions = extensions;
    story
}

/// What the end at minute 120 decides, and why.
fn end(track: Track, extensions: u32) -> (bool, Option<Why>) {
    let story = story(track, extensions);
    let change = change(Some(&story.tracked), Input::Wake, at(120), &story.policy);
    match change.event {
        Event::ExtendedByClock { verdict, .. } => (true, Some(verdict.why)),
        Event::Expired { verdict } => (false, verdict.map(|verdict| verdict.why)),
        event => panic!("{event:?}"),
    }
}

fn seen(track: &Track, minute: i64) -> Evidence {
    evidence(track, at(minute), &policy()).unwrap()
}

#[test]
fn the_end_of_a_hold_looks_at_the_road() {
    let near = [(12.0, 100), (9.0, 110), (6.0, 119)];
    let closing = [(30.0, 100), (20.0, 110), (12.0, 119)];
    let too_late = [(60.0, 100), (57.0, 110), (54.0, 119)];
    let away = [(4.0, 100), (6.0, 110), (8.0, 119)];
    let at_home = [(5.0, 85), (5.0, 100), (5.0, 119)];
    let gone_home = [(9.0, 70), (3.0, 90), (6.0, 102), (6.0, 119)];
    let pausing = [(12.0, 100), (5.0, 105), (5.0, 119)];
    let setting_out = [(5.0, 80), (5.0, 112), (4.0, 119)];
    let resting = [(12.0, 75), (3.0, 85), (3.0, 119)];
    let resting_far = [(12.0, 75), (9.0, 85), (9.0, 119)];
    let bot = [(0.1, 60), (0.1, 119)];
    let jam = [(24.0, 80), (10.5, 98), (10.5, 119)];
    let detour = [(24.0, 90), (9.5, 108), (10.5, 119)];
    for (points, extensions, expected) in [
        (near.as_slice(), 0, (true, Why::Near)),
        (&near, 1, (true, Why::Near)),
        (&near, 2, (false, Why::NoneLeft)),
        (&closing, 0, (true, Why::Closing)),
        (&closing, 1, (true, Why::Closing)),
        (&too_late, 0, (false, Why::TooLate)),
        (&[(12.0, 119)], 0, (false, Why::Far)),
        (&[(12.0, 89), (12.0, 119)], 0, (false, Why::Far)),
        (&[(12.0, 100), (15.0, 119)], 0, (false, Why::Far)),
        (&away, 0, (false, Why::MovedAway)),
        (&away, 1, (false, Why::MovedAway)),
        (&[(4.0, 110), (5.5, 119)], 1, (false, Why::MovedAway)),
        (&[(4.0, 110), (4.1, 119)], 1, (true, Why::Near)),
        (&gone_home, 0, (false, Why::MovedAway)),
        (&at_home, 0, (false, Why::NotLeft)),
        (&at_home, 1, (false, Why::Parked)),
        (&[(5.0, 89), (5.0, 119)], 0, (true, Why::Near)),
        (&[(5.0, 119)], 1, (true, Why::Near)),
        (&setting_out, 0, (true, Why::Near)),
        (&pausing, 1, (true, Why::Near)),
        (&resting, 0, (true, Why::Near)),
        (&resting, 1, (false, Why::Parked)),
        (&[(12.0, 5), (3.0, 23), (3.0, 119)], 0, (false, Why::Parked)),
        (&[(12.0, 7), (3.0, 25), (3.0, 119)], 0, (true, Why::Near)),
        (&resting_far, 0, (true, Why::Near)),
        (&resting_far, 1, (false, Why::Parked)),
        (&bot, 0, (true, Why::Near)),
        (&bot, 1, (false, Why::Parked)),
        (&jam, 0, (true, Why::Closing)),
        (&detour, 0, (true, Why::Closing)),
        (&[(5.0, 99)], 0, (false, Why::Stale)),
        (&[(5.0, 100)], 0, (true, Why::Near)),
    ] {
        assert_eq!(end(way(points), extensions), (expected.0, Some(expected.1)), "{points:?}");
    }
    assert_eq!(end(Track::default(), 0), (false, None), "no position, no extension");
}

#[test]
fn a_drive_begins_at_the_last_stay() {
    let closing = |points: &[(f64, i64)]| seen(&way(points), 119).is_approaching;
    // Past the hotel, a visit of half an hour, and back: the way to the visit does not count.
    let visit = [(9.0, 50), (1.0, 60), (8.0, 75), (8.0, 105), (6.5, 112), (5.0, 119)];
    assert_eq!(closing(&visit), Some(true));
    // Without the visit, the guest turned back: only the last minutes tell.
    assert_eq!(closing(&[(9.0, 85), (1.0, 95), (8.0, 108), (7.7, 119)]), Some(false));
    assert_eq!(closing(&[(9.0, 85), (1.0, 95), (8.0, 112), (5.0, 119)]), Some(true));
    // A jam is no visit: the guest has not left it yet.
    assert_eq!(closing(&[(9.0, 85), (1.0, 95), (4.0, 105), (4.0, 119)]), Some(false));
    // A long road swings more widely than a short one.
    assert_eq!(closing(&[(30.0, 60), (6.0, 100), (6.5, 119)]), Some(true));
    assert_eq!(closing(&[(9.0, 100), (6.0, 110), (6.5, 119)]), Some(false));
}

#[test]
fn the_accuracy_of_a_device_is_no_movement() {
    let accuracy = |metres, fix: Fix| Fix { accuracy_metres: Some(metres), ..fix };
    let wobbles = |metres| {
        let track = Track::from_fixes(vec![
            accuracy(metres, km(5.0, 60)),
            accuracy(metres, km(4.8, 90)),
            accuracy(metres, km(4.85, 119)),
        ]);
        seen(&track, 119).is_approaching
    };
    assert_eq!(wobbles(100.0), None, "150 m within the accuracy of two positions");
    assert_eq!(wobbles(10.0), Some(true), "50 m past the nearest place, on the first metres");
}

#[test]
fn the_speed_of_a_guest_who_has_just_left_is_not_known_yet() {
    // 22 km: too far for the city's speed, not for an empty road.
    let just_left = [(24.0, 80), (24.0, 112), (22.0, 119)];
    let mut speeds = [20.0; 24];
    speeds[3] = 40.0;
    let end = |points: &[(f64, i64)], speeds| {
        let travel = TravelPolicy { speeds, ..policy().travel };
        let story = Scenario { policy: Policy { travel, ..policy() }, ..story(way(points), 0) };
        let known = forecast_with_verdict(&story.tracked, at(120), &story.policy).1.unwrap();
        (known.extends(), known.why)
    };
    assert_eq!(end(&just_left, speeds), (true, Why::Closing));
    assert_eq!(end(&just_left, [20.0; 24]), (false, Why::TooLate));
    // After twenty minutes at 20 km/h, this guest's own speed says that it takes longer.
    let slow = [(29.0, 98), (26.0, 108), (22.0, 119)];
    assert_eq!(end(&slow, speeds), (false, Why::TooLate));
}

#[test]
fn a_guest_who_rests_outside_a_small_radius_within_reach_gets_one_extension() {
    let travel = TravelPolicy { radius_km: 1.0, ..policy().travel };
    let end = |points: &[(f64, i64)], extensions| {
        let story =
            Scenario { policy: Policy { travel, ..policy() }, ..story(way(points), extensions) };
        let change = change(Some(&story.tracked), Input::Wake, at(120), &story.policy);
        matches!(change.event, Event::ExtendedByClock { .. })
    };
    let resting = [(12.0, 75), (3.0, 85), (3.0, 119)];
    assert!(end(&resting, 0));
    assert!(!end(&resting, 1));
    assert!(!end(&[(12.0, 75), (6.0, 85), (6.0, 119)], 0), "too far to come within an extension");
    assert!(!end(&[(3.0, 60), (3.0, 119)], 0), "a guest who never left");
}

#[test]
fn a_fix_that_arrives_in_the_last_millisecond_counts() {
    let end = at(120) - TimeDelta::milliseconds(1);
    let story = Scenario::new().then_at(report(0.05, end), end);
    let change = change(Some(&story.tracked), Input::Wake, at(120), &story.policy);
    assert!(matches!(change.event, Event::ExtendedByClock { .. }), "{change:?}");
}

#[test]
fn a_live_location_that_is_silent_has_not_moved() {
    let silent = live(&[(14.0, 70), (3.0, 85)]);
    let known = seen(&silent, 120);
    assert!(known.is_fresh);
    assert_eq!(known.source, Some(PositionSourceKind::LiveSilent));
    assert_eq!(known.fix_age, minutes(35));
    assert_eq!(known.standing, minutes(35));
    assert_eq!(end(silent.clone(), 0), (true, Some(Why::Near)));
    assert_eq!(end(silent.clone(), 1), (false, Some(Why::Parked)));
    // A silent live location counts for 45 minutes and no longer.
    assert!(seen(&silent, 130).is_fresh);
    assert!(!seen(&silent, 131).is_fresh);
    // The same fix from the guest's page is too old.
    assert_eq!(end(way(&[(14.0, 70), (3.0, 85)]), 0), (false, Some(Why::Stale)));
}

#[test]
fn a_live_location_that_is_over_says_no_more_than_any_fix() {
    let until = |minute| Some(at(minute));
    let shared = |until| {
        let fix = km(6.0, 85).from_source(PositionSource::Live { until });
        seen(&taken(&Track::default(), fix), 120)
    };
    assert!(shared(until(121)).is_fresh);
    assert!(!shared(until(120)).is_fresh);
    assert_eq!(shared(until(120)).source, Some(PositionSourceKind::Live));
    // Stopped by the guest: the adapter reports the last place as a single fix.
    let running = live(&[(6.0, 85)]);
    let stopped = taken(&running, km(6.0, 86).from_source(PositionSource::Single));
    assert!(!seen(&stopped, 120).is_fresh);
}

#[test]
fn a_guest_who_stands_in_a_jam_is_on_the_way_for_as_long_as_an_extension() {
    let stuck = live(&[(24.0, 80), (20.0, 90), (10.5, 98)]);
    for minute in [99, 120] {
        assert_eq!(seen(&stuck, minute).is_approaching, Some(true), "{minute}");
    }
    assert_eq!(seen(&stuck, 120).standing, minutes(22));
    assert_eq!(end(stuck, 0), (true, Some(Why::Closing)));
    let longer = live(&[(24.0, 70), (20.0, 80), (10.5, 88)]);
    assert_eq!(end(longer, 0), (false, Some(Why::Parked)));
    // A guest who was there all along shows no direction. A guest who came from nearer moves away.
    assert_eq!(seen(&live(&[(12.0, 60), (12.05, 98)]), 120).is_approaching, None);
    assert_eq!(seen(&live(&[(6.0, 60), (12.0, 98)]), 120).is_approaching, Some(false));
}

#[test]
fn an_estimate_is_the_road_at_the_best_known_speed_and_the_buffer() {
    let estimated = |track: &Track, minute, policy: &Policy| {
        let estimate = evidence(track, at(minute), policy).unwrap().estimate?;
        Some((estimate.arrives_in.num_minutes(), estimate.basis))
    };
    let policy = policy();
    // 10 km × 1.4 at the city's 20 km/h: 42 minutes, and 15 to park and walk.
    assert_eq!(estimated(&way(&[(10.0, 10)]), 10, &policy), Some((57, EstimateBasis::CitySpeed)));
    // The estimate counts from the fix.
    assert_eq!(estimated(&way(&[(10.0, 10)]), 20, &policy), Some((47, EstimateBasis::CitySpeed)));
    // Twenty kilometres in twenty minutes are 60 km/h. The mean with the city's 20 km/h is 40 km/h,
    // and 14 km of road are left.
    let fast = way(&[(30.0, 0), (10.0, 20)]);
    assert_eq!(estimated(&fast, 20, &policy), Some((20 + 15, EstimateBasis::OwnSpeed)));
    // The driven way counts, not the approach: 14 km in twenty minutes, only 4 km closer.
    let crosswise = |degrees: f64, minute| {
        let place = Coordinates::new(-6.2 + 10.0 / 110.6, 106.8 + degrees).unwrap();
        Fix::seen(place, at(minute))
    };
    let swung = Track::from_fixes(vec![km(14.0, 0), crosswise(0.06, 10), crosswise(0.0, 20)]);
    assert_eq!(estimated(&swung, 20, &policy), Some((26 + 15, EstimateBasis::OwnSpeed)));
    // A halt does not count as driving.
    let halted = way(&[(30.0, 0), (30.0, 30), (10.0, 50)]);
    assert_eq!(estimated(&halted, 50, &policy), Some((20 + 15, EstimateBasis::OwnSpeed)));
    // Eleven minutes are too short, 2 km/h are too slow, and 126 km/h are too fast.
    assert_eq!(
        estimated(&way(&[(21.0, 0), (10.0, 11)]), 11, &policy).unwrap().1,
        EstimateBasis::CitySpeed
    );
    assert_eq!(
        estimated(&way(&[(10.5, 0), (10.0, 14)]), 14, &policy).unwrap().1,
        EstimateBasis::CitySpeed
    );
    assert_eq!(
        estimated(&way(&[(42.0, 0), (10.0, 15)]), 15, &policy).unwrap().1,
        EstimateBasis::CitySpeed
    );
    // There is no estimate for a guest who moves away.
    assert_eq!(estimated(&way(&[(8.0, 0), (10.1, 10)]), 10, &policy), None);
    // A guest who has stood still for a while leaves now at the earliest.
    let waiting = way(&[(10.0, 0), (10.0, 10)]);
    assert_eq!(estimated(&waiting, 15, &policy), Some((57, EstimateBasis::CitySpeed)));
}

#[test]
fn rush_hours_are_slower() {
    let mut speeds = [40.0; 24];
    speeds[17] = 10.0;
    let policy = Policy { travel: TravelPolicy { speeds, ..policy().travel }, ..policy() };
    let drive = |minute: i64| {
        let known = evidence(&way(&[(10.0, minute)]), at(minute), &policy).unwrap();
        known.estimate.unwrap().arrives_in.num_minutes() - 15
    };
    // Minute 0 is 17:00.
    assert_eq!((drive(0), drive(59), drive(60)), (83, 83, 21));
}

#[test]
fn a_routing_server_is_believed_before_speeds_and_slowed_by_the_hour() {
    let mut speeds = [40.0; 24];
    speeds[17] = 20.0;
    let policy = Policy { travel: TravelPolicy { speeds, ..policy().travel }, ..policy() };
    let track =
        way(&[(20.0, 0), (16.0, 10)]).routed(at(10), RouteEstimate::Drive(minutes(24))).unwrap();
    let estimate =
        |track: &Track, minute| evidence(track, at(minute), &policy).unwrap().estimate.unwrap();
    let known = estimate(&track, 10);
    assert_eq!((known.arrives_in.num_minutes(), known.basis), (48 + 15, EstimateBasis::Routed));
    assert!(!known.is_routing_silent);
    // At half the distance, half of the drive is left.
    let later = taken(&track, km(8.0, 15));
    assert_eq!(estimate(&later, 15).arrives_in.num_minutes(), 24 + 15);
    // An old answer is not used for later fixes.
    let much_later = taken(&later, km(6.0, 24));
    assert_eq!(estimate(&much_later, 24).basis, EstimateBasis::OwnSpeed);
    // The estimate says if the routing server failed.
    let silent = way(&[(20.0, 0), (16.0, 12)]).routed(at(12), RouteEstimate::Silent).unwrap();
    let known = estimate(&silent, 12);
    assert_eq!((known.basis, known.is_routing_silent), (EstimateBasis::OwnSpeed, true));
    assert_eq!(silent.routed(at(9), RouteEstimate::Silent), None, "no such fix");
}

#[test]
fn the_newest_believable_fix_wins() {
    let track = way(&[(20.0, 0), (18.0, 5)]);
    let accuracy = |metres, fix: Fix| Fix { accuracy_metres: Some(metres), ..fix };
    assert_eq!(track.take(km(17.0, 4)), TrackUpdate::OutOfOrder);
    let TrackUpdate::Imprecise(vague) = track.take(accuracy(2_001.0, km(17.0, 6))) else {
        panic!()
    };
    assert_eq!((vague.latest(), vague.dropped()), (track.latest(), 1));
    assert!(matches!(track.take(accuracy(2_000.0, km(17.0, 6))), TrackUpdate::Accepted(_)));
    // Ten kilometres away after a minute, then back at the first place.
    let TrackUpdate::Outlier(unbelieved) = track.take(km(8.0, 6)) else { panic!() };
    assert_eq!((unbelieved.latest(), unbelieved.dropped()), (track.latest(), 1));
    let TrackUpdate::Accepted(back) = unbelieved.take(km(17.5, 7)) else { panic!() };
    assert_eq!((back.latest(), back.outlier(), back.dropped()), (Some(&km(17.5, 7)), None, 1));
    assert_eq!(seen(&back, 8).dropped, 1);
    // 199 km/h are believed, 201 are not.
    assert!(matches!(way(&[(40.0, 0)]).take(km(40.0 - 19.9, 6)), TrackUpdate::Accepted(_)));
    assert!(matches!(way(&[(40.0, 0)]).take(km(40.0 - 20.3, 6)), TrackUpdate::Outlier(_)));
}

#[test]
fn two_reports_that_agree_outvote_an_older_one() {
    let wrong = way(&[(400.0, 0)]);
    let once = taken(&wrong, km(12.0, 1));
    assert_eq!(once.latest(), wrong.latest());
    let twice = taken(&once, km(11.5, 2));
    assert_eq!(twice.fixes(), [km(12.0, 1), km(11.5, 2)]);
    // Two reports that do not agree with each other do not outvote it.
    let elsewhere = taken(&once, km(200.0, 2));
    assert_eq!((elsewhere.latest(), elsewhere.dropped()), (wrong.latest(), 2));
}

#[test]
fn what_says_nothing_new_is_not_kept() {
    let track = way(&[(20.0, 0)]);
    let second = |seconds, far: f64| Fix { at: at(0) + TimeDelta::seconds(seconds), ..km(far, 0) };
    assert_eq!(track.take(second(59, 20.0)), TrackUpdate::Duplicate);
    assert_eq!(track.take(second(59, 20.04)), TrackUpdate::Duplicate);
    assert!(matches!(track.take(second(60, 20.0)), TrackUpdate::Accepted(_)));
    assert!(matches!(track.take(second(10, 20.06)), TrackUpdate::Accepted(_)));
    // A new source is worth keeping.
    let live = second(1, 20.0).from_source(PositionSource::Live { until: None });
    assert!(matches!(track.take(live), TrackUpdate::Accepted(_)));
}

#[test]
fn twelve_fixes_tell_of_the_whole_way_and_of_a_whole_rest() {
    // A fix every five seconds for two hours, at 9 km/h.
    let mut track = Track::default();
    for step in 0..1_440_u16 {
        let far = 20.0 - 0.0125 * f64::from(step);
        let fix = Fix { at: at(0) + TimeDelta::seconds(5 * i64::from(step)), ..km(far, 0) };
        if let TrackUpdate::Accepted(next) = track.take(fix) {
            track = next;
            assert_eq!(track.fixes()[0].at, at(0), "the first fix is kept");
        }
    }
    // Dense at the end, sparse before.
    assert!((10..=MAX_FIXES).contains(&track.fixes().len()), "{}", track.fixes().len());
    let ages = track.fixes().iter().map(|fix| (at(120) - fix.at).num_minutes());
    assert!(ages.filter(|age| *age <= 10).count() >= 4);
    // An hour at one spot is its first and its last fix.
    let mut resting = way(&[(9.0, 0), (6.0, 5)]);
    for minute in 6..=65_i16 {
        let wobble = 0.03 * f64::from(minute % 3);
        resting = taken(&resting, km(6.0 + wobble, minute.into()));
    }
    assert_eq!(resting.fixes().len(), 3);
    assert_eq!(seen(&resting, 65).standing, minutes(60));
}

#[test]
fn a_forecast_is_what_the_end_would_decide() {
    for (points, minute, expected) in [
        // Ten km are left: 42 minutes at the city's speed, and 15 to park.
        (&[(12.0, 42), (10.0, 52)][..], 52, Forecast::InTime),
        (&[(12.0, 50), (10.0, 65)], 65, Forecast::WillExtend),
        (&[(30.0, 90), (20.0, 100), (12.0, 109)], 110, Forecast::WillExtend),
        (&[(30.0, 80), (28.0, 90)], 90, Forecast::WillCancel),
        (&[(5.0, 60)], 90, Forecast::NoPosition),
        (&[], 90, Forecast::NoPosition),
    ] {
        let story = story(way(points), 0);
        let (forecast, known) = forecast_with_verdict(&story.tracked, at(minute), &story.policy);
        assert_eq!(forecast, expected, "{points:?} {known:?}");
        assert_eq!(known.is_some(), !points.is_empty());
    }
}

#[test]
fn the_decision_carries_its_evidence() {
    let story = story(way(&[(30.0, 100), (20.0, 110), (12.0, 119)]), 1);
    let change = change(Some(&story.tracked), Input::Wake, at(120), &story.policy);
    let Event::ExtendedByClock { verdict, .. } = change.event else { panic!("{change:?}") };
    let Verdict { evidence, extensions, .. } = verdict;
    assert!((evidence.distance_metres - 12_000.0).abs() < 10.0);
    assert_eq!((evidence.is_approaching, evidence.within_radius), (Some(true), false));
    assert_eq!((evidence.fix_age, extensions), (minutes(1), 1));
    assert_eq!(evidence.estimate.unwrap().basis, EstimateBasis::OwnSpeed);
    assert_eq!(evidence.source, Some(PositionSourceKind::Page));
    assert_eq!(change.booking.hold.extensions, 2);
}

/// Reports that may or may not be believed, at times that may run backwards.
fn reports() -> impl Strategy<Value = Vec<Fix>> {
    let source = prop_oneof![
        Just(PositionSource::Page),
        Just(PositionSource::Single),
        Just(PositionSource::Live { until: None }),
        (0..200_i64).prop_map(|minute| PositionSource::Live { until: Some(at(minute)) }),
    ];
    let accuracy = prop::option::of(0.0..5_000.0_f64);
    let fix = (-8.0..-5.0_f64, 105.0..108.0_f64, accuracy, 0..9_000_i64, source);
    let fix = fix.prop_map(|(latitude, longitude, accuracy_metres, second, source)| Fix {
        accuracy_metres,
        source,
        ..Fix::seen(
            Coordinates::new(latitude, longitude).unwrap(),
            at(0) + TimeDelta::seconds(second),
        )
    });
    prop::collection::vec(fix, 0..40)
}

proptest! {
    #![proptest_config(super::properties::config())]

    #[test]
    fn whatever_is_reported_a_track_stays_in_order_and_believable(reports in reports()) {
        let mut track = Track::default();
        for fix in reports {
            match track.take(fix) {
                TrackUpdate::Accepted(next) | TrackUpdate::Outlier(next) | TrackUpdate::Imprecise(next) => track = next,
                TrackUpdate::Duplicate | TrackUpdate::OutOfOrder => {}
            }
            prop_assert!(track.fixes().len() <= MAX_FIXES);
            prop_assert!(track.fixes().is_sorted_by_key(|fix| fix.at));
            for pair in track.fixes().windows(2) {
                let metres = pair[0].place.metres_to(pair[1].place);
                let seconds = (pair[1].at - pair[0].at).as_seconds_f64();
                // Both fixes may be off by their accuracy.
                prop_assert!(metres <= seconds * 200.0 / 3.6 * 1.01 + 4_100.0);
            }
        }
    }

    #[test]
    fn no_way_breaks_the_end_of_a_hold(reports in reports(), now in 0..200_i64, used in 0..3_u32) {
        let story = story(Track::from_fixes(reports), used);
        let (forecast, known) = forecast_with_verdict(&story.tracked, at(now), &story.policy);
        if let Some(Verdict { evidence: known, .. }) = known {
            prop_assert!(known.distance_metres.is_finite());
            prop_assert!(known.fix_age >= TimeDelta::zero() && known.standing >= TimeDelta::zero());
            prop_assert!(known.estimate.is_none_or(|it| it.arrives_in >= TimeDelta::zero()));
        } else {
            prop_assert_eq!(forecast, Forecast::NoPosition);
        }
        let ended = decide(Some(&story.tracked), Input::Wake, at(120), &story.policy).unwrap();
        let Decision::Step(step) = ended else { panic!() };
        let is_extended = matches!(step.change.event, Event::ExtendedByClock { .. });
        prop_assert_eq!(step.change.booking.is_pending(), is_extended);
        // The forecast at the end is what is decided.
        let (forecast, _): (Forecast, _) = forecast_with_verdict(&story.tracked, end_of(&story), &story.policy);
        let grows = matches!(forecast, Forecast::WillExtend | Forecast::InTime);
        prop_assert!(grows || !is_extended);
    }
}

fn end_of(story: &Scenario) -> Moment {
    story.until()
}
