//! Faults of Telegram and of the store: nothing is lost, and everybody still gets an answer.

use std::time::Duration;

use jatah::domain::ReceiptNo;
use jatah::store::BookingReader;

use super::{FRONT_OFFICE, Hotel, in_fast_time};
use crate::botapi::{BotApi, Fault, Message, TOKEN};
use crate::hotel::until;
use crate::observed_store::Outage;

/// How many messages of the bot in a chat contain a text.
fn count(api: &BotApi, chat: i64, part: &str) -> usize {
    api.messages(chat).iter().filter(|message| message.text.contains(part)).count()
}

/// Waits for the next call to the store.
async fn asks_the_store(hotel: &Hotel) {
    let before = hotel.store().calls();
    until(|| (hotel.store().calls() != before).then_some(())).await;
}

#[test]
fn a_short_fault_of_telegram_loses_no_notification_and_doubles_none() {
    in_fast_time(|| async {
        let mut hotel = Hotel::closed_in_fast_time("").await;
        hotel.start().await;
        let (sari, budi) = (hotel.sari(), hotel.guest(7, "Budi"));
        let faults = [Fault::Broken, Fault::ProxyPage, Fault::Unavailable, Fault::ProxyPage];
        for fault in faults {
            hotel.api.fails("sendmessage", Some(FRONT_OFFICE), fault);
        }
        let receipt_no = hotel.books(&budi).await;
        for fault in faults {
            hotel.api.fails("sendmessage", Some(7), fault);
        }
        sari.says(&format!("/update_cancel {receipt_no}"));
        sari.taps("Ya, batalkan").await;
        budi.reads("dibatalkan").await;
        hotel.api.reads(FRONT_OFFICE, "DIBATALKAN").await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        let told = hotel.api.messages(FRONT_OFFICE);
        assert_eq!(told.len(), 1, "{}", hotel.api.transcript());
        assert!(told[0].first.contains("BOOKING BARU"), "{told:?}");
        assert!(told[0].text.contains("DIBATALKAN"), "{told:?}");
        let number = ReceiptNo::parse(&receipt_no).unwrap();
        assert!(hotel.store().undelivered(&[number]).await.unwrap().is_empty());
        assert!(hotel.api.calls("sendmessage", FRONT_OFFICE).len() <= 2);
        hotel.close().await;
    });
}

