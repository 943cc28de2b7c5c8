//! The HTTP door: GraphQL over HTTP, with nothing open that need not be.
//!
//! Only a POST of JSON changes anything: a browser sends other types for a foreign page without
//! asking, and follows a link with GET.

use std::any::Any;
use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request as GraphqlRequest, ServerError};
use axum::body::Body;
use axum::extract::{FromRequestParts, Query, Request, State, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, StreamExt};

use super::caller::{Caller, bearer, preferred_language};
use super::content_negotiation::{self, MediaType};
use super::document::{self, Document};
use super::error::{ApiError, GraphqlResponse, internal, malformed};
use super::null_propagation::ResponsePlan;
use super::parameters::Parameters;
use super::{AppState, socket};

/// Bytes of a request at most.
pub const MAX_BODY: usize = 64 * 1024;
/// Bytes that are read of a request that is too large, so that its sender comes to read our
/// answer instead of finding the connection broken.
const MAX_DRAINED: usize = 1024 * 1024;
/// A request that takes longer to come in is given up.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Serves one request to `/graphql`.
pub async fn serve(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = state.caller(&parts);
    let media = MediaType::accepted(&parts.headers);
    if let Err(wait) = state.limits.check(state.limits.network(&parts)) {
        return too_many(&state, &caller, media, wait);
    }
    match parts.method {
        Method::GET if parts.headers.contains_key(header::UPGRADE) => {
            match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
                Ok(upgrade) => socket::open(state, upgrade, &parts, caller),
                Err(_) => refuse(media, StatusCode::BAD_REQUEST, "This is no WebSocket."),
            }
        }
        Method::GET | Method::HEAD => by_address(&state, &parts, caller, media).await,
        Method::POST => by_body(&state, &parts.headers, body, caller, media).await,
        _ => {
            let message = "GraphQL takes GET for queries, and POST.";
            let answer = refuse(media, StatusCode::METHOD_NOT_ALLOWED, message);
            ([(header::ALLOW, "GET, HEAD, POST")], answer).into_response()
        }
    }
}

impl AppState {
    /// Who asks, by what the request says.
    fn caller(&self, parts: &Parts) -> Caller {
        let settings = &self.context.settings;
        let headers = &parts.headers;
        let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        Caller::new(
            preferred_language(headers).unwrap_or(settings.language),
            settings.public_url.clone().unwrap_or_else(|| self.address_asked(parts)),
            self.limits.network(parts).key(),
            authorization.and_then(bearer).map(str::to_owned),
        )
    }

    /// The address that a request went to, for a hotel that was not told its own.
    fn address_asked(&self, parts: &Parts) -> String {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let is_plain =
            |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        let asked = text("host").or(parts.uri.authority().map(Authority::as_str));
        let host = asked.filter(is_plain).unwrap_or("localhost");
        let is_secure = self.limits.is_proxied(parts) && text("x-forwarded-proto") == Some("https");
        format!("{}://{host}", if is_secure { "https" } else { "http" })
    }
}

async fn by_address(
    state: &AppState,
    parts: &Parts,
    caller: Caller,
    media: Option<MediaType>,
) -> Response {
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
        return refuse(media, StatusCode::BAD_REQUEST, "The address cannot be read.");
    };
    match Parameters::from_address(pairs) {
        Ok(parameters) => execute(state, parameters, caller, media, HttpVerb::Get).await,
        Err(error) => request_error(media, StatusCode::BAD_REQUEST, error),
    }
}

