//! The WebSocket door: `graphql-transport-ws`, one task for each socket.
//!
//! Everything of a socket happens in its one task, one step after the other: while a slow client
//! does not take what is sent, nothing more is read from it or made for it.

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
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::error::ApiError;
use crate::domain::Language;

use crate::web::Sockets;

use super::AppState;
use super::caller::{Caller, bearer};
use super::error::malformed;
use super::http::{MAX_BODY, request_error};
use super::parameters::Parameters;
use messages::{ClientMessage, Init, ServerMessage};
use operation::Event;

mod messages;
mod operation;

/// The only protocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// A client says who it is within so long.
const INIT_WITHIN: Duration = Duration::from_secs(10);
/// Our own pings keep the way open and find out who is gone.
const PING_EVERY: Duration = Duration::from_secs(12);
/// Whoever is not heard of for so long, or takes nothing for so long, is gone.
const GONE_AFTER: Duration = Duration::from_secs(24);
/// A client that was told to close has so long to read it.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// Operations that run on one socket at most.
const MAX_RUNNING: usize = 64;

/// Why a socket is closed, by the protocol's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CloseReason {
    GoingAway = 1001,
    TooLarge = 1009,
    TryAgainLater = 1013,
    Gone = 3008,
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
            Self::Gone => "Nothing was heard for too long",
            Self::BadRequest => "Invalid message",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NoInit => "Connection initialisation timeout",
            Self::IdInUse => "Subscriber already exists",
            Self::TooManyInits => "Too many initialisation requests",
        }
    }
}

/// How a socket's task ends.
enum OperationEnd {
    /// We close it.
    CloseReason(CloseReason),
    /// The other side is gone.
    Gone,
}

impl From<CloseReason> for OperationEnd {
    fn from(close: CloseReason) -> Self {
        Self::CloseReason(close)
    }
}

/// Opens a socket for whoever speaks the protocol and comes from our own pages, or from no page.
pub fn open(
    state: Arc<AppState>,
    upgrade: WebSocketUpgrade,
    parts: &Parts,
    caller: Caller,
) -> Response {
    if !is_same_origin(parts, state.context.settings.public_url.as_deref()) {
        let error = malformed("Pages of other sites may not open this socket.");
        return request_error(None, StatusCode::FORBIDDEN, error);
    }
    let upgrade = upgrade
        .protocols([PROTOCOL])
        // The limit is ours to tell; what is far beyond it is not even read.
        .max_message_size(2 * MAX_BODY)
        .max_frame_size(2 * MAX_BODY);
    if upgrade.selected_protocol().is_none() {
        let error = malformed(format!("This socket speaks {PROTOCOL} only."));
        return request_error(None, StatusCode::BAD_REQUEST, error);
    }
    let network = state.limits.network(parts);
    let sockets = parts.extensions.get::<Sockets>().cloned().unwrap_or_default();
    upgrade.on_upgrade(move |socket| {
        sockets.0.track_future(async move {
            let now = Instant::now();
            let connection = Connection {
                state,
                network,
                knocked: caller,
                caller: None,
                socket,
                running: SelectAll::new(),
                ids: HashMap::new(),
                heard_at: now,
            };
            connection.run(now + INIT_WITHIN).await;
        })
    })
}

/// Browsers name the page's site; whatever else opens sockets need not.
fn is_same_origin(parts: &Parts, public_url: Option<&str>) -> bool {
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return true };
    let site = |address: &str| address.split_once("://").map(|(_, site)| site.to_owned());
    let Some(origin) = origin.to_str().ok().and_then(site) else { return false };
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let public = public_url.and_then(site);
    let public = public.as_deref().and_then(|site| site.split('/').next());
    [host, public].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(&origin))
}

struct Connection {
    state: Arc<AppState>,
    network: crate::web::limits::Network,
    /// What the upgrade said of who asks.
    knocked: Caller,
    /// Who asks, once they said so.
    caller: Option<Arc<Caller>>,
    socket: WebSocket,
    running: SelectAll<Abortable<BoxStream<'static, Event>>>,
    /// Running operations, to be stopped by their ids.
    ids: HashMap<String, AbortHandle>,
    heard_at: Instant,
}

impl Connection {
    async fn run(mut self, init_until: Instant) {
        let Err(end) = self.talk(init_until).await else { return };
        let OperationEnd::CloseReason(close) = end else { return };
        // What runs is of no use to anybody any more.
        self.running.clear();
        let frame = CloseFrame { code: close as u16, reason: close.reason().into() };
        let goodbye = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                // What still comes in is read, or the other side might lose our last word.
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // Whoever does not take it in time is left.
        let _ = timeout(CLOSE_WITHIN, goodbye).await;
    }

