//! The JSON documents in the rows.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::StoreError;
use super::super::document::{self, BookingDocument, ChangeDocument, FixDocument};
use crate::domain::{Booking, Change, Track, TrackedBooking};

/// A document as text. Errors contain the position of a fault, but no content of the document.
pub(super) fn encode(document: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(document)
        .map_err(|_| StoreError::Unexpected("a document cannot be written".to_owned()))
}

pub(super) fn decode<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        StoreError::Unexpected(format!("a stored {what} is broken at column {}", error.column()))
    })
}

pub(super) fn booking_text(booking: &Booking) -> Result<String, StoreError> {
    encode(&BookingDocument::from(booking))
}

pub(super) fn change_text(change: &Change) -> Result<String, StoreError> {
    encode(&ChangeDocument::from(change))
}

pub(super) fn track_text(track: &Track) -> Result<String, StoreError> {
    encode(&document::fix_documents(track))
}

pub(super) fn change(text: &str) -> Result<Change, StoreError> {
    decode::<ChangeDocument>("change", text)?.try_into()
}

pub(super) fn shared_change(text: &str) -> Result<Arc<Change>, StoreError> {
    change(text).map(Arc::new)
}

/// A booking with its track. `fixes` is `None` if no track is stored.
pub(super) fn tracked(booking: &str, fixes: Option<&str>) -> Result<TrackedBooking, StoreError> {
    let booking = decode::<BookingDocument>("booking", booking)?.try_into()?;
    let fixes: Vec<FixDocument> = match fixes {
        Some(text) => decode("track", text)?,
        None => Vec::new(),
    };
    Ok(TrackedBooking { booking, track: document::track(fixes)? })
}
