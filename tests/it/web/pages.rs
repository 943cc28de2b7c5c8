//! The static pages, and the health endpoints.

use std::collections::BTreeSet;
use std::io::Read;

use jatah::store::StoreControl;

use super::{Reply, Site};
use crate::hotel::with_paused_clock;

#[test]
fn pages_come_with_their_type_and_every_safety_header() {
    with_paused_clock(async || {
        let site = Site::open().await;
        for (path, kind) in [
            ("/", "text/html; charset=utf-8"),
            ("/b/RESI-20260104-001", "text/html; charset=utf-8"),
            ("/privasi", "text/html; charset=utf-8"),
            ("/kebijakan", "text/html; charset=utf-8"),
            ("/fo", "text/html; charset=utf-8"),
            ("/icon.svg", "image/svg+xml"),
        ] {
            let reply = site.get(path).await;
            assert_eq!(
                (reply.status, reply.headers["content-type"].as_str()),
                (200, kind),
                "{path}"
            );
            let policy = &reply.headers["content-security-policy"];
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            assert!(!policy.contains("unsafe"));
            assert_eq!(reply.headers["x-content-type-options"], "nosniff");
            assert_eq!(reply.headers["referrer-policy"], "no-referrer");
            assert_eq!(reply.headers["permissions-policy"], "geolocation=(self)");
            assert_eq!(reply.headers["cache-control"], "no-cache");
        }
        for (path, kind) in [
            ("/js/dom.js", "text/javascript; charset=utf-8"),
            ("/css/base.css", "text/css; charset=utf-8"),
        ] {
            let reply = site.get(path).await;
            assert_eq!((reply.status, reply.headers["content-type"].as_str()), (200, kind));
            assert_eq!(reply.headers["x-content-type-options"], "nosniff");
            assert_eq!(reply.headers["cache-control"], "no-cache");
        }
        site.close().await;
    });
}

#[test]
fn a_page_that_is_known_is_not_sent_again() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let tag = site.get("/").await.headers["etag"].clone();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let request = site.http.get(site.url("/")).header("if-none-match", known);
            let reply = Reply::of(request.send().await.unwrap()).await;
            assert_eq!(
                (reply.status, reply.text.as_str(), &reply.headers["etag"]),
                (304, "", &tag)
            );
        }
        let request = site.http.get(site.url("/fo")).header("if-none-match", tag);
        assert_eq!(Reply::of(request.send().await.unwrap()).await.status, 200);
        site.close().await;
    });
}

#[test]
fn the_code_of_a_receipt_number_is_a_picture_of_the_address_that_opens_it_on_the_board() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let reply = site.get("/b/resi 20260104 1/code.svg").await;
        assert_eq!((reply.status, reply.headers["content-type"].as_str()), (200, "image/svg+xml"));
        let address = site.url("/fo#resi=RESI-20260104-001");
        assert_eq!(reply.text, jatah::qris::svg(&address).unwrap());
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert!(reply.headers["content-security-policy"].starts_with("default-src 'none'"));
        for wrong in ["RESI", "RESI-20261399-001", "RESI-20260104-000", &"9".repeat(2_000)] {
            let reply = site.get(&format!("/b/{wrong}/code.svg")).await;
            assert_eq!(reply.status, 404, "{wrong}");
        }
        site.close().await;
    });
}

/// The addresses in a page that start with `/assets/`.
fn assets(page: &str) -> BTreeSet<&str> {
    page.split('"').filter(|part| part.starts_with("/assets/")).collect()
}

#[test]
fn the_files_of_a_page_are_kept_for_good_and_the_page_is_not() {
    with_paused_clock(async || {
        let site = Site::open().await;
        for path in ["/", "/b/RESI-20260104-001", "/fo"] {
            let page = site.get(path).await.text;
            assert!(assets(&page).iter().any(|asset| asset.ends_with("/js/text.js")), "{page}");
            for asset in assets(&page) {
                let reply = site.get(asset).await;
                assert_eq!(reply.status, 200, "{asset}");
                assert_eq!(reply.headers["cache-control"], "public, max-age=31536000, immutable");
                assert_eq!(reply.headers["vary"], "accept-encoding");
            }
        }
        // A page of an older version still works, but is not kept.
        let reply = site.get("/assets/older/js/text.js").await;
        assert_eq!((reply.status, reply.headers["cache-control"].as_str()), (200, "no-cache"));
        for nothing in ["/assets/older/index.html", "/assets/older/js/nothing.js", "/assets/js"] {
            assert_eq!(site.get(nothing).await.status, 404, "{nothing}");
        }
        site.close().await;
    });
}

