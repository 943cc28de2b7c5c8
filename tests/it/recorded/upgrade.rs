//! Starts the program on the recorded data of an earlier version.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::hotel::{Engine, MOVED, RecordedHotel, while_time_passes};
use super::scenario::another;
use super::{answers, over, read_json};
use crate::botapi::{Message, Person};

/// How many updates are sent again.
const REPEATED: usize = 60;

impl RecordedHotel {
    fn message(&self, chat: i64, id: i64) -> Message {
        self.api.messages(chat).into_iter().find(|m| m.id == id).unwrap()
    }

    /// The latest recorded message of a chat with these parts in its text.
    fn recorded_message(&self, chat: i64, parts: [&str; 2]) -> Message {
        let has_all = |m: &Message| parts.iter().all(|part| m.text.contains(part));
        let found = self.api.messages(chat).into_iter().rev().find(has_all);
        found.unwrap_or_else(|| panic!("no message of {chat} says {parts:?}"))
    }

    /// Presses a button of a message with the data that the message contains.
    async fn presses(&self, person: &Person, chat: i64, message: &Message, label: &str) {
        let button = message.buttons.iter().find(|(shown, _)| shown.contains(label));
        let (_, button) = button.unwrap_or_else(|| panic!("no {label} in {:?}", message.labels()));
        let data = button["callback_data"].as_str().unwrap();
        let query = person.taps_data(chat, message, data, label);
        assert_eq!(person.is_answered(&query).await, "", "{label}");
    }

    /// Waits until a message contains a text.
    async fn shows(&self, chat: i64, id: i64, part: &str) {
        let is_so = |m: &Message| m.id == id && m.text.contains(part);
        self.api.until(part, |api| api.messages(chat).iter().any(is_so).then_some(())).await;
    }

