//! Translates the driver's errors into [`StoreError`].
//!
//! Some of the server's messages quote keys and values, and a key may be a guest's address. So only
//! error codes and their names are passed on, never the server's messages.

use mongodb::bson::error::Error as BsonError;
use mongodb::error::{
    Error, ErrorKind, RETRYABLE_WRITE_ERROR, TRANSIENT_TRANSACTION_ERROR, WriteFailure,
};

use crate::store::StoreError;

pub(super) const DUPLICATE_KEY: i32 = 11000;
/// `create` of a collection that exists already.
pub(super) const NAMESPACE_EXISTS: i32 = 48;
const WRITE_CONFLICT: i32 = 112;
const UNAUTHORIZED: i32 = 13;
const INVALID_RESUME_TOKEN: i32 = 260;
const HISTORY_LOST: i32 = 286;

/// Codes that mean that the server is unavailable: not primary, shutting down, recovering, timed
/// out or disconnected (the drivers' specification of retryable reads lists them), that the
/// majority does not answer in time, or that a lock, a cursor, a signing key or a snapshot is not
/// to be had for the moment (24, 43, 211, 239, 246).
const UNAVAILABLE_CODES: [i32; 20] = [
    6, 7, 24, 43, 50, 64, 89, 91, 134, 189, 211, 239, 246, 262, 9001, 10107, 11600, 11602, 13435,
    13436,
];

/// The server's code in an error of the driver.
pub(super) fn code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some(command.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => Some(concern.code),
        ErrorKind::InsertMany(many) => {
            let write = many.write_errors.as_ref().and_then(|errors| errors.first());
            let concern = many.write_concern_error.as_ref().map(|concern| concern.code);
            write.map(|error| error.code).or(concern)
        }
        _ => None,
    }
}

/// Translates the error of any call.
pub(super) fn store_error(error: &Error) -> StoreError {
    match (code(error), error.kind.as_ref()) {
        (Some(HISTORY_LOST | INVALID_RESUME_TOKEN), _) => StoreError::NotFound,
        (Some(code), _) if UNAVAILABLE_CODES.contains(&code) => {
            StoreError::Unavailable(format!("MongoDB answered with error {}", name(error, code)))
        }
        (Some(code @ (WRITE_CONFLICT | DUPLICATE_KEY)), _) => {
            StoreError::Conflict(name(error, code))
        }
        (Some(code), _) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
            StoreError::Conflict(name(error, code))
        }
        (Some(code), _) if error.contains_label(RETRYABLE_WRITE_ERROR) => {
            StoreError::Unavailable(format!("MongoDB answered with error {}", name(error, code)))
        }
        (Some(code), _) => {
            StoreError::Unexpected(format!("MongoDB answered with error {}", name(error, code)))
        }
        // These messages contain addresses and states of machines, and no data of guests.
        (
            None,
            ErrorKind::ServerSelection { message, .. } | ErrorKind::DnsResolve { message, .. },
        ) => StoreError::Unavailable(message.clone()),
        (None, ErrorKind::Io(error)) => StoreError::Unavailable(error.to_string()),
        (None, ErrorKind::ConnectionPoolCleared { .. }) => {
            StoreError::Unavailable("the connection to MongoDB was lost".to_owned())
        }
        (None, ErrorKind::Shutdown) => closed(),
        (None, ErrorKind::Authentication { .. }) => {
            StoreError::Unexpected("MongoDB refused the user or the password".to_owned())
        }
        (None, ErrorKind::Bson(error)) => broken(error),
        (None, _) => StoreError::Unexpected(format!("MongoDB driver: {}", kind_name(error))),
    }
}

/// Translates an error of opening a stream at a client's cursor. An unexpected error means that the
/// cursor is wrong, unless this process lacks the permission.
pub(super) fn cursor_error(error: &Error) -> StoreError {
    match store_error(error) {
        StoreError::Unexpected(_) if code(error).is_some_and(|code| code != UNAUTHORIZED) => {
            StoreError::NotFound
        }
        other => other,
    }
}

/// The error for a stored document of the wrong form. It names the key, but no value.
pub(super) fn broken(error: &BsonError) -> StoreError {
    let key = error.key.as_deref().unwrap_or("?");
    StoreError::Unexpected(format!("a document is not of the form it should have, at {key}"))
}

/// The error for calls after the store was closed.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

fn name(error: &Error, code: i32) -> String {
    match error.kind.as_ref() {
        ErrorKind::Command(command) if !command.code_name.is_empty() => {
            format!("{code} ({})", command.code_name)
        }
        _ => code.to_string(),
    }
}

/// The name of the error's kind without its text.
fn kind_name(error: &Error) -> String {
    let debug = format!("{:?}", error.kind);
    debug.chars().take_while(char::is_ascii_alphanumeric).collect()
}
