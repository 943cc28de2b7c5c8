//! The queue of all outgoing calls. It sends in order within a chat and to several chats at the
//! same time, keeps Telegram's limits, and serves guests first.
//!
//! The limits (Bot API FAQ, "My bot is hitting limits") are about one message per second to a chat,
//! 20 per minute to a group and 30 per second in all. A 429 stops only its own chat, for as long as
//! it says.
//!
//! A caller that needs the outcome of a call waits for it ([`SendQueue::send`],
//! [`SendQueue::queue`]), or requests a permit and composes the message when the permit is granted
//! ([`SendQueue::permit`]). If the caller gives up before the call begins, the call is not made.
//!
//! The queue tries a call again only if no caller waits for its outcome. It is kept in memory: what
//! it has not sent when the process stops is lost.

mod bucket;
mod chat_queue;
mod job;
mod sending;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::call::{BotApi, Call, CallError, Destination, MessageContent};
use super::health::{BotHealth, BotHealthPart};
use crate::text;
use bucket::Bucket;
use chat_queue::ChatQueue;
use job::{Job, Payload};
pub use job::{Permit, QueuedCall};
use sending::{CallOrigin, SendResult, answer, guarded, send_job};

/// Capacity of the channel to the worker. If it is full, callers wait.
const CHANNEL_CAPACITY: usize = 10_000;
/// Maximum number of messages and edits that are being sent at the same time.
const MAX_IN_FLIGHT: usize = 16;
/// Maximum number of answers to callback queries that are being sent at the same time. They are
/// counted separately, because they are not limited by Telegram and must not wait.
const ANSWERS: usize = 32;
/// Number of chat queues from which on idle ones are removed.
const CHATS: usize = 4_096;
/// Maximum number of attempts for a message whose outcome no caller waits for. An edit is tried
/// again until it is made, refused or replaced.
const MAX_ATTEMPTS: u32 = 6;
/// How long a caller waits until its call begins, and how long the queue waits for the message of a
/// granted permit.
pub const PERMIT_TIMEOUT: Duration = Duration::from_secs(6);
/// How long a stopping process continues to send at most.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a stopping process waits for calls that result from the last commits.
pub const FINAL_CALLS_WAIT: Duration = Duration::from_millis(400);
/// After failing for this time, Telegram is reported as unavailable.
const OUTAGE_AFTER: Duration = Duration::from_secs(30);

/// The order in which chats are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// For a user that waits: a guest, or a member of staff that just did something.
    Interactive,
    /// Notifications to the front office, and its dashboards.
    Notification,
    /// Edits that no user waits for.
    Background,
}

/// A callback with the outcome of a call that no caller waits for.
#[derive(Clone)]
pub struct AfterSend(Arc<dyn Fn(SentMessage) + Send + Sync>);

impl AfterSend {
    /// Creates a callback that is called once the call is sent or given up. It must not block.
    #[must_use]
    pub fn new(then: impl Fn(SentMessage) + Send + Sync + 'static) -> Self {
        Self(Arc::new(then))
    }
}

/// The outcome of a call.
#[derive(Debug)]
pub struct SentMessage {
    /// The chat of the message.
    pub chat: i64,
    /// Whether it is a new message, not an edit.
    pub is_new: bool,
    /// The id of the message, or the failure.
    pub outcome: Result<i32, CallError>,
}

/// The queue of outgoing calls. Clones share it.
#[derive(Clone)]
pub struct SendQueue(mpsc::Sender<Job>);

impl SendQueue {
    /// Creates a queue, and the worker that must run for it.
    #[must_use]
    pub fn new(api: Arc<dyn BotApi>) -> (Self, SendQueueWorker) {
        let (sender, jobs) = mpsc::channel(CHANNEL_CAPACITY);
        let work = SendQueueWorker {
            api,
            jobs,
            chats: HashMap::new(),
            all: Bucket::new(5, Duration::from_millis(40)),
            in_flight: JoinSet::new(),
            answers: VecDeque::new(),
            answering: JoinSet::new(),
            outage: None,
        };
        (Self(sender), work)
    }

    /// Queues a call. It is tried again if it fails. The caller does not learn the outcome.
    pub async fn post(&self, chat: i64, priority: Priority, call: Call) {
        self.put(chat, priority, Payload::Unattended(call, None)).await;
    }

    /// Like [`Self::post`], and calls `after_send` with the outcome.
    pub async fn post_then(
        &self,
        chat: i64,
        priority: Priority,
        call: Call,
        after_send: AfterSend,
    ) {
        self.put(chat, priority, Payload::Unattended(call, Some(after_send))).await;
    }

