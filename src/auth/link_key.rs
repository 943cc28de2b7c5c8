//! The keys of the tokens in links to bookings.
//!
//! A token is not stored: messages that are written later need one that can always be computed again.
//! The hotel's own key is made at the first start and is in the store, beside the data that it opens.
//! A configured key is not, so a copy of the database opens no booking.

use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::{hash, keyed, keyed_text, opens};
use crate::config::LinkKeySource;
use crate::domain::{ReceiptNo, TokenHash};
use crate::store::{CredentialStore, StoreError};

/// The keys, the newest first. Tokens are made with the newest one, and those of all keys are
/// accepted, so that a key can be replaced while links of the one before are in use.
#[derive(Clone)]
pub struct LinkKey {
    newest: [u8; 32],
    older: Arc<[[u8; 32]]>,
    /// The key in the store, for what no link depends on.
    stored: [u8; 32],
}

impl LinkKey {
    /// Loads the hotel's own key from the store. It is created at the first start and never changes.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn load(store: &dyn CredentialStore) -> Result<Self, StoreError> {
        Self::load_with(store, &[]).await
    }

    /// Uses configured keys, the newest first. Without any, it is the hotel's own key.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn load_with(
        store: &dyn CredentialStore,
        configured: &[LinkKeySource],
    ) -> Result<Self, StoreError> {
        let stored = store.signing_key(rand::random()).await?;
        let key = |source: &LinkKeySource| match source {
            LinkKeySource::Stored => stored,
            LinkKeySource::Secret(secret) => hash(secret.expose()).0,
        };
        let mut keys = configured.iter().map(key);
        let newest = keys.next().unwrap_or(stored);
        Ok(Self { newest, older: keys.collect(), stored })
    }

    /// The token in a link to a booking.
    #[must_use]
    pub fn token(&self, receipt_no: ReceiptNo) -> String {
        keyed(&self.newest, receipt_no)
    }

    /// Whether this is the link token of the booking by any key, compared in constant time.
    #[must_use]
    pub fn opens(&self, token: &str, receipt_no: ReceiptNo) -> bool {
        let is_made_with =
            |key: &[u8; 32]| token.as_bytes().ct_eq(keyed(key, receipt_no).as_bytes());
        let fits = self.keys().map(is_made_with);
        fits.fold(0_u8.into(), |any: subtle::Choice, one| any | one).into()
    }

    /// The access token of a booking: HMAC-SHA-256 over the receipt number, with a key made of the
    /// request id and the hotel's secret. The same request always gives the same token, although
    /// only its hash is stored; who guesses a request id cannot compute it.
    #[must_use]
    pub fn access_token(&self, request_id: &str, receipt_no: ReceiptNo) -> String {
        access_token(&self.newest, request_id, receipt_no)
    }

    /// The access token that was given for a request, by whichever key it was made; `None` if it was
    /// none of these.
    #[must_use]
    pub fn given_access_token(
        &self,
        request_id: &str,
        receipt_no: ReceiptNo,
        access: TokenHash,
    ) -> Option<String> {
        let mut tokens = self.keys().map(|key| access_token(key, request_id, receipt_no));
        tokens.find(|token| opens(token, access))
    }

    /// A secret derived from any text, for what is not in links. It is made with the hotel's own key,
    /// which stays when a configured one is replaced.
    #[must_use]
    pub fn secret_of(&self, text: &str) -> String {
        secret_of(&self.stored, text)
    }

    fn keys(&self) -> impl Iterator<Item = &[u8; 32]> {
        [&self.newest].into_iter().chain(self.older.iter())
    }
}

fn access_token(key: &[u8; 32], request_id: &str, receipt_no: ReceiptNo) -> String {
    keyed(secret_of(key, &format!("access:{request_id}")).as_bytes(), receipt_no)
}

/// The colon in front keeps it apart from link tokens, because no receipt number starts with one.
fn secret_of(key: &[u8; 32], text: &str) -> String {
    keyed_text(key, &format!(":{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::store::sqlite::SqliteStore;

    #[tokio::test]
    async fn a_key_is_replaced_while_links_of_the_one_before_are_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("jatah.db")).unwrap();
        let secret = |text: &str| LinkKeySource::Secret(Secret::new(text));
        let (first, second) = (secret("the first secret"), secret("the second secret"));
        let load = async |keys: &[LinkKeySource]| LinkKey::load_with(&store, keys).await.unwrap();
        let number = ReceiptNo::parse("RESI-20260104-001").unwrap();
        let (own, before) = (load(&[]).await, load(std::slice::from_ref(&first)).await);
        let both = load(&[second.clone(), first]).await;
        let after = load(&[second]).await;

        assert!(both.opens(&before.token(number), number), "the older one is still good");
        assert_eq!(both.token(number), after.token(number), "new links have the newer one");
        assert!(!after.opens(&before.token(number), number), "once it is gone, it opens nothing");
        // The key in the store opens links only where the configuration says so.
        assert!(!after.opens(&own.token(number), number));
        let stays = load(&[secret("a third secret"), LinkKeySource::Stored]).await;
        assert!(stays.opens(&own.token(number), number));
        // What no link depends on stays the same.
        assert_eq!(after.secret_of("chat 7"), own.secret_of("chat 7"));
        // A repeated request gets the token that it was given.
        let given = before.access_token("request", number);
        assert_ne!(both.access_token("request", number), given);
        assert_eq!(both.given_access_token("request", number, hash(&given)), Some(given.clone()));
        assert_eq!(after.given_access_token("request", number, hash(&given)), None);
    }
}
