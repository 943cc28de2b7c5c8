//! A hotel at work on a clock that only a test moves: the real desk, feed, scheduler and courier
//! over a real store, with a letter box in place of the mail.
//!
//! Tokio's clock is paused and kept from running ahead of real I/O by one blocking task that is
//! parked for as long as the hotel lives. Time moves by [`Hotel::pass`] alone.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use jatah::auth::{LinkKey, fresh_secret};
use jatah::clock::Clock;
use jatah::courier::{Courier, Deliver, Failure, Letter, Routes};
use jatah::desk::{BookRequest, Booked, Desk, DeskError};
use jatah::domain::{
    Action, Change, Command, Contact, Email, Fix, Guest, GuestName, Held, Language, Moment, Policy,
    TelegramId,
};
use jatah::feed::{Fed, Feed, Heard, NodeId};
use jatah::lifecycle::{Health, Lifecycle, Phase};
use jatah::routing::{self, Roads, RoutingServer};
use jatah::scheduler::Scheduler;
use jatah::store::CommitQueue;
use jatah::store::sqlite::SqliteStore;
use tempfile::TempDir;

use crate::build::{epoch, room, staff, today};
use crate::watched::Watched;

/// How long real work may take before a test is called stuck.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a test on one thread, with tokio's clock paused.
pub fn on_a_still_clock<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let (done, is_done) = mpsc::channel::<()>();
    // Paused time trips no time-out, so real time does.
    let watchdog = std::thread::spawn(move || {
        if is_done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("a test on a still clock is stuck");
            std::process::abort();
        }
    });
    runtime.unwrap().block_on(async {
        let (parked, unpark) = mpsc::channel::<()>();
        let keeps_time_still = tokio::task::spawn_blocking(move || unpark.recv());
        test().await;
        drop(parked);
        let _ = keeps_time_still.await;
    });
    drop(done);
    watchdog.join().unwrap();
}

