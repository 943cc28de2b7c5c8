//! The one queue of commits of a process: the first change goes at once, and what gathers during
//! its flight is the next batch.
//!
//! Batches are what make a hot night fast: one transaction for up to [`MAX_BATCH`] steps instead
//! of as many that fight for the same claim.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Commit, CommitOutcome, CommitStore, MAX_BATCH, StoreError};

/// Commits that wait at most; whoever comes then waits for a place.
const MAX_WAITING: usize = 10_000;

type Waiting = (Commit, oneshot::Sender<Result<CommitOutcome, StoreError>>);

/// Where everybody commits. Clones share the queue.
#[derive(Clone)]
pub struct CommitQueue {
    waiting: mpsc::Sender<Waiting>,
}

impl CommitQueue {
    /// A queue, and the work to run for it. Once told to stop, it takes nothing new, writes what
    /// is waiting, and ends.
    pub fn new(
        store: Arc<dyn CommitStore>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (waiting, arriving) = mpsc::channel(MAX_WAITING);
        (Self { waiting }, run(store, arriving, stop))
    }

    /// Commits one step and waits for its answer. Once it waits in the queue it will be written,
    /// whether or not the caller still listens.
    ///
    /// # Errors
    /// What the store says, and [`StoreError::Unavailable`] once the queue is shut.
    pub async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        let shut = || StoreError::Unavailable("the process is stopping".to_owned());
        let (answer, answered) = oneshot::channel();
        self.waiting.send((commit, answer)).await.map_err(|_| shut())?;
        answered.await.map_err(|_| shut())?
    }
}

async fn run(
    store: Arc<dyn CommitStore>,
    mut arriving: mpsc::Receiver<Waiting>,
    stop: CancellationToken,
) {
    let mut waiting: Vec<Waiting> = Vec::new();
    loop {
        let received = tokio::select! {
            biased;
            () = stop.cancelled(), if !arriving.is_closed() => {
                arriving.close();
                continue;
            }
            received = arriving.recv_many(&mut waiting, MAX_BATCH) => received,
        };
        if received == 0 {
            return;
        }
        let (batch, answers): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        metrics::histogram!("jatah_commit_batch_size").record(count(batch.len()));
        let results = commit(store.as_ref(), &batch).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // Whoever does not listen any more does not need the answer.
            let _ = answer.send(result);
        }
    }
}

/// Commits a batch. What no one foresaw in one of them must not fail the others, so they are then
/// tried one by one.
async fn commit(
    store: &dyn CommitStore,
    batch: &[Commit],
) -> Vec<Result<CommitOutcome, StoreError>> {
    match store.commit(batch).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(StoreError::Unexpected(_)) if batch.len() > 1 => {
            let mut results = Vec::with_capacity(batch.len());
            for one in batch {
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

fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::MAX, f64::from)
}
