//! The whole application on one store. The clock moves only when the test moves it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use futures_util::StreamExt;
use jatah::app::{App, OpenStore};
use jatah::clock::Clock;
use jatah::config::Config;
use jatah::domain::Moment;
use jatah::store::{KeyValueStore, NotificationStore};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::dump;
use crate::botapi::{BotApi, Person, TOKEN};
use crate::hotel::pass_time;
use crate::mongod;
use crate::observed_store::ObservedStore;

/// The chat id of the front office in the configuration.
pub const FRONT_OFFICE: i64 = -1001;
/// The new chat id after the group became a supergroup.
pub const MOVED: i64 = -1_009_009;
/// After each `TICK` of real time, `TICK * FAST` passes on the test's clock.
const TICK: Duration = Duration::from_millis(5);
const FAST: u32 = 10;
/// How long a test waits for a message, by the test's clock.
const PATIENCE: Duration = Duration::from_mins(3);

/// The two stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Mongodb,
}

/// Runs a future to its end while time passes.
pub async fn while_time_passes<T>(work: impl Future<Output = T>) -> T {
    while_time_passes_by(FAST, work).await
}

/// Runs a future to its end while time passes so many times as fast as real time.
pub async fn while_time_passes_by<T>(times: u32, work: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        done = work => done,
        () = pass_time(TICK, times) => unreachable!("time passes for ever"),
    }
}

/// A hotel with a bot.
pub struct RecordedHotel {
    pub api: BotApi,
    pub clock: Clock,
    engine: Engine,
    folder: TempDir,
    url: String,
    http: reqwest::Client,
    store: Option<Arc<ObservedStore>>,
    running: Option<App>,
}

