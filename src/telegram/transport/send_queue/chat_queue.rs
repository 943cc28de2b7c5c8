//! What goes to one chat: in order, and not too often.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::bucket::Bucket;
use super::job::Job;
use super::{Priority, TRIES};
use crate::backoff::Backoff;
use crate::telegram::transport::api::CallError;

/// A caller who waits for a turn is told at once if the chat is closed for longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pauses after a failure: doubled from the first to the last.
const PAUSE: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
/// How often a message is sent whose fate stays unknown.
const MAX_UNKNOWN: u32 = 2;
/// Of what a group may get, so much is left for messages: by edits that nobody waits for.
const LEFT_FOR_MESSAGES: u32 = 1;
/// An edit that nobody waits for goes before messages, where they leave it no room for so long.
const STALE: Duration = Duration::from_secs(15);
/// A notice that waited so long goes before what guests wait for.
const AGED: Duration = Duration::from_secs(2);

/// What goes to one chat.
pub(super) struct ChatQueue {
    /// What somebody waits for or is told, in order.
    queue: VecDeque<Job>,
    /// Edits that keep messages up to date, one a message.
    upkeep: VecDeque<Job>,
    last_upkeep: Instant,
    pub(super) is_busy: bool,
    closed_until: Instant,
    /// Messages: about one a second.
    pace: Bucket,
    /// Whatever a group sees, edits too: 20 in any minute.
    minute: Option<Bucket>,
}

/// What a lane would send next.
pub(super) struct NextSend {
    /// Not before.
    pub at: Instant,
    priority: Priority,
    /// When it came here.
    since: Instant,
    from: NextSource,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NextSource {
    Queue,
    /// The edit at this place.
    Upkeep(usize),
}

impl NextSend {
    /// What is least goes first: guests, but notices are not starved by them.
    pub(super) fn rank(&self, now: Instant) -> (u8, Instant) {
        let waits_since = self.at.max(self.since);
        let is_aged = now.saturating_duration_since(waits_since) >= AGED;
        let class = match self.priority {
            Priority::Notice if is_aged => 0,
            Priority::Interactive => 1,
            Priority::Notice => 2,
            Priority::Background => 3,
        };
        (class, waits_since)
    }
}

impl ChatQueue {
    pub(super) fn new(chat: i64) -> Self {
        // In any minute at most 10 + 60 / 6 = 20.
        let minute = (chat < 0).then(|| Bucket::new(10, Duration::from_secs(6)));
        let now = Instant::now();
        Self {
            queue: VecDeque::new(),
            upkeep: VecDeque::new(),
            last_upkeep: now,
            is_busy: false,
            closed_until: now,
            pace: Bucket::new(4, Duration::from_secs(1)),
            minute,
        }
    }

    /// What goes next, and when; `None` while there is nothing, or something is under way.
    pub(super) fn next(&self) -> Option<NextSend> {
        if self.is_busy {
            return None;
        }
        let now = Instant::now();
        let first = self.queue.front().map(|job| NextSend {
            at: self.ready_at(job, 0),
            priority: job.priority,
            since: job.since,
            from: NextSource::Queue,
        });
        let edit = |(place, job): (usize, &Job)| {
            let is_stale = now - job.since.max(self.last_upkeep).min(now) >= STALE;
            let leaving = if is_stale { 0 } else { LEFT_FOR_MESSAGES };
            let at = self.ready_at(job, leaving);
            let next = NextSend {
                at,
                priority: job.priority,
                since: job.since,
                from: NextSource::Upkeep(place),
            };
            (is_stale, next)
        };
        let (stale, fresh): (Vec<_>, Vec<_>) =
            self.upkeep.iter().enumerate().map(edit).partition(|(is_stale, _)| *is_stale);
        // Where edits count, they take no room from messages that wait.
        let has_room = self.minute.is_none() || self.queue.is_empty();
        let fresh = fresh.into_iter().filter(|_| has_room).map(|(_, next)| next);
        let stale = stale.into_iter().map(|(_, next)| next);
        // Of several that are ready at once the first counts.
        stale.chain(first).chain(fresh).min_by_key(|next| next.at.max(now))
    }

