//! Authentication: sign-in codes and sessions of staff, and access tokens of guests.
//!
//! Secrets are random or derived. They are shown once, and only their hashes are stored. This
//! module does not decide what a signed-in person may do; the modules with those operations do.

mod link_key;
mod mini_app;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::StaffMember;
use crate::domain::{Moment, ReceiptNo, Role, StaffName, TelegramId, TokenHash};
use crate::store::{Credential, CredentialKind, CredentialStore, StoreError};

pub use link_key::LinkKey;
pub use mini_app::{MiniApp, MiniAppGuest};

/// How long a one-time code can be used.
pub const CODE_LIFE: TimeDelta = TimeDelta::minutes(10);
/// How long a session lasts: longer than one shift.
pub const SESSION_LIFE: TimeDelta = TimeDelta::hours(12);
/// How long a signed text that opened a session is remembered: longer than it is valid.
const USED_FOR: TimeDelta = TimeDelta::hours(2);
/// The fewest characters of a request id: 128 bits in base64url.
pub const MIN_REQUEST_ID: usize = 22;
/// The most characters of a secret. Longer ones are refused unseen.
pub const MAX_SECRET: usize = 256;

/// 192 fresh random bits as base64url.
#[must_use]
pub fn fresh_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}

/// SHA-256 of a secret. Only this hash is stored.
#[must_use]
pub fn hash(secret: &str) -> TokenHash {
    TokenHash(Sha256::digest(secret).into())
}

/// The access token that versions before this one gave for a request: without the hotel's secret.
#[must_use]
pub fn older_access_token(request_id: &str, receipt_no: ReceiptNo) -> String {
    keyed(request_id.as_bytes(), receipt_no)
}

fn keyed(key: &[u8], receipt_no: ReceiptNo) -> String {
    keyed_text(key, &receipt_no.to_string())
}

fn keyed_text(key: &[u8], text: &str) -> String {
    // HMAC takes keys of any length (RFC 2104, 2), so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Whether a token has this hash, compared in constant time.
#[must_use]
pub fn opens(token: &str, access: TokenHash) -> bool {
    token.len() <= MAX_SECRET && hash(token).0.ct_eq(&access.0).into()
}

/// Signs in the front office. Clones share it.
#[derive(Clone)]
pub struct StaffAuth {
    store: Arc<dyn CredentialStore>,
    clock: Clock,
    /// The configured members of staff, by whom Telegram ids are judged.
    members: Arc<Vec<StaffMember>>,
    /// Notified when a session has ended before its time, here or in another process.
    ended: watch::Sender<()>,
}

/// A signed-in member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Their name in the history.
    pub name: StaffName,
    /// Their role.
    pub role: Role,
    /// Their Telegram id, if they were identified by it.
    pub telegram_id: Option<TelegramId>,
}

impl From<&StaffMember> for Staff {
    fn from(member: &StaffMember) -> Self {
        let (name, role) = (member.name.clone(), member.role);
        Self { name, role, telegram_id: Some(member.telegram_id) }
    }
}

/// A new session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its secret, shown only once.
    pub token: String,
    /// The member of staff it belongs to.
    pub staff: Staff,
    /// When it ends.
    pub expires_at: Moment,
}

/// A new one-time code.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// The code.
    pub code: String,
    /// When it can no longer be used.
    pub expires_at: Moment,
}

impl StaffAuth {
    /// Uses the codes and sessions of a store. `members` are the configured members of staff.
    #[must_use]
    pub fn new(store: Arc<dyn CredentialStore>, clock: Clock, members: Vec<StaffMember>) -> Self {
        Self { store, clock, members: Arc::new(members), ended: watch::Sender::default() }
    }

    /// Creates a one-time code that signs a member of staff in within [`CODE_LIFE`].
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn issue_code(&self, staff: Staff) -> Result<NewCode, StoreError> {
        let code = fresh_secret();
        let expires_at = self.clock.now() + CODE_LIFE;
        let credential = credential(staff, expires_at);
        self.store.put_credential(CredentialKind::Code, hash(&code), &credential).await?;
        Ok(NewCode { code, expires_at })
    }

