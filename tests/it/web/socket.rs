//! The WebSocket protocol: `graphql-transport-ws` and no other.

use std::time::Duration;

use futures_util::SinkExt;
use jatah::domain::Role;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::{LimitsSection, Site, Socket, limits};
use crate::hotel::with_paused_clock;

const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");
const BOARD: &str = "subscription { bookingChanged { action } }";

async fn seconds(count: u64) {
    tokio::time::advance(Duration::from_secs(count)).await;
}

#[test]
fn whoever_speaks_another_protocol_or_comes_from_another_site_is_refused() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let own = format!("http://{}", site.app.address);
        for (headers, expected) in [
            (vec![], 400),
            (vec![("sec-websocket-protocol", "graphql-ws")], 400),
            (vec![PROTOCOL, ("origin", "https://evil.example")], 403),
            (vec![PROTOCOL, ("origin", "null")], 403),
        ] {
            match site.try_socket(&headers).await.err() {
                Some(Error::Http(response)) => assert_eq!(response.status(), expected),
                other => panic!("{headers:?} {other:?}"),
            }
        }
        assert!(site.try_socket(&[PROTOCOL, ("origin", &own)]).await.is_ok());
        for (origin, host) in [
            ("https://hotel.example", "hotel.example:443"),
            ("https://hotel.example:443", "hotel.example"),
            ("http://Hotel.example", "hotel.example:80"),
        ] {
            let opened = site.try_socket(&[PROTOCOL, ("origin", origin), ("host", host)]).await;
            assert!(opened.is_ok(), "{origin} at {host}");
        }
        let other = [PROTOCOL, ("origin", "https://hotel.example"), ("host", "hotel.example:80")];
        assert!(site.try_socket(&other).await.is_err(), "another port");
        let several = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];
        assert!(site.try_socket(&several).await.is_ok());
        site.close().await;
    });
}

#[test]
fn what_is_against_the_protocol_closes_the_socket_with_its_code() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let subscribe =
            json!({ "type": "subscribe", "id": "1", "payload": { "query": "{ hotel { name } }" } });
        let init = |authorization: Value| json!({ "type": "connection_init", "payload": { "authorization": authorization } });
        for (code, message) in [
            (4401, subscribe.to_string()),
            (4400, "hello".to_owned()),
            (4400, "[1]".to_owned()),
            (4400, "{}".to_owned()),
            (
                4400,
                "{\"type\":\"start\",\"id\":\"1\",\"payload\":{\"query\":\"{ hotel { name } }\"}}"
                    .to_owned(),
            ),
            (
                4400,
                "{\"type\":\"subscribe\",\"payload\":{\"query\":\"{ hotel { name } }\"}}"
                    .to_owned(),
            ),
            (4400, "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{}}".to_owned()),
            (4400, "{\"type\":\"connection_init\",\"payload\":[]}".to_owned()),
            (4403, init(json!("Bearer nobody")).to_string()),
            (4403, init(json!("Basic YTpi")).to_string()),
            (4403, init(json!("")).to_string()),
            (4403, init(json!(7)).to_string()),
            (1009, "x".repeat(65 * 1024)),
            (1009, "x".repeat(200 * 1024)),
        ] {
            let mut socket = site.socket().await;
            socket.send_text(message.clone()).await;
            assert_eq!(socket.close_code().await, code, "{}", &message[..message.len().min(80)]);
        }
        let mut socket = site.socket().await;
        socket.0.send(Message::Binary(vec![1].into())).await.unwrap();
        assert_eq!(socket.close_code().await, 4400);
        let mut socket = site.connected(None).await;
        socket.send_json(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.close_code().await, 4429);
        let token = site.sign_in(Role::FrontOffice).await;
        let mut socket = site.connected(Some(&token)).await;
        socket.subscribe("same", BOARD, json!({})).await;
        socket.subscribe("same", BOARD, json!({})).await;
        assert_eq!(socket.close_code().await, 4409);
        site.close().await;
    });
}

#[test]
fn an_id_is_free_again_once_its_operation_is_over() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut socket = site.connected(Some(&token)).await;
        socket.subscribe("same", BOARD, json!({})).await;
        socket.send_json(json!({ "type": "complete", "id": "same" })).await;
        for _ in 0..2 {
            socket.subscribe("same", "query Q { hotel { name } }", json!({})).await;
            assert_eq!(socket.data().await["hotel"]["name"], "Hotel Melati");
            assert_eq!(socket.receive().await, json!({ "type": "complete", "id": "same" }));
        }
        let book =
            "mutation { extendHold(receiptNo: \"RESI-20260104-001\", minutes: 5) { price } }";
        socket.subscribe("same", book, json!({})).await;
        let message = socket.receive().await;
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND");
        site.close().await;
    });
}

#[test]
fn what_cannot_be_carried_out_is_answered_by_an_error_alone() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut socket = site.connected(None).await;
        for (query, code) in [
            ("subscription { nothing }", "INVALID_INPUT"),
            ("subscription {", "INVALID_INPUT"),
            ("{ hotel { nothing } }", "INVALID_INPUT"),
            ("subscription { bookingChanged(after: 7) { at } }", "INVALID_INPUT"),
            (BOARD, "UNAUTHENTICATED"),
            (
                "subscription { myBookingChanged(receiptNo: \"20260104001\", accessToken: \"x\") { price } }",
                "NOT_FOUND",
            ),
        ] {
            socket.subscribe("wrong", query, json!({})).await;
            let message = socket.receive().await;
            assert_eq!(
                (&message["type"], &message["id"]),
                (&json!("error"), &json!("wrong")),
                "{message}"
            );
            assert_eq!(message["payload"][0]["extensions"]["code"], code, "{query}");
            socket.send_json(json!({ "type": "ping" })).await;
            assert_eq!(
                socket.receive().await,
                json!({ "type": "pong" }),
                "nothing comes after the error"
            );
        }
        site.close().await;
    });
}

