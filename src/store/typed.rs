//! Typed values in the key-value store: each is stored as JSON with the version of its form.
//!
//! This module defines no keys and no types of values; callers bring both.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{KeyValueStore, StoreError, StoredValue};
use crate::clock::Clock;
use crate::domain::Moment;

/// The version of the forms that this program writes and reads.
const VERSION: u32 = 1;

/// A type of value that can be stored.
pub trait TypedValue: Serialize + DeserializeOwned {
    /// Reads a value that was stored before values had a version, as plain text in a form of its
    /// own.
    fn from_plain_text(text: &str) -> Option<Self>;
}

/// A value with its version, as it is stored.
#[derive(Serialize, Deserialize)]
struct VersionedValue<T> {
    v: u32,
    value: T,
}

/// Typed access to a key-value store. Clones share it.
#[derive(Clone)]
pub struct TypedValues {
    store: Arc<dyn KeyValueStore>,
    clock: Clock,
}

impl TypedValues {
    /// Typed access to a store.
    #[must_use]
    pub fn new(store: Arc<dyn KeyValueStore>, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The value stored under a name. `None` if it has expired or cannot be read, because it is
    /// broken or was written by a newer version.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn get<T: TypedValue>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let stored = self.store.value(name).await?;
        let now = self.clock.now();
        Ok(stored.filter(|stored| now < stored.expires_at).and_then(|stored| read(&stored.text)))
    }

    /// Stores a value under a name for the time `life`. It replaces an earlier one.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn put<T: TypedValue + Sync>(
        &self,
        name: &str,
        value: &T,
        life: TimeDelta,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store.put_value(name, &stored(name, value, now + life)?, now).await
    }

    /// Stores a value under a name for the time `life`, unless there is one. Returns whether it was
    /// stored.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn put_if_absent<T: TypedValue + Sync>(
        &self,
        name: &str,
        value: &T,
        life: TimeDelta,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        self.store.put_value_if_absent(name, &stored(name, value, now + life)?, now).await
    }

    /// Removes the value of a name.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let now = self.clock.now();
        let ended = StoredValue { text: String::new(), expires_at: now };
        self.store.put_value(name, &ended, now).await
    }
}

fn stored<T: TypedValue>(
    name: &str,
    value: &T,
    expires_at: Moment,
) -> Result<StoredValue, StoreError> {
    let text = serde_json::to_string(&VersionedValue { v: VERSION, value })
        .map_err(|_| StoreError::Unexpected(format!("{name} cannot be written")))?;
    Ok(StoredValue { text, expires_at })
}

fn read<T: TypedValue>(text: &str) -> Option<T> {
    match serde_json::from_str::<VersionedValue<serde_json::Value>>(text) {
        Ok(VersionedValue { v: VERSION, value }) => serde_json::from_value(value).ok(),
        Ok(VersionedValue { .. }) => None,
        Err(_) => T::from_plain_text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Number(u32);

    impl TypedValue for Number {
        fn from_plain_text(text: &str) -> Option<Self> {
            text.parse().ok().map(Self)
        }
    }

    #[test]
    fn plain_text_and_this_version_are_read_and_a_newer_version_is_not() {
        assert_eq!(read("7"), Some(Number(7)));
        assert_eq!(read(r#"{"v":1,"value":7}"#), Some(Number(7)));
        assert_eq!(read::<Number>(r#"{"v":2,"value":7}"#), None);
        assert_eq!(read::<Number>(r#"{"v":1,"value":"seven"}"#), None);
        assert_eq!(read::<Number>(""), None);
    }
}
