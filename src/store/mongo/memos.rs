//! Short texts by name.

use mongodb::Collection;
use mongodb::bson::{DateTime, doc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::error::store_error;
use super::shape::MEMOS;
use crate::store::document::moment;
use crate::store::{Memo, StoreError};

#[derive(Debug, Serialize, Deserialize)]
struct MemoDocument {
    #[serde(rename = "_id")]
    name: String,
    text: String,
    /// A date of BSON's own: the index that tidies up reads no other.
    expires_at: DateTime,
}

impl MongoStore {
    fn memos(&self) -> Collection<MemoDocument> {
        self.db.collection(MEMOS)
    }

    pub(super) async fn write_memo(&self, name: &str, memo: &Memo) -> Result<(), StoreError> {
        let stored = MemoDocument {
            name: name.to_owned(),
            text: memo.text.clone(),
            expires_at: DateTime::from_millis(memo.expires_at.timestamp_millis()),
        };
        let kept = self.memos().replace_one(doc! { "_id": name }, stored).upsert(true).await;
        kept.map(|_| ()).map_err(|error| store_error(&error))
    }

    pub(super) async fn read_memo(&self, name: &str) -> Result<Option<Memo>, StoreError> {
        let found = self.memos().find_one(doc! { "_id": name }).await;
        let memo = |stored: MemoDocument| {
            let expires_at = moment(stored.expires_at.timestamp_millis())?;
            Ok(Memo { text: stored.text, expires_at })
        };
        found.map_err(|error| store_error(&error))?.map(memo).transpose()
    }
}
