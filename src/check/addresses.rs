//! The address at which the server listens, and the public one: whether a proxy passes on what it
//! must.

use std::error::Error;
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{
    CONNECTION, DATE, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use super::report::Report;
use crate::config::{Config, WebUrl};
use crate::domain::{Language, Moment};
use crate::text;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The most bytes of an answer that are looked at.
const MAX_BODY: usize = 16;
/// By how much an address's time may differ from this machine's.
const MAX_APART_SECONDS: i64 = 60;

pub(super) async fn check(config: &Config, now: Moment, report: &mut Report) {
    let client = Client::builder().timeout(LIMIT).redirect(Policy::none()).build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            report.mend("address", format!("no client can be made: {error}"));
            return;
        }
    };
    let runs = check_listener(config, &client, report).await;
    if let Some(url) = &config.server.public_url {
        check_public(url, config, &client, runs, report).await;
    }
    if config.telegram.token.is_some() {
        check_time(&client, config.telegram.api_url.as_str(), now, report).await;
    }
}

/// Whether the server runs at its address, or can.
async fn check_listener(config: &Config, client: &Client, report: &mut Report) -> bool {
    let listen = config.server.listen;
    let local = config.server.local_url(listen);
    let Err(error) = std::net::TcpListener::bind(listen) else {
        report.ok("server", format!("does not run; {listen} is free"));
        return false;
    };
    if answers_as_jatah(client, &local).await.is_ok() {
        report.ok("server", format!("runs at {listen}"));
        return true;
    }
    report.mend("server", format!("cannot listen on {listen} (server.listen): {error}"));
    false
}

/// Whether `/healthz` of an address answers as this program does.
async fn answers_as_jatah(client: &Client, url: &str) -> Result<(), String> {
    let response = client.get(format!("{url}/healthz")).send().await.map_err(|e| cause(&e))?;
    let status = response.status();
    if status.is_redirection() {
        let to = response.headers().get("location").and_then(|to| to.to_str().ok());
        return Err(format!("sends guests on to {}", to.unwrap_or("another address")));
    }
    if matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) {
        return Err(format!("the proxy answers {status}: it does not reach jatah"));
    }
    let body = start_of(response).await;
    if status == StatusCode::OK && body == b"ok" {
        Ok(())
    } else {
        Err(format!("answers {status}, but not as jatah does"))
    }
}

async fn start_of(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            break;
        }
    }
    body
}

/// Asks the public address for a page and for a socket, as a guest's browser does.
async fn check_public(
    url: &WebUrl,
    config: &Config,
    client: &Client,
    runs: bool,
    report: &mut Report,
) {
    const PART: &str = "public address";
    let listen = config.server.listen;
    if let Err(problem) = answers_as_jatah(client, url.as_str()).await {
        let words = format!("{url}: {problem}");
        if runs {
            let to_do =
                format!("look at the name, the certificate, and that the proxy calls {listen}");
            report.mend(PART, format!("{words}; {to_do}"));
        } else {
            report.look(PART, format!("{words}; start the server and check again"));
        }
        return;
    }
    let asked = client
        .get(format!("{url}/graphql"))
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, "MDEyMzQ1Njc4OWFiY2RlZg==")
        .header(SEC_WEBSOCKET_PROTOCOL, "graphql-transport-ws")
        .header(ORIGIN, url.as_str())
        .send()
        .await;
    match asked.map(|response| response.status()) {
        Ok(StatusCode::SWITCHING_PROTOCOLS) => {
            report.ok(PART, format!("{url}, pages and live updates arrive"));
        }
        Ok(StatusCode::FORBIDDEN) => report.mend(PART, format!(
            "{url}: the running server refuses its own pages (Origin): its server.public_url is \
             another one; restart it, and let the proxy pass Host on unchanged"
        )),
        Ok(status) => report.mend(PART, format!(
            "{url}: pages arrive, live updates do not ({status}): let the proxy pass on Upgrade and \
             Connection (packaging/nginx.conf)"
        )),
        Err(error) => report.mend(PART, format!("{url}: pages arrive, live updates do not: {}", cause(&error))),
    }
}

/// Compares this machine's clock with another one's, roughly: answers tell whole seconds.
async fn check_time(client: &Client, url: &str, now: Moment, report: &mut Report) {
    let Ok(response) = client.head(url).send().await else { return };
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
    let Some(there) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else { return };
    let apart = there.to_utc() - now;
    if apart.num_seconds().abs() > MAX_APART_SECONDS {
        let way = if apart.num_seconds() > 0 { "behind" } else { "ahead" };
        report.mend(
            "clock",
            format!(
                "{} {way} of Telegram's: every hold would end at the wrong time; set it \
             (timedatectl set-ntp true)",
                text::duration(Language::English, apart.abs())
            ),
        );
    }
}

/// The innermost cause of an error, which says most.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
