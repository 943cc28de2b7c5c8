//! The bot, used by simulated people through the fake Bot API server.

mod ahead;
mod booking_flow;
mod dashboard;
mod faults;
mod flood;
mod guest;
mod guest_words;
mod living;
mod mini_app;
mod staff;
mod transport;
mod waiting;
mod webhook;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jatah::app::App;
use jatah::auth::fresh_secret;
use jatah::clock::Clock;
use jatah::config::Config;
use jatah::domain::{Contact, Guest, GuestName, Language, ReceiptNo, RoomCode};
use jatah::service::BookRequest;
use jatah::store::NotificationStore;
use tempfile::TempDir;

use crate::botapi::{BotApi, Message, Person, TOKEN};
use crate::hotel::{open_store, pass_time, until};
use crate::mongod;
use crate::observed_store::ObservedStore;

/// The chat id of the front office's group.
const FRONT_OFFICE: i64 = -1001;

/// A hotel with a bot.
struct Hotel {
    api: BotApi,
    folder: Arc<TempDir>,
    more: &'static str,
    hold: &'static str,
    /// How many days in advance guests may book.
    ahead: u32,
    /// Whether Pak Joko is no longer configured as staff.
    without_joko: bool,
    /// The price a night of a standard room.
    standard_price: u64,
    clock: Clock,
    /// The URL of the store.
    store_url: String,
    /// The store while the hotel runs.
    store: Option<Arc<ObservedStore>>,
    running: Option<App>,
}

/// In fast time, `TICK * FAST` passes on the test's clock after each `TICK` of real time.
const TICK: Duration = Duration::from_millis(5);
const FAST: u32 = 4;

/// Runs a test on one thread, four times as fast as real time, because the protocol has long waits.
/// The hotel's clock must be in fast time too ([`Hotel::closed_in_fast_time`]).
fn in_fast_time<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(async {
        // While a blocking task runs, tokio does not advance its paused clock by itself.
        let (done, is_done) = std::sync::mpsc::channel::<()>();
        let still = tokio::task::spawn_blocking(move || is_done.recv());
        tokio::select! {
            () = test() => {}
            () = pass_time(TICK, FAST) => {}
        }
        drop(done);
        let _ = still.await;
    });
}

impl Hotel {
    async fn open() -> Self {
        Self::open_with("", "2h").await
    }

    async fn open_with(more: &'static str, hold: &'static str) -> Self {
        let mut hotel = Self::closed(more, hold).await;
        hotel.start().await;
        hotel
    }

    /// A hotel that has not started yet.
    async fn closed(more: &'static str, hold: &'static str) -> Self {
        let api = BotApi::open().await;
        api.group(FRONT_OFFICE);
        let folder = Arc::new(TempDir::new().unwrap());
        let store_url = format!("sqlite:{}/jatah.db", folder.path().display());
        let hotel = Self {
            api,
            folder,
            store_url,
            more,
            hold,
            ahead: 0,
            without_joko: false,
            standard_price: 350_000,
            clock: Clock::system(),
            store: None,
            running: None,
        };
        // Both employees have written to the bot before.
        let _ = (hotel.sari(), hotel.joko());
        hotel
    }

    /// A hotel that has not started yet, for a test in fast time.
    async fn closed_in_fast_time(more: &'static str) -> Self {
        let hotel = Self::closed(more, "2h").await;
        hotel.api.patient_for(Duration::from_mins(10));
        Self { clock: Clock::anchored(Clock::system().now()), ..hotel }
    }

    /// A hotel that has not started yet, on a store that several nodes may serve.
    async fn closed_on_mongodb(more: &'static str) -> Self {
        Self { store_url: mongod::fresh_url(), ..Self::closed(more, "2h").await }
    }

    fn config(&self) -> Config {
        self.config_with([])
    }

    fn config_with(&self, environment: impl IntoIterator<Item = (String, String)>) -> Config {
        let folder = self.folder.path().display();
        let (api, hold, more) = (self.api.address, self.hold, self.more);
        let store_url = &self.store_url;
        let (ahead, price) = (self.ahead, self.standard_price);
        let joko = if self.without_joko {
            ""
        } else {
            "[[staff]]\ntelegram_id = 502\nname = \"Pak Joko\"\nrole = \"manager\""
        };
        let public =
            if more.contains("webhook") { "public_url = \"https://hotel.example\"" } else { "" };
        let text = format!(
            r#"
[server]
listen = "127.0.0.1:0"
{public}
[store]
url = "{store_url}"
[hotel]
name = "Hotel Melati"
latitude = -6.2
longitude = 106.8
[hold]
duration = "{hold}"
remind_before = "{}"
extend_by = "30m"
[booking]
max_nights = 9
advance_days = {ahead}
[email]
url = "file:{folder}/mail"
[telegram]
token = "{TOKEN}"
api_url = "http://{api}"
fo_chat_id = {FRONT_OFFICE}
{more}
[[room]]
code = "STD"
name = "Standar"
rooms = 10
price = {price}
[[room]]
code = "DLX"
name = "Deluxe <&>"
rooms = 1
price = 500000
[[room]]
code = "HALL"
name = "Aula"
rooms = 10000
price = 50000
[[staff]]
telegram_id = 501
name = "Sari"
role = "front_office"
{joko}
"#,
            if hold == "2h" { "15m" } else { "2s" }
        );
        Config::from_toml(&text, environment).unwrap()
    }

