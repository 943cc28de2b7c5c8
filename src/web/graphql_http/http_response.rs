//! Writes a result as an HTTP response.

use async_graphql::ServerError;
use async_graphql_axum::GraphQLResponse;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::content_negotiation::MediaType;
use super::response::RequestResult;

/// A response with one request error. A client that accepts neither media type gets JSON.
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
        // The response may depend on the language and the credentials of the request.
        (header::VARY, HeaderValue::from_static("accept, accept-language, authorization")),
    ];
    match answer {
        // These headers replace the default headers, which do not fit the media type.
        RequestResult::Executed(response) => {
            (status, headers, GraphQLResponse::from(response)).into_response()
        }
        RequestResult::RequestError { .. } => match serde_json::to_string(&answer) {
            Ok(body) => (status, headers, body).into_response(),
            // Serialization does not fail, because an error contains only strings, numbers and
            // maps.
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}
