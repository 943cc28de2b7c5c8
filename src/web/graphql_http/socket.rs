//! GraphQL over WebSocket by the `graphql-transport-ws` protocol. Each connection has one task.
//!
//! The task of a connection does one step after the other. While a slow client does not receive a
//! message, nothing more is read from it and no further result is computed for it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::{AbortHandle, Abortable, BoxStream, SelectAll};
use serde_json::{Map, Value};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::http_response::error_response;
use super::parameters::Parameters;
use super::response::malformed;
use super::{ConnectionRefusal, Endpoint, Host, MAX_REQUEST_BYTES};
use messages::{ClientMessage, ServerMessage};
use operation::{OperationEvent, OperationResult};

mod messages;
mod operation;

/// The only supported WebSocket subprotocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// A client must send `ConnectionInit` within this time.
const INIT_WITHIN: Duration = Duration::from_secs(10);
/// The interval of pings. They keep proxies from closing an idle connection, and they detect
/// clients that are gone.
const PING_EVERY: Duration = Duration::from_secs(12);
/// A client that sends nothing or receives nothing for this time counts as gone.
const IDLE_TIMEOUT: Duration = Duration::from_secs(24);
/// How long the server waits for a client to receive the close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// The buffer for reading from a connection, in bytes. The library clears it each time that it looks
/// for a message, so a large one costs more than everything else that a quiet connection does.
const READ_BUFFER: usize = 4 * 1024;
/// The most operations that run on one connection at once.
const MAX_RUNNING: usize = 64;
/// The most bytes of the documents and variables of these operations.
const MAX_RUNNING_BYTES: usize = 256 * 1024;
/// The most messages and pings of a client in a second. It counts before anything is parsed.
const MAX_MESSAGES: u32 = 200;
/// The most characters of a refused origin that are logged.
const MAX_LOGGED: usize = 100;

/// The tasks of the open connections. A server puts it into the extensions of its requests, so
/// that it can wait for connections, which live longer than the requests that opened them.
#[derive(Clone, Default)]
pub struct Sockets {
    /// The tasks.
    pub tasks: TaskTracker,
    /// Held as long as the connection of this request is a socket.
    pub held: Option<Arc<dyn Any + Send + Sync>>,
}

/// Why a connection is closed. The codes 1001 and 1009 are from RFC 6455 (7.4.1), 1013 and 3008
/// from IANA's WebSocket registry, and those from 4400 on from `graphql-transport-ws`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CloseReason {
    GoingAway = 1001,
    TooLarge = 1009,
    TryAgainLater = 1013,
    Timeout = 3008,
    BadRequest = 4400,
    Unauthorized = 4401,
    Forbidden = 4403,
    NoInit = 4408,
    IdInUse = 4409,
    TooManyInits = 4429,
}

impl CloseReason {
    fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "The server is stopping",
            Self::TooLarge => "A message may have 64 KiB at most",
            Self::TryAgainLater => "Try again later",
            Self::Timeout => "Nothing was heard for too long",
            Self::BadRequest => "Invalid message",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NoInit => "Connection initialisation timeout",
            Self::IdInUse => "Subscriber already exists",
            Self::TooManyInits => "Too many initialisation requests",
        }
    }
}

/// How a connection ends.
enum ConnectionEnd {
    /// The server closes it.
    Close(CloseReason),
    /// The other side is gone.
    Gone,
}

impl From<CloseReason> for ConnectionEnd {
    fn from(close: CloseReason) -> Self {
        Self::Close(close)
    }
}

/// Opens a connection for a client that supports the protocol. Refuses pages of other sites.
pub fn open<H: Host>(
    endpoint: Arc<Endpoint<H>>,
    upgrade: WebSocketUpgrade,
    parts: &Parts,
    upgrade_caller: H::Caller,
) -> Response {
    if !is_same_origin(parts, endpoint.host.public_url()) {
        let error = malformed("Pages of other sites may not open this socket.");
        return error_response(None, StatusCode::FORBIDDEN, error);
    }
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        // Messages up to this size are read, so that the server can answer that one is too large.
        // Larger messages are not read.
        .max_message_size(2 * MAX_REQUEST_BYTES)
        .max_frame_size(2 * MAX_REQUEST_BYTES);
    if upgrade.selected_protocol().is_none() {
        let error = malformed(format!("This socket speaks {PROTOCOL} only."));
        return error_response(None, StatusCode::BAD_REQUEST, error);
    }
    let sockets = parts.extensions.get::<Sockets>().cloned().unwrap_or_default();
    upgrade.on_upgrade(move |socket| {
        let Sockets { tasks, held } = sockets;
        tasks.track_future(async move {
            let _held = held;
            let now = Instant::now();
            let connection = Connection {
                endpoint,
                upgrade_caller,
                caller: None,
                socket,
                running: SelectAll::new(),
                ids: HashMap::new(),
                heard_at: now,
                counted: (now, 0),
            };
            connection.run(now + INIT_WITHIN).await;
        })
    })
}

