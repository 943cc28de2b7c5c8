//! The server's state as JSON. A recording writes it at its end, and tests load it into a fresh
//! server.

use jatah::clock::Clock;
use serde_json::{Value, json};

use super::methods::buttons;
use super::{BotApi, Message};

/// How many of the latest updates a recording contains.
const UPDATES: usize = 60;

impl BotApi {
    /// Sets the clock for the dates of messages.
    pub fn runs_on(&self, clock: &Clock) {
        self.state().clock = Some(clock.clone());
    }

    /// The present time in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        let clock = self.state().clock.clone();
        clock.unwrap_or_else(Clock::system).now().timestamp()
    }

    /// Every message and chat, and the latest updates.
    pub fn recorded(&self) -> Value {
        let state = self.state();
        let messages: Vec<Value> = state
            .messages
            .iter()
            .flat_map(|(chat, messages)| messages.iter().map(move |message| (chat, message)))
            .map(|(chat, Message { id, text, markup, .. })| {
                json!({ "chat": chat, "id": id, "text": text, "markup": markup })
            })
            .collect();
        let skipped = state.sent.len().saturating_sub(UPDATES);
        let updates: Vec<&Value> = state.sent.iter().skip(skipped).map(|(_, body)| body).collect();
        json!({
            "next_update": state.next_update,
            "next_message": state.next_message,
            "next_query": state.next_query,
            "chats": state.chats,
            "blocked": state.blocked,
            "moved": state.moved.iter().map(|(from, to)| [from, to]).collect::<Vec<_>>(),
            "messages": messages,
            "updates": updates,
        })
    }

    /// Loads the state of another server. The recorded updates count as confirmed.
    /// [`BotApi::brings_again`] sends them again.
    pub fn restore(&self, recorded: &Value) {
        let numbers = |value: &Value| -> Vec<i64> {
            value.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
        };
        let number = |name: &str| recorded[name].as_i64().unwrap();
        let list = |name: &str| recorded[name].as_array().unwrap();
        let mut state = self.state();
        state.next_update = number("next_update");
        state.next_message = number("next_message");
        state.next_query = number("next_query");
        state.chats.extend(numbers(&recorded["chats"]));
        state.blocked.extend(numbers(&recorded["blocked"]));
        state.moved.extend(list("moved").iter().map(numbers).map(|pair| (pair[0], pair[1])));
        for update in list("updates") {
            state.sent.push((update["update_id"].as_i64().unwrap(), update.clone()));
        }
        for message in list("messages") {
            let chat = message["chat"].as_i64().unwrap();
            let markup = message["markup"].clone();
            let restored = Message {
                id: message["id"].as_i64().unwrap(),
                text: message["text"].as_str().unwrap().to_owned(),
                buttons: buttons(chat, &markup).unwrap(),
                edits: 0,
                topic: None,
                first: String::new(),
                reply_to: None,
                is_silent: false,
                markup,
            };
            state.messages.entry(chat).or_default().push(restored);
        }
    }
}
