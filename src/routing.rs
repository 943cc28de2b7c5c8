//! Asks a routing server how long the drive to the hotel takes.
//!
//! It is asked when a position is reported, so that the decision at the end of a hold does not
//! wait. The interface is the HTTP interface of OSRM 5 (`/route/v1/driving/…`, longitude before
//! latitude). The [`BookingService`] sends a [`RouteRequest`] for each stored fix, and stores the
//! answer with that fix. The server is asked at most once a minute for one booking. If it is
//! unreachable or too slow, or if its answer is impossible, the answer is
//! [`RouteEstimate::Silent`]: the domain then estimates without it, and the evidence says so.
//!
//! This module decides nothing about a booking. It sends positions only to the configured server,
//! and does not log them.

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
use crate::domain::{Coordinates, Moment, ReceiptNo};
use crate::service::{BookingService, RouteRequest};

/// How many route requests may wait. Further requests are dropped.
pub const QUEUE_CAPACITY: usize = 256;
/// The time limit for a whole answer, up to its last byte.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// The most bytes of an answer. An answer without the geometry has a few hundred.
const MAX_BYTES: usize = 64 * 1024;
/// The server is asked at most once in this time for one booking.
const MIN_INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// The most requests to the server at the same time.
const MAX_CONCURRENT: usize = 8;
/// How many bookings are remembered with their last request before old ones are removed.
const MAX_BOOKINGS: usize = 4_096;
/// The highest believable average speed, in metres a second: 200 km/h.
const MAX_SPEED: f64 = 200.0 / 3.6;
/// The longest believable drive, in seconds.
const MAX_DRIVE: f64 = 48.0 * 3600.0;
/// The lowest believable speed on empty roads, in metres a second along the straight line: 2 km/h.
const MIN_SPEED: f64 = 2.0 / 3.6;
/// Added to the time at [`MIN_SPEED`], for places that are near but need a long detour.
const SPARE_SECONDS: f64 = 1800.0;

/// Why there is no answer that can be used.
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
    #[error("no answer within {ANSWER_TIMEOUT:?}")]
    TooLate,
}

/// A client of a routing server.
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
    /// The duration of the drive in seconds.
    duration: f64,
}

impl RoutingServer {
    /// A client of the server at `url`, which has no slash at the end, for routes to `hotel`.
    ///
    /// # Errors
    /// [`reqwest::Error`] if the HTTP client cannot be set up, for example its TLS.
    pub fn new(url: &str, hotel: Coordinates) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(ANSWER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("jatah/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, url: url.to_owned(), hotel })
    }

    /// The time of the drive from `from` to the hotel on empty roads.
    pub async fn route(&self, from: Coordinates) -> RouteEstimate {
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, self.ask(from)).await;
        match asked.unwrap_or(Err(RoutingError::TooLate)) {
            Ok(drive) => RouteEstimate::Drive(drive),
            Err(RoutingError::Http(error)) => {
                // The URL contains the position of the guest, so it is not logged.
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

/// The duration of a drive, if `seconds` is possible for `metres` along the straight line.
fn believable(seconds: f64, metres: f64) -> Option<TimeDelta> {
    let least = metres / MAX_SPEED;
    let most = (metres / MIN_SPEED + SPARE_SECONDS).min(MAX_DRIVE);
    // NaN is in no range, so it is refused.
    let is_believable = (0.0..=most).contains(&seconds) && seconds >= least;
    #[expect(clippy::cast_possible_truncation, reason = "at most two days of milliseconds")]
    is_believable.then(|| TimeDelta::milliseconds((seconds * 1000.0).round() as i64))
}

/// The worker that asks for the routes of all guests.
pub struct RouteWorker {
    server: RoutingServer,
    service: Arc<BookingService>,
    route_requests: mpsc::Receiver<RouteRequest>,
    /// When the server was last asked, by booking.
    asked: HashMap<ReceiptNo, Moment>,
    /// Requests that wait for an answer.
    under_way: JoinSet<()>,
}

impl RouteWorker {
    /// A worker that takes requests from the service, asks the server, and gives the answers to the
    /// service.
    #[must_use]
    pub fn new(
        server: RoutingServer,
        service: Arc<BookingService>,
        route_requests: mpsc::Receiver<RouteRequest>,
    ) -> Self {
        let (asked, under_way) = (HashMap::new(), JoinSet::new());
        Self { server, service, route_requests, asked, under_way }
    }

    /// Runs until it is told to stop. Requests that wait for an answer are then dropped.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(_) = self.under_way.join_next() => {}
                request = self.route_requests.recv(), if self.under_way.len() < MAX_CONCURRENT => {
                    let Some(request) = request else { return };
                    if self.is_due(request.receipt_no) {
                        self.ask(request);
                    }
                }
            }
        }
    }

    /// Whether the server may be asked for this booking now. If so, this moment is remembered.
    fn is_due(&mut self, receipt_no: ReceiptNo) -> bool {
        let now = self.service.now();
        if self.asked.len() >= MAX_BOOKINGS {
            self.asked.retain(|_, at| now - *at < MIN_INTERVAL);
        }
        let is_due = self.asked.get(&receipt_no).is_none_or(|at| now - *at >= MIN_INTERVAL);
        if is_due {
            self.asked.insert(receipt_no, now);
        }
        is_due
    }

    fn ask(&mut self, request: RouteRequest) {
        let (server, service) = (self.server.clone(), Arc::clone(&self.service));
        self.under_way.spawn(async move {
            let route = server.route(request.from).await;
            if let Err(error) = service.store_route(request, route).await {
                let receipt_no = request.receipt_no;
                debug!(%receipt_no, %error, "a route was not stored");
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
        assert_eq!(minutes(1e6, 2e7), None, "longer than two days");
    }
}
