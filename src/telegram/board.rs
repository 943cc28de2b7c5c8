//! The dashboard: one message a chat that shows who has paid and who has not, and follows every
//! change by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::api::{Button, Shown};
use super::callback::{StaffTap, Tab, Tap};
use super::{Call, Lobby, Reader};
use crate::desk::{DeskError, Filter, PageKey, StatusKind, StoreError};
use crate::domain::{Held, Language, ReceiptNo, travel};
use crate::feed::{Fed, Feed, Heard};
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Bookings on one page of the dashboard.
const PAGE: usize = 8;
/// A dashboard is edited at most once in so long.
const EDIT_EVERY: Duration = Duration::from_secs(3);
/// Bookings read at once.
const READ: usize = 200;
/// Bookings of one status that are looked through.
const MOST: usize = 2_000;
/// How long a dashboard is followed without anybody opening a new one.
const LIFE: TimeDelta = TimeDelta::days(30);
/// The memo that names all chats with a dashboard.
const CHATS: &str = "telegram.boards";

/// What a dashboard shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// A tab, from a page on.
    Tab(Tab, u32),
    /// A booking.
    Card(ReceiptNo),
    /// A sheet or a history, which somebody reads and which must not change under their thumb.
    Sheet(ReceiptNo),
}

#[derive(Debug, Clone, Copy)]
struct Board {
    message: i32,
    view: View,
    language: Language,
}

/// The newest dashboard of each chat.
#[derive(Default)]
pub(super) struct Boards(Mutex<HashMap<i64, Board>>);

impl Boards {
    fn all(&self) -> HashMap<i64, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, chat: i64, board: Board) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(chat, board);
    }
}

impl Lobby {
    /// A new dashboard: the one of its chat that is kept up to date.
    pub(super) async fn follow_board(
        &self,
        chat: i64,
        message: i32,
        view: View,
        language: Language,
    ) -> Result<(), StoreError> {
        self.boards.set(chat, Board { message, view, language });
        let tap = Tap::Staff(tap_of(view)).data();
        let text = format!("{message} {} {tap}", language.code());
        self.desk.keep_memo(&memo(chat), text, LIFE).await?;
        let mut chats: Vec<String> = self.boards.all().keys().map(ToString::to_string).collect();
        chats.sort_unstable();
        self.desk.keep_memo(CHATS, chats.join(" "), LIFE).await
    }

    /// A tap changed what a message shows.
    pub(super) async fn board_shows(
        &self,
        chat: i64,
        message: i32,
        view: View,
    ) -> Result<(), StoreError> {
        match self.boards.all().get(&chat) {
            Some(board) if board.message == message => {
                self.follow_board(chat, message, view, board.language).await
            }
            _ => Ok(()),
        }
    }

    async fn load_boards(&self) -> Result<(), StoreError> {
        let chats = self.desk.memo(CHATS).await?.unwrap_or_default();
        for chat in chats.split(' ').filter_map(|chat| chat.parse::<i64>().ok()) {
            let kept = self.desk.memo(&memo(chat)).await?.unwrap_or_default();
            if let Some(board) = read(&kept) {
                self.boards.set(chat, board);
            }
        }
        Ok(())
    }

    /// The pending bookings, soonest end first.
    pub(super) async fn pending(&self) -> Result<Vec<Held>, StoreError> {
        let mut pending = self.all_of(StatusKind::Pending).await?;
        pending.sort_by_key(|held| (held.booking.hold.until, held.booking.receipt_no));
        Ok(pending)
    }

    /// The bookings that were settled today, latest first.
    async fn settled_today(&self, status: StatusKind) -> Result<Vec<Held>, StoreError> {
        let hotel = &self.desk.policy().hotel;
        let today = hotel.day_of(self.desk.now());
        let mut all = self.all_of(status).await?;
        all.retain(|held| held.booking.settled_at().is_some_and(|at| hotel.day_of(at) == today));
        all.sort_by_key(|held| std::cmp::Reverse(held.booking.settled_at()));
        Ok(all)
    }

    async fn all_of(&self, status: StatusKind) -> Result<Vec<Held>, StoreError> {
        let filter = Filter { status: Some(vec![status]), ..Filter::default() };
        let mut all: Vec<Held> = Vec::new();
        let mut after = None;
        loop {
            let page = self.desk.page(&filter, READ, after).await?;
            all.extend(page.bookings);
            let last = all.last().map(|held| PageKey {
                booked_at: held.booking.booked_at,
                receipt_no: held.booking.receipt_no,
            });
            if !page.has_next || all.len() >= MOST {
                return Ok(all);
            }
            after = last;
        }
    }

    /// What a view shows just now.
    pub(super) async fn view(&self, language: Language, view: View) -> Result<Shown, DeskError> {
        let (tab, page) = match view {
            View::Tab(tab, page) => (tab, page),
            View::Card(receipt_no) | View::Sheet(receipt_no) => {
                let held = self.desk.held(receipt_no).await?;
                return Ok(self.card(language, &held.booking));
            }
        };
        let tabs = [
            (Tab::Unpaid, StaffLabel::Unpaid, self.pending().await?),
            (Tab::Paid, StaffLabel::PaidToday, self.settled_today(StatusKind::Paid).await?),
            (
                Tab::Cancelled,
                StaffLabel::CancelledToday,
                self.settled_today(StatusKind::Cancelled).await?,
            ),
        ];
        let label = |label: StaffLabel, count: usize| {
            format!("{} ({count})", words::staff_label(language, label))
        };
        let row = tabs.iter().map(|(of, name, list)| {
            Button::tap(label(*name, list.len()), Tap::Staff(StaffTap::Tab(*of, 0)))
        });
        let row = row.collect();
        let Some((_, name, list)) = tabs.iter().find(|(of, ..)| *of == tab) else {
            return Ok(Shown::text(""));
        };
        let head = label(*name, list.len());
        Ok(self.tab(language, (tab, *name), &head, list, page, row))
    }

