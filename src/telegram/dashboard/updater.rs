//! Keeps the dashboards up to date: after every change, when a guest comes near, and when another
//! time left is to be shown. Of several nodes the one that changed something last does it.

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
use crate::telegram::transport::api::MessageContent;
use crate::telegram::transport::{Call, Priority};

/// A dashboard is edited at most once in so long.
const EDIT_EVERY: Duration = Duration::from_secs(3);
/// Guests who move are shown so within so long.
const MOVED_WITHIN: Duration = Duration::from_secs(15);
/// A dashboard is looked at again after so long at most (it is a sleep, and no timer of a hold).
const MAX_WAIT: Duration = Duration::from_hours(1);

/// Keeps the dashboards up to date.
pub(in crate::telegram) struct DashboardUpdater {
    dashboards: Arc<Dashboards>,
    feed: Feed,
    node: NodeId,
    /// Whether the last change was this node's.
    is_ours: bool,
    /// When the dashboards are renewed next, if they are.
    due: Option<Instant>,
    last: Option<Instant>,
}

/// Views that are rendered already, with when each shows something else by itself.
type RenderedViews = HashMap<(Language, View), (MessageContent, Option<Moment>)>;

impl DashboardUpdater {
    pub(in crate::telegram) fn new(dashboards: Arc<Dashboards>, feed: Feed, node: NodeId) -> Self {
        // What a dashboard showed before the start may be old.
        let due = Some(Instant::now());
        Self { dashboards, feed, node, is_ours: true, due, last: None }
    }

    pub(in crate::telegram) async fn run(mut self, stop: CancellationToken) {
        let mut heard = self.feed.listen();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                item = heard.next() => match item {
                    Some(FeedMessage::Item(item)) => self.hear(&item.event),
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

    fn hear(&mut self, event: &FeedEvent) {
        match event {
            FeedEvent::Changed { lease, .. } => {
                self.is_ours = lease.node == self.node;
                if self.is_ours {
                    self.renew_within(Duration::ZERO);
                } else {
                    self.due = None;
                }
            }
            FeedEvent::PositionMoved(_) if self.is_ours => self.renew_within(MOVED_WITHIN),
            FeedEvent::PositionMoved(_) | FeedEvent::NotificationSettled(_) => {}
        }
    }

    fn renew_within(&mut self, time: Duration) {
        let soonest = self.last.map_or_else(Instant::now, |last| last + EDIT_EVERY);
        let at = (Instant::now() + time).max(soonest);
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    fn instant(&self, at: Moment) -> Instant {
        let wait = (at - self.dashboards.service.now()).to_std().unwrap_or_default();
        Instant::now() + wait.clamp(EDIT_EVERY, MAX_WAIT)
    }

    /// Renews all of them, and answers when one shows something else by itself.
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
            // Whoever left the hotel sees no guests any more.
            let _alone = dashboards.chats_lock.lock().await;
            let mut chats = dashboards.state.dashboard_chats().await?;
            chats.retain(|known| *known != chat);
            dashboards.state.put_dashboard_chats(&chats).await?;
            return Ok(None);
        }
        // Somebody may be turning it to something else just now.
        let lock = dashboards.locks.of(chat);
        let _in_turn = lock.lock().await;
        let Some(dashboard) = dashboards.state.dashboard(chat).await? else { return Ok(None) };
        let now = dashboards.service.now();
        let Some(view) = dashboard.next_view(now) else {
            return Ok(Some(dashboard.reading_until()));
        };
        let (shown, next) = match rendered.entry((dashboard.language, view)) {
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
        let call = Call::Edit(dashboard.message, shown);
        dashboards.queue.post(chat, Priority::Notice, call).await;
        Ok(match view {
            View::Tab(..) => next,
            View::Card(_) | View::Sheet(_) => Some(dashboard.reading_until()),
        })
    }

    /// The dashboard of a group that has another id now goes on there, in a new message.
    async fn move_dashboard(&self, chat: i64) -> Result<(), ServiceError> {
        let dashboards = &self.dashboards;
        let (Some(to), Some(dashboard)) =
            (dashboards.front_office.moved_from(chat), dashboards.state.dashboard(chat).await?)
        else {
            return Ok(());
        };
        let (shown, _) = dashboards.view(dashboard.language, View::UNPAID).await?;
        dashboards.send(to, Priority::Notice, dashboard.language, shown).await;
        Ok(())
    }
}
