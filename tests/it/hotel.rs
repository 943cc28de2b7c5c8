//! A running hotel whose clock only the test moves: the real booking service, feed, scheduler and
//! notifier over a real store, with a fake mailbox in place of the mail server.
//!
//! Tokio's clock is paused. Tokio advances a paused clock by itself when no task can run, except
//! while a blocking task runs. So one blocking task waits until the test ends, and time moves only
//! by [`Hotel::pass`].

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
use jatah::domain::{
    Action, Change, Command, Contact, Email, Fix, Guest, GuestName, Language, Moment, Policy,
    TelegramId, TrackedBooking,
};
use jatah::feed::{Feed, FeedMessage};
use jatah::lifecycle::{Health, Lifecycle, Phase};
use jatah::notifier::{DeliveryError, DeliveryMethod, DeliveryMethods, DeliveryRequest, Notifier};
use jatah::routing::{self, RouteWorker, RoutingServer};
use jatah::scheduler::Scheduler;
use jatah::service::{BookRequest, BookingService, NewBookingAccess, ReportError, ServiceError};
use jatah::store::sqlite::SqliteStore;
use jatah::store::{CommitQueue, FeedEvent, NodeId, Store};
use tempfile::TempDir;

use crate::build::{epoch, room, staff, today};
use crate::observed_store::ObservedStore;

/// How long real work may take before a test is called stuck.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a test on one thread, with tokio's clock paused.
pub fn with_paused_clock<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let (done, is_done) = mpsc::channel::<()>();
    // A tokio time-out never fires while the clock is paused, so a thread measures real time.
    let watchdog = std::thread::spawn(move || {
        if is_done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("a test with a paused clock is stuck");
            std::process::abort();
        }
    });
    runtime.unwrap().block_on(async {
        let (parked, unpark) = mpsc::channel::<()>();
        let keeps_clock_paused = tokio::task::spawn_blocking(move || unpark.recv());
        test().await;
        drop(parked);
        let _ = keeps_clock_paused.await;
    });
    drop(done);
    watchdog.join().unwrap();
}

