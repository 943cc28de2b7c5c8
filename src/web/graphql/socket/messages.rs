//! The messages of `graphql-transport-ws`.

use async_graphql::ServerError;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::web::graphql::error::GraphqlResponse;
use crate::web::graphql::parameters::Parameters;

/// What a client says.
#[derive(Debug)]
pub enum ClientMessage {
    /// Who it is.
    ConnectionInit(Init),
    /// It wants to know whether we are there.
    Ping,
    /// It is there.
    Pong,
    /// It asks for something.
    Subscribe {
        /// Its name for what it asks.
        id: String,
        /// What it asks.
        parameters: Parameters,
    },
    /// It has heard enough of something.
    Complete {
        /// Its name for what it asked.
        id: String,
    },
}

/// What a client says of itself.
#[derive(Debug, Default)]
pub struct Init {
    /// As the HTTP header of this name. A value that is no text comes out empty, which is none.
    pub authorization: Option<String>,
    /// The language that its user reads.
    pub language: Option<String>,
}

impl ClientMessage {
    /// Reads a message; `None` if it is none of the protocol.
    pub fn read(text: &str) -> Option<Self> {
        let Value::Object(mut members) = serde_json::from_str(text).ok()? else { return None };
        let kind = members.remove("type")?;
        match kind.as_str()? {
            "connection_init" => payload(&mut members).map(init).map(Self::ConnectionInit),
            "ping" => payload(&mut members).map(|_| Self::Ping),
            "pong" => payload(&mut members).map(|_| Self::Pong),
            "subscribe" => {
                let id = id(&mut members)?;
                let parameters = Parameters::from_json(members.remove("payload")?).ok()?;
                Some(Self::Subscribe { id, parameters })
            }
            "complete" => id(&mut members).map(|id| Self::Complete { id }),
            _ => None,
        }
    }
}

fn id(members: &mut Map<String, Value>) -> Option<String> {
    match members.remove("id")? {
        Value::String(id) if !id.is_empty() => Some(id),
        _ => None,
    }
}

/// The payload that a message may have.
fn payload(members: &mut Map<String, Value>) -> Option<Map<String, Value>> {
    match members.remove("payload") {
        None | Some(Value::Null) => Some(Map::new()),
        Some(Value::Object(payload)) => Some(payload),
        Some(_) => None,
    }
}

fn init(mut payload: Map<String, Value>) -> Init {
    let mut text = |name: &str| match payload.remove(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(_) => Some(String::new()),
    };
    Init { authorization: text("authorization"), language: text("language") }
}

/// What we say.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// The client may ask now.
    ConnectionAck,
    /// We want to know whether it is there.
    Ping,
    /// We are there.
    Pong,
    /// A result.
    Next {
        /// Of what was asked under this name.
        id: &'a str,
        /// The result.
        payload: &'a GraphqlResponse,
    },
    /// What was asked is not carried out. The last word on it.
    Error {
        /// The client's name for it.
        id: &'a str,
        /// Why.
        payload: &'a [ServerError],
    },
    /// There is no more. The last word on it.
    Complete {
        /// The client's name for it.
        id: &'a str,
    },
}
