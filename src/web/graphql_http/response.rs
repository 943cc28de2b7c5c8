//! Builds the response to one request: its errors, and whether it has data.
//!
//! The host provides the messages of its own errors. Messages about malformed requests are for
//! developers; they are in English and are written here.

use std::any::Any;

use async_graphql::{PathSegment, Response, ServerError, Value};
use serde::Serialize;

use super::null_propagation::ResponsePlan;
use super::{Endpoint, Host};

/// The most bytes of data in one answer. A page of 200 bookings with their histories has less than
/// half of it.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The most errors in one answer.
const MAX_ERRORS: usize = 100;

/// The `code` in the extensions of an error about invalid input.
pub const INVALID_INPUT: &str = "INVALID_INPUT";

/// A response in the format of the GraphQL specification (7.1).
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RequestResult {
    /// The operation was executed; some of its fields may have failed.
    Executed(Response),
    /// The request failed before execution. Such a response must not have a member `data`, which
    /// [`Response`] always has.
    RequestError {
        /// The errors, at least one.
        errors: Vec<ServerError>,
    },
}

impl RequestResult {
    /// The response to a request that was not executed.
    pub fn request_error(error: ServerError) -> Self {
        Self::RequestError { errors: vec![error] }
    }

    /// Whether the request failed before execution.
    pub fn is_request_error(&self) -> bool {
        matches!(self, Self::RequestError { .. })
    }

    /// Whether the operation was executed and no field failed.
    pub fn has_no_errors(&self) -> bool {
        match self {
            Self::Executed(response) => response.errors.is_empty(),
            Self::RequestError { .. } => false,
        }
    }

    /// Whether a subscription failed to start. Then the errors are at the subscription's field, and
    /// the field has no data.
    pub fn is_failed_start(&self) -> bool {
        let of_field =
            |error: &ServerError| matches!(&error.path[..], [] | [PathSegment::Field(_)]);
        let (is_empty, errors) = match self {
            Self::Executed(response) => (response.data == Value::Null, &response.errors),
            Self::RequestError { errors } => (true, errors),
        };
        is_empty && !errors.is_empty() && errors.iter().all(of_field)
    }

    /// The errors of the response.
    pub fn into_errors(self) -> Vec<ServerError> {
        match self {
            Self::Executed(Response { errors, .. }) | Self::RequestError { errors } => errors,
        }
    }
}

impl<H: Host> Endpoint<H> {
    /// Converts the response of the schema to the response for the client.
    pub fn response(
        &self,
        mut response: Response,
        plan: &ResponsePlan,
        caller: &H::Caller,
    ) -> RequestResult {
        for error in &mut response.errors {
            self.explain(error, caller);
        }
        let has_failed = !response.errors.is_empty();
        // Errors of execution have a path. If there are errors and none has a path, nothing was
        // executed.
        let is_request_error = response.data == Value::Null
            && has_failed
            && response.errors.iter().all(|error| error.path.is_empty());
        if is_request_error {
            return RequestResult::RequestError { errors: response.errors };
        }
        response.errors.truncate(MAX_ERRORS);
        let mut left = MAX_ANSWER_BYTES;
        if !fits(&response.data, &mut left) {
            return RequestResult::request_error(malformed(format!(
                "The answer would have more than {} MiB. Ask for less.",
                MAX_ANSWER_BYTES / 1024 / 1024
            )));
        }
        response.data = self.field_types.complete(plan, response.data, has_failed);
        RequestResult::Executed(response)
    }

    /// The response to a request that panicked.
    pub fn panicked(&self, panic: &(dyn Any + Send), caller: &H::Caller) -> RequestResult {
        RequestResult::request_error(self.host.internal_error(panic_message(panic), caller))
    }

    fn explain(&self, error: &mut ServerError, caller: &H::Caller) {
        let Some(explained) = self.host.resolver_error(error, caller) else {
            let field = field_of(&error.message);
            return set_invalid_input(error, field.as_deref());
        };
        error.message = explained.message;
        error.extensions = explained.extensions;
    }
}

/// Whether a value has about `left` bytes as JSON at most. Takes its bytes from `left`.
fn fits(value: &Value, left: &mut usize) -> bool {
    let bytes = match value {
        Value::Null | Value::Boolean(_) | Value::Number(_) => 5,
        Value::String(text) => text.len() + 3,
        Value::Enum(name) => name.len() + 3,
        Value::Binary(bytes) => bytes.len() * 4,
        Value::List(_) => 2,
        Value::Object(members) => members.keys().map(|name| name.len() + 4).sum::<usize>() + 2,
    };
    let Some(rest) = left.checked_sub(bytes) else { return false };
    *left = rest;
    match value {
        Value::List(items) => items.iter().all(|item| fits(item, left)),
        Value::Object(members) => members.values().all(|member| fits(member, left)),
        Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Enum(_)
        | Value::Binary(_) => true,
    }
}

/// An error about a malformed request. The message is for developers.
pub fn malformed(message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_invalid_input(&mut error, None);
    error
}

/// Marks an error as caused by invalid input, and adds the name of the input if it is known.
pub fn set_invalid_input(error: &mut ServerError, field: Option<&str>) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", INVALID_INPUT);
    if let Some(field) = field {
        extensions.set("field", field);
    }
}

/// The message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let fixed = panic.downcast_ref::<&'static str>().copied();
    fixed
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// The name of the input in a validation message of the schema. These errors have the name only in
/// the message.
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

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    #[test]
    fn the_size_of_an_answer_is_estimated_without_writing_it() {
        for answer in [
            value!({ "hotel": { "name": "Melati", "rooms": [1, 2, 3], "none": null } }),
            value!({ "a": ["x", "yy", ""], "b": [[], {}], "c": true }),
        ] {
            let written = serde_json::to_string(&answer).unwrap().len();
            let needs = |bytes: usize| fits(&answer, &mut bytes.clone());
            assert!(needs(written * 2) && !needs(written / 2), "{answer}");
        }
    }
}
