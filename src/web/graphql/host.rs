//! Implements [`Host`] for the hotel: its schema, its callers and its error messages. The protocols
//! are implemented in [`graphql_http`].

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use async_graphql::dataloader::DataLoader;
use axum::http::header;
use axum::http::request::Parts;
use axum::routing::MethodRouter;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::domain::Language;
use crate::web::address::base_url;
use crate::web::graphql_http::{self, ConnectionRefusal, Host};
use crate::web::limits::Limits;

use super::booking::UndeliveredLoader;
use super::caller::{Caller, bearer, preferred_language};
use super::error::{self, ApiError};
use super::{ApiContext, HotelSchema};

struct HotelHost {
    context: Arc<ApiContext>,
    schema: HotelSchema,
    limits: Limits,
}

/// Serves the hotel's schema. WebSocket connections are closed once `stop` is cancelled.
pub fn route(context: ApiContext, limits: Limits, stop: CancellationToken) -> MethodRouter {
    let context = Arc::new(context);
    let undelivered = UndeliveredLoader(Arc::clone(&context.bookings));
    #[expect(clippy::disallowed_methods, reason = "a request waits for what it loads")]
    let loader = DataLoader::new(undelivered, tokio::spawn);
    let schema = super::builder().data(Arc::clone(&context)).data(loader).finish();
    let sdl = schema.sdl();
    graphql_http::route(HotelHost { context, schema, limits }, &sdl, stop)
}

impl Host for HotelHost {
    type Schema = HotelSchema;
    type Caller = Caller;

    fn schema(&self) -> &HotelSchema {
        &self.schema
    }

    fn public_url(&self) -> Option<&str> {
        self.context.settings.public_url.as_deref()
    }

    fn caller(&self, parts: &Parts) -> Caller {
        let settings = &self.context.settings;
        let headers = &parts.headers;
        let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        Caller::new(
            preferred_language(headers).unwrap_or(settings.language),
            base_url(settings, &self.limits, parts),
            self.limits.network(parts),
            authorization.and_then(bearer).map(str::to_owned),
        )
    }

    fn check_rate(&self, caller: &Caller) -> Result<(), Duration> {
        self.limits.check(caller.network)
    }

    fn reserve(&self, caller: &Caller, bytes: usize) -> Option<Box<dyn Any + Send>> {
        let reserved = self.limits.reserve(caller.network, bytes)?;
        Some(Box::new(reserved))
    }

    async fn connection_init(
        &self,
        upgrade: &Caller,
        payload: Map<String, Value>,
    ) -> Result<Caller, ConnectionRefusal> {
        let token = match credential(&payload) {
            Some(value) => Some(bearer(value).ok_or(ConnectionRefusal::Forbidden)?.to_owned()),
            None => upgrade.token().map(str::to_owned),
        };
        let has_token = token.is_some();
        let language = text_of(&payload, "language").and_then(Language::from_code);
        let caller = Caller::new(
            language.unwrap_or(upgrade.language),
            upgrade.base_url.clone(),
            upgrade.network,
            token,
        );
        let session = caller.session(&self.context).await;
        let has_session = session.map_err(|_| ConnectionRefusal::Unavailable)?.is_some();
        if has_token && !has_session {
            return Err(ConnectionRefusal::Forbidden);
        }
        Ok(caller)
    }

    fn rate_limit_error(&self, caller: &Caller) -> ServerError {
        self.server_error(&ApiError::RateLimited, caller)
    }

    fn internal_error(&self, cause: &str, caller: &Caller) -> ServerError {
        error::internal(cause, caller.language)
    }

    fn resolver_error(&self, error: &ServerError, caller: &Caller) -> Option<ServerError> {
        ApiError::of(error).map(|cause| self.server_error(&cause, caller))
    }
}

impl HotelHost {
    fn server_error(&self, error: &ApiError, caller: &Caller) -> ServerError {
        error::server_error(error, caller.language, &self.context.service.policy().hotel)
    }
}

/// The names under which clients also send a credential. What stands there is none for this server, and
/// to go on without it would be a riddle to whoever sent it.
const OTHER_CREDENTIALS: [&str; 8] =
    ["token", "authtoken", "auth_token", "accesstoken", "access_token", "auth", "jwt", "bearer"];

/// What the payload presents as a credential: `authorization` in any case, at the top or among
/// `headers`. What looks like a credential and is none is returned as an empty string.
fn credential(payload: &Map<String, Value>) -> Option<&str> {
    let headers = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("headers"));
    let headers = headers.and_then(|(_, headers)| headers.as_object());
    let named = |names: &[&str]| {
        let is_named = |name: &String| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        let mut members = [Some(payload), headers].into_iter().flatten().flatten();
        members.find(|(name, value)| is_named(name) && !value.is_null()).map(|(_, value)| value)
    };
    match named(&["authorization"]) {
        Some(value) => Some(value.as_str().unwrap_or("")),
        None => named(&OTHER_CREDENTIALS).map(|_| ""),
    }
}

/// A string in the payload. A value of another type is returned as an empty string, which is
/// neither a token nor a language.
fn text_of<'a>(payload: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    match payload.get(name) {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_str().unwrap_or("")),
    }
}
