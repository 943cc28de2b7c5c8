//! The booking from the form that is opened inside Telegram.

use hmac::{Hmac, KeyInit, Mac};
use jatah::domain::Command;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{FRONT_OFFICE, Hotel};
use crate::botapi::TOKEN;

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// What Telegram gives a Mini App that this user opened at this time (Bot API, "Validating data
/// received via the Mini App").
fn init_data(user: &Value, at: i64) -> String {
    let user = user.to_string();
    let signed = format!("auth_date={at}\nuser={user}");
    let key = hmac(b"WebAppData", TOKEN.as_bytes());
    let hash = hex::encode(hmac(&key, signed.as_bytes()));
    let at = at.to_string();
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("user", user.as_str()), ("auth_date", &at), ("hash", &hash)])
        .finish()
}

const BOOK: &str = "mutation ($data: String!, $input: MiniAppBookingInput!) {
    createTelegramBooking(initData: $data, input: $input) {
        booking { receiptNo guestName channel contact price } accessToken } }";

async fn book(hotel: &Hotel, data: &str, input: Value) -> Value {
    ask(hotel, json!({ "query": BOOK, "variables": { "data": data, "input": input } })).await
}

async fn ask(hotel: &Hotel, body: Value) -> Value {
    let url = format!("http://{}/graphql", hotel.running().address);
    let answer = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send();
    serde_json::from_str(&answer.await.unwrap().text().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_of_the_mini_app_books_without_an_address_and_hears_of_it_in_the_chat() {
    let hotel = Hotel::open().await;
    let ann = hotel.api.person(9, "Ann", "en");
    let now = hotel.clock.now().timestamp();
    let data = init_data(
        &json!({ "id": 9, "first_name": "Ann", "last_name": "S", "language_code": "en" }),
        now,
    );
    let service = &hotel.running().service;
    let today = service.policy().hotel.day_of(service.now()).to_string();
    let input = json!({ "roomType": "STD", "checkIn": today, "requestId": "aB3dE6gH9jK2mN5pQ8sT1v",
        "expectedPrice": 350_000 });
    let other = json!({ "roomType": "STD", "checkIn": today, "expectedPrice": 1 });
    let refused = book(&hotel, &data, other).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "PRICE_CHANGED", "{refused}");
    let booked = book(&hotel, &data, input.clone()).await;
    let booking = &booked["data"]["createTelegramBooking"]["booking"];
    assert_eq!(booking["guestName"], "Ann S", "{booked}");
    assert_eq!((&booking["channel"], &booking["contact"]), (&json!("TELEGRAM"), &Value::Null));
    let receipt_no = booking["receiptNo"].as_str().unwrap();
    assert!(ann.reads("🟡 We keep your room").await.text.contains(receipt_no));
    assert!(hotel.api.reads(FRONT_OFFICE, "BOOKING BARU").await.text.contains(receipt_no));
    assert_eq!(book(&hotel, &data, input).await["data"], booked["data"], "booked once");
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_that_telegram_did_not_sign_or_not_recently_books_nothing() {
    let hotel = Hotel::open().await;
    let now = hotel.clock.now().timestamp();
    let user = json!({ "id": 9, "first_name": "Ann" });
    let service = &hotel.running().service;
    let today = service.policy().hotel.day_of(service.now()).to_string();
    let input = json!({ "roomType": "STD", "checkIn": today });
    let good = init_data(&user, now);
    for data in [
        String::new(),
        good.replace("Ann", "Eve"),
        init_data(&user, now - 7_200),
        init_data(&user, now + 600),
    ] {
        let refused = book(&hotel, &data, input.clone()).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
    }
    let nameless = init_data(&json!({ "id": 9, "first_name": "" }), now);
    let refused = book(&hotel, &nameless, input.clone()).await;
    assert_eq!(refused["errors"][0]["extensions"]["field"], "guestName", "{refused}");
    // The limit of a guest is the bot's.
    for expected in [None, None, Some("TOO_MANY_HOLDS")] {
        let answer = book(&hotel, &good, input.clone()).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        assert_eq!(code, expected, "{answer}");
    }
    let _ = hotel.api.person(9, "Ann", "id");
    hotel.api.forgives();
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_of_the_mini_app_waits_without_an_address_and_is_offered_the_room_in_the_chat() {
    let hotel = Hotel::open().await;
    let (_dewi, ann) = (hotel.guest(8, "Dewi"), hotel.api.person(9, "Ann", "en"));
    let sold = super::waiting::sells_deluxe(&hotel).await;
    let service = &hotel.running().service;
    let today = service.policy().hotel.day_of(service.now()).to_string();
    let join = |data: &str| {
        let query = "mutation ($input: WaitingInput!) {
            joinWaitingList(input: $input) { position offer { accessToken } } }";
        let input = json!({ "guestName": "Ann S", "roomType": "DLX", "checkIn": today,
            "initData": data });
        ask(&hotel, json!({ "query": query, "variables": { "input": input } }))
    };
    let user = json!({ "id": 9, "first_name": "Ann", "language_code": "en" });
    let data = init_data(&user, hotel.clock.now().timestamp());
    let forged = join(&data.replace("Ann", "Eve")).await;
    assert_eq!(forged["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{forged}");
    let joined = join(&data).await;
    assert_eq!(joined["data"]["joinWaitingList"]["position"], 1, "{joined}");
    service.apply(sold, Command::CancelByGuest).await.unwrap();
    let offer = ann.reads("A room is free for you").await;
    assert_eq!(offer.labels(), ["✅ Take it", "No, thanks"]);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_opens_as_a_mini_app_by_the_menu_button_and_beside_the_bot_s_own_way_to_book() {
    let mut hotel = Hotel::closed("webhook = \"on\"\nwebhook_secret = \"s3cret\"", "2h").await;
    hotel.start().await;
    hotel.api.calls_at(hotel.running().address);
    let button = hotel
        .api
        .until("the menu button", |api| Some(api.menu_button()).filter(|button| !button.is_null()));
    let page = json!({ "url": "https://hotel.example/" });
    assert_eq!(button.await, json!({ "type": "web_app", "text": "Pesan", "web_app": page }));
    let ann = hotel.api.person(9, "Ann", "id");
    ann.says("/start");
    let greeting = ann.reads("Hotel Melati").await;
    assert_eq!(greeting.labels(), ["Pesan di sini", "Pesan lewat web", "Formulir di browser"]);
    assert_eq!(greeting.buttons[1].1["web_app"], page);
    assert_eq!(greeting.buttons[2].1["url"], page["url"]);
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_public_address_of_https_the_menu_button_lists_the_commands() {
    let hotel = Hotel::open().await;
    let button = hotel
        .api
        .until("the menu button", |api| Some(api.menu_button()).filter(|button| !button.is_null()));
    assert_eq!(button.await, json!({ "type": "commands" }));
    hotel.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_scripts_leads_to_the_bot() {
    let hotel = Hotel::open().await;
    let site = format!("http://{}", hotel.running().address);
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let http = http.unwrap();
    let page = http.get(&site).send().await.unwrap().text().await.unwrap();
    let (_, link) = page.split_once("<a href=\"/telegram\">").unwrap();
    assert!(link.starts_with("Buka bot Telegram hotel"), "{link}");
    let reply = http.get(format!("{site}/telegram")).send().await.unwrap();
    assert_eq!(reply.status(), 307);
    assert_eq!(reply.headers()["location"], "https://t.me/melati_bot");
    hotel.close().await;
}
