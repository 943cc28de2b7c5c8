//! Rules that no sequence of commands can break, however time passes.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::build::{
    Decision, Input, arrive, at, cancel, decide, extend, fix, new_booking, pay, policy,
};
use crate::domain::{
    Actor, Change, Command, Event, FailureCode, HoldPolicy, Moment, Notification, Policy,
    QrisOutcome, QrisPolicy, QrisProgress, Recipient, Revision, Rupiah, Status, Track,
    TrackedBooking,
};

/// Failing cases are not stored in files; each becomes a test of its own.
pub fn config() -> ProptestConfig {
    ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() }
}

/// How much time passes before a command.
#[derive(Debug, Clone, Copy)]
enum Move {
    By(i64),
    /// Until so many milliseconds after the wake time.
    ToWake(i64),
    ToEnd(i64),
}

#[derive(Debug, Clone, Copy)]
enum Ask {
    Wake,
    Report(f64, i64),
    Arrive,
    Pay,
    Cancel,
    CancelByGuest,
    Extend(u32),
    SendQris,
    /// Whether the guest is at the desk.
    Revive(bool),
    Reopen,
    /// For the change so many revisions back; whether the code was delivered.
    RecordQris(u32, bool),
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        2 => (0_i64..40 * 60_000).prop_map(Move::By),
        1 => (0_i64..10 * 3_600_000).prop_map(Move::By),
        4 => (-2_i64..120_000).prop_map(Move::ToWake),
        3 => (-2_i64..=2).prop_map(Move::ToWake),
        2 => (-2_i64..120_000).prop_map(Move::ToEnd),
    ]
}

fn asks() -> impl Strategy<Value = Ask> {
    prop_oneof![
        10 => Just(Ask::Wake),
        4 => (0.0..0.3_f64, 0_i64..30 * 60_000).prop_map(|(north, age)| Ask::Report(north, age)),
        2 => Just(Ask::Arrive),
        1 => Just(Ask::Pay),
        1 => Just(Ask::Cancel),
        1 => Just(Ask::CancelByGuest),
        3 => (0_u32..=245).prop_map(Ask::Extend),
        3 => Just(Ask::SendQris),
        2 => any::<bool>().prop_map(Ask::Revive),
        1 => Just(Ask::Reopen),
        4 => (0_u32..4, any::<bool>()).prop_map(|(back, is_sent)| Ask::RecordQris(back, is_sent)),
    ]
}

fn policies() -> impl Strategy<Value = Policy> {
    let qris = prop_oneof![
        Just(None),
        Just(Some(QrisPolicy::OnArrival)),
        Just(Some(QrisPolicy::OnBooking))
    ];
    (5_i64..300, 1_i64..200, 2_i64..60, 0_u32..4, 2_i64..60, any::<bool>(), qris).prop_map(
        |(duration, remind, extend, max_extensions, window, front_office_chat, qris)| Policy {
            hold: HoldPolicy {
                duration: TimeDelta::minutes(duration),
                remind_before: TimeDelta::minutes(remind),
                extend_by: TimeDelta::minutes(extend),
                max_extensions,
                payment_window: TimeDelta::minutes(window),
            },
            front_office_chat,
            qris,
            ..policy()
        },
    )
}

fn input(ask: Ask, now: Moment, revision: Revision) -> Input {
    let command = match ask {
        Ask::Wake => return Input::Wake,
        Ask::Report(north, age) => {
            return Input::Report(fix(north, now - TimeDelta::milliseconds(age)));
        }
        Ask::Arrive => return arrive(),
        Ask::Pay => return pay(),
        Ask::Cancel => return cancel(),
        Ask::CancelByGuest => Command::CancelByGuest,
        Ask::Extend(minutes) => return extend(minutes),
        Ask::SendQris => Command::SendQris { by: super::build::sari() },
        Ask::Revive(is_arrived) => Command::Revive { by: super::build::sari(), is_arrived },
        Ask::Reopen => {
            Command::Reopen { by: super::build::sari(), reason: "salah tamu".to_owned() }
        }
        Ask::RecordQris(back, is_sent) => Command::RecordQris {
            owed_by: Revision(revision.0.saturating_sub(back).max(1)),
            outcome: if is_sent {
                QrisOutcome::Delivered
            } else {
                QrisOutcome::GivenUp(FailureCode::MailServerReply.into())
            },
        },
    };
    command.into()
}

/// One booking that gets random inputs, with the checks of every result.
struct Run {
    policy: Policy,
    tracked: TrackedBooking,
    now: Moment,
    price: Rupiah,
    reminded: BTreeSet<Moment>,
}

impl Run {
    fn new(mut policy: Policy, price: u64, nights: u32) -> Self {
        policy.rooms[0].price = Rupiah(price);
        let new = new_booking(super::build::date("2026-01-04"), nights);
        let booking = super::build::change(None, Input::Book(new), at(0), &policy).booking;
        let tracked = TrackedBooking { booking, track: Track::default() };
        let price = Rupiah(price * u64::from(nights));
        Self { policy, tracked, now: at(0), price, reminded: BTreeSet::new() }
    }

