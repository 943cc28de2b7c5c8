//! What can be listened to.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Subscription};
use futures_util::stream::{self, BoxStream, StreamExt};

use crate::desk::{Desk, DeskError};
use crate::domain::refusal::Unavailable;
use crate::domain::{Field, InputError, Moment, ReceiptNo, Refusal, Revision};
use crate::feed::{Cursor, Fed, Feed, GuestFeed, Heard, ListenError, Mark, Told};

use super::booking::{Booking, Viewer};
use super::caller::Asked;
use super::choices::Action;
use super::input;
use super::scalar::DateTime;
use super::types::{BookingChange, Degraded};

/// The least that a timer waits.
const MOMENT: Duration = Duration::from_millis(1);
/// A machine that slept is noticed within so long.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Everything that can be listened to.
pub struct Subscription;

/// Everything that can be listened to.
#[Subscription]
impl Subscription {
    /// A guest's own booking: its current state first, then every change of it, and every
    /// position that counts.
    async fn my_booking_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt number, as people type it.")] receipt_no: String,
        #[graphql(desc = "The key that came with the booking.")] access_token: String,
    ) -> Result<BoxStream<'static, Result<Booking, DeskError>>, DeskError> {
        let house = ctx.house();
        let receipt_no = input::receipt_no(&receipt_no)?;
        // First the ear, then the look: what happens in between is heard.
        let guest_feed = house.feed.listen_to(receipt_no);
        let held = house.desk.held_by_guest(receipt_no, &access_token).await?;
        let shown = held.booking.revision;
        let (desk, feed) = (Arc::clone(&house.desk), house.feed.clone());
        let watch = Watch { desk, feed, receipt_no, guest_feed, shown };
        let now = Booking::new(held, Viewer::Guest);
        let later = stream::unfold(watch, async |mut watch| Some((watch.next().await, watch)));
        Ok(until_error(stream::once(async { Ok(now) }).chain(later).boxed()))
    }

    /// Every change of every booking, every position that counts, and every message that was
    /// given up; the latter two live only. For the front office. Ends with the session.
    async fn booking_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A cursor: `feedCursor`, or that of the last change that was seen. \
                          Nothing since is missed; without it, what comes from now on.")]
        after: Option<String>,
    ) -> Result<BoxStream<'static, Result<BookingChange, DeskError>>, DeskError> {
        let house = ctx.house();
        let ends_at = ctx.caller().staff(house).await?.expires_at;
        let heard = match after {
            Some(after) => house.feed.listen_after(&Cursor(after)).await.map_err(gone)?,
            None => house.feed.listen(),
        };
        let desk = Arc::clone(&house.desk);
        let changes = heard.filter_map(move |heard| {
            let desk = Arc::clone(&desk);
            async move { change(&desk, ends_at, heard).await.transpose() }
        });
        let end = session_end(Arc::clone(&house.desk), ends_at);
        Ok(until_error(stream::select(changes, stream::once(end)).boxed()))
    }

    /// What is not well in the process that answers, for the front office: how it is now, then
    /// after every change. Ends with the session.
    async fn degraded_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<BoxStream<'static, Result<Vec<Degraded>, DeskError>>, DeskError> {
        let house = ctx.house();
        let ends_at = ctx.caller().staff(house).await?.expires_at;
        let degraded =
            |(part, reason): (&'static str, String)| Degraded { part: part.to_owned(), reason };
        let changes = house.health.watch();
        let changes = changes.map(move |parts| Ok(parts.into_iter().map(degraded).collect()));
        let end = session_end(Arc::clone(&house.desk), ends_at);
        Ok(until_error(stream::select(changes, stream::once(end)).boxed()))
    }
}

fn gone(error: ListenError) -> DeskError {
    match error {
        ListenError::CursorGone => {
            let (field, error) = (Field::After, InputError::Spent);
            Refusal::InvalidInput { field, error }.into()
        }
        ListenError::Store(error) => error.into(),
    }
}

