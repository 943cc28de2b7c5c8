//! Parsers for the addresses of stores, mail servers and web services. Any of them may contain a
//! password, so no error quotes one. Nothing here connects to an address.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::Secret;
use super::raw::RawValue;
use super::value::text;

/// The address of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// The embedded store: the database file, relative to the current folder unless absolute.
    Sqlite(PathBuf),
    /// MongoDB: the whole connection string, `mongodb://…` or `mongodb+srv://…`. Only the scheme is
    /// checked here; the driver checks the rest.
    Mongo(Secret),
}

/// Where e-mails are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailUrl {
    /// To a folder, as .eml files.
    Folder(PathBuf),
    /// To a mail server.
    Smtp {
        /// Name or IP address of the server. An IPv6 address has no brackets.
        host: String,
        /// The port. The default is 587 for STARTTLS, 25 without TLS and 465 for implicit TLS.
        port: u16,
        /// How the connection is encrypted.
        security: SmtpSecurity,
        /// User name and password, if the server needs them.
        credentials: Option<(String, Secret)>,
    },
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not encrypted (`?tls=none`).
    None,
    /// STARTTLS. If the server does not offer it, nothing is sent.
    StartTls {
        /// A file of certificates (PEM) to trust besides the public ones (`?ca=FILE`).
        ca: Option<PathBuf>,
    },
    /// TLS from the first byte (`smtps://`).
    Implicit {
        /// A file of certificates (PEM) to trust besides the public ones (`?ca=FILE`).
        ca: Option<PathBuf>,
    },
}

/// An `http://` or `https://` address: no user, no query, no fragment, no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    url: Url,
    text: String,
}

impl WebUrl {
    /// The address as text. A path that starts with a slash can be appended.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is `https://`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Name or IP address of the server. An IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether Telegram accepts this address for a button. The host must be an IP address or a name
    /// with a dot, and must not be this machine; Telegram refuses other hosts as invalid.
    #[must_use]
    pub fn is_for_buttons(&self) -> bool {
        !is_local(self.host()) && (self.host().contains('.') || self.host().starts_with('['))
    }

    /// The port: as written, else the usual one of the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether `host` names this machine: `localhost` or a loopback address.
pub(super) fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Parses a URL. White space and control characters are errors; [`Url::parse`] would silently drop
/// some of them.
fn parse(text: &str, example: &str) -> Result<Url, String> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(format!("has white space or control characters; write it like {example}"));
    }
    Url::parse(text).map_err(|error| format!("is no address ({error}); write it like {example}"))
}

/// Parses an `http://` or `https://` address.
pub(super) fn web_url(raw: RawValue) -> Result<WebUrl, String> {
    const EXAMPLE: &str = "https://hotel.example";
    let url = parse(&text(raw)?, EXAMPLE)?;
    let wrong = |problem: &str| Err(format!("{problem}; write it like {EXAMPLE}"));
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("is neither http:// nor https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("has a user or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or fragment");
    }
    let text = url.as_str().trim_end_matches('/').to_owned();
    Ok(WebUrl { url, text })
}

/// Parses the public address of the pages. It has no path: pages are served at the root.
pub(super) fn site_url(raw: RawValue) -> Result<WebUrl, String> {
    let site = web_url(raw)?;
    if site.url.path().trim_matches('/').is_empty() {
        Ok(site)
    } else {
        Err("has a path; the pages live at the root of their host".to_owned())
    }
}

/// Parses the address of the hotel's own system. Path and query are kept as they are written.
/// Returns it with its host.
pub(super) fn webhook_url(raw: RawValue) -> Result<(Secret, String), String> {
    const EXAMPLE: &str = "https://pms.hotel.example/jatah";
    let url = parse(&text(raw)?, EXAMPLE)?;
    let wrong = |problem: &str| Err(format!("{problem}; write it like {EXAMPLE}"));
    let host = url.host_str().unwrap_or_default().to_owned();
    match url.scheme() {
        "https" => {}
        "http" if is_local(&host) => {}
        _ => return wrong("is not https://, or http:// on this machine"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("has a user or password");
    }
    if url.fragment().is_some() {
        return wrong("has a fragment");
    }
    Ok((Secret::new(url.as_str()), host))
}

/// Parses the path after `sqlite:` or `file:`. Exactly two slashes are refused, because programs
/// disagree whether a host follows them. Three slashes start an absolute path.
fn path(rest: &str, scheme: &str) -> Result<PathBuf, String> {
    let is_wrong = rest.trim().is_empty()
        || rest.chars().any(char::is_control)
        || (rest.starts_with("//") && !rest.starts_with("///"));
    if is_wrong {
        return Err(format!("needs a path: write {scheme}data/… or {scheme}/var/…"));
    }
    Ok(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))
}