async fn by_body(
    state: &AppState,
    headers: &HeaderMap,
    body: Body,
    caller: Caller,
    media: Option<MediaType>,
) -> Response {
    if !content_negotiation::is_json(headers) {
        let message = "The body must be of the type application/json, in UTF-8.";
        return refuse(media, StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    }
    let body = match tokio::time::timeout(BODY_WITHIN, read(body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(BodyError::TooLarge)) => {
            let message = format!("The body may have {} KiB at most.", MAX_BODY / 1024);
            return refuse(media, StatusCode::PAYLOAD_TOO_LARGE, message);
        }
        Ok(Err(BodyError::Broken)) => {
            return refuse(media, StatusCode::BAD_REQUEST, "The body broke off.");
        }
        Err(_) => return refuse(media, StatusCode::REQUEST_TIMEOUT, "The body took too long."),
    };
    match Parameters::from_body(&body) {
        Ok(parameters) => execute(state, parameters, caller, media, HttpVerb::Post).await,
        Err(error) => request_error(media, StatusCode::BAD_REQUEST, error),
    }
}

enum BodyError {
    TooLarge,
    Broken,
}

async fn read(body: Body) -> Result<Vec<u8>, BodyError> {
    let mut parts = body.into_data_stream();
    let (mut read, mut length) = (Vec::new(), 0);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| BodyError::Broken)?;
        length += part.len();
        if length > MAX_DRAINED {
            break;
        }
        if length <= MAX_BODY {
            read.extend_from_slice(&part);
        }
    }
    if length > MAX_BODY { Err(BodyError::TooLarge) } else { Ok(read) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HttpVerb {
    Get,
    Post,
}

async fn execute(
    state: &AppState,
    parameters: Parameters,
    caller: Caller,
    media: Option<MediaType>,
    way: HttpVerb,
) -> Response {
    let Some(media) = media else {
        return refuse(None, StatusCode::NOT_ACCEPTABLE, "The answer is JSON, in UTF-8.");
    };
    let language = caller.language;
    let PreparedRequest { plan, request, .. } = match prepare(parameters, Arc::new(caller)) {
        Ok(prepared) if way == HttpVerb::Get && prepared.kind == OperationType::Mutation => {
            let message = "Mutations need a POST.";
            let answer = refuse(Some(media), StatusCode::METHOD_NOT_ALLOWED, message);
            return ([(header::ALLOW, "POST")], answer).into_response();
        }
        Ok(prepared) => prepared,
        Err(error) => return respond(media, failed(media), &GraphqlResponse::request_error(error)),
    };
    match AssertUnwindSafe(state.schema.execute(request)).catch_unwind().await {
        Ok(response) => {
            let answer = GraphqlResponse::of(response, &plan, state, language);
            let status = if answer.is_request_error() { failed(media) } else { StatusCode::OK };
            respond(media, status, &answer)
        }
        Err(panic) => {
            let answer = GraphqlResponse::request_error(internal(&panic_words(&*panic), language));
            respond(media, StatusCode::INTERNAL_SERVER_ERROR, &answer)
        }
    }
}

/// A request that the schema can carry out.
pub struct PreparedRequest {
    /// What kind of operation it is.
    pub kind: OperationType,
    /// What the answer is compared with.
    pub plan: ResponsePlan,
    /// The request.
    pub request: GraphqlRequest,
}

/// Makes a request of parameters.
///
/// # Errors
/// A request error.
pub fn prepare(
    parameters: Parameters,
    caller: Arc<Caller>,
) -> Result<PreparedRequest, ServerError> {
    let Parameters { query, operation_name, variables } = parameters;
    let Document { parsed, kind, variables } =
        document::read(&query, operation_name.as_deref(), variables)?;
    let mut request = GraphqlRequest::new(query).variables(variables.clone()).data(caller);
    request.operation_name.clone_from(&operation_name);
    request.set_parsed_query(parsed.clone());
    let plan = ResponsePlan { document: parsed, operation_name, variables };
    Ok(PreparedRequest { kind, plan, request })
}

/// What a panic said.
pub fn panic_words(panic: &(dyn Any + Send)) -> Cow<'static, str> {
    let words = panic.downcast_ref::<&'static str>().map(|words| Cow::Borrowed(*words));
    words
        .or_else(|| panic.downcast_ref::<String>().cloned().map(Cow::Owned))
        .unwrap_or(Cow::Borrowed("a panic without words"))
}

/// The status of a request that was not carried out, though it was well-formed. Readers of the
/// older media type take any other status for a broken connection.
fn failed(media: MediaType) -> StatusCode {
    match media {
        MediaType::Json => StatusCode::OK,
        MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
    }
}

fn too_many(
    state: &AppState,
    caller: &Caller,
    media: Option<MediaType>,
    wait: Duration,
) -> Response {
    let error = state.refuse(&ApiError::RateLimited, caller);
    let answer = request_error(media, StatusCode::TOO_MANY_REQUESTS, error);
    // Whole seconds; one more than begun is never too early.
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    ([(header::RETRY_AFTER, seconds)], answer).into_response()
}

fn refuse(media: Option<MediaType>, status: StatusCode, message: impl Into<String>) -> Response {
    request_error(media, status, malformed(message))
}

/// Answers a request error in GraphQL's own form.
pub fn request_error(media: Option<MediaType>, status: StatusCode, error: ServerError) -> Response {
    respond(media.unwrap_or(MediaType::Json), status, &GraphqlResponse::request_error(error))
}

fn respond(media: MediaType, status: StatusCode, answer: &GraphqlResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.header()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("accept, accept-language, authorization")),
    ];
    match serde_json::to_string(answer) {
        Ok(body) => (status, headers, body).into_response(),
        // Strings, numbers and names: there is nothing in an answer that JSON does not have.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
