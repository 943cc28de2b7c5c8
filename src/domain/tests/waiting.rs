//! Offers of the waiting list: who gets one, and what can be done with it.

use chrono::TimeDelta;

use super::build::{
    Input, arrive, at, cancel, change, date, decide, extend, fix, new_booking, pay, policy, sari,
};
use crate::domain::{
    self, Action, Amendment, Command, Event, NotAllowed, Policy, QrisPolicy, QrisProgress,
    Recipient, Refusal, RoomCode, RoomType, RoomsLeft, Rupiah, Status, TokenHash, Track,
    TrackedBooking, WaitingGuest, WaitingState, Wish, WishedRoom, waiting,
};

fn code(text: &str) -> RoomCode {
    RoomCode::parse(text).unwrap()
}

/// A hotel with a second, cheaper room type.
fn two_types() -> Policy {
    let mut policy = policy();
    let (name, price) = ("Economy".to_owned(), Rupiah(200_000));
    policy.rooms.push(RoomType { code: code("ECO"), name, rooms: 10, price });
    policy.booking.advance_days = 10;
    policy
}

fn waiting_guest(number: u8, room: WishedRoom, check_in: &str, nights: u32) -> WaitingGuest {
    WaitingGuest {
        ticket: TokenHash([number; 32]),
        guest: new_booking(date("2026-01-04"), 1).guest,
        wish: Wish { room, check_in: date(check_in), nights },
        since: at(number.into()),
        state: WaitingState::Waiting,
        limit_key: format!("guest {number}"),
        address_key: None,
    }
}

fn any(at_most: Option<u64>) -> WishedRoom {
    WishedRoom::Any { at_most: at_most.map(Rupiah) }
}

fn left(rooms: &[(&str, &str, u32)]) -> RoomsLeft {
    let mut left = RoomsLeft::default();
    for (room, night, count) in rooms {
        left.set(code(room), date(night), *count);
    }
    left
}

/// The tickets that are offered a room, each with the room's code.
fn offered(line: &[WaitingGuest], rooms: RoomsLeft, policy: &Policy) -> Vec<(u8, String)> {
    let given = waiting::offers(line, rooms, at(60), policy);
    given.into_iter().map(|(guest, room)| (guest.ticket.0[0], room.to_string())).collect()
}

#[test]
fn the_first_in_line_gets_the_cheapest_room_that_will_do() {
    let policy = two_types();
    let night = "2026-01-04";
    let line = [
        waiting_guest(1, any(None), night, 1),
        waiting_guest(2, WishedRoom::OfType(code("ECO")), night, 1),
        waiting_guest(3, any(Some(200_000)), night, 1),
        waiting_guest(4, any(None), night, 1),
    ];
    let rooms = || left(&[("STD", night, 1), ("ECO", night, 1)]);
    let expected = [(1, "ECO".to_owned()), (4, "STD".to_owned())];
    assert_eq!(offered(&line, rooms(), &policy), expected);
    assert_eq!(offered(&line[1..], rooms(), &policy)[0], (2, "ECO".to_owned()));
    assert_eq!(offered(&line, left(&[]), &policy), []);
}

#[test]
fn a_stay_is_offered_as_a_whole_or_not_at_all() {
    let policy = two_types();
    let line = [
        waiting_guest(1, any(None), "2026-01-04", 2),
        waiting_guest(2, any(None), "2026-01-05", 1),
    ];
    let one_night = left(&[("STD", "2026-01-05", 1)]);
    assert_eq!(offered(&line, one_night, &policy), [(2, "STD".to_owned())]);
    let split = left(&[("STD", "2026-01-04", 1), ("ECO", "2026-01-05", 1)]);
    assert_eq!(offered(&line, split, &policy), [(2, "ECO".to_owned())]);
    let both = left(&[("STD", "2026-01-04", 1), ("STD", "2026-01-05", 1)]);
    assert_eq!(offered(&line, both, &policy), [(1, "STD".to_owned())]);
}

#[test]
fn nobody_is_offered_a_room_twice_or_after_the_day_of_check_in() {
    let policy = two_types();
    let was_offered = WaitingGuest {
        state: WaitingState::Offered(new_booking(date("2026-01-04"), 1).receipt_no),
        ..waiting_guest(1, any(None), "2026-01-04", 1)
    };
    let line = [was_offered, waiting_guest(2, any(None), "2026-01-03", 2)];
    let rooms = left(&[("STD", "2026-01-03", 1), ("STD", "2026-01-04", 2)]);
    assert_eq!(offered(&line, rooms, &policy), []);
}

#[test]
fn a_stay_that_the_hotel_no_longer_offers_is_in_nobodys_way() {
    let mut policy = two_types();
    (policy.booking.advance_days, policy.booking.max_nights) = (1, 2);
    let line = [
        waiting_guest(1, any(None), "2026-01-04", 3),
        waiting_guest(2, any(None), "2026-01-06", 1),
        waiting_guest(3, any(None), "2026-01-04", 1),
    ];
    let nights = ["2026-01-04", "2026-01-05", "2026-01-06"].map(|night| ("STD", night, 1));
    assert_eq!(offered(&line, left(&nights), &policy), [(3, "STD".to_owned())]);
}

