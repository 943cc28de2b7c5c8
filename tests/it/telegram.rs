//! The bot, driven by people through the Bot API of the tests.

mod ahead;
mod dashboard;
mod guest;
mod staff;
mod transport;
mod way;

use std::sync::Arc;

use jatah::app::{OpenStore, Running};
use jatah::clock::Clock;
use jatah::config::Config;
use tempfile::TempDir;

use crate::botapi::{BotApi, Person, TOKEN};

/// The front office's group.
const FRONT_OFFICE: i64 = -1001;

/// A hotel with a bot.
struct Hotel {
    api: BotApi,
    folder: Arc<TempDir>,
    more: &'static str,
    hold: &'static str,
    /// How many days ahead one may book.
    ahead: u32,
    /// Whether Pak Joko works here no more.
    without_joko: bool,
    running: Option<Running>,
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
        let hotel = Self { api, folder, more, hold, ahead: 0, without_joko: false, running: None };
        // Both have written to the bot before.
        let _ = (hotel.sari(), hotel.joko());
        hotel
    }

    fn config(&self) -> Config {
        self.config_with([])
    }

    fn config_with(&self, environment: impl IntoIterator<Item = (String, String)>) -> Config {
        let folder = self.folder.path().display();
        let (api, hold, more) = (self.api.address, self.hold, self.more);
        let ahead = self.ahead;
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
url = "sqlite:{folder}/jatah.db"
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
price = 350000
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
        let (config, clock) = (self.config(), Clock::system());
        let store = OpenStore::to_serve(&config, &clock).await.unwrap();
        self.running = Some(Running::start(&config, store, clock, None).await.unwrap());
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    async fn stop(&mut self) {
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

    /// Books a standard room for one night in five taps, and answers the receipt number.
    async fn books(&self, guest: &Person) -> String {
        guest.says("/booking");
        guest.taps("Standar").await;
        guest.taps("1 malam").await;
        guest.reads("Atas nama siapa?").await;
        self.taps_own_name(guest).await;
        guest.taps("✅ Pesan").await;
        let shown = guest.reads("Kamar disimpan untuk Anda").await;
        receipt_in(&shown.text)
    }

    /// Waits for a message that shows another booking than one that is known.
    async fn shows_another(&self, guest: &Person, known: &str) -> crate::botapi::Message {
        let is_other = |m: &crate::botapi::Message| {
            m.text.contains("Kamar disimpan untuk Anda") && !m.text.contains(known)
        };
        self.api
            .until("another booking", |api| api.messages(guest.id).into_iter().find(is_other))
            .await
    }

    async fn taps_own_name(&self, guest: &Person) {
        let first = self
            .api
            .until("the name as a button", |api| {
                let asks = |m: &crate::botapi::Message| m.text.contains("Atas nama siapa?");
                let message = api.messages(guest.id).into_iter().rev().find(asks)?;
                Some(message.buttons.first()?.0.clone())
            })
            .await;
        guest.taps(&first).await;
    }

    /// Nothing was sent that Telegram would refuse; stops.
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
