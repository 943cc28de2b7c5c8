//! Who gets which notification, and until when it is useful.

use chrono::TimeDelta;

use super::build::{Input, Scenario, arrive, at, book, cancel, change, extend, pay, policy, sari};
use crate::domain::{Amendment, Command, Moment, Notification, Policy, Recipient};

fn both(until: Moment) -> Vec<Notification> {
    [Recipient::Guest, Recipient::FrontOffice]
        .map(|to| Notification { to, useful_until: until, with_qris: false })
        .to_vec()
}

fn front_office(until: Moment) -> Vec<Notification> {
    vec![Notification { to: Recipient::FrontOffice, useful_until: until, with_qris: false }]
}

fn next_day(minute: i64) -> Moment {
    at(minute) + TimeDelta::hours(24)
}

/// Every kind of step: the booking before, the input, its minute, and the notifications owed.
fn steps() -> Vec<(Scenario, Input, i64, Vec<Notification>)> {
    let at_desk = || Scenario::new().then(arrive(), 110);
    vec![
        (Scenario::new(), Input::Wake, 105, both(at(120))),
        (Scenario::new().seen(0.05, 119), Input::Wake, 120, both(at(150))),
        (Scenario::new(), Input::Wake, 120, both(next_day(120))),
        (Scenario::new(), extend(60), 10, both(at(180))),
        (Scenario::new(), arrive(), 110, both(at(140))),
        (at_desk(), Input::Wake, 140, front_office(at(170))),
        (at_desk(), pay(), 120, both(next_day(120))),
        (Scenario::new(), pay(), 10, both(next_day(10))),
        (Scenario::new(), cancel(), 10, both(next_day(10))),
        (Scenario::new(), Command::CancelByGuest.into(), 10, both(next_day(10))),
        (Scenario::new().then(pay(), 10), arrive(), 20, vec![]),
        (
            Scenario::new().then(cancel(), 10),
            Command::Revive { by: sari(), is_arrived: false }.into(),
            20,
            both(at(140)),
        ),
        (
            Scenario::new(),
            Command::Amend {
                by: sari(),
                amendment: Amendment { nights: Some(2), ..Amendment::default() },
            }
            .into(),
            20,
            both(at(120)),
        ),
        (
            Scenario::new().then(pay(), 10),
            Command::Reopen { by: sari(), reason: "salah".to_owned() }.into(),
            20,
            front_office(at(120)),
        ),
    ]
}

#[test]
fn a_step_owes_its_notifications_as_long_as_they_are_news() {
    let booked = change(None, book(), at(0), &policy());
    assert_eq!(booked.notifications, both(at(120)));
    for (story, command, minute, expected) in steps() {
        let change = change(Some(&story.tracked), command, at(minute), &story.policy);
        assert_eq!(change.notifications, expected, "{:?}", change.event);
    }
}

#[test]
fn a_front_office_without_a_chat_is_owed_nothing() {
    let silent = Policy { front_office_chat: false, ..policy() };
    for (story, command, minute, expected) in steps() {
        let change = change(Some(&story.tracked), command, at(minute), &silent);
        let guests: Vec<_> = expected
            .into_iter()
            .filter(|notification| notification.to == Recipient::Guest)
            .collect();
        assert_eq!(change.notifications, guests, "{:?}", change.event);
    }
}

#[test]
fn the_hotels_own_system_is_owed_every_change_for_three_days() {
    let connected = Policy { has_hotel_system: true, ..policy() };
    for (story, command, minute, expected) in steps() {
        let change = change(Some(&story.tracked), command, at(minute), &connected);
        let until = at(minute) + TimeDelta::days(3);
        let owed =
            Notification { to: Recipient::HotelSystem, useful_until: until, with_qris: false };
        assert_eq!(change.notifications, [expected, vec![owed]].concat(), "{:?}", change.event);
    }
}
