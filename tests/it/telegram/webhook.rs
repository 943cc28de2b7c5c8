//! Updates by webhook, in any order.

use jatah::domain::ReceiptNo;

use super::{FRONT_OFFICE, Hotel};
use crate::botapi::{BotApi, Message, Order, Person};
use crate::observed_store::Outage;

const WEBHOOK: &str = "webhook = \"on\"\nwebhook_secret = \"s3cret\"";

async fn called_hotel() -> Hotel {
    let mut hotel = Hotel::closed(WEBHOOK, "2h").await;
    hotel.start().await;
    hotel.api.calls_at(hotel.running().address);
    hotel
}

/// Waits for the notification of a new booking in the front office's group.
async fn notification(api: &BotApi, receipt_no: &str) -> Message {
    let is_it = |m: &Message| m.text.contains("BOOKING BARU") && m.text.contains(receipt_no);
    api.until("the notification", |api| api.messages(FRONT_OFFICE).into_iter().find(is_it)).await
}

/// Taps a button of a notification and returns the query id.
fn taps(who: &Person, notification: &Message, label: &str) -> String {
    let (label, button) = notification.buttons.iter().find(|(l, _)| l == label).unwrap();
    who.taps_data(FRONT_OFFICE, notification, button["callback_data"].as_str().unwrap(), label)
}

/// Makes two bookings. Returns their receipt numbers and their notifications.
async fn two_bookings(hotel: &Hotel) -> [(ReceiptNo, Message); 2] {
    let one = hotel.books(&hotel.guest(7, "Budi")).await;
    let two = hotel.books(&hotel.guest(8, "Rina")).await;
    let of = |number: String| async move {
        let message = notification(&hotel.api, &number).await;
        (ReceiptNo::parse(&number).unwrap(), message)
    };
    hotel.api.until("all taken", |api| (api.unconfirmed() == 0).then_some(())).await;
    [of(one).await, of(two).await]
}

async fn extensions(hotel: &Hotel, receipt_no: ReceiptNo) -> i64 {
    let tracked = hotel.running().service.booking(receipt_no).await.unwrap();
    (tracked.booking.hold.until - tracked.booking.booked_at).num_minutes() - 120
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taps_that_the_webhook_brings_in_another_order_are_all_done() {
    let hotel = called_hotel().await;
    let sari = hotel.sari();
    let [one, two] = two_bookings(&hotel).await;
    hotel.api.gathers(2, Order::NewestFirst);
    let first = taps(&sari, &one.1, "+30 menit");
    let second = taps(&sari, &two.1, "+30 menit");
    assert_eq!(sari.is_answered(&second).await, "");
    assert_eq!(sari.is_answered(&first).await, "");
    for (receipt_no, _) in [one, two] {
        assert_eq!(extensions(&hotel, receipt_no).await, 30);
    }
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_that_was_not_accepted_is_repeated_although_a_later_one_was_handled() {
    let hotel = called_hotel().await;
    let sari = hotel.sari();
    let [one, two] = two_bookings(&hotel).await;
    let before = hotel.api.webhook_calls().len();
    hotel.api.gathers(2, Order::OldestFirst);
    let name = format!("telegram.handled:{FRONT_OFFICE}");
    hotel.store().value_fails(&name, 1, Outage::Away);
    let first = taps(&sari, &one.1, "+30 menit");
    let second = taps(&sari, &two.1, "+30 menit");
    assert_eq!(sari.is_answered(&second).await, "");
    assert_eq!(sari.is_answered(&first).await, "");
    for (receipt_no, _) in [one, two] {
        assert_eq!(extensions(&hotel, receipt_no).await, 30);
    }
    hotel.api.until("all taken", |api| (api.unconfirmed() == 0).then_some(())).await;
    assert_eq!(hotel.api.webhook_calls()[before..], [503, 200, 200]);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handled_before_a_restart_is_known_after_it_in_any_order() {
    let mut hotel = called_hotel().await;
    let sari = hotel.sari();
    let [one, two] = two_bookings(&hotel).await;
    hotel.api.gathers(2, Order::NewestFirst);
    let first = taps(&sari, &one.1, "+30 menit");
    let second = taps(&sari, &two.1, "+30 menit");
    sari.is_answered(&second).await;
    sari.is_answered(&first).await;
    hotel.api.until("all taken", |api| (api.unconfirmed() == 0).then_some(())).await;
    hotel.restart().await;
    hotel.api.calls_at(hotel.running().address);
    let before = hotel.api.transcript();
    hotel.api.brings_again(2);
    hotel.api.until("taken again", |api| (api.unconfirmed() == 0).then_some(())).await;
    for (receipt_no, _) in [one, two] {
        assert_eq!(extensions(&hotel, receipt_no).await, 30);
    }
    assert_eq!(hotel.api.transcript(), before, "nobody reads anything of it");
    hotel.close().await;
}
