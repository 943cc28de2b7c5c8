//! The address at which this service is reached, for links to its pages.

use axum::http::request::Parts;
use axum::http::uri::Authority;

use super::WebSettings;
use super::limits::Limits;

/// The start of links to the pages, without a slash at the end: the configured public address, else
/// the one that a request was sent to.
pub fn base_url(settings: &WebSettings, limits: &Limits, parts: &Parts) -> String {
    settings.public_url.clone().unwrap_or_else(|| requested_url(limits, parts))
}

fn requested_url(limits: &Limits, parts: &Parts) -> String {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let is_plain =
        |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    let asked = text("host").or(parts.uri.authority().map(Authority::as_str));
    let host = asked.filter(is_plain).unwrap_or("localhost");
    let is_secure = limits.is_proxied(parts) && text("x-forwarded-proto") == Some("https");
    format!("{}://{host}", if is_secure { "https" } else { "http" })
}
