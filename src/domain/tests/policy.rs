//! Hotel days, dates that can be booked, prices, and zones with daylight saving.

use super::build::{Input, at, book, change, date, decide, moment, new_booking, policy, time};
use crate::domain::{
    AdvanceHold, Field, HotelPolicy, InputError, Policy, Refusal, RoomCode, Rupiah,
};

fn refused(policy: &Policy, check_in: &str, nights: u32, now: &str) -> Option<(Field, InputError)> {
    let command = Input::Book(new_booking(date(check_in), nights));
    match decide(None, command, moment(now), policy) {
        Ok(_) => None,
        Err(Refusal::InvalidInput { field, error }) => Some((field, error)),
        Err(other) => panic!("{other:?}"),
    }
}

fn ahead(days: u32, hold: AdvanceHold) -> Policy {
    let mut policy = policy();
    policy.booking.advance_days = days;
    policy.booking.advance_hold = hold;
    policy
}

#[test]
fn a_hotel_day_starts_at_six() {
    let hotel = policy().hotel;
    for (now, day) in [
        ("2026-01-04T05:59:59.999+07:00", "2026-01-03"),
        ("2026-01-04T06:00:00+07:00", "2026-01-04"),
        ("2026-01-05T00:30:00+07:00", "2026-01-04"),
        ("2026-01-05T05:59:00+07:00", "2026-01-04"),
        ("2026-01-01T02:00:00+07:00", "2025-12-31"),
        ("2026-03-01T02:00:00+07:00", "2026-02-28"),
    ] {
        assert_eq!(hotel.day_of(moment(now)), date(day), "{now}");
    }
}

#[test]
fn the_last_whole_day_ended_before_the_one_that_runs() {
    let hotel = policy().hotel;
    for (now, day) in
        [("2026-01-05T06:15:00+07:00", "2026-01-04"), ("2026-01-05T05:00:00+07:00", "2026-01-03")]
    {
        assert_eq!(hotel.last_whole_day(moment(now)), date(day), "{now}");
    }
}

#[test]
fn a_guest_after_midnight_books_tonight() {
    let now = "2026-01-05T00:30:00+07:00";
    assert_eq!(refused(&policy(), "2026-01-04", 1, now), None);
    let last = date("2026-01-04");
    let too_far = Some((Field::CheckIn, InputError::TooFarAhead { last }));
    assert_eq!(refused(&policy(), "2026-01-05", 1, now), too_far);
}

#[test]
fn dates_run_from_today_to_the_last_that_can_be_booked() {
    let now = "2026-01-04T17:00:00+07:00";
    let policy = ahead(3, AdvanceHold::UntilRelease);
    let last = date("2026-01-07");
    for (check_in, expected) in [
        ("2026-01-03", Some(InputError::InThePast)),
        ("2026-01-04", None),
        ("2026-01-07", None),
        ("2026-01-08", Some(InputError::TooFarAhead { last })),
        ("9999-12-31", Some(InputError::TooFarAhead { last })),
    ] {
        let expected = expected.map(|error| (Field::CheckIn, error));
        assert_eq!(refused(&policy, check_in, 1, now), expected, "{check_in}");
    }
}

#[test]
fn nights_are_one_to_the_most() {
    let range = InputError::OutOfRange { least: 1, most: 30 };
    for (nights, is_fine) in [(0, false), (1, true), (30, true), (31, false), (u32::MAX, false)] {
        let expected = (!is_fine).then_some((Field::Nights, range));
        let now = "2026-01-04T17:00:00+07:00";
        assert_eq!(refused(&policy(), "2026-01-04", nights, now), expected, "{nights}");
    }
}

#[test]
fn an_unknown_room_type_is_refused() {
    let mut new = new_booking(date("2026-01-04"), 1);
    new.room = RoomCode::parse("std").unwrap();
    let answer = decide(None, Input::Book(new), at(0), &policy());
    let error = InputError::Unknown;
    assert_eq!(answer, Err(Refusal::InvalidInput { field: Field::RoomType, error }));
}

#[test]
fn the_price_is_that_of_a_night_times_the_nights() {
    for (price, nights, sum) in [(350_000, 1, 350_000), (350_001, 3, 1_050_003), (1, 30, 30)] {
        let mut policy = policy();
        policy.rooms[0].price = Rupiah(price);
        let command = Input::Book(new_booking(date("2026-01-04"), nights));
        let stay = change(None, command, at(0), &policy).booking.stay;
        assert_eq!((stay.price, stay.room.price), (Rupiah(sum), Rupiah(price)));
        assert_eq!(stay.each_night().count(), usize::try_from(nights).unwrap());
    }
    assert_eq!(Rupiah::MAX.for_nights(1), Some(Rupiah::MAX));
    assert_eq!(Rupiah::MAX.for_nights(2), None);
    assert_eq!(Rupiah(u64::MAX).for_nights(2), None);
}

