//! Rooms and allotments: no room is sold twice.

use jatah::domain::Allotment;
use jatah::domain::Command;
use jatah::store::{AllotmentTooLow, CommitOutcome, RoomNight};

use super::{SharedStore, assert_claims_are_the_live_bookings, taken};
use crate::build::{
    Input, TestBooking, apply, book, cancel, day, minute, pay, put, room, set_allotment, staff,
    today, too_many,
};

pub async fn a_cancelled_booking_frees_exactly_what_it_took(store: SharedStore) {
    let long = book(&*store, &TestBooking::new(1).staying(day(5), 3)).await;
    book(&*store, &TestBooking::new(2).staying(day(6), 1)).await;
    book(&*store, &TestBooking::new(3).of("SUITE").staying(day(6), 1)).await;
    apply(&*store, long.booking.receipt_no, cancel(), minute(1)).await;
    assert_eq!(
        [taken(&*store, "STD", 5).await, taken(&*store, "STD", 6).await],
        [0, 1],
        "the other guest keeps theirs"
    );
    assert_eq!(taken(&*store, "SUITE", 6).await, 1);
    assert_claims_are_the_live_bookings(&*store).await;
    // The same if the guest cancels, and if the hold expires.
    let guests = book(&*store, &TestBooking::new(4)).await;
    apply(&*store, guests.booking.receipt_no, Command::CancelByGuest, minute(1)).await;
    let clocks = book(&*store, &TestBooking::new(5)).await;
    apply(&*store, clocks.booking.receipt_no, Input::Wake, clocks.booking.hold.until).await;
    assert_eq!(taken(&*store, "STD", 4).await, 0);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_paid_booking_keeps_its_rooms_and_gives_its_limit_back_once(store: SharedStore) {
    let test_booking = |serial| TestBooking::new(serial).limited("one guest", 2);
    let paid = book(&*store, &test_booking(1)).await.booking.receipt_no;
    book(&*store, &test_booking(2)).await;
    assert_eq!(put(&*store, test_booking(3).commit()).await, too_many("one guest", 2));
    apply(&*store, paid, pay(), minute(1)).await;
    assert_eq!(taken(&*store, "STD", 4).await, 2);
    // A step after the payment does not free the limit a second time.
    apply(&*store, paid, Command::Arrive { by: staff("Sari") }, minute(2)).await;
    assert_eq!(put(&*store, test_booking(3).commit()).await, CommitOutcome::Done);
    assert_eq!(put(&*store, test_booking(4).commit()).await, too_many("one guest", 2));
    assert_eq!(taken(&*store, "STD", 4).await, 3);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_stay_takes_all_its_nights_or_none(store: SharedStore) {
    book(&*store, &TestBooking::new(1).of("SUITE").staying(day(7), 1)).await;
    let over_it = TestBooking::new(2).of("SUITE").staying(day(5), 4);
    assert_eq!(put(&*store, over_it.commit()).await, CommitOutcome::SoldOut(day(7)));
    for (on, expected) in [(5, 0), (6, 0), (7, 1), (8, 0)] {
        assert_eq!(taken(&*store, "SUITE", on).await, expected, "night {on}");
    }
    let before_it = TestBooking::new(3).of("SUITE").staying(day(5), 2);
    assert_eq!(put(&*store, before_it.commit()).await, CommitOutcome::Done);
    let after_it = TestBooking::new(4).of("SUITE").staying(day(8), 2);
    assert_eq!(put(&*store, after_it.commit()).await, CommitOutcome::Done);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn an_allotment_beats_the_configured_number(store: SharedStore) {
    let suite = room("SUITE");
    assert_eq!(set_allotment(&*store, &suite, Allotment::of_night(day(5), 2)).await, Ok(()));
    assert_eq!(set_allotment(&*store, &suite, Allotment::of_night(day(6), 0)).await, Ok(()));
    let test_booking = |serial| TestBooking::new(serial).of("SUITE").staying(day(5), 1);
    for serial in [1, 2] {
        assert_eq!(put(&*store, test_booking(serial).commit()).await, CommitOutcome::Done);
    }
    assert_eq!(put(&*store, test_booking(3).commit()).await, CommitOutcome::SoldOut(day(5)));
    let closed = TestBooking::new(4).of("SUITE").staying(day(6), 1);
    assert_eq!(put(&*store, closed.commit()).await, CommitOutcome::SoldOut(day(6)));
    assert_eq!(put(&*store, test_booking(5).of("STD").commit()).await, CommitOutcome::Done);
    // The allotment can be raised by one, and then one more room can be sold.
    assert_eq!(set_allotment(&*store, &suite, Allotment::of_night(day(5), 3)).await, Ok(()));
    assert_eq!(put(&*store, test_booking(3).commit()).await, CommitOutcome::Done);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn an_allotment_below_what_is_sold_is_refused_with_the_number(store: SharedStore) {
    for serial in 1..=3 {
        book(&*store, &TestBooking::new(serial)).await;
    }
    apply(&*store, TestBooking::new(1).receipt_no(), pay(), minute(1)).await;
    let standard = room("STD");
    let refused = set_allotment(&*store, &standard, Allotment::of_night(today(), 2)).await;
    assert_eq!(refused, Err(AllotmentTooLow { night: today(), sold: 3 }));
    assert_eq!(put(&*store, TestBooking::new(4).commit()).await, CommitOutcome::Done);
    assert_eq!(set_allotment(&*store, &standard, Allotment::of_night(today(), 4)).await, Ok(()));
    assert_eq!(put(&*store, TestBooking::new(5).commit()).await, CommitOutcome::SoldOut(today()));
}

pub async fn an_allotment_is_set_on_all_of_its_nights_or_on_none(store: SharedStore) {
    let suite = room("SUITE");
    book(&*store, &TestBooking::new(1).of("SUITE").staying(day(6), 1)).await;
    let set = async |from: u32, through: u32, rooms: u32| {
        let (from, through) = (day(from), day(through));
        let allotment = Allotment { from, through, rooms: Some(rooms), is_closed: None };
        set_allotment(&*store, &suite, allotment).await
    };
    assert_eq!(set(5, 8, 0).await, Err(AllotmentTooLow { night: day(6), sold: 1 }));
    let known = store.nights(day(4), 10).await.unwrap();
    assert_eq!(known.len(), 1, "nothing was set: {known:?}");
    assert_eq!(set(5, 8, 2).await, Ok(()));
    let known = store.nights(day(4), 10).await.unwrap();
    let found: Vec<_> = known.iter().map(|night| (night.night, night.allotment)).collect();
    assert_eq!(found, [5, 6, 7, 8].map(|night| (day(night), Some(2))));
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_closed_type_sells_nothing_more_even_when_a_room_is_freed(store: SharedStore) {
    let suite = room("SUITE");
    let closed = |is_closed| Allotment {
        from: day(5),
        through: day(6),
        rooms: None,
        is_closed: Some(is_closed),
    };
    let test_booking = |serial| TestBooking::new(serial).of("SUITE").staying(day(5), 1);
    book(&*store, &test_booking(1)).await;
    assert_eq!(set_allotment(&*store, &suite, closed(true)).await, Ok(()));
    apply(&*store, test_booking(1).receipt_no(), cancel(), minute(1)).await;
    assert_eq!(put(&*store, test_booking(2).commit()).await, CommitOutcome::SoldOut(day(5)));
    // A number of rooms alone does not open it.
    assert_eq!(set_allotment(&*store, &suite, Allotment::of_night(day(5), 5)).await, Ok(()));
    assert_eq!(put(&*store, test_booking(2).commit()).await, CommitOutcome::SoldOut(day(5)));
    let known = store.nights(day(5), 2).await.unwrap();
    let found: Vec<_> = known.iter().map(|night| (night.allotment, night.is_closed)).collect();
    assert_eq!(found, [(Some(5), true), (None, true)]);
    assert_eq!(set_allotment(&*store, &suite, closed(false)).await, Ok(()));
    assert_eq!(put(&*store, test_booking(2).commit()).await, CommitOutcome::Done);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn an_allotment_can_be_set_for_a_night_without_bookings(store: SharedStore) {
    assert_eq!(store.nights(day(4), 20).await.unwrap(), []);
    let hall = room("HALL");
    assert_eq!(set_allotment(&*store, &hall, Allotment::of_night(day(9), 7)).await, Ok(()));
    assert_eq!(set_allotment(&*store, &hall, Allotment::of_night(day(9), 8)).await, Ok(()));
    let known = RoomNight {
        room: hall,
        night: day(9),
        taken: 0,
        allotment: Some(8),
        is_closed: false,
        line: 0,
    };
    assert_eq!(store.nights(day(4), 20).await.unwrap(), std::slice::from_ref(&known));
    assert_eq!(store.nights(day(9), 1).await.unwrap(), [known]);
    assert_eq!(store.nights(day(4), 5).await.unwrap(), []);
    assert_eq!(store.nights(day(10), 5).await.unwrap(), []);
}