    async fn start(&mut self) {
        let (config, clock) = (self.config(), self.clock.clone());
        let (store, observed) = open_store(&config, &clock).await;
        self.store = Some(observed);
        self.running = Some(App::start(&config, store, clock, None).await.unwrap());
    }

    /// Starts another node on the same store.
    async fn another_node(&self) -> App {
        let (config, clock) = (self.config(), self.clock.clone());
        let (store, _) = open_store(&config, &clock).await;
        App::start(&config, store, clock, None).await.unwrap()
    }

    fn store(&self) -> &ObservedStore {
        self.store.as_ref().unwrap()
    }

    fn running(&self) -> &App {
        self.running.as_ref().unwrap()
    }

    async fn stop(&mut self) {
        // The lock of the files is released only when the store is dropped.
        self.store = None;
        self.running.take().unwrap().stop().await;
    }

    async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    fn guest(&self, id: i64, name: &str) -> Person {
        self.api.person(id, name, "id")
    }

    fn sari(&self) -> Person {
        self.api.person(501, "Sari W", "id")
    }

    fn joko(&self) -> Person {
        self.api.person(502, "Joko", "id")
    }

    /// Chooses a room for one night and goes on to the summary.
    async fn sees_summary(&self, guest: &Person, room: &str) -> Message {
        guest.says("/booking");
        guest.taps("Ganti kamar").await;
        guest.taps(room).await;
        guest.taps("1 malam").await;
        self.taps_own_name(guest).await;
        guest.reads("Sudah benar?").await
    }

    /// Books a standard room for one night and returns the receipt number.
    async fn books(&self, guest: &Person) -> String {
        self.sees_summary(guest, "Standar").await;
        guest.taps("✅ Pesan").await;
        let shown = guest.reads("🟡 Kamar Anda kami simpan").await;
        receipt_in(&shown.text)
    }

    /// Waits for a message with a text and a receipt number.
    async fn shows(&self, reader: &Person, part: &str, receipt_no: &str) -> Message {
        let is_it = |m: &Message| m.text.contains(part) && m.text.contains(receipt_no);
        self.api.until(part, |api| api.messages(reader.id).into_iter().find(is_it)).await
    }

    /// Waits for a message that shows a booking other than the known one.
    async fn shows_another(&self, guest: &Person, known: &str) -> Message {
        let is_other =
            |m: &Message| m.text.contains("🟡 Kamar Anda kami simpan") && !m.text.contains(known);
        self.api
            .until("another booking", |api| api.messages(guest.id).into_iter().find(is_other))
            .await
    }

    async fn taps_own_name(&self, guest: &Person) {
        let first = self
            .api
            .until("the name as a button", |api| {
                let asks = |m: &Message| m.text.contains("Atas nama siapa?");
                let message = api.messages(guest.id).into_iter().rev().find(asks)?;
                Some(message.buttons.first()?.0.clone())
            })
            .await;
        guest.taps(&first).await;
    }

    /// Books a room in the hall directly at the booking service, for a guest with this contact.
    async fn books_for(&self, name: &str, contact: Contact) -> ReceiptNo {
        let service = &self.running().service;
        let request = BookRequest {
            request_id: fresh_secret(),
            guest: Guest {
                name: GuestName::parse(name).unwrap(),
                contact,
                language: Language::Indonesian,
            },
            room: RoomCode::parse("HALL").unwrap(),
            check_in: service.policy().hotel.day_of(service.now()),
            nights: 1,
            expected_price: None,
            position: None,
            origin: None,
        };
        service.book(request).await.unwrap().tracked.booking.receipt_no
    }

    /// Waits until every notification is stored as sent or given up.
    async fn owes_nothing(&self) {
        while self.store().owed().await.unwrap().next().await.is_some() {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the bot is degraded for a reason with this text. Returns the reason.
    async fn is_degraded(&self, part: &str) -> String {
        let health = &self.running().health;
        let reason = || health.degraded().remove("telegram").filter(|why| why.contains(part));
        until(reason).await
    }

    /// Waits until the bot is not degraded.
    async fn is_well(&self) {
        let health = &self.running().health;
        until(|| (!health.degraded().contains_key("telegram")).then_some(())).await;
    }

    /// Checks that Telegram refused no call, and stops.
    async fn close(mut self) {
        assert_eq!(self.api.refusals(), Vec::<String>::new(), "{}", self.api.transcript());
        if self.running.is_some() {
            self.stop().await;
        }
    }
}

fn receipt_in(text: &str) -> String {
    let at = text.find("RESI-").unwrap_or_else(|| panic!("no receipt number in {text}"));
    text[at..].split(|c: char| c.is_whitespace() || c == '.' || c == ',').next().unwrap().to_owned()
}