/// Lets all tasks run until `is_there` returns a value.
pub async fn until<T>(mut is_there: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = is_there() {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

/// What is needed to open a hotel: the store's files, the clock and the policy. A hotel that was
/// closed can be opened again from the same setup.
pub struct HotelSetup {
    folder: Arc<TempDir>,
    pub clock: Clock,
    pub policy: Policy,
    /// The routing server to ask, if there is one.
    routes: Option<RoutingServer>,
    /// Delivers mails instead of the fake mailbox, which then stands for Telegram.
    mailer: Option<Arc<dyn DeliveryMethod>>,
}

impl HotelSetup {
    pub fn new() -> Self {
        let policy = Policy { front_office_chat: false, ..crate::build::policy() };
        Self {
            folder: Arc::new(TempDir::new().unwrap()),
            clock: Clock::anchored(epoch()),
            policy,
            routes: None,
            mailer: None,
        }
    }

    /// A setup that delivers mails by `mailer`. The fake mailbox gets only Telegram messages.
    pub fn with_mailer(mailer: Arc<dyn DeliveryMethod>) -> Self {
        Self { mailer: Some(mailer), ..Self::new() }
    }

    /// A setup with a routing server.
    pub fn with_routing(routes: RoutingServer) -> Self {
        Self { routes: Some(routes), ..Self::new() }
    }

    pub fn store(&self) -> Arc<ObservedStore> {
        let store = SqliteStore::open(&self.folder.path().join("jatah.db")).unwrap();
        Arc::new(ObservedStore::new(Arc::new(store)))
    }

    /// Opens the hotel and waits until it is ready.
    pub async fn open(&self) -> Hotel {
        self.open_over(self.store(), true).await
    }

    /// Opens one node over a store. `is_alone` says whether it is the only node.
    pub async fn open_over(&self, store: Arc<ObservedStore>, is_alone: bool) -> Hotel {
        let (feed, work) = Feed::open(store.clone()).await.unwrap();
        let lifecycle = Lifecycle::default();
        let parts = lifecycle.phase("parts");
        let (queue, queue_work) = CommitQueue::new(store.clone(), parts.stop_signal());
        let node = NodeId(fresh_secret());
        let links = LinkKey::load(store.as_ref()).await.unwrap();
        let policy = Arc::new(self.policy.clone());
        let service = BookingService::new(
            store.clone(),
            queue,
            self.clock.clone(),
            policy,
            node.clone(),
            links,
        );
        let (route_requests, waiting_requests) = tokio::sync::mpsc::channel(routing::WAITING);
        let service =
            Arc::new(if self.routes.is_some() { service.telling(route_requests) } else { service });
        if let Some(server) = self.routes.clone() {
            let worker = RouteWorker::new(server, Arc::clone(&service), waiting_requests);
            parts.spawn("routing", worker.run(parts.stop_signal()));
        }
        let (health, mailbox) = (Health::default(), Arc::new(Mailbox::default()));
        let changes = feed.listen();
        parts.spawn("feed", work.run(parts.stop_signal()));
        parts.spawn("commits", queue_work);
        let methods = match self.mailer.clone() {
            Some(email) => DeliveryMethods { email, telegram: Some(mailbox.clone()) },
            None => DeliveryMethods { email: mailbox.clone(), telegram: None },
        };
        let notifier = Notifier::new(
            store.clone(),
            feed.clone(),
            Arc::clone(&service),
            node,
            is_alone,
            methods,
            health.clone(),
        );
        parts.spawn("notifier", notifier.run(parts.stop_signal()));
        let scheduler = Scheduler::new(
            Arc::clone(&service),
            &(store.clone() as Arc<dyn Store>),
            feed.clone(),
            self.clock.clone(),
            health.clone(),
        );
        parts.spawn("scheduler", scheduler.run(parts.stop_signal()));
        until(|| health.is_ready().then_some(())).await;
        let clock = self.clock.clone();
        let folder = Arc::clone(&self.folder);
        Hotel { service, store, mailbox, clock, changes, parts, lifecycle, folder }
    }
}

/// One running node.
pub struct Hotel {
    pub service: Arc<BookingService>,
    pub store: Arc<ObservedStore>,
    pub mailbox: Arc<Mailbox>,
    pub clock: Clock,
    changes: BoxStream<'static, FeedMessage>,
    parts: Phase,
    lifecycle: Lifecycle,
    /// Keeps the files for as long as the node uses them.
    folder: Arc<TempDir>,
}

impl Hotel {
    /// Books a place in the hall tonight for a web guest with this name.
    pub async fn book(&self, name: &str) -> TrackedBooking {
        self.try_book(name, "HALL").await.unwrap().tracked
    }

    /// The same for a guest on Telegram.
    pub async fn book_by_telegram(&self, name: &str, id: i64) -> TrackedBooking {
        self.ask_for(name, "HALL", Contact::Telegram(TelegramId(id))).await.unwrap().tracked
    }

    pub async fn try_book(&self, name: &str, code: &str) -> Result<NewBookingAccess, ServiceError> {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        self.ask_for(name, code, Contact::Web(Email::parse(&email).unwrap())).await
    }

    async fn ask_for(
        &self,
        name: &str,
        code: &str,
        contact: Contact,
    ) -> Result<NewBookingAccess, ServiceError> {
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
        self.service.book(request).await
    }

    /// Reports a position of the guest.
    pub async fn reports(
        &self,
        tracked: &TrackedBooking,
        fix: Fix,
    ) -> Result<TrackedBooking, ReportError> {
        self.service.report(tracked.booking.receipt_no, fix).await
    }

    pub async fn pay(&self, tracked: &TrackedBooking) -> Result<TrackedBooking, ServiceError> {
        self.service
            .apply(tracked.booking.receipt_no, Command::MarkPaid { by: staff("Sari") })
            .await
    }

    /// Moves every clock forward. What becomes due starts to run.
    pub async fn pass(&self, time: TimeDelta) {
        tokio::time::advance(time.to_std().unwrap()).await;
    }

    /// Moves every clock forward to a moment.
    pub async fn pass_until(&self, moment: Moment) {
        self.pass(moment - self.clock.now()).await;
    }

    /// Waits for the next change in the feed.
    pub async fn next_change(&mut self) -> Arc<Change> {
        loop {
            match self.changes.next().await {
                Some(FeedMessage::Item(item)) => {
                    if let FeedEvent::Changed { change, .. } = item.event {
                        return change;
                    }
                }
                other => panic!("the feed ended or lost something: {other:?}"),
            }
        }
    }

    /// Waits for the next change, which must have this action.
    pub async fn next(&mut self, action: Action) -> Arc<Change> {
        let change = self.next_change().await;
        assert_eq!(change.event.action(), action, "{:?}", change.event);
        change
    }

    /// Checks that the feed has no further change, after all tasks had time to run.
    pub async fn nothing_more(&mut self) {
        for _ in 0..2_000 {
            let next = pin!(self.changes.next());
            if let Poll::Ready(message) = futures_util::poll!(next) {
                match message {
                    Some(FeedMessage::Item(item))
                        if !matches!(item.event, FeedEvent::Changed { .. }) => {}
                    message => panic!("there was something more: {message:?}"),
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Stops in the way the process stops. Fails if a worker died.
    pub async fn close(mut self) {
        let death = pin!(self.lifecycle.death());
        assert!(futures_util::poll!(death).is_pending(), "a worker died");
        drop(self.service);
        let mut stopping = pin!(self.parts.stop(Duration::from_secs(10)));
        for _ in 0..100 {
            assert!(
                futures_util::poll!(&mut stopping).is_pending(),
                "the notifier waits a while for late changes"
            );
            tokio::task::yield_now().await;
        }
        // The notifier waits a while for the last changes. This is longer than it waits, and far
        // below any limit.
        tokio::time::advance(Duration::from_millis(500)).await;
        stopping.await;
        drop(self.folder);
    }

    /// Stops as after a power failure: from now on nothing from this node reaches the store.
    pub fn lose_power(self) {
        self.store.set_away(true);
        self.parts.stop_signal().cancel();
    }
}

/// A fake delivery method. It keeps what is delivered, or refuses it if a test says so.
#[derive(Default)]
pub struct Mailbox {
    delivered: Mutex<Vec<DeliveryRequest>>,
    refusals: Mutex<Vec<DeliveryError>>,
}

impl Mailbox {
    /// The actions of the notifications that were delivered, in order.
    pub fn kinds(&self) -> Vec<Action> {
        self.delivered.lock().unwrap().iter().map(|request| request.change.event.action()).collect()
    }

    /// Fails the next attempts with these errors, in this order.
    pub fn refuse(&self, failures: impl IntoIterator<Item = DeliveryError>) {
        self.refusals.lock().unwrap().extend(failures);
    }
}

#[async_trait]
impl DeliveryMethod for Mailbox {
    async fn deliver(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        let mut refusals = self.refusals.lock().unwrap();
        if refusals.is_empty() {
            self.delivered.lock().unwrap().push(request.clone());
            Ok(())
        } else {
            Err(refusals.remove(0))
        }
    }
}