    fn ask(&mut self, step: Move, ask: Ask) {
        let hold = self.tracked.booking.hold;
        let ms = TimeDelta::milliseconds;
        let then = match step {
            Move::By(by) => self.now + ms(by),
            Move::ToWake(after) => hold.wake_at() + ms(after),
            Move::ToEnd(after) => hold.until + ms(after),
        };
        self.now = self.now.max(then);
        let is_early = self.tracked.booking.wake_at().is_none_or(|at| self.now < at);
        let answer = decide(
            Some(&self.tracked),
            input(ask, self.now, self.tracked.booking.revision),
            self.now,
            &self.policy,
        );
        if is_early && matches!(ask, Ask::Wake) {
            assert_eq!(answer, Ok(Decision::Unchanged), "a wake before its instant");
        }
        match answer {
            Ok(Decision::Step(step)) => self.check(&step.change, ask),
            Ok(Decision::Track(track)) => {
                assert!(
                    self.tracked.booking.is_pending() && self.tracked.booking.arrived_at.is_none()
                );
                self.tracked.track = track;
            }
            Ok(Decision::Unchanged) | Err(_) => {}
        }
    }

    fn check(&mut self, change: &Change, ask: Ask) {
        let (before, after) = (&self.tracked.booking, &change.booking);
        assert_eq!(after.revision, before.revision.next(), "one step, one revision");
        assert_eq!(change.at, self.now, "the time of the decision");
        assert_eq!((&after.stay, after.stay.price), (&before.stay, self.price), "the exact price");
        assert_eq!(
            (&after.guest, after.receipt_no, after.booked_at),
            (&before.guest, before.receipt_no, before.booked_at)
        );
        match (&before.status, ask) {
            (Status::Cancelled { .. }, Ask::Revive(is_arrived)) => {
                assert_eq!((&change.event, after.is_pending()), (&Event::Revived, true));
                assert_eq!((after.arrived_at.is_some(), after.hold.extensions), (is_arrived, 0));
                assert!(after.hold.until > self.now);
            }
            (Status::Cancelled { .. }, _) => panic!("a cancelled booking moved: {change:?}"),
            (Status::Paid { .. }, Ask::Reopen) => {
                assert!(after.is_pending() && after.arrived_at.is_some(), "{change:?}");
                assert_eq!(after.qris, before.qris, "no code is sent");
            }
            (Status::Paid { .. }, _) => {
                assert_eq!(after.status, before.status, "paid stays paid");
                assert_eq!(change.event, Event::Arrived);
            }
            (Status::Pending, _) => {}
        }
        let is_revived = change.event == Event::Revived;
        assert!(is_revived || after.hold.until >= before.hold.until, "a deadline never goes back");
        if matches!(after.status, Status::Paid { .. }) && before.is_pending() {
            assert!(matches!((ask, &change.actor), (Ask::Pay, Actor::Staff(_))), "{change:?}");
        }
        let is_qris = matches!(
            change.event,
            Event::QrisRequested | Event::QrisSent | Event::QrisFailed { .. }
        );
        if is_qris {
            assert_eq!((&after.status, after.hold), (&before.status, before.hold), "{change:?}");
            assert_eq!((after.arrived_at, before.is_pending()), (before.arrived_at, true));
        } else {
            assert_eq!(after.qris_sent_at, before.qris_sent_at, "nothing else changes it");
        }
        let carries = |notification: &&Notification| notification.with_qris;
        let owes_code = after.qris == QrisProgress::Sending(after.revision);
        assert_eq!(change.notifications.iter().filter(carries).count(), usize::from(owes_code));
        assert!(change.notifications.iter().filter(carries).all(|n| n.to == Recipient::Guest));
        assert!(!owes_code || (after.is_pending() && self.policy.qris.is_some()));
        if change.actor == Actor::Clock && !is_qris {
            self.check_clock(change);
        }
        let recipients: BTreeSet<_> =
            change.notifications.iter().map(|notification| notification.to).collect();
        assert_eq!(recipients.len(), change.notifications.len(), "one for each recipient");
        self.tracked.booking = after.clone();
        if !after.is_pending() {
            self.tracked.track = Track::default();
        }
    }

    fn check_clock(&mut self, change: &Change) {
        let before = &self.tracked.booking;
        assert!(before.wake_at().is_some_and(|at| at <= self.now));
        if let Some(wake_at) = change.booking.wake_at() {
            assert!(wake_at > self.now, "the clock is not needed again at once");
        }
        match &change.event {
            Event::Reminded { .. } => {
                assert!(self.now < before.hold.until && before.arrived_at.is_none());
                assert!(self.reminded.insert(before.hold.until), "two reminders of one deadline");
            }
            Event::Expired { .. } => {
                assert_eq!(before.arrived_at, None, "the clock cancels nobody at the desk");
                assert!(self.now >= before.hold.until);
            }
            Event::ExtendedByClock { .. } => {
                assert!(change.booking.hold.extensions <= self.policy.hold.max_extensions);
                assert!(self.now >= before.hold.until && before.arrived_at.is_none());
            }
            Event::PaymentAsked => assert!(before.arrived_at.is_some()),
            other => panic!("the clock did {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_sequence_of_commands_breaks_a_rule(
        policy in policies(),
        price in 1_u64..10_000_000,
        nights in 1_u32..=30,
        steps in prop::collection::vec((moves(), asks()), 1..60),
    ) {
        let mut run = Run::new(policy, price, nights);
        for (step, ask) in steps {
            run.ask(step, ask);
        }
    }

    #[test]
    fn a_clock_that_comes_whenever_it_is_needed_ends_every_hold_in_time(
        policy in policies(),
        late in 0_i64..50,
    ) {
        let mut run = Run::new(policy, 1, 1);
        for _ in 0..64 {
            run.ask(Move::ToWake(late), Ask::Wake);
        }
        prop_assert!(!run.tracked.booking.takes_room(), "nobody came, and the room is free");
        prop_assert!(run.now <= at(0) + run.policy.hold.duration + TimeDelta::milliseconds(late + 50));
    }
}
