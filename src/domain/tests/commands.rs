//! The outcome of every command in every state.

use super::build::{
    Decision, Input, Scenario, arrive, at, cancel, date, decide, extend, new_booking, pay, report,
    sari,
};
use crate::domain::refusal::Unavailable;
use crate::domain::{
    self, Action, Actor, Amendment, Booking, CancelReason, Command, Contact, Field, Guest,
    GuestName, InputError, NewBooking, NotAllowed, Policy, QrisPolicy, QrisProgress, Recipient,
    Refusal, Revision, RoomCode, Rupiah, Status, Step, Track, TrackedBooking, Winner,
};

/// A decision as a short text.
fn outcome(tracked: &TrackedBooking, input: Input, minute: i64) -> String {
    let policy = super::build::policy();
    match decide(Some(tracked), input, at(minute), &policy) {
        Ok(Decision::Step(step)) => {
            let booking = &step.change.booking;
            assert_eq!(booking.revision, tracked.booking.revision.next());
            assert_eq!(step.change.at, at(minute));
            let status = match &booking.status {
                Status::Pending => "pending".to_owned(),
                Status::Paid { at: when, .. } => {
                    assert!(*when <= at(minute));
                    "paid".to_owned()
                }
                Status::Cancelled { at: when, by, .. } => {
                    assert_eq!((*when, by), (at(minute), &step.change.actor));
                    format!("cancelled {:?}", CancelReason::from(by))
                }
            };
            let arrived = if booking.arrived_at.is_some() { ", at the desk" } else { "" };
            format!("{:?}: {status}{arrived}", step.change.event.action())
        }
        Ok(Decision::Track(_)) => "position".to_owned(),
        Ok(Decision::Unchanged) => "nothing".to_owned(),
        Err(Refusal::AlreadyPaid(Winner { by, .. })) => format!("already paid by {by:?}"),
        Err(Refusal::AlreadyCancelled(Winner { by, .. })) => format!("already cancelled by {by:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

/// Checks the outcome of every command at an instant between the reminder and the end of a new
/// hold.
fn assert_table(given: &TrackedBooking, expected: [&str; 8]) {
    let now = 110;
    let commands = [
        ("wake", Input::Wake),
        ("position", report(0.3, at(109))),
        ("arrive", arrive()),
        ("pay", pay()),
        ("cancel by staff", cancel()),
        ("cancel by guest", Command::CancelByGuest.into()),
        ("extend", extend(30)),
        ("extend by nothing", extend(0)),
    ];
    let rows = commands.map(|(name, command)| (name, outcome(given, command, now)));
    let expected_rows: Vec<_> =
        rows.iter().zip(expected).map(|((name, _), text)| (*name, text.to_owned())).collect();
    assert_eq!(rows.to_vec(), expected_rows);
}

#[test]
fn a_pending_booking_takes_everything() {
    assert_table(
        &Scenario::new().tracked,
        [
            "Reminded: pending",
            "position",
            "Arrived: pending, at the desk",
            "Paid: paid",
            "Cancelled: cancelled ByStaff",
            "Cancelled: cancelled ByGuest",
            "Extended: pending",
            "Minutes: OutOfRange { least: 1, most: 240 }",
        ],
    );
}

#[test]
fn a_guest_at_the_desk_needs_no_clock_and_no_position() {
    assert_table(
        &Scenario::new().then(arrive(), 60).tracked,
        [
            "nothing",
            "nothing",
            "nothing",
            "Paid: paid, at the desk",
            "Cancelled: cancelled ByStaff, at the desk",
            "Cancelled: cancelled ByGuest, at the desk",
            "Extended: pending, at the desk",
            "Minutes: OutOfRange { least: 1, most: 240 }",
        ],
    );
}

#[test]
fn a_paid_booking_stays_paid() {
    let by_sari = "already paid by Staff(StaffName(\"Sari\"))";
    let rows = |arrive| {
        ["nothing", "not allowed: HoldIsOver", arrive, by_sari, by_sari, by_sari, by_sari, by_sari]
    };
    assert_table(&Scenario::new().then(pay(), 60).tracked, rows("Arrived: paid, at the desk"));
    assert_table(&Scenario::new().then(pay(), 60).then(arrive(), 61).tracked, rows("nothing"));
    assert_table(&Scenario::new().then(arrive(), 60).then(pay(), 61).tracked, rows("nothing"));
}

#[test]
fn a_cancelled_booking_stays_cancelled_and_names_who_did_it() {
    for (command, minute, by) in [
        (cancel(), 60, Actor::Staff(sari())),
        (Command::CancelByGuest.into(), 60, Actor::Guest),
        (Input::Wake, 120, Actor::Clock),
    ] {
        let cancelled = Scenario::new().then(command, minute);
        let refused = format!("already cancelled by {by:?}");
        let mut rows = [refused.as_str(); 8];
        rows[0] = "nothing";
        assert_table(&cancelled.tracked, rows);
        let winner = Winner { at: at(minute), by };
        let answer = decide(Some(&cancelled.tracked), pay(), at(200), &cancelled.policy);
        assert_eq!(answer, Err(Refusal::AlreadyCancelled(winner)));
    }
}

#[test]
fn a_refused_payment_names_who_was_paid_and_when() {
    let paid = Scenario::new().then(pay(), 60);
    let answer = decide(Some(&paid.tracked), cancel(), at(200), &paid.policy);
    assert_eq!(answer, Err(Refusal::AlreadyPaid(Winner::staff(at(60), &sari()))));
    let answer = decide(Some(&paid.tracked), report(0.3, at(199)), at(200), &paid.policy);
    assert_eq!(answer, Err(Refusal::NotAllowed(NotAllowed::HoldIsOver)));
}

#[test]
fn paying_needs_no_arrival_and_asks_nothing_of_the_deadline() {
    // The hold ended an hour ago, but no wake has been decided, so the front office is first.
    let paid = Scenario::new().then(pay(), 180);
    assert_eq!(paid.tracked.booking.status, Status::Paid { at: at(180), by: sari() });
    assert_eq!(paid.tracked.booking.arrived_at, None);
    assert_eq!(paid.tracked.booking.wake_at(), None);
}

#[test]
fn a_paid_guest_who_arrives_is_noted_and_nothing_else_moves() {
    let paid = Scenario::new().then(pay(), 60).tracked.booking;
    let arrived = Scenario::new().then(pay(), 60).then(arrive(), 90).tracked.booking;
    assert_eq!(arrived.arrived_at, Some(at(90)));
    assert_eq!((arrived.hold, &arrived.status), (paid.hold, &paid.status));
    assert_eq!(arrived.revision, paid.revision.next());
}

#[test]
fn the_front_office_grants_one_to_two_hundred_and_forty_minutes() {
    let story = Scenario::new();
    for (minutes, is_granted) in
        [(0, false), (1, true), (240, true), (241, false), (u32::MAX, false)]
    {
        let answer = decide(Some(&story.tracked), extend(minutes), at(1), &story.policy);
        let error = InputError::OutOfRange { least: 1, most: 240 };
        match answer {
            Ok(Decision::Step(_)) => assert!(is_granted, "{minutes}"),
            Err(refusal) => {
                assert!(!is_granted, "{minutes}");
                assert_eq!(refusal, Refusal::InvalidInput { field: Field::Minutes, error });
            }
            Ok(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_fresh_booking_is_what_was_asked_for() {
    let booking = Scenario::new().tracked.booking;
    assert_eq!(booking.revision, Revision::FIRST);
    assert_eq!(booking.status, Status::Pending);
    assert_eq!((booking.booked_at, booking.arrived_at, booking.qris_sent_at), (at(0), None, None));
    assert_eq!(booking.stay.price.0, 350_000);
    assert!(booking.takes_room() && booking.is_pending());
}

#[test]
fn what_a_newer_version_decides_about_is_left_alone() {
    let mut foreign = Scenario::new().tracked;
    foreign.booking.is_read_only = true;
    let newer = Refusal::Unavailable(Unavailable::NewerVersion);
    for input in [arrive(), pay(), cancel(), Command::CancelByGuest.into(), extend(30)] {
        let answer = decide(Some(&foreign), input, at(10), &super::build::policy());
        assert_eq!(answer, Err(newer.clone()));
    }
    let answer = decide(Some(&foreign), report(0.3, at(9)), at(10), &super::build::policy());
    assert_eq!(answer, Err(newer));
    let answer = decide(Some(&foreign), Input::Wake, at(120), &super::build::policy());
    assert_eq!(answer, Ok(Decision::Unchanged));
    assert_eq!(foreign.booking.wake_at(), None, "no clock is armed for it");
}

fn revive(is_arrived: bool) -> Input {
    Command::Revive { by: sari(), is_arrived }.into()
}

fn reopen() -> Input {
    Command::Reopen { by: sari(), reason: "salah tamu".to_owned() }.into()
}

#[test]
fn a_cancellation_is_taken_back_with_a_new_hold_or_at_the_desk() {
    for (end, minute) in [(cancel(), 60), (Command::CancelByGuest.into(), 60), (Input::Wake, 120)] {
        let cancelled = Scenario::new().then(end, minute);
        assert_eq!(outcome(&cancelled.tracked, revive(false), 130), "Revived: pending");
        let revived = Scenario { ..cancelled }.then(revive(false), 130);
        let Booking { hold, arrived_at, stay, .. } = &revived.tracked.booking;
        assert_eq!((hold.until, hold.extensions, *arrived_at), (at(250), 0, None));
        assert_eq!(hold.remind_at, Some(at(235)));
        assert_eq!(stay.price, Scenario::new().tracked.booking.stay.price);
        assert_eq!(outcome(&revived.tracked, revive(true), 131), "nothing", "somebody was first");
    }
    let at_desk = Scenario::new().then(Input::Wake, 120).then(revive(true), 130);
    let Booking { hold, arrived_at, .. } = &at_desk.tracked.booking;
    assert_eq!((hold.until, hold.remind_at, *arrived_at), (at(160), None, Some(at(130))));
    let paid = Scenario::new().then(pay(), 10);
    assert!(outcome(&paid.tracked, revive(false), 20).starts_with("already paid"));
    // The check-in is on 4 January, whose hotel day ends at 06:00 of the 5th.
    let expired = Scenario::new().then(Input::Wake, 120);
    let answers = |minute| outcome(&expired.tracked, revive(false), minute);
    let last = (0..2_000).rev().find(|minute| answers(*minute).starts_with("Revived")).unwrap();
    assert_eq!(answers(last + 1), "not allowed: CheckInIsOver");
    let hotel = super::build::policy().hotel;
    assert_eq!(hotel.day_of(at(last)), expired.tracked.booking.stay.check_in);
    assert!(hotel.day_of(at(last + 1)) > expired.tracked.booking.stay.check_in);
}

#[test]
fn a_payment_is_taken_back_by_a_person_only_and_its_guest_is_at_the_desk() {
    let paid = Scenario::new().then(pay(), 10);
    let reopened = Scenario { ..paid }.then(reopen(), 20);
    let Booking { hold, arrived_at, status, .. } = &reopened.tracked.booking;
    assert_eq!((hold.until, *arrived_at, status), (at(120), Some(at(20)), &Status::Pending));
    let late = Scenario::new().then(arrive(), 50).then(pay(), 100).then(reopen(), 115);
    let Booking { hold, arrived_at, .. } = &late.tracked.booking;
    assert_eq!((hold.until, *arrived_at), (at(145), Some(at(50))), "a window from now");
    assert_eq!(outcome(&Scenario::new().tracked, reopen(), 5), "not allowed: NotPaid");
    let cancelled = Scenario::new().then(cancel(), 5);
    assert!(outcome(&cancelled.tracked, reopen(), 6).starts_with("already cancelled"));
}

#[test]
fn a_walk_in_is_at_the_desk_and_has_no_channel() {
    let policy = Policy { qris: Some(QrisPolicy::OnBooking), ..super::build::policy() };
    let walk_in = |nights| {
        let new = new_booking(date("2026-01-04"), nights);
        NewBooking { guest: Guest { contact: Contact::Desk, ..new.guest.clone() }, ..new }
    };
    let waiting = domain::book_at_desk(walk_in(1), false, sari(), at(0), &policy).unwrap();
    let [Step { change: booked, .. }] = &waiting[..] else { panic!("{waiting:?}") };
    let Booking { hold, arrived_at, qris, .. } = &booked.booking;
    assert_eq!((hold.until, hold.remind_at, *arrived_at), (at(30), None, Some(at(0))));
    assert_eq!((*qris, &booked.actor), (QrisProgress::None, &Actor::Staff(sari())));
    let told: Vec<Recipient> = booked.notifications.iter().map(|owed| owed.to).collect();
    assert_eq!(told, [Recipient::FrontOffice], "nobody writes to a guest without a channel");

    let story = Scenario {
        policy: policy.clone(),
        tracked: TrackedBooking { booking: booked.booking.clone(), track: Track::default() },
    };
    let send = Command::SendQris { by: sari() };
    let answer = decide(Some(&story.tracked), send, at(1), &policy);
    assert_eq!(answer, Err(Refusal::NotAllowed(NotAllowed::NoChannel)));
    let reminded = story.then(Input::Wake, 30);
    assert!(reminded.tracked.booking.takes_room(), "the clock asks, and frees no room at the desk");

    let paid = domain::book_at_desk(walk_in(2), true, sari(), at(0), &policy).unwrap();
    let actions: Vec<Action> = paid.iter().map(|step| step.change.event.action()).collect();
    assert_eq!(actions, [Action::Booked, Action::Paid]);
    assert_eq!(paid[1].change.booking.revision, Revision(2));
    let too_long = domain::book_at_desk(walk_in(31), true, sari(), at(0), &policy);
    assert!(matches!(too_long, Err(Refusal::InvalidInput { .. })), "{too_long:?}");
}

fn amend(amendment: Amendment) -> Input {
    Command::Amend { by: sari(), amendment }.into()
}

#[test]
fn an_amendment_fixes_the_price_anew_only_for_another_room_or_stay() {
    let mut policy = super::build::policy();
    let booked = Scenario::under(policy.clone());
    policy.rooms[0].price = Rupiah(400_000);
    let raised = Scenario { policy, ..booked };
    let name = GuestName::parse("Budiman").unwrap();
    let renamed = Amendment { guest_name: Some(name.clone()), ..Amendment::default() };
    let renamed = Scenario { tracked: raised.tracked.clone(), policy: raised.policy.clone() }
        .then(amend(renamed), 10);
    let Booking { guest, stay, hold, .. } = &renamed.tracked.booking;
    assert_eq!((&guest.name, stay.price), (&name, Rupiah(350_000)), "the price as booked");
    assert_eq!(*hold, raised.tracked.booking.hold, "the hold runs on");

    let longer = Amendment { nights: Some(2), ..Amendment::default() };
    let longer = Scenario { tracked: raised.tracked.clone(), policy: raised.policy.clone() }
        .then(amend(longer), 10);
    let stay = &longer.tracked.booking.stay;
    assert_eq!((stay.nights, stay.price), (2, Rupiah(800_000)), "today's price");

    let same = Amendment { nights: Some(1), ..Amendment::default() };
    assert_eq!(outcome(&raised.tracked, amend(same), 10), "nothing");
    let moon = Amendment { room: Some(RoomCode::parse("MOON").unwrap()), ..Amendment::default() };
    let answer = decide(Some(&raised.tracked), amend(moon), at(10), &raised.policy);
    let unknown = Refusal::InvalidInput { field: Field::RoomType, error: InputError::Unknown };
    assert_eq!(answer, Err(unknown));
    for nights in [0, 31] {
        let wrong = Amendment { nights: Some(nights), ..Amendment::default() };
        let answer = decide(Some(&raised.tracked), amend(wrong), at(10), &raised.policy);
        let error = InputError::OutOfRange { least: 1, most: 30 };
        assert_eq!(answer, Err(Refusal::InvalidInput { field: Field::Nights, error }));
    }
    let two = || Amendment { nights: Some(2), ..Amendment::default() };
    let paid = Scenario::new().then(pay(), 5);
    assert!(outcome(&paid.tracked, amend(two()), 6).starts_with("already paid"));
    let cancelled = Scenario::new().then(cancel(), 5);
    assert!(outcome(&cancelled.tracked, amend(two()), 6).starts_with("already cancelled"));
}

#[test]
fn a_code_of_another_price_is_replaced_and_a_guest_without_one_gets_none() {
    let policy = Policy { qris: Some(QrisPolicy::OnArrival), ..super::build::policy() };
    let longer = || amend(Amendment { nights: Some(2), ..Amendment::default() });
    let renamed = || {
        let guest_name = Some(GuestName::parse("Budiman").unwrap());
        amend(Amendment { guest_name, ..Amendment::default() })
    };
    let on_the_way = Scenario::under(policy.clone()).then(longer(), 10);
    assert_eq!(on_the_way.tracked.booking.qris, QrisProgress::None);
    let at_desk = || Scenario::under(policy.clone()).then(arrive(), 10);
    let code = at_desk().tracked.booking.qris;
    assert_eq!(at_desk().then(renamed(), 20).tracked.booking.qris, code, "it is still right");
    let replaced = at_desk().then(longer(), 20).tracked.booking;
    assert_eq!(replaced.qris, QrisProgress::Sending(replaced.revision));
}
