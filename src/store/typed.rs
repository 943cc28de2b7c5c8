//! Typed values in the key-value store: each is kept as JSON with the version of its form.
//!
//! It knows no keys and no types of its own; who keeps a value brings both.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{KeyValueStore, StoreError, StoredValue};
use crate::clock::Clock;

/// The version of the forms that this program writes and reads.
const VERSION: u32 = 1;

/// A value that can be kept.
pub trait Stored: Serialize + DeserializeOwned {
    /// Reads what was kept before values had a version: a plain text of each type's own form.
    fn from_plain_text(text: &str) -> Option<Self>;
}

/// A value with its version, as it is stored.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
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

    /// The value kept under a name, while it lasts. One that cannot be read is as none: it was
    /// written by a newer version, or is broken.
    ///
    /// # Errors
    /// What the store says.
    pub async fn get<T: Stored>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let stored = self.store.value(name).await?;
        let now = self.clock.now();
        Ok(stored.filter(|stored| now < stored.expires_at).and_then(|stored| read(&stored.text)))
    }

    /// Keeps a value under a name for so long; the later one stands.
    ///
    /// # Errors
    /// What the store says.
    pub async fn put<T: Stored + Sync>(
        &self,
        name: &str,
        value: &T,
        life: TimeDelta,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let text = serde_json::to_string(&Versioned { v: VERSION, value })
            .map_err(|_| StoreError::Unexpected(format!("{name} cannot be written")))?;
        self.store.put_value(name, &StoredValue { text, expires_at: now + life }, now).await
    }

    /// Forgets the value of a name.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let now = self.clock.now();
        let ended = StoredValue { text: String::new(), expires_at: now };
        self.store.put_value(name, &ended, now).await
    }
}

fn read<T: Stored>(text: &str) -> Option<T> {
    match serde_json::from_str::<Versioned<serde_json::Value>>(text) {
        Ok(Versioned { v: VERSION, value }) => serde_json::from_value(value).ok(),
        Ok(Versioned { .. }) => None,
        Err(_) => T::from_plain_text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Number(u32);

    impl Stored for Number {
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