/// Whether the request comes from the host's own pages, or from a client that is not a browser.
/// Browsers send the page's `Origin` (RFC 6455, 10.2); other clients need not send it. A port that
/// is the default of the origin's scheme may be named or left out anywhere.
fn is_same_origin(parts: &Parts, public_url: Option<&str>) -> bool {
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return true };
    let Some((scheme, origin)) = origin.to_str().ok().and_then(|text| text.split_once("://"))
    else {
        return false;
    };
    let default_port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let site = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let public = public_url.and_then(|address| address.split_once("://"));
    let public = public.and_then(|(_, address)| address.split('/').next());
    let is_own = [host, public].into_iter().flatten().any(|own| site(own) == site(origin));
    if !is_own {
        let origin: String = origin.chars().take(MAX_LOGGED).collect();
        warn!(
            origin,
            "a page of another site was refused; if this is the server's own address, set \
             server.public_url to it"
        );
    }
    is_own
}

struct Connection<H: Host> {
    endpoint: Arc<Endpoint<H>>,
    /// The caller of the upgrade request.
    upgrade_caller: H::Caller,
    /// The caller of the operations. `None` before `ConnectionInit`.
    caller: Option<Arc<H::Caller>>,
    socket: WebSocket,
    running: SelectAll<Abortable<BoxStream<'static, OperationEvent>>>,
    /// The running operations, by their ids.
    ids: HashMap<String, Running>,
    /// When the last message was received.
    heard_at: Instant,
    /// When the second began in which messages are counted, and their number.
    counted: (Instant, u32),
}

/// A running operation.
struct Running {
    /// Stops it.
    abort: AbortHandle,
    /// The bytes of its message.
    bytes: usize,
    /// Held against what its caller's network may run.
    _reserved: Box<dyn Any + Send>,
}

impl<H: Host> Connection<H> {
    async fn run(mut self, init_until: Instant) {
        let Err(end) = self.serve(init_until).await else { return };
        let ConnectionEnd::Close(close) = end else { return };
        // Stop the running operations: nobody will receive their results.
        self.running.clear();
        let frame = CloseFrame { code: close as u16, reason: close.reason().into() };
        let closing = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                // Incoming messages must be read until the end, or the client may not receive the
                // close frame.
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // If the client does not receive it in time, the connection is dropped.
        let _ = timeout(CLOSE_WITHIN, closing).await;
    }

