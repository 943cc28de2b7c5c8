//! The one sender of everything that goes out: in order within a chat, chats side by side, within
//! Telegram's limits, guests first.
//!
//! The limits (Bot API FAQ, "My bot is hitting limits"): about one message a second to a chat,
//! 20 a minute to a group, 30 a second in all. A 429 stops its own chat for as long as it says.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::api::{Api, CallError, Sheet, Shown};
use super::memory::{Keepsake, Kept};

/// Calls that may wait here; whoever brings more waits themselves.
const CAPACITY: usize = 10_000;
/// Calls under way at once.
const UNDER_WAY: usize = 16;
/// Chats remembered before idle ones are forgotten.
const CHATS: usize = 4_096;
/// Tries of a call that nobody waits for.
const TRIES: u32 = 6;
/// A caller who waits for the outcome is told so at once if the chat is closed for longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a stopping process goes on with what nobody waits for.
const DRAIN: Duration = Duration::from_secs(3);

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

/// The sender. Clones are the same.
#[derive(Clone)]
pub struct Outbox(mpsc::Sender<Job>);

struct Job {
    chat: i64,
    reader: Reader,
    call: Call,
    tries: u32,
    /// What is to be kept of it once it is through.
    keepsake: Option<Keepsake>,
    /// Who waits for the outcome and tries again themselves.
    waiter: Option<oneshot::Sender<Result<i32, CallError>>>,
}

impl Job {
    /// Whoever waited for this has given up.
    fn is_dropped(&self) -> bool {
        self.waiter.as_ref().is_some_and(oneshot::Sender::is_closed)
    }
}

impl Outbox {
    /// A sender, and the work to be run for it.
    #[must_use]
    pub fn new(api: Api) -> (Self, OutboxWork, mpsc::UnboundedReceiver<Kept>) {
        let (sender, jobs) = mpsc::channel(CAPACITY);
        // Holds no more than what went through the bounded queue and was not yet written down.
        let (kept, keeping) = mpsc::unbounded_channel();
        let work = OutboxWork {
            api,
            jobs,
            lanes: HashMap::new(),
            all: Bucket::new(5, Duration::from_millis(40)),
            flying: JoinSet::new(),
            kept,
        };
        (Self(sender), work, keeping)
    }

    /// Sends when its turn comes, and again if it fails; nobody waits.
    pub async fn post(&self, chat: i64, reader: Reader, call: Call) {
        self.put(Job { chat, reader, call, tries: 0, keepsake: None, waiter: None }).await;
    }

    /// The same, and what came of it is kept.
    pub async fn post_kept(&self, chat: i64, reader: Reader, call: Call, keepsake: Keepsake) {
        let keepsake = Some(keepsake);
        self.put(Job { chat, reader, call, tries: 0, keepsake, waiter: None }).await;
    }

    async fn put(&self, job: Job) {
        // The other end is gone only when the process stops.
        let _ = self.0.send(job).await;
    }

    /// Sends once and answers the message's id (0 where there is none). Dropping the wait drops
    /// what was not yet sent.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn send(&self, chat: i64, reader: Reader, call: Call) -> Result<i32, CallError> {
        self.queue(chat, reader, call).await.outcome().await
    }

    /// Takes a place in the queue of a chat; what comes of it is waited for afterwards.
    pub async fn queue(&self, chat: i64, reader: Reader, call: Call) -> Queued {
        let (waiter, outcome) = oneshot::channel();
        let waiter = Some(waiter);
        self.put(Job { chat, reader, call, tries: 0, keepsake: None, waiter }).await;
        Queued(outcome)
    }
}

/// A call that has its place in the queue. Dropping it drops what was not yet sent.
pub struct Queued(oneshot::Receiver<Result<i32, CallError>>);

impl Queued {
    /// The message's id (0 where there is none).
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn outcome(self) -> Result<i32, CallError> {
        self.0.await.unwrap_or(Err(CallError::Unknown))
    }
}

/// Allows a burst, then one at a time.
#[derive(Debug)]
struct Bucket {
    burst: u32,
    every: Duration,
    /// When all would have been refilled.
    full_at: Instant,
}

impl Bucket {
    fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, full_at: Instant::now() }
    }

    /// When the next may go.
    fn ready_at(&self) -> Instant {
        self.full_at.checked_sub(self.every * (self.burst - 1)).unwrap_or(self.full_at)
    }

    fn take(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.every;
    }
}

/// What goes to one chat.
struct Lane {
    queue: VecDeque<Job>,
    is_busy: bool,
    closed_until: Instant,
    bucket: Bucket,
}