    async fn talk(&mut self, init_until: Instant) -> Result<(), OperationEnd> {
        let stop = self.state.stop.clone();
        let mut pings = interval_at(self.heard_at + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Err(CloseReason::GoingAway.into()),
                () = sleep_until(init_until), if self.caller.is_none() => {
                    return Err(CloseReason::NoInit.into());
                }
                _ = pings.tick() => {
                    if self.heard_at.elapsed() >= GONE_AFTER {
                        return Err(CloseReason::Gone.into());
                    }
                    self.send(&ServerMessage::Ping).await?;
                }
                Some(event) = self.running.next() => self.pass_on(event).await?,
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => {
                        self.heard_at = Instant::now();
                        self.hear(message).await?;
                    }
                    // A connection that broke hears nothing of it; one that sent what is far too
                    // large does.
                    Some(Err(_)) => return Err(CloseReason::TooLarge.into()),
                    None => return Err(OperationEnd::Gone),
                }
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), OperationEnd> {
        let text = match message {
            Message::Text(text) if text.len() > MAX_BODY => {
                return Err(CloseReason::TooLarge.into());
            }
            Message::Text(text) => text,
            Message::Binary(_) => return Err(CloseReason::BadRequest.into()),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(OperationEnd::Gone),
        };
        let is_over_limit = self.state.limits.check(self.network).is_err();
        match ClientMessage::read(&text).ok_or(CloseReason::BadRequest)? {
            ClientMessage::ConnectionInit(init) => self.init(init, is_over_limit).await,
            ClientMessage::Ping => self.send(&ServerMessage::Pong).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe { id, parameters } => {
                self.subscribe(id, parameters, is_over_limit).await
            }
            ClientMessage::Complete { id } => {
                if let Some(running) = self.ids.remove(&id) {
                    running.abort();
                }
                Ok(())
            }
        }
    }

    async fn init(&mut self, init: Init, is_over_limit: bool) -> Result<(), OperationEnd> {
        if self.caller.is_some() {
            return Err(CloseReason::TooManyInits.into());
        }
        if is_over_limit {
            return Err(CloseReason::TryAgainLater.into());
        }
        let token = match &init.authorization {
            Some(value) => Some(bearer(value).ok_or(CloseReason::Forbidden)?.to_owned()),
            None => None,
        };
        let must_hold = token.is_some();
        let language = init.language.as_deref().and_then(Language::from_code);
        let Caller { base_url, address, .. } = &self.knocked;
        let caller = Caller::new(
            language.unwrap_or(self.knocked.language),
            base_url.clone(),
            address.clone(),
            token,
        );
        let has_session = match caller.session(&self.state.context).await {
            Ok(session) => session.is_some(),
            Err(_) => return Err(CloseReason::TryAgainLater.into()),
        };
        if must_hold && !has_session {
            return Err(CloseReason::Forbidden.into());
        }
        self.caller = Some(Arc::new(caller));
        self.send(&ServerMessage::ConnectionAck).await
    }

    async fn subscribe(
        &mut self,
        id: String,
        parameters: Parameters,
        is_over_limit: bool,
    ) -> Result<(), OperationEnd> {
        let Some(caller) = &self.caller else { return Err(CloseReason::Unauthorized.into()) };
        if self.ids.contains_key(&id) {
            return Err(CloseReason::IdInUse.into());
        }
        if is_over_limit || self.ids.len() >= MAX_RUNNING {
            let errors = [self.state.refuse(&ApiError::RateLimited, caller)];
            return self.send(&ServerMessage::Error { id: &id, payload: &errors }).await;
        }
        let (state, caller) = (Arc::clone(&self.state), Arc::clone(caller));
        let events = operation::events(state, caller, id.clone(), parameters);
        let (handle, registration) = AbortHandle::new_pair();
        self.running.push(Abortable::new(events, registration));
        self.ids.insert(id, handle);
        Ok(())
    }

    async fn pass_on(&mut self, event: Event) -> Result<(), OperationEnd> {
        match event {
            Event::Next(id, answer) => {
                self.send(&ServerMessage::Next { id: &id, payload: &answer }).await
            }
            Event::Error(id, errors) => {
                self.ids.remove(&id);
                self.send(&ServerMessage::Error { id: &id, payload: &errors }).await
            }
            Event::Complete(id) => {
                self.ids.remove(&id);
                self.send(&ServerMessage::Complete { id: &id }).await
            }
        }
    }

    async fn send(&mut self, message: &ServerMessage<'_>) -> Result<(), OperationEnd> {
        // Strings, numbers and names: there is nothing in a message that JSON does not have.
        let Ok(text) = serde_json::to_string(message) else { return Err(OperationEnd::Gone) };
        let sent = self.socket.send(Message::Text(Utf8Bytes::from(text)));
        match timeout(GONE_AFTER, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(OperationEnd::Gone),
        }
    }
}
