//! The recorded scenario: one evening of a hotel, from five o'clock until shortly after seven. It
//! has bookings in every state, every kind of value that the bot stores, and messages that fail.

use jatah::auth::Staff;
use jatah::domain::Role;
use serde_json::{Value, json};

use super::hotel::{FRONT_OFFICE, MOVED, RecordedHotel};
use crate::botapi::{Fault, Message, Person};
use crate::build::{day, minute, staff};

/// The number of failures that lasts for the rest of the recording.
const FOREVER: usize = 200;
/// The start of the request ids.
const REQUEST_ID: &str = "recorded-request-0123456789";

/// Runs the scenario. Returns the receipt numbers, tokens and keys that the tests need.
pub async fn play(hotel: &RecordedHotel) -> Value {
    let mut scene = Scene::open(hotel).await;
    scene.web_bookings().await;
    scene.telegram_bookings().await;
    scene.late_bookings().await;
    scene.reminders_and_ends().await;
    scene.fresh_bookings().await;
    scene.unfinished_conversations().await;
    scene.staff_messages().await;
    scene.owed_notifications().await;
    let mailed = scene.receipt("for_tomorrow");
    json!({
        "mailed": { "receiptNo": mailed, "key": hotel.mailed_key(&mailed, 1) },
        "bookings": scene.bookings,
        "session": scene.session,
        "code": scene.code,
        "handoff": scene.handoff,
    })
}

struct Scene<'a> {
    hotel: &'a RecordedHotel,
    bookings: Value,
    /// The token of a manager's session.
    session: String,
    /// A one-time code that nobody has used.
    code: String,
    /// The key of a choice that was made on the web form.
    handoff: String,
}

/// Waits for a message that is not among the known ones.
pub async fn another(person: &Person, part: &str, known: &[Message]) -> Message {
    let is_new = |m: &Message| m.text.contains(part) && known.iter().all(|old| old.id != m.id);
    person.api.until(part, |api| api.messages(person.id).into_iter().find(is_new)).await
}

/// The receipt number in a text.
pub fn receipt_in(text: &str) -> String {
    let at = text.find("RESI-").unwrap_or_else(|| panic!("no receipt number in {text}"));
    let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    text[at..].chars().take_while(is_part).collect()
}

/// A fresh one-time code.
async fn code_for(hotel: &RecordedHotel, name: &str, role: Role) -> String {
    let staff = Staff { name: staff(name), role, telegram_id: None };
    hotel.running().staff.issue_code(staff).await.unwrap().code
}

impl<'a> Scene<'a> {
    /// The front office opens a dashboard, its group becomes a supergroup, and a manager signs in.
    async fn open(hotel: &'a RecordedHotel) -> Self {
        let sari = hotel.sari();
        let _ = hotel.joko();
        hotel.api.group(FRONT_OFFICE);
        let _ = (hotel.wati(), hotel.ratna());
        sari.says_in(FRONT_OFFICE, "/cek_pembayaran");
        hotel.api.reads(FRONT_OFFICE, "Tidak ada booking pending.").await;
        hotel.api.upgrades(FRONT_OFFICE, MOVED);
        let stranger = hotel.guest(66, "Eve");
        let group = hotel.api.group(-2002);
        stranger.says_in(group, "/booking");
        hotel.api.reads(group, "hanya lewat chat pribadi").await;
        let query = "mutation ($code: String!) { signInWithCode(code: $code) { token } }";
        let code = code_for(hotel, "Pak Joko", Role::Manager).await;
        let data = hotel.data(query, json!({ "code": code }), None).await;
        let session = data["signInWithCode"]["token"].as_str().unwrap().to_owned();
        let (code, handoff) = (String::new(), String::new());
        Self { hotel, bookings: json!({}), session, code, handoff }
    }

    fn receipt(&self, name: &str) -> String {
        self.bookings[name]["receiptNo"].as_str().unwrap().to_owned()
    }

    /// Runs a mutation of one booking as the manager.
    async fn manage(&self, mutation: &str, name: &str) {
        let query = format!("mutation ($r: String!) {{ {mutation} {{ status }} }}");
        let receipt = json!({ "r": self.receipt(name) });
        self.hotel.data(&query, receipt, Some(&self.session)).await;
    }