impl Lane {
    fn of(chat: i64) -> Self {
        // In any minute at most 5 + 60 / 4 = 20 to a group.
        let bucket = if chat < 0 {
            Bucket::new(5, Duration::from_secs(4))
        } else {
            Bucket::new(4, Duration::from_secs(1))
        };
        let closed_until = Instant::now();
        Self { queue: VecDeque::new(), is_busy: false, closed_until, bucket }
    }

    /// When its first may go; `None` while there is none, or one is under way.
    fn ready_at(&self) -> Option<(Instant, Reader)> {
        let first = self.queue.front().filter(|_| !self.is_busy)?;
        let at = match first.call {
            Call::Send(_) | Call::Picture(_) => self.closed_until.max(self.bucket.ready_at()),
            Call::Edit(..) | Call::Answer(..) => self.closed_until,
        };
        Some((at, first.reader))
    }

    fn push(&mut self, job: Job) {
        if let Call::Edit(message, _) = &job.call {
            // Only the latest content of a message is worth sending.
            let same = |queued: &&mut Job| {
                queued.waiter.is_none()
                    && matches!(&queued.call, Call::Edit(id, _) if id == message)
            };
            if let Some(queued) = self.queue.iter_mut().find(same) {
                queued.call = job.call;
                queued.keepsake = job.keepsake.or(queued.keepsake.take());
                return;
            }
        }
        self.queue.push_back(job);
    }

    fn close(&mut self, now: Instant, wait: Duration) {
        self.closed_until = self.closed_until.max(now + wait);
        if wait > PATIENCE {
            let queue = std::mem::take(&mut self.queue);
            let (told, kept): (Vec<_>, Vec<_>) =
                queue.into_iter().partition(|job| job.waiter.is_some());
            self.queue = kept.into();
            for job in told {
                answer(job, Err(CallError::Wait(wait)));
            }
        }
    }

    fn is_idle(&self, now: Instant) -> bool {
        !self.is_busy
            && self.queue.is_empty()
            && self.closed_until <= now
            && self.bucket.full_at <= now
    }
}

fn answer(job: Job, outcome: Result<i32, CallError>) {
    if let Some(waiter) = job.waiter {
        let _ = waiter.send(outcome);
    }
}

/// The work of the sender.
pub struct OutboxWork {
    api: Api,
    jobs: mpsc::Receiver<Job>,
    lanes: HashMap<i64, Lane>,
    all: Bucket,
    flying: JoinSet<(Job, Result<i32, CallError>)>,
    kept: mpsc::UnboundedSender<Kept>,
}

