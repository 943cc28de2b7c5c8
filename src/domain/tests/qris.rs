//! When guests are sent the QRIS code, and what is recorded of it.

use super::build::{
    Decision, Input, Scenario, arrive, at, book, cancel, change, decide, pay, policy, sari,
};
use crate::domain::{
    Action, Command, FailureCode, FailureReason, Policy, QrisOutcome, QrisPolicy, QrisProgress,
    Recipient, Refusal, Revision,
};

fn with(qris: QrisPolicy) -> Policy {
    Policy { qris: Some(qris), ..policy() }
}

fn send() -> Command {
    Command::SendQris { by: sari() }
}

fn delivered(owed_by: u32) -> Command {
    Command::RecordQris { owed_by: Revision(owed_by), outcome: QrisOutcome::Delivered }
}

fn given_up(owed_by: u32) -> Command {
    let outcome =
        QrisOutcome::GivenUp(FailureReason::with_detail(FailureCode::MailServerReply, "550"));
    Command::RecordQris { owed_by: Revision(owed_by), outcome }
}

/// Whether the guest's notification of a step carries the code.
fn carries(story: &Scenario, input: impl Into<Input>, minute: i64) -> bool {
    let change = change(Some(&story.tracked), input, at(minute), &story.policy);
    change.notifications.iter().any(|notification| notification.with_qris)
}

#[test]
fn arrival_owes_the_code_to_a_guest_who_has_to_pay() {
    let story = Scenario::under(with(QrisPolicy::OnArrival));
    assert_eq!(story.tracked.booking.qris, QrisProgress::None);
    assert!(carries(&story, arrive(), 60));
    let paid = story.then(pay(), 10);
    assert!(!carries(&paid, arrive(), 60));
}

#[test]
fn a_booking_owes_the_code_where_the_hotel_wants_it_so_and_arrival_does_not_repeat_it() {
    let policy = with(QrisPolicy::OnBooking);
    let booked = change(None, book(), at(0), &policy);
    assert!(booked.notifications[0].with_qris);
    let story = || Scenario::under(policy.clone());
    assert!(!carries(&story(), arrive(), 60), "it is being sent");
    assert!(!carries(&story().then(delivered(1), 1), arrive(), 60), "it was sent");
    assert!(carries(&story().then(given_up(1), 1), arrive(), 60), "it was given up");
}

#[test]
fn a_hotel_without_a_code_has_arrivals_all_the_same() {
    let story = Scenario::new();
    assert!(!carries(&story, arrive(), 60));
    let answer = decide(Some(&story.tracked), send(), at(1), &story.policy);
    assert!(matches!(answer, Err(Refusal::Unavailable(_))), "{answer:?}");
}

#[test]
fn the_front_office_sends_it_whenever_it_wishes_and_moves_nothing_else() {
    let before = Scenario::under(with(QrisPolicy::OnArrival));
    let story = Scenario::under(with(QrisPolicy::OnArrival)).then(send(), 5).then(send(), 6);
    let (booking, was) = (&story.tracked.booking, &before.tracked.booking);
    assert_eq!((booking.hold, &booking.status), (was.hold, &was.status));
    assert_eq!((booking.qris, booking.qris_sent_at), (QrisProgress::Sending(Revision(3)), None));
    assert!(carries(&story, send(), 7));
}

#[test]
fn a_code_counts_as_sent_when_it_was_accepted_and_not_before() {
    let story = Scenario::under(with(QrisPolicy::OnArrival)).then(arrive(), 60);
    assert_eq!(story.tracked.booking.qris_sent_at, None);
    let sent = change(Some(&story.tracked), delivered(2), at(61), &story.policy);
    let story = story.then(delivered(2), 61);
    let booking = &story.tracked.booking;
    assert_eq!((booking.qris, booking.qris_sent_at), (QrisProgress::Sent, Some(at(61))));
    assert!(booking.is_pending());
    let recipients: Vec<_> =
        sent.notifications.iter().map(|notification| notification.to).collect();
    assert_eq!(recipients, [Recipient::FrontOffice], "the front office waits for it");
    let again = decide(Some(&story.tracked), delivered(2), at(62), &story.policy);
    assert_eq!(again, Ok(Decision::Unchanged), "reported twice, recorded once");
}

#[test]
fn an_older_code_does_not_settle_a_newer_one() {
    let story = Scenario::under(with(QrisPolicy::OnArrival)).then(send(), 1).then(send(), 2);
    let story = story.then(given_up(2), 3);
    assert_eq!(story.tracked.booking.qris, QrisProgress::Sending(Revision(3)));
    let story = story.then(delivered(3), 5);
    assert_eq!(story.tracked.booking.qris, QrisProgress::Sent);
}

#[test]
fn the_front_office_is_notified_of_a_code_that_is_given_up() {
    let story = Scenario::under(with(QrisPolicy::OnArrival)).then(send(), 1);
    let failed = change(Some(&story.tracked), given_up(2), at(2), &story.policy);
    assert_eq!(failed.event.action(), Action::QrisFailed);
    assert_eq!(failed.booking.qris, QrisProgress::Failed);
    assert_eq!(failed.notifications.len(), 1);
    assert!(failed.booking.may_have_code(), "it may have arrived all the same");
}

#[test]
fn nobody_is_sent_a_code_for_a_booking_that_is_paid_or_cancelled() {
    let story = || Scenario::under(with(QrisPolicy::OnArrival)).then(send(), 1);
    let paid = story().then(pay(), 2);
    let answer = decide(Some(&paid.tracked), send(), at(3), &paid.policy);
    assert!(matches!(answer, Err(Refusal::AlreadyPaid(_))), "{answer:?}");
    let cancelled = story().then(cancel(), 2);
    let answer = decide(Some(&cancelled.tracked), send(), at(3), &cancelled.policy);
    assert!(matches!(answer, Err(Refusal::AlreadyCancelled(_))), "{answer:?}");
    for ended in [paid, cancelled] {
        let late = decide(Some(&ended.tracked), delivered(2), at(3), &ended.policy);
        assert_eq!(late, Ok(Decision::Unchanged), "a late outcome is not recorded");
        assert!(ended.tracked.booking.may_have_code());
    }
}
