//! A small Bot API server of our own, on the loopback address: what Telegram does with what a bot
//! sends, what it refuses, and the people who read and tap. It keeps a transcript.

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

/// The token of the one bot.
pub const TOKEN: &str = "100:test_token";
/// How long a test waits for what must happen; longer where time is fast.
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
    /// Dates what people send; the system's clock by default.
    clock: Option<Clock>,
    next_update: i64,
    next_message: i64,
    next_query: i64,
    updates: VecDeque<(i64, Value)>,
    /// Every update there ever was.
    sent: Vec<(i64, Value)>,
    /// The poll that came last; it ends the one before.
    poll: u64,
    patience: Option<Duration>,
    webhook: Option<(String, String)>,
    webhook_calls: Vec<u16>,
    /// Where calls really go: the public address is nobody's.
    called_at: Option<SocketAddr>,
    /// Updates that a webhook gets twice.
    doubles: bool,
    /// The webhook is called when so many updates wait: at once, and the newest first or last.
    gathers: Option<(usize, Order)>,
    /// Groups that became supergroups, with their new ids.
    moved: BTreeMap<i64, i64>,
    messages: BTreeMap<i64, Vec<Message>>,
    chats: BTreeSet<i64>,
    blocked: BTreeSet<i64>,
    menus: Vec<(String, String, Vec<String>)>,
    faults: Vec<(String, Option<i64>, Fault)>,
    answers: BTreeMap<String, Option<String>>,
    transcript: Vec<String>,
    calls: Vec<(String, i64, Instant)>,
    refusals: Vec<String>,
}

/// A message as somebody sees it.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: i64,
    pub text: String,
    pub buttons: Vec<(String, Value)>,
    pub edits: usize,
    markup: Value,
}

impl Message {
    pub fn labels(&self) -> Vec<&str> {
        self.buttons.iter().map(|(label, _)| label.as_str()).collect()
    }
}

/// In which order a webhook that gathers updates gets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
}

/// What goes wrong with a call, once.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// 429, with the seconds to wait.
    TooMany(u64),
    /// 500.
    Broken,
    /// 503.
    Unavailable,
    /// 502 with the page of a proxy.
    ProxyPage,
    /// The connection breaks before anything was done.
    CutBefore,
    /// It is done, and then the connection breaks.
    CutAfter,
}

impl BotApi {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// The next call of a method (into a chat, if one is given) goes wrong.
    pub fn fails(&self, method: &str, chat: Option<i64>, fault: Fault) {
        self.state().faults.push((method.to_lowercase(), chat, fault));
    }

    /// Tests wait so long, where time is fast.
    pub fn patient_for(&self, patience: Duration) {
        self.state().patience = Some(patience);
    }

    /// The webhook is called when so many updates wait, side by side; the first in this order is
    /// handled before the others begin.
    pub fn gathers(&self, count: usize, order: Order) {
        self.state().gathers = Some((count, order));
    }

    /// The latest updates come once more, though they were accepted.
    pub fn brings_again(&self, count: usize) {
        let mut state = self.state();
        let all = state.sent.len();
        let again: Vec<_> = state.sent.iter().skip(all.saturating_sub(count)).cloned().collect();
        state.updates.extend(again);
        drop(state);
        self.touch();
    }

    /// A group becomes a supergroup with another id.
    pub fn upgrades(&self, group: i64, to: i64) {
        let mut state = self.state();
        state.moved.insert(group, to);
        state.chats.remove(&group);
        state.chats.insert(to);
    }

    pub fn block(&self, chat: i64) {
        self.state().blocked.insert(chat);
    }

    /// Somebody deletes a message of the bot.
    pub fn deletes(&self, chat: i64, message: i64) {
        self.state().transcript.push(format!("(#{message} @ {chat} is deleted)"));
        self.state().messages.entry(chat).or_default().retain(|known| known.id != message);
        self.touch();
    }

    /// Everything that was said and tapped, in order.
    pub fn transcript(&self) -> String {
        self.state().transcript.join("\n")
    }

    /// What was sent that Telegram refuses.
    pub fn refusals(&self) -> Vec<String> {
        self.state().refusals.clone()
    }

    /// What was refused so far was to be expected.
    pub fn forgives(&self) {
        self.state().refusals.clear();
    }

    pub fn menus(&self) -> Vec<(String, String, Vec<String>)> {
        self.state().menus.clone()
    }

    pub fn webhook_calls(&self) -> Vec<u16> {
        self.state().webhook_calls.clone()
    }

    /// Calls of the webhook go to this address.
    pub fn calls_at(&self, address: SocketAddr) {
        self.state().called_at = Some(address);
        self.touch();
    }

    pub fn doubles_every_call(&self) {
        self.state().doubles = true;
    }

    /// When calls of a method were made into a chat.
    pub fn calls(&self, method: &str, chat: i64) -> Vec<Instant> {
        let state = self.state();
        let of = |(name, into, _): &&(String, i64, Instant)| *into == chat && name == method;
        state.calls.iter().filter(of).map(|(_, _, at)| *at).collect()
    }

    /// Updates that wait to be confirmed.
    pub fn unconfirmed(&self) -> usize {
        self.state().updates.len()
    }

    /// What the bot says in a chat, as it reads now.
    pub fn messages(&self, chat: i64) -> Vec<Message> {
        self.state().messages.get(&chat).cloned().unwrap_or_default()
    }

    /// Waits for something to be so.
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

/// Leaves a text for whoever runs the tests, in the folder that `TRANSCRIPTS` names.
pub fn leave(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("TRANSCRIPTS") {
        std::fs::write(std::path::Path::new(&folder).join(name), text).unwrap();
    }
}
