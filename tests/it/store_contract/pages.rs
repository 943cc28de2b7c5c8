//! Pages of bookings: order, filters and search.

use jatah::domain::summary::DayCounter;
use jatah::domain::{Moment, ReceiptNo, Rupiah, TrackedBooking};
use jatah::store::StatusKind::{self, Cancelled, Paid, Pending};
use jatah::store::{Filter, MAX_BATCH, MAX_COUNTED, Page, PageKey, Search, Store};

use super::SharedStore;
use crate::build::{
    TestBooking, apply, arrive, book, cancel, day, fix_north, minute, pay, today, track,
};

async fn page(store: &dyn Store, filter: &Filter, first: usize, after: Option<PageKey>) -> Page {
    store.page(filter, first, after).await.unwrap()
}

fn numbers(page: &Page) -> Vec<ReceiptNo> {
    page.bookings.iter().map(|tracked| tracked.booking.receipt_no).collect()
}

fn expected(serials: &[u32]) -> Vec<ReceiptNo> {
    serials.iter().map(|serial| TestBooking::new(*serial).receipt_no()).collect()
}

pub async fn pages_run_from_the_newest_booking_without_gaps_and_doubles(store: SharedStore) {
    // Three bookings at a time have the same millisecond, and not in the order of their numbers.
    let serials = [7, 2, 9, 1, 5, 3, 8, 4, 6, 10];
    for (index, serial) in (0_i64..).zip(serials) {
        book(&*store, &TestBooking::new(serial).at(minute(index / 3))).await;
    }
    let in_order = expected(&[10, 4, 6, 8, 1, 3, 5, 2, 7, 9]);
    for size in [1, 2, 3, 4, 9, 10, 11] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = page(&*store, &Filter::default(), size, after).await;
            assert_eq!(page.total, 10);
            seen.extend(numbers(&page));
            assert_eq!(page.has_next, seen.len() < 10, "after {} by {size}", seen.len());
            let Some(last) = page.bookings.last().filter(|_| page.has_next) else { break };
            let booking = &last.booking;
            after = Some(PageKey { booked_at: booking.booked_at, receipt_no: booking.receipt_no });
        }
        assert_eq!(seen, in_order, "by {size}");
    }
    let nothing = page(&*store, &Filter::default(), 0, None).await;
    assert_eq!((nothing.bookings.len(), nothing.has_next, nothing.total), (0, true, 10));
}

pub async fn number_1000_of_a_day_comes_after_number_999(store: SharedStore) {
    for serial in [1000, 998, 10_000, 999, 1001] {
        book(&*store, &TestBooking::new(serial)).await;
    }
    let in_order = expected(&[998, 999, 1000, 1001, 10_000]);
    assert_eq!(numbers(&page(&*store, &Filter::default(), 5, None).await), in_order);
    let booked_at = minute(0);
    for (index, receipt_no) in in_order.iter().enumerate() {
        let after = Some(PageKey { booked_at, receipt_no: *receipt_no });
        let rest = page(&*store, &Filter::default(), 5, after).await;
        assert_eq!(numbers(&rest), in_order[index + 1..]);
    }
}

pub async fn pages_filter_by_status_and_check_in(store: SharedStore) {
    for serial in 1..=6 {
        let night = if serial % 2 == 0 { day(6) } else { today() };
        book(&*store, &TestBooking::new(serial).staying(night, 2)).await;
    }
    apply(&*store, TestBooking::new(1).receipt_no(), pay(), minute(1)).await;
    apply(&*store, TestBooking::new(2).receipt_no(), pay(), minute(1)).await;
    apply(&*store, TestBooking::new(3).receipt_no(), cancel(), minute(1)).await;
    let status =
        |kinds: &[StatusKind]| Filter { status: Some(kinds.to_vec()), ..Filter::default() };
    for (filter, serials) in [
        (status(&[Pending]), &[4, 5, 6][..]),
        (status(&[Paid]), &[1, 2]),
        (status(&[Cancelled]), &[3]),
        (status(&[Paid, Cancelled]), &[1, 2, 3]),
        (status(&[]), &[]),
        (Filter { check_in: Some(day(6)), ..Filter::default() }, &[2, 4, 6]),
        (Filter { check_in: Some(day(7)), ..Filter::default() }, &[]),
        (Filter { check_in: Some(today()), ..status(&[Pending, Paid]) }, &[1, 5]),
        (Filter { settled_since: Some(minute(1)), ..Filter::default() }, &[1, 2, 3]),
        (Filter { settled_since: Some(minute(1)), ..status(&[Paid]) }, &[1, 2]),
        (Filter { settled_since: Some(minute(2)), ..Filter::default() }, &[]),
        (Filter { happened_within: Some(minute(0)..minute(1)), ..Filter::default() }, &[4, 5, 6]),
        (Filter { happened_within: Some(minute(1)..minute(2)), ..Filter::default() }, &[1, 2, 3]),
        (Filter { happened_within: Some(minute(1)..minute(2)), ..status(&[Paid]) }, &[1, 2]),
        (Filter { happened_within: Some(minute(2)..minute(9)), ..Filter::default() }, &[]),
        (Filter { price: Some(Rupiah(700_000)), ..status(&[Pending]) }, &[4, 5, 6]),
        (Filter { price: Some(Rupiah(350_000)), ..Filter::default() }, &[]),
    ] {
        let page = page(&*store, &filter, 10, None).await;
        assert_eq!(numbers(&page), expected(serials), "{filter:?}");
        assert_eq!(page.total, serials.len() as u64, "{filter:?}");
    }
    // The total counts all bookings of the filter, not only those after the key.
    let first = page(&*store, &status(&[Pending]), 1, None).await;
    let booking = &first.bookings[0].booking;
    let key = PageKey { booked_at: booking.booked_at, receipt_no: booking.receipt_no };
    let rest = page(&*store, &status(&[Pending]), 5, Some(key)).await;
    assert_eq!((numbers(&rest), rest.total), (expected(&[5, 6]), 3));
}

