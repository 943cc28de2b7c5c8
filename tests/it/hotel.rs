//! A running hotel whose clock only the test moves: the application as `app` starts it over a real
//! store, with a fake mailbox in place of the mail server.
//!
//! Tokio's clock is paused. Tokio advances a paused clock by itself when no task can run, except
//! while a blocking task runs. So one blocking task waits until the test ends, and time moves only
//! by [`Hotel::pass`].

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use jatah::app::{App, AppBuilder, OpenStore};
use jatah::auth::fresh_secret;
use jatah::clock::Clock;
use jatah::config::{
    BookingSection, Config, HoldSection, HotelSection, MailUrl, StoreUrl, TravelSection,
};
use jatah::domain::{
    Action, Change, Command, Contact, Email, Fix, Guest, GuestName, Language, Moment, Policy,
    TelegramId, TrackedBooking,
};
use jatah::feed::FeedMessage;
use jatah::notifier::{DeliveryError, DeliveryMethod, DeliveryRequest};
use jatah::routing::RoutingServer;
use jatah::service::{BookRequest, BookingService, NewBookingAccess, ReportError, ServiceError};
use jatah::store::FeedEvent;
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

/// Runs `work` while time passes on the test's clock, fifty times as fast as real time.
pub async fn while_time_passes<T>(work: impl Future<Output = T>) -> T {
    tokio::select! {
        done = work => done,
        () = pass_time(Duration::from_millis(1), 50) => unreachable!("time passes for ever"),
    }
}

/// Moves the paused clock for ever: by `tick * speed` after each `tick` of real time.
pub async fn pass_time(tick: Duration, speed: u32) {
    loop {
        let _ = tokio::task::spawn_blocking(move || std::thread::sleep(tick)).await;
        tokio::time::advance(tick * speed).await;
    }
}

/// The configuration of a hotel with the policy of [`build::policy`](crate::build::policy) and no
/// bot. All files are in `folder`, and the port is a free one.
pub fn config(folder: &Path) -> Config {
    let Policy { hotel, rooms, hold, booking, travel, .. } = crate::build::policy();
    let mut config = Config::demo().unwrap();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config.store.url = StoreUrl::Sqlite(folder.join("jatah.db"));
    config.email.url = MailUrl::Folder(folder.join("mail"));
    config.hotel = HotelSection {
        name: hotel.name,
        timezone: hotel.timezone,
        position: hotel.position,
        language: Language::Indonesian,
        day_starts_at: hotel.day_starts_at,
        address: hotel.address,
        contact: hotel.contact,
        map_url: None,
        check_in_from: hotel.check_in_from,
    };
    config.rooms = rooms;
    config.hold = HoldSection {
        duration: hold.duration,
        remind_before: hold.remind_before,
        extend_by: hold.extend_by,
        max_extensions: hold.max_extensions,
        payment_window: hold.payment_window,
        radius_km: travel.radius_km,
        fix_max_age: travel.fix_max_age,
        arrival_buffer: travel.arrival_buffer,
    };
    config.booking = BookingSection {
        advance_days: booking.advance_days,
        advance_hold: booking.advance_hold,
        release_at: booking.release_at,
        max_nights: booking.max_nights,
        max_active_per_guest: booking.max_active_per_guest,
        offer_window: booking.offer_window,
    };
    config.travel = TravelSection {
        road_factor: travel.road_factor,
        speeds: travel.speeds,
        live_silence_max: travel.live_silence_max,
        routing_url: None,
    };
    config
}

/// Opens the configured store to serve it, with an [`ObservedStore`] around it.
pub async fn open_store(config: &Config, clock: &Clock) -> (OpenStore, Arc<ObservedStore>) {
    let OpenStore { store, lock } = OpenStore::to_serve(config, clock).await.unwrap();
    let observed = Arc::new(ObservedStore::new(store));
    // The clock of a test is not that of a server.
    if matches!(config.store.url, StoreUrl::Mongo(_)) {
        *observed.ahead_ms.lock().unwrap() = Some(0);
    }
    (OpenStore { store: observed.clone(), lock }, observed)
}

