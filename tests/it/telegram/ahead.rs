//! Bookings for a later day, dates that are sold out, and the limit of holds.

use jatah::domain::Language::Indonesian;
use jatah::domain::{Allotment, HoldsOf, Refusal, RoomCode};
use jatah::text::{clock_time, date};

use super::{Hotel, receipt_in};

/// A hotel that takes bookings for the next ten days.
async fn hotel() -> Hotel {
    let mut hotel = Hotel::closed("", "2h").await;
    hotel.ahead = 10;
    hotel.start().await;
    hotel
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_date_is_booked_in_five_taps_and_kept_until_the_release_of_that_day() {
    let hotel = hotel().await;
    let (service, budi) = (&hotel.running().service, hotel.guest(7, "Budi"));
    let policy = service.policy();
    let today = policy.hotel.day_of(service.now());
    let day = today + chrono::Days::new(9);
    budi.says("/booking");
    budi.taps("Ganti kamar").await;
    let rooms = budi.reads("Pilih tipe kamar").await;
    assert_eq!(rooms.labels()[0], "Standar · Rp350.000", "the rooms left are shown for each date");
    budi.taps("Standar").await;
    let dates = budi.reads("Check-in tanggal berapa?").await;
    assert_eq!((dates.labels()[0], dates.buttons.len()), ("Malam ini", 9), "a week, more, back");
    budi.taps("Lainnya").await;
    budi.taps(&date(Indonesian, day)).await;
    budi.taps("1 malam").await;
    hotel.taps_own_name(&budi).await;
    let summary = budi.reads("Sudah benar?").await;
    let until = policy.hotel.instant_of(day, policy.booking.release_at);
    let expected =
        format!("{} pukul {}", date(Indonesian, day), clock_time(until, policy.hotel.timezone));
    assert!(summary.text.contains(&expected), "{expected}: {}", summary.text);
    budi.taps("✅ Pesan").await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    assert!(status.text.contains(&date(Indonesian, day)), "{}", status.text);
    let receipt_no = jatah::domain::ReceiptNo::parse(&receipt_in(&status.text)).unwrap();
    assert_eq!(service.booking(receipt_no).await.unwrap().booking.hold.until, until);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_and_nights_that_are_sold_out_are_not_offered() {
    let hotel = hotel().await;
    let (service, budi) = (&hotel.running().service, hotel.guest(7, "Budi"));
    let today = service.policy().hotel.day_of(service.now());
    let night = |ahead| today + chrono::Days::new(ahead);
    let deluxe = RoomCode::parse("DLX").unwrap();
    service.set_allotment(&deluxe, Allotment::of_night(night(3), 0)).await.unwrap();
    budi.says("/booking");
    budi.taps("Ganti kamar").await;
    budi.taps("Deluxe").await;
    let dates = budi.reads("Check-in tanggal berapa?").await;
    let full = date(Indonesian, night(3));
    assert!(dates.text.contains(&format!("Penuh: {full}")), "{}", dates.text);
    assert!(!dates.labels().contains(&full.as_str()));
    budi.taps(&date(Indonesian, night(1))).await;
    let nights = budi.reads("Berapa malam?").await;
    assert_eq!(nights.labels(), ["1 malam · Rp500.000", "2 malam · Rp1.000.000", "« Kembali"]);
    assert!(nights.text.contains(&format!("Penuh: {full}")), "{}", nights.text);
    budi.taps("« Kembali").await;
    budi.reads("Check-in tanggal berapa?").await;
    budi.taps("« Kembali").await;
    budi.reads("Pilih tipe kamar").await;
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_of_yesterday_or_of_a_room_type_that_is_gone_are_stale() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    budi.says("/booking");
    budi.taps("Ganti kamar").await;
    let rooms = budi.reads("Pilih tipe kamar").await;
    for data in ["1|n|STD|20200101|1", "1|n|GONE|20991231|1", "1|d|STD|7"] {
        budi.taps_data(budi.id, &rooms, data, "?");
        budi.reads("sudah tidak berlaku").await;
        budi.taps("Mulai lagi").await;
        budi.reads("Pilih tipe kamar").await;
    }
    budi.taps_data(budi.id, &rooms, "1|z|STD|20200101|1|", "?");
    let refused = budi.reads("sudah lewat").await;
    assert_eq!(refused.labels(), ["Mulai lagi"]);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_with_too_many_holds_can_open_them() {
    let hotel = Hotel::open().await;
    let budi = hotel.guest(7, "Budi");
    let first = hotel.books(&budi).await;
    hotel.sees_summary(&budi, "Aula").await;
    budi.taps("✅ Pesan").await;
    let second = receipt_in(&hotel.shows_another(&budi, &first).await.text);
    hotel.sees_summary(&budi, "Standar").await;
    budi.taps("✅ Pesan").await;
    let refusal = Refusal::TooManyHolds { of: HoldsOf::Guest, most: 2 };
    let hotel_policy = &hotel.running().service.policy().hotel;
    let refused = budi.reads(&jatah::text::refusal(Indonesian, &refusal, hotel_policy)).await;
    assert_eq!(refused.labels(), ["Lihat booking saya", "Mulai lagi"]);
    budi.taps("Lihat booking saya").await;
    for receipt_no in [first, second] {
        let old = budi.reads(&format!("Booking {receipt_no}: lihat pesan yang lebih baru")).await;
        let new = budi.reads(&format!("Resi: {receipt_no}")).await;
        assert!(new.id > old.id, "{receipt_no}");
    }
    hotel.close().await;
}
