//! The caller of one request or of one WebSocket connection.

use std::sync::Arc;

use async_graphql::Context;
use axum::http::{HeaderMap, header};
use tokio::sync::{Mutex, watch};

use super::error::ApiError;
use crate::auth::Session;
use crate::domain::{Forbidden, Language, Refusal, Role, StaffName};
use crate::store::StoreError;
use crate::web::graphql_http;
use crate::web::limits::Network;

use super::ApiContext;

/// Who sent a request, or opened a WebSocket connection.
pub struct Caller {
    /// The language of the messages to the caller.
    pub language: Language,
    /// The start of links to the service's pages, without a slash at the end.
    pub base_url: String,
    /// The network that the request came from, for rate limits.
    pub network: Network,
    token: Option<String>,
    known: Mutex<Option<KnownSession>>,
}

/// A session as it was read.
struct KnownSession {
    session: Option<Session>,
    /// Changed since when some session has ended.
    ended: watch::Receiver<()>,
}

impl Caller {
    /// A caller with or without a session token.
    pub fn new(
        language: Language,
        base_url: String,
        network: Network,
        token: Option<String>,
    ) -> Self {
        Self { language, base_url, network, token, known: Mutex::default() }
    }

    /// The token of the session, if one was sent.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The running session, if there is one. Reads the store once, and again after some session has
    /// ended before its time.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn session(&self, context: &ApiContext) -> Result<Option<Session>, StoreError> {
        let Some(token) = &self.token else { return Ok(None) };
        let mut known = self.known.lock().await;
        let found = match &*known {
            Some(known) if !known.ended.has_changed().unwrap_or(true) => known.session.clone(),
            Some(_) | None => {
                // Watched before it is read, so that an end in between is noticed.
                let ended = context.staff.watch_ended();
                let session = context.staff.session(token).await?;
                *known = Some(KnownSession { session: session.clone(), ended });
                session
            }
        };
        // A session may end while its WebSocket connection is still open.
        Ok(found.filter(|session| context.service.now() < session.expires_at))
    }

    /// The running session of a caller who must have one.
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`] without a session, or [`ApiError::Store`].
    pub async fn staff(&self, context: &ApiContext) -> Result<Session, ApiError> {
        self.session(context).await?.ok_or(ApiError::Unauthenticated)
    }

    /// The name of the member of staff who is signed in.
    ///
    /// # Errors
    /// As [`Caller::staff`].
    pub async fn staff_name(&self, context: &ApiContext) -> Result<StaffName, ApiError> {
        Ok(self.staff(context).await?.staff.name)
    }

    /// Checks that the caller is a manager.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or as [`Caller::staff`].
    pub async fn must_manage(&self, context: &ApiContext) -> Result<(), ApiError> {
        match self.staff(context).await?.staff.role {
            Role::Manager => Ok(()),
            Role::FrontOffice => Err(Refusal::Forbidden(Forbidden::ManagerOnly).into()),
        }
    }
}

/// Access to the values that resolvers find in their context.
pub trait RequestContext<'a> {
    /// The parts that resolvers use.
    fn context(&self) -> &'a Arc<ApiContext>;
    /// The caller.
    fn caller(&self) -> &'a Arc<Caller>;
}

impl<'a> RequestContext<'a> for Context<'a> {
    fn context(&self) -> &'a Arc<ApiContext> {
        // Always present: added when the schema is built. The method panics for a missing type.
        self.data_unchecked::<Arc<ApiContext>>()
    }

    fn caller(&self) -> &'a Arc<Caller> {
        // Always present: added to every request over HTTP and over WebSocket.
        self.data_unchecked::<Arc<Caller>>()
    }
}

/// The token of a value such as `Bearer TOKEN`.
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The supported language that a request prefers (RFC 9110, 12.5.4).
pub fn preferred_language(headers: &HeaderMap) -> Option<Language> {
    let values = headers.get_all(header::ACCEPT_LANGUAGE);
    let ranges = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    let weighed = ranges.filter_map(|range| {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = graphql_http::weight(parameters);
        Language::from_code(tag).filter(|_| weight > 0).map(|language| (weight, language))
    });
    // If weights are equal, the first language counts, so only a greater weight replaces it.
    weighed.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|best| best.1)
}