/// Lets everything that can run do so, until `is_there` answers.
pub async fn until<T>(mut is_there: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = is_there() {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

/// The store's files and what opens them again.
pub struct House {
    folder: Arc<TempDir>,
    pub clock: Clock,
    pub policy: Policy,
    /// Who knows the roads.
    roads: Option<RoutingServer>,
    /// Brings the mails; then the letter box is Telegram's.
    mailer: Option<Arc<dyn Deliver>>,
}

impl House {
    pub fn new() -> Self {
        let policy = Policy { front_office_chat: false, ..crate::build::policy() };
        Self {
            folder: Arc::new(TempDir::new().unwrap()),
            clock: Clock::anchored(epoch()),
            policy,
            roads: None,
            mailer: None,
        }
    }

    /// A house whose mails go another way than Telegram's messages.
    pub fn with_mailer(mailer: Arc<dyn Deliver>) -> Self {
        Self { mailer: Some(mailer), ..Self::new() }
    }

    /// A house that asks a routing server.
    pub fn with_roads(roads: RoutingServer) -> Self {
        Self { roads: Some(roads), ..Self::new() }
    }

    pub fn store(&self) -> Arc<Watched> {
        let store = SqliteStore::open(&self.folder.path().join("jatah.db")).unwrap();
        Arc::new(Watched::new(Arc::new(store)))
    }

    /// Opens the hotel, armed and listening.
    pub async fn open(&self) -> Hotel {
        self.open_over(self.store(), true).await
    }

    /// Opens one node over a store, alone or beside others.
    pub async fn open_over(&self, store: Arc<Watched>, is_alone: bool) -> Hotel {
        let (feed, work) = Feed::open(store.clone()).await.unwrap();
        let lifecycle = Lifecycle::default();
        let parts = lifecycle.phase("parts");
        let (queue, queue_work) = CommitQueue::new(store.clone(), parts.stop_signal());
        let node = NodeId(fresh_secret());
        let links = LinkKey::load(store.as_ref()).await.unwrap();
        let policy = Arc::new(self.policy.clone());
        let desk = Desk::new(store.clone(), queue, self.clock.clone(), policy, node.clone(), links);
        let (departures, told) = tokio::sync::mpsc::channel(routing::WAITING);
        let desk = Arc::new(if self.roads.is_some() { desk.telling(departures) } else { desk });
        if let Some(server) = self.roads.clone() {
            let roads = Roads::new(server, Arc::clone(&desk), told);
            parts.spawn("roads", roads.run(parts.stop_signal()));
        }
        let (health, letters) = (Health::default(), Arc::new(LetterBox::default()));
        let changes = feed.listen();
        parts.spawn("feed", work.run(parts.stop_signal()));
        parts.spawn("commits", queue_work);
        let routes = match self.mailer.clone() {
            Some(email) => Routes { email, telegram: Some(letters.clone()) },
            None => Routes { email: letters.clone(), telegram: None },
        };
        let courier = Courier::new(
            store.clone(),
            feed.clone(),
            Arc::clone(&desk),
            node,
            is_alone,
            routes,
            health.clone(),
        );
        parts.spawn("courier", courier.run(parts.stop_signal()));
        let scheduler =
            Scheduler::new(Arc::clone(&desk), feed.clone(), self.clock.clone(), health.clone());
        parts.spawn("scheduler", scheduler.run(parts.stop_signal()));
        until(|| health.is_ready().then_some(())).await;
        let clock = self.clock.clone();
        let folder = Arc::clone(&self.folder);
        Hotel { desk, store, letters, clock, changes, parts, lifecycle, folder }
    }
}

/// One node at work.
pub struct Hotel {
    pub desk: Arc<Desk>,
    pub store: Arc<Watched>,
    pub letters: Arc<LetterBox>,
    pub clock: Clock,
    changes: BoxStream<'static, Heard>,
    parts: Phase,
    lifecycle: Lifecycle,
    /// The files last as long as whoever works on them.
    folder: Arc<TempDir>,
}

impl Hotel {
    /// Books a standard room tonight for a guest of that name.
    pub async fn book(&self, name: &str) -> Held {
        self.try_book(name, "HALL").await.unwrap().held
    }

    /// The same for a guest of the bot.
    pub async fn book_by_telegram(&self, name: &str, id: i64) -> Held {
        self.ask_for(name, "HALL", Contact::Telegram(TelegramId(id))).await.unwrap().held
    }

    pub async fn try_book(&self, name: &str, code: &str) -> Result<Booked, DeskError> {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        self.ask_for(name, code, Contact::Web(Email::parse(&email).unwrap())).await
    }

    async fn ask_for(&self, name: &str, code: &str, contact: Contact) -> Result<Booked, DeskError> {
        let request = BookRequest {
            request_id: fresh_secret(),
            guest: Guest {
                name: GuestName::parse(name).unwrap(),
                contact,
                language: Language::Indonesian,
            },
            room: room(code),
            check_in: today(),
            nights: 1,
            position: None,
            address_limit: None,
        };
        self.desk.book(request).await
    }

    pub async fn is_at(&self, held: &Held, fix: Fix) -> Result<Held, DeskError> {
        self.desk.act(held.booking.receipt_no, Command::ReportPosition(fix)).await
    }

    pub async fn pay(&self, held: &Held) -> Result<Held, DeskError> {
        self.desk.act(held.booking.receipt_no, Command::MarkPaid { by: staff("Sari") }).await
    }

    /// Moves every clock on, and lets what falls due begin.
    pub async fn pass(&self, time: TimeDelta) {
        tokio::time::advance(time.to_std().unwrap()).await;
    }

    /// Moves every clock on to a moment.
    pub async fn pass_until(&self, moment: Moment) {
        self.pass(moment - self.clock.now()).await;
    }

    /// The next change that the feed tells, whenever it comes.
    pub async fn next_change(&mut self) -> Arc<Change> {
        loop {
            match self.changes.next().await {
                Some(Heard::Told(told)) => {
                    if let Fed::Changed { change, .. } = told.fed {
                        return change;
                    }
                }
                lost => panic!("the feed ended or lost something: {lost:?}"),
            }
        }
    }

    /// The next change, which must be of this kind.
    pub async fn next(&mut self, action: Action) -> Arc<Change> {
        let change = self.next_change().await;
        assert_eq!(change.event.action(), action, "{:?}", change.event);
        change
    }

    /// Nothing was committed that was not looked at, however long the idle parts run.
    pub async fn nothing_more(&mut self) {
        for _ in 0..2_000 {
            let next = pin!(self.changes.next());
            if let Poll::Ready(heard) = futures_util::poll!(next) {
                match heard {
                    Some(Heard::Told(told)) if !matches!(told.fed, Fed::Changed { .. }) => {}
                    heard => panic!("there was something more: {heard:?}"),
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Stops as the process does; a worker that died fails the test.
    pub async fn close(mut self) {
        let death = pin!(self.lifecycle.death());
        assert!(futures_util::poll!(death).is_pending(), "a worker died");
        drop(self.desk);
        let mut stopping = pin!(self.parts.stop(Duration::from_secs(10)));
        for _ in 0..100 {
            assert!(futures_util::poll!(&mut stopping).is_pending(), "the courier listens a while");
            tokio::task::yield_now().await;
        }
        // For what was committed last; longer than it listens, and far from any limit.
        tokio::time::advance(Duration::from_millis(500)).await;
        stopping.await;
        drop(self.folder);
    }

    /// Stops as a machine without power does: from now on nothing of it reaches the store.
    pub fn lose_power(self) {
        self.store.set_away(true);
        self.parts.stop_signal().cancel();
    }
}

/// Takes letters as a mail server would, or refuses them as told.
#[derive(Default)]
pub struct LetterBox {
    letters: Mutex<Vec<Letter>>,
    refusals: Mutex<Vec<Failure>>,
}

impl LetterBox {
    /// What came in, by receipt number and kind.
    pub fn kinds(&self) -> Vec<Action> {
        self.letters.lock().unwrap().iter().map(|letter| letter.change.event.action()).collect()
    }

    /// Refuses the next attempts, first one first.
    pub fn refuse(&self, failures: impl IntoIterator<Item = Failure>) {
        self.refusals.lock().unwrap().extend(failures);
    }
}

#[async_trait]
impl Deliver for LetterBox {
    async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        let mut refusals = self.refusals.lock().unwrap();
        if refusals.is_empty() {
            self.letters.lock().unwrap().push(letter.clone());
            Ok(())
        } else {
            Err(refusals.remove(0))
        }
    }
}
