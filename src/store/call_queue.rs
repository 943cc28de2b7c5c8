//! Groups calls to the store.
//!
//! The first call goes at once. The calls that arrive while it is in flight go together as the next
//! group. Under load, a round trip is thereby shared by many callers; without load, nobody waits.
//! A queue does not know what its calls do.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{MAX_BATCH, StoreError};

/// The most callers that wait for a group. Further ones wait until there is room in the queue.
const MAX_WAITING: usize = 10_000;

struct QueuedCalls<I, O> {
    inputs: Vec<I>,
    answer: oneshot::Sender<Vec<Result<O, StoreError>>>,
}

/// A queue of calls of one kind. Clones share it.
pub(super) struct CallQueue<I, O> {
    waiting: mpsc::Sender<QueuedCalls<I, O>>,
}

impl<I, O> Clone for CallQueue<I, O> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting.clone() }
    }
}

impl<I: Send + 'static, O: Send + 'static> CallQueue<I, O> {
    /// A queue, and the future to run for it. `call` carries out a group of at most [`MAX_BATCH`]
    /// calls and returns one result for each, in order. Once stopped, the queue accepts nothing
    /// new, carries out the waiting calls, and ends.
    pub fn new<F>(
        call: impl FnMut(Vec<I>) -> F + Send + 'static,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send)
    where
        F: Future<Output = Vec<Result<O, StoreError>>> + Send,
    {
        let (waiting, arriving) = mpsc::channel(MAX_WAITING);
        (Self { waiting }, run(call, arriving, stop))
    }

    /// Queues one call and waits for its result. Once it is in the queue, it is carried out even if
    /// the caller no longer waits.
    pub async fn call(&self, input: I) -> Result<O, StoreError> {
        let mut results = self.call_all(vec![input]).await?;
        results.pop().unwrap_or_else(|| Err(no_result()))
    }

    /// Queues calls that go in one group, and waits for their results. There are at most
    /// [`MAX_BATCH`] of them.
    pub async fn call_all(&self, inputs: Vec<I>) -> Result<Vec<Result<O, StoreError>>, StoreError> {
        self.enqueue_all(inputs).await?.await
    }

    /// Queues calls that go in one group. The future that it returns waits for their results.
    pub async fn enqueue_all(
        &self,
        inputs: Vec<I>,
    ) -> Result<impl Future<Output = Result<Vec<Result<O, StoreError>>, StoreError>>, StoreError>
    {
        let (answer, answered) = oneshot::channel();
        self.waiting.send(QueuedCalls { inputs, answer }).await.map_err(|_| stopping())?;
        Ok(async { answered.await.map_err(|_| stopping()) })
    }
}

fn stopping() -> StoreError {
    StoreError::Unavailable("the process is stopping".to_owned())
}

fn no_result() -> StoreError {
    StoreError::Unexpected("a call without a result".to_owned())
}

async fn run<I, O, F>(
    mut call: impl FnMut(Vec<I>) -> F,
    mut arriving: mpsc::Receiver<QueuedCalls<I, O>>,
    stop: CancellationToken,
) where
    F: Future<Output = Vec<Result<O, StoreError>>>,
{
    // What did not fit into the last group.
    let mut left = None;
    loop {
        let first = if let Some(left) = left.take() {
            left
        } else {
            tokio::select! {
                biased;
                () = stop.cancelled(), if !arriving.is_closed() => {
                    arriving.close();
                    continue;
                }
                first = arriving.recv() => match first {
                    Some(first) => first,
                    None => return,
                },
            }
        };
        let mut group = first.inputs;
        let mut answers = vec![(group.len(), first.answer)];
        while let Ok(next) = arriving.try_recv() {
            if group.len() + next.inputs.len() > MAX_BATCH {
                left = Some(next);
                break;
            }
            answers.push((next.inputs.len(), next.answer));
            group.extend(next.inputs);
        }
        let mut results = call(group).await.into_iter();
        for (count, answer) in answers {
            // The caller may no longer wait.
            let _ = answer.send(results.by_ref().take(count).collect());
        }
    }
}
