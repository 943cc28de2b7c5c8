//! Simulated people who write, tap buttons and share their position.

use serde_json::{Value, json};

use super::methods::{chat_json, message_json};
use super::{BotApi, Message, Order};

/// A person on Telegram.
#[derive(Clone)]
pub struct Person {
    pub api: BotApi,
    pub id: i64,
    name: String,
    language: &'static str,
}

impl BotApi {
    pub fn person(&self, id: i64, name: &str, language: &'static str) -> Person {
        self.state().chats.insert(id);
        Person { api: self.clone(), id, name: name.to_owned(), language }
    }

    /// Creates a group that contains the bot.
    pub fn group(&self, id: i64) -> i64 {
        self.state().chats.insert(id);
        id
    }

    fn push(&self, kind: &str, body: Value) {
        {
            let mut state = self.state();
            state.next_update += 1;
            let id = state.next_update;
            let mut update = json!({ "update_id": id });
            update[kind] = body;
            state.sent.push((id, update.clone()));
            state.updates.push_back((id, update));
        }
        self.touch();
    }

    /// Calls the webhook with the waiting updates until it accepts them. A test may set the order.
    pub(super) fn deliver_by_webhook(&self) {
        let api = self.clone();
        #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
        tokio::spawn(async move {
            let client = reqwest::Client::new();
            let mut changed = api.changed.subscribe();
            loop {
                let Some((url, secret)) = api.state().webhook.clone() else { return };
                assert_eq!(url, "https://hotel.example/telegram/webhook");
                let mut next = api.next_calls();
                if next.is_empty() {
                    let _ = changed.changed().await;
                    continue;
                }
                let first = next.remove(0);
                api.call_webhook(&client, &secret, &first).await;
                let rest = next.iter().map(|update| api.call_webhook(&client, &secret, update));
                futures_util::future::join_all(rest).await;
                api.touch();
            }
        });
    }

    /// The updates that the webhook is called with next.
    fn next_calls(&self) -> Vec<(i64, Value)> {
        let mut state = self.state();
        let waiting: Vec<(i64, Value)> = state.updates.iter().cloned().collect();
        if state.called_at.is_none() {
            return Vec::new();
        }
        match state.gathers {
            None => waiting.into_iter().take(1).collect(),
            Some((count, _)) if waiting.len() < count => Vec::new(),
            Some((_, order)) => {
                // An update that is not accepted is sent again, then alone.
                state.gathers = Some((1, order));
                match order {
                    Order::OldestFirst => waiting,
                    Order::NewestFirst => waiting.into_iter().rev().collect(),
                }
            }
        }
    }

    async fn call_webhook(&self, client: &reqwest::Client, secret: &str, update: &(i64, Value)) {
        let (id, update) = update;
        let (to, times) = {
            let state = self.state();
            (state.called_at.unwrap(), 1 + usize::from(state.doubles))
        };
        for _ in 0..times {
            let call = client.post(format!("http://{to}/telegram/webhook"));
            let call = call.header("X-Telegram-Bot-Api-Secret-Token", secret);
            let answer = call.json(update).send().await;
            let status = answer.map_or(0, |answer| answer.status().as_u16());
            let mut state = self.state();
            state.webhook_calls.push(status);
            if status == 200 {
                state.updates.retain(|(known, _)| known != id);
            }
        }
    }
}

impl Person {
    fn from(&self) -> Value {
        json!({
            "id": self.id, "is_bot": false, "first_name": self.name,
            "language_code": self.language
        })
    }

    fn note(&self, chat: i64, what: &str) {
        let mut state = self.api.state();
        let place = if chat == self.id { String::new() } else { format!(" @ {chat}") };
        state.transcript.push(format!("{}{place}: {what}", self.name));
    }

    fn fresh_id(&self) -> i64 {
        let mut state = self.api.state();
        state.next_message += 1;
        state.next_message
    }

    fn sends(&self, chat: i64, mut body: Value) -> i64 {
        let id = self.fresh_id();
        body["message_id"] = json!(id);
        if body.get("date").is_none() {
            body["date"] = json!(self.api.now());
        }
        body["chat"] = chat_json(chat);
        body["from"] = self.from();
        self.api.push("message", body);
        id
    }

