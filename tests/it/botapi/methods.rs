//! The methods of the Bot API: what they do and what they refuse.

use std::time::Duration;

use jatah::clock::Clock;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{BotApi, Fault, Message, html};

type Done = Result<Value, (u16, String)>;

fn bad(words: impl Into<String>) -> Done {
    Err((400, format!("Bad Request: {}", words.into())))
}

impl BotApi {
    pub(super) fn fault(&self, method: &str, chat: Option<i64>) -> Option<Fault> {
        let mut state = self.state();
        let at = state
            .faults
            .iter()
            .position(|(name, into, _)| name == method && (into.is_none() || *into == chat))?;
        Some(state.faults.remove(at).2)
    }

    pub(super) async fn get_updates(&self, arguments: &Value) -> Done {
        let poll = {
            let mut state = self.state();
            if state.webhook.is_some() {
                let words = "Conflict: can't use getUpdates method while webhook is active; use \
                             deleteWebhook to delete the webhook first";
                return Err((409, words.to_owned()));
            }
            state.poll += 1;
            state.poll
        };
        let offset = arguments["offset"].as_i64().unwrap_or(0);
        self.state().updates.retain(|(id, _)| *id >= offset);
        self.touch();
        let wait = Duration::from_secs(arguments["timeout"].as_u64().unwrap_or(0));
        let deadline = Instant::now() + wait;
        let mut changed = self.changed.subscribe();
        loop {
            if self.state().poll != poll {
                let words = "Conflict: terminated by other getUpdates request; make sure that \
                             only one bot instance is running";
                return Err((409, words.to_owned()));
            }
            let waiting: Vec<Value> =
                self.state().updates.iter().take(100).map(|(_, update)| update.clone()).collect();
            if !waiting.is_empty() || Instant::now() >= deadline {
                return Ok(Value::Array(waiting));
            }
            let _ = tokio::time::timeout_at(deadline, changed.changed()).await;
        }
    }

    pub(super) fn carry_out(&self, method: &str, arguments: &Value) -> Done {
        let chat = arguments["chat_id"].as_i64().unwrap_or(0);
        self.state().calls.push((method.to_owned(), chat, Instant::now()));
        match method {
            "getme" => Ok(json!({
                "id": 100, "is_bot": true, "first_name": "Melati", "username": "melati_bot",
                "can_join_groups": true, "can_read_all_group_messages": false,
                "supports_inline_queries": false, "can_connect_to_business": false,
                "has_main_web_app": false
            })),
            "setwebhook" => {
                let text = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
                self.state().webhook = Some((text("url"), text("secret_token")));
                self.deliver_by_webhook();
                Ok(json!(true))
            }
            "deletewebhook" => {
                self.state().webhook = None;
                Ok(json!(true))
            }
            "getwebhookinfo" => {
                let state = self.state();
                let url = state.webhook.as_ref().map_or("", |(url, _)| url);
                Ok(json!({
                    "url": url, "has_custom_certificate": false,
                    "pending_update_count": state.updates.len()
                }))
            }
            "setmycommands" => self.set_commands(arguments),
            "deletemycommands" => {
                let (scope, language) = self.scope(arguments)?;
                self.state().menus.retain(|(of, code, _)| *of != scope || *code != language);
                Ok(json!(true))
            }
            "setmydescription" | "setmyshortdescription" => {
                let (field, most) = match method {
                    "setmydescription" => ("description", 512),
                    _ => ("short_description", 120),
                };
                let text = arguments[field].as_str().unwrap_or_default().to_owned();
                if text.chars().count() > most {
                    return bad("description is too long");
                }
                let language = arguments["language_code"].as_str().unwrap_or_default().to_owned();
                self.state().descriptions.insert((field.to_owned(), language), text);
                Ok(json!(true))
            }
            "setchatmenubutton" => {
                let button = &arguments["menu_button"];
                let url = button["web_app"]["url"].as_str();
                if url.is_some_and(|url| !url.starts_with("https://")) {
                    return bad("menu button Web App URL must use HTTPS");
                }
                self.state().menu_button = button.clone();
                Ok(json!(true))
            }
            "answercallbackquery" => self.answer_query(arguments),
            "sendchataction" => self.reachable(chat).map(|()| json!(true)),
            "sendmessage" => self.send(chat, arguments, "text", 4096),
            // A client shows the title above the address; the tests read the title.
            "sendvenue" => self.send(chat, arguments, "title", 256),
            "sendphoto" => self.send(chat, arguments, "caption", 1024),
            "editmessagetext" => self.edit(chat, arguments, "text", 4096),
            "editmessagecaption" | "editmessagemedia" => {
                self.edit(chat, arguments, "caption", 1024)
            }
            "editmessagereplymarkup" => self.edit(chat, arguments, "none", 4096),
            "deletemessage" => {
                let id = arguments["message_id"].as_i64().unwrap_or(0);
                let mut state = self.state();
                let messages = state.messages.entry(chat).or_default();
                let before = messages.len();
                messages.retain(|message| message.id != id);
                if messages.len() == before {
                    return bad("message to delete not found");
                }
                Ok(json!(true))
            }
            _ => Err((404, "Not Found".to_owned())),
        }
    }

