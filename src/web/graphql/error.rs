//! What a client reads of a failure: resolvers fail with the desk's own errors, and this is the
//! one place that turns them into messages and codes.

use async_graphql::{PathSegment, Response, ServerError, Value};
use serde::Serialize;
use tracing::error;

use crate::domain::refusal::Unavailable;
use crate::domain::{Field, HotelPolicy, Language, Refusal};
use crate::service::{ReportError, ServiceError};
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

/// Why a resolver, or the endpoint itself, did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The caller's business.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no session, or an ended one.
    #[error("unauthenticated")]
    Unauthenticated,
    /// Too many requests.
    #[error("rate limited")]
    RateLimited,
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(refusal) => Self::Refused(refusal),
            ServiceError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::TooMany => Self::RateLimited,
            ReportError::Service(error) => error.into(),
        }
    }
}

/// An error as the client reads it.
pub fn server_error(error: &ApiError, language: Language, hotel: &HotelPolicy) -> ServerError {
    let refused = |refusal: &Refusal| {
        let mut error = ServerError::new(text::refusal(language, refusal, hotel), None);
        let field = match refusal {
            Refusal::InvalidInput { field, .. } => Some(field_name(*field)),
            _ => None,
        };
        settle(&mut error, code(refusal), field);
        error
    };
    let fixed = |message: &str, code: &str| {
        let mut error = ServerError::new(message, None);
        settle(&mut error, code, None);
        error
    };
    match error {
        ApiError::Refused(refusal) => refused(refusal),
        ApiError::Unauthenticated => fixed(text::unauthenticated(language), "UNAUTHENTICATED"),
        ApiError::RateLimited => fixed(text::rate_limited(language), "RATE_LIMITED"),
        ApiError::Store(StoreError::NotFound) => refused(&Refusal::NotFound),
        ApiError::Store(StoreError::Conflict(_)) => refused(&Refusal::Conflict),
        ApiError::Store(StoreError::Unavailable(_)) => {
            refused(&Refusal::Unavailable(Unavailable::Store))
        }
        ApiError::Store(StoreError::Unexpected(cause)) => internal(cause, language),
    }
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
    let Some(cause) = cause(error) else {
        let field = field_of(&error.message);
        return settle(error, INVALID_INPUT, field.as_deref());
    };
    let explained = server_error(&cause, language, hotel);
    error.message = explained.message;
    error.extensions = explained.extensions;
}

/// Why a resolver failed; `None` if it was none of ours.
fn cause(error: &ServerError) -> Option<ApiError> {
    let of_store = || error.source::<StoreError>().cloned().map(ApiError::Store);
    error.source::<ApiError>().cloned().or_else(of_store)
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
        Refusal::Forbidden(_) => "FORBIDDEN",
        Refusal::AlreadyPaid(_) => "ALREADY_PAID",
        Refusal::AlreadyCancelled(_) => "ALREADY_CANCELLED",
        Refusal::NotAllowed(_) => "NOT_ALLOWED",
        Refusal::Conflict => "CONFLICT",
        Refusal::Unavailable(_) => "UNAVAILABLE",
    }
}

/// The name of an input in the schema.
fn field_name(field: Field) -> &'static str {
    match field {
        Field::GuestName => "guestName",
        Field::Email => "email",
        Field::RoomType => "roomType",
        Field::CheckIn => "checkIn",
        Field::Nights => "nights",
        Field::Position => "position",
        Field::RequestId => "requestId",
        Field::ReceiptNo => "receiptNo",
        Field::Minutes => "minutes",
        Field::Note => "note",
        Field::First => "first",
        Field::After => "after",
        Field::Search => "search",
        Field::Rooms => "rooms",
        Field::Date => "date",
        Field::Code => "code",
    }
}
