//! Two taps to a booking, what guests write in their own words, and the keyboard for the position.

use jatah::domain::{Command, ReceiptNo};
use serde_json::json;

use super::{FRONT_OFFICE, Hotel, receipt_in};
use crate::botapi::{BotApi, Message};
use crate::build::staff;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_books_the_likeliest_stay_with_two_taps() {
    let hotel = Hotel::open().await;
    let (budi, ann) = (hotel.guest(7, "Budi"), hotel.api.person(9, "Ann", "en"));
    budi.says("/booking");
    let summary = budi.reads("Sudah benar?").await;
    for fact in ["Nama: Budi", "Kamar: Aula", "1 malam", "Rp50.000"] {
        assert!(summary.text.contains(fact), "{fact}: {}", summary.text);
    }
    assert_eq!(summary.labels(), ["✅ Pesan", "Ganti kamar", "Ganti malam", "Ganti nama"]);
    budi.taps("✅ Pesan").await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    assert_eq!(status.id, summary.id);
    ann.says("/booking Ann Smith");
    let summary = ann.reads("Is this right?").await;
    assert!(summary.text.contains("Ann Smith"), "{}", summary.text);
    assert_eq!(summary.labels(), ["✅ Book", "Change room", "Change nights", "Change name"]);
    ann.taps("Change name").await;
    ann.reads("Type the name").await;
    ann.says("Ann Jones");
    assert!(ann.reads("Is this right?").await.text.contains("Ann Jones"));
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_summary_at_another_price_is_shown_again() {
    let mut hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    hotel.sees_summary(&budi, "Standar").await;
    hotel.stop().await;
    hotel.standard_price = 400_000;
    hotel.start().await;
    budi.taps("✅ Pesan").await;
    let again = budi.reads("Rp400.000").await;
    assert!(again.labels().contains(&"✅ Pesan"), "{again:?}");
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_answered_in_their_own_words_a_little() {
    let hotel = Hotel::open().await;
    let (budi, ann) = (hotel.guest(7, "Budi"), hotel.api.person(9, "Ann", "en"));
    budi.says("masih ada kamar kosong?");
    let left = budi.reads("Malam ini, ").await;
    for fact in ["Standar · Rp350.000 · sisa 10", "Deluxe <&> · Rp500.000 · sisa 1"] {
        assert!(left.text.contains(fact), "{fact}: {}", left.text);
    }
    budi.says("hotelnya di mana");
    budi.reads("Buka peta").await;
    budi.says("kena macet");
    budi.reads("Anda tidak punya booking").await;
    budi.says("makasih");
    budi.reads("Sama-sama").await;
    budi.says("halo");
    budi.reads("Saya membantu memesan kamar").await;
    ann.says("How much is a room?");
    ann.reads("Tonight, ").await;
    ann.says("thanks");
    ann.reads("You are welcome").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_in_a_jam_is_shown_the_booking_and_the_desk_is_told_a_few_times() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    let receipt_no = hotel.books(&budi).await;
    let card = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    for _ in 0..5 {
        budi.says("maaf <macet> di tol");
    }
    let answers = |api: &BotApi| {
        let told = api.messages(7).iter().filter(|m| m.text.contains("Baik, resepsionis")).count();
        (told == 5).then_some(())
    };
    hotel.api.until("five answers", answers).await;
    budi.says("makasih");
    budi.reads("Sama-sama").await;
    let note = hotel.api.reads(FRONT_OFFICE, "TAMU TERLAMBAT").await;
    assert_eq!(note.reply_to, Some(card.id));
    assert!(note.text.contains(&receipt_no) && note.text.contains("“maaf <macet> di tol”"));
    budi.says("batal saja");
    budi.reads("Batalkan booking ini?").await;
    let notes = |m: &&Message| m.text.contains("TAMU TERLAMBAT");
    assert!(hotel.api.messages(FRONT_OFFICE).iter().filter(notes).count() <= 3);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_handed_to_the_desk_a_few_times_and_only_during_a_hold() {
    let hotel = Hotel::open().await;
    let (budi, eve) = (hotel.guest(7, "Budi"), hotel.guest(8, "Eve"));
    let receipt_no = hotel.books(&budi).await;
    let photo =
        json!([{ "file_id": "a", "file_unique_id": "b", "width": 9, "height": 9, "file_size": 9 }]);
    eve.sends_any(8, json!({ "photo": photo }));
    eve.reads("tidak bisa saya baca").await;
    for _ in 0..5 {
        budi.sends_any(7, json!({ "photo": photo }));
    }
    let answers = |api: &BotApi| {
        let told = api.messages(7).iter().filter(|m| m.text.contains("tunjukkan di resep")).count();
        (told == 5).then_some(())
    };
    hotel.api.until("five answers", answers).await;
    let passed = hotel.api.reads(FRONT_OFFICE, "GAMBAR DARI TAMU").await;
    assert!(passed.text.contains(&receipt_no), "{}", passed.text);
    let three = |api: &BotApi| (api.calls("sendphoto", FRONT_OFFICE).len() == 3).then_some(());
    hotel.api.until("three pictures", three).await;
    let number = ReceiptNo::parse(&receipt_no).unwrap();
    assert!(hotel.running().service.booking(number).await.unwrap().booking.is_pending());
    hotel.close().await;
}

/// How a hold ends, or is left, while the keyboard for the position is shown.
#[derive(Clone, Copy)]
enum End {
    Cancelled,
    Arrived,
    Paid,
    PositionSent,
    LiveShared,
    StartedAgain,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_for_the_position_is_removed_whichever_way_it_is_left() {
    let hotel = Hotel::open().await;
    let ends = [
        End::Cancelled,
        End::Arrived,
        End::Paid,
        End::PositionSent,
        End::LiveShared,
        End::StartedAgain,
    ];
    for (id, end) in (20..).zip(ends) {
        let guest = hotel.guest(id, "Budi");
        let receipt_no = ReceiptNo::parse(&hotel.books(&guest).await).unwrap();
        guest.taps("📍 Bagikan lokasi").await;
        guest.reads("Bagikan Lokasi Langsung").await;
        let apply = async |command| {
            hotel.running().service.apply(receipt_no, command).await.unwrap();
        };
        match end {
            End::Cancelled => apply(Command::CancelByGuest).await,
            End::Arrived => apply(Command::Arrive { by: staff("Sari") }).await,
            End::Paid => apply(Command::MarkPaid { by: staff("Sari") }).await,
            End::PositionSent => drop(guest.shares(-6.21, 106.8, false, 0)),
            End::LiveShared => drop(guest.shares(-6.21, 106.8, true, 0)),
            End::StartedAgain => guest.says("/booking"),
        }
        let removed =
            |api: &BotApi| api.messages(id).into_iter().find(Message::removes_keyboard).map(drop);
        hotel.api.until("the keyboard to go", removed).await;
    }
    // A button of a hold that is over brings it not back.
    let guest = hotel.guest(20, "Budi");
    let before = hotel.api.messages(20).len();
    let shown = guest.reads("⚪️ Dibatalkan").await;
    let digits: String = receipt_in(&shown.text).chars().filter(char::is_ascii_digit).collect();
    guest.taps_data(20, &shown, &format!("1|l|{digits}"), "📍 Bagikan lokasi");
    let next = hotel.api.until("an answer", |api| api.messages(20).into_iter().nth(before)).await;
    assert!(next.text.contains("Dibatalkan"), "{next:?}");
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_profile_of_the_bot_is_told_in_both_languages() {
    let hotel = Hotel::open().await;
    for (language, part) in [("", "tanpa uang muka"), ("id", "tanpa uang muka"), ("en", "Book a")] {
        let told = |api: &BotApi| api.description("description", language);
        let text = hotel.api.until("a description", told).await;
        assert!(text.contains(part) && text.contains("Hotel Melati"), "{text}");
        let told = |api: &BotApi| api.description("short_description", language);
        assert!(hotel.api.until("a short one", told).await.contains("Hotel Melati"));
    }
    hotel.close().await;
}
