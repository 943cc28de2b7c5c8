//! Reminders, expiries and extensions at their exact moments, from the booking to the delivered
//! notification. The clock moves only when the test moves it.

use chrono::TimeDelta;
use jatah::domain::{
    Action, Actor, Command, Event, FailureCode, FailureReason, Forecast, Refusal, Revision, Status,
    Verdict, Winner,
};
use jatah::notifier::DeliveryError;
use jatah::service::{ServiceError, WakeOutcome};
use jatah::store::{BookingReader, StoreError, Wake};

use crate::build::{TestBooking, epoch, fix_north, staff};
use crate::hotel::{HotelSetup, until, with_paused_clock};

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

fn ms(ms: i64) -> TimeDelta {
    TimeDelta::milliseconds(ms)
}

fn refused(reply: &str) -> FailureReason {
    FailureReason::with_detail(FailureCode::MailServerReply, reply)
}

#[test]
fn the_reminder_and_the_end_of_a_hold_each_come_at_their_millisecond() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;

        hotel.pass(minutes(105) - ms(1)).await;
        hotel.nothing_more().await;
        hotel.pass(ms(1)).await;
        let reminded = hotel.next(Action::Reminded).await;
        assert_eq!(reminded.at, epoch() + minutes(105));

        hotel.pass(minutes(15) - ms(1)).await;
        hotel.nothing_more().await;
        hotel.pass(ms(1)).await;
        let expired = hotel.next(Action::Expired).await;
        assert_eq!(expired.at, tracked.booking.hold.until);
        assert_eq!(expired.actor, Actor::Clock);
        hotel.nothing_more().await;
        hotel.close().await;
    });
}

#[test]
fn every_step_of_a_hold_is_told_to_the_guest_once() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass(minutes(15)).await;
        hotel.next(Action::Expired).await;
        until(|| (hotel.mailbox.kinds().len() == 3).then_some(())).await;
        hotel.nothing_more().await;
        let expected = [Action::Booked, Action::Reminded, Action::Expired];
        assert_eq!(hotel.mailbox.kinds(), expected);
        hotel.close().await;
    });
}

#[test]
fn deadlines_that_passed_while_the_hotel_was_down_fire_at_once_oldest_first() {
    with_paused_clock(|| async {
        let setup = HotelSetup::new();
        let mut hotel = setup.open().await;
        let mut booked = Vec::new();
        for guest in 0..40 {
            booked.push(hotel.book(&format!("Guest {guest}")).await.booking.receipt_no);
            hotel.next(Action::Booked).await;
            hotel.pass(minutes(1)).await;
        }
        hotel.lose_power();
        tokio::time::advance(std::time::Duration::from_hours(5)).await;

        let mut hotel = setup.open().await;
        let reopened = hotel.clock.now();
        let mut order = Vec::new();
        while order.len() < booked.len() {
            let expired = hotel.next(Action::Expired).await;
            assert_eq!(expired.at, reopened, "the time of the decision, not the deadline");
            let history = hotel.store.history(expired.booking.receipt_no).await.unwrap();
            assert_eq!(history.len(), 2, "no reminder after the end of the hold");
            order.push(expired.booking.receipt_no);
        }
        assert_eq!(order, booked, "oldest first");
        hotel.close().await;
    });
}

#[test]
fn a_quiet_stretch_asks_the_store_for_nothing() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        until(|| (hotel.mailbox.kinds().len() == 1).then_some(())).await;
        hotel.nothing_more().await;
        // What the start and the booking still write, on a busy machine some time later.
        let mut before = 0;
        while hotel.store.calls() != before {
            before = hotel.store.calls();
            let rest = std::time::Duration::from_millis(50);
            tokio::task::spawn_blocking(move || std::thread::sleep(rest)).await.unwrap();
            hotel.nothing_more().await;
        }
        for _ in 0..100 {
            hotel.pass(minutes(1)).await;
            hotel.nothing_more().await;
        }
        assert_eq!(hotel.store.calls(), before);
        hotel.close().await;
    });
}