/// Parses the address of a store.
pub(super) fn store_url(raw: RawValue) -> Result<StoreUrl, String> {
    let text = text(raw)?;
    if let Some(rest) = text.strip_prefix("sqlite:") {
        if rest == ":memory:" || rest.ends_with('/') {
            return Err("needs a file: write it like sqlite:data/jatah.db".to_owned());
        }
        return path(rest, "sqlite:").map(StoreUrl::Sqlite);
    }
    let rest = text.strip_prefix("mongodb://").or_else(|| text.strip_prefix("mongodb+srv://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.chars().any(char::is_control) => {
            Ok(StoreUrl::Mongo(Secret::new(text)))
        }
        _ => Err("is no store; write sqlite:PATH, mongodb://HOST/DATABASE?replicaSet=NAME or \
                  mongodb+srv://HOST/DATABASE"
            .to_owned()),
    }
}

/// Parses the address of a mail folder or a mail server.
pub(super) fn mail_url(raw: RawValue) -> Result<MailUrl, String> {
    const EXAMPLE: &str = "smtp://user:password@mail.example:587";
    let text = text(raw)?;
    if let Some(rest) = text.strip_prefix("file:") {
        return path(rest, "file:").map(MailUrl::Folder);
    }
    if !text.starts_with("smtp://") && !text.starts_with("smtps://") {
        return Err(format!(
            "is no mail address of file:, smtp:// or smtps://; write file:DIR or \
                            {EXAMPLE}"
        ));
    }
    let url = parse(&text, EXAMPLE)?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("has a path or fragment; in user and password write @ / ? # % as %40 %2F %3F \
                    %23 %25"
            .to_owned());
    }
    let security = security(&url)?;
    let usual_port = match security {
        SmtpSecurity::None => 25,
        SmtpSecurity::StartTls { .. } => 587,
        SmtpSecurity::Implicit { .. } => 465,
    };
    let port = url.port().unwrap_or(usual_port);
    if port == 0 {
        return Err("has port 0; allowed are ports from 1 to 65535".to_owned());
    }
    Ok(MailUrl::Smtp { host: host(&url)?, port, security, credentials: credentials(&url)? })
}

fn host(url: &Url) -> Result<String, String> {
    let is_name = |name: &str| {
        name.len() <= 253
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            })
    };
    match url.host() {
        Some(Host::Ipv6(address)) => Ok(address.to_string()),
        Some(Host::Ipv4(address)) => Ok(address.to_string()),
        Some(Host::Domain(name)) if is_name(name) => Ok(name.to_ascii_lowercase()),
        _ => Err("has no valid host; write it like smtp://mail.example:587".to_owned()),
    }
}

fn security(url: &Url) -> Result<SmtpSecurity, String> {
    const ALLOWED: &str = "after ? allowed is ?ca=FILE, or for smtp:// ?tls=none";
    let mut ca = None;
    let mut is_plain = false;
    // Not `query_pairs`: it would turn a plus into a space.
    for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("tls", "none")) => is_plain = true,
            Some(("ca", file)) if !file.is_empty() && ca.is_none() => {
                ca = Some(PathBuf::from(decoded(file)?));
            }
            _ => return Err(format!("has an option that is unknown, doubled or empty; {ALLOWED}")),
        }
    }
    match (url.scheme(), is_plain, ca) {
        ("smtps", false, ca) => Ok(SmtpSecurity::Implicit { ca }),
        ("smtp", false, ca) => Ok(SmtpSecurity::StartTls { ca }),
        ("smtp", true, None) => Ok(SmtpSecurity::None),
        _ => Err(format!("has options that contradict each other; {ALLOWED}")),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Secret)>, String> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => {
            Err("has a user without a password, or the other way round".to_owned())
        }
        (user, Some(password)) => Ok(Some((decoded(user)?, Secret::new(decoded(password)?)))),
    }
}

fn decoded(text: &str) -> Result<String, String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text.into_owned()),
        _ => Err("has %-signs that stand for control characters or for no text".to_owned()),
    }
}
