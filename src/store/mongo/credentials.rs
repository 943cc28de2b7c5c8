//! One-time codes and sessions by the hash of their secret, and the hotel's signing key, in
//! MongoDB.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::error::store_error;
use super::schema::SIGNING_KEY;
use super::shape::{CODES, META, SESSIONS};
use crate::domain::{Moment, StaffName, TelegramId, TokenHash};
use crate::store::document::{hash, hash_text, moment, role, role_text};
use crate::store::{Credential, CredentialKind, CredentialStore, StoreError};

#[derive(Debug, Serialize, Deserialize)]
struct CredentialDocument {
    #[serde(rename = "_id")]
    secret: String,
    name: String,
    role: String,
    /// Missing in documents of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    telegram_id: Option<i64>,
    /// A BSON date, because the index that deletes expired documents needs one.
    expires_at: DateTime,
}

impl TryFrom<CredentialDocument> for Credential {
    type Error = StoreError;

    fn try_from(stored: CredentialDocument) -> Result<Self, StoreError> {
        Ok(Self {
            name: StaffName::from_stored(stored.name),
            role: role(&stored.role)?,
            telegram_id: stored.telegram_id.map(TelegramId),
            expires_at: moment(stored.expires_at.timestamp_millis())?,
        })
    }
}

impl MongoStore {
    fn credentials(&self, kind: CredentialKind) -> Collection<CredentialDocument> {
        self.db.collection(match kind {
            CredentialKind::Code => CODES,
            CredentialKind::Session => SESSIONS,
        })
    }
}

#[async_trait]
impl CredentialStore for MongoStore {
    async fn put_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
        credential: &Credential,
    ) -> Result<(), StoreError> {
        self.call(async {
            let stored = CredentialDocument {
                secret: hash_text(secret),
                name: credential.name.as_str().to_owned(),
                role: role_text(credential.role).to_owned(),
                telegram_id: credential.telegram_id.map(|TelegramId(id)| id),
                expires_at: DateTime::from_millis(credential.expires_at.timestamp_millis()),
            };
            let kept = self.credentials(kind).insert_one(stored).await;
            kept.map(|_| ()).map_err(|error| store_error(&error))
        })
        .await
    }

    async fn take_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.call(async {
            let taken = self.credentials(kind).find_one_and_delete(by_secret(secret)).await;
            taken.map_err(|error| store_error(&error))?.map(Credential::try_from).transpose()
        })
        .await
    }

    async fn credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.call(async {
            let found = self.credentials(kind).find_one(by_secret(secret)).await;
            found.map_err(|error| store_error(&error))?.map(Credential::try_from).transpose()
        })
        .await
    }

    async fn sessions(&self, now: Moment) -> Result<Vec<(TokenHash, Credential)>, StoreError> {
        self.call(async {
            let running =
                doc! { "expires_at": { "$gt": DateTime::from_millis(now.timestamp_millis()) } };
            let found = self.credentials(CredentialKind::Session).find(running).await;
            let found = found.map_err(|error| store_error(&error))?;
            let stored: Vec<CredentialDocument> =
                found.try_collect().await.map_err(|error| store_error(&error))?;
            let read = |stored: CredentialDocument| {
                Ok((hash(&stored.secret)?, Credential::try_from(stored)?))
            };
            stored.into_iter().map(read).collect()
        })
        .await
    }

    // If several processes start at once, one of them writes the key and all read that one.
    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.call(async {
            let meta = self.db.collection::<Document>(META);
            let filter = doc! { "_id": SIGNING_KEY };
            let first = doc! { "$setOnInsert": { "key": hash_text(TokenHash(fresh)) } };
            let kept = meta.update_one(filter.clone(), first).upsert(true).await;
            match kept.map_err(|error| store_error(&error)) {
                Ok(_) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
            let stored = meta.find_one(filter).await.map_err(|error| store_error(&error))?;
            let missing = || StoreError::Unexpected("the signing key cannot be read".to_owned());
            let stored = stored.ok_or_else(missing)?;
            hash(stored.get_str("key").map_err(|_| missing())?).map(|TokenHash(key)| key)
        })
        .await
    }
}

fn by_secret(secret: TokenHash) -> Document {
    doc! { "_id": hash_text(secret) }
}
