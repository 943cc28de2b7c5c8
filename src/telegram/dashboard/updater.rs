//! Renews the dashboards after every change, when a guest moves, and when a remaining time in them
//! changes. If there are several nodes, only the node that made the last change renews them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Dashboard, Dashboards, View};
use crate::domain::{Language, Moment};
use crate::feed::{Feed, FeedMessage};
use crate::service::ServiceError;
use crate::store::{FeedEvent, NodeId};
use crate::telegram::transport::Priority;
use crate::telegram::transport::call::{Call, MessageContent};

/// Minimum time between two renewals.
const EDIT_EVERY: Duration = Duration::from_secs(3);
/// How long after the position of a guest changed the dashboards are renewed at the latest.
const MOVED_WITHIN: Duration = Duration::from_secs(15);
/// Maximum time until the next renewal, if one is planned. It does not affect the timing of holds.
const MAX_WAIT: Duration = Duration::from_hours(1);

/// The worker that renews the dashboards.
pub(in crate::telegram) struct DashboardUpdater {
    dashboards: Arc<Dashboards>,
    feed: Feed,
    node: NodeId,
    /// Whether this node made the last change.
    is_ours: bool,
    /// When the dashboards are renewed next; `None` if nothing is planned.
    due: Option<Instant>,
    /// When the dashboards were last renewed.
    last: Option<Instant>,
}

/// Views that are already rendered, with the time at which a remaining time in them changes.
type RenderedViews = HashMap<(Language, View), (MessageContent, Option<Moment>)>;

impl DashboardUpdater {
    pub(in crate::telegram) fn new(dashboards: Arc<Dashboards>, feed: Feed, node: NodeId) -> Self {
        // The dashboards may have become outdated before the start.
        let due = Some(Instant::now());
        Self { dashboards, feed, node, is_ours: true, due, last: None }
    }

    pub(in crate::telegram) async fn run(mut self, stop: CancellationToken) {
        let mut feed = self.feed.listen();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                item = feed.next() => match item {
                    Some(FeedMessage::Item(item)) => self.handle_event(&item.event),
                    Some(FeedMessage::Lagged) => self.renew_within(Duration::ZERO),
                    None => return,
                },
                () = tokio::time::sleep_until(self.due.unwrap_or_else(Instant::now)),
                    if self.due.is_some() => {
                    self.last = Some(Instant::now());
                    self.due = self.renew().await.map(|next| self.instant(next));
                }
            }
        }
    }

    fn handle_event(&mut self, event: &FeedEvent) {
        match event {
            FeedEvent::Changed { lease, .. } => {
                self.is_ours = lease.node == self.node;
                if self.is_ours {
                    self.renew_within(Duration::ZERO);
                } else {
                    self.due = None;
                }
            }
            FeedEvent::PositionMoved(_) | FeedEvent::WaitingListMoved if self.is_ours => {
                self.renew_within(MOVED_WITHIN);
            }
            FeedEvent::PositionMoved(_)
            | FeedEvent::NotificationSettled(_)
            | FeedEvent::WaitingListMoved
            | FeedEvent::SessionEnded => {}
        }
    }

    /// Plans a renewal within this time, but not sooner than [`EDIT_EVERY`] after the last one.
    fn renew_within(&mut self, time: Duration) {
        let soonest = self.last.map_or_else(Instant::now, |last| last + EDIT_EVERY);
        let at = (Instant::now() + time).max(soonest);
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    fn instant(&self, at: Moment) -> Instant {
        let wait = (at - self.dashboards.service.now()).to_std().unwrap_or_default();
        Instant::now() + wait.clamp(EDIT_EVERY, MAX_WAIT)
    }

    /// Renews all dashboards. Returns when one of them must be renewed next without a change.
    async fn renew(&self) -> Option<Moment> {
        let dashboards = &self.dashboards;
        let chats = match dashboards.state.dashboard_chats().await {
            Ok(chats) => chats,
            Err(error) => {
                warn!(%error, "dashboards were not renewed");
                return Some(dashboards.service.now());
            }
        };
        let mut rendered = RenderedViews::new();
        let mut next: Option<Moment> = None;
        for chat in chats {
            match self.renew_chat(chat, &mut rendered).await {
                Ok(at) => next = next.into_iter().chain(at).min(),
                Err(error) => warn!(%error, "a dashboard was not renewed"),
            }
        }
        next
    }

    async fn renew_chat(
        &self,
        chat: i64,
        rendered: &mut RenderedViews,
    ) -> Result<Option<Moment>, ServiceError> {
        let dashboards = &self.dashboards;
        if !dashboards.is_staff_chat(chat) {
            self.move_dashboard(chat).await?;
            // A user that is no longer staff must not see bookings any more.
            let _guard = dashboards.chats_lock.lock().await;
            let mut chats = dashboards.state.dashboard_chats().await?;
            chats.retain(|known| *known != chat);
            dashboards.state.put_dashboard_chats(&chats).await?;
            return Ok(None);
        }
        // A member of staff may just be changing the view.
        let lock = dashboards.locks.of(chat);
        let _guard = lock.lock().await;
        let Some(dashboard) = dashboards.state.dashboard(chat).await? else { return Ok(None) };
        let now = dashboards.service.now();
        let Some(view) = dashboard.next_view(now) else {
            return Ok(Some(dashboard.reading_until()));
        };
        let (content, next) = match rendered.entry((dashboard.language, view)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                new.insert(dashboards.view(dashboard.language, view).await?).clone()
            }
        };
        if view != dashboard.view {
            dashboards
                .state
                .put_dashboard(chat, Dashboard { view, since: now, ..dashboard })
                .await?;
        }
        let call = Call::Edit(dashboard.message, content);
        dashboards.queue.post(chat, Priority::Notification, call).await;
        Ok(match view {
            View::Tab(..) => next,
            View::Card(_) | View::Details(_) => Some(dashboard.reading_until()),
        })
    }

    /// Sends a new dashboard to the new id of the front office's group, if the id of this chat has
    /// changed.
    async fn move_dashboard(&self, chat: i64) -> Result<(), ServiceError> {
        let dashboards = &self.dashboards;
        let (Some(to), Some(dashboard)) =
            (dashboards.front_office.moved_from(chat), dashboards.state.dashboard(chat).await?)
        else {
            return Ok(());
        };
        let (content, _) = dashboards.view(dashboard.language, View::UNPAID).await?;
        dashboards.send(to.into(), Priority::Notification, dashboard.language, content).await;
        Ok(())
    }
}