    /// Opens a session with a one-time code. `None` if the code is unknown, used or expired.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn sign_in(&self, code: &str) -> Result<Option<NewSession>, StoreError> {
        if code.len() > MAX_SECRET {
            return Ok(None);
        }
        let now = self.clock.now();
        let taken = self.store.take_credential(CredentialKind::Code, hash(code.trim())).await?;
        let Some(staff) = taken.filter(|taken| now < taken.expires_at).and_then(|t| self.staff(t))
        else {
            return Ok(None);
        };
        self.open_session(staff).await.map(Some)
    }

    /// Opens a session for a member of staff who was identified in another way.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn open_session(&self, staff: Staff) -> Result<NewSession, StoreError> {
        let token = fresh_secret();
        let expires_at = self.clock.now() + SESSION_LIFE;
        let session = credential(staff.clone(), expires_at);
        self.store.put_credential(CredentialKind::Session, hash(&token), &session).await?;
        Ok(NewSession { token, staff, expires_at })
    }

    /// Opens a session for a member of staff who was identified by a signed text. The same text opens one
    /// session: `None` if it was used before.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn open_session_once(
        &self,
        staff: Staff,
        signed: &str,
    ) -> Result<Option<NewSession>, StoreError> {
        // The first byte is in no text, so nobody can sign in with this mark as with a code.
        let mark = Sha256::new().chain_update([0xff]).chain_update(signed).finalize();
        let used = credential(staff.clone(), self.clock.now() + USED_FOR);
        let mark = TokenHash(mark.into());
        match self.store.put_credential(CredentialKind::Code, mark, &used).await {
            Ok(()) => self.open_session(staff).await.map(Some),
            Err(StoreError::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The session of a token; `None` if it is unknown, expired or revoked, or belongs to somebody
    /// who is no longer staff.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        if token.len() > MAX_SECRET {
            return Ok(None);
        }
        let id = hash(token);
        let credential = self.store.credential(CredentialKind::Session, id).await?;
        let running = credential.filter(|credential| self.clock.now() < credential.expires_at);
        Ok(running.and_then(|credential| self.session_of(id, credential)))
    }

    /// The running sessions, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let stored = self.store.sessions(self.clock.now()).await?;
        let running = stored.into_iter().filter_map(|(id, one)| self.session_of(id, one));
        let mut sessions: Vec<Session> = running.collect();
        sessions.sort_by_key(|session| (session.expires_at, session.id));
        Ok(sessions)
    }

    /// Ends a session at once, in every process. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn end_session(&self, id: TokenHash) -> Result<bool, StoreError> {
        let taken = self.store.take_credential(CredentialKind::Session, id).await?;
        self.note_ended();
        Ok(taken.is_some())
    }

    /// Ends the sessions of people who are no longer staff, for the processes that started with an
    /// older configuration.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn end_sessions_of_departed(&self) -> Result<(), StoreError> {
        for (id, credential) in self.store.sessions(self.clock.now()).await? {
            if self.staff(credential).is_none() {
                self.end_session(id).await?;
            }
        }
        Ok(())
    }

    /// Notes that some session has ended, so that whoever uses one looks again.
    pub fn note_ended(&self) {
        self.ended.send_replace(());
    }

    /// Tells when some session has ended before its time.
    #[must_use]
    pub fn watch_ended(&self) -> watch::Receiver<()> {
        self.ended.subscribe()
    }

    fn session_of(&self, id: TokenHash, credential: Credential) -> Option<Session> {
        let expires_at = credential.expires_at;
        Some(Session { id, staff: self.staff(credential)?, expires_at })
    }

    /// The member of staff of a credential, with the role of today. `None` if they have left.
    fn staff(&self, credential: Credential) -> Option<Staff> {
        let Credential { name, role, telegram_id, .. } = credential;
        let Some(id) = telegram_id else { return Some(Staff { name, role, telegram_id }) };
        self.members.iter().find(|member| member.telegram_id == id).map(Staff::from)
    }
}

fn credential(staff: Staff, expires_at: Moment) -> Credential {
    let Staff { name, role, telegram_id } = staff;
    Credential { name, role, telegram_id, expires_at }
}

/// A session in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token, by which it is named.
    pub id: TokenHash,
    /// The member of staff it belongs to.
    pub staff: Staff,
    /// When it ends. Subscriptions that it opened end then too.
    pub expires_at: Moment,
}

impl Session {
    /// When it was opened.
    #[must_use]
    pub fn since(&self) -> Moment {
        self.expires_at - SESSION_LIFE
    }
}