#[test]
fn a_wall_clock_that_jumps_forward_is_noticed_within_half_a_minute() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        // As after a suspend of the machine: the wall clock has moved, the monotonic clock has not.
        hotel.clock.step(minutes(121));
        hotel.nothing_more().await;
        hotel.pass(TimeDelta::seconds(30)).await;
        hotel.next(Action::Expired).await;
        hotel.close().await;
    });
}

#[test]
fn a_wall_clock_that_is_set_back_ends_no_hold_too_early() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.clock.step(-minutes(10));
        hotel.pass(minutes(105)).await;
        hotel.nothing_more().await;
        hotel.pass(minutes(10)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass_until(tracked.booking.hold.until).await;
        assert_eq!(hotel.next(Action::Expired).await.at, tracked.booking.hold.until);
        hotel.close().await;
    });
}

#[test]
fn deadlines_still_fire_after_the_store_was_unavailable() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.store.set_away(true);
        for _ in 0..60 {
            hotel.pass(minutes(1)).await;
            hotel.nothing_more().await;
        }
        hotel.store.set_away(false);
        hotel.pass(TimeDelta::seconds(6)).await;
        let expired = hotel.next(Action::Expired).await;
        assert!(expired.at > tracked.booking.hold.until + minutes(44));
        hotel.close().await;
    });
}

#[test]
fn deadlines_of_an_outage_fire_oldest_first_when_the_store_is_back() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let mut names = Vec::new();
        for guest in ["Budi", "Ani", "Cici", "Dedi"] {
            names.push(hotel.book(guest).await.booking.guest.name);
            hotel.next(Action::Booked).await;
            hotel.pass(minutes(2)).await;
        }
        hotel.pass(minutes(104)).await;
        for _ in &names {
            hotel.next(Action::Reminded).await;
        }
        hotel.store.set_away(true);
        hotel.pass(minutes(30)).await;
        hotel.nothing_more().await;
        hotel.store.set_away(false);
        hotel.pass(TimeDelta::seconds(6)).await;
        for name in names {
            let expired = hotel.next(Action::Expired).await;
            assert_eq!(expired.booking.guest.name, name);
        }
        hotel.close().await;
    });
}

#[test]
fn a_node_whose_clock_differs_too_much_from_the_stores_fires_nothing() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        *hotel.store.ahead_ms.lock().unwrap() = Some(-2_001);
        hotel.pass(minutes(180)).await;
        hotel.nothing_more().await;
        *hotel.store.ahead_ms.lock().unwrap() = Some(2);
        hotel.pass(TimeDelta::seconds(6)).await;
        hotel.next(Action::Expired).await;
        hotel.close().await;
    });
}

#[test]
fn a_node_whose_clock_differs_too_much_from_the_stores_sets_no_deadline() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let (arrives, stays) = (hotel.book("Budi").await, hotel.book("Ani").await);
        let [arrives, stays] = [arrives, stays].map(|tracked| tracked.booking.receipt_no);
        hotel.next(Action::Booked).await;
        hotel.next(Action::Booked).await;

        let unavailable = |result: Result<(), ServiceError>| {
            assert!(
                matches!(result, Err(ServiceError::Store(StoreError::Unavailable(_)))),
                "{result:?}"
            );
        };
        *hotel.store.ahead_ms.lock().unwrap() = Some(3 * 3_600_000);
        unavailable(hotel.try_book("Cici", "STD").await.map(|_| ()));
        let arrive = Command::Arrive { by: staff("Sari") };
        unavailable(hotel.service.apply(arrives, arrive.clone()).await.map(|_| ()));
        let extend = Command::Extend { by: staff("Sari"), minutes: 30 };
        unavailable(hotel.service.apply(stays, extend).await.map(|_| ()));
        hotel.nothing_more().await;
        // What sets no deadline works with any clock.
        hotel.service.apply(stays, Command::CancelByGuest).await.unwrap();
        hotel.next(Action::Cancelled).await;
        *hotel.store.ahead_ms.lock().unwrap() = Some(2_000);
        hotel.service.apply(arrives, arrive).await.unwrap();
        hotel.next(Action::Arrived).await;
        hotel.try_book("Cici", "STD").await.unwrap();
        hotel.next(Action::Booked).await;
        hotel.close().await;
    });
}

