//! The summary of a hotel day, against a count by hand.

use chrono::TimeDelta;

use super::build::{Input, Scenario, arrive, at, cancel, date, pay, policy};
use crate::domain::summary::{DayCounter, DayCounts, DaySummary};
use crate::domain::{Booking, Channel, Command, Contact, Guest, Rupiah};

fn summary_of(day: &str, bookings: &[Booking]) -> DaySummary {
    let hotel = policy().hotel;
    let mut counter = DayCounter::new(date(day), &hotel);
    for booking in bookings {
        counter.add(booking);
    }
    counter.finish()
}

/// Bookings of 4 January, made at 17:00: one of each kind.
fn bookings() -> Vec<Booking> {
    let at_desk = Scenario::new().then(arrive(), 60);
    let paid = Scenario::new().then(arrive(), 50).then(pay(), 60);
    let extended = Scenario::new().seen(0.05, 119).then(Input::Wake, 120).then(pay(), 140);
    let expired = Scenario::new().then_at(Input::Wake, at(120) + TimeDelta::milliseconds(7));
    let by_staff = Scenario::new().then(cancel(), 30);
    let by_guest = Scenario::new().then(Command::CancelByGuest, 10);
    [Scenario::new(), at_desk, paid, extended, expired, by_staff, by_guest]
        .map(|story| story.tracked.booking)
        .to_vec()
}

#[test]
fn a_day_is_counted_as_by_hand() {
    let mut all = bookings();
    // A walk-in who paid.
    let contact = Contact::Desk;
    let walk_in = Booking { guest: Guest { contact, ..all[2].guest.clone() }, ..all[2].clone() };
    all.push(walk_in);
    let summary = summary_of("2026-01-04", &all);
    let expected =
        DayCounts { booked: 8, paid: 3, paid_sum: Rupiah(1_050_000), expired: 1, cancelled: 2 };
    assert_eq!(summary.all, expected);
    assert_eq!((summary.extended, summary.extended_and_came, summary.at_desk), (1, 1, 1));
    assert_eq!(summary.blocked.num_minutes(), 120 + 30 + 10);
    assert_eq!(summary.desk_wait, Some(TimeDelta::minutes(10)));
    assert_eq!(summary.lateness_ms, [7]);
    assert_eq!((summary.by_hour[17], summary.by_hour.iter().sum::<u32>()), (8, 8));
    let channels: Vec<_> =
        summary.by_channel.iter().map(|(channel, counts)| (*channel, counts.booked)).collect();
    assert_eq!(channels, [(Channel::Telegram, 7), (Channel::Desk, 1)]);
    assert_eq!(summary.by_room[0].2, expected);
    let sari = summary.by_staff[0].1;
    assert_eq!((sari.paid, sari.cancelled, sari.booked), (3, 1, 0));
}

#[test]
fn a_booking_counts_on_the_day_of_each_thing_that_happened() {
    // Made on 4 January, paid after 06:00 of the 5th.
    let paid = Scenario::new().then(arrive(), 60).then(pay(), 15 * 60).tracked.booking;
    let [first, second, third] = ["2026-01-04", "2026-01-05", "2026-01-06"]
        .map(|day| summary_of(day, std::slice::from_ref(&paid)).all);
    assert_eq!((first.booked, first.paid), (1, 0));
    assert_eq!((second.booked, second.paid, second.paid_sum), (0, 1, Rupiah(350_000)));
    assert_eq!(third, DayCounts::default());
}

#[test]
fn an_empty_day_has_no_averages() {
    let empty = summary_of("2026-01-04", &[]);
    assert_eq!((empty.all, empty.desk_wait), (DayCounts::default(), None));
}
