//! The one sender of everything that goes out: in order within a chat, chats side by side, within
//! Telegram's limits, guests first.
//!
//! The limits (Bot API FAQ, "My bot is hitting limits"): about one message a second to a chat,
//! 20 a minute to a group, 30 a second in all. A 429 stops its own chat for as long as it says.
//! Whoever needs the outcome asks for a turn and brings the message when the turn has come: what
//! waits here for them is surely unsent.

mod bucket;
mod flight;
mod job;
mod lane;
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

use super::api::{CallError, Sheet, Shown};
use super::condition::{Condition, Side};
use super::memory::{Keepsake, Kept};
use bucket::Bucket;
use flight::{Flown, What, answer, fly, guarded};
use job::{Cargo, Job};
pub use job::{Queued, Turn};
use lane::Lane;

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
pub const TURN: Duration = Duration::from_secs(6);
/// How long a stopping process goes on with what nobody waits for.
const DRAIN: Duration = Duration::from_secs(3);
/// How long a stopping process waits for what was committed last.
pub const LINGER: Duration = Duration::from_millis(400);
/// Telegram is said to be away after so long without a success.
const AWAY: Duration = Duration::from_secs(30);

/// Who reads it: guests go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reader {
    /// A guest, or staff who just tapped something.
    Waiting,
    /// The front office's notices.
    Notified,
    /// Messages that are only kept up to date.
    Later,
}

/// One call that goes out.
#[derive(Debug, Clone)]
pub enum Call {
    /// A new message.
    Send(Shown),
    /// A new message with a picture.
    Picture(Sheet),
    /// Another content of a message.
    Edit(i32, Shown),
    /// The end of a tapped button's waiting sign.
    Answer(String, Option<String>),
}

/// What carries calls to Telegram.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// Makes one call and answers the message's id (0 where there is none).
    ///
    /// # Errors
    /// [`CallError`]
    async fn carry(&self, chat: i64, call: &Call) -> Result<i32, CallError>;

    /// Asks whether anybody is there.
    ///
    /// # Errors
    /// [`CallError`]
    async fn ping(&self) -> Result<(), CallError>;
}

/// The sender. Clones are the same.
#[derive(Clone)]
pub struct Outbox(mpsc::Sender<Job>);

impl Outbox {
    /// A sender, and the work to be run for it.
    #[must_use]
    pub fn new(carrier: Arc<dyn Carrier>) -> (Self, OutboxWork, mpsc::UnboundedReceiver<Kept>) {
        let (sender, jobs) = mpsc::channel(CAPACITY);
        // Holds no more than what went through the bounded queue and was not yet written down.
        let (kept, keeping) = mpsc::unbounded_channel();
        let work = OutboxWork {
            carrier,
            jobs,
            lanes: HashMap::new(),
            all: Bucket::new(5, Duration::from_millis(40)),
            flying: JoinSet::new(),
            answers: VecDeque::new(),
            answering: JoinSet::new(),
            trouble: None,
            kept,
        };
        (Self(sender), work, keeping)
    }

    /// Sends when its turn comes, and again if it fails; nobody waits.
    pub async fn post(&self, chat: i64, reader: Reader, call: Call) {
        self.put(chat, reader, Cargo::Posted(call, None)).await;
    }

    /// The same, and what came of it is kept.
    pub async fn post_kept(&self, chat: i64, reader: Reader, call: Call, keepsake: Keepsake) {
        self.put(chat, reader, Cargo::Posted(call, Some(keepsake))).await;
    }

    async fn put(&self, chat: i64, reader: Reader, cargo: Cargo) {
        // The other end is gone only when the process stops.
        let _ = self.0.send(Job::new(chat, reader, cargo)).await;
    }

    /// Sends once, if its turn comes within [`TURN`], and answers the message's id.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Busy`] if its turn did not come.
    pub async fn send(&self, chat: i64, reader: Reader, call: Call) -> Result<i32, CallError> {
        let by = Instant::now() + TURN;
        self.queue(chat, reader, call).await.outcome_by(by).await
    }

    /// Takes a place in the queue of a chat; what comes of it is waited for afterwards.
    pub async fn queue(&self, chat: i64, reader: Reader, call: Call) -> Queued {
        let (begins, begun) = oneshot::channel();
        let (outcome, ended) = oneshot::channel();
        self.put(chat, reader, Cargo::Awaited { call, begins, outcome }).await;
        Queued { begun, ended }
    }

    /// A turn in a chat, however long that takes.
    ///
    /// # Errors
    /// [`CallError::Busy`] when the process stops.
    pub async fn turn(&self, chat: i64, reader: Reader) -> Result<Turn, CallError> {
        let (caller, turn) = oneshot::channel();
        self.put(chat, reader, Cargo::Turn(caller)).await;
        turn.await.map_err(|_| CallError::Busy)
    }
}

/// Telegram takes nothing.
struct Trouble {
    since: Instant,
    last: Instant,
}

