//! Short texts by name, in MongoDB.

use async_trait::async_trait;
use mongodb::Collection;
use mongodb::bson::{DateTime, doc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::error::{DUPLICATE_KEY, code, store_error};
use super::shape::KEY_VALUES;
use crate::domain::Moment;
use crate::store::document::moment;
use crate::store::{KeyValueStore, StoreError, StoredValue};

#[derive(Debug, Serialize, Deserialize)]
struct ValueDocument {
    #[serde(rename = "_id")]
    name: String,
    text: String,
    /// A BSON date, because the index that deletes expired documents needs one.
    expires_at: DateTime,
}

impl MongoStore {
    fn key_value(&self) -> Collection<ValueDocument> {
        self.db.collection(KEY_VALUES)
    }
}

fn document(name: &str, value: &StoredValue) -> ValueDocument {
    ValueDocument {
        name: name.to_owned(),
        text: value.text.clone(),
        expires_at: DateTime::from_millis(value.expires_at.timestamp_millis()),
    }
}

#[async_trait]
impl KeyValueStore for MongoStore {
    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        _: Moment,
    ) -> Result<(), StoreError> {
        self.call(async {
            let stored = document(name, value);
            let kept =
                self.key_value().replace_one(doc! { "_id": name }, stored).upsert(true).await;
            kept.map(|_| ()).map_err(|error| store_error(&error))
        })
        .await
    }

    async fn put_value_if_absent(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<bool, StoreError> {
        self.call(async {
            let now = DateTime::from_millis(now.timestamp_millis());
            let expired = doc! { "_id": name, "expires_at": { "$lte": now } };
            // If there is one that has not expired, an insert of the same name is tried.
            let stored =
                self.key_value().replace_one(expired, document(name, value)).upsert(true).await;
            match stored {
                Ok(_) => Ok(true),
                Err(error) if code(&error) == Some(DUPLICATE_KEY) => Ok(false),
                Err(error) => Err(store_error(&error)),
            }
        })
        .await
    }

    async fn value(&self, name: &str) -> Result<Option<StoredValue>, StoreError> {
        self.call(async {
            let found = self.key_value().find_one(doc! { "_id": name }).await;
            let value = |stored: ValueDocument| {
                let expires_at = moment(stored.expires_at.timestamp_millis())?;
                Ok(StoredValue { text: stored.text, expires_at })
            };
            found.map_err(|error| store_error(&error))?.map(value).transpose()
        })
        .await
    }
}
