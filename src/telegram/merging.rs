//! The front office's notices, merged when many come at once: a message is composed when the
//! chat's turn has come, of whatever waits then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::api::{CallError, Shown};
use super::notices::failure;
use super::outbox::{LINGER, Turn};
use super::staff_tap::deeds;
use super::{Call, Lobby, Reader};
use crate::courier::Failure;
use crate::domain::Change;
use crate::text::telegram as words;

/// So many notices at once still go one by one.
const ONE_BY_ONE: usize = 5;
/// UTF-16 units that a merged message may have; Telegram takes 4,096.
const MAX_UNITS: usize = 3_800;
/// Notices in one message at most.
const MERGED: usize = 2_000;
/// Notices that may wait to be merged.
pub(super) const WAITING: usize = 4_096;
/// A pause after a message that was not taken.
const PAUSE: Duration = Duration::from_secs(1);

/// A message to the front office that may be merged with others.
pub(super) enum Waiting {
    /// Something happened; somebody waits until it is told.
    Happened(Happened),
    /// The guest was not told of a change, and why. Nobody waits.
    GivenUp { change: Arc<Change>, reason: String },
}

/// What happened, and who waits until it is told.
pub(super) struct Happened {
    change: Arc<Change>,
    claimed: oneshot::Sender<oneshot::Receiver<Result<(), Failure>>>,
}

/// The other end of a notice: it can be given up until it is claimed for a message.
pub(super) struct Claim(oneshot::Receiver<oneshot::Receiver<Result<(), Failure>>>);

impl Happened {
    pub(super) fn new(change: Arc<Change>) -> (Self, Claim) {
        let (claimed, claim) = oneshot::channel();
        (Self { change, claimed }, Claim(claim))
    }
}

impl Claim {
    /// What came of it, if a message takes it by then.
    pub(super) async fn outcome(mut self, by: Instant) -> Result<(), Failure> {
        let claimed = if let Ok(claimed) = timeout_at(by, &mut self.0).await {
            claimed.ok()
        } else {
            // From here on nobody can claim it; until here somebody may have.
            self.0.close();
            self.0.try_recv().ok()
        };
        let Some(outcome) = claimed else { return Err(Failure::NotYet) };
        let stopped = || Failure::Unknown("Telegram did not answer".to_owned());
        outcome.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Waiting {
    fn is_dropped(&self) -> bool {
        match self {
            Self::Happened(happened) => happened.claimed.is_closed(),
            Self::GivenUp { .. } => false,
        }
    }

    fn item(&self) -> words::Merged<'_> {
        match self {
            Self::Happened(happened) => words::Merged::Happened(&happened.change),
            Self::GivenUp { change, .. } => words::Merged::GivenUp(change),
        }
    }

    fn claim(self) -> Option<Claimed> {
        Some(match self {
            Self::Happened(Happened { change, claimed }) => {
                let (told, outcome) = oneshot::channel();
                claimed.send(outcome).ok()?;
                Claimed::Happened { change, told }
            }
            Self::GivenUp { change, reason } => Claimed::GivenUp { change, reason },
        })
    }
}

/// A notice that is in a message.
enum Claimed {
    Happened { change: Arc<Change>, told: oneshot::Sender<Result<(), Failure>> },
    GivenUp { change: Arc<Change>, reason: String },
}

impl Claimed {
    fn item(&self) -> words::Merged<'_> {
        match self {
            Self::Happened { change, .. } => words::Merged::Happened(change),
            Self::GivenUp { change, .. } => words::Merged::GivenUp(change),
        }
    }
}

/// The work of sending notices to the front office.
pub(super) struct Merging {
    lobby: Arc<Lobby>,
    waiting: mpsc::Receiver<Waiting>,
    pending: VecDeque<Waiting>,
}

impl Merging {
    pub(super) fn new(lobby: Arc<Lobby>, waiting: mpsc::Receiver<Waiting>) -> Self {
        Self { lobby, waiting, pending: VecDeque::new() }
    }