    async fn book_by_web(&mut self, name: &str, more: Value) {
        let mut input = json!({
            "guestName": format!("Tamu {name}"), "email": format!("{name}@example.com"),
            "roomType": "STD", "checkIn": day(4).to_string(), "nights": 1,
            "requestId": format!("{REQUEST_ID}-{name}"),
        });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        let query = "mutation ($input: CreateBookingInput!) { createBooking(input: $input) {
            accessToken statusUrl booking { receiptNo } } }";
        let data = self.hotel.data(query, json!({ "input": input }), None).await;
        let created = &data["createBooking"];
        self.bookings[name] = json!({
            "receiptNo": created["booking"]["receiptNo"], "input": input,
            "accessToken": created["accessToken"], "statusUrl": created["statusUrl"],
        });
    }

    async fn book_by_telegram(&mut self, name: &str, id: i64) -> Person {
        let guest = self.hotel.guest(id, name);
        sees_summary(&guest).await;
        guest.taps("✅ Pesan").await;
        let shown = guest.reads("🟡 Kamar Anda kami simpan").await;
        self.bookings[name] = json!({ "receiptNo": receipt_in(&shown.text), "chat": id });
        guest
    }

    async fn web_bookings(&mut self) {
        self.book_by_web("expired_without_position", json!({})).await;
        self.book_by_web("extended_by_staff", json!({ "language": "EN" })).await;
        self.manage("it: extendHold(receiptNo: $r, minutes: 90)", "extended_by_staff").await;
        self.book_by_web("paid_by_web", json!({ "nights": 3 })).await;
        self.manage("it: markPaid(receiptNo: $r)", "paid_by_web").await;
        self.book_by_web("cancelled_by_guest_on_web", json!({})).await;
        let query = "mutation ($r: String!, $t: String!) {
            cancelMyBooking(receiptNo: $r, accessToken: $t) { status } }";
        let cancelled = &self.bookings["cancelled_by_guest_on_web"];
        let key = json!({ "r": cancelled["receiptNo"], "t": cancelled["accessToken"] });
        self.hotel.data(query, key, None).await;
        self.book_by_web("cancelled_by_staff", json!({ "roomType": "DLX" })).await;
        let cancel = "it: cancelBooking(receiptNo: $r, note: \"Kamar rusak, maaf\")";
        self.manage(cancel, "cancelled_by_staff").await;
        let tomorrow = json!({ "checkIn": day(5).to_string(), "nights": 2, "roomType": "DLX" });
        self.book_by_web("for_tomorrow", tomorrow).await;
        self.book_by_web("arrived_by_web", json!({})).await;
        self.manage("it: markArrived(receiptNo: $r)", "arrived_by_web").await;
        let allot = "mutation { setAllotment(roomType: \"STD\", date: \"2026-01-06\", rooms: 4) {
            available } }";
        self.hotel.data(allot, json!({}), Some(&self.session)).await;
    }

    async fn telegram_bookings(&mut self) {
        let sari = self.hotel.sari();
        self.book_by_telegram("expired_with_position", 7).await;
        self.book_by_telegram("extended_by_clock", 8).await;
        let pays = self.book_by_telegram("paid_by_bot", 9).await;
        sari.says(&format!("/tamu_tiba {}", self.receipt("paid_by_bot")));
        pays.reads("Selamat datang! QRIS untuk").await;
        let known = sari.api.messages(sari.id);
        sari.says(&format!("/update_paid {}", self.receipt("paid_by_bot")));
        another(&sari, "Cocokkan", &known).await;
        sari.taps("Cocok, tandai PAID").await;
        pays.reads("Pembayaran diterima.").await;
        let quits = self.book_by_telegram("cancelled_by_guest", 10).await;
        quits.taps("Batalkan").await;
        quits.taps("Ya, batalkan").await;
        quits.reads("Booking ini Anda batalkan").await;
        let waits = self.book_by_telegram("asked_to_pay", 11).await;
        self.manage("it: markArrived(receiptNo: $r)", "asked_to_pay").await;
        waits.reads("Selamat datang! QRIS untuk").await;
        self.book_by_telegram("undelivered", 12).await;
        self.hotel.is_idle().await;
        self.hotel.api.block(12);
        self.manage("it: markArrived(receiptNo: $r)", "undelivered").await;
        let receipt_no = self.receipt("undelivered");
        self.hotel.until_action(&receipt_no, "QRIS_FAILED", &self.session).await;
        self.hotel.is_idle().await;
    }

    async fn late_bookings(&mut self) {
        self.hotel.step_to(minute(18));
        self.book_by_telegram("reminded", 13).await;
        self.book_by_web("reminded_by_web", json!({})).await;
        self.hotel.is_idle().await;
    }

    async fn reminders_and_ends(&mut self) {
        let far = self.hotel.guest(7, "expired_with_position");
        let near = self.hotel.guest(8, "extended_by_clock");
        self.hotel.step_to(minute(108));
        far.shares(-7.5, 106.8, false, 0);
        near.shares(-6.25, 106.8, true, 60);
        self.until("expired_with_position", "REMINDED").await;
        self.until("extended_by_clock", "REMINDED").await;
        let message = near.shares(-6.23, 106.8, true, 30);
        near.moves(message, -6.21, true, 0);
        self.hotel.is_idle().await;
        self.hotel.step_to(minute(122));
        self.until("expired_with_position", "EXPIRED").await;
        self.until("expired_without_position", "EXPIRED").await;
        self.until("extended_by_clock", "EXTENDED").await;
        self.until("asked_to_pay", "REMINDED").await;
        self.until("reminded", "REMINDED").await;
        self.until("reminded_by_web", "REMINDED").await;
        self.hotel.is_idle().await;
    }

    async fn until(&self, name: &str, action: &str) {
        self.hotel.until_action(&self.receipt(name), action, &self.session).await;
    }

    async fn fresh_bookings(&mut self) {
        let moves = self.book_by_telegram("pending_with_track", 14).await;
        let message = moves.shares(-6.29, 106.81, true, 50);
        moves.moves(message, -6.27, true, 25);
        moves.moves(message, -6.25, true, 0);
        let position = json!({ "latitude": -6.3, "longitude": 106.9, "accuracyMetres": 20.0 });
        self.book_by_web("pending_with_position", json!({ "position": position })).await;
        self.book_by_web("pending_without_mail", json!({})).await;
        self.book_by_telegram("pending_without_code", 15).await;
        self.hotel.is_idle().await;
    }

    /// Four conversations: one before the last tap, one before the name is typed, one that began
    /// with a name, and one that began on the web form.
    async fn unfinished_conversations(&mut self) {
        let name_source = self.hotel.guest(16, "Lina");
        chooses_stay(&name_source).await;
        name_source.taps("Ketik nama lain").await;
        name_source.reads("Ketik nama tamu").await;
        name_source.says("Ibu Lina <&>");
        name_source.reads("Sudah benar?").await;
        let types = self.hotel.guest(17, "Made");
        chooses_stay(&types).await;
        types.taps("Ketik nama lain").await;
        types.reads("Ketik nama tamu").await;
        let brings = self.hotel.guest(18, "Nina");
        brings.says("/booking Nyonya Nina");
        brings.taps("Ganti kamar").await;
        brings.reads("Pilih tipe kamar").await;
        let query = "mutation ($input: TelegramBookingInput!) {
            prepareTelegramBooking(input: $input) { link } }";
        let input = json!({
            "roomType": "DLX", "checkIn": day(6).to_string(), "nights": 2, "guestName": "Oki | P"
        });
        let data = self.hotel.data(query, json!({ "input": input }), None).await;
        let link = data["prepareTelegramBooking"]["link"].as_str().unwrap();
        link.split("start=").nth(1).unwrap().clone_into(&mut self.handoff);
    }

    /// Dashboards and confirmations whose buttons nobody has pressed, and an unused code.
    async fn staff_messages(&mut self) {
        let (sari, joko) = (self.hotel.sari(), self.hotel.joko());
        sari.says(&format!("/update_paid {}", self.receipt("extended_by_clock")));
        let sheet = self.receipt("extended_by_clock");
        let is_it = |m: &Message| m.text.contains("Cocokkan") && m.text.contains(&sheet);
        sari.api.until("the sheet", |api| api.messages(501).into_iter().find(is_it)).await;
        joko.says(&format!("/update_cancel {}", self.receipt("reminded")));
        joko.reads("Batalkan booking ini?").await;
        let known = joko.api.messages(joko.id);
        joko.says("/cek_pembayaran");
        another(&joko, "Belum dibayar", &known).await;
        // Dashboards that show one booking and its history.
        let wati = self.hotel.wati();
        wati.says("/cek_pembayaran");
        self.hotel.keeps("telegram.board:503", "1|T|u|0").await;
        wati.taps(&self.receipt("extended_by_staff")).await;
        self.hotel.keeps("telegram.board:503", "1|K|").await;
        let ratna = self.hotel.ratna();
        ratna.says("/cek_pembayaran");
        self.hotel.keeps("telegram.board:504", "1|T|u|0").await;
        ratna.taps(&self.receipt("extended_by_clock")).await;
        self.hotel.keeps("telegram.board:504", "1|K|").await;
        ratna.taps("History").await;
        self.hotel.keeps("telegram.board:504", "1|H|").await;
        sari.says_in(MOVED, "/cek_pembayaran");
        self.hotel.api.reads(MOVED, "Belum dibayar (").await;
        self.code = code_for(self.hotel, "Sari", Role::FrontOffice).await;
        self.hotel.is_idle().await;
    }

    /// Three notifications that fail: a code for a guest, a mail, a message to the front office.
    async fn owed_notifications(&mut self) {
        let mail = "pending_without_mail";
        for _ in 0..FOREVER {
            self.hotel.api.fails("sendphoto", Some(15), Fault::Unavailable);
            self.hotel.api.fails("sendmessage", Some(MOVED), Fault::Unavailable);
        }
        self.hotel.holds_up_mail(&self.receipt(mail), 2);
        self.manage("it: sendQris(receiptNo: $r)", "pending_without_code").await;
        self.manage("it: extendHold(receiptNo: $r, minutes: 45)", mail).await;
        self.hotel.owes(3).await;
        self.until("pending_without_code", "QRIS_REQUESTED").await;
    }
}

/// Chooses a standard room for tonight and stops at the question for the name.
async fn chooses_stay(guest: &Person) {
    guest.says("/booking");
    guest.taps("Ganti kamar").await;
    guest.taps("Standar").await;
    guest.taps("Malam ini").await;
    guest.taps("1 malam").await;
    guest.reads("Atas nama siapa?").await;
}

/// Goes on to the summary of one night under the guest's own name.
pub async fn sees_summary(guest: &Person) -> Message {
    chooses_stay(guest).await;
    let asks = guest.reads("Atas nama siapa?").await;
    guest.taps(&asks.buttons[0].0).await;
    guest.reads("Sudah benar?").await
}
