//! What is stored about people: shown and forgotten by wish, erased and deleted by age.

use chrono::TimeDelta;
use jatah::domain::{
    Amendment, Command, Contact, Email, FailureCode, FailureReason, GuestName, Recipient, Revision,
    TelegramId,
};
use jatah::personal_data::{self, Person, PersonError, Retention, RetentionOutcome};
use jatah::store::{DeliveryOutcome, Filter, NotificationId, Search, Store, StoredValue};

use super::{SharedStore, assert_claims_are_the_live_bookings};
use crate::build::{
    TestBooking, apply, book, cancel, day, minute, pay, policy, set_allotment, staff, tracked,
};

async fn found(store: &dyn Store, words: &str) -> u64 {
    let filter = Filter { search: Some(Search::parse(words)), ..Filter::default() };
    store.page(&filter, 10, None).await.unwrap().total
}

async fn amend_name(store: &dyn Store, test_booking: &TestBooking, name: &str) {
    let amendment =
        Amendment { guest_name: Some(GuestName::parse(name).unwrap()), ..Amendment::default() };
    let command = Command::Amend { by: staff("Sari"), amendment };
    apply(store, test_booking.receipt_no(), command, minute(5)).await;
}

pub async fn a_guest_who_wishes_it_is_shown_everything_and_then_forgotten(store: SharedStore) {
    let store = &*store;
    let email = "Budi@example.com";
    let first = TestBooking::new(1).named("Budi Santoso").by_mail(email);
    let second = TestBooking::new(2).named("Budi S.").by_mail(email);
    let other = TestBooking::new(3).named("Budi Lain");
    for test_booking in [&first, &second, &other] {
        book(store, test_booking).await;
    }
    amend_name(store, &first, "Budiman Santoso").await;
    apply(store, first.receipt_no(), cancel(), minute(30)).await;
    let to = Recipient::Guest;
    let id = NotificationId { receipt_no: first.receipt_no(), revision: Revision::FIRST, to };
    let detail = "550 no Budi@example.com here".to_owned();
    let reason = FailureReason { code: FailureCode::MailServerReply, detail };
    store.settle(&[(id, DeliveryOutcome::GivenUp(minute(31), reason))]).await.unwrap();

    let person = Person::parse(email).unwrap();
    let exported = personal_data::export(store, &person).await.unwrap().to_string();
    for known in ["Budi Santoso", "Budiman", "Budi S.", email, "550 no", "RESI-20260104-002"] {
        assert!(exported.contains(known), "{known}: {exported}");
    }
    assert!(!exported.contains("Budi Lain"));

    let refused = personal_data::forget(store, &person, minute(40)).await.unwrap_err().to_string();
    assert!(refused.contains("RESI-20260104-002 is still held"), "{refused}");
    assert_eq!(found(store, "budiman").await, 1, "nothing was forgotten");
    apply(store, second.receipt_no(), pay(), minute(41)).await;
    let before = tracked(store, second.receipt_no()).await.booking;
    let forgotten = personal_data::forget(store, &person, minute(42)).await.unwrap();
    assert_eq!(forgotten.len(), 2);

    for test_booking in [&first, &second] {
        let person = Person::OfBooking(test_booking.receipt_no());
        let left = personal_data::export(store, &person).await.unwrap().to_string();
        for known in ["Budi", email, "550", "asked by"] {
            assert!(!left.contains(known), "{known}: {left}");
        }
        let history = store.history(test_booking.receipt_no()).await.unwrap();
        assert_eq!(
            history.last().unwrap().booking,
            tracked(store, test_booking.receipt_no()).await.booking
        );
    }
    let after = tracked(store, second.receipt_no()).await.booking;
    assert_eq!(after.guest.contact.channel(), before.guest.contact.channel());
    assert_eq!(
        (after.stay, after.status, after.revision),
        (before.stay, before.status, before.revision)
    );
    assert_eq!(store.undelivered(&[first.receipt_no()]).await.unwrap().len(), 1, "counts stay");
    assert_eq!(found(store, "budiman").await, 0);
    assert_eq!(found(store, "budi").await, 1, "the other one");
    assert_eq!(found(store, "20260104").await, 3, "by number");
    let of_person = Contact::Web(Email::parse(email).unwrap());
    let filter = Filter { contact: Some(of_person), ..Filter::default() };
    assert_eq!(store.page(&filter, 10, None).await.unwrap().total, 0);
    assert_claims_are_the_live_bookings(store).await;
    let again = personal_data::forget(store, &person, minute(50)).await.unwrap_err();
    assert!(matches!(again, PersonError::Unknown), "{again}");
}