    async fn serve(&mut self, init_until: Instant) -> Result<(), ConnectionEnd> {
        let stop = self.endpoint.stop.clone();
        let mut pings = interval_at(self.heard_at + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Err(CloseReason::GoingAway.into()),
                () = sleep_until(init_until), if self.caller.is_none() => {
                    return Err(CloseReason::NoInit.into());
                }
                _ = pings.tick() => {
                    if self.heard_at.elapsed() >= IDLE_TIMEOUT {
                        return Err(CloseReason::Timeout.into());
                    }
                    self.send(&ServerMessage::Ping).await?;
                }
                Some(event) = self.running.next() => self.send_event(event).await?,
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => {
                        self.heard_at = Instant::now();
                        self.count_message()?;
                        self.receive(message).await?;
                    }
                    // Either a message is far too large or the connection is broken. A broken
                    // connection does not receive the close frame.
                    Some(Err(_)) => return Err(CloseReason::TooLarge.into()),
                    None => return Err(ConnectionEnd::Gone),
                }
            }
        }
    }

    /// Counts a message. Closes the connection of a client that floods it.
    fn count_message(&mut self) -> Result<(), ConnectionEnd> {
        let (since, count) = &mut self.counted;
        if self.heard_at - *since >= Duration::from_secs(1) {
            (*since, *count) = (self.heard_at, 0);
        }
        *count += 1;
        if *count > MAX_MESSAGES { Err(CloseReason::TryAgainLater.into()) } else { Ok(()) }
    }

    async fn receive(&mut self, message: Message) -> Result<(), ConnectionEnd> {
        let text = match message {
            Message::Text(text) if text.len() > MAX_REQUEST_BYTES => {
                return Err(CloseReason::TooLarge.into());
            }
            Message::Text(text) => text,
            Message::Binary(_) => return Err(CloseReason::BadRequest.into()),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(ConnectionEnd::Gone),
        };
        let is_over_limit = self.endpoint.host.check_rate(&self.upgrade_caller).is_err();
        match ClientMessage::read(&text).ok_or(CloseReason::BadRequest)? {
            ClientMessage::ConnectionInit { payload } => self.init(payload, is_over_limit).await,
            ClientMessage::Ping => self.send(&ServerMessage::Pong).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe { id, parameters } => {
                self.subscribe(id, parameters, text.len(), is_over_limit).await
            }
            ClientMessage::Complete { id } => {
                if let Some(running) = self.ids.remove(&id) {
                    running.abort.abort();
                }
                Ok(())
            }
        }
    }

    async fn init(
        &mut self,
        payload: Map<String, Value>,
        is_over_limit: bool,
    ) -> Result<(), ConnectionEnd> {
        if self.caller.is_some() {
            return Err(CloseReason::TooManyInits.into());
        }
        if is_over_limit {
            return Err(CloseReason::TryAgainLater.into());
        }
        let caller = self.endpoint.host.connection_init(&self.upgrade_caller, payload).await;
        let caller = caller.map_err(|refusal| match refusal {
            ConnectionRefusal::Forbidden => CloseReason::Forbidden,
            ConnectionRefusal::Unavailable => CloseReason::TryAgainLater,
        })?;
        self.caller = Some(Arc::new(caller));
        self.send(&ServerMessage::ConnectionAck).await
    }

    async fn subscribe(
        &mut self,
        id: String,
        parameters: Parameters,
        bytes: usize,
        is_over_limit: bool,
    ) -> Result<(), ConnectionEnd> {
        let Some(caller) = &self.caller else { return Err(CloseReason::Unauthorized.into()) };
        if self.ids.contains_key(&id) {
            return Err(CloseReason::IdInUse.into());
        }
        let running: usize = self.ids.values().map(|running| running.bytes).sum();
        let is_over_limit =
            is_over_limit || self.ids.len() >= MAX_RUNNING || running + bytes > MAX_RUNNING_BYTES;
        let reserve = || self.endpoint.host.reserve(caller, bytes);
        let Some(reserved) = (!is_over_limit).then(reserve).flatten() else {
            let errors = [self.endpoint.host.rate_limit_error(caller)];
            return self.send(&ServerMessage::Error { id: &id, payload: &errors }).await;
        };
        let (endpoint, caller) = (Arc::clone(&self.endpoint), Arc::clone(caller));
        let events = operation::events(endpoint, caller, id.clone(), parameters);
        let (abort, registration) = AbortHandle::new_pair();
        self.running.push(Abortable::new(events, registration));
        self.ids.insert(id, Running { abort, bytes, _reserved: reserved });
        Ok(())
    }

    async fn send_event(&mut self, event: OperationEvent) -> Result<(), ConnectionEnd> {
        match event {
            OperationEvent::Next(id, OperationResult::Own(result)) => {
                self.send(&ServerMessage::Next { id: &id, payload: &result }).await
            }
            OperationEvent::Next(id, OperationResult::Shared(json)) => {
                self.send_text(messages::next(&id, &json)).await
            }
            OperationEvent::Error(id, errors) => {
                self.ids.remove(&id);
                self.send(&ServerMessage::Error { id: &id, payload: &errors }).await
            }
            OperationEvent::Complete(id) => {
                self.ids.remove(&id);
                self.send(&ServerMessage::Complete { id: &id }).await
            }
        }
    }

    async fn send(&mut self, message: &ServerMessage<'_>) -> Result<(), ConnectionEnd> {
        // Serialization does not fail, because a message contains only JSON values.
        let Ok(text) = serde_json::to_string(message) else { return Err(ConnectionEnd::Gone) };
        self.send_text(text).await
    }

    async fn send_text(&mut self, text: String) -> Result<(), ConnectionEnd> {
        let sent = self.socket.send(Message::Text(Utf8Bytes::from(text)));
        match timeout(IDLE_TIMEOUT, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ConnectionEnd::Gone),
        }
    }
}
