//! The files of the pages: embedded, compressed, and under an address that changes with them.
//!
//! Scripts and styles are at `/assets/VERSION/…`, where `VERSION` names the content of all files
//! together, and browsers keep them for good. Scripts import each other by relative paths, so a page
//! always runs with the scripts of its own version. The pages themselves are at fixed addresses and
//! are revalidated at each use. Nothing is built: this module writes the version into the pages, and
//! the list of scripts that a page needs, so that a browser loads all of them at once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brotli::enc::BrotliEncoderParams;
use chrono::TimeDelta;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::graphql_http::weight;
use crate::config::RetentionSection;
use crate::domain::{HotelPolicy, Language};
use crate::text;

/// Bytes of a hash in an address: enough that two versions never meet.
const VERSION_BYTES: usize = 9;
/// Brotli's effort: the highest. Each file is compressed once.
const BROTLI_QUALITY: i32 = 11;
/// The largest window, as a power of two (RFC 7932, 9.1).
const MAX_BROTLI_WINDOW: i32 = 22;
/// The bytes by which a window is smaller than its power of two.
const BROTLI_WINDOW_GAP: usize = 16;
/// Smaller files are sent as they are.
const MIN_COMPRESSED: usize = 512;

/// The address that leads to the hotel's bot. The name of the bot is known only once Telegram has
/// answered, so pages that no script fills in link to this address.
pub const TELEGRAM: &str = "/telegram";

/// What the pages say of the hotel where no script does.
pub struct PageFacts<'a> {
    /// The hotel.
    pub hotel: &'a HotelPolicy,
    /// How long a room is held.
    pub hold: TimeDelta,
    /// How long guests and bookings are kept.
    pub retention: RetentionSection,
    /// Whether positions are sent to a routing server.
    pub asks_routing_server: bool,
    /// Whether the hotel has a bot, so that [`TELEGRAM`] leads to it.
    pub has_bot: bool,
    /// Whether a system of the hotel is told of bookings.
    pub has_hotel_system: bool,
}

#[derive(RustEmbed)]
#[folder = "web/"]
struct Files;

/// All files.
pub struct Assets {
    version: String,
    files: HashMap<String, Asset>,
}

/// One file.
struct Asset {
    kind: HeaderValue,
    tag: String,
    bytes: Bytes,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
}

/// How a response is encoded (RFC 9110, 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Assets {
    /// All embedded files. The pages name the hotel where their scripts cannot.
    pub fn load(facts: &PageFacts<'_>) -> Self {
        let mut names: Vec<String> = Files::iter().map(Cow::into_owned).collect();
        names.sort();
        let mut hasher = Sha256::new();
        for name in &names {
            if let Some(file) = Files::get(name) {
                hasher.update(name);
                hasher.update(file.metadata.sha256_hash());
            }
        }
        let version = URL_SAFE_NO_PAD.encode(&hasher.finalize()[..VERSION_BYTES]);
        let files = names
            .into_iter()
            .filter_map(|name| {
                let asset = Asset::load(&name, &version, facts)?;
                Some((name, asset))
            })
            .collect();
        Self { version, files }
    }

    /// The response with a page or another file at a fixed address. `None` if there is no such file.
    pub fn revalidated(&self, name: &str, asked: &HeaderMap) -> Option<Response> {
        Some(self.files.get(name)?.response("no-cache", asked))
    }

    /// The response with a file of a version. A page of another version may still be open after an
    /// upgrade; it gets the current file, which its browser does not keep.
    pub fn versioned(&self, version: &str, name: &str, asked: &HeaderMap) -> Option<Response> {
        let caching = if version == self.version {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        Some(self.files.get(name)?.response(caching, asked))
    }
}