    /// Sends until told to stop, and then what is there.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut end: Option<Instant> = None;
        loop {
            if self.pending.is_empty() {
                let latest = end.unwrap_or_else(Instant::now);
                tokio::select! {
                    biased;
                    Some(next) = self.waiting.recv() => self.add(next),
                    () = stop.cancelled(), if end.is_none() => end = Some(Instant::now() + LINGER),
                    () = tokio::time::sleep_until(latest), if end.is_some() => return,
                    else => return stop.cancelled().await,
                }
                continue;
            }
            let Some(chat) = self.lobby.front_office.chat() else {
                self.pending.clear();
                continue;
            };
            match self.turn(chat).await {
                Ok(turn) => self.send(chat, turn).await,
                // The outbox has stopped, and so do we.
                Err(_) => return stop.cancelled().await,
            }
        }
    }

    /// Takes in more until the chat's turn has come.
    async fn turn(&mut self, chat: i64) -> Result<Turn, CallError> {
        let outbox = self.lobby.outbox.clone();
        let mut turn = std::pin::pin!(outbox.turn(chat, Reader::Notified));
        loop {
            tokio::select! {
                biased;
                turn = &mut turn => return turn,
                Some(next) = self.waiting.recv() => self.add(next),
            }
        }
    }

    fn add(&mut self, next: Waiting) {
        // Who gave up comes back: while a chat is closed for long, the old ones are swept out.
        if self.pending.len() >= WAITING && self.pending.len().is_multiple_of(WAITING) {
            self.pending.retain(|one| !one.is_dropped());
        }
        self.pending.push_back(next);
    }

    async fn send(&mut self, mut chat: i64, turn: Turn) {
        while let Ok(next) = self.waiting.try_recv() {
            self.add(next);
        }
        self.pending.retain(|one| !one.is_dropped());
        let count = if self.pending.len() <= ONE_BY_ONE { 1 } else { self.fitting() };
        let taken = self.pending.drain(..count.min(self.pending.len()));
        let claimed: Vec<Claimed> = taken.filter_map(Waiting::claim).collect();
        // The turn is given back by dropping it.
        let Some(shown) = self.shown(&claimed) else { return };
        let mut outcome = turn.send(Call::Send(shown.clone())).await;
        while let Err(CallError::Moved(to)) = outcome {
            self.lobby.front_office.moved(&self.lobby.desk, chat, to).await;
            if self.lobby.front_office.chat() != Some(to) || chat == to {
                break;
            }
            chat = to;
            outcome = self.lobby.outbox.send(to, Reader::Notified, Call::Send(shown.clone())).await;
        }
        self.told(claimed, &outcome);
        if outcome.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn told(&mut self, claimed: Vec<Claimed>, outcome: &Result<i32, CallError>) {
        for one in claimed {
            match (one, outcome) {
                (Claimed::Happened { told, .. }, _) => {
                    let _ = told.send(outcome.as_ref().map(drop).map_err(failure));
                }
                (Claimed::GivenUp { .. }, Ok(_)) => {}
                (Claimed::GivenUp { change, reason }, Err(error)) => match failure(error) {
                    Failure::Transient { .. } | Failure::NotYet => {
                        self.pending.push_front(Waiting::GivenUp { change, reason });
                    }
                    Failure::Permanent(_) | Failure::Unknown(_) => {
                        warn!(receipt_no = %change.booking.receipt_no, "nobody was told of a notice that was given up");
                    }
                },
            }
        }
    }

    /// What a message with these says.
    fn shown(&self, claimed: &[Claimed]) -> Option<Shown> {
        let language = self.lobby.settings.language;
        let hotel = &self.lobby.desk.policy().hotel;
        match claimed {
            [] => None,
            [Claimed::Happened { change, .. }] => {
                let html = words::staff_notice(language, change, hotel);
                Some(Shown::text(html).with(deeds(language, &change.booking)))
            }
            [Claimed::GivenUp { change, reason }] => {
                let html = words::given_up(language, change, reason, hotel);
                Some(Shown::text(html).with(deeds(language, &change.booking)))
            }
            several => {
                let items: Vec<_> = several.iter().map(Claimed::item).collect();
                Some(Shown::text(words::merged_notice(language, &items)))
            }
        }
    }

    /// As many of those that wait as one message takes, by halving what is not known yet.
    fn fitting(&self) -> usize {
        let language = self.lobby.settings.language;
        let items: Vec<_> = self.pending.iter().take(MERGED).map(Waiting::item).collect();
        let fits = |count: usize| {
            let html = words::merged_notice(language, items.get(..count).unwrap_or(&items));
            html.encode_utf16().count() <= MAX_UNITS
        };
        if fits(items.len()) {
            return items.len();
        }
        let (mut fitting, mut too_many) = (1, items.len());
        while too_many - fitting > 1 {
            let count = usize::midpoint(fitting, too_many);
            if fits(count) {
                fitting = count;
            } else {
                too_many = count;
            }
        }
        fitting
    }
}