#[test]
fn nights_follow_each_other_over_the_end_of_a_month() {
    let mut policy = ahead(400, AdvanceHold::Duration);
    policy.booking.max_nights = 3;
    let command = Input::Book(new_booking(date("2026-02-27"), 3));
    let stay = change(None, command, at(0), &policy).booking.stay;
    let nights: Vec<_> = stay.each_night().collect();
    assert_eq!(nights, ["2026-02-27", "2026-02-28", "2026-03-01"].map(date));
}

#[test]
fn a_booking_for_later_is_held_until_its_release() {
    let policy = ahead(30, AdvanceHold::UntilRelease);
    for (check_in, now, until) in [
        // For tonight: two hours, also after the release.
        ("2026-01-04", "2026-01-04T10:00:00+07:00", "2026-01-04T12:00:00+07:00"),
        ("2026-01-04", "2026-01-04T19:00:00+07:00", "2026-01-04T21:00:00+07:00"),
        // For a later date: 18:00 on that day.
        ("2026-01-05", "2026-01-04T10:00:00+07:00", "2026-01-05T18:00:00+07:00"),
        ("2026-01-20", "2026-01-04T10:00:00+07:00", "2026-01-20T18:00:00+07:00"),
    ] {
        assert_eq!(policy.hold_end(date(check_in), moment(now)), moment(until), "{check_in} {now}");
    }
    let plain = ahead(30, AdvanceHold::Duration);
    let now = moment("2026-01-04T10:00:00+07:00");
    assert_eq!(plain.hold_end(date("2026-01-20"), now), moment("2026-01-04T12:00:00+07:00"));
}

#[test]
fn a_release_never_shortens_the_plain_hold() {
    let mut policy = ahead(30, AdvanceHold::UntilRelease);
    policy.booking.release_at = time("06:30:00");
    // Booked at 05:15 for the hotel day that starts at 06:00.
    let now = moment("2026-01-05T05:15:00+07:00");
    let until = policy.hold_end(date("2026-01-05"), now);
    assert_eq!(until, moment("2026-01-05T07:15:00+07:00"));
}

#[test]
fn a_time_before_the_start_of_the_day_belongs_to_its_night() {
    let hotel = policy().hotel;
    for (clock, instant) in [
        ("18:00:00", "2026-01-04T18:00:00+07:00"),
        ("06:00:00", "2026-01-04T06:00:00+07:00"),
        ("02:00:00", "2026-01-05T02:00:00+07:00"),
    ] {
        let found = hotel.instant_of(date("2026-01-04"), time(clock));
        assert_eq!(found, moment(instant));
        assert_eq!(hotel.day_of(found), date("2026-01-04"));
    }
}

#[test]
fn a_time_that_the_zone_skips_or_repeats_is_still_one_instant() {
    let new_york = HotelPolicy {
        timezone: chrono_tz::America::New_York,
        day_starts_at: time("00:00:00"),
        ..policy().hotel
    };
    for (day, clock, instant) in [
        // Skipped on 8 March 2026: one hour later.
        ("2026-03-08", "02:30:00", "2026-03-08T07:30:00Z"),
        ("2026-03-08", "01:59:59", "2026-03-08T06:59:59Z"),
        ("2026-03-08", "03:00:00", "2026-03-08T07:00:00Z"),
        // Twice on 1 November 2026: the first time.
        ("2026-11-01", "01:30:00", "2026-11-01T05:30:00Z"),
        ("2026-11-01", "02:30:00", "2026-11-01T07:30:00Z"),
    ] {
        let found = new_york.instant_of(date(day), time(clock));
        assert_eq!(found, moment(instant), "{day} {clock}");
    }
}

#[test]
fn a_booking_keeps_the_name_and_price_of_its_day() {
    let mut policy = policy();
    let booking = change(None, book(), at(0), &policy).booking;
    policy.rooms.clear();
    let tracked = crate::domain::TrackedBooking { booking, track: crate::domain::Track::default() };
    let paid = change(Some(&tracked), super::build::pay(), at(1), &policy).booking;
    assert_eq!((paid.stay.room.name.as_str(), paid.stay.price.0), ("Standard", 350_000));
}
