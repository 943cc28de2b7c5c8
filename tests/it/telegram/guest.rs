//! Conversations of guests with the bot.

use jatah::domain::ReceiptNo;
use jatah::domain::travel::PositionSource;
use jatah::store::{BookingReader, Filter};

use serde_json::json;

use super::{FRONT_OFFICE, Hotel, receipt_in};
use crate::botapi::BotApi;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_books_in_four_taps_and_sees_one_message_change() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    budi.says("/start");
    assert_eq!(budi.reads("Selamat datang").await.labels(), ["Pesan di sini"]);
    budi.taps("Pesan di sini").await;
    budi.taps("Ganti kamar").await;
    let rooms = budi.reads("Pilih tipe kamar").await;
    assert_eq!(
        rooms.labels(),
        [
            "Standar · Rp350.000 · sisa 10",
            "Deluxe <&> · Rp500.000 · sisa 1",
            "Aula · Rp50.000 · sisa 10000"
        ]
    );
    budi.taps("Deluxe").await;
    assert!(budi.reads("Berapa malam?").await.text.contains("Deluxe <&>"));
    budi.taps("2 malam · Rp1.000.000").await;
    hotel.taps_own_name(&budi).await;
    let summary = budi.reads("Sudah benar?").await;
    assert!(summary.text.contains("Rp1.000.000") && summary.text.contains("WIB"));
    budi.taps("✅ Pesan").await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    assert_eq!(status.id, rooms.id, "always the same message");
    assert_eq!(status.labels(), ["📍 Bagikan lokasi", "Batalkan"]);
    let receipt_no = receipt_in(&status.text);
    let notification = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    assert!(
        notification.text.contains(&receipt_no) && notification.text.ends_with("Status: PENDING")
    );
    for fact in ["Budi", "Deluxe <&>", "2 malam", "Telegram", "Rp1.000.000", "Disimpan sampai"] {
        assert!(notification.text.contains(fact), "{fact}: {}", notification.text);
    }
    budi.taps("Batalkan").await;
    budi.reads("Batalkan booking ini?").await;
    budi.taps("Ya, batalkan").await;
    budi.reads(&format!("{receipt_no}: Booking ini Anda batalkan")).await;
    let ended = budi.reads("⚪️ Dibatalkan").await;
    assert_eq!(ended.id, rooms.id);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_tap_books_once() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    let summary = hotel.sees_summary(&budi, "Standar").await;
    let data = summary.buttons[0].1["callback_data"].as_str().unwrap().to_owned();
    let taps: Vec<String> =
        (0..3).map(|_| budi.taps_data(budi.id, &summary, &data, "✅ Pesan")).collect();
    for callback in taps {
        assert_eq!(budi.is_answered(&callback).await, "");
    }
    let page = hotel.store().page(&Filter::default(), 10, None).await.unwrap();
    assert_eq!(page.total, 1);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_loses_no_conversation() {
    let mut hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    budi.says("/booking");
    budi.taps("Ganti kamar").await;
    budi.taps("Standar").await;
    budi.reads("Berapa malam?").await;
    hotel.restart().await;
    budi.taps("1 malam").await;
    budi.taps("Ketik nama lain").await;
    budi.reads("Ketik nama tamu").await;
    hotel.restart().await;
    budi.says("Ibu <b>&_*[x](y) 🙂");
    let summary = budi.reads("Sudah benar?").await;
    assert!(summary.text.contains("Ibu <b>&_*[x](y) 🙂"), "{}", summary.text);
    hotel.stop().await;
    budi.taps("✅ Pesan").await;
    hotel.start().await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    assert_eq!(status.id, summary.id);
    assert!(status.text.contains("Ibu <b>&_*[x](y) 🙂"));
    hotel.restart().await;
    budi.says("/status");
    let again = hotel
        .api
        .until("a fresh status", |api| {
            let last = api.messages(7).into_iter().next_back()?;
            (last.id != status.id && last.text.contains("🟡 Kamar Anda kami simpan"))
                .then_some(last)
        })
        .await;
    assert_eq!(receipt_in(&again.text), receipt_in(&status.text));
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_every_kind_are_shown_as_they_are() {
    let hotel = Hotel::open().await;
    let long = "Panjang ".repeat(10).trim_end().to_owned();
    let names = ["<b>&_*[x](y)", long.as_str(), "👩‍👩‍👧 Siti", "محمد"];
    for (id, name) in (20..).zip(names) {
        let guest = hotel.guest(id, name);
        let receipt_no = hotel.books(&guest).await;
        assert!(guest.reads(&receipt_no).await.text.contains(&format!("Nama: {name}")), "{name}");
        assert!(hotel.api.reads(FRONT_OFFICE, &receipt_no).await.text.contains("BOOKING"));
    }
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_button_says_so_and_offers_a_fresh_start() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    budi.says("/booking");
    budi.taps("Ganti kamar").await;
    let rooms = budi.reads("Pilih tipe kamar").await;
    let query = budi.taps_data(budi.id, &rooms, "0|old", "?");
    assert!(budi.is_answered(&query).await.contains("tidak berlaku"));
    let stale = budi.reads("Tombol ini sudah tidak berlaku").await;
    assert_eq!(stale.labels(), ["Mulai lagi"]);
    budi.taps("Mulai lagi").await;
    budi.reads("Pilih tipe kamar").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_locations_are_taken_in_silence() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    budi.shares(-6.21, 106.8, false, 0);
    budi.reads("tidak punya booking yang berjalan").await;
    let receipt_no = hotel.books(&budi).await;
    budi.taps("Bagikan lokasi").await;
    budi.reads("Bagikan Lokasi Langsung").await;
    let said = hotel.api.messages(7).len();
    let live = budi.shares(-6.30, 106.8, true, 450);
    budi.moves(live, -6.29, true, 300);
    budi.moves(live, -6.290_01, true, 290);
    budi.moves(live, -6.27, true, 150);
    budi.moves(live, -6.27, false, 0);
    hotel.api.until("all handled", |api| (api.unconfirmed() == 0).then_some(())).await;
    let receipt_no = ReceiptNo::parse(&receipt_no).unwrap();
    let tracked = hotel.running().service.booking(receipt_no).await.unwrap();
    assert_eq!(tracked.track.fixes().len(), 4, "the start, two real moves, the end");
    let latest = tracked.track.latest().unwrap();
    assert_eq!((latest.place.latitude(), latest.source), (-6.27, PositionSource::Single));
    assert_eq!(hotel.api.messages(7).len(), said, "no message");
    budi.sends_a_contact();
    budi.reads("Nomor telepon tidak kami perlukan").await;
    budi.says("halo?");
    budi.reads("Saya membantu memesan kamar").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_chosen_on_the_form_goes_on_in_the_chat() {
    let hotel = Hotel::open().await;
    let url = format!("http://{}/graphql", hotel.running().address);
    let today = hotel.running().service.policy().hotel.day_of(hotel.running().service.now());
    let query = format!(
        r#"mutation {{ prepareTelegramBooking(input: {{ roomType: "STD", checkIn: "{today}", nights: 2, guestName: "Rina|Wati" }}) {{ link }} }}"#
    );
    let client = reqwest::Client::new();
    let body = serde_json::json!({ "query": query });
    let answer: serde_json::Value =
        client.post(url).json(&body).send().await.unwrap().json().await.unwrap();
    let link = answer["data"]["prepareTelegramBooking"]["link"].as_str().unwrap();
    let key = link.strip_prefix("https://t.me/melati_bot?start=").unwrap();
    assert!(key.len() <= 64);
    let rina = hotel.guest(8, "R");
    rina.says(&format!("/start {key}"));
    let summary = rina.reads("Sudah benar?").await;
    assert!(summary.text.contains("Rina|Wati") && summary.text.contains("Rp700.000"));
    rina.taps("✅ Pesan").await;
    rina.reads("🟡 Kamar Anda kami simpan").await;
    rina.says("/start unknown-key");
    rina.reads("Selamat datang").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_english_guest_is_reminded_and_told_of_the_end() {
    let hotel = Hotel::open_with("", "4s").await;
    let ann = hotel.api.person(9, "Ann", "en-GB");
    ann.says("/booking Ann Smith");
    ann.taps("Change room").await;
    ann.taps("Standar").await;
    ann.taps("1 night").await;
    assert!(ann.reads("Is this right?").await.text.contains("Ann Smith"));
    ann.taps("✅ Book").await;
    ann.reads("🟡 We keep your room").await;
    ann.reads("left: we keep the room until").await;
    ann.reads("Sorry, the time ran out").await;
    ann.reads("⚪️ Cancelled").await;
    hotel.api.reads(FRONT_OFFICE, "SEGERA HABIS").await;
    hotel.api.reads(FRONT_OFFICE, "WAKTU HABIS").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_no_plain_text_is_done_explained_or_left_in_silence() {
    let hotel = Hotel::open().await;
    let (budi, sari) = (hotel.guest(7, "Budi"), hotel.sari());
    let receipt_no = hotel.books(&budi).await;
    let there = json!({ "latitude": -6.3, "longitude": 106.8 });
    let photo =
        json!([{ "file_id": "a", "file_unique_id": "b", "width": 9, "height": 9, "file_size": 9 }]);
    let tracked = async || {
        let number = ReceiptNo::parse(&receipt_no).unwrap();
        hotel.running().service.booking(number).await.unwrap()
    };
    // A place, and the position of somebody else.
    let venue = json!({ "location": there, "title": "Monas", "address": "Jakarta" });
    budi.sends_any(7, json!({ "venue": venue, "location": there }));
    budi.reads("bukan lokasi Anda sekarang").await;
    let origin = json!({ "type": "hidden_user", "sender_user_name": "Ani", "date": 1_767_520_800 });
    budi.sends_any(7, json!({ "location": there, "forward_origin": origin }));
    let is_told = |api: &BotApi| {
        let told = api.messages(7).iter().filter(|m| m.text.contains("bukan lokasi")).count();
        (told == 2).then_some(())
    };
    hotel.api.until("the second answer", is_told).await;
    assert!(tracked().await.track.fixes().is_empty());
    // An album is answered once, news of the chat not at all.
    for _ in 0..3 {
        budi.sends_any(7, json!({ "photo": photo, "media_group_id": "album" }));
    }
    budi.sends_any(7, json!({ "pinned_message": { "message_id": 1, "date": 1, "chat": { "id": 7, "type": "private", "first_name": "Budi" }, "text": "a" } }));
    budi.sends_any(7, json!({ "photo": photo, "caption": "/id" }));
    budi.reads("Id Telegram Anda: 7").await;
    let told = |part: &str| hotel.api.messages(7).iter().filter(|m| m.text.contains(part)).count();
    assert_eq!(told("tunjukkan di resepsionis"), 1);
    assert_eq!(told("harus diisi"), 0);
    // A command below a picture is a command, also in the group.
    sari.sends_any(
        FRONT_OFFICE,
        json!({ "photo": photo, "caption": format!("/update_paid {receipt_no}") }),
    );
    hotel.api.reads(FRONT_OFFICE, "Cocokkan").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_shown_where_to_drive_with_the_booking_and_on_request() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    hotel.books(&budi).await;
    let place = |calls: usize| {
        move |api: &BotApi| {
            let sent = api.calls("sendvenue", 7).len();
            (sent == calls).then_some(())
        }
    };
    hotel.api.until("the place with the booking", place(1)).await;
    budi.says("/alamat");
    let told = budi.reads("Buka peta").await;
    assert!(told.text.contains("mulai pukul 14.00"), "{}", told.text);
    hotel.api.until("the place again", place(2)).await;
    hotel.close().await;
}