#[test]
fn a_revived_booking_has_a_new_deadline_that_the_clock_keeps() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let receipt_no = hotel.book("Budi").await.booking.receipt_no;
        hotel.next(Action::Booked).await;
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass(minutes(15)).await;
        hotel.next(Action::Expired).await;
        hotel.pass(minutes(1)).await;
        let revive = Command::Revive { by: staff("Sari"), is_arrived: false };
        hotel.service.apply(receipt_no, revive).await.unwrap();
        let revived = hotel.next(Action::Revived).await;
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass(minutes(15)).await;
        let expired = hotel.next(Action::Expired).await;
        assert_eq!(expired.at - revived.at, minutes(120));
        hotel.close().await;
    });
}

#[test]
fn a_paid_booking_is_never_expired() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.pay(&tracked).await.unwrap();
        hotel.next(Action::Paid).await;
        hotel.pass(minutes(60 * 24 * 3)).await;
        hotel.nothing_more().await;
        hotel.close().await;
    });
}

#[test]
fn of_paid_and_expired_at_the_same_instant_one_wins_and_the_other_is_told_who() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass(minutes(15)).await;
        let paid = hotel.pay(&tracked).await;
        let change = hotel.next_change().await;
        match (paid, &change.event) {
            (Ok(tracked), Event::Paid) => {
                assert!(matches!(tracked.booking.status, Status::Paid { .. }));
            }
            (
                Err(ServiceError::Refused(Refusal::AlreadyCancelled(Winner { at, by }))),
                Event::Expired { .. },
            ) => assert_eq!((at, by), (tracked.booking.hold.until, Actor::Clock)),
            (paid, event) => panic!("{paid:?} and {event:?}"),
        }
        hotel.nothing_more().await;
        hotel.close().await;
    });
}

#[test]
fn a_guest_who_is_near_keeps_the_room_and_one_who_is_far_does_not() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let (near, far) = (hotel.book("Near").await, hotel.book("Far").await);
        hotel.next(Action::Booked).await;
        hotel.next(Action::Booked).await;
        hotel.pass(minutes(119)).await;
        hotel.next(Action::Reminded).await;
        hotel.next(Action::Reminded).await;
        let now = hotel.clock.now();
        hotel.reports(&near, fix_north(0.05, now)).await.unwrap();
        hotel.reports(&far, fix_north(0.5, now)).await.unwrap();
        hotel.pass(minutes(1)).await;
        for _ in 0..2 {
            let change = hotel.next_change().await;
            let until = change.booking.hold.until;
            match &change.event {
                Event::ExtendedByClock { by, verdict: Verdict { evidence, .. } } => {
                    assert_eq!(change.booking.receipt_no, near.booking.receipt_no);
                    assert_eq!(until, near.booking.hold.until + *by);
                    assert!(evidence.within_radius && evidence.fix_age == minutes(1));
                }
                Event::Expired { verdict: Some(Verdict { evidence, .. }) } => {
                    assert_eq!(change.booking.receipt_no, far.booking.receipt_no);
                    assert!(evidence.distance_metres > 50_000.0);
                }
                event => panic!("{event:?}"),
            }
        }
        // The positions are deleted when the hold ends.
        let far = hotel.service.booking(far.booking.receipt_no).await.unwrap();
        assert!(far.track.fixes().is_empty());
        // Without a newer fix there is no second extension: this fix is too old by then.
        hotel.pass(minutes(15)).await;
        let reminded = hotel.next(Action::Reminded).await;
        assert!(matches!(reminded.event, Event::Reminded { forecast: Forecast::WillExtend, .. }));
        hotel.pass(minutes(15)).await;
        hotel.next(Action::Expired).await;
        hotel.close().await;
    });
}