    fn reachable(&self, chat: i64) -> Result<(), (u16, String)> {
        let state = self.state();
        if state.blocked.contains(&chat) {
            return Err((403, "Forbidden: bot was blocked by the user".to_owned()));
        }
        if !state.chats.contains(&chat) {
            return Err((400, "Bad Request: chat not found".to_owned()));
        }
        Ok(())
    }

    /// The scope and the language of a menu.
    fn scope(&self, arguments: &Value) -> Result<(String, String), (u16, String)> {
        let scope = &arguments["scope"];
        let mut name = scope["type"].as_str().unwrap_or("default").to_owned();
        if let Some(chat) = scope["chat_id"].as_i64() {
            if !self.state().chats.contains(&chat) {
                return Err((400, "Bad Request: chat not found".to_owned()));
            }
            name = format!("{name}:{chat}");
        }
        let language = arguments["language_code"].as_str().unwrap_or_default().to_owned();
        Ok((name, language))
    }

    fn set_commands(&self, arguments: &Value) -> Done {
        let (name, language) = self.scope(arguments)?;
        let commands = arguments["commands"].as_array().cloned().unwrap_or_default();
        let commands = commands.iter().map(|c| c["command"].as_str().unwrap().to_owned()).collect();
        let mut state = self.state();
        state.menus.retain(|(of, code, _)| *of != name || *code != language);
        state.menus.push((name, language, commands));
        Ok(json!(true))
    }

    fn answer_query(&self, arguments: &Value) -> Done {
        let id = arguments["callback_query_id"].as_str().unwrap_or_default();
        let text = arguments["text"].as_str().map(str::to_owned);
        if text.as_ref().is_some_and(|text| text.encode_utf16().count() > 200) {
            return bad("MESSAGE_TOO_LONG");
        }
        let mut state = self.state();
        if !state.answers.contains_key(id) {
            let words = "query is too old and response timeout expired or query ID is invalid";
            return bad(words);
        }
        if let Some(text) = &text {
            state.transcript.push(format!("    (alert) {text}"));
        }
        state.answers.insert(id.to_owned(), text.or(Some(String::new())));
        Ok(json!(true))
    }

    fn send(&self, chat: i64, arguments: &Value, field: &str, most: usize) -> Done {
        self.reachable(chat)?;
        let text = content(arguments, field, most)?;
        let buttons = buttons(chat, &arguments["reply_markup"])?;
        let mut state = self.state();
        state.next_message += 1;
        let id = state.next_message;
        let labels: Vec<&str> = buttons.iter().map(|(label, _)| label.as_str()).collect();
        let reply_to = arguments["reply_parameters"]["message_id"].as_i64();
        let is_silent = arguments["disable_notification"] == true;
        let known = state.messages.get(&chat).into_iter().flatten();
        let reply_to = reply_to.filter(|to| known.clone().any(|message| message.id == *to));
        let mut how = reply_to.map(|to| format!(" ↩ #{to}")).unwrap_or_default();
        how += if is_silent { " (no sound)" } else { "" };
        let line = format!("bot → {chat} #{id}{how}\n{}", indented(&text, &labels));
        state.transcript.push(line);
        let markup = arguments["reply_markup"].clone();
        let topic = arguments["message_thread_id"].as_i64();
        let first = text.clone();
        let message = Message {
            id,
            text: first.clone(),
            buttons,
            edits: 0,
            topic,
            first,
            reply_to,
            is_silent,
            markup,
        };
        state.messages.entry(chat).or_default().push(message);
        drop(state);
        Ok(message_json(chat, id, &text))
    }

