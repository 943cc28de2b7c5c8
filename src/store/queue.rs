//! The commit queue: collects the commits of a process into batches.
//!
//! The first commit is written at once. Commits that arrive while it is being written form the next
//! batch. One transaction for up to [`MAX_BATCH`] commits is much faster than separate ones that
//! conflict on the same claim. The queue does not decide which commits win.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Commit, CommitOutcome, CommitStore, MAX_BATCH, StoreError};

/// The most waiting commits. Further callers wait until there is room in the queue.
const MAX_WAITING: usize = 10_000;

type QueuedCommit = (Commit, oneshot::Sender<Result<CommitOutcome, StoreError>>);

/// The commit queue. Clones share it.
#[derive(Clone)]
pub struct CommitQueue {
    waiting: mpsc::Sender<QueuedCommit>,
}

impl CommitQueue {
    /// A queue, and the future to run for it. Once stopped, the queue accepts nothing new, writes
    /// the waiting commits, and ends.
    pub fn new(
        store: Arc<dyn CommitStore>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (waiting, arriving) = mpsc::channel(MAX_WAITING);
        (Self { waiting }, run(store, arriving, stop))
    }

    /// Queues one commit and waits for its outcome. Once it is in the queue, it is carried out even
    /// if the caller no longer waits.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails; [`StoreError::Unavailable`] once the queue is stopped.
    pub async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        let shut = || StoreError::Unavailable("the process is stopping".to_owned());
        let (answer, answered) = oneshot::channel();
        self.waiting.send((commit, answer)).await.map_err(|_| shut())?;
        answered.await.map_err(|_| shut())?
    }
}

async fn run(
    store: Arc<dyn CommitStore>,
    mut arriving: mpsc::Receiver<QueuedCommit>,
    stop: CancellationToken,
) {
    let mut waiting: Vec<QueuedCommit> = Vec::new();
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
            // The caller may no longer wait.
            let _ = answer.send(result);
        }
    }
}

/// Commits a batch. After an unexpected error its commits are tried one by one, so that a faulty
/// one does not fail the others.
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