impl RecordedHotel {
    /// A hotel that has not started yet; its store is empty.
    pub async fn closed(engine: Engine, moment: Moment) -> Self {
        let (api, clock) = (BotApi::open().await, Clock::anchored(moment));
        api.patient_for(PATIENCE);
        api.runs_on(&clock);
        let folder = TempDir::new().unwrap();
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}/jatah.db", folder.path().display()),
            Engine::Mongodb => mongod::fresh_url(),
        };
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { api, clock, engine, folder, url, http, store: None, running: None }
    }

    /// A hotel that has not started yet, over what was recorded.
    pub async fn restored(engine: Engine) -> (Self, Value) {
        let notes = super::read_json(engine, "notes.json");
        let moment = DateTime::from_timestamp_millis(notes["moment_ms"].as_i64().unwrap()).unwrap();
        let hotel = Self::closed(engine, moment).await;
        hotel.api.restore(&super::read_json(engine, "telegram.json"));
        match engine {
            Engine::Sqlite => dump::into_sqlite(&hotel.path(), &super::read(engine, "store.sql")),
            Engine::Mongodb => {
                dump::into_mongodb(&hotel.url, &super::read(engine, "store.jsonl")).await;
            }
        }
        (hotel, notes)
    }

    /// The content of the store, which must be closed.
    pub async fn dump(&self) -> String {
        match self.engine {
            Engine::Sqlite => dump::of_sqlite(&self.path()),
            Engine::Mongodb => dump::of_mongodb(&self.url).await,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("jatah.db")
    }

    /// The folder of the mails.
    pub fn mails(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// The names of the mails that were written.
    pub fn mail_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.mails()).unwrap().map(|entry| entry.unwrap().path());
        let mails = entries.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<String> = mails.map(name).collect();
        names.sort();
        names
    }

    /// The key in the link of a mail about a booking.
    pub fn mailed_key(&self, receipt_no: &str, revision: i64) -> String {
        let path = self.mails().join(format!("{receipt_no}.{revision}.guest.eml"));
        // A `=` at the end of a line continues it (quoted-printable).
        let text = std::fs::read_to_string(path).unwrap().replace("=\r\n", "");
        let link = format!("/b/{receipt_no}#");
        let (_, key) = text.split_once(&link).unwrap_or_else(|| panic!("no {link} in {text}"));
        let is_part = |c: &char| c.is_ascii_alphanumeric() || ['-', '_'].contains(c);
        key.chars().take_while(is_part).collect()
    }

    /// Makes the mail of this notification fail: a folder has the name of its draft file.
    pub fn holds_up_mail(&self, receipt_no: &str, revision: i64) {
        let draft = self.mails().join(format!("{receipt_no}.{revision}.guest.draft"));
        std::fs::create_dir_all(draft).unwrap();
    }

    /// Opens the store and starts the program on it.
    pub async fn start(&mut self) {
        let (config, store) = self.open().await;
        self.serve(&config, store).await;
    }

    /// Opens the store. Nothing works on it yet.
    pub async fn open(&mut self) -> (Config, OpenStore) {
        let text = super::fixture("hotel.toml")
            .replace("{store}", &self.url)
            .replace("{folder}", &self.folder.path().display().to_string())
            .replace("{token}", TOKEN)
            .replace("{api}", &self.api.address.to_string());
        let config = Config::from_toml(&text, []).unwrap();
        let OpenStore { store, lock } = OpenStore::to_serve(&config, &self.clock).await.unwrap();
        let observed = Arc::new(ObservedStore::new(store));
        // The MongoDB server has the real time, so the difference must be ignored.
        *observed.ahead_ms.lock().unwrap() = Some(0);
        self.store = Some(Arc::clone(&observed));
        (config, OpenStore { store: observed, lock })
    }

    /// Starts the program on an open store.
    pub async fn serve(&mut self, config: &Config, store: OpenStore) {
        let clock = self.clock.clone();
        self.running = Some(App::start(config, store, clock, None).await.unwrap());
    }

    pub async fn stop(&mut self) {
        self.store = None;
        while_time_passes(self.running.take().unwrap().stop()).await;
    }

    pub fn store(&self) -> &ObservedStore {
        self.store.as_ref().unwrap()
    }

    pub fn running(&self) -> &App {
        self.running.as_ref().unwrap()
    }

    pub fn sari(&self) -> Person {
        self.api.person(501, "Sari W", "id")
    }

    pub fn joko(&self) -> Person {
        self.api.person(502, "Joko", "id")
    }

    pub fn wati(&self) -> Person {
        self.api.person(503, "Wati", "id")
    }

    pub fn ratna(&self) -> Person {
        self.api.person(504, "Ratna", "en")
    }

    pub fn guest(&self, id: i64, name: &str) -> Person {
        self.api.person(id, name, "id")
    }

    /// Moves the clock forward to a moment, unless the moment has passed.
    pub fn step_to(&self, moment: Moment) {
        self.clock.step((moment - self.clock.now()).max(TimeDelta::zero()));
    }

    /// Sends a GraphQL request and returns the whole body of the answer.
    pub async fn ask(&self, query: &str, variables: Value, token: Option<&str>) -> Value {
        let url = format!("http://{}/graphql", self.running().address);
        let mut request = self.http.post(url).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = json!({ "query": query, "variables": variables });
        let response = request.body(body.to_string()).send().await.unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    /// The data of a request that must succeed.
    pub async fn data(&self, query: &str, variables: Value, token: Option<&str>) -> Value {
        let mut body = self.ask(query, variables, token).await;
        assert_eq!(body.get("errors"), None, "{query}: {body}");
        body["data"].take()
    }

    /// Waits until the history of a booking contains an action.
    pub async fn until_action(&self, receipt_no: &str, action: &str, token: &str) {
        let query = "query ($r: String!) { booking(receiptNo: $r) { history { action } } }";
        loop {
            let data = self.data(query, json!({ "r": receipt_no }), Some(token)).await;
            let entries = data["booking"]["history"].as_array().unwrap().clone();
            if entries.iter().any(|entry| entry["action"] == action) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a stored value contains a text.
    pub async fn keeps(&self, value: &str, part: &str) {
        loop {
            let kept = self.store().value(value).await.unwrap();
            if kept.is_some_and(|kept| kept.text.contains(part)) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until exactly this many notifications are owed.
    pub async fn owes(&self, count: usize) {
        while self.store().owed().await.unwrap().count().await != count {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until nothing is owed and every update is confirmed.
    pub async fn is_idle(&self) {
        self.owes(0).await;
        self.api.until("confirmed", |api| (api.unconfirmed() == 0).then_some(())).await;
    }
}
