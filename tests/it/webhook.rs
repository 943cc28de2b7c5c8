//! Calls of the hotel's own system: every change, signed, repeated until it has arrived, on both
//! stores. The receiver is a real web server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use jatah::config::{Secret, SecretBytes, StoreUrl, WebhookTarget};
use jatah::domain::{Action, Command, FailureCode, Recipient};
use jatah::store::BookingReader;
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::build::staff;
use crate::hotel::{Hotel, HotelSetup, until, while_time_passes, with_paused_clock};
use crate::mongod;

const KEY: [u8; 24] = *b"0123456789abcdef01234567";

/// How the receiver answers a call.
#[derive(Clone, Copy)]
enum Answer {
    Status(u16),
    /// A redirection to the receiver itself.
    Redirection,
    /// 503, to be called again after so many seconds.
    After(u64),
    /// Not at all, though the call was received.
    Never,
    /// 200 and a body that does not end.
    EndlessBody,
}

struct Call {
    id: String,
    /// The time of the call, as its header has it.
    sent_at: i64,
    body: Value,
}

impl Call {
    fn action(&self) -> &str {
        self.body["data"]["action"].as_str().unwrap_or_default()
    }
}

/// The hotel's own system.
#[derive(Clone)]
struct Receiver {
    url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    /// The answers to the next calls. After them every call is answered with 204.
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Receiver {
    #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
    async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?token=abc", listener.local_addr().unwrap());
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let receiver = Self { url, calls: Arc::default(), answers };
        let router = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// The actions of the calls so far, in the order of their arrival.
    fn actions(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|call| call.action().to_owned()).collect()
    }

    async fn called(&self, times: usize) {
        until(|| (self.calls.lock().unwrap().len() >= times).then_some(())).await;
    }

    /// Waits for a time in which further calls would arrive.
    async fn is_called_no_more(&self) {
        let before = self.calls.lock().unwrap().len();
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.calls.lock().unwrap().len(), before, "{:?}", self.actions());
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, sent_at) = (header("webhook-id"), header("webhook-timestamp"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
    mac.update(&[format!("{id}.{sent_at}.").as_bytes(), body.as_ref()].concat());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(header("webhook-signature"), format!("v1,{signature}"));
    assert_eq!(header("content-type"), "application/json");
    let body = serde_json::from_slice(&body).unwrap();
    let call = Call { id, sent_at: sent_at.parse().unwrap(), body };
    receiver.calls.lock().unwrap().push(call);
    let answer = {
        let mut answers = receiver.answers.lock().unwrap();
        if answers.is_empty() { Answer::Status(204) } else { answers.remove(0) }
    };
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Redirection => {
            (StatusCode::PERMANENT_REDIRECT, [(LOCATION, receiver.url)]).into_response()
        }
        Answer::After(seconds) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Answer::Never => std::future::pending().await,
        Answer::EndlessBody => {
            let bytes = || Ok::<_, std::io::Error>(Bytes::from_static(&[b'a'; 4096]));
            let endless = futures_util::stream::repeat_with(bytes);
            axum::body::Body::from_stream(endless).into_response()
        }
    }
}

/// A hotel with this receiver, on SQLite.
fn setup(receiver: &Receiver) -> HotelSetup {
    let mut setup = HotelSetup::new();
    setup.config.webhook = Some(target(receiver));
    setup
}

fn target(receiver: &Receiver) -> WebhookTarget {
    let (url, host) = (Secret::new(receiver.url.clone()), "127.0.0.1".to_owned());
    WebhookTarget { url, host, key: SecretBytes::new(KEY) }
}

/// The same on each store.
fn on_each_store(receiver: &Receiver) -> [HotelSetup; 2] {
    let mut on_mongodb = setup(receiver);
    on_mongodb.config.store.url = StoreUrl::Mongo(Secret::new(mongod::fresh_url()));
    [setup(receiver), on_mongodb]
}

/// Books, and has the guest arrive and pay.
async fn stay(hotel: &Hotel) {
    let guest = hotel.book("Budi").await;
    let arrive = Command::Arrive { by: staff("Sari") };
    hotel.service.apply(guest.booking.receipt_no, arrive).await.unwrap();
    hotel.pay(&guest).await.unwrap();
}

