//! Who may come in: staff sessions and the one-time codes that open them, guests' tokens.
//!
//! Secrets are random or derived, are shown once, and are kept by their hash alone. What somebody
//! who came in may do is decided where it is done.

mod mini_app;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::clock::Clock;
use crate::domain::{Moment, ReceiptNo, StaffName, TokenHash};
use crate::store::{Credential, CredentialKind, CredentialStore, StoreError};

use crate::domain::Role;
pub use mini_app::MiniApp;

/// How long a one-time code can be used.
pub const CODE_LIFE: TimeDelta = TimeDelta::minutes(10);
/// How long a session lasts: one shift, and a bit.
pub const SESSION_LIFE: TimeDelta = TimeDelta::hours(12);
/// Characters of a request id at least: 128 bits in base64url.
pub const MIN_REQUEST_ID: usize = 22;
/// Characters of any secret that is looked at; longer ones are wrong anyway.
pub const MAX_SECRET: usize = 256;

/// 192 fresh random bits as base64url.
#[must_use]
pub fn fresh_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}

/// SHA-256 of a secret: what is kept of it.
#[must_use]
pub fn hash(secret: &str) -> TokenHash {
    TokenHash(Sha256::digest(secret).into())
}

/// The access token of a booking: HMAC-SHA-256 with the request id as key over the receipt
/// number. The same request always comes to the same token, though only its hash is kept.
#[must_use]
pub fn access_token(request_id: &str, receipt_no: ReceiptNo) -> String {
    keyed(request_id.as_bytes(), receipt_no)
}

/// The key of the links that messages carry. The access token itself is not kept, so a mail that
/// is written later needs one that the hotel can always make again.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// The hotel's key out of its store: made at the very first start, the same ever after.
    ///
    /// # Errors
    /// What the store says.
    pub async fn load(store: &dyn CredentialStore) -> Result<Self, StoreError> {
        store.signing_key(rand::random()).await.map(Self)
    }

    /// The token that a link to a booking carries.
    #[must_use]
    pub fn token(&self, receipt_no: ReceiptNo) -> String {
        keyed(&self.0, receipt_no)
    }

    /// A secret made of any text. No receipt number has a colon in front, so it opens no link.
    #[must_use]
    pub fn secret_of(&self, text: &str) -> String {
        keyed_text(&self.0, &format!(":{text}"))
    }

    /// Whether a token is that of a link to this booking, in constant time.
    #[must_use]
    pub fn opens(&self, token: &str, receipt_no: ReceiptNo) -> bool {
        token.as_bytes().ct_eq(self.token(receipt_no).as_bytes()).into()
    }
}

fn keyed(key: &[u8], receipt_no: ReceiptNo) -> String {
    keyed_text(key, &receipt_no.to_string())
}

fn keyed_text(key: &[u8], text: &str) -> String {
    // HMAC takes keys of any length (RFC 2104, 2), so there is always one; an empty token opens
    // nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Whether a token is the one of this hash, in constant time.
#[must_use]
pub fn opens(token: &str, access: TokenHash) -> bool {
    token.len() <= MAX_SECRET && hash(token).0.ct_eq(&access.0).into()
}

/// The door of the front office.
#[derive(Clone)]
pub struct StaffAuth {
    store: Arc<dyn CredentialStore>,
    clock: Clock,
}

/// A member of staff who came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Under this name the history knows them.
    pub name: StaffName,
    /// What they may do.
    pub role: Role,
}

/// A session just opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its secret, shown this once.
    pub token: String,
    /// Whose it is.
    pub staff: Staff,
    /// When it ends.
    pub expires_at: Moment,
}

impl StaffAuth {
    /// The door to a store's passes.
    #[must_use]
    pub fn new(store: Arc<dyn CredentialStore>, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A one-time code that signs somebody in within [`CODE_LIFE`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn issue_code(&self, staff: Staff) -> Result<String, StoreError> {
        let code = fresh_secret();
        let expires_at = self.clock.now() + CODE_LIFE;
        let credential = Credential { name: staff.name, role: staff.role, expires_at };
        self.store.put_credential(CredentialKind::Code, hash(&code), &credential).await?;
        Ok(code)
    }

    /// Uses a code up; `None` if it is unknown, used or too old.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sign_in(&self, code: &str) -> Result<Option<NewSession>, StoreError> {
        if code.len() > MAX_SECRET {
            return Ok(None);
        }
        let now = self.clock.now();
        let taken = self.store.take_credential(CredentialKind::Code, hash(code.trim())).await?;
        let Some(credential) = taken.filter(|credential| now < credential.expires_at) else {
            return Ok(None);
        };
        let staff = Staff { name: credential.name, role: credential.role };
        self.open_session(staff).await.map(Some)
    }

    /// Opens a session for somebody who is known already.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open_session(&self, staff: Staff) -> Result<NewSession, StoreError> {
        let token = fresh_secret();
        let expires_at = self.clock.now() + SESSION_LIFE;
        let session = Credential { name: staff.name.clone(), role: staff.role, expires_at };
        self.store.put_credential(CredentialKind::Session, hash(&token), &session).await?;
        Ok(NewSession { token, staff, expires_at })
    }

    /// Whose session this is; `None` if it is unknown or has ended.
    ///
    /// # Errors
    /// What the store says.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        if token.len() > MAX_SECRET {
            return Ok(None);
        }
        let credential = self.store.credential(CredentialKind::Session, hash(token)).await?;
        let alive = credential.filter(|credential| self.clock.now() < credential.expires_at);
        Ok(alive.map(|credential| Session {
            staff: Staff { name: credential.name, role: credential.role },
            expires_at: credential.expires_at,
        }))
    }
}

/// A session in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub staff: Staff,
    /// When it ends: subscriptions opened by it end too.
    pub expires_at: Moment,
}
