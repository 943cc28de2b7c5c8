//! The HTTP part of the server: paths, bodies and faults.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{BotApi, Fault, State as Inner, TOKEN};

impl BotApi {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Inner { next_update: 1000, next_message: 10, ..Inner::default() };
        let api =
            Self { address, state: Arc::new(Mutex::new(inner)), changed: watch::channel(0).0 };
        let router =
            Router::new().route("/{bot}/{method}", post(call).get(call)).with_state(api.clone());
        #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        api
    }
}

async fn call(
    State(api): State<BotApi>,
    Path((bot, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if bot != format!("bot{TOKEN}") {
        return answer(StatusCode::UNAUTHORIZED, &refused(401, "Unauthorized"));
    }
    let method = method.to_lowercase();
    let arguments = arguments(&headers, &body);
    let chat = arguments["chat_id"].as_i64();
    match api.fault(&method, chat) {
        Some(Fault::TooMany(seconds)) => {
            let words = format!("Too Many Requests: retry after {seconds}");
            let mut refusal = refused(429, &words);
            refusal["parameters"] = json!({ "retry_after": seconds });
            return answer(StatusCode::TOO_MANY_REQUESTS, &refusal);
        }
        Some(Fault::Broken) => {
            return answer(
                StatusCode::INTERNAL_SERVER_ERROR,
                &refused(500, "Internal Server Error"),
            );
        }
        Some(Fault::Unavailable) => {
            let words = "Service Unavailable";
            return answer(StatusCode::SERVICE_UNAVAILABLE, &refused(503, words));
        }
        Some(Fault::ProxyPage) => {
            let page = "<html><body>502 Bad Gateway</body></html>";
            return (StatusCode::BAD_GATEWAY, page).into_response();
        }
        Some(Fault::Refused(code, words)) => {
            return answer(StatusCode::from_u16(code).unwrap(), &refused(code, words));
        }
        Some(Fault::CutBefore) => return cut(),
        Some(Fault::CutAfter) => {
            let _ = api.carry_out(&method, &arguments);
            return cut();
        }
        Some(Fault::Late(time)) => tokio::time::sleep(time).await,
        None => {}
    }
    if let Some(to) = chat.and_then(|chat| api.state().moved.get(&chat).copied()) {
        let _ = api.carry_out(&method, &arguments);
        let words = "Bad Request: group chat was upgraded to a supergroup chat";
        let mut refusal = refused(400, words);
        refusal["parameters"] = json!({ "migrate_to_chat_id": to });
        return answer(StatusCode::BAD_REQUEST, &refusal);
    }
    let done = match method.as_str() {
        "getupdates" => api.get_updates(&arguments).await,
        _ => api.carry_out(&method, &arguments),
    };
    api.touch();
    match done {
        Ok(result) => answer(StatusCode::OK, &json!({ "ok": true, "result": result })),
        Err((code, words)) => {
            // The bot cannot know these two in advance, so they are not its mistake.
            let is_news = words.contains("message is not modified") || method == "deletemycommands";
            if !is_news && code == 400 {
                api.state().refusals.push(format!("{method}: {words}"));
            }
            let status = StatusCode::from_u16(code).unwrap();
            answer(status, &refused(code, &words))
        }
    }
}

fn refused(code: u16, words: &str) -> Value {
    json!({ "ok": false, "error_code": code, "description": words })
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

/// The connection ends in the middle of an answer.
fn cut() -> Response {
    let broken = futures_util::stream::iter([
        Ok::<_, std::io::Error>(Bytes::from_static(b"{\"ok\"")),
        Err(std::io::Error::other("cut")),
    ]);
    Response::new(Body::from_stream(broken))
}

fn arguments(headers: &HeaderMap, body: &[u8]) -> Value {
    let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap()).unwrap_or_default();
    let Some((_, boundary)) = kind.split_once("boundary=") else {
        return serde_json::from_slice(body).unwrap_or_else(|_| json!({}));
    };
    // This is enough for a bot's calls: text fields, and files of which only the size is kept.
    let text = String::from_utf8_lossy(body);
    let mut fields = serde_json::Map::new();
    for part in text.split(&format!("--{boundary}")) {
        let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
        let Some((_, rest)) = head.split_once("name=\"") else { continue };
        let name = rest.split('"').next().unwrap_or_default().to_owned();
        let value = value.trim_end_matches("\r\n");
        let value = if head.contains("filename=") {
            json!(value.len())
        } else {
            serde_json::from_str(value).unwrap_or_else(|_| json!(value))
        };
        fields.insert(name, value);
    }
    Value::Object(fields)
}