#[test]
fn files_are_compressed_for_browsers_that_can_read_it() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let plain = site.get("/js/text.js").await;
        assert_eq!(plain.headers.get("content-encoding"), None);
        let cases = [
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("zstd", None),
            ("br;q=0", None),
        ];
        for (accepted, expected) in cases {
            let request = site.http.get(site.url("/js/text.js"));
            let reply = request.header("accept-encoding", accepted).send().await.unwrap();
            let header = |name: &str| reply.headers().get(name).map(|v| v.to_str().unwrap());
            assert_eq!(header("content-encoding"), expected, "{accepted}");
            let tag = header("etag").unwrap().to_owned();
            let bytes = reply.bytes().await.unwrap();
            let mut text = String::new();
            match expected {
                Some("br") => {
                    brotli::Decompressor::new(&bytes[..], 4096).read_to_string(&mut text).unwrap();
                }
                Some(_) => {
                    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
                }
                None => text = String::from_utf8(bytes.to_vec()).unwrap(),
            }
            assert_eq!(text, plain.text, "{accepted}");
            let request = site.http.get(site.url("/js/text.js"));
            let request = request.header("accept-encoding", accepted).header("if-none-match", tag);
            assert_eq!(request.send().await.unwrap().status(), 304, "{accepted}");
        }
        site.close().await;
    });
}

#[test]
fn the_form_takes_at_most_30_kilobytes_over_the_wire_and_2_when_it_is_reloaded() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let page = site.get("/").await;
        let mut bytes = 0;
        // A browser with scripts loads no style for one without.
        let loaded = assets(&page.text).into_iter().filter(|path| !path.ends_with("no-script.css"));
        for path in ["/"].into_iter().chain(loaded) {
            let request = site.http.get(site.url(path)).header("accept-encoding", "br");
            let reply = request.send().await.unwrap();
            bytes += head_bytes(reply.headers()) + reply.bytes().await.unwrap().len();
        }
        assert!(bytes <= 30_000, "{bytes}");
        let request = site.http.get(site.url("/")).header("accept-encoding", "br");
        let tag = request.send().await.unwrap().headers()["etag"].clone();
        let request = site.http.get(site.url("/")).header("accept-encoding", "br");
        let reply = request.header("if-none-match", tag).send().await.unwrap();
        assert_eq!(reply.status(), 304);
        assert!(head_bytes(reply.headers()) <= 2_000, "{}", head_bytes(reply.headers()));
        site.close().await;
    });
}

fn head_bytes(headers: &reqwest::header::HeaderMap) -> usize {
    // The status line, and each line with its colon, space and line end.
    20 + headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
}

#[test]
fn what_is_not_there_is_not_found() {
    with_paused_clock(async || {
        let site = Site::open().await;
        for path in [
            "/nothing",
            "/js/",
            "/js/nothing.js",
            "/js/..%2findex.html",
            "/package.json",
            "/b/",
            "/metrics",
        ] {
            let reply = site.get(path).await;
            assert_eq!(
                (reply.status, reply.text.as_str()),
                (404, "Halaman ini tidak ada."),
                "{path}"
            );
        }
        site.close().await;
    });
}

#[test]
fn readiness_follows_the_parts_and_the_store() {
    with_paused_clock(async || {
        let site = Site::open().await;
        assert_eq!(site.get("/healthz").await.status, 200);
        site.app.health.set_degraded("smtp", Some("away".to_owned()));
        let ready = site.get("/readyz").await;
        let expected = serde_json::json!({ "ready": true, "degraded": { "smtp": "away" } });
        assert_eq!((ready.status, ready.json()), (200, expected));
        site.app.health.set_ready(false);
        assert_eq!(site.get("/readyz").await.status, 503);
        site.app.health.set_ready(true);
        site.store.close().await;
        let ready = site.get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["ready"]), (503, &serde_json::json!(false)));
        assert_eq!(ready.json()["degraded"]["store"], "does not answer");
        assert_eq!(site.get("/healthz").await.status, 200);
        let reply = site
            .ask(
                "{ availability(checkIn: \"2026-01-04\") { available } }",
                serde_json::json!({}),
                None,
            )
            .await;
        assert_eq!(reply.code(), "UNAVAILABLE");
        site.close().await;
    });
}
