//! The static pages, and the health endpoints.

use super::{Reply, Site};
use crate::hotel::with_paused_clock;
use jatah::store::StoreControl;

#[test]
fn pages_come_with_their_type_and_every_safety_header() {
    with_paused_clock(async || {
        let site = Site::open().await;
        for (path, kind) in [
            ("/", "text/html; charset=utf-8"),
            ("/b/RESI-20260104-001", "text/html; charset=utf-8"),
            ("/fo", "text/html; charset=utf-8"),
            ("/js/dom.js", "text/javascript; charset=utf-8"),
            ("/css/base.css", "text/css; charset=utf-8"),
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
