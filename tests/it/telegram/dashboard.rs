//! The dashboard: pages, newer dashboards, restarts, former employees and long names.

use std::fmt::Write;

use super::staff::book_by_web;
use super::{FRONT_OFFICE, Hotel};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_has_pages() {
    let hotel = Hotel::open().await;
    book_by_web(&hotel, 19).await;
    let sari = hotel.sari();
    sari.says("/cek_pembayaran");
    let first = sari.reads("Belum dibayar (19)").await;
    assert_eq!(
        (first.buttons.len(), first.labels()[11]),
        (12, "»"),
        "tabs, eight bookings, next page"
    );
    sari.taps("»").await;
    let second = hotel.api.until("the second page", |api| {
        let shown = api.messages(501).into_iter().find(|m| m.id == first.id)?;
        (shown.text != first.text && shown.labels().contains(&"«")).then_some(shown)
    });
    assert_eq!(second.await.labels()[11..], ["«", "»"]);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_dashboard_goes_on_and_older_ones_say_so() {
    let mut hotel = Hotel::open().await;
    let (sari, budi) = (hotel.sari(), hotel.guest(7, "Budi"));
    sari.says_in(FRONT_OFFICE, "/cek_pembayaran");
    let first = hotel.api.reads(FRONT_OFFICE, "Tidak ada booking pending.").await;
    let receipt_no = hotel.books(&budi).await;
    sari.says_in(FRONT_OFFICE, "/cek_pembayaran");
    let second = hotel
        .api
        .until("another dashboard", |api| {
            let last = api.messages(FRONT_OFFICE).into_iter().next_back()?;
            (last.id > first.id && last.text.contains("Belum dibayar (1)")).then_some(last)
        })
        .await;
    let ended = hotel.api.reads(FRONT_OFFICE, "dilanjutkan di pesan yang lebih baru").await;
    assert_eq!((ended.id, ended.buttons.len()), (first.id, 0));
    // What is opened in the message of a booking leaves the dashboard where it is.
    let notification = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    let data = notification.buttons.iter().find(|(label, _)| label == "Riwayat").unwrap();
    let data = data.1["callback_data"].as_str().unwrap();
    sari.taps_data(FRONT_OFFICE, &notification, data, "Riwayat");
    let past = hotel.api.reads(FRONT_OFFICE, "Dipesan · Tamu").await;
    assert_eq!(past.id, notification.id);
    sari.taps_in(FRONT_OFFICE, "« Kembali").await;
    let shown = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await;
    assert_eq!((shown.id, shown.labels()), (notification.id, notification.labels()));
    let goes_on = |api: &crate::botapi::BotApi, id: i64, part: &str| {
        let shown = api.messages(FRONT_OFFICE).into_iter().find(|m| m.id == id)?;
        shown.text.contains(part).then_some(())
    };
    // It stays current after a restart too.
    hotel.restart().await;
    budi.taps("Batalkan").await;
    budi.taps("Ya, batalkan").await;
    budi.reads(&format!("{receipt_no}: Booking ini Anda batalkan")).await;
    hotel.api.until("the empty list", |api| goes_on(api, second.id, "Tidak ada booking")).await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_employee_no_longer_sees_guests() {
    let mut hotel = Hotel::open().await;
    let (joko, budi) = (hotel.joko(), hotel.guest(7, "Budi"));
    joko.says("/cek_pembayaran");
    let dashboard = joko.reads("Tidak ada booking pending.").await;
    hotel.stop().await;
    hotel.without_joko = true;
    hotel.start().await;
    let sari = hotel.sari();
    sari.says("/cek_pembayaran");
    sari.reads("Tidak ada booking pending.").await;
    hotel.books(&budi).await;
    sari.reads("Belum dibayar (1)").await;
    let shown = hotel.api.messages(502).into_iter().find(|m| m.id == dashboard.id).unwrap();
    assert!(!shown.text.contains("Budi"), "{}", shown.text);
    joko.taps("Batal (0)").await;
    assert_eq!(hotel.api.messages(502).len(), 1);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_names_fit_every_message() {
    let hotel = Hotel::open().await;
    let sari = hotel.sari();
    for id in 0..9 {
        let mut name = String::new();
        write!(name, "{id} {}", "&<👩‍👩‍👧>".repeat(20)).unwrap();
        let name: String = name.chars().take(80).collect();
        let guest = hotel.guest(30 + id, &name);
        hotel.books(&guest).await;
    }
    sari.says("/cek_pembayaran");
    let dashboard = sari.reads("Belum dibayar (9)").await;
    assert!(dashboard.text.contains("&<👩‍👩‍👧>"), "{}", dashboard.text);
    sari.says("/update_paid 1");
    sari.reads("Cocokkan").await;
    sari.says("/riwayat 1");
    sari.reads("Dipesan").await;
    hotel.close().await;
}
