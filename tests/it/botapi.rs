//! A fake Bot API server on the loopback address. It handles and refuses the bot's calls as
//! Telegram does, and it simulates people who read messages and tap buttons. It keeps a transcript.

mod html;
mod methods;
mod people;
mod recorded;
mod server;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jatah::clock::Clock;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

pub use people::Person;

/// The token of the bot.
pub const TOKEN: &str = "100:test_token";
/// How long a test waits for an event by default.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server.
#[derive(Clone)]
pub struct BotApi {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// The clock for the dates of messages. By default it is the system's clock.
    clock: Option<Clock>,
    next_update: i64,
    next_message: i64,
    next_query: i64,
    updates: VecDeque<(i64, Value)>,
    /// Every update since the start.
    sent: Vec<(i64, Value)>,
    /// The number of the latest poll. A new poll ends the one before it.
    poll: u64,
    patience: Option<Duration>,
    webhook: Option<(String, String)>,
    webhook_calls: Vec<u16>,
    /// The real address of the webhook, because the public address does not exist.
    called_at: Option<SocketAddr>,
    /// Whether the webhook gets every update twice.
    doubles: bool,
    /// The webhook is called only when this many updates wait, then in this order.
    gathers: Option<(usize, Order)>,
    /// Groups that became supergroups, with their new ids.
    moved: BTreeMap<i64, i64>,
    messages: BTreeMap<i64, Vec<Message>>,
    chats: BTreeSet<i64>,
    blocked: BTreeSet<i64>,
    menus: Vec<(String, String, Vec<String>)>,
    /// The texts of the profile, by field and language.
    descriptions: BTreeMap<(String, String), String>,
    /// The button beside the text field of every private chat.
    menu_button: Value,
    faults: Vec<(String, Option<i64>, Fault)>,
    answers: BTreeMap<String, Option<String>>,
    transcript: Vec<String>,
    calls: Vec<(String, i64, Instant)>,
    refusals: Vec<String>,
}

/// A message as people see it.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: i64,
    pub text: String,
    pub buttons: Vec<(String, Value)>,
    pub edits: usize,
    /// The topic of the chat.
    pub topic: Option<i64>,
    /// The text with which it was sent, before all edits.
    pub first: String,
    /// The message that it replies to.
    pub reply_to: Option<i64>,
    /// Whether it made no sound.
    pub is_silent: bool,
    markup: Value,
}

impl Message {
    /// Whether it removed the keyboard below the chat.
    pub fn removes_keyboard(&self) -> bool {
        self.markup["remove_keyboard"] == true
    }

    pub fn labels(&self) -> Vec<&str> {
        self.buttons.iter().map(|(label, _)| label.as_str()).collect()
    }
}

/// The order in which the webhook gets updates that were held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
}

/// A fault of one call.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Status 429 with the seconds to wait.
    TooMany(u64),
    /// Status 500.
    Broken,
    /// Status 503.
    Unavailable,
    /// Status 502 with a proxy's HTML page.
    ProxyPage,
    /// Telegram refuses the call with this status and description.
    Refused(u16, &'static str),
    /// The connection breaks before the call is carried out.
    CutBefore,
    /// The call is carried out, and then the connection breaks.
    CutAfter,
    /// The call is carried out after this time.
    Late(Duration),
}

impl BotApi {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Makes the next call of a method fail. With a chat, only a call for that chat.
    pub fn fails(&self, method: &str, chat: Option<i64>, fault: Fault) {
        self.state().faults.push((method.to_lowercase(), chat, fault));
    }

    /// Sets how long a test waits for an event. Tests in fast time need more.
    pub fn patient_for(&self, patience: Duration) {
        self.state().patience = Some(patience);
    }

    /// Calls the webhook only when this many updates wait. The first one in this order is handled
    /// first, then the others at the same time.
    pub fn gathers(&self, count: usize, order: Order) {
        self.state().gathers = Some((count, order));
    }

