//! Guests on the way: what the clock decides with a position, and routing servers that answer, give
//! wrong answers, fail, hang or cannot be reached.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::TimeDelta;
use jatah::domain::travel::{EstimateBasis, Evidence, RouteEstimate, evidence};
use jatah::domain::{
    Action, Event, Forecast, Language, PositionSource, TrackedBooking, Verdict, Why,
};
use jatah::routing::RoutingServer;
use jatah::service::ReportError;
use jatah::text;

use crate::build::{epoch, fix_north, hotel as hotel_position};
use crate::hotel::{Hotel, HotelSetup, until, with_paused_clock};

const JAKARTA: chrono_tz::Tz = chrono_tz::Asia::Jakarta;

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// How a routing server behaves.
#[derive(Clone)]
enum Behaviour {
    Answers(&'static str),
    Fails,
    Hangs,
}

/// A fake routing server. It counts its requests and keeps the last one.
#[derive(Clone)]
struct Server {
    behaviour: Behaviour,
    asked: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
    async fn start(behaviour: Behaviour) -> (Self, RoutingServer) {
        let server = Self { behaviour, asked: Arc::default(), last: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/route/v1/driving/{points}", get(answer))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, RoutingServer::new(&url, hotel_position()).unwrap())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn answer(State(server): State<Server>, Path(points): Path<String>) -> Response {
    *server.last.lock().unwrap() = points;
    server.asked.fetch_add(1, Ordering::SeqCst);
    match server.behaviour {
        Behaviour::Answers(text) => text.into_response(),
        Behaviour::Fails => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Behaviour::Hangs => std::future::pending().await,
    }
}

async fn tracked(hotel: &Hotel, of: &TrackedBooking) -> TrackedBooking {
    hotel.service.booking(of.booking.receipt_no).await.unwrap()
}

/// Waits until the route of the booking's latest fix is known or has failed.
async fn routed(hotel: &Hotel, of: &TrackedBooking) -> TrackedBooking {
    loop {
        let tracked = tracked(hotel, of).await;
        if tracked.track.latest().is_some_and(|fix| fix.route != RouteEstimate::Unasked) {
            return tracked;
        }
        tokio::task::yield_now().await;
    }
}

fn seen(hotel: &Hotel, tracked: &TrackedBooking) -> Evidence {
    evidence(&tracked.track, hotel.clock.now(), hotel.service.policy()).unwrap()
}

#[test]
fn a_routing_server_is_asked_ahead_and_at_most_once_a_minute() {
    with_paused_clock(|| async {
        let answer = r#"{"code":"Ok","routes":[{"duration":1500.5,"distance":31000}]}"#;
        let (server, routes) = Server::start(Behaviour::Answers(answer)).await;
        let mut hotel = HotelSetup::with_routing(routes).open().await;
        let guest = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.reports(&guest, fix_north(0.2, hotel.clock.now())).await.unwrap();
        let tracked = routed(&hotel, &guest).await;
        assert_eq!(
            tracked.track.latest().unwrap().route,
            RouteEstimate::Drive(TimeDelta::milliseconds(1_500_500))
        );
        assert_eq!(*server.last.lock().unwrap(), "106.800000,-6.000000;106.800000,-6.200000");
        let known = seen(&hotel, &tracked);
        // In this policy the speed is the same at every hour, so traffic adds nothing.
        let estimate = known.estimate.unwrap();
        assert_eq!(
            (estimate.basis, estimate.arrives_in.num_minutes()),
            (EstimateBasis::Routed, 40)
        );
        for _ in 0..5 {
            hotel.pass(TimeDelta::seconds(10)).await;
            let north = 0.2 - (hotel.clock.now() - epoch()).as_seconds_f64() * 0.0001;
            hotel.reports(&guest, fix_north(north, hotel.clock.now())).await.unwrap();
        }
        hotel.nothing_more().await;
        assert_eq!(server.asked(), 1);
        hotel.pass(TimeDelta::seconds(10)).await;
        hotel.reports(&guest, fix_north(0.19, hotel.clock.now())).await.unwrap();
        routed(&hotel, &guest).await;
        assert_eq!(server.asked(), 2);
        hotel.close().await;
    });
}

#[test]
fn without_a_usable_routing_answer_the_city_speed_is_used_and_this_is_said() {
    with_paused_clock(|| async {
        let wrong_answers = [
            r#"{"code":"Ok","routes":[{"duration":-1500}]}"#,
            r#"{"code":"Ok","routes":[{"duration":1}]}"#,
            r#"{"code":"Ok","routes":[{"duration":1e300}]}"#,
            r#"{"code":"Ok","routes":[{"duration":null}]}"#,
            r#"{"code":"NoRoute","routes":[{"duration":1500}]}"#,
            r#"{"code":"Ok","routes":[]}"#,
            "<html>",
            "",
        ];
        let long: &'static str = Box::leak("x".repeat(1_000_000).into_boxed_str());
        let behaviours = wrong_answers
            .into_iter()
            .chain([long])
            .map(Behaviour::Answers)
            .chain([Behaviour::Fails]);
        for behaviour in behaviours {
            let (server, routes) = Server::start(behaviour).await;
            assert_eq!(routes.route(fix_north(0.2, epoch()).place).await, RouteEstimate::Silent);
            assert_eq!(server.asked(), 1);
        }
        let nowhere = RoutingServer::new("http://127.0.0.1:1", hotel_position()).unwrap();
        let mut hotel = HotelSetup::with_routing(nowhere).open().await;
        let guest = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.reports(&guest, fix_north(0.2, hotel.clock.now())).await.unwrap();
        let tracked = routed(&hotel, &guest).await;
        let known = seen(&hotel, &tracked);
        let estimate = known.estimate.unwrap();
        assert_eq!((estimate.basis, estimate.is_routing_silent), (EstimateBasis::CitySpeed, true));
        let verdict = Verdict { evidence: known, why: Why::Far, extensions: 0 };
        let words = text::verdict(Language::Indonesian, &verdict);
        assert!(words.contains("server rute tidak menjawab"), "{words}");
        hotel.close().await;
    });
}

#[test]
fn no_decision_waits_for_a_routing_server_that_hangs() {
    with_paused_clock(|| async {
        let (server, routes) = Server::start(Behaviour::Hangs).await;
        let mut hotel = HotelSetup::with_routing(routes).open().await;
        let guest = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        hotel.pass(minutes(105)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass(minutes(15) - TimeDelta::milliseconds(1)).await;
        hotel.reports(&guest, fix_north(0.05, hotel.clock.now())).await.unwrap();
        until(|| (server.asked() == 1).then_some(())).await;
        hotel.pass(TimeDelta::milliseconds(1)).await;
        let extended = hotel.next(Action::Extended).await;
        assert_eq!(extended.at, guest.booking.hold.until);
        // The request ends after two seconds.
        hotel.pass(TimeDelta::seconds(3)).await;
        let tracked = routed(&hotel, &guest).await;
        assert_eq!(tracked.track.latest().unwrap().route, RouteEstimate::Silent);
        hotel.close().await;
    });
}

#[test]
fn a_flood_of_positions_does_not_reach_the_store() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let guest = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        until(|| (hotel.mailbox.kinds().len() == 1).then_some(())).await;
        hotel.nothing_more().await;
        let before = hotel.store.calls();
        let mut limited = 0;
        for step in 0..10_000_i32 {
            let fix = fix_north(0.2 - f64::from(step) * 1e-6, hotel.clock.now());
            match hotel.reports(&guest, fix).await {
                Ok(_) => {}
                Err(ReportError::TooMany) => limited += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(limited, 9_990);
        assert!(hotel.store.calls() - before <= 20, "{}", hotel.store.calls() - before);
        // After one second the next position is accepted.
        hotel.pass(TimeDelta::seconds(1)).await;
        hotel.reports(&guest, fix_north(0.1, hotel.clock.now())).await.unwrap();
        hotel.close().await;
    });
}

#[test]
fn an_extension_and_a_cancellation_tell_their_evidence_in_history_and_forecast() {
    with_paused_clock(|| async {
        let mut hotel = HotelSetup::new().open().await;
        let guest = hotel.book("Budi").await;
        hotel.next(Action::Booked).await;
        // From 82 km away towards the hotel at 80 km/h. No position after minute 119.
        for minute in (65..=119).step_by(2) {
            hotel.pass(minutes(minute) - (hotel.clock.now() - epoch())).await;
            if hotel.clock.now() == epoch() + minutes(105) {
                let reminded = hotel.next(Action::Reminded).await;
                let Event::Reminded { forecast, .. } = &reminded.event else { panic!() };
                assert_eq!(*forecast, Forecast::WillExtend);
                let words = text::change_detail(Language::Indonesian, &reminded, JAKARTA);
                let words = words.unwrap();
                assert!(words.ends_with("lewat batas: akan diperpanjang"), "{words}");
            }
            #[expect(clippy::cast_precision_loss, reason = "few minutes")]
            let north = 0.743 - (minute - 65) as f64 * 0.012;
            let fix = fix_north(north, hotel.clock.now());
            hotel
                .reports(&guest, fix.from_source(PositionSource::Live { until: None }))
                .await
                .unwrap();
        }
        hotel.pass(minutes(1)).await;
        let extended = hotel.next(Action::Extended).await;
        let Event::ExtendedByClock { verdict, .. } = &extended.event else { panic!() };
        assert_eq!(verdict.why, Why::Closing, "{verdict:?}");
        let words = text::change_detail(Language::English, &extended, JAKARTA).unwrap();
        assert_eq!(
            words,
            "10.5 km, closing, there in 31 minutes (by their speed and the traffic), live \
             position 1 minute old · can be there within an extension: +30 minutes"
        );
        hotel.pass(minutes(15)).await;
        hotel.next(Action::Reminded).await;
        hotel.pass(minutes(15)).await;
        let expired = hotel.next(Action::Expired).await;
        let words = text::change_detail(Language::Indonesian, &expired, JAKARTA).unwrap();
        assert_eq!(
            words,
            "10,5 km, mendekat lalu diam 31 menit, perkiraan 32 menit lagi (menurut kecepatan tamu dan \
             lalu lintas), lokasi live, 31 menit tanpa kabar: tidak bergerak, sudah diperpanjang 1 kali \
             · terlalu lama diam di satu tempat"
        );
        hotel.close().await;
    });
}
