//! The waiting list in a guest's chat, and what the front office sees of it.

use jatah::domain::{Command, Contact, Guest, GuestName, Language, RoomCode, TelegramId};
use jatah::service::BookRequest;

use super::{FRONT_OFFICE, Hotel, receipt_in};

/// Takes the only deluxe room for somebody else. Returns the booking's number.
pub async fn sells_deluxe(hotel: &Hotel) -> jatah::domain::ReceiptNo {
    let service = &hotel.running().service;
    let request = BookRequest {
        request_id: "the deluxe room is taken".to_owned(),
        guest: Guest {
            name: GuestName::parse("Dewi").unwrap(),
            contact: Contact::Telegram(TelegramId(8)),
            language: Language::Indonesian,
        },
        room: RoomCode::parse("DLX").unwrap(),
        check_in: service.policy().hotel.day_of(service.now()),
        nights: 1,
        expected_price: None,
        position: None,
        origin: None,
    };
    service.book(request).await.unwrap().tracked.booking.receipt_no
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_waits_in_the_chat_is_offered_the_freed_room_and_takes_it() {
    let hotel = Hotel::open().await;
    let (_dewi, budi, sari) = (hotel.guest(8, "Dewi"), hotel.guest(7, "Budi"), hotel.sari());
    let sold = sells_deluxe(&hotel).await;
    budi.says("/booking");
    budi.taps("Ganti kamar").await;
    budi.taps("🔔 Kabari bila Deluxe").await;
    let waits = budi.reads("🔔 Anda di daftar tunggu").await;
    for fact in ["Deluxe <&>", "Urutan ke-1", "10 menit", "mungkin lepas pukul"] {
        assert!(waits.text.contains(fact), "{fact}: {}", waits.text);
    }
    assert_eq!(waits.labels(), ["Berhenti menunggu"]);
    sari.says("/cek_pembayaran");
    sari.reads("Daftar tunggu malam ini: 1 tamu").await;

    hotel.running().service.apply(sold, Command::CancelByGuest).await.unwrap();
    let offer = budi.reads("Ada kamar yang lepas untuk Anda").await;
    assert_eq!(offer.labels(), ["✅ Ambil", "Tidak jadi"]);
    for fact in ["Rp500.000", "(sisa 10 menit)", "Tidak perlu bayar sekarang"] {
        assert!(offer.text.contains(fact), "{fact}: {}", offer.text);
    }
    sari.reads("🔔 ditawarkan, belum diambil").await;
    let told = |text: &str| hotel.api.messages(FRONT_OFFICE).iter().any(|m| m.text.contains(text));
    assert!(!told(&receipt_in(&offer.text)), "the desk hears of it once it is taken");
    budi.taps("✅ Ambil").await;
    let status = budi.reads("🟡 Kamar Anda kami simpan").await;
    assert_eq!((status.id, receipt_in(&status.text)), (offer.id, receipt_in(&offer.text)));
    let desk = hotel.api.reads(FRONT_OFFICE, "BOOKING BARU (daftar tunggu)").await;
    assert!(desk.text.contains(&receipt_in(&offer.text)), "{}", desk.text);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_given_back_and_the_place_in_line_too_by_one_tap() {
    let hotel = Hotel::open().await;
    let (_dewi, budi, agus) =
        (hotel.guest(8, "Dewi"), hotel.guest(7, "Budi"), hotel.guest(9, "Agus"));
    let sold = sells_deluxe(&hotel).await;
    for guest in [&budi, &agus] {
        guest.says("/booking");
        guest.taps("Ganti kamar").await;
        guest.taps("🔔 Kabari bila Deluxe").await;
        guest.reads("🔔 Anda di daftar tunggu").await;
    }
    agus.says("/status");
    agus.reads("Urutan ke-2").await;
    hotel.running().service.apply(sold, Command::CancelByGuest).await.unwrap();
    budi.reads("Ada kamar yang lepas untuk Anda").await;
    budi.taps("Tidak jadi").await;
    budi.reads("Tawaran kamar ini dilepas").await;
    agus.reads("Ada kamar yang lepas untuk Anda").await;
    // Who has left is offered nothing more.
    let citra = hotel.guest(10, "Citra");
    citra.says("/booking");
    citra.taps("Ganti kamar").await;
    citra.taps("🔔 Kabari bila Deluxe").await;
    citra.reads("🔔 Anda di daftar tunggu").await;
    citra.taps("Berhenti menunggu").await;
    citra.reads("Anda tidak di daftar tunggu lagi").await;
    agus.taps("Tidak jadi").await;
    agus.reads("Tawaran kamar ini dilepas").await;
    let service = &hotel.running().service;
    let today = service.policy().hotel.day_of(service.now());
    let left = service.availability(today, 1).await.unwrap();
    assert_eq!(left.iter().find(|one| one.room.code.as_str() == "DLX").unwrap().available, 1);
    hotel.close().await;
}
