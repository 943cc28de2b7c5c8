//! The queue of calls to one chat: in order, and within the limits of the chat. It decides what is
//! sent next and when; the worker sends it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::bucket::Bucket;
use super::job::Job;
use super::{MAX_ATTEMPTS, Priority};
use crate::backoff::Backoff;
use crate::telegram::transport::call::CallError;

/// If the chat is closed for longer than this, calls whose outcome is awaited fail at once.
const FAIL_FAST_AFTER: Duration = Duration::from_secs(5);
/// The pause after a failure: doubled each time, from the first value to the last.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
/// How often a message with an unknown outcome is sent at most.
const MAX_UNKNOWN: u32 = 2;
/// How much of the limit of a group background edits leave for messages.
const RESERVED_FOR_MESSAGES: u32 = 1;
/// A background edit goes before messages if it has waited this long, and no other one was made in
/// that time.
const MAX_EDIT_WAIT: Duration = Duration::from_secs(15);
/// A notification that has waited this long goes before the messages that guests wait for.
const MAX_NOTICE_WAIT: Duration = Duration::from_secs(2);

/// The queue of one chat.
pub(super) struct ChatQueue {
    /// Messages, and edits in reply to a user, in order.
    queue: VecDeque<Job>,
    /// Background edits, at most one for each message.
    upkeep: VecDeque<Job>,
    /// When the last background edit was sent.
    last_upkeep: Instant,
    /// Whether a call is being made.
    pub(super) is_busy: bool,
    /// Until when nothing may be sent.
    closed_until: Instant,
    /// The limit of new messages: about one per second.
    pace: Bucket,
    /// The limit of a group, which also counts edits: 20 in any minute.
    minute: Option<Bucket>,
}

/// The call that a chat queue sends next.
pub(super) struct NextSend {
    /// The earliest time.
    pub at: Instant,
    priority: Priority,
    /// When it was queued.
    since: Instant,
    from: NextSource,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NextSource {
    Queue,
    /// The background edit at this index.
    Upkeep(usize),
}

impl NextSend {
    /// The rank among all chats: the lowest is sent first. Guests are served before notifications,
    /// unless the notifications have waited for [`MAX_NOTICE_WAIT`].
    pub(super) fn rank(&self, now: Instant) -> (u8, Instant) {
        let waits_since = self.at.max(self.since);
        let is_aged = now.saturating_duration_since(waits_since) >= MAX_NOTICE_WAIT;
        let class = match self.priority {
            Priority::Notification if is_aged => 0,
            Priority::Interactive => 1,
            Priority::Notification => 2,
            Priority::Background => 3,
        };
        (class, waits_since)
    }
}

impl ChatQueue {
    pub(super) fn new(chat: i64) -> Self {
        // At most 10 + 60 / 6 = 20 in any minute.
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

    /// What is sent next, and when; `None` if the queue is empty or a call is being made.
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
            let is_stale = now - job.since.max(self.last_upkeep).min(now) >= MAX_EDIT_WAIT;
            let leaving = if is_stale { 0 } else { RESERVED_FOR_MESSAGES };
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
        // If edits count towards the limit, they wait until no message is queued.
        let has_room = self.minute.is_none() || self.queue.is_empty();
        let fresh = fresh.into_iter().filter(|_| has_room).map(|(_, next)| next);
        let stale = stale.into_iter().map(|(_, next)| next);
        // `min_by_key` returns the first of several that are ready at the same time.
        stale.chain(first).chain(fresh).min_by_key(|next| next.at.max(now))
    }

    /// When a job may be sent if it must leave this much of the limit of a group.
    fn ready_at(&self, job: &Job, leaving: u32) -> Instant {
        let minute = self.minute.as_ref().map(|minute| minute.ready_at(leaving));
        let pace = job.is_message().then(|| self.pace.ready_at(0));
        let waits = [Some(job.not_before), minute, pace];
        waits.into_iter().flatten().fold(self.closed_until, Instant::max)
    }

    /// Removes the next job, and counts it towards the limits.
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

    /// Queues a job. A newer edit of a message replaces an older one.
    pub(super) fn push(&mut self, mut job: Job, now: Instant) {
        let wait = self.closed_until.saturating_duration_since(now);
        if wait > FAIL_FAST_AFTER && job.is_awaited() {
            return job.refuse(CallError::Wait(wait));
        }
        let Some(message) = job.edited() else { return self.queue.push_back(job) };
        // Only the latest content of a message is sent. An awaited edit replaces nothing in place,
        // because its caller may give it up: it removes the older edits and joins the end.
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
            Priority::Notification | Priority::Background => self.upkeep.push_back(job),
        }
    }

    /// Queues a failed job again. Returns the job if it is given up instead.
    pub(super) fn requeue(&mut self, mut job: Job, why: &CallError, now: Instant) -> Option<Job> {
        let pause = match why {
            CallError::Wait(wait) => *wait,
            CallError::Unreachable
            | CallError::Unknown
            | CallError::WrongToken
            | CallError::Busy
            | CallError::TakenByAnother => BACKOFF.after(job.tries + 1),
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
        if job.tries >= MAX_ATTEMPTS || job.unknown >= MAX_UNKNOWN {
            return Some(job);
        }
        self.close(now, pause);
        self.queue.push_front(job);
        None
    }

    /// Sends nothing for this time. If it is longer than [`FAIL_FAST_AFTER`], awaited calls fail at once.
    pub(super) fn close(&mut self, now: Instant, wait: Duration) {
        self.closed_until = self.closed_until.max(now + wait);
        if wait <= FAIL_FAST_AFTER {
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

    /// Removes jobs at the front whose caller has given up.
    pub(super) fn forget_dropped(&mut self) {
        while self.queue.front().is_some_and(Job::is_dropped) {
            self.queue.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.upkeep.is_empty()
    }

    /// Whether this queue can be removed without losing anything.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        !self.is_busy
            && self.is_empty()
            && self.closed_until <= now
            && self.pace.is_full(now)
            && self.minute.as_ref().is_none_or(|minute| minute.is_full(now))
    }
}