/// An offer made at minute 0.
fn an_offer(policy: &Policy) -> TrackedBooking {
    let step = domain::offer(new_booking(date("2026-01-04"), 1), at(0), policy).unwrap();
    assert_eq!(step.change.event.action(), Action::Offered);
    TrackedBooking { booking: step.change.booking, track: Track::default() }
}

#[test]
fn an_offer_is_held_for_its_window_and_only_the_guest_is_told() {
    let mut policy = policy();
    policy.qris = Some(QrisPolicy::OnBooking);
    let step = domain::offer(new_booking(date("2026-01-04"), 1), at(0), &policy).unwrap();
    let booking = &step.change.booking;
    assert_eq!((booking.hold.until, booking.hold.remind_at), (at(10), None));
    assert_eq!(booking.qris, QrisProgress::None, "a code comes once it is taken");
    let told: Vec<_> = step.change.notifications.iter().map(|one| one.to).collect();
    assert_eq!(told, [Recipient::Guest]);

    let offer = an_offer(&policy);
    for ended in [change(Some(&offer), cancel(), at(1), &policy), {
        change(Some(&offer), Input::Wake, at(10), &policy)
    }] {
        assert!(ended.booking.is_offer && !ended.booking.is_pending());
        let told: Vec<_> = ended.notifications.iter().map(|one| one.to).collect();
        assert_eq!(told, [Recipient::Guest], "{:?}", ended.event);
    }
}

#[test]
fn an_offer_ends_at_its_end_however_near_the_guest_is() {
    let policy = policy();
    let mut offer = an_offer(&policy);
    assert_eq!(offer.track.report(fix(0.001, at(5)), &offer.booking), Ok(None));
    offer.track = Track::from_fixes(vec![fix(0.001, at(9))]);
    let ended = change(Some(&offer), Input::Wake, at(10), &policy);
    assert_eq!(ended.event, Event::Expired { verdict: None });
}

#[test]
fn a_taken_offer_is_a_booking_like_any_other() {
    let mut policy = policy();
    policy.qris = Some(QrisPolicy::OnBooking);
    let offer = an_offer(&policy);
    let taken = change(Some(&offer), Command::TakeOffer, at(5), &policy);
    assert_eq!(taken.event, Event::OfferTaken);
    let booking = &taken.booking;
    assert_eq!((booking.is_offer, booking.hold.until), (false, at(125)));
    assert_eq!(booking.hold.remind_at, Some(at(110)));
    assert_eq!(booking.qris, QrisProgress::Sending(booking.revision));
    let told: Vec<_> = taken.notifications.iter().map(|one| one.to).collect();
    assert_eq!(told, [Recipient::Guest, Recipient::FrontOffice]);
}

#[test]
fn arriving_or_paying_makes_an_offer_a_booking() {
    let policy = policy();
    let offer = an_offer(&policy);
    for input in [arrive(), pay()] {
        let after = change(Some(&offer), input, at(5), &policy);
        assert!(!after.booking.is_offer, "{:?}", after.event);
        let tells_desk = after.notifications.iter().any(|one| one.to == Recipient::FrontOffice);
        assert!(tells_desk, "{:?}", after.event);
    }
}

#[test]
fn an_offer_that_ended_is_revived_as_a_booking() {
    let policy = policy();
    let offer = an_offer(&policy);
    let ended = change(Some(&offer), Input::Wake, at(10), &policy).booking;
    assert!(matches!(ended.status, Status::Cancelled { .. }));
    let ended = TrackedBooking { booking: ended, track: Track::default() };
    let revive = Command::Revive { by: sari(), is_arrived: false };
    let revived = change(Some(&ended), revive, at(11), &policy).booking;
    assert_eq!((revived.is_offer, revived.hold.until), (false, at(131)));
}

#[test]
fn an_offer_is_neither_extended_nor_amended_nor_sent_a_code() {
    let mut policy = policy();
    policy.qris = Some(QrisPolicy::OnArrival);
    let offer = an_offer(&policy);
    let amend = Command::Amend { by: sari(), amendment: Amendment::default() };
    for input in [extend(30), amend.into(), Command::SendQris { by: sari() }.into()] {
        let refused = decide(Some(&offer), input, at(1), &policy);
        assert_eq!(refused, Err(Refusal::NotAllowed(NotAllowed::OfferNotTaken)));
    }
    let over = decide(
        Some(&TrackedBooking {
            booking: change(Some(&offer), cancel(), at(1), &policy).booking,
            track: Track::default(),
        }),
        Command::TakeOffer,
        at(2),
        &policy,
    );
    assert!(matches!(over, Err(Refusal::AlreadyCancelled(_))), "{over:?}");
    assert_eq!(policy.booking.offer_window, TimeDelta::minutes(10));
}