    async fn field(&self, receipt_no: &str, field: &str, token: &str) -> Value {
        let query = format!("query ($r: String!) {{ booking(receiptNo: $r) {{ {field} }} }}");
        let mut data = self.data(&query, json!({ "r": receipt_no }), Some(token)).await;
        data["booking"][field].take()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn receipt(notes: &Value, name: &str) -> String {
    text(&notes["bookings"][name]["receiptNo"])
}

/// The messages that are not in the recording, as chat and text.
fn sent_since(hotel: &RecordedHotel, engine: Engine) -> Vec<(i64, String)> {
    let recorded = read_json(engine, "telegram.json");
    let last = recorded["next_message"].as_i64().unwrap();
    let numbers = |value: &Value| value.as_i64().unwrap();
    let chats = recorded["chats"].as_array().unwrap().iter().map(numbers);
    chats
        .flat_map(|chat| hotel.api.messages(chat).into_iter().map(move |m| (chat, m)))
        .filter(|(_, message)| message.id > last)
        .map(|(chat, message)| (chat, message.text))
        .collect()
}

// ── answers ──────────────────────────────────────────────────────────────────────────────────

async fn answers_the_same(engine: Engine) {
    let answers = answers::of_restored(engine).await;
    let mut found = Vec::new();
    answers::differences("", &read_json(engine, "answers.json"), &answers, &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_hotel_recorded_by_an_earlier_version_answers_the_same_on_sqlite() {
    over(Engine::Sqlite, answers_the_same);
}

#[test]
fn a_hotel_recorded_by_an_earlier_version_answers_the_same_on_mongodb() {
    over(Engine::Mongodb, answers_the_same);
}

// ── notifications ────────────────────────────────────────────────────────────────────────────

async fn sends_what_is_owed_once(engine: Engine) {
    let (mut hotel, notes) = RecordedHotel::restored(engine).await;
    hotel.api.brings_again(REPEATED);
    hotel.start().await;
    while_time_passes(async {
        hotel.is_idle().await;
        hotel.api.reads(15, "QRIS untuk").await;
        // Time for messages that must not be sent.
        let quiet_until = hotel.clock.now() + TimeDelta::seconds(5);
        while hotel.clock.now() < quiet_until {
            tokio::task::yield_now().await;
        }
        hotel.is_idle().await;
    })
    .await;
    let code = receipt(&notes, "pending_without_code");
    let mail = receipt(&notes, "pending_without_mail");
    let sent = sent_since(&hotel, engine);
    let count = |to: i64, head: &str, receipt_no: &str| {
        let is_it = |(chat, text): &&(i64, String)| {
            *chat == to && text.contains(head) && text.contains(receipt_no)
        };
        sent.iter().filter(is_it).count()
    };
    assert_eq!(count(15, "QRIS untuk", &code), 1, "{sent:#?}");
    // The front office hears of an extension and of a code that was sent by an edit alone, and the
    // version before did not remember which message is to be edited.
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert_eq!(hotel.api.calls("sendphoto", 15).len(), 1);
    assert_eq!(hotel.mail_names(), [format!("{mail}.2.guest.eml")]);
    assert_eq!(hotel.mailed_key(&mail, 2).len(), 43, "a key of 256 bits");
    assert_eq!(hotel.api.refusals(), Vec::<String>::new(), "{}", hotel.api.transcript());
    // Nothing is sent at the next start either.
    hotel.stop().await;
    hotel.start().await;
    while_time_passes(hotel.is_idle()).await;
    hotel.stop().await;
    assert_eq!(sent_since(&hotel, engine), sent);
    assert_eq!(hotel.mail_names().len(), 1);
}

#[test]
fn what_was_owed_is_sent_once_and_nothing_is_sent_again_on_sqlite() {
    over(Engine::Sqlite, sends_what_is_owed_once);
}

#[test]
fn what_was_owed_is_sent_once_and_nothing_is_sent_again_on_mongodb() {
    over(Engine::Mongodb, sends_what_is_owed_once);
}

// ── buttons ──────────────────────────────────────────────────────────────────────────────────

async fn staff_buttons_work(engine: Engine) {
    let (mut hotel, notes) = RecordedHotel::restored(engine).await;
    hotel.start().await;
    let token = text(&notes["session"]);
    let (sari, joko) = (hotel.sari(), hotel.joko());
    while_time_passes(async {
        hotel.is_idle().await;
        let paid = receipt(&notes, "extended_by_clock");
        let sheet = hotel.recorded_message(501, ["Cocokkan", &paid]);
        hotel.presses(&sari, 501, &sheet, "Cocok, tandai PAID").await;
        hotel.api.reads(8, &format!("Pembayaran diterima. Booking {paid}")).await;
        assert_eq!(hotel.field(&paid, "status", &token).await, "PAID");

        let cancelled = receipt(&notes, "reminded");
        let sheet = hotel.recorded_message(502, ["Batalkan booking ini?", &cancelled]);
        hotel.presses(&joko, 502, &sheet, "Ya, batalkan").await;
        hotel.api.reads(13, &format!("Booking {cancelled} dibatalkan")).await;
        assert_eq!(hotel.field(&cancelled, "status", &token).await, "CANCELLED");

        let arrives = receipt(&notes, "pending_with_track");
        let notification = hotel.recorded_message(MOVED, ["BOOKING BARU", &arrives]);
        hotel.presses(&sari, MOVED, &notification, "+30 menit").await;
        hotel.api.reads(14, "Resepsionis memperpanjang waktunya 30 menit").await;
        hotel.presses(&sari, MOVED, &notification, "🏨 Tiba").await;
        hotel.api.reads(14, "Selamat datang! QRIS untuk").await;
        assert!(hotel.field(&arrives, "arrivedAt", &token).await.is_string());
        hotel.presses(&sari, MOVED, &notification, "Riwayat").await;
        hotel.shows(MOVED, notification.id, "Tiba · Sari").await;

        // A dashboard with one booking and a dashboard with its history show the new state.
        let card = hotel.recorded_message(503, [&receipt(&notes, "extended_by_staff"), "Status:"]);
        hotel.presses(&hotel.wati(), 503, &card, "« Daftar").await;
        hotel.shows(503, card.id, "Belum dibayar (").await;
        let past = hotel.recorded_message(504, [&paid, "Extended"]);
        hotel.presses(&hotel.ratna(), 504, &past, "« Back").await;
        hotel.shows(504, past.id, "Status: PAID").await;

        let dashboard = hotel.recorded_message(502, ["bayar (", "Per pukul"]);
        hotel.presses(&joko, 502, &dashboard, "Sudah ").await;
        hotel.shows(502, dashboard.id, &paid).await;
        hotel.presses(&joko, 502, &dashboard, "Batal (").await;
        hotel.shows(502, dashboard.id, &cancelled).await;
        hotel.is_idle().await;
    })
    .await;
    assert_eq!(hotel.api.refusals(), Vec::<String>::new(), "{}", hotel.api.transcript());
    hotel.stop().await;
}

#[test]
fn old_buttons_of_the_front_office_still_work_on_sqlite() {
    over(Engine::Sqlite, staff_buttons_work);
}

#[test]
fn old_buttons_of_the_front_office_still_work_on_mongodb() {
    over(Engine::Mongodb, staff_buttons_work);
}

async fn conversations_go_on(engine: Engine) {
    let (mut hotel, notes) = RecordedHotel::restored(engine).await;
    hotel.start().await;
    let guest = |id: i64, name: &str| hotel.guest(id, name);
    while_time_passes(async {
        hotel.is_idle().await;
        // The button contains the key of a name that was typed.
        let lina = guest(16, "Lina");
        let summary = hotel.recorded_message(16, ["Sudah benar?", "Ibu Lina <&>"]);
        hotel.presses(&lina, 16, &summary, "✅ Pesan").await;
        hotel.shows(16, summary.id, "🟡 Kamar Anda kami simpan").await;
        assert!(hotel.message(16, summary.id).text.contains("Nama: Ibu Lina <&>"));
        // The next text of this guest is the name.
        let made = guest(17, "Made");
        made.says("Bapak Made");
        assert!(made.reads("Sudah benar?").await.text.contains("Bapak Made"));
        // This guest sent the name with the command.
        let nina = guest(18, "Nina");
        let rooms = hotel.recorded_message(18, ["Pilih tipe kamar", ""]);
        hotel.presses(&nina, 18, &rooms, "Deluxe").await;
        nina.taps("Malam ini").await;
        nina.taps("1 malam").await;
        assert!(nina.reads("Sudah benar?").await.text.contains("Nyonya Nina"));
        // The choice was made on the web form.
        let oki = guest(19, "O");
        oki.says(&format!("/start {}", text(&notes["handoff"])));
        let summary = oki.reads("Sudah benar?").await;
        assert!(summary.text.contains("Oki | P") && summary.text.contains("Rp1.000.000"));
        // The message in which this guest sees the booking.
        let quits = guest(14, "pending_with_track");
        let status = hotel.recorded_message(14, ["Kamar disimpan untuk Anda", "RESI-"]);
        hotel.presses(&quits, 14, &status, "Batalkan").await;
        hotel.shows(14, status.id, "Batalkan booking ini?").await;
        quits.taps("Ya, batalkan").await;
        quits.reads("Booking ini Anda batalkan").await;
        // A group that has been answered once gets no second answer.
        let (eve, count) = (guest(66, "Eve"), hotel.api.messages(-2002).len());
        eve.says_in(-2002, "/booking");
        hotel.is_idle().await;
        assert_eq!(hotel.api.messages(-2002).len(), count);
    })
    .await;
    hotel.stop().await;
}

#[test]
fn old_conversations_of_guests_go_on_on_sqlite() {
    over(Engine::Sqlite, conversations_go_on);
}

#[test]
fn old_conversations_of_guests_go_on_on_mongodb() {
    over(Engine::Mongodb, conversations_go_on);
}

// ── secrets ──────────────────────────────────────────────────────────────────────────────────

async fn secrets_are_still_good(engine: Engine) {
    let (mut hotel, notes) = RecordedHotel::restored(engine).await;
    hotel.start().await;
    let session = text(&notes["session"]);
    let me = hotel.data("{ me { name role } }", json!({}), Some(&session)).await;
    assert_eq!(me["me"], json!({ "name": "Pak Joko", "role": "MANAGER" }));
    let sign_in = "mutation ($code: String!) { signInWithCode(code: $code) { staff { name } } }";
    let code = json!({ "code": notes["code"] });
    let signed_in = hotel.data(sign_in, code.clone(), None).await;
    assert_eq!(signed_in["signInWithCode"]["staff"]["name"], "Sari");
    assert!(hotel.ask(sign_in, code, None).await.get("errors").is_some(), "used twice");

    let booking = &notes["bookings"]["pending_with_position"];
    let create = "mutation ($input: CreateBookingInput!) { createBooking(input: $input) {
        accessToken statusUrl booking { receiptNo } } }";
    let again = hotel.data(create, json!({ "input": booking["input"] }), None).await;
    let again = &again["createBooking"];
    assert_eq!(again["booking"]["receiptNo"], booking["receiptNo"]);
    assert_eq!(again["accessToken"], booking["accessToken"]);
    assert_eq!(again["statusUrl"], booking["statusUrl"]);
    let mine = "query ($r: String!, $t: String!) {
        myBooking(receiptNo: $r, accessToken: $t) { receiptNo status } }";
    let key = json!({ "r": booking["receiptNo"], "t": booking["accessToken"] });
    let data = hotel.data(mine, key, None).await;
    assert_eq!(data["myBooking"]["receiptNo"], booking["receiptNo"]);
    // A link in a mail opens its booking by the hotel's signing key.
    let mailed = &notes["mailed"];
    let key = json!({ "r": mailed["receiptNo"], "t": mailed["key"] });
    let data = hotel.data(mine, key, None).await;
    assert_eq!(data["myBooking"]["receiptNo"], mailed["receiptNo"]);
    // The next booking gets a new receipt number.
    let mut input = booking["input"].clone();
    input["requestId"] = json!("another-request-0123456789");
    input["email"] = json!("another@example.com");
    let fresh = hotel.data(create, json!({ "input": input }), None).await;
    let fresh = text(&fresh["createBooking"]["booking"]["receiptNo"]);
    let known = notes["bookings"].as_object().unwrap().values();
    assert!(known.map(|known| text(&known["receiptNo"])).all(|known| known < fresh), "{fresh}");
    hotel.stop().await;
}

#[test]
fn old_sessions_codes_and_keys_are_still_good_on_sqlite() {
    over(Engine::Sqlite, secrets_are_still_good);
}

#[test]
fn old_sessions_codes_and_keys_are_still_good_on_mongodb() {
    over(Engine::Mongodb, secrets_are_still_good);
}

// ── deadlines ────────────────────────────────────────────────────────────────────────────────

async fn deadlines_are_kept(engine: Engine) {
    let (mut hotel, notes) = RecordedHotel::restored(engine).await;
    hotel.start().await;
    let token = text(&notes["session"]);
    let ends = receipt(&notes, "reminded");
    while_time_passes(async {
        hotel.is_idle().await;
        let until = text(&hotel.field(&ends, "holdUntil", &token).await);
        let until: chrono::DateTime<chrono::Utc> = until.parse().unwrap();
        hotel.step_to(until - TimeDelta::seconds(1));
        hotel.until_action(&ends, "EXPIRED", &token).await;
        let at = text(&hotel.field(&ends, "cancelledAt", &token).await);
        assert!(at.parse::<chrono::DateTime<chrono::Utc>>().unwrap() >= until);
        let guest = hotel.guest(13, "reminded");
        another(&guest, "⚪️ Maaf, waktunya habis", &[]).await;
    })
    .await;
    hotel.stop().await;
}

#[test]
fn old_deadlines_are_kept_on_sqlite() {
    over(Engine::Sqlite, deadlines_are_kept);
}

#[test]
fn old_deadlines_are_kept_on_mongodb() {
    over(Engine::Mongodb, deadlines_are_kept);
}
