//! How updates are received and messages are sent.

use std::time::Duration;

use jatah::app::{App, OpenStore};
use jatah::clock::Clock;
use jatah::domain::{FailureCode, ReceiptNo};
use jatah::store::{BookingReader, Filter};

use super::{FRONT_OFFICE, Hotel};
use crate::botapi::{BotApi, Fault, TOKEN};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_with_a_retry_after_waits_alone_and_as_long_as_it_says() {
    let hotel = Hotel::open().await;
    let (budi, rina) = (hotel.guest(7, "Budi"), hotel.guest(8, "Rina"));
    hotel.api.fails("sendmessage", Some(7), Fault::TooMany(3));
    budi.says("/start");
    rina.says("/start");
    rina.reads("Selamat datang").await;
    assert!(hotel.api.messages(7).is_empty());
    budi.reads("Selamat datang").await;
    let calls = hotel.api.calls("sendmessage", 7);
    let others = hotel.api.calls("sendmessage", 8);
    assert!(calls[0] - others[0] >= Duration::from_millis(2_500), "{:?}", calls[0] - others[0]);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_blocked_the_bot_is_shown_to_the_front_office() {
    let hotel = Hotel::open().await;
    let (budi, sari) = (hotel.guest(7, "Budi"), hotel.sari());
    let receipt_no = hotel.books(&budi).await;
    hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    hotel.api.block(7);
    sari.says(&format!("/update_cancel {receipt_no}"));
    sari.taps("Ya, batalkan").await;
    sari.reads("Status: CANCELLED").await;
    hotel.api.reads(FRONT_OFFICE, "DIBATALKAN").await;
    let number = ReceiptNo::parse(&receipt_no).unwrap();
    let given_up = loop {
        let given_up = hotel.store().undelivered(&[number]).await.unwrap();
        if !given_up.is_empty() {
            break given_up;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(given_up[0].reason, FailureCode::BotBlocked.into());
    let message = hotel.api.reads(FRONT_OFFICE, "Tamu belum tahu: ⚪️ DIBATALKAN").await;
    for fact in [receipt_no.as_str(), "PESAN KE TAMU TIDAK TERKIRIM", "tamu memblokir bot"] {
        assert!(message.text.contains(fact), "{fact}: {}", message.text);
    }
    assert!(message.reply_to.is_some(), "{message:?}");
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_fate_is_unknown_is_sent_once_more_at_most() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    hotel.api.fails("sendmessage", Some(FRONT_OFFICE), Fault::CutAfter);
    let receipt_no = hotel.books(&budi).await;
    let again = |api: &BotApi| {
        let of = |m: &&crate::botapi::Message| m.text.contains(&receipt_no);
        (api.messages(FRONT_OFFICE).iter().filter(of).count() == 2).then_some(())
    };
    hotel.api.until("the notification twice", again).await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_poll_loses_no_update() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    hotel.api.fails("getupdates", None, Fault::CutBefore);
    hotel.api.fails("getupdates", None, Fault::CutAfter);
    budi.says("/start");
    budi.reads("Selamat datang").await;
    hotel.api.until("confirmed", |api| (api.unconfirmed() == 0).then_some(())).await;
    assert_eq!(hotel.api.messages(7).len(), 1);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_calls_that_come_twice_have_one_effect() {
    let webhook = "webhook = \"on\"\nwebhook_secret = \"s3cret\"";
    let mut hotel = Hotel::closed(webhook, "2h").await;
    hotel.api.doubles_every_call();
    hotel.start().await;
    hotel.api.calls_at(hotel.running().address);
    let budi = hotel.guest(7, "Budi");
    hotel.books(&budi).await;
    let page = hotel.store().page(&Filter::default(), 10, None).await.unwrap();
    assert_eq!(page.total, 1);
    hotel.api.until("all taken", |api| (api.unconfirmed() == 0).then_some(())).await;
    assert!(hotel.api.webhook_calls().iter().all(|status| *status == 200));
    let is_shown = |api: &BotApi| (!api.calls("sendvenue", 7).is_empty()).then_some(());
    hotel.api.until("the place", is_shown).await;
    assert_eq!(hotel.api.messages(7).len(), 2, "one message, edited, and the place once");
    let url = format!("http://{}/telegram/webhook", hotel.running().address);
    let client = reqwest::Client::new();
    for secret in ["", "wrong", "s3cre"] {
        let call = client.post(&url).header("X-Telegram-Bot-Api-Secret-Token", secret);
        assert_eq!(call.body("{}").send().await.unwrap().status().as_u16(), 401);
    }
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hotel_keeps_running_while_telegram_cannot_be_reached() {
    let mut hotel = Hotel::closed("", "2h").await;
    for _ in 0..3 {
        hotel.api.fails("getme", None, Fault::CutBefore);
    }
    hotel.start().await;
    let url = format!("http://{}/readyz", hotel.running().address);
    let degraded = loop {
        let answer = reqwest::get(&url).await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
        if status == 200 && body.contains("telegram") {
            break body;
        }
        tokio::task::yield_now().await;
    };
    assert!(degraded.contains("Telegram tidak menjawab (Telegram did not answer)"), "{degraded}");
    let budi = hotel.guest(7, "Budi");
    hotel.books(&budi).await;
    assert!(!hotel.running().health.degraded().contains_key("telegram"));
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_stops_the_start_with_one_clear_line() {
    let hotel = Hotel::closed("", "2h").await;
    let environment = [("JATAH__TELEGRAM__TOKEN".to_owned(), "100:wrong".to_owned())];
    let config = hotel.config_with(environment);
    let store = OpenStore::to_serve(&config, &Clock::system()).await.unwrap();
    let Err(failure) = App::start(&config, store, Clock::system(), None).await else {
        panic!("it started");
    };
    let line = format!("{failure:#}");
    assert_eq!(line, "telegram.token: Telegram does not accept this token");
    assert!(!line.contains(TOKEN));
}
