//! GraphQL over HTTP: what is accepted and what is refused.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{LimitsSection, Reply, Site, booking_input, limits};
use crate::hotel::{while_time_passes, with_paused_clock};

const JSON: (&str, &str) = ("content-type", "application/json");
const HOTEL: &str = "{\"query\": \"{ hotel { name } }\"}";

fn booking() -> String {
    let query =
        "mutation ($input: CreateBookingInput!) { createBooking(input: $input) { accessToken } }";
    json!({ "query": query, "variables": { "input": booking_input("Siti") } }).to_string()
}

impl Site {
    /// Sends a body without a content length. Returns the whole answer.
    async fn send_in_one_chunk(&self, body: &str) -> String {
        let mut stream = TcpStream::connect(self.app.address).await.unwrap();
        let head = "POST /graphql HTTP/1.1\r\nhost: hotel\r\ncontent-type: application/json\r\n\
                    connection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        let request = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

/// Checks for a GraphQL error that shows no internal details.
fn assert_refused(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{}", reply.text);
    assert_eq!(reply.code(), "INVALID_INPUT");
    assert!(reply.json().get("data").is_none(), "{}", reply.text);
    for inside in ["::", "serde", "Error(", "line 1 column"] {
        assert!(!reply.text.contains(inside), "{}", reply.text);
    }
}

/// Thirty fragments. Each spreads the next one six times, and the last one spreads a fragment that
/// does not exist. That makes 6^30 paths in less than 2 KB.
fn spreads_without_end() -> String {
    let fragment = |n: u32| {
        let spreads =
            if n == 29 { "...Nope".to_owned() } else { format!("...A{} ", n + 1).repeat(6) };
        format!("fragment A{n} on Query{{{spreads}}} ")
    };
    format!("query{{...A0}} {}", (0..30).map(fragment).collect::<String>())
}

#[test]
fn a_small_query_with_endless_spreads_is_refused_at_once_by_post_and_by_get() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let query = spreads_without_end();
        let body = json!({ "query": query }).to_string();
        let posted = site.post(body, &[JSON]).await;
        assert!(posted.text.contains("INVALID_INPUT"), "{}", posted.text);
        let request = site.http.get(site.url("/graphql")).query(&[("query", &query)]);
        let got = Reply::of(request.send().await.unwrap()).await;
        assert!(got.text.contains("INVALID_INPUT"), "{}", got.text);
        assert_eq!(site.get("/healthz").await.status, 200);
        site.close().await;
    });
}

#[test]
fn only_a_post_of_json_changes_anything() {
    with_paused_clock(async || {
        let site = Site::open().await;
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "application/graphql",
            "application/jsonp",
            "application/json; charset=utf-16",
        ] {
            assert_refused(&site.post(booking(), &[("content-type", kind)]).await, 415);
        }
        assert_refused(&site.post(booking(), &[]).await, 415);
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
            let request = site.http.request(method, site.url("/graphql"));
            let request = request.header("content-type", "application/json").body(booking());
            let reply = Reply::of(request.send().await.unwrap()).await;
            assert_refused(&reply, 405);
            assert!(reply.headers["allow"].contains("POST"));
        }
        for query in [
            vec![("query", "mutation { markPaid(receiptNo: \"1\") { price } }")],
            vec![
                ("query", "query Q { hotel { name } } mutation M { __typename }"),
                ("operationName", "M"),
            ],
        ] {
            let request = site.http.get(site.url("/graphql")).query(&query);
            let reply = Reply::of(request.send().await.unwrap()).await;
            assert_refused(&reply, 405);
            assert_eq!(reply.headers["allow"], "POST");
        }
        assert_eq!(site.count().await, 0);
        let reply =
            site.post(booking(), &[("content-type", "application/json; charset=utf-8")]).await;
        assert!(reply.data()["createBooking"]["accessToken"].is_string());
        site.close().await;
    });
}

#[test]
fn what_is_malformed_is_told_so_in_the_form_of_graphql() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let deep = format!(
            "{{\"query\": \"{{ hotel {{ name }} }}\", \"variables\": {{\"a\": {}",
            "[".repeat(20_000)
        );
        for body in [
            "hello",
            "",
            "7",
            "null",
            "{}",
            "[]",
            "{\"query\": 7}",
            "{\"query\": \"{ hotel { na",
            "{\"query\": \"{ hotel { name } }\", \"variables\": [1]}",
            "{\"query\": \"{ hotel { name } }\", \"operationName\": 1}",
            "{\"query\": \"{ hotel { name } }\", \"extensions\": \"x\"}",
            &format!("[{HOTEL}]"),
            &format!("[{HOTEL}, {HOTEL}]"),
            &deep,
        ] {
            assert_refused(&site.post(body.to_owned(), &[JSON]).await, 400);
        }
        assert_refused(&site.post(vec![0x7b, 0xff, 0xfe, 0x7d], &[JSON]).await, 400);
        for query in ["", "?query", "?query=%7B%20hotel&variables=%7B", "?variables=%7B%7D"] {
            let reply = site.http.get(site.url(&format!("/graphql{query}")));
            let reply = reply.header("accept", "application/graphql-response+json").send().await;
            assert_refused(&Reply::of(reply.unwrap()).await, 400);
        }
        site.close().await;
    });
}

