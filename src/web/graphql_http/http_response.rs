//! Writes a result as an HTTP response.

use async_graphql::ServerError;
use async_graphql_axum::GraphQLResponse;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::content_negotiation::MediaType;
use super::response::RequestResult;

/// Answers with one request error. A client that accepts neither media type gets JSON.
pub(super) fn error_response(
    media: Option<MediaType>,
    status: StatusCode,
    error: ServerError,
) -> Response {
    respond(media.unwrap_or(MediaType::Json), status, RequestResult::request_error(error))
}

pub(super) fn respond(media: MediaType, status: StatusCode, answer: RequestResult) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.header()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // The host may read the language and the credentials of a request.
        (header::VARY, HeaderValue::from_static("accept, accept-language, authorization")),
    ];
    match answer {
        // The headers replace its own, which know neither the status nor the media type.
        RequestResult::Executed(response) => {
            (status, headers, GraphQLResponse::from(response)).into_response()
        }
        RequestResult::RequestError { .. } => match serde_json::to_string(&answer) {
            Ok(body) => (status, headers, body).into_response(),
            // Strings, numbers and names: there is nothing in an error that JSON does not have.
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}
