//! The subscriptions of the schema. A subscription ends at its first error; the client then reads
//! and subscribes again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Subscription};
use chrono::NaiveDate;
use futures_util::stream::{self, BoxStream, FuturesUnordered, StreamExt, TryStreamExt};
use tokio::sync::watch;

use super::error::ApiError;
use crate::auth::Session;
use crate::domain::refusal::Unavailable;
use crate::domain::{self, Field, InputError, Moment, ReceiptNo, Refusal, Revision};
use crate::feed::{Feed, FeedItem, FeedMessage, GuestFeed, ListenError};
use crate::service::{BookingService, WaitingPlace};
use crate::store::{Cursor, FeedEvent, SettledNotification, StoreError, until_error};
use crate::web::graphql_http::{SharedEvent, SharedSource};

use super::ApiContext;
use super::booking::{Booking, Viewer};
use super::caller::{Caller, RequestContext};
use super::enums::Action;
use super::input;
use super::payload::{BookingChange, WaitingGuest, WaitingTicket};
use super::scalar::{Date, DateTime};
use super::types::DegradedPart;

/// The shortest wait of a timer.
const MIN_SLEEP: Duration = Duration::from_millis(1);
/// Changes of the waiting list within this time are told together.
const MERGED_WITHIN: Duration = Duration::from_millis(50);
/// The longest wait before the time is checked again, in case the machine slept meanwhile.
const MAX_SLEEP: Duration = Duration::from_mins(1);

/// The subscriptions.
pub struct Subscription;

/// The subscriptions.
#[Subscription]
impl Subscription {
    /// The booking of a guest who has its access token: first its current state, then its state
    /// after every change and every recorded position.
    async fn my_booking_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The access token of the booking.")] access_token: String,
    ) -> Result<BoxStream<'static, Result<Booking, ApiError>>, ApiError> {
        let context = ctx.context();
        let receipt_no = input::receipt_no(&receipt_no)?;
        // Subscribe before reading, so that no change in between is missed.
        let guest_feed = context.feed.listen_to(receipt_no);
        let tracked = context.service.booking_for_guest(receipt_no, &access_token).await?;
        let shown = tracked.booking.revision;
        let (service, feed) = (Arc::clone(&context.service), context.feed.clone());
        let watch = GuestSubscription { service, feed, receipt_no, guest_feed, shown };
        let now = Booking::new(tracked, Viewer::Guest);
        let later = stream::unfold(watch, async |mut watch| Some((watch.next().await, watch)));
        Ok(until_error(stream::once(async { Ok(now) }).chain(later).boxed()))
    }

    /// The guest's place in the waiting list: first as it is now, then after every change of the list,
    /// and of the offer.
    async fn waiting_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ticket.")] ticket: String,
    ) -> Result<BoxStream<'static, Result<WaitingTicket, ApiError>>, ApiError> {
        let context = ctx.context();
        // Subscribe before reading, so that no change in between is missed.
        let moved = context.feed.watch_waiting_list();
        let place = context.service.waiting_place(&ticket).await?;
        let (service, feed) = (Arc::clone(&context.service), context.feed.clone());
        let caller = Arc::clone(ctx.caller());
        let watch = WaitingSubscription { service, feed, caller, ticket, moved, offer: None };
        Ok(until_error(watch.places(place).boxed()))
    }

    /// Every change of every booking, every recorded position, and every message that could not be
    /// delivered. Positions and undelivered messages are not repeated after a cursor. Only for the
    /// front office. The subscription ends with the session.
    async fn booking_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A `feedCursor`, or the `cursor` of the last event received. Every \
                          change after it is sent. By default, only new events are sent.")]
        after: Option<String>,
    ) -> Result<BoxStream<'static, Result<BookingChange, ApiError>>, ApiError> {
        let context = ctx.context();
        if let Some(event) = shared_item(ctx) {
            let change = change(&context.service, event).await;
            return Ok(stream::once(async { change }).boxed());
        }
        let Session { staff, expires_at: ends_at, .. } = ctx.caller().staff(context).await?;
        let role = staff.role;
        let heard = match after {
            Some(after) => context.feed.listen_after(&Cursor(after)).await.map_err(gone)?,
            None => context.feed.listen(),
        };
        let service = Arc::clone(&context.service);
        let items = heard.filter_map(move |heard| {
            std::future::ready(item(&service, ends_at, heard).transpose())
        });
        let end = session_end(Arc::clone(ctx.caller()), Arc::clone(context), ends_at);
        let items = until_error(stream::select(items, stream::once(end)).boxed());
        let Some(source) = ctx.data_opt::<Arc<SharedSource>>() else {
            let service = Arc::clone(&context.service);
            let changes = items.and_then(move |item| {
                let service = Arc::clone(&service);
                async move { change(&service, &item).await }
            });
            return Ok(until_error(changes.boxed()));
        };
        let Caller { language, base_url, .. } = &**ctx.caller();
        let events = items.map_ok(|item| SharedEvent { number: item.number, data: Arc::new(item) });
        let audience = format!("{language:?} {role:?} {base_url}");
        source.offer(audience, events.map_err(Into::into).boxed());
        Ok(stream::empty().boxed())
    }

    /// The guests who wait for a stay that starts on a date, as `waitingList` has them: first as they
    /// are now, then whenever somebody joined or left, or an offer was made, taken or ended. Only for
    /// the front office. The subscription ends with the session.
    async fn waiting_list_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The date of the first night, as a hotel day. By default, the hotel day \
                          of each answer."
        )]
        check_in: Option<Date>,
    ) -> Result<BoxStream<'static, Result<Vec<WaitingGuest>, ApiError>>, ApiError> {
        let context = ctx.context();
        let ends_at = ctx.caller().staff(context).await?.expires_at;
        let (service, feed) = (Arc::clone(&context.service), context.feed.clone());
        let line = LineSubscription::new(service, feed, check_in.map(|Date(date)| date));
        let lines = stream::unfold(line, async |mut line| Some((line.next().await, line)));
        let end = session_end(Arc::clone(ctx.caller()), Arc::clone(context), ends_at);
        Ok(until_error(stream::select(lines, stream::once(end)).boxed()))
    }

    /// The degraded parts of the serving process: first the current list, then the list after every
    /// change. Only for the front office. The subscription ends with the session.
    async fn degraded_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<BoxStream<'static, Result<Vec<DegradedPart>, ApiError>>, ApiError> {
        let context = ctx.context();
        let ends_at = ctx.caller().staff(context).await?.expires_at;
        let degraded =
            |(part, reason): (&'static str, String)| DegradedPart { part: part.to_owned(), reason };
        let changes = context.health.watch();
        let changes = changes.map(move |parts| Ok(parts.into_iter().map(degraded).collect()));
        let end = session_end(Arc::clone(ctx.caller()), Arc::clone(context), ends_at);
        Ok(until_error(stream::select(changes, stream::once(end)).boxed()))
    }
}