/// The work of the sender.
pub struct OutboxWork {
    carrier: Arc<dyn Carrier>,
    jobs: mpsc::Receiver<Job>,
    lanes: HashMap<i64, Lane>,
    all: Bucket,
    flying: JoinSet<Flown>,
    answers: VecDeque<Job>,
    answering: JoinSet<()>,
    trouble: Option<Trouble>,
    kept: mpsc::UnboundedSender<Kept>,
}

impl OutboxWork {
    /// Sends until told to stop, then what is left for a short while.
    pub async fn run(mut self, stop: CancellationToken, condition: Condition) {
        let mut ends: Option<(Instant, Instant)> = None;
        loop {
            let next = self.launch();
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
                Some(landed) = self.flying.join_next() => self.landed(landed, &condition),
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
        self.flying.is_empty()
            && self.answering.is_empty()
            && self.answers.is_empty()
            && self.lanes.values().all(Lane::is_empty)
    }

    fn take(&mut self, job: Job) {
        if matches!(job.call(), Some(Call::Answer(..))) {
            return self.answers.push_back(job);
        }
        let now = Instant::now();
        if self.lanes.len() >= CHATS {
            self.lanes.retain(|_, lane| !lane.is_idle(now));
        }
        self.lanes.entry(job.chat).or_insert_with(|| Lane::of(job.chat)).push(job, now);
    }

    /// Sends what may go now, guests first, and answers when something may go next.
    fn launch(&mut self) -> Option<Instant> {
        while self.answering.len() < ANSWERS
            && let Some(job) = self.answers.pop_front()
        {
            self.answering.spawn(answer(Arc::clone(&self.carrier), job));
        }
        loop {
            let now = Instant::now();
            self.lanes.values_mut().for_each(Lane::forget_dropped);
            let ready =
                self.lanes.iter().filter_map(|(chat, lane)| lane.next().map(|next| (*chat, next)));
            let (due, later): (Vec<_>, Vec<_>) = ready.partition(|(_, next)| next.at <= now);
            let soonest = later.iter().map(|(_, next)| next.at).min();
            let first = due.into_iter().min_by_key(|(_, next)| next.rank(now));
            let Some((chat, next)) = first else { return soonest };
            if self.flying.len() >= UNDER_WAY {
                return None;
            }
            let all_at = self.all.ready_at(0);
            if all_at > now {
                return Some(all_at);
            }
            self.all.take(now);
            if let Some(job) = self.lanes.get_mut(&chat).and_then(|lane| lane.take(&next, now)) {
                self.flying.spawn(fly(Arc::clone(&self.carrier), job));
            }
        }
    }

    fn landed(&mut self, landed: Result<Flown, tokio::task::JoinError>, condition: &Condition) {
        let Flown { chat, what, outcome } = match landed {
            Ok(flown) => flown,
            Err(failure) => return error!(%failure, "a call to Telegram crashed"),
        };
        let now = Instant::now();
        if let Some(outcome) = &outcome {
            self.note(outcome, now, condition);
        }
        let Some(lane) = self.lanes.get_mut(&chat) else { return };
        lane.is_busy = false;
        if let Some(Err(CallError::Wait(wait))) = &outcome {
            lane.close(now, *wait);
        }
        match (what, outcome) {
            (What::Posted(job), Some(Err(failure))) => {
                if let Some(job) = lane.take_back(job, &failure, now) {
                    warn!(?failure, "something was not sent to a chat");
                    self.keep(&job, Err(failure));
                }
            }
            (What::Posted(job), Some(Ok(message))) => self.keep(&job, Ok(message)),
            (What::Brought(waiter), Some(outcome)) => {
                let _ = waiter.send(outcome);
            }
            (What::Nobodys, Some(_)) | (_, None) => {}
        }
    }

    fn keep(&self, job: &Job, outcome: Result<i32, CallError>) {
        let (chat, is_new) = (job.chat, job.is_message());
        if let Cargo::Posted(_, Some(keepsake)) = job.cargo {
            // Nobody keeps anything any more when the process stops.
            let _ = self.kept.send(Kept { chat, is_new, outcome, keepsake });
        }
    }

    /// Keeps in mind whether Telegram takes what is sent, and says so if it does not for long.
    fn note(&mut self, outcome: &Result<i32, CallError>, now: Instant, condition: &Condition) {
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
            self.trouble = None;
            return condition.set(Side::Outgoing, None);
        }
        let trouble = self.trouble.get_or_insert(Trouble { since: now, last: now });
        trouble.last = now;
        if let Err(failure) = outcome
            && now - trouble.since >= AWAY
        {
            condition.set(Side::Outgoing, Some(failure.words()));
        }
    }

    /// When to ask whether Telegram is back, if nothing else is sent that would tell.
    fn probe_at(&self) -> Option<Instant> {
        let trouble = self.trouble.as_ref().filter(|_| self.flying.is_empty())?;
        Some(trouble.last + AWAY)
    }

    fn probe(&mut self) {
        let carrier = Arc::clone(&self.carrier);
        self.flying.spawn(async move {
            let outcome = guarded(carrier.ping()).await.map(|()| 0);
            Flown { chat: 0, what: What::Nobodys, outcome: Some(outcome) }
        });
    }
}
