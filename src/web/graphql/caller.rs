//! Who asks: what one request, or one socket, says of itself.

use async_graphql::Context;
use axum::http::{HeaderMap, header};
use tokio::sync::OnceCell;

use super::error::ApiError;
use crate::auth::Session;
use crate::domain::{Forbidden, Language, Refusal, Role, StaffName};
use crate::store::StoreError;
use crate::web::graphql_http;
use crate::web::limits::Network;

use super::ApiContext;

/// One request's or one socket's asker.
pub struct Caller {
    /// The language that they read.
    pub language: Language,
    /// Where our pages are, as they see it; without a slash at the end.
    pub base_url: String,
    /// The network that they ask from, for limits.
    pub network: Network,
    token: Option<String>,
    session: OnceCell<Option<Session>>,
}

impl Caller {
    /// Somebody with or without a session's token.
    pub fn new(
        language: Language,
        base_url: String,
        network: Network,
        token: Option<String>,
    ) -> Self {
        Self { language, base_url, network, token, session: OnceCell::new() }
    }

    /// The running session, if there is one. The store is asked once.
    ///
    /// # Errors
    /// What the store says.
    pub async fn session(&self, context: &ApiContext) -> Result<Option<&Session>, StoreError> {
        let Some(token) = &self.token else { return Ok(None) };
        let found = self.session.get_or_try_init(|| context.staff.session(token)).await?;
        // A socket outlives what was true when it was opened.
        Ok(found.as_ref().filter(|session| context.service.now() < session.expires_at))
    }

    /// The session of whoever must have one.
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`], or what the store says.
    pub async fn staff(&self, context: &ApiContext) -> Result<&Session, ApiError> {
        self.session(context).await?.ok_or(ApiError::Unauthenticated)
    }

    /// The name of the member of staff who asks.
    ///
    /// # Errors
    /// As [`Caller::staff`].
    pub async fn staff_name(&self, context: &ApiContext) -> Result<StaffName, ApiError> {
        Ok(self.staff(context).await?.staff.name.clone())
    }

    /// Refuses whoever is no manager.
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

/// What resolvers find in their context.
pub trait RequestContext<'a> {
    /// The hotel's parts.
    fn context(&self) -> &'a ApiContext;
    /// Who asks.
    fn caller(&self) -> &'a Caller;
}

impl<'a> RequestContext<'a> for Context<'a> {
    fn context(&self) -> &'a ApiContext {
        // Put in when the schema is made; the method fails for a type that never was.
        self.data_unchecked::<std::sync::Arc<ApiContext>>()
    }

    fn caller(&self) -> &'a Caller {
        // Put in with every request, over HTTP and over WebSocket.
        self.data_unchecked::<std::sync::Arc<Caller>>()
    }
}

/// The token of a value such as `Bearer TOKEN`.
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The language that a request prefers of those that we speak (RFC 9110, 12.5.4).
pub fn preferred_language(headers: &HeaderMap) -> Option<Language> {
    let values = headers.get_all(header::ACCEPT_LANGUAGE);
    let ranges = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    let weighed = ranges.filter_map(|range| {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = graphql_http::weight(parameters);
        Language::from_code(tag).filter(|_| weight > 0).map(|language| (weight, language))
    });
    // Of equal ones the first counts, so only a greater weight replaces it.
    weighed.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|best| best.1)
}
