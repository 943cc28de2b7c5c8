//! Fuzzes GraphQL over HTTP. The first line of the input is a method and a query string, then come
//! headers up to an empty line, and the rest is the body.
#![no_main]

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request};
use jatah_fuzz::endpoint;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

static ROUTER: LazyLock<Router> = LazyLock::new(endpoint::router);
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes) else { return };
    let (status, body) = RUNTIME.block_on(async {
        let response = ROUTER.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, to_bytes(response.into_body(), 8 << 20).await.unwrap())
    });
    assert!(!status.is_server_error(), "{status}");
    if !body.is_empty() {
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(answer["data"].is_object() || answer["errors"].is_array(), "{status} {answer}");
    }
});

fn request(bytes: &[u8]) -> Option<Request<Body>> {
    let mut rest = bytes;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    };
    let (method, query) = std::str::from_utf8(line()?).ok()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(format!("/{query}"));
    while let Some(header) = line().filter(|line| !line.is_empty()) {
        let at = header.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&header[..at], header[at + 1..].trim_ascii());
        request = request.header(name, HeaderValue::from_bytes(value).ok()?);
    }
    let body = rest.to_vec();
    request.body(Body::from(body)).ok().filter(|request| request.uri().path() == "/")
}
