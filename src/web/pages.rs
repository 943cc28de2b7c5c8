//! The addresses of the static pages and of the files that they load.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::assets::{Assets, PageFacts, TELEGRAM};
use crate::domain::Language;
use crate::text;

#[derive(Clone)]
struct Pages {
    assets: Arc<Assets>,
    language: Language,
    bot: Arc<OnceLock<String>>,
}

/// The booking form, the guest's page, the pages of words, the front office's page, and the files that they load.
pub fn routes(language: Language, bot: Arc<OnceLock<String>>, facts: &PageFacts<'_>) -> Router {
    let page = |name: &'static str| {
        get(async move |State(pages): State<Pages>, asked: HeaderMap| pages.file(name, &asked))
    };
    Router::new()
        .route("/", page("index.html"))
        // The page reads the receipt number and the access token from its own address. The token is
        // never sent with this request.
        .route("/b/{receipt_no}", page("booking.html"))
        // Other software puts a slash between the path and the fragment.
        .route("/b/{receipt_no}/", page("booking.html"))
        .route("/privasi", page("privasi.html"))
        .route("/kebijakan", page("kebijakan.html"))
        .route("/fo", page("fo.html"))
        .route(TELEGRAM, get(bot_link))
        .route("/icon.svg", page("icon.svg"))
        .route("/js/{name}", get(script))
        .route("/css/{name}", get(style))
        .route("/assets/{version}/{*name}", get(versioned))
        .fallback(async |State(pages): State<Pages>| pages.not_found())
        .with_state(Pages { assets: Arc::new(Assets::load(facts)), language, bot })
}

/// Leads to the bot, once its name is known.
async fn bot_link(State(pages): State<Pages>) -> Response {
    match pages.bot.get() {
        Some(name) => Redirect::temporary(&format!("https://t.me/{name}")).into_response(),
        None => (StatusCode::NOT_FOUND, text::no_bot(pages.language)).into_response(),
    }
}

async fn script(
    State(pages): State<Pages>,
    Path(name): Path<String>,
    asked: HeaderMap,
) -> Response {
    pages.file(&format!("js/{name}"), &asked)
}

async fn style(State(pages): State<Pages>, Path(name): Path<String>, asked: HeaderMap) -> Response {
    pages.file(&format!("css/{name}"), &asked)
}

async fn versioned(
    State(pages): State<Pages>,
    Path((version, name)): Path<(String, String)>,
    asked: HeaderMap,
) -> Response {
    let is_page_file = name == "icon.svg" || name.starts_with("js/") || name.starts_with("css/");
    let found = is_page_file.then(|| pages.assets.versioned(&version, &name, &asked)).flatten();
    found.unwrap_or_else(|| pages.not_found())
}

impl Pages {
    fn file(&self, name: &str, asked: &HeaderMap) -> Response {
        self.assets.revalidated(name, asked).unwrap_or_else(|| self.not_found())
    }

    fn not_found(&self) -> Response {
        (StatusCode::NOT_FOUND, text::no_page(self.language)).into_response()
    }
}
