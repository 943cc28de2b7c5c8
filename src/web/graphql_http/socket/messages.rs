//! The messages of `graphql-transport-ws` as JSON. This module does not check their order.

use async_graphql::ServerError;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::web::graphql_http::parameters::Parameters;
use crate::web::graphql_http::response::RequestResult;

/// A message of a client.
#[derive(Debug)]
pub enum ClientMessage {
    /// The first message. Its payload is for the host.
    ConnectionInit {
        /// Empty if the message has none.
        payload: Map<String, Value>,
    },
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
    /// Starts an operation of any kind.
    Subscribe {
        /// The client's id for the operation. Not empty.
        id: String,
        /// The request.
        parameters: Parameters,
    },
    /// Stops an operation.
    Complete {
        /// The client's id for the operation.
        id: String,
    },
}

impl ClientMessage {
    /// Reads a message. `None` if it is not a message of the protocol.
    pub fn read(text: &str) -> Option<Self> {
        let Value::Object(mut members) = serde_json::from_str(text).ok()? else { return None };
        let kind = members.remove("type")?;
        match kind.as_str()? {
            "connection_init" => {
                payload(&mut members).map(|payload| Self::ConnectionInit { payload })
            }
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

/// The optional payload of a message, empty if it is missing. `None` if it is not an object.
fn payload(members: &mut Map<String, Value>) -> Option<Map<String, Value>> {
    match members.remove("payload") {
        None | Some(Value::Null) => Some(Map::new()),
        Some(Value::Object(payload)) => Some(payload),
        Some(_) => None,
    }
}

/// A message of the server.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// Operations may be started now.
    ConnectionAck,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
    /// A result of an operation.
    Next {
        /// The client's id for the operation.
        id: &'a str,
        /// The result.
        payload: &'a RequestResult,
    },
    /// The operation is not executed. This is the last message about it.
    Error {
        /// The client's id for the operation.
        id: &'a str,
        /// The errors, at least one.
        payload: &'a [ServerError],
    },
    /// There are no more results. This is the last message about the operation.
    Complete {
        /// The client's id for the operation.
        id: &'a str,
    },
}

/// The message [`ServerMessage::Next`] of a result that is JSON already.
pub fn next(id: &str, payload: &str) -> String {
    let id = Value::from(id);
    format!(r#"{{"type":"next","id":{id},"payload":{payload}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_result_makes_the_same_message_as_a_result_of_its_own() {
        let response = async_graphql::Response::new(async_graphql::value!({ "a": [1, "\"b\""] }));
        let own = RequestResult::Executed(response);
        let payload = serde_json::to_string(&own).unwrap();
        let id = "a \"quoted\" id";
        let message = serde_json::to_string(&ServerMessage::Next { id, payload: &own }).unwrap();
        assert_eq!(next(id, &payload), message);
    }
}