/// Waits a moment after a change of the waiting list, so that many changes are one.
async fn merge(moved: &mut watch::Receiver<()>) {
    tokio::time::sleep(MERGED_WITHIN).await;
    moved.mark_unchanged();
}

fn gone(error: ListenError) -> ApiError {
    match error {
        ListenError::CursorGone => {
            let (field, error) = (Field::PageCursor, InputError::Spent);
            Refusal::InvalidInput { field, error }.into()
        }
        ListenError::Store(error) => error.into(),
    }
}

/// One item of the feed for the front office's page. `None` for a delivered notification.
fn item(
    service: &BookingService,
    ends_at: Moment,
    heard: FeedMessage,
) -> Result<Option<FeedItem>, ApiError> {
    // The timer for the session's end uses another clock than the session, so the end is checked
    // here too.
    if service.now() >= ends_at {
        return Err(ApiError::Unauthenticated);
    }
    let FeedMessage::Item(item) = heard else {
        // Items were lost. The client must read again and subscribe again.
        return Err(Refusal::Unavailable(Unavailable::Store).into());
    };
    Ok(match &item.event {
        FeedEvent::Changed { .. } | FeedEvent::PositionMoved(_) => Some(item),
        FeedEvent::NotificationSettled(settled) => settled.is_given_up.then_some(item),
        FeedEvent::SessionEnded | FeedEvent::WaitingListMoved => None,
    })
}

/// The item that this execution is for, if its result is shared.
fn shared_item<'a>(ctx: &Context<'a>) -> Option<&'a FeedItem> {
    ctx.data_opt::<SharedEvent>()?.data.downcast_ref()
}

