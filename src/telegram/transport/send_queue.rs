//! The one sender of everything that goes out: in order within a chat, chats side by side, within
//! Telegram's limits, guests first.
//!
//! The limits (Bot API FAQ, "My bot is hitting limits"): about one message a second to a chat,
//! 20 a minute to a group, 30 a second in all. A 429 stops its own chat for as long as it says.
//! Whoever needs the outcome asks for a turn and brings the message when the turn has come: what
//! waits here for them is surely unsent.

mod bucket;
mod chat_queue;
mod job;
mod sending;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::api::{CallError, MessageContent, PhotoContent};
use super::health::{BotHealth, BotHealthPart};
use bucket::Bucket;
use chat_queue::ChatQueue;
use job::{Job, Payload};
pub use job::{Permit, QueuedCall};
use sending::{CallOrigin, SendResult, answer, guarded, send_job};

/// Calls that may wait here; whoever brings more waits themselves.
const CAPACITY: usize = 10_000;
/// Messages and edits under way at once.
const UNDER_WAY: usize = 16;
/// Answers to taps under way at once: they have places of their own, for they count towards no
/// limit and must not wait.
const ANSWERS: usize = 32;
/// Chats remembered before idle ones are forgotten.
const CHATS: usize = 4_096;
/// Tries of a message that nobody waits for.
const TRIES: u32 = 6;
/// How long a caller waits for a turn.
pub const PERMIT_TIMEOUT: Duration = Duration::from_secs(6);
/// How long a stopping process goes on with what nobody waits for.
const DRAIN: Duration = Duration::from_secs(3);
/// How long a stopping process waits for what was committed last.
pub const LINGER: Duration = Duration::from_millis(400);
/// Telegram is said to be away after so long without a success.
const AWAY: Duration = Duration::from_secs(30);

/// Who reads it: guests go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A guest, or staff who just tapped something.
    Interactive,
    /// The front office's notices.
    Notice,
    /// Messages that are only kept up to date.
    Background,
}

/// One call that goes out.
#[derive(Debug, Clone)]
pub enum Call {
    /// A new message.
    Send(MessageContent),
    /// A new message with a picture.
    Picture(PhotoContent),
    /// Another content of a message.
    Edit(i32, MessageContent),
    /// The end of a tapped button's waiting sign.
    Answer(String, Option<String>),
}

/// What is done once it is known what became of a message that nobody waits for.
#[derive(Clone)]
pub struct AfterSend(Arc<dyn Fn(SentMessage) + Send + Sync>);

impl AfterSend {
    /// Calls this once the message is sent, or given up. It must not block.
    #[must_use]
    pub fn new(then: impl Fn(SentMessage) + Send + Sync + 'static) -> Self {
        Self(Arc::new(then))
    }
}

/// What became of a message.
#[derive(Debug)]
pub struct SentMessage {
    /// Where it is.
    pub chat: i64,
    /// Whether it was sent; otherwise it was changed.
    pub is_new: bool,
    /// Its id, or why there is none.
    pub outcome: Result<i32, CallError>,
}

/// What carries calls to Telegram.
#[async_trait]
pub trait BotApi: Send + Sync + 'static {
    /// Makes one call and answers the message's id (0 where there is none).
    ///
    /// # Errors
    /// [`CallError`]
    async fn call(&self, chat: i64, call: &Call) -> Result<i32, CallError>;

    /// Asks whether anybody is there.
    ///
    /// # Errors
    /// [`CallError`]
    async fn ping(&self) -> Result<(), CallError>;
}

/// The sender. Clones are the same.
#[derive(Clone)]
pub struct SendQueue(mpsc::Sender<Job>);

impl SendQueue {
    /// A sender, and the work to be run for it.
    #[must_use]
    pub fn new(api: Arc<dyn BotApi>) -> (Self, SendQueueWorker) {
        let (sender, jobs) = mpsc::channel(CAPACITY);
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

    /// Sends when its turn comes, and again if it fails; nobody waits.
    pub async fn post(&self, chat: i64, priority: Priority, call: Call) {
        self.put(chat, priority, Payload::Unattended(call, None)).await;
    }

    /// The same, and what came of it is kept.
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
        // The other end is gone only when the process stops.
        let _ = self.0.send(Job::new(chat, priority, payload)).await;
    }

