//! What the driver's errors mean to the hotel.
//!
//! The server quotes keys and values in some of its messages, and a key may be somebody's
//! address: so only codes and their names are passed on, never the server's sentences.

use mongodb::bson::error::Error as BsonError;
use mongodb::error::{Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, WriteFailure};

use crate::store::StoreError;

pub(super) const DUPLICATE_KEY: i32 = 11000;
/// `create` of a collection that is there.
pub(super) const NAMESPACE_EXISTS: i32 = 48;
const WRITE_CONFLICT: i32 = 112;
const UNAUTHORIZED: i32 = 13;
const INVALID_RESUME_TOKEN: i32 = 260;
const HISTORY_LOST: i32 = 286;

/// Not primary, shutting down, recovering, out of time, or cut off (the drivers' specification
/// of retryable reads lists them), and a majority that does not answer in time.
const AWAY: [i32; 15] =
    [6, 7, 50, 64, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];

/// The server's code of an error, wherever the driver put it.
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

/// An error of any call.
pub(super) fn store_error(error: &Error) -> StoreError {
    match (code(error), error.kind.as_ref()) {
        (Some(HISTORY_LOST | INVALID_RESUME_TOKEN), _) => StoreError::NotFound,
        (Some(code), _) if AWAY.contains(&code) => {
            StoreError::Unavailable(format!("MongoDB answered with error {}", name(error, code)))
        }
        (Some(code @ (WRITE_CONFLICT | DUPLICATE_KEY)), _) => {
            StoreError::Conflict(name(error, code))
        }
        (Some(code), _) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
            StoreError::Conflict(name(error, code))
        }
        (Some(code), _) => {
            StoreError::Unexpected(format!("MongoDB answered with error {}", name(error, code)))
        }
        // These messages hold addresses of machines, and states, nothing of a guest.
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

/// An error of opening a stream at a cursor that some client sent: what the server has against
/// it, it has against the cursor, unless the server is away or this process has no rights.
pub(super) fn cursor_error(error: &Error) -> StoreError {
    match store_error(error) {
        StoreError::Unexpected(_) if code(error).is_some_and(|code| code != UNAUTHORIZED) => {
            StoreError::NotFound
        }
        other => other,
    }
}

/// A stored document without the shape that it should have. The value stays unsaid.
pub(super) fn broken(error: &BsonError) -> StoreError {
    let key = error.key.as_deref().unwrap_or("?");
    StoreError::Unexpected(format!("a document is not of the form it should have, at {key}"))
}

/// The store was closed.
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
