//! A guest's messages after the last tap: the status, an extension on the way, deleted messages and
//! late taps.

use jatah::domain::ReceiptNo;
use jatah::store::BookingReader;

use super::{FRONT_OFFICE, Hotel, receipt_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_is_near_is_told_of_the_extension_and_why() {
    let hotel = Hotel::open_with("", "5s").await;
    let budi = hotel.guest(7, "Budi");
    let receipt_no = hotel.books(&budi).await;
    budi.shares(-6.22, 106.8, true, 0);
    let reminder = budi.reads("⏰ Tinggal").await;
    assert!(reminder.text.contains("waktunya kami perpanjang otomatis"), "{}", reminder.text);
    assert_eq!(reminder.labels(), ["📍 Bagikan lokasi", "Batalkan"]);
    let ends_soon = hotel.api.reads(FRONT_OFFICE, "SEGERA HABIS").await;
    assert!(ends_soon.text.contains("2,2 km"), "{}", ends_soon.text);
    let extended = budi.reads("⏱ Anda 2,2 km dari hotel").await;
    assert!(extended.text.contains("kami perpanjang 30 menit"), "{}", extended.text);
    let notification = hotel.api.reads(FRONT_OFFICE, "DIPERPANJANG").await;
    for fact in [receipt_no.as_str(), "2,2 km", "+30 menit", "Status: PENDING"] {
        assert!(notification.text.contains(fact), "{fact}: {}", notification.text);
    }
    let status = budi.reads("(sisa 30 menit)").await;
    for fact in ["📍 2,2 km dari hotel", "Berhenti berbagi"] {
        assert!(status.text.contains(fact), "{fact}: {}", status.text);
    }
    let sari = hotel.sari();
    sari.says(&format!("/riwayat {receipt_no}"));
    assert!(sari.reads("Diperpanjang · Sistem").await.text.contains("2,2 km"));
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_status_message_is_sent_again() {
    let hotel = Hotel::open().await;
    let (budi, sari) = (hotel.guest(7, "Budi"), hotel.sari());
    let receipt_no = hotel.books(&budi).await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    hotel.api.deletes(7, status.id);
    sari.says(&format!("/tamu_tiba {receipt_no}"));
    let again = budi.reads("🏨 Selamat datang\nResi").await;
    assert!(again.id > status.id);
    assert_eq!(receipt_in(&again.text), receipt_no);
    // Telegram refuses the edit of the deleted message.
    hotel.api.forgives();
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_gets_the_receipt_number_although_the_summary_was_deleted() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    let summary = hotel.sees_summary(&budi, "Standar").await;
    let data = summary.buttons[0].1["callback_data"].as_str().unwrap().to_owned();
    hotel.api.deletes(7, summary.id);
    budi.taps_data(7, &summary, &data, "✅ Pesan");
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    assert!(status.id > summary.id);
    // The new message is the one that stays current.
    budi.taps("Batalkan").await;
    budi.taps("Ya, batalkan").await;
    let ended = budi.reads("⚪️ Dibatalkan").await;
    assert_eq!((ended.id, ended.labels()), (status.id, vec!["Pesan lagi"]));
    hotel.api.forgives();
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_books_only_at_the_price_that_the_summary_showed() {
    let mut hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    let summary = hotel.sees_summary(&budi, "Standar").await;
    assert!(summary.text.contains("Rp350.000"), "{}", summary.text);
    hotel.stop().await;
    hotel.standard_price = 400_000;
    hotel.start().await;
    budi.taps("✅ Pesan").await;
    let again = budi.reads("Harganya berubah menjadi Rp400.000").await;
    assert_eq!(again.id, summary.id, "in the same message");
    assert!(again.text.contains("Sudah benar?"), "{}", again.text);
    let filter = jatah::store::Filter::default();
    assert_eq!(hotel.store().page(&filter, 10, None).await.unwrap().total, 0);
    budi.taps("✅ Pesan").await;
    let booked = budi.reads("🟡 Kamar Anda kami simpan").await;
    assert!(booked.text.contains("Rp400.000"), "{}", booked.text);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taps_on_a_message_that_already_shows_a_booking_change_nothing() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    let receipt_no = hotel.books(&budi).await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    let today = ReceiptNo::parse(&receipt_no).unwrap().day().format("%Y%m%d").to_string();
    for data in ["1|r".to_owned(), format!("1|b|HALL|{today}|2|"), format!("1|z|HALL|{today}|2|")] {
        let query = budi.taps_data(7, &status, &data, "(late)");
        budi.is_answered(&query).await;
    }
    let shown = hotel.api.messages(7).into_iter().find(|m| m.id == status.id).unwrap();
    assert!(shown.text.contains(&receipt_no) && shown.text.contains("🟡 Kamar Anda kami simpan"));
    let page = hotel.store().page(&jatah::store::Filter::default(), 10, None).await.unwrap();
    assert_eq!(page.total, 1);
    hotel.close().await;
}