/// Bookings over five days with every outcome, chosen by a fixed rule, and the summary of each day
/// from what the filter finds, against the summary from all bookings.
pub async fn the_bookings_of_a_day_are_all_found_and_no_others(store: SharedStore) {
    let hotel = crate::build::policy().hotel;
    for serial in 1..=40_u32 {
        // In a pattern that repeats late, so that days and outcomes mix.
        let booked = i64::from(serial * 173 % (3 * 24 * 60));
        let test_booking =
            TestBooking::new(serial).of("HALL").staying(day(9), 1).at(minute(booked));
        book(&*store, &test_booking).await;
        let number = test_booking.receipt_no();
        let later = booked + i64::from(serial * 97 % (36 * 60)) + 1;
        match serial % 5 {
            0 => {}
            1 => drop(apply(&*store, number, arrive(), minute(later)).await),
            2 => drop(apply(&*store, number, pay(), minute(later)).await),
            3 => drop(apply(&*store, number, cancel(), minute(later)).await),
            _ => {
                apply(&*store, number, arrive(), minute(booked + 1)).await;
                apply(&*store, number, pay(), minute(later + 1)).await;
            }
        }
    }
    let all = page(&*store, &Filter::default(), 100, None).await;
    assert_eq!(all.bookings.len(), 40);
    let mut booked = 0;
    for day in (3..=9).map(day) {
        let summary = |bookings: &[TrackedBooking]| {
            let mut counter = DayCounter::new(day, &hotel);
            for tracked in bookings {
                counter.add(&tracked.booking);
            }
            counter.finish()
        };
        let within = Some(hotel.moments_of(day));
        let filter = Filter { touched_within: within, ..Filter::default() };
        let found = page(&*store, &filter, 100, None).await;
        assert_eq!(summary(&found.bookings), summary(&all.bookings), "on {day}");
        let is_of_day = |tracked: &TrackedBooking| {
            let of = |at: Option<Moment>| at.is_some_and(|at| hotel.day_of(at) == day);
            let booking = &tracked.booking;
            of(Some(booking.booked_at))
                || of(booking.settled_at())
                || booking.is_pending() && of(booking.arrived_at)
        };
        let expected = all.bookings.iter().filter(|tracked| is_of_day(tracked)).count();
        assert_eq!(found.bookings.len(), expected, "on {day}");
        booked += summary(&found.bookings).all.booked;
    }
    assert_eq!(booked, 40, "each booking was made on one day");
}

pub async fn a_search_finds_the_beginnings_of_words(store: SharedStore) {
    for (serial, name) in [
        (1, "Budi Santoso"),
        (2, "100% O'Neil_(a.c)*"),
        (3, "Budi Budianto"),
        (4, "ÉLODIE Dupont"),
        (5, "Siti \"Ani\" NURBAYA"),
        (21, "Twenty-one"),
    ] {
        book(&*store, &TestBooking::new(serial).named(name)).await;
    }
    for (text, serials) in [
        ("budi", &[1, 3][..]),
        ("SANTOSO", &[1]),
        ("san bud", &[1]),
        ("budia", &[3]),
        ("antoso", &[]),
        ("o'neil", &[2]),
        ("100", &[2]),
        ("élodie", &[4]),
        ("elodie", &[4]),
        ("\"ani\"", &[5]),
        ("resi-20260104", &[1, 2, 3, 4, 5, 21]),
        ("-021", &[21]),
        ("2", &[1, 2, 3, 4, 5, 21]),
        ("Rp350.000", &[1, 2, 3, 4, 5, 21]),
        ("350001", &[]),
        ("siti 350000", &[5]),
        ("%", &[]),
        (".*", &[]),
        ("nobody", &[]),
        ("'; DROP TABLE bookings; --", &[]),
    ] {
        let filter = Filter { search: Some(Search::parse(text)), ..Filter::default() };
        let found = page(&*store, &filter, 10, None).await;
        assert_eq!(numbers(&found), expected(serials), "{text:?}");
        assert_eq!(found.total, serials.len() as u64, "{text:?}");
    }
    for (serial, found) in [(2, &[2][..]), (21, &[21]), (20, &[])] {
        let search = Some(Search::Receipt(TestBooking::new(serial).receipt_no()));
        let filter = Filter { search, ..Filter::default() };
        assert_eq!(numbers(&page(&*store, &filter, 10, None).await), expected(found));
    }
}

