//! The waiting list, through the booking service: no room is free while somebody waits for it, nobody
//! is overtaken, and no room is sold twice.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use futures_util::future::join_all;
use jatah::auth::LinkKey;
use jatah::clock::Clock;
use jatah::domain::{
    Action, Allotment, Command, Contact, Email, Field, Guest, GuestName, HoldsOf, InputError,
    Language, NotAllowed, ReceiptNo, Refusal, RoomsLeft, Rupiah, Status, TelegramId, WaitingState,
    Wish, WishedRoom, waiting,
};
use jatah::service::{
    BookRequest, BookingService, NewBookingAccess, ServiceError, WaitingPlace, WaitingRequest,
    WakeOutcome,
};
use jatah::store::{CommitQueue, NodeId, Store, Wake};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio_util::sync::CancellationToken;

use super::{SharedStore, assert_claims_are_the_live_bookings, next_change, taken};
use crate::build::{day, epoch, policy, room, staff, today};

/// Several processes of one hotel, whose clocks only the test moves.
struct Nodes {
    services: Vec<Arc<BookingService>>,
    clock: Clock,
    _stop: tokio_util::sync::DropGuard,
}

async fn nodes(store: &SharedStore, count: usize) -> Nodes {
    let (clock, stop) = (Clock::anchored(epoch()), CancellationToken::new());
    let mut services = Vec::new();
    for number in 0..count {
        let (queue, work) = CommitQueue::new(Arc::<dyn Store>::clone(store), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
        tokio::spawn(work);
        let links = LinkKey::load(&**store).await.unwrap();
        let node = NodeId(format!("node {number}"));
        let (store, clock) = (Arc::<dyn Store>::clone(store), clock.clone());
        let service = BookingService::new(store, queue, clock, Arc::new(policy()), node, links);
        services.push(Arc::new(service));
    }
    Nodes { services, clock, _stop: stop.drop_guard() }
}

fn guest(number: u32) -> Guest {
    Guest {
        name: GuestName::parse(&format!("Guest {number}")).unwrap(),
        contact: Contact::Telegram(TelegramId(i64::from(number))),
        language: Language::Indonesian,
    }
}

async fn book(
    service: &BookingService,
    number: u32,
    code: &str,
    check_in: NaiveDate,
    nights: u32,
) -> Result<NewBookingAccess, ServiceError> {
    let request = BookRequest {
        request_id: format!("book {number} {code} {check_in} {nights}"),
        guest: guest(number),
        room: room(code),
        check_in,
        nights,
        expected_price: None,
        position: None,
        origin: None,
    };
    service.book(request).await
}

fn wish_of(code: &str, check_in: NaiveDate, nights: u32) -> Wish {
    Wish { room: WishedRoom::OfType(room(code)), check_in, nights }
}

async fn join(
    service: &BookingService,
    number: u32,
    wish: Wish,
) -> Result<(String, WaitingPlace), ServiceError> {
    let request_id = format!("join {number} {wish:?}");
    let request = WaitingRequest { request_id, guest: guest(number), wish, origin: None };
    service.join_waiting_list(request).await
}

async fn offer_of(service: &BookingService, ticket: &str) -> Option<NewBookingAccess> {
    service.waiting_place(ticket).await.unwrap().offer
}

fn refused(result: Result<impl std::fmt::Debug, ServiceError>) -> Refusal {
    match result {
        Err(ServiceError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is no refusal"),
    }
}

pub async fn a_freed_room_is_offered_to_the_first_in_line_by_the_same_commit(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let wish = || wish_of("SUITE", today(), 1);
    let sold = book(service, 1, "SUITE", today(), 1).await.unwrap().tracked.booking;
    let (first, place) = join(service, 2, wish()).await.unwrap();
    assert_eq!((place.position, place.next_release), (1, Some(sold.hold.until)));
    hotel.clock.step(TimeDelta::seconds(1));
    let (second, place) = join(service, 3, wish()).await.unwrap();
    assert_eq!(place.position, 2);
    let mut changes = store.changes(None).await.unwrap();

    service.apply(sold.receipt_no, Command::CancelByGuest).await.unwrap();

    let offer = offer_of(service, &first).await.expect("the first in line has an offer");
    let booking = &offer.tracked.booking;
    assert!(booking.is_offer && booking.is_pending());
    assert_eq!(booking.hold.until, booking.booked_at + TimeDelta::minutes(10));
    assert_eq!((booking.hold.remind_at, booking.stay.price), (None, Rupiah(1_250_000)));
    assert_eq!(taken(&*store, "SUITE", 4).await, 1, "the room was never free");
    let actions = [next_change(&mut changes).await.1, next_change(&mut changes).await.1]
        .map(|change| (change.event.action(), change.booking.receipt_no));
    assert_eq!(
        actions,
        [(Action::Cancelled, sold.receipt_no), (Action::Offered, booking.receipt_no)]
    );
    let waits = service.waiting_place(&second).await.unwrap();
    assert_eq!((waits.position, waits.next_release), (1, Some(booking.hold.until)));
    // The token of the offer opens it, and taking it makes it a full hold.
    let number = booking.receipt_no;
    service.booking_for_guest(number, &offer.access_token).await.unwrap();
    let taken_offer = service.apply(number, Command::TakeOffer).await.unwrap().booking;
    assert!(!taken_offer.is_offer);
    let (_, change) = next_change(&mut changes).await;
    assert_eq!(change.event.action(), Action::OfferTaken);
    assert_eq!(taken_offer.hold.until, change.at + TimeDelta::hours(2));
    let again = service.apply(number, Command::TakeOffer).await.unwrap().booking;
    assert_eq!(again, taken_offer, "a second tap changes nothing");
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn an_offer_that_is_not_taken_goes_to_the_next_in_line(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let sold = book(service, 1, "SUITE", today(), 1).await.unwrap().tracked.booking;
    let mut tickets = Vec::new();
    for number in 2..=4 {
        tickets.push(join(service, number, wish_of("SUITE", today(), 1)).await.unwrap().0);
        hotel.clock.step(TimeDelta::seconds(1));
    }
    service.apply(sold.receipt_no, Command::CancelByGuest).await.unwrap();
    // Nobody answers: the clock passes it on.
    let ended = offer_of(service, &tickets[0]).await.unwrap().tracked.booking;
    hotel.clock.step(TimeDelta::minutes(10));
    let wake =
        Wake { receipt_no: ended.receipt_no, revision: ended.revision, at: ended.hold.until };
    let turn = service.wake_turn().await;
    let woken = service.wake(&[wake], turn).await.unwrap();
    assert!(woken[0].is_ok(), "{woken:?}");
    let ended = offer_of(service, &tickets[0]).await.unwrap().tracked.booking;
    assert!(ended.is_offer && matches!(ended.status, Status::Cancelled { .. }), "{ended:?}");
    // The next one gives it back: the clock is not needed.
    let second = offer_of(service, &tickets[1]).await.expect("the second").tracked.booking;
    service.apply(second.receipt_no, Command::CancelByGuest).await.unwrap();
    let third = offer_of(service, &tickets[2]).await.expect("the third").tracked.booking;
    // Arriving makes it a full booking.
    let arrived = Command::Arrive { by: staff("Sari") };
    let arrived = service.apply(third.receipt_no, arrived).await.unwrap().booking;
    assert!(!arrived.is_offer && arrived.arrived_at.is_some());
    assert_eq!(taken(&*store, "SUITE", 4).await, 1);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn holds_that_end_together_are_offered_together(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let mut wakes = Vec::new();
    for number in 0..10 {
        let sold = book(service, number, "STD", today(), 1).await.unwrap().tracked.booking;
        wakes.push((sold.receipt_no, sold.revision));
    }
    let mut tickets = Vec::new();
    for number in 10..13 {
        tickets.push(join(service, number, wish_of("STD", today(), 1)).await.unwrap().0);
        hotel.clock.step(TimeDelta::seconds(1));
    }
    // Who waits for more nights than are free keeps waiting, and is in nobody's way.
    book(service, 20, "HALL", today(), 1).await.unwrap();
    let closed = Allotment { from: day(5), through: day(5), rooms: None, is_closed: Some(true) };
    service.set_allotment(&room("STD"), closed).await.unwrap();
    let (long, _) = join(service, 21, wish_of("STD", today(), 2)).await.unwrap();
    // The reminders are over; one of the ten pays in the meantime, so its wake is stale.
    hotel.clock.step(TimeDelta::minutes(121));
    let pay = Command::MarkPaid { by: staff("Sari") };
    service.apply(wakes[3].0, pay).await.unwrap();
    let now = service.now();
    let due = |(receipt_no, revision)| Wake { receipt_no, revision, at: now };
    let due: Vec<Wake> = wakes.into_iter().map(due).collect();
    let turn = service.wake_turn().await;
    let woken = service.wake(&due, turn).await.unwrap();
    let done = woken.iter().filter(|one| matches!(one, Ok(WakeOutcome::Done))).count();
    assert_eq!(done, 9, "{woken:?}");
    for ticket in &tickets {
        assert!(offer_of(service, ticket).await.is_some());
    }
    assert!(offer_of(service, &long).await.is_none());
    assert_eq!(taken(&*store, "STD", 4).await, 4, "three offers and the paid one");
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn nobody_overtakes_the_line(store: SharedStore) {
    let hotel = nodes(&store, 2).await;
    for round in 0..10 {
        let check_in = day(5 + round);
        let base = round * 100;
        let service = &hotel.services[0];
        let sold = book(service, base + 1, "SUITE", check_in, 1).await.unwrap().tracked.booking;
        let (ticket, _) = join(service, base + 2, wish_of("SUITE", check_in, 1)).await.unwrap();
        let strangers = (0..8).map(|number| {
            let service = &hotel.services[number as usize % 2];
            book(service, base + 10 + number, "SUITE", check_in, 1)
        });
        let cancel = hotel.services[1].apply(sold.receipt_no, Command::CancelByGuest);
        let (cancelled, strangers) = tokio::join!(cancel, join_all(strangers));
        cancelled.unwrap();
        for stranger in strangers {
            assert!(matches!(refused(stranger), Refusal::SoldOut { .. }));
        }
        assert!(offer_of(service, &ticket).await.is_some(), "round {round}");
    }
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_guest_who_wants_two_nights_is_offered_only_both(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let one = book(service, 1, "SUITE", day(4), 1).await.unwrap().tracked.booking;
    let two = book(service, 2, "SUITE", day(5), 1).await.unwrap().tracked.booking;
    let (long, _) = join(service, 3, wish_of("SUITE", day(4), 2)).await.unwrap();
    hotel.clock.step(TimeDelta::seconds(1));
    let (short, _) = join(service, 4, wish_of("SUITE", day(5), 1)).await.unwrap();
    // The long stay does not fit yet, so the room goes to the next in line whose stay fits.
    service.apply(two.receipt_no, Command::CancelByGuest).await.unwrap();
    assert!(offer_of(service, &long).await.is_none());
    let offer = offer_of(service, &short).await.unwrap().tracked.booking;
    service.apply(offer.receipt_no, Command::CancelByGuest).await.unwrap();
    assert!(offer_of(service, &long).await.is_none());
    // A night for which nobody waits alone is free to be booked, also by a stranger.
    service.apply(one.receipt_no, Command::CancelByGuest).await.unwrap();
    let offer = offer_of(service, &long).await.expect("both nights are free").tracked.booking;
    assert_eq!((offer.stay.check_in, offer.stay.nights), (day(4), 2));
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_raised_allotment_is_offered_and_a_closed_type_is_not(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let suite = room("SUITE");
    let set = async |rooms, is_closed| {
        let allotment = Allotment { from: today(), through: today(), rooms, is_closed };
        service.set_allotment(&suite, allotment).await
    };
    let sold = book(service, 1, "SUITE", today(), 1).await.unwrap().tracked.booking;
    set(None, Some(true)).await.unwrap();
    let (ticket, _) = join(service, 2, wish_of("SUITE", today(), 1)).await.unwrap();
    service.apply(sold.receipt_no, Command::CancelByGuest).await.unwrap();
    assert!(offer_of(service, &ticket).await.is_none(), "a closed type sells nothing");
    set(None, Some(false)).await.unwrap();
    let first = offer_of(service, &ticket).await.expect("an offer once it is open");
    let (other, _) = join(service, 3, wish_of("SUITE", today(), 1)).await.unwrap();
    set(Some(2), None).await.unwrap();
    assert!(offer_of(service, &other).await.is_some());
    let too_low = refused(set(Some(1), None).await);
    assert_eq!(
        too_low,
        Refusal::NotAllowed(NotAllowed::AllotmentTooLow { night: today(), sold: 2 })
    );
    // Neither time to wait nor rooms can be changed of an offer.
    let number = first.tracked.booking.receipt_no;
    let extend = Command::Extend { by: staff("Sari"), minutes: 30 };
    let not_taken = Refusal::NotAllowed(NotAllowed::OfferNotTaken);
    assert_eq!(refused(service.apply(number, extend).await), not_taken);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_guest_at_the_limit_is_passed_over(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let sold = book(service, 1, "SUITE", today(), 1).await.unwrap().tracked.booking;
    let (busy, _) = join(service, 2, wish_of("SUITE", today(), 1)).await.unwrap();
    for nights in 1..=2 {
        book(service, 2, "STD", today(), nights).await.unwrap();
    }
    hotel.clock.step(TimeDelta::seconds(1));
    let (free, _) = join(service, 3, wish_of("SUITE", today(), 1)).await.unwrap();
    service.apply(sold.receipt_no, Command::CancelByGuest).await.unwrap();
    assert!(offer_of(service, &busy).await.is_none());
    assert!(offer_of(service, &free).await.is_some());
}

pub async fn who_may_wait_and_who_may_not(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let wish = || wish_of("SUITE", today(), 1);
    let free = refused(join(service, 2, wish()).await);
    assert_eq!(free, Refusal::NotAllowed(NotAllowed::RoomIsFree));
    book(service, 1, "SUITE", today(), 1).await.unwrap();
    let any = |at_most| Wish { room: WishedRoom::Any { at_most }, check_in: today(), nights: 1 };
    let free = refused(join(service, 2, any(None)).await);
    assert_eq!(free, Refusal::NotAllowed(NotAllowed::RoomIsFree), "a standard room is free");
    let (field, error) =
        (Field::MaxPrice, InputError::OutOfRange { least: 50_000, most: 1_250_000 });
    let nothing = refused(join(service, 2, any(Some(Rupiah(1)))).await);
    assert_eq!(nothing, Refusal::InvalidInput { field, error });
    let unknown = refused(join(service, 2, wish_of("NONE", today(), 1)).await);
    let (field, error) = (Field::RoomType, InputError::Unknown);
    assert_eq!(unknown, Refusal::InvalidInput { field, error });

    // The same request joins once; with other input it is refused.
    let (ticket, _) = join(service, 2, wish()).await.unwrap();
    assert_eq!(join(service, 2, wish()).await.unwrap().0, ticket);
    let request = |guest| WaitingRequest {
        request_id: format!("join 2 {:?}", wish()),
        guest,
        wish: wish(),
        origin: None,
    };
    let email = Contact::Web(Email::parse("budi@example.com").unwrap());
    let other = request(Guest { contact: email, ..guest(2) });
    let (field, error) = (Field::RequestId, InputError::UsedForAnother);
    let used = refused(service.join_waiting_list(other).await);
    assert_eq!(used, Refusal::InvalidInput { field, error });
    // A guest waits for two rooms at most.
    book(service, 9, "SUITE", day(5), 2).await.unwrap();
    join(service, 2, wish_of("SUITE", day(5), 1)).await.unwrap();
    let most = refused(join(service, 2, wish_of("SUITE", day(6), 1)).await);
    assert_eq!(most, Refusal::TooManyHolds { of: HoldsOf::Guest, most: 2 });

    assert!(service.leave_waiting_list(&ticket).await.unwrap());
    assert!(!service.leave_waiting_list(&ticket).await.unwrap());
    assert_eq!(refused(service.waiting_place(&ticket).await), Refusal::NotFound);
    assert!(!service.leave_waiting_list("never a ticket").await.unwrap());
}

pub async fn nobody_waits_past_the_day_of_check_in(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    let sold = book(service, 1, "SUITE", today(), 3).await.unwrap().tracked.booking;
    let (late, _) = join(service, 2, wish_of("SUITE", today(), 2)).await.unwrap();
    hotel.clock.step(TimeDelta::hours(24));
    let (in_time, _) = join(service, 3, wish_of("SUITE", day(5), 1)).await.unwrap();
    service.apply(sold.receipt_no, Command::CancelByGuest).await.unwrap();
    assert!(offer_of(service, &in_time).await.is_some());
    let gone = refused(service.waiting_place(&late).await);
    assert_eq!(gone, Refusal::NotFound, "who is too late is taken off the list");
}

pub async fn rooms_that_are_free_at_the_start_are_offered(store: SharedStore) {
    let hotel = nodes(&store, 1).await;
    let [service] = &hotel.services[..] else { unreachable!() };
    book(service, 1, "SUITE", today(), 1).await.unwrap();
    let (ticket, _) = join(service, 2, wish_of("SUITE", today(), 1)).await.unwrap();
    service.offer_free_rooms().await.unwrap();
    assert!(offer_of(service, &ticket).await.is_none(), "no room is free");
    // The hotel restarts with another suite.
    let mut larger = policy();
    larger.rooms[0].rooms = 2;
    let (queue, work) = CommitQueue::new(Arc::<dyn Store>::clone(&store), CancellationToken::new());
    #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
    tokio::spawn(work);
    let links = LinkKey::load(&*store).await.unwrap();
    let node = NodeId("after".to_owned());
    let (store, clock) = (Arc::clone(&store), hotel.clock.clone());
    let service = BookingService::new(store, queue, clock, Arc::new(larger), node, links);
    service.offer_free_rooms().await.unwrap();
    assert!(offer_of(&service, &ticket).await.is_some());
}

/// The rooms that are left on each night, by the store and the configuration.
async fn rooms_left(store: &dyn Store) -> RoomsLeft {
    let known = store.nights(today(), 30).await.unwrap();
    let mut left = RoomsLeft::default();
    for room_type in policy().rooms {
        for night in (4..31).map(day) {
            let found = known.iter().find(|one| one.room == room_type.code && one.night == night);
            let for_sale = found.and_then(|one| one.allotment).unwrap_or(room_type.rooms);
            let taken = found.map_or(0, |one| one.taken);
            assert!(taken <= for_sale, "{} on {night}: {taken} of {for_sale}", room_type.code);
            let is_closed = found.is_some_and(|one| one.is_closed);
            let free = if is_closed { 0 } else { for_sale - taken };
            left.set(room_type.code.clone(), night, free);
        }
    }
    left
}

/// Checks that no room is free for which somebody waits who may hold one.
async fn assert_no_room_is_idle(store: &dyn Store, now: jatah::domain::Moment) {
    let policy = policy();
    let line = store.waiting_guests(today()).await.unwrap();
    let running = running_holds(store).await;
    let most = policy.booking.max_active_per_guest;
    let may_hold = line
        .iter()
        .filter(|one| running.get(&one.guest.contact).copied().unwrap_or_default() < most);
    let idle = waiting::offers(may_hold, rooms_left(store).await, now, &policy);
    assert!(idle.is_empty(), "a room is free while {idle:?} wait for it");
}

async fn running_holds(store: &dyn Store) -> HashMap<Contact, u32> {
    let page = store.page(&jatah::store::Filter::default(), 10_000, None).await.unwrap();
    let mut running = HashMap::new();
    for tracked in page.bookings.into_iter().filter(|tracked| tracked.booking.is_pending()) {
        *running.entry(tracked.booking.guest.contact).or_insert(0) += 1;
    }
    running
}

pub async fn no_room_is_idle_and_none_is_sold_twice_whatever_two_nodes_do(store: SharedStore) {
    let seed = 20_260_104;
    let hotel = nodes(&store, 2).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut tickets: Vec<String> = Vec::new();
    for round in 0..12_u32 {
        let page = store.page(&jatah::store::Filter::default(), 10_000, None).await.unwrap();
        let live: Vec<ReceiptNo> = page
            .bookings
            .iter()
            .filter(|tracked| tracked.booking.takes_room())
            .map(|tracked| tracked.booking.receipt_no)
            .collect();
        let actions = (0..16_u32).map(|index| {
            let number = round * 100 + index;
            let service = Arc::clone(&hotel.services[random.random_range(0..2)]);
            let (from, nights) = (random.random_range(4..7), random.random_range(1..3));
            let of_live = (!live.is_empty()).then(|| live[random.random_range(0..live.len())]);
            let of_tickets = (!tickets.is_empty())
                .then(|| tickets[random.random_range(0..tickets.len())].clone());
            let (kind, rooms) = (random.random_range(0..20), random.random_range(0..4));
            async move {
                match (kind, of_live, of_tickets) {
                    (0..=4, ..) => drop(book(&service, number, "SUITE", day(from), nights).await),
                    (5..=10, ..) => {
                        let wish = wish_of("SUITE", day(from), nights);
                        return join(&service, number, wish).await.ok().map(|(ticket, _)| ticket);
                    }
                    (11..=14, Some(number), _) => {
                        drop(service.apply(number, Command::CancelByGuest).await);
                    }
                    (15, Some(number), _) => {
                        drop(service.apply(number, Command::TakeOffer).await);
                    }
                    (16, _, Some(ticket)) => drop(service.leave_waiting_list(&ticket).await),
                    (17..=18, ..) => {
                        let allotment = Allotment::of_night(day(from), rooms);
                        drop(service.set_allotment(&room("SUITE"), allotment).await);
                    }
                    (19, Some(number), _) => {
                        let pay = Command::MarkPaid { by: staff("Sari") };
                        drop(service.apply(number, pay).await);
                    }
                    _ => {}
                }
                None
            }
        });
        let joined = join_all(actions.collect::<Vec<_>>()).await;
        tickets.extend(joined.into_iter().flatten());
        assert_claims_are_the_live_bookings(&*store).await;
        assert_no_room_is_idle(&*store, hotel.services[0].now()).await;
    }
    let line = store.waiting_guests(today()).await.unwrap();
    let offered = line.iter().filter(|one| matches!(one.state, WaitingState::Offered(_))).count();
    assert!(offered > 3, "{offered} offers were made; the seed is {seed}");
}