    pub fn says(&self, text: &str) {
        self.says_in(self.id, text);
    }

    pub fn says_in(&self, chat: i64, text: &str) {
        self.note(chat, text);
        self.sends(chat, json!({ "text": text }));
    }

    /// Writes in a topic of a group.
    pub fn says_in_topic(&self, chat: i64, topic: i64, text: &str) {
        self.note(chat, text);
        let thread = json!({ "text": text, "message_thread_id": topic, "is_topic_message": true });
        self.sends(chat, thread);
    }

    /// Writes in a group as an anonymous administrator.
    pub fn says_anonymously_in(&self, chat: i64, text: &str) {
        self.note(chat, &format!("(anonymous) {text}"));
        let bot = json!({
            "id": 1_087_968_824, "is_bot": true, "first_name": "Group",
            "username": "GroupAnonymousBot"
        });
        let id = self.fresh_id();
        let body = json!({
            "message_id": id, "date": self.api.now(), "chat": chat_json(chat), "from": bot,
            "sender_chat": chat_json(chat), "text": text
        });
        self.api.push("message", body);
    }

    /// Sends a message of any kind to a chat.
    pub fn sends_any(&self, chat: i64, body: Value) {
        self.note(chat, "(something else)");
        self.sends(chat, body);
    }

    pub fn sends_a_contact(&self) {
        self.note(self.id, "(contact)");
        let contact = json!({ "phone_number": "+6281", "first_name": self.name });
        self.sends(self.id, json!({ "contact": contact }));
    }

    /// Shares a position, live or once. Returns the message id.
    pub fn shares(&self, latitude: f64, longitude: f64, live: bool, seconds_ago: i64) -> i64 {
        self.note(self.id, if live { "(live location)" } else { "(location)" });
        let mut location = json!({ "latitude": latitude, "longitude": longitude });
        if live {
            location["live_period"] = json!(3600);
        }
        self.sends(self.id, json!({ "location": location, "date": self.api.now() - seconds_ago }))
    }

    pub fn moves(&self, message: i64, latitude: f64, live: bool, seconds_ago: i64) {
        self.note(self.id, if live { "(moves)" } else { "(stops sharing)" });
        let mut location = json!({ "latitude": latitude, "longitude": 106.8 });
        if live {
            location["live_period"] = json!(3600);
        }
        self.api.push(
            "edited_message",
            json!({
                "message_id": message, "date": self.api.now() - 400, "edit_date": self.api.now() - seconds_ago,
                "chat": chat_json(self.id), "from": self.from(), "location": location
            }),
        );
    }

    /// Waits for a message in the private chat with the bot.
    pub async fn reads(&self, part: &str) -> Message {
        self.api.reads(self.id, part).await
    }

    /// Waits for a button in the private chat and taps it.
    pub async fn taps(&self, label: &str) {
        self.taps_in(self.id, label).await;
    }

    /// Waits for a button in a chat and taps it, in the latest message that has it.
    pub async fn taps_in(&self, chat: i64, label: &str) {
        let what = format!("a button {label}");
        let (message, data) = self
            .api
            .until(&what, |api| {
                api.messages(chat).into_iter().rev().find_map(|message| {
                    let button = message.buttons.iter().find(|(l, _)| l.contains(label))?;
                    let data = button.1["callback_data"].as_str()?.to_owned();
                    Some((message, data))
                })
            })
            .await;
        self.taps_data(chat, &message, &data, label);
    }

    /// Taps a button with this data, even if the message no longer has it. Returns the query id.
    pub fn taps_data(&self, chat: i64, message: &Message, data: &str, label: &str) -> String {
        self.note(chat, &format!("[{label}]"));
        let query = {
            let mut state = self.api.state();
            state.next_query += 1;
            let query = format!("query{}", state.next_query);
            state.answers.insert(query.clone(), None);
            query
        };
        self.api.push(
            "callback_query",
            json!({
                "id": query, "from": self.from(), "chat_instance": "1", "data": data,
                "message": message_json(chat, message.id, &message.text)
            }),
        );
        query
    }

    /// Waits for the answer to a tap. An answer without text is empty.
    pub async fn is_answered(&self, query: &str) -> String {
        self.api.until("an answer", |api| api.state().answers.get(query).cloned().flatten()).await
    }
}