impl Asset {
    fn load(name: &str, version: &str, facts: &PageFacts<'_>) -> Option<Self> {
        let file = Files::get(name)?;
        let kind = match file.metadata.mimetype() {
            kind if kind.starts_with("text/") => format!("{kind}; charset=utf-8"),
            kind => kind.to_owned(),
        };
        let is_page = kind.starts_with("text/html");
        let bytes = if is_page {
            let page = String::from_utf8_lossy(&file.data);
            facts.fill_in(&with_version(&page, version)).into()
        } else if name.starts_with("js/") || name.starts_with("css/") {
            without_comments(&String::from_utf8_lossy(&file.data)).into()
        } else {
            Bytes::from(file.data.into_owned())
        };
        Some(Self {
            kind: HeaderValue::from_str(&kind).ok()?,
            tag: URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..VERSION_BYTES]),
            bytes,
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
        })
    }

    fn response(&self, caching: &'static str, asked: &HeaderMap) -> Response {
        let encoding = self.encoding(asked);
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        // Each encoding is a representation of its own (RFC 9110, 8.8.3.3).
        let tag = format!("\"{}{}\"", self.tag, encoding.suffix());
        let is_known = has_tag(asked, &tag);
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        if let Some(name) = encoding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        (headers, self.encoded(encoding).clone()).into_response()
    }

    /// The smallest encoding that the browser accepts.
    fn encoding(&self, asked: &HeaderMap) -> Encoding {
        if self.bytes.len() < MIN_COMPRESSED {
            return Encoding::Identity;
        }
        let best = [Encoding::Brotli, Encoding::Gzip].into_iter().find(|encoding| {
            let name = encoding.name().unwrap_or_default();
            accepted(asked).any(|(accepted, weight)| accepted == name && weight > 0)
        });
        best.unwrap_or(Encoding::Identity)
    }

    /// The bytes in an encoding. The first request for it compresses them.
    fn encoded(&self, encoding: Encoding) -> &Bytes {
        match encoding {
            Encoding::Identity => &self.bytes,
            Encoding::Gzip => self.gzip.get_or_init(|| gzip(&self.bytes).into()),
            Encoding::Brotli => self.brotli.get_or_init(|| brotli(&self.bytes).into()),
        }
    }
}

impl Encoding {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gzip",
            Self::Brotli => "-br",
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to a vector does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    // The encoder prepares its whole window, 4 MB by default, for each file. One of the file's own size
    // finds the same repetitions.
    let window = (bytes.len() + BROTLI_WINDOW_GAP).next_power_of_two().ilog2();
    let lgwin = i32::try_from(window).unwrap_or(MAX_BROTLI_WINDOW).clamp(10, MAX_BROTLI_WINDOW);
    let parameters = BrotliEncoderParams { quality: BROTLI_QUALITY, lgwin, ..Default::default() };
    let mut compressed = Vec::new();
    // Writing to a vector does not fail.
    let _ = brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters);
    compressed
}

/// The encodings that a request accepts, with their weights (RFC 9110, 12.5.3).
fn accepted(asked: &HeaderMap) -> impl Iterator<Item = (&str, u32)> {
    let values = asked.get_all(header::ACCEPT_ENCODING).into_iter();
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    ranges.map(|range| {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        (name.trim(), u32::from(weight(parameters)))
    })
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

/// A page whose files are those of a version, with a preload for each script that it needs.
fn with_version(page: &str, version: &str) -> String {
    let base = format!("/assets/{version}");
    let scripts = scripts_of(page);
    let preloads: String = scripts
        .iter()
        .map(|name| format!("  <link rel=\"modulepreload\" href=\"{base}/{name}\">\n"))
        .collect();
    let page = page.replace("\"/js/", &format!("\"{base}/js/"));
    let page = page.replace("\"/css/", &format!("\"{base}/css/"));
    let page = page.replace("\"/icon.svg\"", &format!("\"{base}/icon.svg\""));
    page.replacen("</head>", &format!("{preloads}</head>"), 1)
}

impl PageFacts<'_> {
    /// A page with these facts in their places, which are comments.
    fn fill_in(&self, page: &str) -> String {
        let Self { hotel, hold, retention, asks_routing_server, has_bot, has_hotel_system } = *self;
        let lines = [Some(&hotel.name), hotel.address.as_ref(), hotel.contact.as_ref()];
        let lines = lines.into_iter().flatten().map(|fact| format!("<p>{}</p>", escape(fact)));
        let bot =
            has_bot.then(|| format!("<p><a href=\"{}\">{}</a></p>", TELEGRAM, text::LINK_TO_BOT));
        let lines: String = lines.chain(bot).collect();
        let routing = |language| text::who_gets_positions(language, asks_routing_server).to_owned();
        let system = |language| text::who_gets_bookings(language, has_hotel_system).to_owned();
        let [indonesian, english] = [Language::Indonesian, Language::English];
        let facts = [
            ("hotel", lines),
            ("hotel.name", escape(&hotel.name)),
            ("names.days", retention.names.num_days().to_string()),
            ("bookings.days", retention.bookings.num_days().to_string()),
            ("hold.id", text::duration(indonesian, hold)),
            ("hold.en", text::duration(english, hold)),
            ("routing.id", routing(indonesian)),
            ("routing.en", routing(english)),
            ("system.id", system(indonesian)),
            ("system.en", system(english)),
        ];
        facts.iter().fold(page.to_owned(), |page, (place, fact)| {
            page.replace(&format!("<!-- {place} -->"), fact)
        })
    }
}