pub async fn a_search_has_pages_and_other_conditions(store: SharedStore) {
    let serials = [7, 2, 9, 1, 5, 3, 8, 4, 6, 10];
    for (index, serial) in (0_i64..).zip(serials) {
        let name = if serial % 2 == 0 { "Budi Santoso" } else { "Siti Nurbaya" };
        book(&*store, &TestBooking::new(serial).named(name).at(minute(index / 3))).await;
    }
    let filter = |status: Option<Vec<StatusKind>>| Filter {
        status,
        search: Some(Search::parse("bud san")),
        ..Filter::default()
    };
    apply(&*store, TestBooking::new(4).receipt_no(), pay(), minute(5)).await;
    let mut seen = Vec::new();
    let mut after = None;
    for has_next in [true, true, false] {
        let page = page(&*store, &filter(None), 2, after).await;
        assert_eq!((page.has_next, page.total), (has_next, 5));
        seen.extend(numbers(&page));
        let last = &page.bookings.last().unwrap().booking;
        after = Some(PageKey { booked_at: last.booked_at, receipt_no: last.receipt_no });
    }
    assert_eq!(seen, expected(&[10, 4, 6, 8, 2]));
    let paid = page(&*store, &filter(Some(vec![Paid])), 10, None).await;
    assert_eq!((numbers(&paid), paid.total), (expected(&[4]), 1));
    let pending = page(&*store, &filter(Some(vec![Pending])), 2, None).await;
    assert_eq!((numbers(&pending), pending.has_next, pending.total), (expected(&[10, 6]), true, 4));
    let last = &pending.bookings[1].booking;
    let after = Some(PageKey { booked_at: last.booked_at, receipt_no: last.receipt_no });
    let rest = page(&*store, &filter(Some(vec![Pending])), 2, after).await;
    assert_eq!((numbers(&rest), rest.has_next, rest.total), (expected(&[8, 2]), false, 4));
}

pub async fn a_page_shows_where_guests_are(store: SharedStore) {
    book(&*store, &TestBooking::new(1)).await;
    book(&*store, &TestBooking::new(2)).await;
    let fixes = track(&[fix_north(0.2, minute(5))]);
    store.put_track(TestBooking::new(2).receipt_no(), &fixes).await.unwrap();
    let page = page(&*store, &Filter::default(), 10, None).await;
    assert!(page.bookings[0].track.fixes().is_empty());
    assert_eq!(page.bookings[1].track, fixes);
}

pub async fn many_bookings_are_asked_for_at_once(store: SharedStore) {
    for serial in 1..=4 {
        book(&*store, &TestBooking::new(serial)).await;
    }
    apply(&*store, TestBooking::new(1).receipt_no(), cancel(), minute(1)).await;
    let fixes = track(&[fix_north(0.2, minute(5))]);
    store.put_track(TestBooking::new(2).receipt_no(), &fixes).await.unwrap();
    // One number twice, and one that does not exist.
    let mut found = store.bookings(&expected(&[2, 1, 9, 4, 2])).await.unwrap();
    found.sort_by_key(|tracked| tracked.booking.receipt_no);
    let mut one_by_one = Vec::new();
    for number in expected(&[1, 2, 4]) {
        one_by_one.push(crate::build::tracked(&*store, number).await);
    }
    assert_eq!(found, one_by_one);
    assert_eq!(store.bookings(&[]).await.unwrap(), []);
}

pub async fn an_empty_store_has_an_empty_page(store: SharedStore) {
    let page = page(&*store, &Filter::default(), 10, None).await;
    assert_eq!((page.bookings.len(), page.has_next, page.total), (0, false, 0));
    assert_eq!(store.booking(TestBooking::new(1).receipt_no()).await.unwrap(), None);
    store.ping().await.unwrap();
}

pub async fn matches_are_counted_up_to_a_bound(store: SharedStore) {
    let serials: Vec<u32> = (1..=10_003).collect();
    for serials in serials.chunks(MAX_BATCH) {
        let commits: Vec<_> =
            serials.iter().map(|serial| TestBooking::new(*serial).of("HALL").commit()).collect();
        store.commit(&commits).await.unwrap();
    }
    let page = page(&*store, &Filter::default(), 2, None).await;
    assert_eq!((page.bookings.len(), page.has_next, page.total), (2, true, MAX_COUNTED));
}