#[test]
fn the_clock_asks_for_the_payment_of_an_arrived_guest_and_never_cancels() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.pass(minutes(100)).await;
        let arrive = Command::Arrive { by: staff("Sari") };
        let arrived = hotel.service.apply(tracked.booking.receipt_no, arrive).await.unwrap();
        hotel.next(Action::Arrived).await;
        assert_eq!(arrived.booking.hold.until, epoch() + minutes(130));
        for window in 1..=5 {
            hotel.pass(minutes(30)).await;
            let asked = hotel.next_change().await;
            assert_eq!(asked.event, Event::PaymentAsked);
            assert_eq!(asked.booking.hold.until, epoch() + minutes(130 + 30 * window));
        }
        hotel.pay(&tracked).await.unwrap();
        hotel.next(Action::Paid).await;
        hotel.pass(minutes(600)).await;
        hotel.nothing_more().await;
        hotel.close().await;
    });
}

#[test]
fn an_extension_by_the_front_office_replaces_the_deadline() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        let extend = Command::Extend { by: staff("Sari"), minutes: 45 };
        hotel.service.apply(tracked.booking.receipt_no, extend).await.unwrap();
        hotel.next(Action::Extended).await;
        hotel.pass(minutes(150) - ms(1)).await;
        hotel.nothing_more().await;
        hotel.pass(ms(1)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass(minutes(15)).await;
        assert_eq!(hotel.next(Action::Expired).await.at, epoch() + minutes(165));
        hotel.close().await;
    });
}

#[test]
fn a_deadline_beyond_what_the_queue_can_hold_at_once_is_kept() {
    with_paused_clock(|| async {
        let mut setup = HotelSetup::new();
        setup.config.hold.duration = TimeDelta::days(366);
        let mut hotel = setup.open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        // A year passes, one day at a time.
        for _ in 0..365 {
            hotel.pass(TimeDelta::days(1)).await;
        }
        hotel.nothing_more().await;
        hotel.pass(TimeDelta::days(1) - minutes(15)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass_until(tracked.booking.hold.until).await;
        assert_eq!(hotel.next(Action::Expired).await.at, tracked.booking.hold.until);
        hotel.close().await;
    });
}

#[test]
fn a_wake_of_an_older_state_is_superseded_and_one_of_a_newer_state_is_an_error() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        let extend = Command::Extend { by: staff("Sari"), minutes: 30 };
        hotel.service.apply(tracked.booking.receipt_no, extend).await.unwrap();
        hotel.next(Action::Extended).await;
        let wake = |revision| {
            let (receipt_no, at) = (tracked.booking.receipt_no, hotel.clock.now());
            Wake { receipt_no, revision: Revision(revision), at }
        };
        // A read from the store may be older than what the feed has already delivered.
        let turn = hotel.service.wake_turn().await;
        let woken = hotel.service.wake(&[wake(1), wake(2), wake(3)], turn).await.unwrap();
        assert_eq!(woken[0].as_ref().unwrap(), &WakeOutcome::Superseded);
        assert_eq!(woken[1].as_ref().unwrap(), &WakeOutcome::NotYet);
        assert!(woken[2].is_err(), "{:?}", woken[2]);
        hotel.nothing_more().await;
        hotel.close().await;
    });
}

#[test]
fn a_receipt_number_that_is_taken_is_skipped() {
    with_paused_clock(|| async {
        let hotel = HotelSetup::new().open().await;
        // Bookings that the number counter does not include, as after an incomplete restore.
        for serial in 1..=9 {
            crate::build::book(&*hotel.store, &TestBooking::new(serial)).await;
        }
        let tracked = hotel.book("Budi").await;
        assert_eq!(tracked.booking.receipt_no, TestBooking::new(10).receipt_no());
        hotel.close().await;
    });
}

#[test]
fn a_mail_server_that_is_unavailable_for_a_while_delays_only_the_mail() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let away = || DeliveryError::Transient { reason: refused("451 later"), retry_after: None };
        hotel.mailbox.refuse([away(), away(), away()]);
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        for _ in 0..20 {
            hotel.nothing_more().await;
            hotel.pass(TimeDelta::seconds(2)).await;
        }
        until(|| (hotel.mailbox.kinds() == [Action::Booked]).then_some(())).await;
        let undelivered = hotel.store.undelivered(&[tracked.booking.receipt_no]).await.unwrap();
        assert!(undelivered.is_empty());
        hotel.close().await;
    });
}