/// What is needed to open a hotel: the store's files, the clock and the configuration. A hotel that
/// was closed can be opened again from the same setup.
pub struct HotelSetup {
    folder: Arc<TempDir>,
    pub clock: Clock,
    pub config: Config,
    /// The routing server to ask, if there is one.
    routes: Option<RoutingServer>,
    /// Delivers mails instead of the fake mailbox, which then stands for Telegram.
    mailer: Option<Arc<dyn DeliveryMethod>>,
}

impl HotelSetup {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let config = config(folder.path());
        let clock = Clock::anchored(epoch());
        Self { folder: Arc::new(folder), clock, config, routes: None, mailer: None }
    }

    /// A setup that delivers mails by `mailer`. The fake mailbox gets only Telegram messages.
    pub fn with_mailer(mailer: Arc<dyn DeliveryMethod>) -> Self {
        Self { mailer: Some(mailer), ..Self::new() }
    }

    /// A setup with a routing server.
    pub fn with_routing(routes: RoutingServer) -> Self {
        Self { routes: Some(routes), ..Self::new() }
    }

    /// Opens the hotel and waits until it is ready.
    pub async fn open(&self) -> Hotel {
        let (open_store, store) = open_store(&self.config, &self.clock).await;
        let mailbox = Arc::new(Mailbox::default());
        let builder = AppBuilder::from_config(&self.config, open_store, self.clock.clone());
        let mut builder = builder.await.unwrap();
        builder = match self.mailer.clone() {
            Some(mailer) => builder.with_email(mailer).with_telegram(mailbox.clone()),
            None => builder.with_email(mailbox.clone()),
        };
        if let Some(routes) = self.routes.clone() {
            builder = builder.with_routing(routes);
        }
        let app = builder.start().await.unwrap();
        // On one thread no worker has run yet, so no change is missed.
        let changes = app.feed.listen();
        until(|| app.health.is_ready().then_some(())).await;
        Hotel {
            service: Arc::clone(&app.service),
            store,
            mailbox,
            clock: self.clock.clone(),
            changes,
            app,
            _folder: Arc::clone(&self.folder),
        }
    }
}

/// A running hotel.
pub struct Hotel {
    pub service: Arc<BookingService>,
    pub store: Arc<ObservedStore>,
    pub mailbox: Arc<Mailbox>,
    pub clock: Clock,
    changes: BoxStream<'static, FeedMessage>,
    app: App,
    /// Keeps the files for as long as the hotel uses them.
    _folder: Arc<TempDir>,
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
            expected_price: None,
            position: None,
            origin: None,
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

    /// The degraded parts with their reasons.
    pub fn degraded(&self) -> BTreeMap<&'static str, String> {
        self.app.health.degraded()
    }

    /// Moves every clock forward. What was due before is done first, and messages about it are on
    /// their way, as they are in reality long before minutes have passed. What becomes due starts to
    /// run.
    pub async fn pass(&self, time: TimeDelta) {
        self.service.yield_to_wakes().await;
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
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
    pub async fn close(self) {
        // The files must stay until the end.
        let Self { mut app, service, _folder, .. } = self;
        assert!(app.failed_worker().now_or_never().is_none(), "a worker died");
        drop(service);
        let mut stopping = pin!(app.stop());
        for _ in 0..100 {
            assert!(
                futures_util::poll!(&mut stopping).is_pending(),
                "the notifier waits a while for late changes"
            );
            tokio::task::yield_now().await;
        }
        while_time_passes(stopping).await;
    }

    /// Stops as after a power failure: from now on nothing from this hotel reaches the store, and
    /// nobody waits for its workers.
    pub fn lose_power(self) {
        self.store.set_away(true);
        // One poll tells the first workers to stop. The others find no store.
        let _ = self.app.stop().now_or_never();
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