#[test]
fn a_reply_is_sent_again_after_a_fault_of_telegram() {
    in_fast_time(|| async {
        let mut hotel = Hotel::closed_in_fast_time("").await;
        hotel.start().await;
        let budi = hotel.guest(7, "Budi");
        for fault in [Fault::Broken, Fault::ProxyPage, Fault::Unavailable] {
            hotel.api.fails("sendmessage", Some(7), fault);
        }
        hotel.api.fails("answercallbackquery", None, Fault::Broken);
        budi.says("/start");
        let greeting = budi.reads("Selamat datang").await;
        assert_eq!(hotel.api.messages(7).len(), 1, "said once");
        let query = budi.taps_data(7, &greeting, "0|old", "?");
        assert!(!budi.is_answered(&query).await.is_empty());
        hotel.close().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_front_office_is_followed_when_its_group_gets_a_new_id() {
    let mut hotel = Hotel::open().await;
    let (sari, budi, rina) = (hotel.sari(), hotel.guest(7, "Budi"), hotel.guest(8, "Rina"));
    let moved = -1_009_009;
    sari.says_in(FRONT_OFFICE, "/cek_pembayaran");
    hotel.api.reads(FRONT_OFFICE, "Tidak ada booking pending.").await;
    hotel.api.upgrades(FRONT_OFFICE, moved);
    let receipt_no = hotel.books(&budi).await;
    let notification = hotel.api.reads(moved, "BOOKING BARU").await;
    assert!(notification.text.contains(&receipt_no));
    let reason = hotel.is_degraded("telegram.fo_chat_id").await;
    assert!(reason.contains("telegram.fo_chat_id = -1009009"), "{reason}");
    hotel.api.reads(moved, "Belum dibayar (1)").await;
    hotel.restart().await;
    hotel.is_degraded("telegram.fo_chat_id = -1009009").await;
    let before = hotel.api.calls("sendmessage", FRONT_OFFICE).len();
    let second = hotel.books(&rina).await;
    let is_it = |m: &Message| m.text.contains("BOOKING BARU") && m.text.contains(&second);
    hotel.api.until("the notification", |api| api.messages(moved).into_iter().find(is_it)).await;
    assert_eq!(hotel.api.calls("sendmessage", FRONT_OFFICE).len(), before, "the new id was stored");
    // The menu of the old id may be set after the move. Telegram refuses that, which does no harm.
    let refusals = hotel.api.refusals();
    assert!(refusals.iter().all(|words| words.starts_with("setmycommands")), "{refusals:?}");
    hotel.api.forgives();
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_for_another_bot_and_from_anonymous_senders_are_not_obeyed() {
    let hotel = Hotel::open().await;
    let sari = hotel.sari();
    let group = hotel.api.group(-2_002);
    sari.says_in(group, "/papan@other_bot");
    sari.says_in(FRONT_OFFICE, "/cek_pembayaran@other_bot");
    sari.says_anonymously_in(FRONT_OFFICE, "/cek_pembayaran@other_bot");
    sari.says_anonymously_in(FRONT_OFFICE, "apa kabar?");
    sari.says_anonymously_in(FRONT_OFFICE, "/cek_pembayaran");
    hotel.api.reads(FRONT_OFFICE, "admin anonim").await;
    sari.says_in(FRONT_OFFICE, "/cek_pembayaran@MELATI_bot");
    hotel.api.reads(FRONT_OFFICE, "Tidak ada booking pending.").await;
    assert_eq!(hotel.api.messages(FRONT_OFFICE).len(), 2, "{}", hotel.api.transcript());
    assert!(hotel.api.messages(group).is_empty());
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_longer_staff_loses_the_menu() {
    let mut hotel = Hotel::open().await;
    let of_joko =
        |api: &BotApi| api.menus().iter().filter(|(scope, ..)| scope == "chat:502").count();
    hotel.api.until("all menus", |api| (of_joko(api) == 3).then_some(())).await;
    hotel.stop().await;
    hotel.without_joko = true;
    hotel.start().await;
    hotel.api.until("no menu", |api| (of_joko(api) == 0).then_some(())).await;
    assert!(hotel.api.menus().iter().any(|(scope, ..)| scope == "chat:501"));
    hotel.close().await;
}

#[test]
fn an_update_that_fails_five_times_is_skipped_and_its_sender_is_told() {
    in_fast_time(|| async {
        let mut hotel = Hotel::closed_in_fast_time("").await;
        hotel.start().await;
        let (budi, rina) = (hotel.guest(7, "Budi"), hotel.guest(8, "Rina"));
        hotel.store().value_fails("telegram.typing:7", 5, Outage::Unexpected);
        hotel.store().value_fails("telegram.typing:8", 5, Outage::Crash);
        budi.says("halo");
        rina.says("halo");
        for guest in [&budi, &rina] {
            guest.reads("ada gangguan").await;
            guest.says("halo?");
            guest.reads("/booking").await;
            assert_eq!(count(&hotel.api, guest.id, "ada gangguan"), 1);
        }
        hotel.api.until("confirmed", |api| (api.unconfirmed() == 0).then_some(())).await;
        hotel.close().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_whose_handler_crashes_once_is_handled_all_the_same() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    hotel.store().value_fails("telegram.typing:7", 1, Outage::Crash);
    budi.says("halo");
    budi.reads("/booking").await;
    assert_eq!(hotel.api.messages(7).len(), 1);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_while_the_store_is_away_is_done_once_when_it_is_back() {
    let hotel = Hotel::open().await;
    let (sari, budi) = (hotel.sari(), hotel.guest(7, "Budi"));
    let receipt_no = ReceiptNo::parse(&hotel.books(&budi).await).unwrap();
    let before = hotel.running().service.booking(receipt_no).await.unwrap().booking.hold.until;
    let notification = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    let (label, button) = notification.buttons.iter().find(|(l, _)| l == "+30 menit").unwrap();
    hotel.api.until("confirmed", |api| (api.unconfirmed() == 0).then_some(())).await;
    hotel.store().set_away(true);
    let data = button["callback_data"].as_str().unwrap();
    let query = sari.taps_data(FRONT_OFFICE, &notification, data, label);
    asks_the_store(&hotel).await;
    hotel.store().set_away(false);
    assert_eq!(sari.is_answered(&query).await, "");
    hotel.api.until("confirmed", |api| (api.unconfirmed() == 0).then_some(())).await;
    let after = hotel.running().service.booking(receipt_no).await.unwrap().booking.hold.until;
    assert_eq!((after - before).num_minutes(), 30);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_that_takes_the_updates_is_reported_until_it_is_gone() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    budi.says("/start");
    budi.reads("Selamat datang").await;
    let url = format!("http://{}/bot{TOKEN}/GetUpdates?timeout=25", hotel.api.address);
    let rival = async {
        let client = reqwest::Client::new();
        loop {
            let _ = client.post(&url).body("{\"timeout\":25}").send().await;
        }
    };
    tokio::select! {
        () = rival => {}
        reason = hotel.is_degraded("another process") => {
            assert!(reason.starts_with("pembaruan bot ini diambil proses lain (another"), "{reason}");
        }
    }
    hotel.is_well().await;
    budi.says("/status");
    budi.reads("Anda tidak punya booking").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_on_a_booking_that_is_gone_is_answered() {
    let hotel = Hotel::open().await;
    let (sari, budi) = (hotel.sari(), hotel.guest(7, "Budi"));
    hotel.books(&budi).await;
    let notification = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    for kind in ["P", "K", "C"] {
        let query =
            sari.taps_data(FRONT_OFFICE, &notification, &format!("1|{kind}|20200101001"), "?");
        assert!(sari.is_answered(&query).await.contains("tidak ditemukan"), "{kind}");
    }
    for kind in ["l", "a", "x", "k"] {
        let query = budi.taps_data(7, &status, &format!("1|{kind}|20200101001"), "?");
        budi.is_answered(&query).await;
    }
    hotel.api.until("confirmed", |api| (api.unconfirmed() == 0).then_some(())).await;
    assert_eq!(count(&hotel.api, 7, "gangguan"), 0);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_the_bot_out_of_the_front_offices_chat_loses_no_notification() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    let muted = "Bad Request: not enough rights to send text messages to the chat";
    let kicked = "Forbidden: bot was kicked from the supergroup chat";
    let closed = "Bad Request: TOPIC_CLOSED";
    for (code, words) in [(400, muted), (403, kicked), (400, closed)] {
        hotel.api.fails("sendmessage", Some(FRONT_OFFICE), Fault::Refused(code, words));
    }
    let receipt_no = hotel.books(&budi).await;
    let health = hotel.running().health.clone();
    until(|| health.degraded().remove("courier").filter(|why| why.contains("not enough"))).await;
    let notification = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    assert!(notification.text.contains(&receipt_no));
    until(|| (!health.degraded().contains_key("courier")).then_some(())).await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_go_into_their_topic_and_answers_into_the_topic_of_the_question() {
    let hotel = Hotel::open_with("fo_topic_id = 7", "2h").await;
    let (sari, budi) = (hotel.sari(), hotel.guest(7, "Budi"));
    hotel.books(&budi).await;
    assert_eq!(hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await.topic, Some(7));
    sari.says_in_topic(FRONT_OFFICE, 9, "/cek_pembayaran");
    assert_eq!(hotel.api.reads(FRONT_OFFICE, "Belum dibayar (1)").await.topic, Some(9));
    sari.says_in_topic(FRONT_OFFICE, 9, "/id");
    let answer = hotel.api.reads(FRONT_OFFICE, "Id topik ini").await;
    assert!(answer.text.contains('9') && answer.topic == Some(9), "{}", answer.text);
    sari.says_in(FRONT_OFFICE, "/riwayat");
    assert_eq!(hotel.api.reads(FRONT_OFFICE, "Booking yang mana").await.topic, None);
    hotel.close().await;
}