#[test]
fn every_change_arrives_signed_and_can_be_put_in_order() {
    with_paused_clock(|| async {
        let receiver = Receiver::start([]).await;
        for setup in on_each_store(&receiver) {
            let hotel = setup.open().await;
            stay(&hotel).await;
            receiver.called(3).await;
            receiver.is_called_no_more().await;
            let mut calls = std::mem::take(&mut *receiver.calls.lock().unwrap());
            calls.sort_by_key(|call| call.body["data"]["booking"]["revision"].as_u64());
            let actions: Vec<_> = calls.iter().map(Call::action).collect();
            assert_eq!(actions, ["BOOKED", "ARRIVED", "PAID"]);
            let ids: BTreeSet<_> = calls.iter().map(|call| &call.id).collect();
            assert_eq!(ids.len(), 3);
            assert_eq!(calls[2].body["data"]["booking"]["guestName"], "Budi");
            assert!(!hotel.degraded().contains_key("webhook"));
            hotel.close().await;
        }
    });
}

#[test]
fn the_clocks_own_changes_arrive_too() {
    with_paused_clock(|| async {
        let receiver = Receiver::start([]).await;
        for setup in on_each_store(&receiver) {
            let mut hotel = setup.open().await;
            hotel.book("Budi").await;
            hotel.next(Action::Booked).await;
            receiver.called(1).await;
            hotel.pass(TimeDelta::hours(2)).await;
            receiver.called(2).await;
            assert_eq!(receiver.actions(), ["BOOKED", "EXPIRED"]);
            hotel.close().await;
            receiver.calls.lock().unwrap().clear();
        }
    });
}

#[test]
fn a_receiver_that_fails_is_called_again_and_loses_nothing() {
    with_paused_clock(|| async {
        for failure in [Answer::Status(500), Answer::Status(404), Answer::Redirection] {
            let receiver = Receiver::start(vec![failure; 9]).await;
            for setup in on_each_store(&receiver) {
                *receiver.answers.lock().unwrap() = vec![failure; 9];
                let hotel = setup.open().await;
                stay(&hotel).await;
                receiver.called(3).await;
                until(|| hotel.degraded().contains_key("webhook").then_some(())).await;
                while_time_passes(receiver.called(9 + 3)).await;
                until(|| (!hotel.degraded().contains_key("webhook")).then_some(())).await;
                receiver.is_called_no_more().await;
                let calls = std::mem::take(&mut *receiver.calls.lock().unwrap());
                assert_eq!(calls.len(), 9 + 3, "each of the failures, and each change once");
                let arrived: BTreeSet<_> = calls[9..].iter().map(|call| &call.id).collect();
                assert_eq!(arrived.len(), 3);
                hotel.close().await;
            }
        }
    });
}

#[test]
fn a_receiver_may_ask_to_be_called_later() {
    with_paused_clock(|| async {
        let receiver = Receiver::start([Answer::After(600)]).await;
        let hotel = setup(&receiver).open().await;
        hotel.book("Budi").await;
        receiver.called(1).await;
        hotel.pass(TimeDelta::seconds(590)).await;
        receiver.is_called_no_more().await;
        hotel.pass(TimeDelta::seconds(10)).await;
        receiver.called(2).await;
        let calls = std::mem::take(&mut *receiver.calls.lock().unwrap());
        assert_eq!(calls[0].id, calls[1].id);
        assert_eq!(calls[1].sent_at - calls[0].sent_at, 600, "each call has its own time");
        hotel.close().await;
    });
}

#[test]
fn a_receiver_that_never_answers_or_never_ends_is_not_waited_for() {
    with_paused_clock(|| async {
        let receiver = Receiver::start([Answer::Never, Answer::EndlessBody]).await;
        let hotel = setup(&receiver).open().await;
        hotel.book("Budi").await;
        receiver.called(1).await;
        hotel.pass(TimeDelta::seconds(15)).await;
        until(|| hotel.degraded().get("webhook").cloned()).await;
        hotel.pass(TimeDelta::seconds(1)).await;
        receiver.called(2).await;
        until(|| (!hotel.degraded().contains_key("webhook")).then_some(())).await;
        receiver.is_called_no_more().await;
        hotel.close().await;
    });
}

