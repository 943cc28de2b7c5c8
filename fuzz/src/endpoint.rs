//! GraphQL over HTTP and over a socket, served in memory for a schema that is not the hotel's.

use std::any::Any;
use std::time::Duration;

use async_graphql::futures_util::stream;
use async_graphql::{
    Enum, Error, InputObject, Object, Schema, ServerError, SimpleObject, Subscription,
};
use axum::Router;
use axum::http::request::Parts;
use axum::serve::Listener;
use serde_json::{Map, Value};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::web::graphql_http::{ConnectionRefusal, Host, route};

/// The bytes that a connection in memory holds.
const BUFFER: usize = 1 << 20;

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum Colour {
    Red,
    Blue,
}

#[derive(InputObject)]
struct Wish {
    name: String,
    #[graphql(default = 1)]
    nights: i32,
    colours: Option<Vec<Colour>>,
    next: Option<Box<Wish>>,
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct Thing {
    name: String,
    nights: i32,
    colours: Vec<Colour>,
}

#[async_graphql::ComplexObject]
impl Thing {
    async fn again(&self) -> Thing {
        Thing { name: self.name.clone(), nights: self.nights, colours: self.colours.clone() }
    }

    async fn refused(&self) -> Result<i32, Error> {
        Err(Error::new("refused"))
    }
}

struct Query;

#[Object]
impl Query {
    async fn thing(&self, wish: Wish) -> Thing {
        Thing { name: wish.name, nights: wish.nights, colours: wish.colours.unwrap_or_default() }
    }

    async fn half(&self, of: i32) -> Result<i32, Error> {
        if of % 2 == 0 { Ok(of / 2) } else { Err(Error::new("odd")) }
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn count(&self) -> i32 {
        1
    }
}

struct Subscriptions;

#[Subscription]
impl Subscriptions {
    async fn numbers(&self, to: i32) -> impl stream::Stream<Item = i32> {
        stream::iter(0..to.clamp(0, 4))
    }
}

type Counted = Schema<Query, Mutation, Subscriptions>;

struct Counter(Counted);

impl Host for Counter {
    type Schema = Counted;
    type Caller = ();

    fn schema(&self) -> &Counted {
        &self.0
    }

    fn public_url(&self) -> Option<&str> {
        Some("https://hotel.example")
    }

    fn caller(&self, _: &Parts) {}

    fn check_rate(&self, (): &()) -> Result<(), Duration> {
        Ok(())
    }

    fn reserve(&self, (): &(), _: usize) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(()))
    }

    async fn connection_init(
        &self,
        (): &(),
        payload: Map<String, Value>,
    ) -> Result<(), ConnectionRefusal> {
        if payload.contains_key("no") { Err(ConnectionRefusal::Forbidden) } else { Ok(()) }
    }

    fn rate_limit_error(&self, (): &()) -> ServerError {
        ServerError::new("too many", None)
    }

    fn internal_error(&self, cause: &str, (): &()) -> ServerError {
        panic!("a request panicked: {cause}")
    }

    fn resolver_error(&self, _: &ServerError, (): &()) -> Option<ServerError> {
        None
    }
}

/// Serves the schema at `/`.
pub fn router() -> Router {
    let schema = Schema::build(Query, Mutation, Subscriptions)
        .limit_depth(15)
        .limit_complexity(500)
        .finish();
    let sdl = schema.sdl();
    Router::new().route("/", route(Counter(schema), &sdl, CancellationToken::new()))
}

/// Connections in memory to a server.
pub struct Connector(mpsc::UnboundedSender<DuplexStream>);

struct Connections(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Connections {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(stream) => (stream, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Connector {
    /// Starts a server on the current runtime.
    pub fn start() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move { axum::serve(Connections(receiver), router()).await });
        Self(sender)
    }

    /// The client's end of a new connection.
    pub fn connect(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(BUFFER);
        let _ = self.0.send(server);
        client
    }
}
