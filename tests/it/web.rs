//! The web server from outside: a real listener and real requests. The clock moves only when the
//! test moves it, and only requests change bookings: there is no scheduler and no notifier.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use jatah::app::{App, AppBuilder};
use jatah::auth::Staff;
use jatah::clock::Clock;
use jatah::config::{Config, LimitsSection};
use jatah::domain::Role;
use jatah::store::BookingReader;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::build::{epoch, staff, today};
use crate::hotel::while_time_passes;
use crate::observed_store::ObservedStore;

mod guests;
mod http;
mod input;
mod live;
mod pages;
mod schema;
mod socket;
mod team;

/// A hotel with a web server on its own port.
struct Site {
    app: App,
    store: Arc<ObservedStore>,
    http: reqwest::Client,
    _folder: TempDir,
}

/// The answer to a request.
struct Reply {
    status: u16,
    headers: HashMap<String, String>,
    text: String,
}

impl Reply {
    async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let header =
            |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                (name.to_string(), value.to_str().unwrap().to_owned())
            };
        let headers = response.headers().iter().map(header).collect();
        Self { status, headers, text: response.text().await.unwrap() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The code and the field of the only error.
    fn refusal(&self) -> (String, Option<String>) {
        let json = self.json();
        let errors = json["errors"].as_array().unwrap_or_else(|| panic!("no refusal: {json}"));
        assert_eq!(errors.len(), 1, "{json}");
        assert!(!errors[0]["message"].as_str().unwrap().is_empty());
        refusal(&errors[0])
    }

    fn code(&self) -> String {
        self.refusal().0
    }

    /// The data of the answer, which must have no errors.
    fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(json.get("errors"), None, "{json}");
        json["data"].take()
    }
}

fn refusal(error: &Value) -> (String, Option<String>) {
    let text = |name: &str| error["extensions"][name].as_str().map(str::to_owned);
    (text("code").unwrap_or_else(|| panic!("no code: {error}")), text("field"))
}

/// Limits that no test reaches by chance.
fn limits() -> LimitsSection {
    LimitsSection {
        requests_per_second: 100_000,
        holds_per_address: 100_000,
        web_share: 1.0,
        trusted_proxies: Vec::new(),
    }
}

impl Site {
    async fn open() -> Self {
        Self::open_with(limits()).await
    }

    async fn open_with(limits: LimitsSection) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = crate::hotel::config(folder.path());
        config.limits = limits;
        Self::open_configured(config, folder).await
    }

    async fn open_configured(config: Config, folder: TempDir) -> Self {
        let clock = Clock::anchored(epoch());
        let (open_store, store) = crate::hotel::open_store(&config, &clock).await;
        let builder = AppBuilder::from_config(&config, open_store, clock).await.unwrap();
        let app = builder.without_scheduler_and_notifier().start().await.unwrap();
        app.health.set_ready(true);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { app, store, http, _folder: folder }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.address)
    }

    async fn get(&self, path: &str) -> Reply {
        Reply::of(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    /// Sends a POST request to `/graphql`.
    async fn post(&self, body: impl Into<reqwest::Body>, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.http.post(self.url("/graphql")).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::of(request.send().await.unwrap()).await
    }

    /// Sends one GraphQL request as clients do, with or without a session.
    async fn ask(&self, query: &str, variables: Value, token: Option<&str>) -> Reply {
        let authorization = format!("Bearer {}", token.unwrap_or_default());
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/graphql-response+json"),
        ];
        headers.extend(token.map(|_| ("authorization", authorization.as_str())));
        self.post(json!({ "query": query, "variables": variables }).to_string(), &headers).await
    }

    /// Signs in and returns the token of the session.
    async fn sign_in(&self, role: Role) -> String {
        let staff = Staff { name: staff("Sari"), role, telegram_id: None };
        let code = self.app.staff.issue_code(staff).await.unwrap().code;
        self.app.staff.sign_in(&code).await.unwrap().unwrap().token
    }

    async fn try_book(&self, input: Value) -> Reply {
        let query = "mutation ($input: CreateBookingInput!) { createBooking(input: $input) {
            accessToken statusUrl booking { receiptNo guestName status revision price } } }";
        self.ask(query, json!({ "input": input }), None).await
    }

    /// Books as [`Site::try_book`], by a proxy on this machine that names the client's address.
    async fn book_from(&self, client: &str, input: Value) -> Reply {
        let query = "mutation ($input: CreateBookingInput!) { createBooking(input: $input) {
            booking { receiptNo } } }";
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/graphql-response+json"),
            ("x-forwarded-for", client),
        ];
        self.post(body, &headers).await
    }

    /// Books for a guest. Returns the receipt number and the access token.
    async fn book(&self, name: &str) -> (String, String) {
        let booked = self.try_book(booking_input(name)).await.data();
        let booked = &booked["createBooking"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&booked["booking"]["receiptNo"]), text(&booked["accessToken"]))
    }

    async fn count(&self) -> u64 {
        self.store.page(&jatah::store::Filter::default(), 1, None).await.unwrap().total
    }

    /// Tries to open a socket with these headers.
    async fn try_socket(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, tungstenite::Error> {
        let mut request = format!("ws://{}/graphql", self.app.address).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.app.address).await?;
        let stream = MaybeTlsStream::Plain(stream);
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Socket(socket))
    }

    async fn socket(&self) -> Socket {
        self.try_socket(&[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// A socket whose connection was initialised.
    async fn connected(&self, token: Option<&str>) -> Socket {
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        self.connected_with(payload).await
    }

    /// A connection of staff who read this language.
    async fn connected_in(&self, language: &str, token: &str) -> Socket {
        let authorization = format!("Bearer {token}");
        let payload = json!({ "authorization": authorization, "language": language });
        self.connected_with(Some(payload)).await
    }

    async fn connected_with(&self, payload: Option<Value>) -> Socket {
        let mut socket = self.socket().await;
        socket.send_json(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket
    }

    async fn close(self) {
        // The server waits for a while for sockets that nobody reads, so time must pass.
        while_time_passes(self.app.stop()).await;
    }
}

/// The input of `createBooking` for a guest with this name.
fn booking_input(name: &str) -> Value {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    json!({ "guestName": name, "email": email, "roomType": "STD", "checkIn": today().to_string() })
}

/// The client's end of a socket.
struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn send_json(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    async fn send_text(&mut self, text: impl Into<tungstenite::Utf8Bytes>) {
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send_json(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The next message.
    async fn receive(&mut self) -> Value {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("no message: {other:?}"),
        }
    }

    /// The next result of an operation.
    async fn data(&mut self) -> Value {
        let mut message = self.receive().await;
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["payload"].get("errors"), None, "{message}");
        message["payload"]["data"].take()
    }

    /// The code with which the server closes the socket. Skips messages before it.
    async fn close_code(&mut self) -> u16 {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("not closed: {other:?}"),
            }
        }
    }
}
