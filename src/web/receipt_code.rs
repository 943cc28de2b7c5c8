//! The code on a guest's page by which the front office's phone opens the booking. It holds the
//! address of the board with the receipt number, and no secret: whoever scans it without a session
//! sees the sign-in. Whether there is such a booking is not looked up.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::WebSettings;
use super::address::base_url;
use super::limits::Limits;
use crate::domain::ReceiptNo;
use crate::qris;

struct Codes {
    settings: WebSettings,
    limits: Limits,
}

/// The picture of the code of a receipt number.
pub fn routes(settings: WebSettings, limits: Limits) -> Router {
    Router::new()
        .route("/b/{receipt_no}/code.svg", get(code))
        .with_state(Arc::new(Codes { settings, limits }))
}

async fn code(
    State(codes): State<Arc<Codes>>,
    Path(receipt_no): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    if codes.limits.check(codes.limits.network(&parts)).is_err() {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let Ok(receipt_no) = ReceiptNo::parse(&receipt_no) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let base = base_url(&codes.settings, &codes.limits, &parts);
    match qris::svg(&format!("{base}/fo#resi={receipt_no}")) {
        Ok(picture) => {
            let headers =
                [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-cache")];
            (headers, picture).into_response()
        }
        // Only a public address of some thousand characters does not fit a code.
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
