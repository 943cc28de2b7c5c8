//! Tells the front office's chat when a part of the system has a fault that somebody at the hotel
//! must mend, and when it is well again: each once, after it lasted for [`LASTING`].
//!
//! Several nodes find the same fault, so it is stored that the chat was told. The message is tried
//! once; `/readyz` and the board show the fault as long as it lasts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::BotParts;
use super::front_office::FrontOfficeChat;
use super::state::BotState;
use super::transport::call::{Call, MessageContent};
use super::transport::{Priority, SendQueue};
use crate::domain::Language;
use crate::lifecycle::Health;
use crate::text::telegram as words;

/// How long a fault, or its absence, lasts before the chat is told.
const LASTING: Duration = Duration::from_mins(1);
/// The most that is added to it at random, so that of several nodes one is first.
const MAX_SPREAD: Duration = Duration::from_secs(10);

/// The worker that tells of faults.
pub(super) struct FaultReporter {
    health: Health,
    state: BotState,
    queue: SendQueue,
    front_office: Arc<FrontOfficeChat>,
    language: Language,
    parts: BTreeMap<&'static str, PartReport>,
}

/// What is known of a part that is or was degraded.
struct PartReport {
    /// The reason now; `None` if the part is well.
    reason: Option<String>,
    /// Whether the chat was told that it is degraded, and not yet that it is well again.
    is_told: bool,
    /// When to tell the chat that this has changed; `None` if it knows.
    due: Option<Instant>,
}

impl FaultReporter {
    pub(super) fn new(parts: &BotParts, health: Health) -> Self {
        Self {
            health,
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            front_office: Arc::clone(&parts.front_office),
            language: parts.settings.language,
            parts: BTreeMap::new(),
        }
    }

    /// Tells of faults until `stop` is cancelled.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        self.recall().await;
        let mut changes = self.health.watch();
        loop {
            let due = self.parts.values().filter_map(|part| part.due).min();
            tokio::select! {
                () = stop.cancelled() => return,
                Some(degraded) = changes.next() => self.note(degraded),
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.tell_what_is_due().await;
                }
            }
        }
    }

    /// Recalls of which faults an earlier process told, which may be over by now.
    async fn recall(&mut self) {
        for part in words::DEGRADABLE_PARTS {
            // If the store does not answer, the chat may be told twice.
            if self.state.was_told_of_fault(part).await.unwrap_or(false) {
                let mut report = PartReport { reason: None, is_told: true, due: None };
                report.set(None);
                self.parts.insert(part, report);
            }
        }
    }

    fn note(&mut self, mut degraded: BTreeMap<&'static str, String>) {
        for (part, report) in &mut self.parts {
            report.set(degraded.remove(part));
        }
        for (part, reason) in degraded {
            let mut report = PartReport { reason: None, is_told: false, due: None };
            report.set(Some(reason));
            self.parts.insert(part, report);
        }
    }

    async fn tell_what_is_due(&mut self) {
        let now = Instant::now();
        for (part, report) in &mut self.parts {
            if report.due.is_none_or(|due| due > now) {
                continue;
            }
            report.due = None;
            report.is_told = report.reason.is_some();
            let told = match self.state.was_told_of_fault(part).await {
                Ok(was_told) if was_told == report.is_told => continue,
                Ok(_) => self.state.set_told_of_fault(part, report.is_told).await,
                Err(error) => Err(error),
            };
            if let Err(error) = told {
                warn!(part, %error, "it was not stored that the front office is told of a fault");
            }
            let html = match &report.reason {
                Some(reason) => words::degraded(self.language, part, reason),
                None => words::well_again(self.language, part),
            };
            let Some(chat) = self.front_office.chat() else { continue };
            let content = MessageContent::text(html);
            let content = MessageContent { topic: self.front_office.topic, ..content };
            let sent = self.queue.send(chat, Priority::Notification, Call::Send(content)).await;
            if let Err(failure) = sent {
                warn!(part, ?failure, "the front office was not told of a fault");
            }
        }
    }
}