    /// Sends once, if its turn comes within [`PERMIT_TIMEOUT`], and answers the message's id.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Busy`] if its turn did not come.
    pub async fn send(&self, chat: i64, priority: Priority, call: Call) -> Result<i32, CallError> {
        let by = Instant::now() + PERMIT_TIMEOUT;
        self.queue(chat, priority, call).await.outcome_by(by).await
    }

    /// Takes a place in the queue of a chat; what comes of it is waited for afterwards.
    pub async fn queue(&self, chat: i64, priority: Priority, call: Call) -> QueuedCall {
        let (begins, begun) = oneshot::channel();
        let (outcome, ended) = oneshot::channel();
        self.put(chat, priority, Payload::Awaited { call, begins, outcome }).await;
        QueuedCall { begun, ended }
    }

    /// Answers somebody in a chat.
    pub async fn reply(&self, chat: i64, content: MessageContent) {
        self.post(chat, Priority::Interactive, Call::Send(content)).await;
    }

    /// Shows something else in a message, in answer to somebody.
    pub async fn edit(&self, chat: i64, message: i32, content: MessageContent) {
        self.post(chat, Priority::Interactive, Call::Edit(message, content)).await;
    }

    /// Ends the waiting sign of a tapped button, with a line if there is one to read.
    pub async fn answer_callback(&self, query: &str, line: Option<String>) {
        self.post(0, Priority::Interactive, Call::Answer(query.to_owned(), line)).await;
    }

    /// A turn in a chat, however long that takes.
    ///
    /// # Errors
    /// [`CallError::Busy`] when the process stops.
    pub async fn permit(&self, chat: i64, priority: Priority) -> Result<Permit, CallError> {
        let (caller, permit) = oneshot::channel();
        self.put(chat, priority, Payload::Permit(caller)).await;
        permit.await.map_err(|_| CallError::Busy)
    }
}

/// Telegram takes nothing.
struct Outage {
    since: Instant,
    last: Instant,
}

/// The work of the sender.
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
    /// Sends until told to stop, then what is left for a short while.
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
                () = stop.cancelled(), if ends.is_none() => ends = Some((now + LINGER, now + DRAIN)),
                Some(job) = self.jobs.recv() => self.take(job),
                Some(finished) = self.in_flight.join_next() => self.finished(finished, &health),
                Some(answered) = self.answering.join_next() => {
                    if let Err(failure) = answered {
                        error!(%failure, "an answer to a tap crashed");
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

    fn take(&mut self, job: Job) {
        if matches!(job.call(), Some(Call::Answer(..))) {
            return self.answers.push_back(job);
        }
        let now = Instant::now();
        if self.chats.len() >= CHATS {
            self.chats.retain(|_, chat_queue| !chat_queue.is_idle(now));
        }
        self.chats.entry(job.chat).or_insert_with(|| ChatQueue::new(job.chat)).push(job, now);
    }

    /// Sends what may go now, guests first, and answers when something may go next.
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
            if self.in_flight.len() >= UNDER_WAY {
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

    fn finished(
        &mut self,
        finished: Result<SendResult, tokio::task::JoinError>,
        health: &BotHealth,
    ) {
        let SendResult { chat, origin, outcome } = match finished {
            Ok(flown) => flown,
            Err(failure) => return error!(%failure, "a call to Telegram crashed"),
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
                if let Some(job) = chat_queue.take_back(job, &failure, now) {
                    warn!(?failure, "something was not sent to a chat");
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

    /// Keeps in mind whether Telegram takes what is sent, and says so if it does not for long.
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
            && now - outage.since >= AWAY
        {
            health.set(BotHealthPart::Outgoing, Some(failure.words()));
        }
    }

    /// When to ask whether Telegram is back, if nothing else is sent that would tell.
    fn probe_at(&self) -> Option<Instant> {
        let outage = self.outage.as_ref().filter(|_| self.in_flight.is_empty())?;
        Some(outage.last + AWAY)
    }

    fn probe(&mut self) {
        let api = Arc::clone(&self.api);
        self.in_flight.spawn(async move {
            let outcome = guarded(api.ping()).await.map(|()| 0);
            SendResult { chat: 0, origin: CallOrigin::Abandoned, outcome: Some(outcome) }
        });
    }
}
