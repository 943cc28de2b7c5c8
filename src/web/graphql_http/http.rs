//! GraphQL over HTTP.
//!
//! Mutations are accepted only by POST with JSON. Browsers send other media types for pages of
//! other sites without a preflight request, and they follow links with GET.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, ServerError};
use axum::body::Body;
use axum::extract::{FromRequestParts, Query, Request, State, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, StreamExt};

use super::content_negotiation::{self, MediaType};
use super::http_response::{error_response, respond};
use super::parameters::{Parameters, PreparedRequest};
use super::response::malformed;
use super::{Endpoint, Host, MAX_REQUEST_BYTES, socket};

/// How many bytes of a too large request are read. If the rest were not read, the client would see
/// a broken connection instead of the response.
const MAX_DRAINED: usize = 1024 * 1024;
/// The longest time that a client may take to send the body of a request.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Serves one request.
pub async fn serve<H: Host>(
    State(endpoint): State<Arc<Endpoint<H>>>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = endpoint.host.caller(&parts);
    let media = MediaType::accepted(&parts.headers);
    if let Err(wait) = endpoint.host.check_rate(&caller) {
        return too_many(endpoint.host.rate_limit_error(&caller), media, wait);
    }
    match parts.method {
        Method::GET if parts.headers.contains_key(header::UPGRADE) => {
            match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
                Ok(upgrade) => socket::open(endpoint, upgrade, &parts, caller),
                Err(_) => refuse(media, StatusCode::BAD_REQUEST, "This is no WebSocket."),
            }
        }
        Method::GET | Method::HEAD => endpoint.get(&parts, caller, media).await,
        Method::POST => endpoint.post(&parts.headers, body, caller, media).await,
        _ => not_allowed(media, "GET, HEAD, POST", "GraphQL takes GET for queries, and POST."),
    }
}

impl<H: Host> Endpoint<H> {
    /// Serves a request with its parameters in the query string.
    async fn get(&self, parts: &Parts, caller: H::Caller, media: Option<MediaType>) -> Response {
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
            return refuse(media, StatusCode::BAD_REQUEST, "The address cannot be read.");
        };
        match Parameters::from_address(pairs) {
            Ok(parameters) => self.execute(parameters, caller, media, HttpVerb::Get).await,
            Err(error) => error_response(media, StatusCode::BAD_REQUEST, error),
        }
    }

    /// Serves a request with its parameters in the body.
    async fn post(
        &self,
        headers: &HeaderMap,
        body: Body,
        caller: H::Caller,
        media: Option<MediaType>,
    ) -> Response {
        if !content_negotiation::is_json(headers) {
            let message = "The body must be of the type application/json, in UTF-8.";
            return refuse(media, StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
        }
        let body = match tokio::time::timeout(BODY_WITHIN, read(body)).await {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => return error.response(media),
            Err(_) => return BodyError::TooSlow.response(media),
        };
        match Parameters::from_body(&body) {
            Ok(parameters) => self.execute(parameters, caller, media, HttpVerb::Post).await,
            Err(error) => error_response(media, StatusCode::BAD_REQUEST, error),
        }
    }

    async fn execute(
        &self,
        parameters: Parameters,
        caller: H::Caller,
        media: Option<MediaType>,
        verb: HttpVerb,
    ) -> Response {
        let Some(media) = media else {
            return refuse(None, StatusCode::NOT_ACCEPTABLE, "The answer is JSON, in UTF-8.");
        };
        let caller = Arc::new(caller);
        let prepared = parameters.prepare(Arc::clone(&caller));
        let PreparedRequest { kind, plan, request, .. } = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return error_response(Some(media), request_error_status(media), error),
        };
        if verb == HttpVerb::Get && kind == OperationType::Mutation {
            return not_allowed(Some(media), "POST", "Mutations need a POST.");
        }
        let execution = self.host.schema().execute(request);
        match AssertUnwindSafe(execution).catch_unwind().await {
            Ok(response) => {
                let answer = self.response(response, &plan, &caller);
                let is_error = answer.is_request_error();
                let status = if is_error { request_error_status(media) } else { StatusCode::OK };
                respond(media, status, answer)
            }
            Err(panic) => {
                let answer = self.panicked(&*panic, &caller);
                respond(media, StatusCode::INTERNAL_SERVER_ERROR, answer)
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HttpVerb {
    Get,
    Post,
}

enum BodyError {
    TooLarge,
    TooSlow,
    Incomplete,
}

impl BodyError {
    fn response(self, media: Option<MediaType>) -> Response {
        let (status, message) = match self {
            Self::TooLarge => {
                let message =
                    format!("The body may have {} KiB at most.", MAX_REQUEST_BYTES / 1024);
                (StatusCode::PAYLOAD_TOO_LARGE, message)
            }
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The body took too long.".to_owned()),
            Self::Incomplete => (StatusCode::BAD_REQUEST, "The body broke off.".to_owned()),
        };
        refuse(media, status, message)
    }
}

/// Reads a body. Reads up to [`MAX_DRAINED`] bytes of a body that is too large.
async fn read(body: Body) -> Result<Vec<u8>, BodyError> {
    let mut parts = body.into_data_stream();
    let (mut read, mut length) = (Vec::new(), 0);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| BodyError::Incomplete)?;
        length += part.len();
        if length > MAX_DRAINED {
            break;
        }
        if length <= MAX_REQUEST_BYTES {
            read.extend_from_slice(&part);
        }
    }
    if length > MAX_REQUEST_BYTES { Err(BodyError::TooLarge) } else { Ok(read) }
}

/// The status for a well-formed request that was not executed. Clients of `application/json` treat
/// any other status than 200 as a failed connection.
fn request_error_status(media: MediaType) -> StatusCode {
    match media {
        MediaType::Json => StatusCode::OK,
        MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
    }
}

fn too_many(error: ServerError, media: Option<MediaType>, wait: Duration) -> Response {
    let answer = error_response(media, StatusCode::TOO_MANY_REQUESTS, error);
    // The header has whole seconds. Rounding up ensures that the client does not retry too early.
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    ([(header::RETRY_AFTER, seconds)], answer).into_response()
}

fn not_allowed(media: Option<MediaType>, allowed: &'static str, message: &str) -> Response {
    let answer = refuse(media, StatusCode::METHOD_NOT_ALLOWED, message);
    ([(header::ALLOW, allowed)], answer).into_response()
}

fn refuse(media: Option<MediaType>, status: StatusCode, message: impl Into<String>) -> Response {
    error_response(media, status, malformed(message))
}
