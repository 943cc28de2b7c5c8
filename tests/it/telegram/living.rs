//! The living message of a booking in the front office's chat.

use std::time::Duration;

use jatah::domain::{Command, Contact, Email, ReceiptNo};

use super::{FRONT_OFFICE, Hotel};
use crate::botapi::{BotApi, Fault, Message, leave};
use crate::build::staff;
use crate::hotel::until;

/// Two nodes share a bot by the webhook, whose calls a proxy gives to either.
const WEBHOOK: &str = "webhook = \"on\"\nwebhook_secret = \"s3cret\"";

/// The message with this id, once its text contains a part.
async fn shows(api: &BotApi, id: i64, part: &str) -> Message {
    let is_it = |m: &Message| m.id == id && m.text.contains(part);
    api.until(part, |api| api.messages(FRONT_OFFICE).into_iter().find(is_it)).await
}

/// The reply to a message whose text contains a part.
async fn replies(api: &BotApi, id: i64, part: &str) -> Message {
    let is_it = |m: &Message| m.reply_to == Some(id) && m.text.contains(part);
    api.until(part, |api| api.messages(FRONT_OFFICE).into_iter().find(is_it)).await
}

async fn apply(hotel: &Hotel, receipt_no: ReceiptNo, command: Command) {
    hotel.running().service.apply(receipt_no, command).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_a_booking_is_edited_through_its_life_and_replied_to_with_a_sound() {
    let mut hotel = Hotel::open().await;
    let (sari, budi) = (hotel.sari(), hotel.guest(7, "Budi"));
    let receipt_no = hotel.books(&budi).await;
    let card = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    assert!(
        !card.is_silent && card.labels().iter().any(|label| label.starts_with("🏨 Tiba")),
        "{card:?}"
    );
    sari.taps_in(FRONT_OFFICE, "+30 menit").await;
    shows(&hotel.api, card.id, "DIPERPANJANG").await;
    assert_eq!(hotel.api.messages(FRONT_OFFICE).len(), 1, "an extension makes no sound");
    hotel.restart().await;
    sari.taps_in(FRONT_OFFICE, "🏨 Tiba").await;
    let reply = replies(&hotel.api, card.id, "TAMU TIBA").await;
    assert!(!reply.is_silent && reply.buttons.is_empty(), "{reply:?}");
    for fact in [receipt_no.as_str(), "Budi", "Standar", "Rp350.000"] {
        assert!(reply.text.contains(fact), "{fact}: {}", reply.text);
    }
    let arrived = shows(&hotel.api, card.id, "TAMU TIBA").await;
    assert!(!arrived.labels().iter().any(|label| label.starts_with("🏨 Tiba")), "{arrived:?}");
    sari.taps_in(FRONT_OFFICE, "✅ Paid").await;
    shows(&hotel.api, card.id, "Cocokkan dengan notifikasi QRIS").await;
    sari.taps_in(FRONT_OFFICE, "Cocok, tandai PAID").await;
    let paid = shows(&hotel.api, card.id, "Status: PAID").await;
    assert!(paid.text.contains("LUNAS") && paid.buttons.is_empty(), "{paid:?}");
    hotel.owes_nothing().await;
    assert_eq!(hotel.api.messages(FRONT_OFFICE).len(), 2, "{}", hotel.api.transcript());
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_deleted_is_replaced() {
    let hotel = Hotel::open().await;
    let receipt_no = hotel.books(&hotel.guest(7, "Budi")).await;
    let number = ReceiptNo::parse(&receipt_no).unwrap();
    let card = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    hotel.owes_nothing().await;
    hotel.api.deletes(FRONT_OFFICE, card.id);
    apply(&hotel, number, Command::CancelByGuest).await;
    let again = hotel.api.reads(FRONT_OFFICE, "Status: CANCELLED").await;
    assert!(again.is_silent && again.id > card.id, "{again:?}");
    let reply = replies(&hotel.api, again.id, "DIBATALKAN").await;
    assert!(!reply.is_silent, "{reply:?}");
    // Telegram refuses the edit of the deleted message.
    hotel.api.forgives();
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_of_a_merged_message_gets_its_own_only_with_a_reply() {
    let hotel = Hotel::open().await;
    let mut booked = Vec::new();
    for number in 1..=12 {
        let contact = Contact::Web(Email::parse(&format!("tamu{number}@example.com")).unwrap());
        booked.push(hotel.books_for(&format!("Tamu {number}"), contact).await);
    }
    let merged = hotel.api.reads(FRONT_OFFICE, " booking\n").await;
    hotel.owes_nothing().await;
    let last = *booked.last().unwrap();
    assert!(merged.text.contains("BOOKING BARU"), "{}", merged.text);
    let before = hotel.api.messages(FRONT_OFFICE).len();
    apply(&hotel, last, Command::Extend { by: staff("Sari"), minutes: 30 }).await;
    hotel.owes_nothing().await;
    assert_eq!(hotel.api.messages(FRONT_OFFICE).len(), before, "an extension needs no message");
    apply(&hotel, last, Command::Arrive { by: staff("Sari") }).await;
    hotel.owes_nothing().await;
    let told = hotel.api.messages(FRONT_OFFICE);
    let [card, reply] = told.get(before..).unwrap() else { panic!("{told:?}") };
    assert!(card.is_silent && card.text.contains(&last.to_string()), "{card:?}");
    assert_eq!((reply.reply_to, reply.is_silent), (Some(card.id), false));
    apply(&hotel, last, Command::MarkPaid { by: staff("Sari") }).await;
    assert!(shows(&hotel.api, card.id, "LUNAS").await.buttons.is_empty());
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_edit_one_message_and_the_other_one_goes_on_alone() {
    let mut hotel = Hotel::closed_on_mongodb(WEBHOOK).await;
    hotel.start().await;
    hotel.api.calls_at(hotel.running().address);
    let other = hotel.another_node().await;
    let (sari, budi) = (hotel.sari(), hotel.guest(7, "Budi"));
    let number = ReceiptNo::parse(&hotel.books(&budi).await).unwrap();
    let card = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    // Either node commits, and either gets the updates.
    let extend = Command::Extend { by: staff("Sari"), minutes: 30 };
    other.service.apply(number, extend).await.unwrap();
    shows(&hotel.api, card.id, "DIPERPANJANG").await;
    hotel.api.calls_at(other.address);
    sari.taps_in(FRONT_OFFICE, "🏨 Tiba").await;
    replies(&hotel.api, card.id, "TAMU TIBA").await;
    hotel.owes_nothing().await;
    hotel.stop().await;
    sari.taps_in(FRONT_OFFICE, "✅ Paid").await;
    sari.taps_in(FRONT_OFFICE, "Cocok, tandai PAID").await;
    let paid = shows(&hotel.api, card.id, "Status: PAID").await;
    assert!(paid.text.contains("LUNAS") && paid.buttons.is_empty(), "{paid:?}");
    hotel.start().await;
    let cancelled = hotel.running().service.booking(number).await.unwrap();
    assert!(cancelled.booking.is_paid());
    hotel.owes_nothing().await;
    assert_eq!(hotel.api.messages(FRONT_OFFICE).len(), 2, "{}", hotel.api.transcript());
    other.stop().await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_waits_for_the_first_message_that_another_one_sends() {
    let mut hotel = Hotel::closed_on_mongodb(WEBHOOK).await;
    hotel.start().await;
    let other = hotel.another_node().await;
    let contact = Contact::Web(Email::parse("budi@example.com").unwrap());
    hotel.api.fails("sendmessage", Some(FRONT_OFFICE), Fault::Late(Duration::from_secs(2)));
    let number = hotel.books_for("Budi", contact).await;
    until(|| (hotel.api.faults_left() == 0).then_some(())).await;
    let extend = Command::Extend { by: staff("Sari"), minutes: 30 };
    other.service.apply(number, extend).await.unwrap();
    other.service.apply(number, Command::CancelByGuest).await.unwrap();
    assert!(hotel.api.messages(FRONT_OFFICE).is_empty(), "the first one is on its way");
    let card = hotel.api.reads(FRONT_OFFICE, &number.to_string()).await;
    assert!(card.first.contains("BOOKING BARU"), "{card:?}");
    shows(&hotel.api, card.id, "Status: CANCELLED").await;
    replies(&hotel.api, card.id, "DIBATALKAN").await;
    hotel.owes_nothing().await;
    assert_eq!(hotel.api.messages(FRONT_OFFICE).len(), 2, "{}", hotel.api.transcript());
    other.stop().await;
    hotel.close().await;
}

/// Two guests and one that does not come, as the front office's group sees it. The transcript is
/// kept as `night.txt`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_in_the_group_of_the_front_office() {
    let hotel = Hotel::open_with("", "12s").await;
    let sari = hotel.sari();
    let [near, quits, late] =
        [(7, "Agus"), (8, "Rina"), (9, "Budi")].map(|(id, name)| hotel.guest(id, name));
    let card = async |guest: &crate::botapi::Person| {
        let receipt_no = hotel.books(guest).await;
        hotel.api.reads(FRONT_OFFICE, &receipt_no).await.id
    };
    let kept = card(&near).await;
    near.shares(-6.22, 106.8, true, 0);
    let cancelled = card(&quits).await;
    quits.taps("Batalkan").await;
    quits.taps("Ya, batalkan").await;
    replies(&hotel.api, cancelled, "DIBATALKAN").await;
    let expired = card(&late).await;
    replies(&hotel.api, kept, "SEGERA HABIS").await;
    shows(&hotel.api, kept, "DIPERPANJANG").await;
    replies(&hotel.api, expired, "WAKTU HABIS").await;
    let extended = shows(&hotel.api, kept, "DIPERPANJANG").await;
    let button = extended.buttons.iter().find(|(label, _)| label.starts_with("🏨 Tiba")).unwrap();
    let data = button.1["callback_data"].as_str().unwrap();
    sari.taps_data(FRONT_OFFICE, &extended, data, "🏨 Tiba");
    replies(&hotel.api, kept, "TAMU TIBA").await;
    sari.taps_in(FRONT_OFFICE, "✅ Paid").await;
    sari.taps_in(FRONT_OFFICE, "Cocok, tandai PAID").await;
    let paid = shows(&hotel.api, kept, "LUNAS").await;
    assert!(paid.buttons.is_empty());
    for message in hotel.api.messages(FRONT_OFFICE) {
        let is_card = [kept, cancelled, expired].contains(&message.id);
        assert!(is_card != message.reply_to.is_some(), "{message:?}");
    }
    leave("night.txt", &hotel.api.transcript());
    hotel.close().await;
}
