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

use super::api::Shown;
use super::board::{Board, View};
use super::memory::Keepsake;
use super::{Call, Lobby, Reader};
use crate::desk::{DeskError, NodeId};
use crate::domain::{Language, Moment};
use crate::feed::{Fed, Feed, Heard};

/// A dashboard is edited at most once in so long.
const EDIT_EVERY: Duration = Duration::from_secs(3);
/// Guests who move are shown so within so long.
const MOVED_WITHIN: Duration = Duration::from_secs(15);
/// A dashboard is looked at again after so long at most (it is a sleep, and no timer of a hold).
const MAX_WAIT: Duration = Duration::from_hours(1);

/// Keeps the dashboards up to date.
pub(super) struct Follower {
    lobby: Arc<Lobby>,
    feed: Feed,
    node: NodeId,
    /// Whether the last change was this node's.
    is_ours: bool,
    /// When the dashboards are renewed next, if they are.
    due: Option<Instant>,
    last: Option<Instant>,
}

/// Views that are rendered already, with when each shows something else by itself.
type Rendered = HashMap<(Language, View), (Shown, Option<Moment>)>;

impl Follower {
    pub(super) fn new(lobby: Arc<Lobby>, feed: Feed, node: NodeId) -> Self {
        // What a dashboard showed before the start may be old.
        let due = Some(Instant::now());
        Self { lobby, feed, node, is_ours: true, due, last: None }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut heard = self.feed.listen();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                item = heard.next() => match item {
                    Some(Heard::Told(told)) => self.hear(&told.fed),
                    Some(Heard::Lost) => self.renew_within(Duration::ZERO),
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

    fn hear(&mut self, fed: &Fed) {
        match fed {
            Fed::Changed { lease, .. } => {
                self.is_ours = lease.node == self.node;
                if self.is_ours {
                    self.renew_within(Duration::ZERO);
                } else {
                    self.due = None;
                }
            }
            Fed::Moved(_) if self.is_ours => self.renew_within(MOVED_WITHIN),
            Fed::Moved(_) | Fed::Marked(_) => {}
        }
    }

    fn renew_within(&mut self, time: Duration) {
        let soonest = self.last.map_or_else(Instant::now, |last| last + EDIT_EVERY);
        let at = (Instant::now() + time).max(soonest);
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    fn instant(&self, at: Moment) -> Instant {
        let wait = (at - self.lobby.desk.now()).to_std().unwrap_or_default();
        Instant::now() + wait.clamp(EDIT_EVERY, MAX_WAIT)
    }

    /// Renews all of them, and answers when one shows something else by itself.
    async fn renew(&self) -> Option<Moment> {
        let lobby = &self.lobby;
        let chats = match lobby.board_chats().await {
            Ok(chats) => chats,
            Err(error) => {
                warn!(%error, "dashboards were not renewed");
                return Some(lobby.desk.now());
            }
        };
        let mut rendered = Rendered::new();
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
        rendered: &mut Rendered,
    ) -> Result<Option<Moment>, DeskError> {
        let lobby = &self.lobby;
        if !lobby.is_staff_chat(chat) {
            self.move_board(chat).await?;
            // Whoever left the hotel sees no guests any more.
            let _alone = lobby.boards.lock().await;
            let mut chats = lobby.board_chats().await?;
            chats.retain(|known| *known != chat);
            lobby.keep_board_chats(&chats).await?;
            return Ok(None);
        }
        // Somebody may be turning it to something else just now.
        let lock = lobby.locks.of(chat);
        let _in_turn = lock.lock().await;
        let Some(board) = lobby.board_of(chat).await? else { return Ok(None) };
        let now = lobby.desk.now();
        let Some(view) = board.next_view(now) else { return Ok(Some(board.reading_until())) };
        let (shown, next) = match rendered.entry((board.language, view)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => new.insert(lobby.view(board.language, view).await?).clone(),
        };
        if view != board.view {
            lobby.keep_board(chat, Board { view, since: now, ..board }).await?;
        }
        let call = Call::Edit(board.message, shown);
        lobby.outbox.post(chat, Reader::Notified, call).await;
        Ok(match view {
            View::Tab(..) => next,
            View::Card(_) | View::Sheet(_) => Some(board.reading_until()),
        })
    }

    /// The dashboard of a group that has another id now goes on there, in a new message.
    async fn move_board(&self, chat: i64) -> Result<(), DeskError> {
        let lobby = &self.lobby;
        let (Some(to), Some(board)) =
            (lobby.front_office.moved_from(chat), lobby.board_of(chat).await?)
        else {
            return Ok(());
        };
        let (shown, _) = lobby.view(board.language, View::UNPAID).await?;
        let keepsake = Keepsake::Board(View::UNPAID, board.language);
        lobby.outbox.post_kept(to, Reader::Notified, Call::Send(shown), keepsake).await;
        Ok(())
    }
}
