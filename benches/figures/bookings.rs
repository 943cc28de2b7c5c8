//! `createBooking` over HTTP, by 64 clients at the same time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::routing::post;
use jatah::app::{App, OpenStore};
use jatah::clock::Clock;
use jatah::config::Config;
use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, WriteConcern};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Figure, mongod};

const CLIENTS: u32 = 64;
/// The bookings of one run, after as many tenths of it to warm up.
const COUNT: u32 = 4_000;
const WARM_UP: u32 = COUNT / 10;

/// Adds the figures of both stores. Returns every rate a second, with its name.
pub async fn measure(figures: &mut Vec<Figure>) -> Vec<(String, f64)> {
    let ceiling = plain_axum().await;
    let insert = inserts().await;
    let mut rates = Vec::new();
    for (name, url) in [("SQLite", None), ("MongoDB", Some(mongod::fresh_url()))] {
        let rate = create_bookings(url).await;
        let beside = match name {
            "MongoDB" => format!("one insert each {insert:.0}: {:.2} times; ", rate / insert),
            _ => String::new(),
        };
        figures.push(Figure {
            name: format!("{name}: createBooking, 64 clients"),
            value: format!("{rate:.0} a second"),
            beside: format!("{beside}plain axum {ceiling:.0}: {:.2} times", rate / ceiling),
            json: json!({ "what": "createBooking", "store": name, "per_second": rate,
                "plain_axum_per_second": ceiling, "insert_one_per_second": insert }),
        });
        rates.push((format!("createBooking on {name}"), rate));
    }
    rates.push(("one durable insert each (MongoDB driver)".to_owned(), insert));
    rates.push(("a fixed answer (plain axum)".to_owned(), ceiling));
    rates
}

async fn create_bookings(mongo: Option<String>) -> f64 {
    let (folder, mails) = (tempfile::TempDir::new().unwrap(), memory_folder());
    let config = config(folder.path(), mails.path(), mongo.as_deref(), 1_000_000);
    let clock = Clock::system();
    let store = OpenStore::to_serve(&config, &clock).await.unwrap();
    let app = App::start(&config, store, clock, None).await.unwrap();
    let today = app.service.policy().hotel.day_of(app.service.now()).to_string();
    let body = move |number: u32| {
        json!({
            "query": "mutation($i: CreateBookingInput!) { createBooking(input: $i) {
                accessToken booking { receiptNo status holdUntil } } }",
            "variables": { "i": { "guestName": "Ada Lovelace", "roomType": "HALL", "nights": 1,
                "checkIn": today, "email": format!("a{number}@example.com") } },
        })
        .to_string()
    };
    let rate = rate(&format!("{}/graphql", app.public_url), body).await;
    app.stop().await;
    rate
}

/// A folder in memory where the system has one: thousands of files in one folder would be measured
/// otherwise.
pub fn memory_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::TempDir::new_in(memory).unwrap()
    } else {
        tempfile::TempDir::new().unwrap()
    }
}

/// A hotel with one hall of so many rooms, and no limits in the way.
pub fn config(folder: &Path, mails: &Path, mongo: Option<&str>, rooms: usize) -> Config {
    let store =
        mongo.map_or_else(|| format!("sqlite:{}/jatah.db", folder.display()), str::to_owned);
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"{store}\"\n\
         [email]\nurl = \"file:{}\"\n\
         [[room]]\ncode = \"HALL\"\nname = \"Hall\"\nrooms = {rooms}\nprice = 1\n\
         [limits]\nrequests_per_second = 1000000\nholds_per_address = 1000000\n",
        mails.display()
    );
    Config::from_toml(&text, []).unwrap()
}

/// A route that answers with a text, for the same clients.
async fn plain_axum() -> f64 {
    let router = Router::new().route("/graphql", post(async |_: String| r#"{"data":{}}"#));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await });
    let rate =
        rate(&url, |number| json!({ "query": "x".repeat(300), "n": number }).to_string()).await;
    server.abort_all();
    rate
}

/// Bookings a second of the clients together.
async fn rate(url: &str, body: impl Fn(u32) -> String + Send + Sync + 'static) -> f64 {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = Arc::new(body);
    let next = Arc::new(AtomicU32::new(0));
    let mut begun = Instant::now();
    for (from, until) in [(0, WARM_UP), (WARM_UP, WARM_UP + COUNT)] {
        next.store(from, Ordering::Relaxed);
        begun = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (http, body, next) = (http.clone(), Arc::clone(&body), Arc::clone(&next));
            let url = url.to_owned();
            clients.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= until {
                        return;
                    }
                    let request = http.post(&url).header("content-type", "application/json");
                    let answer = request.body(body(number)).send().await.unwrap();
                    let text = answer.text().await.unwrap();
                    assert!(!text.contains("\"errors\""), "{text}");
                }
            });
        }
        clients.join_all().await;
    }
    f64::from(COUNT) / begun.elapsed().as_secs_f64()
}

/// One durable insert for each booking, by as many tasks.
async fn inserts() -> f64 {
    let client = mongodb::Client::with_uri_str(mongod::fresh_url()).await.unwrap();
    let durable = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build();
    let bookings = client.database("raw").collection::<Document>("bookings");
    let next = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CLIENTS {
        let (bookings, next, durable) = (bookings.clone(), Arc::clone(&next), durable.clone());
        tasks.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < COUNT {
                let booking = doc! { "text": "x".repeat(600) };
                bookings.insert_one(booking).write_concern(durable.clone()).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    f64::from(COUNT) / begun.elapsed().as_secs_f64()
}