    fn tab(
        &self,
        language: Language,
        (tab, name): (Tab, StaffLabel),
        head: &str,
        list: &[Held],
        page: u32,
        tabs: Vec<Button>,
    ) -> Shown {
        let policy = self.desk.policy();
        let now = self.desk.now();
        let last_page = list.len().saturating_sub(1) / PAGE;
        let page = usize::try_from(page).unwrap_or_default().min(last_page);
        let on_page: Vec<&Held> = list.iter().skip(page * PAGE).take(PAGE).collect();
        let lines: Vec<String> = on_page
            .iter()
            .map(|held| {
                let evidence = travel::evidence(&held.track, now, policy);
                let is_near = evidence.is_some_and(|known| known.is_fresh && known.within_radius);
                words::line(language, &held.booking, is_near, now, &policy.hotel)
            })
            .collect();
        let empty = words::nothing_in_tab(language, name);
        let html = words::dashboard(language, head, &lines, empty);
        let card = |held: &&Held| {
            let name = words::short(held.booking.guest.name.as_str(), 24);
            let label = format!("{} · {name}", held.booking.receipt_no);
            vec![Button::tap(label, Tap::Staff(StaffTap::Card(held.booking.receipt_no)))]
        };
        let mut rows = vec![tabs];
        rows.extend(on_page.iter().map(card));
        let turn = |to: usize, label: &str| {
            let to = u32::try_from(to).unwrap_or_default();
            Button::tap(label, Tap::Staff(StaffTap::Tab(tab, to)))
        };
        let back = (page > 0).then(|| turn(page - 1, "«"));
        let on = (page < last_page).then(|| turn(page + 1, "»"));
        let turns: Vec<Button> = back.into_iter().chain(on).collect();
        if !turns.is_empty() {
            rows.push(turns);
        }
        Shown::text(html).with(rows)
    }
}

fn tap_of(view: View) -> StaffTap {
    match view {
        View::Tab(tab, page) => StaffTap::Tab(tab, page),
        View::Card(receipt_no) => StaffTap::Card(receipt_no),
        View::Sheet(receipt_no) => StaffTap::History(receipt_no),
    }
}

fn read(kept: &str) -> Option<Board> {
    let mut parts = kept.splitn(3, ' ');
    let message = parts.next()?.parse().ok()?;
    let language = Language::from_code(parts.next()?)?;
    let view = match Tap::read(parts.next()?)? {
        Tap::Staff(StaffTap::Tab(tab, page)) => View::Tab(tab, page),
        Tap::Staff(StaffTap::Card(receipt_no)) => View::Card(receipt_no),
        Tap::Staff(StaffTap::History(receipt_no)) => View::Sheet(receipt_no),
        Tap::Staff(_) | Tap::Guest(_) => return None,
    };
    Some(Board { message, view, language })
}

fn memo(chat: i64) -> String {
    format!("telegram.board:{chat}")
}

/// Keeps the dashboards up to date.
pub(super) struct Follower {
    lobby: Arc<Lobby>,
    feed: Feed,
}

impl Follower {
    pub(super) fn new(lobby: Arc<Lobby>, feed: Feed) -> Self {
        Self { lobby, feed }
    }

    pub(super) async fn run(self, stop: CancellationToken) {
        let mut heard = self.feed.listen();
        if let Err(error) = self.lobby.load_boards().await {
            warn!(%error, "dashboards of before the start are not followed");
        }
        // Set while something changed that no dashboard shows yet.
        let mut due: Option<Instant> = None;
        let mut last = Instant::now().checked_sub(EDIT_EVERY).unwrap_or_else(Instant::now);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                item = heard.next() => match item {
                    Some(Heard::Told(told)) => match told.fed {
                        Fed::Changed { .. } => {
                            due.get_or_insert_with(|| (last + EDIT_EVERY).max(Instant::now()));
                        }
                        Fed::Moved(_) | Fed::Marked(_) => {}
                    },
                    Some(Heard::Lost) => {
                        due.get_or_insert_with(|| (last + EDIT_EVERY).max(Instant::now()));
                    }
                    None => return,
                },
                () = tokio::time::sleep_until(due.unwrap_or(last)), if due.is_some() => {
                    due = None;
                    last = Instant::now();
                    self.renew().await;
                }
            }
        }
    }

    async fn renew(&self) {
        for (chat, board) in self.lobby.boards.all() {
            if matches!(board.view, View::Sheet(_)) {
                continue;
            }
            match self.lobby.view(board.language, board.view).await {
                Ok(shown) => {
                    let call = Call::Edit(board.message, shown);
                    self.lobby.outbox.post(chat, Reader::Notified, call).await;
                }
                Err(error) => warn!(%error, "a dashboard was not renewed"),
            }
        }
    }
}