#[test]
fn a_mail_that_is_refused_for_good_is_shown_to_the_front_office() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        hotel.mailbox.refuse([DeliveryError::Permanent(refused("550 no such mailbox"))]);
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        let receipt_nos = [tracked.booking.receipt_no];
        let given_up = loop {
            let given_up = hotel.store.undelivered(&receipt_nos).await.unwrap();
            if !given_up.is_empty() {
                break given_up;
            }
        };
        assert_eq!(given_up[0].reason, refused("550 no such mailbox"));
        assert!(hotel.mailbox.kinds().is_empty());
        hotel.close().await;
    });
}

#[test]
fn a_notification_of_a_process_that_died_is_sent_by_the_next_one_once() {
    with_paused_clock(|| async {
        let setup = HotelSetup::new();
        let mut hotel = setup.open().await;
        let away = || DeliveryError::Transient { reason: refused("451 later"), retry_after: None };
        hotel.mailbox.refuse([away()]);
        hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.nothing_more().await;
        assert!(hotel.mailbox.kinds().is_empty());
        hotel.lose_power();

        let hotel = setup.open().await;
        until(|| (hotel.mailbox.kinds() == [Action::Booked]).then_some(())).await;
        hotel.close().await;
    });
}

#[test]
fn a_reminder_that_would_come_after_its_deadline_is_dropped_and_not_sent_late() {
    with_paused_clock(|| async {
        let setup = HotelSetup::new();
        let mut hotel = setup.open().await;
        hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        until(|| (hotel.mailbox.kinds().len() == 1).then_some(())).await;
        let away = || DeliveryError::Transient { reason: refused("451 later"), retry_after: None };
        hotel.mailbox.refuse(std::iter::repeat_with(away).take(3));
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.nothing_more().await;
        hotel.lose_power();
        tokio::time::advance(std::time::Duration::from_hours(1)).await;

        let hotel = setup.open().await;
        until(|| (!hotel.mailbox.kinds().is_empty()).then_some(())).await;
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hotel.mailbox.kinds(), [Action::Expired]);
        hotel.close().await;
    });
}

#[test]
fn a_reminder_that_is_overtaken_by_an_extension_is_not_sent_after_it() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        until(|| (hotel.mailbox.kinds().len() == 1).then_some(())).await;
        let away = DeliveryError::Transient { reason: refused("451 later"), retry_after: None };
        hotel.mailbox.refuse([away]);
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.nothing_more().await;
        let extend = Command::Extend { by: staff("Sari"), minutes: 60 };
        hotel.service.apply(tracked.booking.receipt_no, extend).await.unwrap();
        hotel.next(Action::Extended).await;
        until(|| (hotel.mailbox.kinds().len() == 2).then_some(())).await;
        hotel.pass(TimeDelta::seconds(2)).await;
        let given_up = loop {
            let given_up = hotel.store.undelivered(&[tracked.booking.receipt_no]).await.unwrap();
            if !given_up.is_empty() {
                break given_up;
            }
        };
        assert_eq!(given_up[0].reason, FailureCode::Overtaken.into());
        assert_eq!(hotel.mailbox.kinds(), [Action::Booked, Action::Extended]);
        hotel.close().await;
    });
}

#[test]
fn a_reminder_that_cannot_be_sent_is_given_up_at_its_deadline_and_not_at_some_later_try() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let tracked = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        until(|| (hotel.mailbox.kinds().len() == 1).then_some(())).await;
        let away = || DeliveryError::Transient { reason: refused("451 later"), retry_after: None };
        hotel.mailbox.refuse(std::iter::repeat_with(away).take(100));
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        let receipt_nos = [tracked.booking.receipt_no];
        for _ in 0..14 {
            hotel.nothing_more().await;
            hotel.pass(minutes(1)).await;
        }
        hotel.nothing_more().await;
        assert!(hotel.store.undelivered(&receipt_nos).await.unwrap().is_empty());
        hotel.pass(minutes(1)).await;
        hotel.next(Action::Expired).await;
        hotel.nothing_more().await;
        let given_up = hotel.store.undelivered(&receipt_nos).await.unwrap();
        assert_eq!(given_up[0].reason, FailureCode::TooLate.into());
        hotel.lose_power();
    });
}