#[test]
fn a_client_that_says_nothing_of_itself_is_closed_after_ten_seconds() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut socket = site.socket().await;
        seconds(9).await;
        socket.send_json(json!({ "type": "ping" })).await;
        assert_eq!(socket.receive().await, json!({ "type": "pong" }));
        seconds(1).await;
        assert_eq!(socket.close_code().await, 4408);
        site.close().await;
    });
}

#[test]
fn a_client_is_pinged_and_given_up_when_it_is_silent() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut socket = site.connected(None).await;
        seconds(12).await;
        assert_eq!(socket.receive().await, json!({ "type": "ping" }));
        socket.send_json(json!({ "type": "pong" })).await;
        socket.send_json(json!({ "type": "ping" })).await;
        assert_eq!(socket.receive().await, json!({ "type": "pong" }));
        seconds(12).await;
        assert_eq!(socket.receive().await, json!({ "type": "ping" }));
        seconds(12).await;
        assert_eq!(socket.close_code().await, 3008);
        site.close().await;
    });
}

#[test]
fn a_socket_is_closed_when_the_server_stops() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut socket = site.connected(None).await;
        let (code, ()) = tokio::join!(socket.close_code(), site.close());
        assert_eq!(code, 1001);
    });
}

#[test]
fn a_socket_runs_only_so_much_at_once_and_counts_towards_the_limit() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut socket = site.connected(Some(&token)).await;
        for n in 0..=64 {
            socket.subscribe(&n.to_string(), BOARD, json!({})).await;
        }
        let message = socket.receive().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("64")));
        assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED");
        site.close().await;

        let limited = LimitsSection { requests_per_second: 3, ..limits() };
        let site = Site::open_with(limited).await;
        let mut socket = site.connected(None).await;
        socket.subscribe("1", "{ hotel { name } }", json!({})).await;
        socket.subscribe("2", "{ hotel { name } }", json!({})).await;
        let mut messages = [socket.receive().await, socket.receive().await, socket.receive().await];
        messages.sort_by_key(|message| message["id"].to_string());
        assert_eq!(messages[2]["payload"][0]["extensions"]["code"], "RATE_LIMITED");
        site.close().await;
    });
}

#[test]
fn the_language_of_the_init_is_that_of_the_refusals() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut socket = site.socket().await;
        socket
            .send_json(json!({ "type": "connection_init", "payload": { "language": "en" } }))
            .await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket.subscribe("1", BOARD, json!({})).await;
        let message = socket.receive().await["payload"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("Please sign in"), "{message}");
        site.close().await;
    });
}

#[test]
fn a_credential_is_found_wherever_clients_put_it_and_what_is_none_closes() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let bearer = format!("Bearer {token}");
        let signed_in = async |mut socket: Socket| {
            socket.subscribe("1", "{ me { name } }", json!({})).await;
            assert_eq!(socket.data().await["me"]["name"], "Sari");
        };
        for payload in [
            json!({ "authorization": bearer }),
            json!({ "Authorization": bearer }),
            json!({ "headers": { "Authorization": bearer } }),
        ] {
            signed_in(site.connected_with(Some(payload)).await).await;
        }
        let headers =
            [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", &bearer)];
        let mut socket = site.try_socket(&headers).await.unwrap();
        socket.send_json(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        signed_in(socket).await;
        for payload in [
            json!({ "authorization": token }),
            json!({ "authorization": "Bearer of-another" }),
            json!({ "authToken": token }),
            json!({ "headers": { "token": token } }),
        ] {
            let mut socket = site.socket().await;
            socket.send_json(json!({ "type": "connection_init", "payload": payload })).await;
            assert_eq!(socket.close_code().await, 4403, "{payload}");
        }
        site.close().await;
    });
}

#[test]
fn a_socket_that_floods_is_closed_before_anything_is_parsed() {
    with_paused_clock(async || {
        let site = Site::open().await;
        for message in ["{\"type\":\"pong\"}", "no JSON at all", ""] {
            let mut socket = site.connected(None).await;
            let flood = async {
                for _ in 0..1_000 {
                    let message = match message {
                        "" => Message::Ping(Bytes::new()),
                        "no JSON at all" => Message::Text("{\"type\":\"ping\"}".into()),
                        text => Message::Text(text.into()),
                    };
                    if socket.0.feed(message).await.is_err() {
                        break;
                    }
                }
                let _ = socket.0.flush().await;
                socket.close_code().await
            };
            assert_eq!(flood.await, 1013, "{message:?}");
        }
        site.close().await;
    });
}

#[test]
fn what_the_operations_of_a_socket_hold_is_bounded() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut socket = site.connected(Some(&token)).await;
        let padding = "#".repeat(60 * 1024);
        let long = format!("subscription {{ bookingChanged {{ cursor }} }}\n{padding}");
        for id in 0..4 {
            socket.subscribe(&id.to_string(), &long, json!({})).await;
        }
        socket.subscribe("4", &long, json!({})).await;
        let refused = socket.receive().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("4")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
        // Whoever completes an operation may begin another one.
        socket.send_json(json!({ "type": "complete", "id": "0" })).await;
        socket.subscribe("5", "{ hotel { name } }", json!({})).await;
        assert_eq!(socket.receive().await["id"], "5");
        site.close().await;
    });
}