impl PartReport {
    fn set(&mut self, reason: Option<String>) {
        self.reason = reason;
        if self.reason.is_some() == self.is_told {
            self.due = None;
        } else if self.due.is_none() {
            let spread = MAX_SPREAD.mul_f64(rand::random_range(0.0..=1.0));
            self.due = Some(Instant::now() + LASTING + spread);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use tempfile::TempDir;
    use tokio::task::JoinSet;

    use super::*;
    use crate::clock::Clock;
    use crate::store::TypedValues;
    use crate::store::sqlite::SqliteStore;
    use crate::telegram::transport::BotHealth;
    use crate::telegram::transport::call::{BotApi, CallError};

    #[derive(Default)]
    struct FakeApi(Mutex<Vec<String>>);

    #[async_trait]
    impl BotApi for FakeApi {
        async fn call(&self, _: i64, call: &Call) -> Result<i32, CallError> {
            let Call::Send(content) = call else { panic!("{call:?}") };
            assert_eq!(content.topic, Some(9));
            let first = content.html.lines().next().unwrap_or_default();
            self.0.lock().unwrap().push(first.to_owned());
            Ok(1)
        }

        async fn ping(&self) -> Result<(), CallError> {
            Ok(())
        }
    }

    /// A running reporter.
    struct Harness {
        api: Arc<FakeApi>,
        health: Health,
        _work: JoinSet<()>,
    }

    impl Harness {
        fn start(state: &BotState) -> Self {
            let (api, health) = (Arc::<FakeApi>::default(), Health::default());
            let (queue, worker) = SendQueue::new(Arc::clone(&api) as Arc<dyn BotApi>);
            let bot = BotHealth::new(Health::default());
            let chat = FrontOfficeChat::new(Some(-7), Some(9), bot.clone(), state.clone());
            let reporter = FaultReporter {
                health: health.clone(),
                state: state.clone(),
                queue,
                front_office: Arc::new(chat),
                language: Language::English,
                parts: BTreeMap::new(),
            };
            let mut work = JoinSet::new();
            work.spawn(worker.run(CancellationToken::new(), bot));
            work.spawn(reporter.run(CancellationToken::new()));
            Self { api, health, _work: work }
        }

        /// The first lines of the messages, after time has passed.
        async fn after(&self, seconds: u64) -> Vec<String> {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            std::mem::take(&mut *self.api.0.lock().unwrap())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_fault_is_told_once_and_once_that_it_is_over() {
        let folder = TempDir::new().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("jatah.db")).unwrap());
        let state = BotState::new(TypedValues::new(store, Clock::system()));
        let (one, other) = (Harness::start(&state), Harness::start(&state));
        let set = |reason: Option<&str>| {
            one.health.set_degraded("courier", reason.map(str::to_owned));
            other.health.set_degraded("courier", reason.map(str::to_owned));
        };
        set(Some("553"));
        assert!([one.after(55).await, other.after(0).await].concat().is_empty(), "not at once");
        set(None);
        assert!([one.after(80).await, other.after(0).await].concat().is_empty(), "it was short");
        set(Some("553"));
        one.after(30).await;
        set(Some("550"));
        let told = [one.after(80).await, other.after(0).await].concat();
        assert_eq!(told, ["⚠️ <b>Fault: sending messages</b>"], "by one of both");
        assert!([one.after(300).await, other.after(0).await].concat().is_empty(), "once");
        set(None);
        let told = [one.after(80).await, other.after(0).await].concat();
        assert_eq!(told, ["✅ Well again: sending messages."]);
        // A process that starts afterwards tells that what an earlier one told is over.
        set(Some("553"));
        one.after(80).await;
        drop((one, other));
        let next = Harness::start(&state);
        assert_eq!(next.after(80).await, ["✅ Well again: sending messages."]);
    }
}
