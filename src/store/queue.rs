//! The one queue of commits of a process: the first change goes at once, and what gathers during
//! its flight is the next batch.
//!
//! Batches are what make a hot night fast: one transaction for up to [`MAX_BATCH`] steps instead
//! of as many that fight for the same claim.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Commit, CommitAnswer, MAX_BATCH, Store, StoreError};

/// Commits that wait at most; whoever comes then waits for a place.
const MAX_WAITING: usize = 10_000;

type Waiting = (Commit, oneshot::Sender<Result<CommitAnswer, StoreError>>);

/// Where everybody commits. Clones share the queue.
#[derive(Clone)]
pub struct CommitQueue {
    waiting: mpsc::Sender<Waiting>,
}

impl CommitQueue {
    /// A queue, and the work to run for it. The work ends when every clone of the queue is gone
    /// and what was waiting is written.
    pub fn new(store: Arc<dyn Store>) -> (Self, impl Future<Output = ()> + Send) {
        let (waiting, arriving) = mpsc::channel(MAX_WAITING);
        (Self { waiting }, run(store, arriving))
    }

    /// Commits one step and waits for its answer. Once it waits in the queue it will be written,
    /// whether or not the caller still listens.
    ///
    /// # Errors
    /// What the store says, and [`StoreError::Unavailable`] once the queue is shut.
    pub async fn commit(&self, commit: Commit) -> Result<CommitAnswer, StoreError> {
        let shut = || StoreError::Unavailable("the process is stopping".to_owned());
        let (answer, answered) = oneshot::channel();
        self.waiting.send((commit, answer)).await.map_err(|_| shut())?;
        answered.await.map_err(|_| shut())?
    }
}

async fn run(store: Arc<dyn Store>, mut arriving: mpsc::Receiver<Waiting>) {
    let mut waiting: Vec<Waiting> = Vec::new();
    while arriving.recv_many(&mut waiting, MAX_BATCH).await > 0 {
        let (batch, answers): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        metrics::histogram!("jatah_commit_batch_size").record(count(batch.len()));
        match store.commit(&batch).await {
            Ok(results) => {
                // Whoever does not listen any more does not need the answer.
                for (answer, result) in answers.into_iter().zip(results) {
                    let _ = answer.send(Ok(result));
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
}

fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::MAX, f64::from)
}
