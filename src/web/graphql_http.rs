//! GraphQL over HTTP and over WebSocket, for any schema.
//!
//! One path serves `GET` and `POST` by the GraphQL-over-HTTP draft
//! (<https://graphql.github.io/graphql-over-http/draft/>), and WebSocket by `graphql-transport-ws`
//! (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>).
//!
//! This module contains no schema, no definition of a caller and no texts for users; the [`Host`]
//! provides them. It does not support batches, multipart requests, persisted queries or the older
//! `graphql-ws` protocol. It does not compress responses, and it sets no cross-origin (CORS)
//! headers.

mod content_negotiation;
mod document;
mod document_cache;
mod http;
mod http_response;
mod null_propagation;
mod parameters;
mod response;
mod sharing;
mod socket;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Executor, ServerError};
use axum::http::request::Parts;
use axum::routing::{MethodRouter, any};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use null_propagation::FieldTypes;
use sharing::SharedQueries;

pub use content_negotiation::weight;
pub use sharing::{SharedEvent, SharedSource};
pub use socket::Sockets;

/// The largest request body or WebSocket message, in bytes.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// The application that is served: its schema, its callers and its error messages.
pub trait Host: Send + Sync + 'static {
    /// The schema.
    type Schema: Executor;
    /// The sender of a request. Resolvers find it in their context as `Arc<Caller>`.
    type Caller: Send + Sync + 'static;

    /// The schema that executes requests.
    fn schema(&self) -> &Self::Schema;

    /// The public address of the application (`https://host/…`), if one is configured. Pages from
    /// it may open a WebSocket even if a proxy changes the `Host` header.
    fn public_url(&self) -> Option<&str>;

    /// Determines the caller from the head of a request.
    fn caller(&self, parts: &Parts) -> Self::Caller;

    /// Counts one request or one WebSocket message of a caller against the rate limit.
    ///
    /// # Errors
    /// How long the caller must wait, if the rate limit is exceeded.
    fn check_rate(&self, caller: &Self::Caller) -> Result<(), Duration>;

    /// Reserves memory for an operation that runs on a connection, whose message has this many bytes.
    /// It is given back when the result is dropped. `None` if the caller has too much already.
    fn reserve(&self, caller: &Self::Caller, bytes: usize) -> Option<Box<dyn Any + Send>>;

    /// Determines the caller of a connection from the caller of its upgrade request and from the
    /// payload of its `ConnectionInit` message.
    ///
    /// # Errors
    /// Why the connection is closed instead.
    fn connection_init(
        &self,
        upgrade: &Self::Caller,
        payload: Map<String, Value>,
    ) -> impl Future<Output = Result<Self::Caller, ConnectionRefusal>> + Send;

    /// The error of a request that [`Host::check_rate`] refused.
    fn rate_limit_error(&self, caller: &Self::Caller) -> ServerError;

    /// The error of a request that panicked. `cause` is for the log, not for the caller.
    fn internal_error(&self, cause: &str, caller: &Self::Caller) -> ServerError;

    /// The message and extensions for an error of one of the host's resolvers; `None` if the
    /// error is the schema's own, such as an argument of a wrong type.
    fn resolver_error(&self, error: &ServerError, caller: &Self::Caller) -> Option<ServerError>;
}

/// Why a `ConnectionInit` message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// The credentials are not valid. Closes with code 4403.
    Forbidden,
    /// The credentials cannot be checked at the moment. Closes with code 1013.
    Unavailable,
}

/// A host together with the protocol's own data.
struct Endpoint<H> {
    host: H,
    field_types: FieldTypes,
    shared: SharedQueries,
    /// WebSocket connections are closed once this is cancelled.
    stop: CancellationToken,
}

/// Serves a host at one path. `sdl` is its schema in the schema definition language. WebSocket
/// connections are closed with code 1001 once `stop` is cancelled.
pub fn route<H: Host>(host: H, sdl: &str, stop: CancellationToken) -> MethodRouter {
    let field_types = FieldTypes::of(sdl);
    let endpoint = Endpoint { host, field_types, shared: SharedQueries::default(), stop };
    any(http::serve::<H>).with_state(Arc::new(endpoint))
}

#[cfg(test)]
mod tests;