impl OutboxWork {
    /// Sends until told to stop, then what is left for a short while.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut end = None;
        loop {
            let next = self.launch();
            if let Some(end) = end
                && (self.is_empty() || Instant::now() >= end)
            {
                return;
            }
            let next = next.into_iter().chain(end).min();
            tokio::select! {
                () = stop.cancelled(), if end.is_none() => end = Some(Instant::now() + DRAIN),
                Some(job) = self.jobs.recv() => self.take(job),
                Some(landed) = self.flying.join_next() => self.landed(landed),
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)),
                    if next.is_some() => {}
                else => return,
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.flying.is_empty() && self.lanes.values().all(|lane| lane.queue.is_empty())
    }

    fn take(&mut self, job: Job) {
        if matches!(job.call, Call::Answer(..)) {
            // It counts towards no limit and must not wait.
            return self.fly(job);
        }
        let now = Instant::now();
        if self.lanes.len() >= CHATS {
            self.lanes.retain(|_, lane| !lane.is_idle(now));
        }
        let lane = self.lanes.entry(job.chat).or_insert_with(|| Lane::of(job.chat));
        let wait = lane.closed_until.saturating_duration_since(now);
        if wait > PATIENCE && job.waiter.is_some() {
            return answer(job, Err(CallError::Wait(wait)));
        }
        lane.push(job);
    }

    /// Sends what may go now, guests first, and answers when something may go next.
    fn launch(&mut self) -> Option<Instant> {
        loop {
            let now = Instant::now();
            for lane in self.lanes.values_mut() {
                while lane.queue.front().is_some_and(Job::is_dropped) {
                    lane.queue.pop_front();
                }
            }
            let ready = self
                .lanes
                .iter()
                .filter_map(|(chat, lane)| lane.ready_at().map(|(at, reader)| (at, reader, *chat)));
            let (is_due, later): (Vec<_>, Vec<_>) = ready.partition(|(at, ..)| *at <= now);
            let soonest = later.iter().map(|(at, ..)| *at).min();
            let Some((_, _, chat)) =
                is_due.into_iter().min_by_key(|(at, reader, _)| (*reader, *at))
            else {
                return soonest;
            };
            if self.flying.len() >= UNDER_WAY {
                return None;
            }
            let all_at = self.all.ready_at();
            if all_at > now {
                return Some(all_at);
            }
            self.all.take(now);
            let Some(lane) = self.lanes.get_mut(&chat) else { return soonest };
            if let Some(job) = lane.queue.pop_front() {
                if matches!(job.call, Call::Send(_) | Call::Picture(_)) {
                    lane.bucket.take(now);
                }
                lane.is_busy = true;
                self.fly(job);
            }
        }
    }

    fn fly(&mut self, job: Job) {
        let api = self.api.clone();
        self.flying.spawn(async move {
            let outcome = match &job.call {
                Call::Send(shown) => api.send(job.chat, shown).await,
                Call::Picture(picture) => api.send_picture(job.chat, picture).await,
                Call::Edit(message, shown) => {
                    api.edit(job.chat, *message, shown).await.map(|()| *message)
                }
                Call::Answer(query, line) => api.answer(query, line.as_deref()).await.map(|()| 0),
            };
            (job, outcome)
        });
    }

    fn landed(&mut self, landed: Result<(Job, Result<i32, CallError>), tokio::task::JoinError>) {
        let (mut job, outcome) = match landed {
            Ok(landed) => landed,
            Err(failure) => return error!(%failure, "a call to Telegram crashed"),
        };
        let now = Instant::now();
        let is_answer = matches!(job.call, Call::Answer(..));
        let lane = self.lanes.entry(job.chat).or_insert_with(|| Lane::of(job.chat));
        lane.is_busy = lane.is_busy && is_answer;
        let pause = match &outcome {
            Ok(_) | Err(CallError::Gone(_) | CallError::Refused(_) | CallError::NoMessage) => None,
            Err(CallError::Wait(wait)) => Some(*wait),
            Err(
                CallError::Unreachable
                | CallError::Unknown
                | CallError::WrongToken
                | CallError::TakenByAnother,
            ) => Some(Duration::from_secs(1 << job.tries.min(5))),
        };
        if let (Some(pause), Err(CallError::Wait(_))) = (pause, &outcome) {
            lane.close(now, pause);
        }
        job.tries += 1;
        match pause {
            Some(pause) if job.waiter.is_none() && !is_answer && job.tries < TRIES => {
                lane.close(now, pause);
                lane.queue.push_front(job);
            }
            _ => {
                if let (None, Err(failure)) = (&job.waiter, &outcome) {
                    warn!(?failure, "something was not sent to a chat");
                }
                if let Some(keepsake) = job.keepsake.take() {
                    let is_new = matches!(job.call, Call::Send(_) | Call::Picture(_));
                    let outcome = outcome.clone();
                    // Nobody keeps anything any more when the process stops.
                    let _ = self.kept.send(Kept { chat: job.chat, is_new, outcome, keepsake });
                }
                answer(job, outcome);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_group_gets_at_most_twenty_in_any_minute() {
        let mut lane = Lane::of(-100);
        let mut sent = Vec::new();
        let start = Instant::now();
        while sent.len() < 60 {
            let at = lane.bucket.ready_at().max(start);
            tokio::time::advance(at.saturating_duration_since(Instant::now())).await;
            lane.bucket.take(Instant::now());
            sent.push(Instant::now());
        }
        for window in sent.windows(21) {
            assert!(window[20] - window[0] >= Duration::from_mins(1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_chats_get_at_most_thirty_in_any_second() {
        let mut bucket = Bucket::new(5, Duration::from_millis(40));
        let mut sent = Vec::new();
        while sent.len() < 200 {
            let wait = bucket.ready_at().saturating_duration_since(Instant::now());
            tokio::time::advance(wait).await;
            bucket.take(Instant::now());
            sent.push(Instant::now());
        }
        for window in sent.windows(31) {
            assert!(window[30] - window[0] >= Duration::from_secs(1));
        }
    }

    #[test]
    fn only_the_latest_content_of_a_message_waits() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        let mut lane = Lane::of(7);
        for text in ["one", "two", "three"] {
            let call = Call::Edit(5, Shown::text(text));
            let reader = Reader::Waiting;
            lane.push(Job { chat: 7, reader, call, tries: 0, keepsake: None, waiter: None });
        }
        assert_eq!(lane.queue.len(), 1);
        assert!(matches!(&lane.queue[0].call, Call::Edit(5, shown) if shown.html == "three"));
    }
}
