//! Short texts by name, in MongoDB.

use async_trait::async_trait;
use mongodb::Collection;
use mongodb::bson::{DateTime, doc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::error::store_error;
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

#[async_trait]
impl KeyValueStore for MongoStore {
    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        _: Moment,
    ) -> Result<(), StoreError> {
        self.call(async {
            let stored = ValueDocument {
                name: name.to_owned(),
                text: value.text.clone(),
                expires_at: DateTime::from_millis(value.expires_at.timestamp_millis()),
            };
            let kept =
                self.key_value().replace_one(doc! { "_id": name }, stored).upsert(true).await;
            kept.map(|_| ()).map_err(|error| store_error(&error))
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