async fn change(service: &BookingService, item: &FeedItem) -> Result<BookingChange, ApiError> {
    let Cursor(cursor) = item.cursor.clone();
    match &item.event {
        FeedEvent::Changed { change, .. } => Ok(BookingChange {
            cursor,
            at: DateTime(change.at),
            action: change.event.action().into(),
            booking: Booking::changed(change.booking.clone(), Viewer::Staff),
        }),
        FeedEvent::PositionMoved(receipt_no) => {
            beside(service, cursor, *receipt_no, Action::Position).await
        }
        FeedEvent::NotificationSettled(SettledNotification { notification, .. }) => {
            beside(service, cursor, notification.receipt_no, Action::Undelivered).await
        }
        FeedEvent::SessionEnded | FeedEvent::WaitingListMoved => {
            let error = "this event is no change of a booking".to_owned();
            Err(StoreError::Unexpected(error).into())
        }
    }
}

/// An event about a booking that did not change it.
async fn beside(
    service: &BookingService,
    cursor: String,
    receipt_no: ReceiptNo,
    action: Action,
) -> Result<BookingChange, ApiError> {
    let booking = Booking::new(service.booking(receipt_no).await?, Viewer::Staff);
    Ok(BookingChange { cursor, at: DateTime(service.now()), action, booking })
}

/// Waits for the end of the caller's session: its time, or before that a sign-out or a revocation.
async fn session_end<T>(
    caller: Arc<Caller>,
    context: Arc<ApiContext>,
    ends_at: Moment,
) -> Result<T, ApiError> {
    let mut ended = context.staff.watch_ended();
    while let Ok(left) = (ends_at - context.service.now()).to_std() {
        let has_ended = tokio::select! {
            // If the machine sleeps or its clock is set, the two clocks differ afterwards.
            () = tokio::time::sleep(left.clamp(MIN_SLEEP, MAX_SLEEP)) => {
                context.service.now() >= ends_at
            }
            // If the store does not answer, the session goes on until its time.
            _ = ended.changed() => matches!(caller.session(&context).await, Ok(None)),
        };
        if has_ended {
            break;
        }
    }
    Err(ApiError::Unauthenticated)
}

/// A guest's subscription to a place in the waiting list.
struct WaitingSubscription {
    service: Arc<BookingService>,
    feed: Feed,
    caller: Arc<Caller>,
    ticket: String,
    moved: watch::Receiver<()>,
    /// The events of the booking that offers a room.
    offer: Option<GuestFeed>,
}

impl WaitingSubscription {
    /// The place, then every later one.
    fn places(
        self,
        first: WaitingPlace,
    ) -> impl stream::Stream<Item = Result<WaitingTicket, ApiError>> {
        stream::unfold((self, Some(first)), async |(mut watch, first)| {
            let place = match first {
                Some(place) => Ok(place),
                None => watch.next().await,
            };
            let ticket = place.map(|place| watch.told(place));
            Some((ticket, (watch, None)))
        })
    }

    fn told(&mut self, place: WaitingPlace) -> WaitingTicket {
        if let Some(offer) = place.offer.as_ref().filter(|_| self.offer.is_none()) {
            self.offer = Some(self.feed.listen_to(offer.tracked.booking.receipt_no));
        }
        WaitingTicket::of(self.ticket.clone(), place, &self.caller)
    }

    /// Waits for a change and reads the place. Many changes within a moment are read once.
    async fn next(&mut self) -> Result<WaitingPlace, ApiError> {
        if let Some(offer) = &mut self.offer {
            if offer.next().await.is_none() {
                // The listener fell behind.
                self.offer = None;
            }
        } else {
            // The feed lives as long as the process.
            let _ = self.moved.changed().await;
            merge(&mut self.moved).await;
        }
        Ok(self.service.waiting_place(&self.ticket).await?)
    }
}

/// A subscription of the front office to the waiting list of a date.
struct LineSubscription {
    service: Arc<BookingService>,
    feed: Feed,
    /// `None` for the hotel day of each answer.
    check_in: Option<NaiveDate>,
    moved: watch::Receiver<()>,
    /// The events of the bookings that offer a room.
    offers: HashMap<ReceiptNo, GuestFeed>,
    /// What was sent last.
    sent: Option<Line>,
}

