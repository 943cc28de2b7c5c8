//! Tests the protocols with a host that is not the hotel: a counter.

use async_graphql::{EmptySubscription, Error, Object, Schema};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use std::any::Any;
use tower::Service;

use super::*;

struct Query;

#[expect(clippy::unused_async, reason = "async-graphql takes asynchronous resolvers only")]
#[Object]
impl Query {
    async fn half(&self, of: i32) -> Result<i32, Error> {
        assert!(of != 0, "on purpose");
        if of % 2 == 0 { Ok(of / 2) } else { Err(Error::new_with_source(Odd)) }
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn count(&self) -> i32 {
        1
    }
}

#[derive(Debug, thiserror::Error)]
#[error("odd")]
struct Odd;

struct Counter(Schema<Query, Mutation, EmptySubscription>);

impl Host for Counter {
    type Schema = Schema<Query, Mutation, EmptySubscription>;
    type Caller = ();

    fn schema(&self) -> &Self::Schema {
        &self.0
    }

    fn public_url(&self) -> Option<&str> {
        None
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
        _: Map<String, Value>,
    ) -> Result<(), ConnectionRefusal> {
        Ok(())
    }

    fn rate_limit_error(&self, (): &()) -> ServerError {
        ServerError::new("too many", None)
    }

    fn internal_error(&self, cause: &str, (): &()) -> ServerError {
        ServerError::new(format!("crashed {cause}"), None)
    }

    fn resolver_error(&self, error: &ServerError, (): &()) -> Option<ServerError> {
        error.source::<Odd>().map(|_| ServerError::new("The number is odd.", None))
    }
}

async fn post(query: &str) -> (StatusCode, String) {
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    let sdl = schema.sdl();
    let mut route = route(Counter(schema), &sdl, CancellationToken::new());
    let request = Request::post("/")
        .header("content-type", "application/json")
        .header("accept", "application/graphql-response+json")
        .body(Body::from(serde_json::json!({ "query": query }).to_string()))
        .unwrap();
    let response = route.call(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), MAX_REQUEST_BYTES).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn any_host_is_served() {
    let input = r#""extensions":{"code":"INVALID_INPUT"}"#;
    for (query, status, body) in [
        ("{ half(of: 4) }", 200, r#"{"data":{"half":2}}"#.to_owned()),
        ("mutation { count }", 200, r#"{"data":{"count":1}}"#.to_owned()),
        (
            "{ half(of: 3) }",
            200,
            r#"{"data":null,"errors":[{"message":"The number is odd.","locations":[{"line":1,"column":3}],"path":["half"]}]}"#.to_owned(),
        ),
        ("{ half(of: 0) }", 500, r#"{"errors":[{"message":"crashed on purpose"}]}"#.to_owned()),
        (
            "{ ...F }",
            400,
            format!(r#"{{"errors":[{{"message":"The fragment \"F\" is not defined.",{input}}}]}}"#),
        ),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(post(query).await, (status, body), "{query}");
    }
}
