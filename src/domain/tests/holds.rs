//! The hold: its end, its reminder, and the decisions of the clock.

use chrono::TimeDelta;

use super::build::{
    Decision, Input, Scenario, arrive, at, at_second, change, decide, extend, fix, pay, policy,
    report,
};
use crate::domain::{
    Action, Command, Event, Forecast, Hold, HoldPolicy, Policy, Status, Track, Verdict,
};

fn hold_policy(remind_before: i64) -> HoldPolicy {
    HoldPolicy { remind_before: TimeDelta::minutes(remind_before), ..policy().hold }
}

/// The action of a wake, if it decides anything.
fn wake(story: &Scenario, now: crate::domain::Moment) -> Option<Action> {
    match decide(Some(&story.tracked), Input::Wake, now, &story.policy).unwrap() {
        Decision::Step(step) => Some(step.change.event.action()),
        Decision::Track(_) => panic!("a wake moves no guest"),
        Decision::Unchanged => None,
    }
}

#[test]
fn a_reminder_in_the_first_quarter_is_left_out() {
    // (minutes before the end, length of the hold, minutes until the reminder)
    for (before, length, expected) in [
        (15, 120, Some(105)),
        (15, 30, Some(15)),
        (15, 20, Some(5)),
        (15, 19, None),
        (15, 15, None),
        (15, 5, None),
        (90, 120, Some(30)),
        (91, 120, None),
        (120, 120, None),
        (500, 120, None),
    ] {
        let hold = Hold::new(at(0), at(length), &hold_policy(before));
        assert_eq!(hold.remind_at, expected.map(at), "{before} before the end of {length}");
        assert_eq!(hold.wake_at(), at(expected.unwrap_or(length)));
    }
}

#[test]
fn a_quarter_is_exact_to_the_millisecond() {
    let ms = TimeDelta::milliseconds;
    let policy = HoldPolicy { remind_before: ms(3_000), ..policy().hold };
    assert_eq!(Hold::new(at(0), at(0) + ms(4_000), &policy).remind_at, Some(at(0) + ms(1_000)));
    assert_eq!(Hold::new(at(0), at(0) + ms(3_999), &policy).remind_at, None);
}

#[test]
fn a_wake_before_its_instant_decides_nothing() {
    let ms = TimeDelta::milliseconds(1);
    let story = Scenario::new();
    for now in [at(0), at(60), at(105) - ms] {
        assert_eq!(wake(&story, now), None, "{now}");
    }
    assert_eq!(wake(&story, at(105)), Some(Action::Reminded));
    let reminded = story.then(Input::Wake, 105);
    for now in [at(105), at(119), at(120) - ms] {
        assert_eq!(wake(&reminded, now), None, "{now}");
    }
    assert_eq!(wake(&reminded, at(120)), Some(Action::Expired));
}

#[test]
fn a_wake_after_the_end_decides_only_the_end() {
    for minute in [120, 121, 10_000] {
        assert_eq!(wake(&Scenario::new(), at(minute)), Some(Action::Expired), "{minute}");
    }
    let near = Scenario::new().seen(0.05, 119);
    assert_eq!(wake(&near, at(120)), Some(Action::Extended));
}

#[test]
fn a_step_of_the_clock_tells_the_instant_it_was_for_and_the_moment_of_the_decision() {
    let story = Scenario::new();
    for (now, due) in [(at_second(105 * 60 + 7), at(105)), (at_second(120 * 60 + 7), at(120))] {
        let decision = decide(Some(&story.tracked), Input::Wake, now, &story.policy).unwrap();
        let Decision::Step(step) = decision else { panic!("{decision:?}") };
        assert_eq!((step.due, step.change.at), (Some(due), now));
    }
    let decision = decide(Some(&story.tracked), pay(), at(110), &story.policy).unwrap();
    let Decision::Step(step) = decision else { panic!("{decision:?}") };
    assert_eq!(step.due, None, "a command has no lateness");
    let expired = Scenario::new().then_at(Input::Wake, at_second(120 * 60 + 7)).tracked.booking;
    let Status::Cancelled { at: cancelled_at, .. } = expired.status else { panic!("not expired") };
    assert_eq!(cancelled_at, at_second(120 * 60 + 7));
    assert_eq!(expired.hold.until, at(120), "the deadline is unchanged");
}