/// What the board is told of one item of the feed; nothing of notices that went out.
async fn change(
    desk: &Desk,
    ends_at: Moment,
    heard: Heard,
) -> Result<Option<BookingChange>, DeskError> {
    // The timer of the session's end runs on another clock than the session's.
    if desk.now() >= ends_at {
        return Err(Refusal::Unauthenticated.into());
    }
    let Heard::Told(Told { cursor: Cursor(cursor), fed }) = heard else {
        // Not to be mended here: the client listens anew, after a look at all there is.
        return Err(Refusal::Unavailable(Unavailable::Store).into());
    };
    Ok(match fed {
        Fed::Changed { change, .. } => Some(BookingChange {
            cursor,
            at: DateTime(change.at),
            action: change.event.action().into(),
            booking: Booking::changed(change.booking.clone(), Viewer::Staff),
        }),
        Fed::Moved(receipt_no) => Some(beside(desk, cursor, receipt_no, Action::Position).await?),
        Fed::Marked(Mark { notice, is_given_up: true }) => {
            Some(beside(desk, cursor, notice.receipt_no, Action::Undelivered).await?)
        }
        Fed::Marked(Mark { is_given_up: false, .. }) => None,
    })
}

/// What came to a booking without moving it.
async fn beside(
    desk: &Desk,
    cursor: String,
    receipt_no: ReceiptNo,
    action: Action,
) -> Result<BookingChange, DeskError> {
    let booking = Booking::new(desk.held(receipt_no).await?, Viewer::Staff);
    Ok(BookingChange { cursor, at: DateTime(desk.now()), action, booking })
}

async fn session_end<T>(desk: Arc<Desk>, ends_at: Moment) -> Result<T, DeskError> {
    while let Ok(left) = (ends_at - desk.now()).to_std() {
        // A machine that sleeps, or a clock that is set, moves one clock and not the other.
        tokio::time::sleep(left.clamp(MOMENT, LOOK_AGAIN)).await;
        if desk.now() >= ends_at {
            break;
        }
    }
    Err(Refusal::Unauthenticated.into())
}

/// Ends a stream after its first error.
fn until_error<T: Send + 'static>(
    stream: BoxStream<'static, Result<T, DeskError>>,
) -> BoxStream<'static, Result<T, DeskError>> {
    let next = |stream: Option<BoxStream<'static, Result<T, DeskError>>>| async move {
        let mut stream = stream?;
        let item = stream.next().await?;
        let rest = item.is_ok().then_some(stream);
        Some((item, rest))
    };
    stream::unfold(Some(stream), next).boxed()
}

/// One guest who watches one booking.
struct Watch {
    desk: Arc<Desk>,
    feed: Feed,
    receipt_no: ReceiptNo,
    guest_feed: GuestFeed,
    /// The newest state that the guest has seen.
    shown: Revision,
}

impl Watch {
    /// The next state that the guest has not seen.
    async fn next(&mut self) -> Result<Booking, DeskError> {
        loop {
            match self.guest_feed.next().await {
                Some(Heard::Told(Told { fed: Fed::Changed { change, .. }, .. })) => {
                    if change.booking.revision > self.shown {
                        self.shown = change.booking.revision;
                        return Ok(Booking::changed(change.booking.clone(), Viewer::Guest));
                    }
                }
                Some(Heard::Told(Told { fed: Fed::Moved(_), .. })) => return self.look().await,
                Some(Heard::Told(Told { fed: Fed::Marked(_), .. })) => {}
                Some(Heard::Lost) | None => {
                    self.guest_feed = self.feed.listen_to(self.receipt_no);
                    return self.look().await;
                }
            }
        }
    }

    /// The state as it is now.
    async fn look(&mut self) -> Result<Booking, DeskError> {
        let held = self.desk.held(self.receipt_no).await?;
        self.shown = held.booking.revision.max(self.shown);
        Ok(Booking::new(held, Viewer::Guest))
    }
}