    async fn put(&self, chat: i64, priority: Priority, payload: Payload) {
        // The worker is gone only when the process stops.
        let _ = self.0.send(Job::new(chat, priority, payload)).await;
    }

    /// Makes a call once, if it can begin within [`PERMIT_TIMEOUT`]. Returns the id of the message.
    ///
    /// # Errors
    /// [`CallError::Busy`] if the call did not begin in time, otherwise the [`CallError`] of the
    /// call.
    pub async fn send(&self, chat: i64, priority: Priority, call: Call) -> Result<i32, CallError> {
        let by = Instant::now() + PERMIT_TIMEOUT;
        self.queue(chat, priority, call).await.outcome_by(by).await
    }

    /// Queues a call that is made once. The caller waits for the outcome by the returned value.
    pub async fn queue(&self, chat: i64, priority: Priority, call: Call) -> QueuedCall {
        let (begins, begun) = oneshot::channel();
        let (outcome, ended) = oneshot::channel();
        self.put(chat, priority, Payload::Awaited { call, begins, outcome }).await;
        QueuedCall { begun, ended }
    }

    /// Sends a message in reply to a user, into the topic in which the user wrote.
    pub async fn reply(&self, to: impl Into<Destination> + Send, content: MessageContent) {
        let Destination { chat, topic } = to.into();
        let content = MessageContent { topic, ..content };
        self.post(chat, Priority::Interactive, Call::Send(content)).await;
    }

    /// Edits a message in reply to a user.
    pub async fn edit(&self, chat: i64, message: i32, content: MessageContent) {
        self.post(chat, Priority::Interactive, Call::Edit(message, content)).await;
    }

    /// Answers a callback query, so that the tapped button stops waiting. The line is shown to the
    /// user.
    pub async fn answer_callback(&self, query: &str, line: Option<String>) {
        self.post(0, Priority::Interactive, Call::Answer(query.to_owned(), line)).await;
    }

    /// Waits for a permit to send one message to a chat, however long that takes.
    ///
    /// # Errors
    /// [`CallError::Busy`] if the process stops.
    pub async fn permit(&self, chat: i64, priority: Priority) -> Result<Permit, CallError> {
        let (caller, permit) = oneshot::channel();
        self.put(chat, priority, Payload::Permit(caller)).await;
        permit.await.map_err(|_| CallError::Busy)
    }
}

/// Since when calls fail because Telegram cannot be used.
struct Outage {
    since: Instant,
    /// The last failure.
    last: Instant,
}

/// The worker that sends the queued calls.
pub struct SendQueueWorker {
    api: Arc<dyn BotApi>,
    jobs: mpsc::Receiver<Job>,
    chats: HashMap<i64, ChatQueue>,
    all: Bucket,
    in_flight: JoinSet<SendResult>,
    answers: VecDeque<Job>,
    answering: JoinSet<()>,
    outage: Option<Outage>,
}