#[test]
fn the_clock_extends_for_a_fresh_fix_within_the_radius_as_often_as_allowed() {
    // The guest comes closer each time: a guest who stays in place gets no second extension.
    let extended = |story: Scenario, degrees: f64, minute: i64| {
        story.seen(degrees, minute - 1).then(Input::Wake, minute)
    };
    let first = extended(Scenario::new(), 0.05, 120);
    assert_eq!((first.until(), first.tracked.booking.hold.extensions), (at(150), 1));
    assert_eq!(first.remind_at(), Some(at(135)));
    let reminded = first.then(Input::Wake, 135);
    let second = extended(reminded, 0.04, 150);
    assert_eq!((second.until(), second.tracked.booking.hold.extensions), (at(180), 2));
    let last = extended(second, 0.03, 180);
    assert!(matches!(last.tracked.booking.status, Status::Cancelled { .. }));
}

#[test]
fn a_stale_fix_or_one_far_away_does_not_extend() {
    for (degrees, seen, expected) in [
        (0.05, 100, Action::Extended),
        (0.05, 99, Action::Expired),
        (0.089, 119, Action::Extended),
        (0.092, 119, Action::Expired),
        (0.5, 119, Action::Expired),
    ] {
        let story = Scenario::new().seen(degrees, seen);
        assert_eq!(wake(&story, at(120)), Some(expected), "{degrees} degrees at {seen}");
    }
    assert_eq!(wake(&Scenario::new(), at(120)), Some(Action::Expired));
}

#[test]
fn what_the_clock_decides_keeps_its_evidence() {
    let story = Scenario::new().seen(0.5, 60).seen(0.3, 118);
    let change = change(Some(&story.tracked), Input::Wake, at(120), &story.policy);
    let Event::Expired { verdict: Some(Verdict { evidence, .. }) } = change.event else {
        panic!("{change:?}")
    };
    assert!((evidence.distance_metres - 33_175.0).abs() < 50.0, "{evidence:?}");
    assert_eq!(evidence.is_approaching, Some(true));
    assert_eq!(evidence.fix_age, TimeDelta::minutes(2));
    assert!(evidence.is_fresh && !evidence.within_radius);
}

#[test]
fn a_clock_that_is_a_little_late_grants_from_the_deadline_as_it_was_told() {
    for (late_seconds, expected) in [(0, 150 * 60), (7, 150 * 60), (60, 150 * 60)] {
        let now = at_second(120 * 60 + late_seconds);
        let story = Scenario::new().seen(0.05, 119).then_at(Input::Wake, now);
        assert_eq!(story.until(), at_second(expected), "{late_seconds} s late");
    }
}

#[test]
fn a_clock_that_was_away_grants_from_now() {
    let now = at_second(120 * 60 + 61);
    let story = Scenario::new().seen(0.05, 119).then_at(Input::Wake, now);
    assert_eq!(story.until(), now + TimeDelta::minutes(30));
    let now = at(500);
    let story = Scenario::new().seen(0.2, 119).then(report(0.05, at(499)), 499);
    let story = story.then_at(Input::Wake, now);
    assert_eq!(story.until(), now + TimeDelta::minutes(30));
}

#[test]
fn the_front_office_extends_from_the_deadline_and_is_not_counted() {
    let story = Scenario::new().then(extend(45), 10);
    assert_eq!((story.until(), story.remind_at()), (at(165), Some(at(150))));
    assert_eq!(story.tracked.booking.hold.extensions, 0);
    // After the reminder: the new deadline has its own reminder, unless the extension is too short.
    let reminded = Scenario::new().then(Input::Wake, 105);
    let much = reminded.then(extend(60), 110);
    assert_eq!((much.until(), much.remind_at()), (at(180), Some(at(165))));
    let little = Scenario::new().then(Input::Wake, 105).then(extend(5), 115);
    assert_eq!((little.until(), little.remind_at()), (at(125), None));
    // Long after an end that the clock missed, an extension counts from now.
    let missed = Scenario::new().then(extend(30), 200);
    assert_eq!(missed.until(), at(230));
}

