//! Converts errors of resolvers to the messages and codes that clients receive. No other module
//! does this.

use async_graphql::ServerError;
use tracing::error;

use crate::domain::refusal::Unavailable;
use crate::domain::{Field, HotelPolicy, Language, Refusal};
use crate::service::{ReportError, ServiceError};
use crate::store::StoreError;
use crate::text;

/// Why a resolver or the endpoint failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The service refused the request for a reason that the caller can understand.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no session, or it has ended.
    #[error("unauthenticated")]
    Unauthenticated,
    /// The caller sent too many requests.
    #[error("rate limited")]
    RateLimited,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ApiError {
    /// Why a resolver failed. `None` if the error is not from a resolver.
    pub fn of(error: &ServerError) -> Option<Self> {
        let of_store = || error.source::<StoreError>().cloned().map(Self::Store);
        error.source::<Self>().cloned().or_else(of_store)
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(refusal) => Self::Refused(refusal),
            ServiceError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::TooMany => Self::RateLimited,
            ReportError::Service(error) => error.into(),
        }
    }
}

/// The error that the client receives.
pub fn server_error(error: &ApiError, language: Language, hotel: &HotelPolicy) -> ServerError {
    let refused = |refusal: &Refusal| {
        let mut error = ServerError::new(text::refusal(language, refusal, hotel), None);
        let field = match refusal {
            Refusal::InvalidInput { field, .. } => Some(field_name(*field)),
            _ => None,
        };
        settle(&mut error, refusal.code(), field);
        if let (Refusal::PriceChanged { price }, Some(extensions)) =
            (refusal, error.extensions.as_mut())
        {
            extensions.set("price", price.0);
        }
        error
    };
    let fixed = |message: &str, code: &str| {
        let mut error = ServerError::new(message, None);
        settle(&mut error, code, None);
        error
    };
    match error {
        ApiError::Refused(refusal) => refused(refusal),
        ApiError::Unauthenticated => fixed(text::unauthenticated(language), "UNAUTHENTICATED"),
        ApiError::RateLimited => fixed(text::rate_limited(language), "RATE_LIMITED"),
        ApiError::Store(StoreError::NotFound) => refused(&Refusal::NotFound),
        ApiError::Store(StoreError::Conflict(_)) => refused(&Refusal::Conflict),
        ApiError::Store(StoreError::Unavailable(_) | StoreError::Damaged(_)) => {
            refused(&Refusal::Unavailable(Unavailable::Store))
        }
        ApiError::Store(StoreError::Unexpected(cause)) => internal(cause, language),
    }
}

/// The error for an unexpected failure. Its message has an incident number, with which the cause
/// can be found in the log.
pub fn internal(cause: &str, language: Language) -> ServerError {
    let incident = format!("{:08x}", rand::random::<u32>());
    error!(incident, cause, "internal error");
    let mut error = ServerError::new(text::internal(language, &incident), None);
    settle(&mut error, "INTERNAL", None);
    error
}

fn settle(error: &mut ServerError, code: &str, field: Option<&str>) {
    metrics::counter!("jatah_refusals_total", "door" => "graphql", "code" => code.to_owned())
        .increment(1);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    if let Some(field) = field {
        extensions.set("field", field);
    }
}

/// The name of an input field or argument in the schema.
fn field_name(field: Field) -> &'static str {
    match field {
        Field::GuestName => "guestName",
        Field::Email => "email",
        Field::RoomType => "roomType",
        Field::CheckIn => "checkIn",
        Field::Nights => "nights",
        Field::Position => "position",
        Field::RequestId => "requestId",
        Field::ReceiptNo => "receiptNo",
        Field::Minutes => "minutes",
        Field::Note => "note",
        Field::Reason => "reason",
        Field::PageSize => "first",
        Field::PageCursor => "after",
        Field::Search => "search",
        Field::MaxPrice => "maxPrice",
        Field::Rooms => "rooms",
        Field::Date => "date",
        Field::Through => "through",
        Field::Code => "code",
        Field::StaffName => "name",
    }
}