#[test]
fn a_receiver_that_is_gone_is_called_no_more_until_the_next_start() {
    with_paused_clock(|| async {
        let receiver = Receiver::start([Answer::Status(410)]).await;
        for setup in on_each_store(&receiver) {
            *receiver.answers.lock().unwrap() = vec![Answer::Status(410)];
            let hotel = setup.open().await;
            let guest = hotel.book("Budi").await;
            until(|| hotel.degraded().get("webhook").filter(|why| why.contains("410")).cloned())
                .await;
            hotel.pay(&guest).await.unwrap();
            receiver.is_called_no_more().await;
            assert_eq!(receiver.actions(), ["BOOKED"]);
            let number = guest.booking.receipt_no;
            let undelivered = loop {
                let undelivered = hotel.store.undelivered(&[number]).await.unwrap();
                if undelivered.len() == 2 {
                    break undelivered;
                }
            };
            for one in undelivered {
                assert_eq!(
                    (one.to, one.reason.code),
                    (Recipient::HotelSystem, FailureCode::WebhookGone)
                );
            }
            assert!(hotel.degraded().contains_key("webhook"), "nobody has mended it");
            hotel.close().await;
            receiver.calls.lock().unwrap().clear();
            let hotel = setup.open().await;
            hotel.book("Cici").await;
            receiver.called(1).await;
            assert!(!hotel.degraded().contains_key("webhook"));
            hotel.close().await;
            receiver.calls.lock().unwrap().clear();
        }
    });
}

#[test]
fn a_call_is_given_up_after_three_days_and_the_front_office_sees_it() {
    with_paused_clock(|| async {
        let receiver = Receiver::start(vec![Answer::Status(500); 2_000]).await;
        let hotel = setup(&receiver).open().await;
        let guest = hotel.book("Budi").await;
        hotel.pay(&guest).await.unwrap();
        for _ in 0..=(3 * 24 * 6) {
            hotel.pass(TimeDelta::minutes(10)).await;
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
        }
        until(|| (!hotel.degraded().contains_key("webhook")).then_some(())).await;
        let number = guest.booking.receipt_no;
        let lost = hotel.store.undelivered(&[number]).await.unwrap();
        let told: Vec<_> = lost.iter().map(|one| (one.to, one.reason.code)).collect();
        assert_eq!(told, [(Recipient::HotelSystem, FailureCode::TooLate); 2]);
        let calls = receiver.calls.lock().unwrap().len();
        assert!((300..1_000).contains(&calls), "{calls} calls of two changes in three days");
        hotel.close().await;
    });
}

#[test]
fn a_process_that_died_after_its_commit_has_the_call_made_by_the_next_one() {
    with_paused_clock(|| async {
        for on_mongodb in [false, true] {
            // One call is received, and the process dies before it hears so; the other one fails.
            let before = Receiver::start([Answer::Never, Answer::Status(500)]).await;
            let [on_sqlite, on_mongo] = on_each_store(&before);
            let mut setup = if on_mongodb { on_mongo } else { on_sqlite };
            let hotel = setup.open().await;
            hotel.book("Budi").await;
            before.called(1).await;
            hotel.book("Cici").await;
            before.called(2).await;
            let ids = |receiver: &Receiver| {
                let calls = receiver.calls.lock().unwrap();
                calls.iter().map(|call| call.id.clone()).collect::<BTreeSet<_>>()
            };
            let made = ids(&before);
            hotel.lose_power();

            let after = Receiver::start([]).await;
            setup.config.webhook = Some(target(&after));
            let hotel = setup.open().await;
            // On MongoDB the next process waits until the lease of the dead one has ended.
            while_time_passes(after.called(2)).await;
            after.is_called_no_more().await;
            assert_eq!(after.calls.lock().unwrap().len(), 2);
            assert_eq!(ids(&after), made, "a repeated call has the same id");
            hotel.close().await;
        }
    });
}

#[test]
fn a_hotel_without_a_system_of_its_own_stores_and_sends_nothing_for_one() {
    with_paused_clock(|| async {
        let receiver = Receiver::start([]).await;
        let mut setup = setup(&receiver);
        setup.config.webhook = None;
        let mut hotel = setup.open().await;
        hotel.book("Budi").await;
        let booked = hotel.next(Action::Booked).await;
        let told: Vec<_> = booked.notifications.iter().map(|owed| owed.to).collect();
        assert_eq!(told, [Recipient::Guest]);
        receiver.is_called_no_more().await;
        hotel.close().await;
    });
}