    fn edit(&self, chat: i64, arguments: &Value, field: &str, most: usize) -> Done {
        self.reachable(chat)?;
        let id = arguments["message_id"].as_i64().unwrap_or(0);
        let markup = arguments["reply_markup"].clone();
        let buttons = buttons(chat, &markup)?;
        let text = if field == "none" { None } else { Some(content(arguments, field, most)?) };
        let mut state = self.state();
        let message = state.messages.entry(chat).or_default().iter_mut().find(|m| m.id == id);
        let Some(message) = message else { return bad("message to edit not found") };
        let text = text.unwrap_or_else(|| message.text.clone());
        if message.text == text && message.markup == markup {
            return bad(
                "message is not modified: specified new message content and reply markup are \
                 exactly the same as a current content and reply markup of the message",
            );
        }
        message.text.clone_from(&text);
        message.buttons = buttons;
        message.markup = markup;
        message.edits += 1;
        let labels: Vec<String> = message.buttons.iter().map(|(label, _)| label.clone()).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        state.transcript.push(format!("bot ↻ {chat} #{id}\n{}", indented(&text, &labels)));
        drop(state);
        Ok(message_json(chat, id, &text))
    }
}

fn indented(text: &str, labels: &[&str]) -> String {
    let mut lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    if !labels.is_empty() {
        lines.push(format!("    [{}]", labels.join("] [")));
    }
    lines.join("\n")
}

fn content(arguments: &Value, field: &str, most: usize) -> Result<String, (u16, String)> {
    let raw = arguments[field].as_str().unwrap_or_default();
    let shown = if arguments["parse_mode"] == "HTML" {
        html::shown(raw).map_err(|words| (400, words))?
    } else {
        raw.to_owned()
    };
    if shown.trim().is_empty() && field == "text" {
        return Err((400, "Bad Request: message text is empty".to_owned()));
    }
    if shown.encode_utf16().count() > most {
        return Err((400, "Bad Request: message is too long".to_owned()));
    }
    Ok(shown)
}

pub(super) fn buttons(chat: i64, markup: &Value) -> Result<Vec<(String, Value)>, (u16, String)> {
    let rows = markup["inline_keyboard"].as_array().cloned().unwrap_or_default();
    let keyboard = markup["keyboard"].as_array().cloned().unwrap_or_default();
    let keys = keyboard.iter().flat_map(|row| row.as_array().cloned().unwrap_or_default());
    if chat < 0 && keys.into_iter().any(|key| key["request_location"] == true) {
        let words = "Bad Request: location can be requested in private chats only";
        return Err((400, words.to_owned()));
    }
    let mut found = Vec::new();
    for button in rows.iter().flat_map(|row| row.as_array().cloned().unwrap_or_default()) {
        let data = button["callback_data"].as_str();
        if data.is_some_and(|data| data.is_empty() || data.len() > 64) {
            return Err((400, "Bad Request: BUTTON_DATA_INVALID".to_owned()));
        }
        let url = button["url"].as_str();
        if let Some(url) = url.filter(|url| !leads_anywhere(url)) {
            let words = format!(
                "Bad Request: inline keyboard button URL '{url}' is invalid: \
                                 Wrong HTTP URL"
            );
            return Err((400, words));
        }
        if button.get("web_app").is_some() && chat < 0 {
            return Err((400, "Bad Request: BUTTON_TYPE_INVALID".to_owned()));
        }
        found.push((button["text"].as_str().unwrap_or_default().to_owned(), button.clone()));
    }
    Ok(found)
}

/// Whether Telegram accepts the host of a button's URL: it must contain a dot.
fn leads_anywhere(url: &str) -> bool {
    let url = url::Url::parse(url).ok();
    url.as_ref().and_then(url::Url::host_str).is_some_and(|host| host.contains('.'))
}

fn now() -> i64 {
    Clock::system().now().timestamp()
}

pub(super) fn chat_json(chat: i64) -> Value {
    if chat < 0 {
        json!({ "id": chat, "type": "supergroup", "title": "Grup" })
    } else {
        json!({ "id": chat, "type": "private", "first_name": "Orang" })
    }
}

pub(super) fn message_json(chat: i64, id: i64, text: &str) -> Value {
    json!({
        "message_id": id, "date": now(), "chat": chat_json(chat), "text": text,
        "from": { "id": 100, "is_bot": true, "first_name": "Melati", "username": "melati_bot" }
    })
}
