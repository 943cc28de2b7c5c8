//! The queues for what a process writes often: commits with their receipt numbers, and the leases
//! and outcomes of notifications. None of them decides which call wins.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::stream::BoxStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call_queue::CallQueue;
use super::{
    Commit, CommitOutcome, CommitStore, DeliveryOutcome, LeaseOutcome, LeaseRequest,
    NotificationId, NotificationStore, OwedNotification, StoreError,
};

/// What became of one commit of a batch.
pub type CommitResult = Result<CommitOutcome, StoreError>;

/// The commit queue. Clones share it.
///
/// One transaction for up to [`MAX_BATCH`](super::MAX_BATCH) commits is much faster than separate
/// ones that conflict on the same claim, and one increment for all who wait for a receipt number is
/// much faster than one for each.
#[derive(Clone)]
pub struct CommitQueue {
    commits: CallQueue<Commit, CommitOutcome>,
    serials: CallQueue<NaiveDate, u32>,
}

impl CommitQueue {
    /// A queue, and the future to run for it. Once stopped, the queue accepts nothing new, writes
    /// the waiting commits, and ends.
    pub fn new(
        store: Arc<dyn CommitStore>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let counters = Arc::clone(&store);
        let (serials, count) =
            CallQueue::new(move |days| next_serials(Arc::clone(&counters), days), stop.clone());
        let (commits, write) = CallQueue::new(move |batch| commit(Arc::clone(&store), batch), stop);
        let work = async {
            tokio::join!(write, count);
        };
        (Self { commits, serials }, work)
    }

    /// Queues one commit and waits for its outcome. Once it is in the queue, it is carried out even
    /// if the caller no longer waits.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails; [`StoreError::Unavailable`] once the queue is stopped.
    pub async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        self.commits.call(commit).await
    }

    /// Queues commits that go in one batch. The future that it returns waits for their outcomes, in
    /// order. There are at most [`MAX_BATCH`](super::MAX_BATCH) of them.
    ///
    /// # Errors
    /// As [`CommitQueue::commit`].
    pub async fn enqueue_all(
        &self,
        commits: Vec<Commit>,
    ) -> Result<impl Future<Output = Result<Vec<CommitResult>, StoreError>>, StoreError> {
        self.commits.enqueue_all(commits).await
    }

    /// The next counter for the receipt numbers of a hotel day, from 1. No counter is given out
    /// twice; some may be given out to nobody.
    ///
    /// # Errors
    /// As [`CommitQueue::commit`].
    pub async fn next_serial(&self, day: NaiveDate) -> Result<u32, StoreError> {
        self.serials.call(day).await
    }
}

/// The queue for leases and outcomes of notifications. Clones share it.
#[derive(Clone)]
pub struct NotificationQueue {
    store: Arc<dyn NotificationStore>,
    leases: CallQueue<LeaseRequest, LeaseOutcome>,
    outcomes: CallQueue<(NotificationId, DeliveryOutcome), ()>,
}

impl NotificationQueue {
    /// A queue, and the future to run for it. Once stopped, the queue accepts nothing new, writes
    /// what waits, and ends.
    pub fn new(
        store: Arc<dyn NotificationStore>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (reader, lessor) = (Arc::clone(&store), Arc::clone(&store));
        let (leases, lease) = CallQueue::new(
            move |requests| take_leases(Arc::clone(&lessor), requests),
            stop.clone(),
        );
        let (outcomes, settle) =
            CallQueue::new(move |outcomes| settle(Arc::clone(&store), outcomes), stop);
        let work = async {
            tokio::join!(lease, settle);
        };
        (Self { store: reader, leases, outcomes }, work)
    }

    /// Notifications that are neither sent nor given up, oldest first, as a stream. This is not
    /// queued.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError> {
        self.store.owed().await
    }

    /// Takes the lease of a notification, as [`NotificationStore::take_leases`] does.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails; [`StoreError::Unavailable`] once the queue is stopped.
    pub async fn take_lease(&self, request: LeaseRequest) -> Result<LeaseOutcome, StoreError> {
        self.leases.call(request).await
    }

    /// Records the outcome of a notification, as [`NotificationStore::settle`] does.
    ///
    /// # Errors
    /// As [`NotificationQueue::take_lease`].
    pub async fn settle(
        &self,
        notification: NotificationId,
        outcome: DeliveryOutcome,
    ) -> Result<(), StoreError> {
        self.outcomes.call((notification, outcome)).await
    }
}

/// Commits a batch. After an error that one commit may have caused, its commits are tried one by one, so that a faulty
/// one does not fail the others.
async fn commit(
    store: Arc<dyn CommitStore>,
    batch: Vec<Commit>,
) -> Vec<Result<CommitOutcome, StoreError>> {
    metrics::histogram!("jatah_commit_batch_size").record(count(batch.len()));
    let started = Instant::now();
    let committed = store.commit(&batch).await;
    metrics::histogram!("jatah_commit_ms").record(started.elapsed().as_secs_f64() * 1_000.0);
    match committed {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(StoreError::Unexpected(_) | StoreError::Damaged(_)) if batch.len() > 1 => {
            let mut results = Vec::with_capacity(batch.len());
            for one in &batch {
                let answer = store.commit(std::slice::from_ref(one)).await;
                results.push(answer.and_then(|answers| {
                    let none = || StoreError::Unexpected("a commit without an answer".to_owned());
                    answers.into_iter().next().ok_or_else(none)
                }));
            }
            results
        }
        Err(error) => vec![Err(error); batch.len()],
    }
}

/// Gives each caller a counter of their day: one increment for each day, which is nearly always
/// one.
async fn next_serials(
    store: Arc<dyn CommitStore>,
    days: Vec<NaiveDate>,
) -> Vec<Result<u32, StoreError>> {
    let mut wanted: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    for day in &days {
        *wanted.entry(*day).or_default() += 1;
    }
    let mut given: BTreeMap<NaiveDate, Result<RangeInclusive<u32>, StoreError>> = BTreeMap::new();
    for (day, count) in wanted {
        given.insert(day, store.next_serials(day, count).await);
    }
    let none = || StoreError::Unexpected("fewer counters than asked for".to_owned());
    days.iter()
        .map(|day| match given.get_mut(day) {
            Some(Ok(serials)) => serials.next().ok_or_else(none),
            Some(Err(error)) => Err(error.clone()),
            None => Err(none()),
        })
        .collect()
}

async fn take_leases(
    store: Arc<dyn NotificationStore>,
    requests: Vec<LeaseRequest>,
) -> Vec<Result<LeaseOutcome, StoreError>> {
    match store.take_leases(&requests).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error); requests.len()],
    }
}

async fn settle(
    store: Arc<dyn NotificationStore>,
    outcomes: Vec<(NotificationId, DeliveryOutcome)>,
) -> Vec<Result<(), StoreError>> {
    vec![store.settle(&outcomes).await; outcomes.len()]
}

fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::MAX, f64::from)
}
