//! The lifecycle of the process: watched workers, an ordered stop, and health.
//!
//! A worker that returns or panics before it is stopped ends the process with a failure, because a
//! restart is better than a process with a part missing. Long-running tasks are spawned only here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

/// Starts workers and reports those that die.
pub struct Lifecycle {
    failures: mpsc::UnboundedSender<&'static str>,
    dead: mpsc::UnboundedReceiver<&'static str>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        let (failures, dead) = mpsc::unbounded_channel();
        Self { failures, dead }
    }
}

impl Lifecycle {
    /// A group of workers that are stopped together.
    #[must_use]
    pub fn phase(&self, name: &'static str) -> WorkerGroup {
        WorkerGroup {
            name,
            stop: CancellationToken::new(),
            workers: TaskTracker::new(),
            failures: self.failures.clone(),
        }
    }

    /// Waits for a worker to die and returns its name. Waits for ever if none dies.
    pub async fn failed_worker(&mut self) -> &'static str {
        match self.dead.recv().await {
            Some(name) => name,
            // Cannot happen: this struct holds a sender itself.
            None => std::future::pending().await,
        }
    }
}

/// A group of workers that are stopped together.
#[derive(Clone)]
pub struct WorkerGroup {
    name: &'static str,
    stop: CancellationToken,
    workers: TaskTracker,
    failures: mpsc::UnboundedSender<&'static str>,
}

impl WorkerGroup {
    /// The token that is cancelled when this phase's workers must stop.
    #[must_use]
    pub fn stop_signal(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a worker that runs until the phase is stopped.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let (stop, failures) = (self.stop.clone(), self.failures.clone());
        #[expect(clippy::disallowed_methods, reason = "the one place that spawns, and watches")]
        self.workers.spawn(async move {
            let ended = tokio::spawn(work).await;
            if let Err(failure) = &ended {
                error!(worker = name, %failure, "a worker crashed");
            }
            if ended.is_err() || !stop.is_cancelled() {
                error!(worker = name, "a worker ended before it was told to");
                // If the receiver is gone, the process is stopping already.
                let _ = failures.send(name);
            }
        });
    }

    /// Tells the workers to stop, and waits for them for at most `limit`.
    pub async fn stop(&self, limit: Duration) {
        self.stop.cancel();
        self.workers.close();
        if tokio::time::timeout(limit, self.workers.wait()).await.is_ok() {
            info!(phase = self.name, "stopped");
        } else {
            warn!(phase = self.name, left = self.workers.len(), "not stopped within its limit");
        }
    }
}

/// The health of the process, for the health endpoints. Clones share it.
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    is_ready: AtomicBool,
    degraded: Mutex<BTreeMap<&'static str, String>>,
    /// Notified of every change of what is degraded.
    changed: watch::Sender<()>,
}

impl Health {
    /// Sets whether the process is ready: every deadline is armed and requests are served.
    pub fn set_ready(&self, is_ready: bool) {
        self.0.is_ready.store(is_ready, Ordering::Release);
    }

    /// Whether the process is ready: every deadline is armed and requests are served.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.is_ready.load(Ordering::Acquire)
    }

    /// Sets the reason why a part is degraded, or `None` if it works again. The process goes on
    /// without that part.
    pub fn set_degraded(&self, part: &'static str, reason: Option<String>) {
        let mut degraded = self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner);
        match reason {
            Some(reason) => {
                if degraded.insert(part, reason.clone()).as_ref() != Some(&reason) {
                    warn!(part, reason, "degraded");
                    self.0.changed.send_replace(());
                }
            }
            None => {
                if degraded.remove(part).is_some() {
                    info!(part, "well again");
                    self.0.changed.send_replace(());
                }
            }
        }
    }

    /// The degraded parts with their reasons: now, and after every change.
    #[must_use]
    pub fn watch(&self) -> BoxStream<'static, BTreeMap<&'static str, String>> {
        let (health, mut changed) = (self.clone(), self.0.changed.subscribe());
        changed.mark_changed();
        stream::unfold((health, changed), async |(health, mut changed)| {
            changed.changed().await.ok()?;
            Some((health.degraded(), (health, changed)))
        })
        .boxed()
    }

    /// The degraded parts with their reasons.
    #[must_use]
    pub fn degraded(&self) -> BTreeMap<&'static str, String> {
        self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn failed_worker(lifecycle: &mut Lifecycle) -> &'static str {
        tokio::time::timeout(Duration::from_secs(10), lifecycle.failed_worker()).await.unwrap()
    }

    #[tokio::test]
    async fn a_worker_that_panics_is_reported() {
        let mut lifecycle = Lifecycle::default();
        lifecycle.phase("parts").spawn("clock", async { panic!("of a test") });
        assert_eq!(failed_worker(&mut lifecycle).await, "clock");
    }

    #[tokio::test]
    async fn a_worker_that_ends_before_it_was_told_to_is_reported() {
        let mut lifecycle = Lifecycle::default();
        lifecycle.phase("parts").spawn("feed", async {});
        assert_eq!(failed_worker(&mut lifecycle).await, "feed");
    }

    #[tokio::test]
    async fn a_worker_that_panics_while_it_stops_is_reported_too() {
        let mut lifecycle = Lifecycle::default();
        let parts = lifecycle.phase("parts");
        let stop = parts.stop_signal();
        parts.spawn("notifier", async move {
            stop.cancelled().await;
            panic!("of a test");
        });
        parts.stop(Duration::from_secs(10)).await;
        assert_eq!(failed_worker(&mut lifecycle).await, "notifier");
    }

    #[tokio::test]
    async fn a_worker_that_stops_when_told_to_has_not_failed() {
        let mut lifecycle = Lifecycle::default();
        let parts = lifecycle.phase("parts");
        let stop = parts.stop_signal();
        parts.spawn("web", async move { stop.cancelled().await });
        parts.stop(Duration::from_secs(10)).await;
        let failed = std::pin::pin!(lifecycle.failed_worker());
        assert!(futures_util::poll!(failed).is_pending());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_no_longer_than_its_limit() {
        let lifecycle = Lifecycle::default();
        let parts = lifecycle.phase("parts");
        parts.spawn("stubborn", std::future::pending());
        let before = tokio::time::Instant::now();
        parts.stop(Duration::from_secs(5)).await;
        assert_eq!(before.elapsed().as_secs(), 5);
    }

    #[test]
    fn what_is_degraded_is_named_until_it_is_well_again() {
        let health = Health::default();
        health.set_degraded("clock", Some("3 s off".to_owned()));
        assert_eq!(health.degraded()["clock"], "3 s off");
        health.set_degraded("clock", None);
        assert!(health.degraded().is_empty());
    }
}