/// Escapes text for HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A script or a style without the lines that are only comments, which are a fifth of its compressed size. The
/// lines become empty, so that a position in an error is that of the source.
fn without_comments(script: &str) -> String {
    let mut is_inside = false;
    let mut without = String::with_capacity(script.len());
    for line in script.lines() {
        let begin = line.trim_start();
        let is_block = is_inside || begin.starts_with("/*");
        if !is_block && !begin.starts_with("//") {
            without.push_str(line);
        }
        is_inside = is_block && !line.contains("*/");
        without.push('\n');
    }
    without
}

/// The scripts that the script of a page imports, directly and through others. The page's own
/// script is not among them.
fn scripts_of(page: &str) -> Vec<String> {
    let Some((_, rest)) = page.split_once("src=\"/js/") else { return Vec::new() };
    let own = rest.split('"').next().unwrap_or_default().to_owned();
    let mut names = vec![own];
    let mut next = 0;
    while let Some(name) = names.get(next) {
        next += 1;
        let Some(file) = Files::get(&format!("js/{name}")) else { continue };
        let code = String::from_utf8_lossy(&file.data).into_owned();
        for imported in code.lines().filter_map(imported) {
            if !names.contains(&imported) {
                names.push(imported);
            }
        }
    }
    names.into_iter().skip(1).map(|name| format!("js/{name}")).collect()
}

