//! Does what a hotel does once each day: the morning report, the backup, the retention.
//!
//! One task sleeps until the next moment of a job; it does not poll. Every node wakes, and the one
//! whose claim is stored first does the job, so each job is done once for all nodes. A claim is for
//! some minutes and is renewed while the job runs: if its node dies, another one does the job when
//! the claim has ended. A job whose moment passed while no process ran is done at the start, as long
//! as it is still useful. This module does not know what a job does.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{Days, NaiveTime, TimeDelta};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::domain::{HotelPolicy, Moment};
use crate::store::{KeyValueStore, StoreError, StoredValue};

/// How long a claim lasts. If a node dies while it does a job, the job waits for so long.
const CLAIM_LIFE: TimeDelta = TimeDelta::minutes(10);
/// How often a claim is renewed while its job runs.
const RENEW_EVERY: Duration = Duration::from_mins(3);
/// How long it is stored that a job was done. The next day has a name of its own.
const DONE_LIFE: TimeDelta = TimeDelta::days(3);
/// The wait before a job that failed is tried again.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(10);
/// The longest sleep without a look at the wall clock, which may have been set, or the machine slept.
const MAX_SLEEP: Duration = Duration::from_mins(15);

/// The stored text of a job that is being done.
const RUNS: &str = "runs";
/// The stored text of a job that was done.
const DONE: &str = "done";

/// Something that is done once each day.
#[async_trait]
pub trait DailyJob: Send + Sync + 'static {
    /// Its name, by which it is stored that it was done.
    fn name(&self) -> &'static str;

    /// When it is done, by the hotel's clock.
    fn at(&self) -> NaiveTime;

    /// How long after its moment it is still worth doing.
    fn useful_for(&self) -> TimeDelta {
        TimeDelta::days(1)
    }

    /// Does it. `due` is the moment for which it is done, which may be some time ago. If it was not
    /// completed, for example because the process ended, this is called again for the same moment.
    ///
    /// # Errors
    /// [`JobFailed`] if it should be tried again in some minutes.
    async fn run(&self, due: Moment) -> Result<(), JobFailed>;

    /// Another node, or an earlier process, has done it.
    fn was_done_elsewhere(&self) {}
}

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobFailed(String);

impl JobFailed {
    /// A failure for this reason.
    pub fn because(reason: impl Display) -> Self {
        Self(reason.to_string())
    }
}

impl From<StoreError> for JobFailed {
    fn from(error: StoreError) -> Self {
        Self::because(error)
    }
}

/// The worker that does the jobs of a house.
pub struct DailyJobs {
    jobs: Vec<Arc<dyn DailyJob>>,
    values: Arc<dyn KeyValueStore>,
    hotel: HotelPolicy,
    clock: Clock,
}

/// What became of an attempt.
enum Attempt {
    /// The job is done for this day.
    Done,
    /// A node does it. Its claim ends then, if it is not renewed.
    ClaimedUntil(Moment),
}

impl DailyJobs {
    /// A worker for these jobs.
    #[must_use]
    pub fn new(
        jobs: Vec<Arc<dyn DailyJob>>,
        values: Arc<dyn KeyValueStore>,
        hotel: HotelPolicy,
        clock: Clock,
    ) -> Self {
        Self { jobs, values, hotel, clock }
    }

    /// Does each job each day until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        // A long job does not delay another one.
        let all = join_all(self.jobs.iter().map(|job| self.repeat(job.as_ref())));
        stop.run_until_cancelled(all).await;
        stop.cancelled().await;
    }

    async fn repeat(&self, job: &dyn DailyJob) -> Infallible {
        loop {
            let now = self.clock.now();
            let (last, next) = times_around(now, job.at(), &self.hotel);
            let again = if now - last > job.useful_for() {
                next
            } else {
                match self.attempt(job, last).await {
                    Ok(Attempt::Done) => next,
                    Ok(Attempt::ClaimedUntil(until)) => until.min(next),
                    Err(failed) => {
                        warn!(job = job.name(), reason = %failed, "a daily job failed");
                        (self.clock.now() + RETRY_AFTER).min(next)
                    }
                }
            };
            self.sleep_until(again).await;
        }
    }

    async fn sleep_until(&self, moment: Moment) {
        loop {
            let left = (moment - self.clock.now()).to_std().unwrap_or_default();
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(MAX_SLEEP)).await;
        }
    }

    /// Does a job unless it was done, or is being done, for this moment.
    async fn attempt(&self, job: &dyn DailyJob, due: Moment) -> Result<Attempt, JobFailed> {
        let name = format!("daily.{}:{}", job.name(), self.hotel.day_of(due));
        let now = self.clock.now();
        if !self.values.put_value_if_absent(&name, &value(RUNS, now + CLAIM_LIFE), now).await? {
            return Ok(match self.values.value(&name).await? {
                Some(found) if found.text == DONE => {
                    job.was_done_elsewhere();
                    Attempt::Done
                }
                Some(found) => Attempt::ClaimedUntil(found.expires_at),
                // It has expired since.
                None => Attempt::ClaimedUntil(now + TimeDelta::seconds(1)),
            });
        }
        let done = tokio::select! {
            done = job.run(due) => done,
            never = self.renew(&name) => match never {},
        };
        let now = self.clock.now();
        let (text, expires_at) = if done.is_ok() { (DONE, now + DONE_LIFE) } else { (RUNS, now) };
        let stored = self.values.put_value(&name, &value(text, expires_at), now).await;
        done?;
        stored?;
        info!(job = job.name(), "a daily job was done");
        Ok(Attempt::Done)
    }

    /// Renews the claim of a job for ever.
    async fn renew(&self, name: &str) -> Infallible {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let now = self.clock.now();
            let claim = value(RUNS, now + CLAIM_LIFE);
            if let Err(error) = self.values.put_value(name, &claim, now).await {
                warn!(name, %error, "a claim was not renewed");
            }
        }
    }
}

fn value(text: &str, expires_at: Moment) -> StoredValue {
    StoredValue { text: text.to_owned(), expires_at }
}

/// The last moment at or before `now` at which the hotel's clock showed `at`, and the next one.
fn times_around(now: Moment, at: NaiveTime, hotel: &HotelPolicy) -> (Moment, Moment) {
    let today = hotel.day_of(now);
    let on = |day| hotel.instant_of(day, at);
    let before = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let after = today.checked_add_days(Days::new(1)).unwrap_or(today);
    if now < on(today) { (on(before), on(today)) } else { (on(today), on(after)) }
}

#[cfg(test)]
mod tests;