/// The guests of a waiting list, each with the booking that offers a room.
type Line = Vec<(domain::WaitingGuest, Option<domain::Booking>)>;

impl LineSubscription {
    fn new(service: Arc<BookingService>, feed: Feed, check_in: Option<NaiveDate>) -> Self {
        // The first list is read after this, so that no change in between is missed.
        let moved = feed.watch_waiting_list();
        Self { service, feed, check_in, moved, offers: HashMap::new(), sent: None }
    }

    /// Waits for a list that differs from the one that was sent last.
    async fn next(&mut self) -> Result<Vec<WaitingGuest>, ApiError> {
        loop {
            if self.sent.is_some() {
                self.changed().await;
            }
            let line = self.read().await?;
            if self.sent.as_ref() != Some(&line) {
                let guest = |(guest, offer): &(_, Option<_>)| {
                    WaitingGuest::of(guest, offer.as_ref(), &self.service)
                };
                let guests = line.iter().map(guest).collect();
                self.sent = Some(line);
                return Ok(guests);
            }
        }
    }

    /// Waits until the list may have changed, or until another list is meant because the hotel day
    /// turned.
    async fn changed(&mut self) {
        let Self { service, check_in, moved, offers, .. } = self;
        let hotel = &service.policy().hotel;
        let turn = hotel.moments_of(hotel.day_of(service.now())).end;
        let mut offers: FuturesUnordered<_> = offers.values_mut().map(GuestFeed::next).collect();
        loop {
            let left = (turn - service.now()).to_std().unwrap_or_default();
            tokio::select! {
                // The feed lives as long as the process.
                _ = moved.changed() => break,
                Some(_) = offers.next() => break,
                () = tokio::time::sleep(left.clamp(MIN_SLEEP, MAX_SLEEP)), if check_in.is_none() => {
                    if service.now() >= turn {
                        break;
                    }
                }
            }
        }
        merge(moved).await;
    }

    /// Reads the list, and listens to every offer in it from before the read on.
    async fn read(&mut self) -> Result<Line, ApiError> {
        // Listeners that fell behind are replaced.
        self.offers.clear();
        loop {
            let today = || self.service.policy().hotel.day_of(self.service.now());
            let day = self.check_in.unwrap_or_else(today);
            let line = self.service.waiting_list(day).await?;
            let mut is_new = false;
            for receipt_no in line.iter().filter_map(|(_, offer)| Some(offer.as_ref()?.receipt_no))
            {
                self.offers.entry(receipt_no).or_insert_with(|| {
                    is_new = true;
                    self.feed.listen_to(receipt_no)
                });
            }
            if !is_new {
                return Ok(line);
            }
        }
    }
}

/// A guest's subscription to one booking.
struct GuestSubscription {
    service: Arc<BookingService>,
    feed: Feed,
    receipt_no: ReceiptNo,
    guest_feed: GuestFeed,
    /// The newest revision that was sent to the guest.
    shown: Revision,
}

impl GuestSubscription {
    /// Waits for the next state that was not yet sent to the guest.
    async fn next(&mut self) -> Result<Booking, ApiError> {
        loop {
            match self.guest_feed.next().await {
                Some(FeedMessage::Item(FeedItem {
                    event: FeedEvent::Changed { change, .. },
                    ..
                })) => {
                    if change.booking.revision > self.shown {
                        self.shown = change.booking.revision;
                        return Ok(Booking::changed(change.booking.clone(), Viewer::Guest));
                    }
                }
                Some(FeedMessage::Item(FeedItem {
                    event: FeedEvent::PositionMoved(_), ..
                })) => return self.look().await,
                Some(FeedMessage::Item(FeedItem {
                    event:
                        FeedEvent::NotificationSettled(_)
                        | FeedEvent::WaitingListMoved
                        | FeedEvent::SessionEnded,
                    ..
                })) => {}
                Some(FeedMessage::Lagged) | None => {
                    self.guest_feed = self.feed.listen_to(self.receipt_no);
                    return self.look().await;
                }
            }
        }
    }

    /// Reads the current state.
    async fn look(&mut self) -> Result<Booking, ApiError> {
        let tracked = self.service.booking(self.receipt_no).await?;
        self.shown = tracked.booking.revision.max(self.shown);
        Ok(Booking::new(tracked, Viewer::Guest))
    }
}