/// The file that a line of a script imports.
fn imported(line: &str) -> Option<String> {
    let (before, name) = line.split_once("'./")?;
    let is_import = before == "import " || before.ends_with("from ");
    is_import.then(|| name.split('\'').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every import of every script is found: what is not found is loaded late.
    #[test]
    fn every_import_of_a_script_is_found() {
        for name in Files::iter().filter(|name| name.starts_with("js/")) {
            let code = String::from_utf8(Files::get(&name).unwrap().data.into_owned()).unwrap();
            let found = code.lines().filter_map(imported).count();
            let all = code.matches("from './").count() + code.matches("import './").count();
            assert_eq!(found, all, "{name}");
            let late = code.matches("import(").count();
            // For few: the form inside Telegram, the running booking, and the waiting list.
            let expected = if name == "js/form.js" { 3 } else { 0 };
            assert_eq!(late, expected, "{name}: late on purpose");
        }
    }

    /// A line is left out only if it is a whole comment: not in a text over several lines, and with
    /// nothing after the end of a block.
    #[test]
    fn what_is_left_out_of_a_file_is_only_comments() {
        for name in Files::iter().filter(|name| name.starts_with("js/") || name.starts_with("css/"))
        {
            let code = String::from_utf8(Files::get(&name).unwrap().data.into_owned()).unwrap();
            let served = without_comments(&code);
            assert_eq!(served.lines().count(), code.lines().count(), "{name}");
            let mut quotes = 0;
            for (line, kept) in code.lines().zip(served.lines()) {
                let begin = line.trim_start();
                if kept.is_empty() && !begin.is_empty() {
                    let is_comment = ["//", "/*", "*"].iter().any(|sign| begin.starts_with(sign));
                    assert!(is_comment && quotes % 2 == 0, "{name}: {line}");
                    let end = line.split_once("*/").map_or("", |(_, end)| end);
                    assert_eq!(end.trim(), "", "{name}: {line}");
                } else {
                    assert_eq!(line, kept, "{name}");
                    // A class of characters in a regular expression is no text.
                    let is_class = line.contains("/[");
                    quotes += if is_class { 0 } else { line.matches('`').count() };
                }
            }
        }
    }

    /// A page with the facts of a hotel.
    fn filled_in(name: &str, passes_on: bool) -> String {
        filled_in_with_bot(name, passes_on, true)
    }

    fn filled_in_with_bot(name: &str, passes_on: bool, has_bot: bool) -> String {
        let mut policy = crate::domain::tests::build::policy();
        policy.hotel.contact = Some("Telegram @hotel <&>".to_owned());
        let facts = PageFacts {
            hotel: &policy.hotel,
            hold: TimeDelta::minutes(150),
            retention: RetentionSection {
                names: TimeDelta::days(30),
                bookings: TimeDelta::days(365),
            },
            asks_routing_server: passes_on,
            has_hotel_system: passes_on,
            has_bot,
        };
        facts.fill_in(std::str::from_utf8(&Files::get(name).unwrap().data).unwrap())
    }

    #[test]
    fn a_page_without_scripts_says_whom_to_ask() {
        for name in ["index.html", "booking.html", "privasi.html", "kebijakan.html"] {
            let page = filled_in(name, false);
            for fact in ["Hotel Uji", "Jalan Uji 1", "Telegram @hotel &lt;&amp;&gt;"] {
                assert!(page.contains(&format!("<p>{fact}</p>")), "{name}: {fact}");
            }
            assert!(!page.contains("<!--"), "{name}: {page}");
            let link = "<a href=\"/telegram\">";
            assert!(page.contains(link), "{name}: {page}");
            assert!(!filled_in_with_bot(name, false, false).contains(link), "{name}");
        }
    }

    #[test]
    fn the_pages_of_words_have_the_numbers_of_the_configuration() {
        let privacy = filled_in("privasi.html", false);
        for fact in ["Dihapus 30 hari", "Dihapus 365 hari", "Erased 30 days", "after 365 days"] {
            assert!(privacy.contains(fact), "{fact}: {privacy}");
        }
        assert!(privacy.contains("tidak meneruskannya ke pihak lain"), "{privacy}");
        assert!(!privacy.contains("sistem hotel") && !privacy.contains("hotel's own system"));
        let passing_on = filled_in("privasi.html", true);
        for fact in ["penghitung rute", "sistem hotel", "hotel's own system"] {
            assert!(passing_on.contains(fact), "{fact}: {passing_on}");
        }
        let policy = filled_in("kebijakan.html", false);
        assert!(policy.contains("biasanya 2 jam 30 menit."), "{policy}");
        assert!(policy.contains("usually 2 hours 30 minutes."), "{policy}");
        for page in [privacy, policy] {
            assert!(!page.contains("<script"), "it works without scripts");
        }
    }

    #[test]
    fn a_page_names_its_version_and_preloads_what_its_script_imports() {
        let page = String::from_utf8(Files::get("index.html").unwrap().data.into_owned()).unwrap();
        let page = with_version(&page, "V");
        assert!(page.contains("src=\"/assets/V/js/form.js\""), "{page}");
        assert!(page.contains("href=\"/assets/V/css/form.css\""), "{page}");
        assert!(
            page.contains("<link rel=\"modulepreload\" href=\"/assets/V/js/text.js\">"),
            "{page}"
        );
        assert!(!page.contains("\"/js/") && !page.contains("\"/css/"), "{page}");
    }
}