    /// Sends the latest updates again, although they were accepted.
    pub fn brings_again(&self, count: usize) {
        let mut state = self.state();
        let all = state.sent.len();
        let again: Vec<_> = state.sent.iter().skip(all.saturating_sub(count)).cloned().collect();
        state.updates.extend(again);
        drop(state);
        self.touch();
    }

    /// Turns a group into a supergroup with another id.
    pub fn upgrades(&self, group: i64, to: i64) {
        let mut state = self.state();
        state.moved.insert(group, to);
        state.chats.remove(&group);
        state.chats.insert(to);
    }

    pub fn block(&self, chat: i64) {
        self.state().blocked.insert(chat);
    }

    /// Deletes a message of the bot, as a person can.
    pub fn deletes(&self, chat: i64, message: i64) {
        self.state().transcript.push(format!("(#{message} @ {chat} is deleted)"));
        self.state().messages.entry(chat).or_default().retain(|known| known.id != message);
        self.touch();
    }

    /// All messages and taps in order.
    pub fn transcript(&self) -> String {
        self.state().transcript.join("\n")
    }

    /// The calls that Telegram would refuse.
    pub fn refusals(&self) -> Vec<String> {
        self.state().refusals.clone()
    }

    /// Clears the refusals, because the test expected them.
    pub fn forgives(&self) {
        self.state().refusals.clear();
    }

    pub fn menus(&self) -> Vec<(String, String, Vec<String>)> {
        self.state().menus.clone()
    }

    /// A text of the bot's profile.
    pub fn description(&self, field: &str, language: &str) -> Option<String> {
        self.state().descriptions.get(&(field.to_owned(), language.to_owned())).cloned()
    }

    /// The button beside the text field of every private chat, as it was set.
    pub fn menu_button(&self) -> Value {
        self.state().menu_button.clone()
    }

    pub fn webhook_calls(&self) -> Vec<u16> {
        self.state().webhook_calls.clone()
    }

    /// Sets the real address of the webhook.
    pub fn calls_at(&self, address: SocketAddr) {
        self.state().called_at = Some(address);
        self.touch();
    }

    pub fn doubles_every_call(&self) {
        self.state().doubles = true;
    }

    /// The times of all calls of a method for a chat.
    pub fn calls(&self, method: &str, chat: i64) -> Vec<Instant> {
        let state = self.state();
        let of = |(name, into, _): &&(String, i64, Instant)| *into == chat && name == method;
        state.calls.iter().filter(of).map(|(_, _, at)| *at).collect()
    }

    /// The number of faults that no call has had yet.
    pub fn faults_left(&self) -> usize {
        self.state().faults.len()
    }

    /// The number of updates that are not confirmed yet.
    pub fn unconfirmed(&self) -> usize {
        self.state().updates.len()
    }

    /// The bot's messages in a chat, with their present text.
    pub fn messages(&self, chat: i64) -> Vec<Message> {
        self.state().messages.get(&chat).cloned().unwrap_or_default()
    }

    /// Waits until `is_so` returns a value.
    pub async fn until<T>(&self, what: &str, mut is_so: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                if let Some(found) = is_so(self) {
                    return found;
                }
                changed.changed().await.unwrap();
            }
        };
        let patience = self.state().patience.unwrap_or(PATIENCE);
        let found = tokio::time::timeout(patience, waiting).await;
        found.unwrap_or_else(|_| panic!("never saw: {what}\n{}", self.transcript()))
    }

    /// Waits for a message of the bot in a chat that contains a text.
    pub async fn reads(&self, chat: i64, part: &str) -> Message {
        self.until(part, |api| {
            api.messages(chat).into_iter().rev().find(|message| message.text.contains(part))
        })
        .await
    }
}

/// Writes a text to the folder in the environment variable `TRANSCRIPTS`, if it is set.
pub fn leave(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("TRANSCRIPTS") {
        std::fs::write(std::path::Path::new(&folder).join(name), text).unwrap();
    }
}
