//! Fuzzes the messages of a client of `graphql-transport-ws`: each line of the input is one.
#![no_main]

use std::sync::LazyLock;

use futures_util::{SinkExt, StreamExt};
use jatah_fuzz::endpoint::Connector;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());
static CONNECTOR: LazyLock<Connector> = LazyLock::new(Connector::start);

/// How the server may close: as the client does, for a message that is too large, or by the
/// protocol.
const CODES: [u16; 9] = [1000, 1001, 1005, 1009, 4400, 4401, 4403, 4409, 4429];

fuzz_target!(|text: &str| RUNTIME.block_on(converse(text)));

async fn converse(text: &str) {
    let mut request = "ws://hotel.example/".into_client_request().unwrap();
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let stream = CONNECTOR.connect();
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let (mut say, mut hear) = socket.split();
    let talk = async {
        for line in text.lines() {
            // The server may have closed.
            if say.send(Message::text(line)).await.is_err() {
                return;
            }
        }
        let _ = say.send(Message::Close(None)).await;
    };
    let listen = async {
        while let Some(Ok(message)) = hear.next().await {
            match message {
                Message::Text(text) => {
                    let message: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert!(message["type"].is_string(), "{message}");
                }
                Message::Close(Some(frame)) => {
                    let code = u16::from(frame.code);
                    assert!(CODES.contains(&code), "{code} {}", frame.reason);
                    assert_ne!(frame.code, CloseCode::Error);
                }
                Message::Close(None) | Message::Ping(_) | Message::Pong(_) => {}
                Message::Binary(_) | Message::Frame(_) => panic!("no text: {message:?}"),
            }
        }
    };
    tokio::join!(talk, listen);
}
