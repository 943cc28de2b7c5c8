//! What a client reads of a failure: resolvers fail with the desk's own errors, and this is the
//! one place that turns them into messages and codes.

use async_graphql::{PathSegment, Response, ServerError, Value};
use serde::Serialize;
use tracing::error;

use crate::domain::refusal::Unavailable;
use crate::domain::{HotelPolicy, Language, Refusal};
use crate::service::ServiceError;
use crate::store::StoreError;
use crate::text;

use super::AppState;
use super::null_propagation::ResponsePlan;

/// The code of everything that is wrong with what the client sent.
pub const INVALID_INPUT: &str = "INVALID_INPUT";

/// An execution result in the form that the specification gives it.
#[derive(Debug, Serialize)]
pub struct GraphqlResponse {
    /// What was asked for; absent if the request failed before it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ServerError>,
}

impl GraphqlResponse {
    /// The answer to a request that was not carried out.
    pub fn request_error(error: ServerError) -> Self {
        Self { data: None, errors: vec![error] }
    }

    /// Turns what the schema answered into what the client reads.
    pub fn of(
        response: Response,
        plan: &ResponsePlan,
        state: &AppState,
        language: Language,
    ) -> Self {
        let mut errors = response.errors;
        for error in &mut errors {
            explain(error, language, &state.context.service.policy().hotel);
        }
        // Errors of execution happen at a path. Without any, nothing was executed.
        let is_request_error = response.data == Value::Null
            && !errors.is_empty()
            && errors.iter().all(|error| error.path.is_empty());
        let whole = || state.shapes.complete(plan, response.data, !errors.is_empty());
        Self { data: (!is_request_error).then(whole), errors }
    }

    /// Whether the request failed before it was carried out.
    pub fn is_request_error(&self) -> bool {
        self.data.is_none()
    }

    /// Whether a subscription failed to start: its errors are those of the field itself, and
    /// there is nothing of the field.
    pub fn is_failed_start(&self) -> bool {
        let of_field =
            |error: &ServerError| matches!(&error.path[..], [] | [PathSegment::Field(_)]);
        let is_empty = self.data.as_ref().is_none_or(|data| *data == Value::Null);
        is_empty && !self.errors.is_empty() && self.errors.iter().all(of_field)
    }
}

/// A refusal as an error of its own, before any schema was asked.
pub fn refused(refusal: &Refusal, language: Language, hotel: &HotelPolicy) -> ServerError {
    let mut error = ServerError::new(text::refusal(language, refusal, hotel), None);
    let field = match refusal {
        Refusal::InvalidInput { field, .. } => Some(field.name()),
        _ => None,
    };
    settle(&mut error, code(refusal), field);
    error
}

/// An error about the form of a request, which only developers read.
pub fn malformed(message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    settle(&mut error, INVALID_INPUT, None);
    error
}

/// What no one foresaw, told by a number that the log has too.
pub fn internal(cause: &str, language: Language) -> ServerError {
    let incident = format!("{:08x}", rand::random::<u32>());
    error!(incident, cause, "internal error");
    let mut error = ServerError::new(text::internal(language, &incident), None);
    settle(&mut error, "INTERNAL", None);
    error
}

fn explain(error: &mut ServerError, language: Language, hotel: &HotelPolicy) {
    let explained = match cause(error) {
        Some(Ok(refusal)) => refused(&refusal, language, hotel),
        Some(Err(cause)) => internal(&cause, language),
        None => {
            let field = field_of(&error.message);
            return settle(error, INVALID_INPUT, field.as_deref());
        }
    };
    error.message = explained.message;
    error.extensions = explained.extensions;
}

/// Why a resolver failed: a refusal, or what no one foresaw. `None` if it was none of ours.
fn cause(error: &ServerError) -> Option<Result<Refusal, String>> {
    let of_store = |error: &StoreError| match error {
        StoreError::NotFound => Ok(Refusal::NotFound),
        StoreError::Conflict(_) => Ok(Refusal::Conflict),
        StoreError::Unavailable(_) => Ok(Refusal::Unavailable(Unavailable::Store)),
        StoreError::Unexpected(cause) => Err(cause.clone()),
    };
    if let Some(error) = error.source::<ServiceError>() {
        return Some(match error {
            ServiceError::Refused(refusal) => Ok(refusal.clone()),
            ServiceError::Store(error) => of_store(error),
        });
    }
    error.source::<StoreError>().map(of_store)
}

fn settle(error: &mut ServerError, code: &str, field: Option<&str>) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    if let Some(field) = field {
        extensions.set("field", field);
    }
}

/// The input that a message of the schema's validation is about, by its own name: such errors
/// carry it nowhere else.
fn field_of(message: &str) -> Option<String> {
    let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
    if let Some(reason) = message.strip_prefix("Invalid value for argument ") {
        if let Some((_, rest)) = reason.split_once("field \"") {
            return rest.split('"').next().map(str::to_owned);
        }
        let is_name = |part: &&str| part.parse::<usize>().is_err();
        return quoted(reason)?.rsplit('.').find(is_name).map(str::to_owned);
    }
    if message.ends_with("is required but not provided") {
        return message.split_once("argument ").and_then(|(_, rest)| quoted(rest));
    }
    None
}

fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::InvalidInput { .. } => INVALID_INPUT,
        Refusal::SoldOut { .. } => "SOLD_OUT",
        Refusal::TooManyHolds { .. } => "TOO_MANY_HOLDS",
        Refusal::NotFound => "NOT_FOUND",
        Refusal::Unauthenticated => "UNAUTHENTICATED",
        Refusal::Forbidden(_) => "FORBIDDEN",
        Refusal::AlreadyPaid(_) => "ALREADY_PAID",
        Refusal::AlreadyCancelled(_) => "ALREADY_CANCELLED",
        Refusal::NotAllowed(_) => "NOT_ALLOWED",
        Refusal::RateLimited => "RATE_LIMITED",
        Refusal::Conflict => "CONFLICT",
        Refusal::Unavailable(_) => "UNAVAILABLE",
    }
}