pub async fn a_telegram_guest_is_forgotten_with_the_state_of_the_bot(store: SharedStore) {
    let store = &*store;
    book(store, &TestBooking::new(7)).await;
    apply(store, TestBooking::new(7).receipt_no(), cancel(), minute(1)).await;
    let value = StoredValue { text: "{}".to_owned(), expires_at: minute(100_000_000) };
    for name in ["telegram.messages:7", "telegram.messages:77"] {
        store.put_value(name, &value, minute(0)).await.unwrap();
    }
    let person = Person::Of(Contact::Telegram(TelegramId(7)));
    let exported = personal_data::export(store, &person).await.unwrap().to_string();
    assert!(exported.contains("telegram.messages:7\""), "{exported}");
    personal_data::forget(store, &person, minute(2)).await.unwrap();
    assert_eq!(store.value("telegram.messages:7").await.unwrap(), None);
    assert_eq!(store.value("telegram.messages:77").await.unwrap(), Some(value));
}

pub async fn names_and_then_bookings_go_when_they_are_old_and_nothing_before(store: SharedStore) {
    let store = &*store;
    // Paid and over, cancelled, a long stay that is not over for long, and one that is held.
    let paid = TestBooking::new(1).named("Ani Satu").staying(day(4), 2);
    let cancelled = TestBooking::new(2).named("Ani Dua");
    let long = TestBooking::new(3).named("Ani Tiga").staying(day(4), 25);
    let held = TestBooking::new(4).named("Ani Empat");
    for test_booking in [&paid, &cancelled, &long, &held] {
        book(store, test_booking).await;
        store.next_serials(day(4), 1).await.unwrap();
    }
    apply(store, paid.receipt_no(), pay(), minute(1)).await;
    apply(store, cancelled.receipt_no(), cancel(), minute(1)).await;
    apply(store, long.receipt_no(), pay(), minute(1)).await;
    let allotment = jatah::domain::Allotment::of_night(day(9), 4);
    set_allotment(store, &crate::build::room("STD"), allotment).await.unwrap();
    let hotel = policy().hotel;
    let retention = Retention { names: TimeDelta::days(90), bookings: TimeDelta::days(400) };
    let run = |days| retention.run(store, &hotel, minute(0) + TimeDelta::days(days));
    let outcome = |erased, deleted| RetentionOutcome { erased, deleted };

    assert_eq!(run(89).await.unwrap(), outcome(0, 0));
    assert_eq!(found(store, "ani").await, 4);
    assert_eq!(run(93).await.unwrap(), outcome(2, 0));
    assert_eq!(found(store, "ani").await, 2, "the long stay, and the hold");
    assert_eq!(run(120).await.unwrap(), outcome(1, 0));
    assert_eq!(run(121).await.unwrap(), outcome(0, 0), "once");
    assert_eq!(store.history(paid.receipt_no()).await.unwrap().len(), 2);
    assert_claims_are_the_live_bookings(store).await;

    assert_eq!(run(403).await.unwrap(), outcome(0, 2));
    assert_eq!(store.booking(paid.receipt_no()).await.unwrap(), None);
    assert_eq!(store.history(paid.receipt_no()).await.unwrap(), []);
    assert_eq!(found(store, "20260104").await, 2);
    assert_claims_are_the_live_bookings(store).await;
    assert_eq!(run(440).await.unwrap(), outcome(0, 1));
    let nights = store.nights(day(1), 30).await.unwrap();
    assert_eq!(nights.len(), 1, "only the night of the hold: {nights:?}");
    assert_eq!(tracked(store, held.receipt_no()).await.booking.guest.name.as_str(), "Ani Empat");
    assert_eq!(store.next_serials(day(4), 1).await.unwrap(), 1..=1, "old counters are gone");
}