#[test]
fn a_body_over_the_limit_is_refused_whether_or_not_it_tells_its_length() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let filled = |kib: usize| {
            format!("{{\"query\": \"{{ hotel {{ name }} }} #{}\"}}", "x".repeat(kib * 1024))
        };
        assert_refused(&site.post(filled(65), &[JSON]).await, 413);
        let answer = site.send_in_one_chunk(&filled(200)).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("INVALID_INPUT"), "{answer}");
        assert_eq!(site.post(filled(63), &[JSON]).await.status, 200);
        site.close().await;
    });
}

#[test]
fn the_answer_has_the_type_that_was_asked_for() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let broken = "{\"query\": \"{ nothing }\"}";
        for (accept, kind, status_of_broken) in [
            ("*/*", "application/json; charset=utf-8", 200),
            ("application/json", "application/json; charset=utf-8", 200),
            (
                "application/graphql-response+json",
                "application/graphql-response+json; charset=utf-8",
                400,
            ),
        ] {
            let headers = [JSON, ("accept", accept)];
            let reply = site.post(HOTEL, &headers).await;
            assert_eq!((reply.status, reply.headers["content-type"].as_str()), (200, kind));
            assert_eq!(reply.data()["hotel"]["name"], "Hotel Melati");
            let reply = site.post(broken, &headers).await;
            assert_refused(&reply, status_of_broken);
            assert_eq!(reply.headers["content-type"], kind);
        }
        assert_refused(&site.post(HOTEL, &[JSON, ("accept", "text/html")]).await, 406);
        site.close().await;
    });
}

#[test]
fn a_query_too_deep_or_too_complex_is_refused() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let aliases = |count: usize| {
            let field = |n| format!("a{n}: hotel {{ name }} ");
            format!("{{ {} }}", (0..count).map(field).collect::<Vec<_>>().concat())
        };
        let nested = |depth: usize| {
            let inner = format!("{}name{}", "ofType { ".repeat(depth), " }".repeat(depth));
            format!("{{ __schema {{ types {{ fields {{ type {{ {inner} }} }} }} }} }}")
        };
        for query in [
            aliases(251),
            nested(11),
            "{ a".repeat(15_000),
            "{ hotel { ...F } } fragment F on Hotel { name ...F }".to_owned(),
        ] {
            let reply = site.ask(&query, json!({}), None).await;
            assert_refused(&reply, 400);
        }
        assert_eq!(
            site.ask(&aliases(250), json!({}), None).await.data().as_object().unwrap().len(),
            250
        );
        assert_eq!(site.ask(&nested(10), json!({}), None).await.status, 200);
        site.close().await;
    });
}

#[test]
fn errors_of_execution_come_with_the_data_and_errors_before_it_without() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let query = "{ hotel { name } me { name } }";
        assert_eq!(site.ask(query, json!({}), None).await.data()["me"], Value::Null);
        let reply = site.ask("{ hotel { name } bookings { totalCount } }", json!({}), None).await;
        assert_eq!((reply.status, reply.code().as_str()), (200, "UNAUTHENTICATED"));
        assert_eq!(reply.json()["data"], Value::Null);
        assert_eq!(reply.json()["errors"][0]["path"], json!(["bookings"]));
        let reply = site.ask("subscription { bookingChanged { at } }", json!({}), None).await;
        assert_refused(&reply, 400);
        site.close().await;
    });
}

#[test]
fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    with_paused_clock(async || {
        let proxies = vec!["127.0.0.0/8".parse().unwrap()];
        let limited =
            LimitsSection { requests_per_second: 2, trusted_proxies: proxies, ..limits() };
        let site = Site::open_with(limited).await;
        let from =
            |address: &'static str| [JSON, ("x-forwarded-for", address), ("accept-language", "en")];
        for _ in 0..2 {
            assert_eq!(site.post(HOTEL, &from("203.0.113.9")).await.status, 200);
        }
        let reply = site.post(HOTEL, &from("203.0.113.9")).await;
        assert_eq!((reply.status, reply.code().as_str()), (429, "RATE_LIMITED"));
        assert_eq!(reply.headers["retry-after"], "1");
        assert_eq!(site.post(HOTEL, &from("203.0.113.10")).await.status, 200);
        site.close().await;
    });
}

#[test]
fn a_half_sent_head_and_an_idle_connection_are_closed_after_a_while() {
    with_paused_clock(async || {
        let site = Site::open().await;
        for begun in ["", "GET /healthz HT", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let mut connection = TcpStream::connect(site.app.address).await.unwrap();
            connection.write_all(begun.as_bytes()).await.unwrap();
            let mut received = Vec::new();
            if begun.ends_with("\r\n\r\n") {
                while !received.ends_with(b"ok") {
                    connection.read_buf(&mut received).await.unwrap();
                }
            }
            let before = tokio::time::Instant::now();
            while_time_passes(connection.read_to_end(&mut received)).await.unwrap();
            let waited = before.elapsed().as_secs();
            assert!((15..60).contains(&waited), "{begun:?}: {waited} s");
        }
        site.close().await;
    });
}