    fn ready_at(&self, job: &Job, leaving: u32) -> Instant {
        let minute = self.minute.as_ref().map(|minute| minute.ready_at(leaving));
        let pace = job.is_message().then(|| self.pace.ready_at(0));
        let waits = [Some(job.not_before), minute, pace];
        waits.into_iter().flatten().fold(self.closed_until, Instant::max)
    }

    /// Takes out what is next, and counts it.
    pub(super) fn take(&mut self, next: &NextSend, now: Instant) -> Option<Job> {
        let job = match next.from {
            NextSource::Queue => self.queue.pop_front(),
            NextSource::Upkeep(place) => self.upkeep.remove(place),
        }?;
        if next.from != NextSource::Queue {
            self.last_upkeep = now;
        }
        if job.is_message() {
            self.pace.take(now);
        }
        if let Some(minute) = &mut self.minute {
            minute.take(now);
        }
        self.is_busy = true;
        Some(job)
    }

    pub(super) fn push(&mut self, mut job: Job, now: Instant) {
        let wait = self.closed_until.saturating_duration_since(now);
        if wait > PATIENCE && job.is_awaited() {
            return job.refuse(CallError::Wait(wait));
        }
        let Some(message) = job.edited() else { return self.queue.push_back(job) };
        // Only the latest content of a message is worth sending; but what somebody waits for is
        // sent as it is, for they may give it up.
        if let Some(queued) = self.queue.iter_mut().find(|job| job.is_posted_edit_of(message)) {
            if !job.is_awaited() {
                return queued.replace_content(job);
            }
            self.queue.retain(|job| !job.is_posted_edit_of(message));
        }
        let known = self.upkeep.iter().position(|job| job.edited() == Some(message));
        if let Some(known) = known.and_then(|place| self.upkeep.remove(place)) {
            job.priority = job.priority.min(known.priority);
            job.since = known.since;
            job.inherit(&known.payload);
        }
        if job.is_awaited() {
            return self.queue.push_back(job);
        }
        match job.priority {
            Priority::Interactive => self.queue.push_back(job),
            Priority::Notice | Priority::Background => self.upkeep.push_back(job),
        }
    }

    /// Takes back what was not sent, or answers it if it is given up.
    pub(super) fn take_back(&mut self, mut job: Job, why: &CallError, now: Instant) -> Option<Job> {
        let pause = match why {
            CallError::Wait(wait) => *wait,
            CallError::Unreachable
            | CallError::Unknown
            | CallError::WrongToken
            | CallError::Busy
            | CallError::TakenByAnother => PAUSE.after(job.tries + 1),
            CallError::Gone(_)
            | CallError::Moved(_)
            | CallError::NoMessage
            | CallError::Refused(_) => return Some(job),
        };
        job.tries += 1;
        job.unknown += u32::from(*why == CallError::Unknown);
        if let Some(message) = job.edited() {
            let mut others = self.queue.iter().chain(&self.upkeep);
            if !others.any(|other| other.edited() == Some(message)) {
                job.not_before = now + pause;
                self.upkeep.push_front(job);
            }
            return None;
        }
        if job.tries >= TRIES || job.unknown >= MAX_UNKNOWN {
            return Some(job);
        }
        self.close(now, pause);
        self.queue.push_front(job);
        None
    }

    /// Sends nothing for so long.
    pub(super) fn close(&mut self, now: Instant, wait: Duration) {
        self.closed_until = self.closed_until.max(now + wait);
        if wait <= PATIENCE {
            return;
        }
        for job in std::mem::take(&mut self.queue) {
            if job.is_awaited() {
                job.refuse(CallError::Wait(wait));
            } else {
                self.queue.push_back(job);
            }
        }
    }

    /// Forgets the turns that nobody waits for any more.
    pub(super) fn forget_dropped(&mut self) {
        while self.queue.front().is_some_and(Job::is_dropped) {
            self.queue.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.upkeep.is_empty()
    }

    /// Nothing is lost if this lane is forgotten.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        !self.is_busy
            && self.is_empty()
            && self.closed_until <= now
            && self.pace.is_full(now)
            && self.minute.as_ref().is_none_or(|minute| minute.is_full(now))
    }
}
