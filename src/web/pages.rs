//! Serves the static pages, which are embedded in the binary.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::domain::Language;
use crate::text;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Files;

/// The booking form, the guest's page, the front office's page, and the files that they load.
pub fn routes(language: Language) -> Router {
    let page = |name: &'static str| {
        get(async move |State(language), headers: HeaderMap| file(name, language, &headers))
    };
    Router::new()
        .route("/", page("index.html"))
        // The page reads the receipt number and the access token from its own address. The token is
        // never sent with this request.
        .route("/b/{receipt_no}", page("booking.html"))
        .route("/fo", page("fo.html"))
        .route("/icon.svg", page("icon.svg"))
        .route("/js/{name}", get(script))
        .route("/css/{name}", get(style))
        .fallback(async |State(language): State<Language>| not_found(language))
        .with_state(language)
}

async fn script(
    State(language): State<Language>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    file(&format!("js/{name}"), language, &headers)
}

async fn style(
    State(language): State<Language>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    file(&format!("css/{name}"), language, &headers)
}

fn file(path: &str, language: Language, asked: &HeaderMap) -> Response {
    let Some(file) = Files::get(path) else { return not_found(language) };
    let mut headers = HeaderMap::new();
    // Browsers revalidate their copy at every use, so that a new version of the service never runs
    // with scripts of an old one.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash()));
    let is_known = has_tag(asked, &tag);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if let Ok(kind) = HeaderValue::from_str(&kind_of(&file)) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    (headers, file.data).into_response()
}

/// Whether the browser already has this version of the file (RFC 9110, 13.1.2).
fn has_tag(asked: &HeaderMap, tag: &str) -> bool {
    let values = asked.get_all(header::IF_NONE_MATCH);
    values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(
        |known| {
            let known = known.trim();
            known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
        },
    )
}

fn kind_of(file: &EmbeddedFile) -> String {
    match file.metadata.mimetype() {
        kind if kind.starts_with("text/") => format!("{kind}; charset=utf-8"),
        kind => kind.to_owned(),
    }
}

fn not_found(language: Language) -> Response {
    (StatusCode::NOT_FOUND, text::no_page(language)).into_response()
}
