//! Asks a routing server how long the drive is, ahead of time, so that no decision ever waits.
//!
//! It speaks the HTTP interface of OSRM 5 (`/route/v1/driving/…`, lon,lat). Positions that were
//! kept come in from the desk; the answer goes back to it and beside the fix. A booking is asked
//! for at most once a minute. A server that is away, slow, or says what cannot be true is
//! [`RouteEstimate::Silent`]: the estimate then falls back, and its evidence says so.
//!
//! Positions go to the configured server and nowhere else, into no log either.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::domain::travel::RouteEstimate;
use crate::domain::{Coordinates, ReceiptNo};
use crate::service::{BookingService, RouteRequest};

/// Departures that may wait to be asked for; what comes beyond is left out.
pub const WAITING: usize = 256;
/// An answer counts if it comes within this, its last byte included.
const LIMIT: Duration = Duration::from_secs(2);
/// Bytes of an answer at most. One without the way's shape has a few hundred.
const MAX_BYTES: usize = 64 * 1024;
/// One booking is asked for at most once in this time.
const EVERY: TimeDelta = TimeDelta::minutes(1);
/// Questions under way at the same time.
const AT_ONCE: usize = 8;
/// Bookings whose last question is remembered, before old ones are forgotten.
const REMEMBERED: usize = 4_096;
/// Nobody drives faster on average, in metres a second: 200 km/h.
const MAX_SPEED: f64 = 200.0 / 3.6;
/// No drive takes longer, in seconds.
const MAX_DRIVE: f64 = 48.0 * 3600.0;
/// No drive is slower on empty roads, in metres a second as the crow flies: 2 km/h, and half an
/// hour besides for what is near but cannot be reached straight.
const MIN_SPEED: f64 = 2.0 / 3.6;
const SPARE_SECONDS: f64 = 1800.0;

/// Why there is no road.
#[derive(Debug, thiserror::Error)]
enum RoutingError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("its answer is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("its answer is no route")]
    NoRoute,
    #[error("its answer cannot be true")]
    Absurd,
    #[error("no answer within {LIMIT:?}")]
    TooLate,
}

/// A routing server.
#[derive(Clone)]
pub struct RoutingServer {
    http: reqwest::Client,
    url: String,
    hotel: Coordinates,
}

#[derive(Deserialize)]
struct Answer {
    code: String,
    #[serde(default)]
    routes: Vec<Route>,
}

#[derive(Deserialize)]
struct Route {
    /// Seconds.
    duration: f64,
}

impl RoutingServer {
    /// A server at a URL without a slash at the end, asked for ways to the hotel.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(url: &str, hotel: Coordinates) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("jatah/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, url: url.to_owned(), hotel })
    }

    /// The drive from a place to the hotel on empty roads.
    pub async fn route(&self, from: Coordinates) -> RouteEstimate {
        let asked = tokio::time::timeout(LIMIT, self.ask(from)).await;
        match asked.unwrap_or(Err(RoutingError::TooLate)) {
            Ok(drive) => RouteEstimate::Drive(drive),
            Err(RoutingError::Http(error)) => {
                // Its URL tells where the guest is.
                warn!(error = %error.without_url(), "the routing server is no help");
                RouteEstimate::Silent
            }
            Err(error) => {
                warn!(%error, "the routing server is no help");
                RouteEstimate::Silent
            }
        }
    }

    async fn ask(&self, from: Coordinates) -> Result<TimeDelta, RoutingError> {
        let lon_lat = |at: Coordinates| format!("{:.6},{:.6}", at.longitude(), at.latitude());
        let (url, from_text, to) = (&self.url, lon_lat(from), lon_lat(self.hotel));
        let url = format!("{url}/route/v1/driving/{from_text};{to}?overview=false");
        let mut response = self.http.get(url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(RoutingError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| RoutingError::NoRoute)?;
        let route =
            answer.routes.first().filter(|_| answer.code == "Ok").ok_or(RoutingError::NoRoute)?;
        believable(route.duration, from.metres_to(self.hotel)).ok_or(RoutingError::Absurd)
    }
}

/// A drive of so many seconds over so many metres as the crow flies, if there can be one.
fn believable(seconds: f64, metres: f64) -> Option<TimeDelta> {
    let least = metres / MAX_SPEED;
    let most = (metres / MIN_SPEED + SPARE_SECONDS).min(MAX_DRIVE);
    // NaN is in no range.
    let is_believable = (0.0..=most).contains(&seconds) && seconds >= least;
    #[expect(clippy::cast_possible_truncation, reason = "at most two days of milliseconds")]
    is_believable.then(|| TimeDelta::milliseconds((seconds * 1000.0).round() as i64))
}

/// Asks for the roads of all guests.
pub struct RouteWorker {
    server: RoutingServer,
    service: Arc<BookingService>,
    route_requests: mpsc::Receiver<RouteRequest>,
    asked: HashMap<ReceiptNo, crate::domain::Moment>,
    under_way: JoinSet<()>,
}

impl RouteWorker {
    /// Asks a server for what the desk tells, and tells the desk.
    #[must_use]
    pub fn new(
        server: RoutingServer,
        service: Arc<BookingService>,
        route_requests: mpsc::Receiver<RouteRequest>,
    ) -> Self {
        let (asked, under_way) = (HashMap::new(), JoinSet::new());
        Self { server, service, route_requests, asked, under_way }
    }

    /// Works until told to stop. What is under way then is left.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(_) = self.under_way.join_next() => {}
                departure = self.route_requests.recv(), if self.under_way.len() < AT_ONCE => {
                    let Some(departure) = departure else { return };
                    if self.is_due(departure.receipt_no) {
                        self.ask(departure);
                    }
                }
            }
        }
    }

    fn is_due(&mut self, receipt_no: ReceiptNo) -> bool {
        let now = self.service.now();
        if self.asked.len() >= REMEMBERED {
            self.asked.retain(|_, at| now - *at < EVERY);
        }
        let is_due = self.asked.get(&receipt_no).is_none_or(|at| now - *at >= EVERY);
        if is_due {
            self.asked.insert(receipt_no, now);
        }
        is_due
    }

    fn ask(&mut self, departure: RouteRequest) {
        let (server, service) = (self.server.clone(), Arc::clone(&self.service));
        self.under_way.spawn(async move {
            let route = server.route(departure.from).await;
            if let Err(error) = service.keep_road(departure, route).await {
                let receipt_no = departure.receipt_no;
                debug!(%receipt_no, %error, "a road was not kept");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_drive_that_can_be_is_believed() {
        let minutes = |seconds, metres| believable(seconds, metres).map(|time| time.num_minutes());
        assert_eq!(minutes(1_200.0, 10_000.0), Some(20));
        assert_eq!(minutes(0.0, 0.0), Some(0));
        for lie in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0, 179.0, 19_900.0, 1e300] {
            assert_eq!(minutes(lie, 10_000.0), None, "{lie}");
        }
        assert_eq!(minutes(1e6, 2e7), None, "three weeks on the road");
    }
}