impl SendQueueWorker {
    /// Sends until `stop` is cancelled, and then what is left for at most [`DRAIN_TIMEOUT`].
    pub async fn run(mut self, stop: CancellationToken, health: BotHealth) {
        let mut ends: Option<(Instant, Instant)> = None;
        loop {
            let next = self.start_ready();
            let now = Instant::now();
            if let Some((soon, latest)) = ends
                && (now >= latest || (now >= soon && self.is_empty()))
            {
                return;
            }
            let probe = self.probe_at().filter(|_| ends.is_none());
            let end = ends.map(|(soon, latest)| if now < soon { soon } else { latest });
            let next = next.into_iter().chain(end).chain(probe).min();
            tokio::select! {
                () = stop.cancelled(), if ends.is_none() => {
                    ends = Some((now + FINAL_CALLS_WAIT, now + DRAIN_TIMEOUT));
                }
                Some(job) = self.jobs.recv() => self.accept(job),
                Some(finished) = self.in_flight.join_next() => self.finished(finished, &health),
                Some(answered) = self.answering.join_next() => {
                    if let Err(failure) = answered {
                        error!(%failure, "answering a callback query panicked");
                    }
                }
                () = tokio::time::sleep_until(next.unwrap_or(now)), if next.is_some() => {
                    if probe.is_some_and(|at| at <= Instant::now()) {
                        self.probe();
                    }
                }
                else => return,
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
            && self.answering.is_empty()
            && self.answers.is_empty()
            && self.chats.values().all(ChatQueue::is_empty)
    }

    fn accept(&mut self, job: Job) {
        if matches!(job.call(), Some(Call::Answer(..))) {
            return self.answers.push_back(job);
        }
        let now = Instant::now();
        if self.chats.len() >= CHATS {
            self.chats.retain(|_, chat_queue| !chat_queue.is_idle(now));
        }
        self.chats.entry(job.chat).or_insert_with(|| ChatQueue::new(job.chat)).push(job, now);
    }

    /// Begins the calls that may be made now. Returns when the next one may be made.
    fn start_ready(&mut self) -> Option<Instant> {
        while self.answering.len() < ANSWERS
            && let Some(job) = self.answers.pop_front()
        {
            self.answering.spawn(answer(Arc::clone(&self.api), job));
        }
        loop {
            let now = Instant::now();
            self.chats.values_mut().for_each(ChatQueue::forget_dropped);
            let ready = self
                .chats
                .iter()
                .filter_map(|(chat, chat_queue)| chat_queue.next().map(|next| (*chat, next)));
            let (due, later): (Vec<_>, Vec<_>) = ready.partition(|(_, next)| next.at <= now);
            let soonest = later.iter().map(|(_, next)| next.at).min();
            let first = due.into_iter().min_by_key(|(_, next)| next.rank(now));
            let Some((chat, next)) = first else { return soonest };
            if self.in_flight.len() >= MAX_IN_FLIGHT {
                return None;
            }
            let all_at = self.all.ready_at(0);
            if all_at > now {
                return Some(all_at);
            }
            self.all.take(now);
            if let Some(job) =
                self.chats.get_mut(&chat).and_then(|chat_queue| chat_queue.take(&next, now))
            {
                self.in_flight.spawn(send_job(Arc::clone(&self.api), job));
            }
        }
    }

    /// Passes on the outcome of a call, or queues the call again.
    fn finished(
        &mut self,
        finished: Result<SendResult, tokio::task::JoinError>,
        health: &BotHealth,
    ) {
        let SendResult { chat, origin, outcome } = match finished {
            Ok(result) => result,
            Err(failure) => return error!(%failure, "a call to Telegram panicked"),
        };
        let now = Instant::now();
        if let Some(outcome) = &outcome {
            self.note(outcome, now, health);
        }
        let Some(chat_queue) = self.chats.get_mut(&chat) else { return };
        chat_queue.is_busy = false;
        if let Some(Err(CallError::Wait(wait))) = &outcome {
            chat_queue.close(now, *wait);
        }
        match (origin, outcome) {
            (CallOrigin::Unattended(job), Some(Err(failure))) => {
                if let Some(job) = chat_queue.requeue(job, &failure, now) {
                    warn!(?failure, "a call was given up");
                    job.done(Err(failure));
                }
            }
            (CallOrigin::Unattended(job), Some(Ok(message))) => job.done(Ok(message)),
            (CallOrigin::Awaited(waiter), Some(outcome)) => {
                let _ = waiter.send(outcome);
            }
            (CallOrigin::Abandoned, Some(_)) | (_, None) => {}
        }
    }

    /// Notes whether Telegram can be used, and reports it if it cannot for [`OUTAGE_AFTER`].
    fn note(&mut self, outcome: &Result<i32, CallError>, now: Instant, health: &BotHealth) {
        let is_away = match outcome {
            Err(CallError::Unreachable | CallError::Unknown | CallError::WrongToken) => true,
            Ok(_)
            | Err(
                CallError::Wait(_)
                | CallError::Gone(_)
                | CallError::Moved(_)
                | CallError::NoMessage
                | CallError::TakenByAnother
                | CallError::Busy
                | CallError::Refused(_),
            ) => false,
        };
        if !is_away {
            self.outage = None;
            return health.set(BotHealthPart::Outgoing, None);
        }
        let outage = self.outage.get_or_insert(Outage { since: now, last: now });
        outage.last = now;
        if let Err(failure) = outcome
            && now - outage.since >= OUTAGE_AFTER
        {
            health.set(BotHealthPart::Outgoing, Some(text::failure_in_both(&failure.reason())));
        }
    }

    /// When to check whether Telegram can be reached again, if no call is being made.
    fn probe_at(&self) -> Option<Instant> {
        let outage = self.outage.as_ref().filter(|_| self.in_flight.is_empty())?;
        Some(outage.last + OUTAGE_AFTER)
    }

    fn probe(&mut self) {
        let api = Arc::clone(&self.api);
        self.in_flight.spawn(async move {
            let outcome = guarded(api.ping()).await.map(|()| 0);
            SendResult { chat: 0, origin: CallOrigin::Abandoned, outcome: Some(outcome) }
        });
    }
}