#[test]
fn the_payment_window_replaces_the_deadline_where_it_is_later() {
    let early = Scenario::new().then(arrive(), 60);
    assert_eq!((early.until(), early.remind_at()), (at(120), None));
    let late = Scenario::new().then(arrive(), 110);
    assert_eq!((late.until(), late.remind_at()), (at(140), None));
    assert_eq!(late.tracked.booking.arrived_at, Some(at(110)));
    let extended = late.then(extend(60), 120);
    assert_eq!((extended.until(), extended.remind_at()), (at(200), None));
}

#[test]
fn a_window_that_ran_out_is_asked_about_and_renewed_for_ever() {
    let mut story = Scenario::new().then(arrive(), 110);
    for end in [140, 170, 200, 230] {
        assert_eq!(wake(&story, at(end) - TimeDelta::milliseconds(1)), None);
        let change = change(Some(&story.tracked), Input::Wake, at(end), &story.policy);
        assert_eq!(change.event, Event::PaymentAsked);
        story = story.then(Input::Wake, end);
        assert_eq!(story.until(), at(end + 30));
        assert!(story.tracked.booking.is_pending());
    }
    let away = story.then(Input::Wake, 1_000);
    assert_eq!(away.until(), at(1_030));
}

#[test]
fn a_settled_booking_needs_no_clock() {
    for command in [pay(), super::build::cancel(), Command::CancelByGuest.into()] {
        let settled = Scenario::new().then(command, 10);
        assert_eq!(settled.tracked.booking.wake_at(), None);
        assert_eq!((settled.until(), settled.remind_at()), (at(120), None));
    }
}

#[test]
fn the_reminder_tells_what_the_end_would_decide() {
    for (story, expected) in [
        (Scenario::new(), Forecast::NoPosition),
        (Scenario::new().seen(0.05, 104), Forecast::WillExtend),
        (Scenario::new().seen(0.05, 80), Forecast::NoPosition),
        (Scenario::new().seen(0.5, 104), Forecast::WillCancel),
    ] {
        let change = change(Some(&story.tracked), Input::Wake, at(105), &story.policy);
        let Event::Reminded { forecast, .. } = change.event else { panic!("{change:?}") };
        assert_eq!(forecast, expected);
        assert_eq!(change.booking.hold.until, at(120), "a reminder moves no deadline");
    }
}

#[test]
fn without_extensions_the_clock_grants_none() {
    let policy = Policy { hold: HoldPolicy { max_extensions: 0, ..policy().hold }, ..policy() };
    let story = Scenario::under(policy).seen(0.05, 119);
    assert_eq!(wake(&story, at(120)), Some(Action::Expired));
}

#[test]
fn positions_are_kept_in_order_and_in_number() {
    let mut story = Scenario::new();
    for minute in 1..=40_u8 {
        // About a kilometre each minute.
        story = story.seen(0.3 - 0.01 * f64::from(minute), minute.into());
    }
    let minutes: Vec<_> = story.tracked.track.fixes().iter().map(|fix| fix.at).collect();
    // The first and the latest fix, every other recent one, and fewer before.
    let expected = [1, 9, 17, 25, 29, 33, 35, 37, 39, 40].map(at);
    assert_eq!(minutes, expected);
    let late = decide(Some(&story.tracked), report(0.1, at(39)), at(41), &story.policy).unwrap();
    assert_eq!(late, Decision::Unchanged, "older than what is known");
    let jumbled = Track::from_fixes([3, 1, 2].map(|minute| fix(0.1, at(minute))).to_vec());
    assert_eq!(jumbled.latest().map(|fix| fix.at), Some(at(3)));
}
