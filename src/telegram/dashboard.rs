//! The dashboard: one message a chat that shows who has paid and who has not, and follows every
//! change by itself. What it shows is made here; `dashboard_updater` keeps it up to date.

pub(super) mod updater;

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Mutex;

use super::callback::{CallbackData, StaffCallback, Tab};
use super::front_office::FrontOfficeChat;
use super::remember::{Remember, RememberSender};
use super::staff::callbacks::{action_buttons, button};
use super::state::BotState;
use super::transport::api::{Button, MessageContent};
use super::transport::{Call, ChatLocks, Priority, SendQueue};
use super::{BotParts, StaffList, status};
use crate::domain::{Language, Moment, ReceiptNo, Status, TrackedBooking};
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, Filter, PageKey, StatusKind, StoreError};
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Bookings on one page of the dashboard.
const PAGE: usize = 8;
/// Bookings read at once.
const READ: usize = 200;
/// Bookings of one tab that are looked through: those beyond are counted, and not shown.
const MOST: usize = 2_000;
/// How long a card or a sheet stays before the list comes back by itself.
const READING: TimeDelta = TimeDelta::minutes(2);

/// What a dashboard shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// A tab, from a page on.
    Tab(Tab, u32),
    /// A booking.
    Card(ReceiptNo),
    /// A sheet or a history, which somebody reads and which must not change under their thumb.
    Sheet(ReceiptNo),
}

impl View {
    /// The list of bookings that are not paid.
    pub const UNPAID: Self = Self::Tab(Tab::Unpaid, 0);

    /// What of a message follows changes by itself after a button was tapped.
    pub(super) fn of(callback: StaffCallback) -> Self {
        match callback {
            StaffCallback::Tab(tab, page) => Self::Tab(tab, page),
            StaffCallback::Card(receipt_no)
            | StaffCallback::Arrive(receipt_no)
            | StaffCallback::SendQris(receipt_no)
            | StaffCallback::Paid(receipt_no)
            | StaffCallback::Cancel(receipt_no)
            | StaffCallback::Extend(receipt_no, _) => Self::Card(receipt_no),
            StaffCallback::PaidSheet(receipt_no)
            | StaffCallback::CancelSheet(receipt_no)
            | StaffCallback::History(receipt_no) => Self::Sheet(receipt_no),
        }
    }

    /// The button that shows the same.
    pub(super) fn callback(self) -> StaffCallback {
        match self {
            Self::Tab(tab, page) => StaffCallback::Tab(tab, page),
            Self::Card(receipt_no) => StaffCallback::Card(receipt_no),
            Self::Sheet(receipt_no) => StaffCallback::History(receipt_no),
        }
    }
}

/// The newest dashboard of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dashboard {
    pub message: i32,
    pub language: Language,
    pub view: View,
    /// Since when it shows that.
    pub since: Moment,
}

impl Dashboard {
    /// What it shows when it is renewed; `None` while somebody reads it.
    pub fn next_view(&self, now: Moment) -> Option<View> {
        let is_read = now < self.reading_until();
        match self.view {
            View::Tab(..) => Some(self.view),
            View::Card(_) if is_read => Some(self.view),
            View::Sheet(_) if is_read => None,
            View::Card(_) | View::Sheet(_) => Some(View::UNPAID),
        }
    }

    /// Until when what it shows is being read.
    pub fn reading_until(&self) -> Moment {
        self.since + READING
    }
}

/// The dashboards of all chats.
pub(super) struct Dashboards {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    state: BotState,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    front_office: Arc<FrontOfficeChat>,
    staff: StaffList,
    remember: RememberSender,
    /// The right to change which chats have a dashboard.
    chats_lock: Mutex<()>,
}

impl Dashboards {
    pub(super) fn new(parts: &BotParts, remember: RememberSender) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            bookings: Arc::clone(&parts.bookings),
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            locks: Arc::clone(&parts.locks),
            front_office: Arc::clone(&parts.front_office),
            staff: parts.settings.staff.clone(),
            remember,
            chats_lock: Mutex::default(),
        }
    }

    /// Sends a new dashboard to a chat.
    pub(super) async fn open(&self, chat: i64, language: Language) -> Result<(), ServiceError> {
        let (content, _) = self.view(language, View::UNPAID).await?;
        self.send(chat, Priority::Interactive, language, content).await;
        Ok(())
    }

    async fn send(
        &self,
        chat: i64,
        priority: Priority,
        language: Language,
        content: MessageContent,
    ) {
        let after_send = self.remember.after_send(Remember::Dashboard(View::UNPAID, language));
        self.queue.post_then(chat, priority, Call::Send(content), after_send).await;
    }

    /// Whether guests may be named in a chat: the front office's, and private ones of its people.
    pub(super) fn is_staff_chat(&self, chat: i64) -> bool {
        self.front_office.chat() == Some(chat) || self.staff.member(chat).is_some()
    }

    /// Makes a message the dashboard of its chat. An older one says from now on that it ended.
    pub(super) async fn follow(
        &self,
        chat: i64,
        message: i32,
        view: View,
        language: Language,
    ) -> Result<(), StoreError> {
        let before = self.state.dashboard(chat).await?;
        let since = self.service.now();
        self.state.put_dashboard(chat, Dashboard { message, language, view, since }).await?;
        if let Some(before) = before.filter(|before| before.message != message) {
            let shown = MessageContent::text(words::dashboard_moved_on(language));
            self.queue.post(chat, Priority::Background, Call::Edit(before.message, shown)).await;
        }
        let _alone = self.chats_lock.lock().await;
        let mut chats = self.state.dashboard_chats().await?;
        if chats.contains(&chat) {
            return Ok(());
        }
        chats.push(chat);
        self.state.put_dashboard_chats(&chats).await
    }

    /// A tap changed what a message shows. A list that somebody turns to is the dashboard of its
    /// chat from then on.
    pub(super) async fn note_view(
        &self,
        chat: i64,
        message: i32,
        view: View,
        language: Language,
    ) -> Result<(), StoreError> {
        let is_board =
            self.state.dashboard(chat).await?.is_some_and(|dashboard| dashboard.message == message);
        match view {
            View::Tab(..) => self.follow(chat, message, view, language).await,
            View::Card(_) | View::Sheet(_) if is_board => {
                self.follow(chat, message, view, language).await
            }
            View::Card(_) | View::Sheet(_) => Ok(()),
        }
    }

    // ── what it shows ───────────────────────────────────────────────────────────────────────

    /// The pending bookings, soonest end first.
    pub(super) async fn pending(&self) -> Result<Vec<TrackedBooking>, StoreError> {
        Ok(self.listed(Tab::Unpaid).await?.0)
    }

    fn filter(&self, tab: Tab) -> Filter {
        let hotel = &self.service.policy().hotel;
        let today = hotel.day_of(self.service.now());
        let settled = |status| Filter {
            status: Some(vec![status]),
            settled_since: Some(hotel.instant_of(today, hotel.day_starts_at)),
            ..Filter::default()
        };
        match tab {
            Tab::Unpaid => Filter { status: Some(vec![StatusKind::Pending]), ..Filter::default() },
            Tab::Paid => settled(StatusKind::Paid),
            Tab::Cancelled => settled(StatusKind::Cancelled),
        }
    }

    /// The bookings of a tab in its order, and how many there are in all: running ones soonest end
    /// first, settled ones latest first.
    async fn listed(&self, tab: Tab) -> Result<(Vec<TrackedBooking>, u64), StoreError> {
        let filter = self.filter(tab);
        let mut all: Vec<TrackedBooking> = Vec::new();
        let mut after = None;
        let total = loop {
            let page = self.bookings.page(&filter, READ, after).await?;
            all.extend(page.bookings);
            if !page.has_next || all.len() >= MOST {
                break page.total;
            }
            after = all.last().map(|tracked| PageKey {
                booked_at: tracked.booking.booked_at,
                receipt_no: tracked.booking.receipt_no,
            });
        };
        match tab {
            Tab::Unpaid => {
                all.sort_by_key(|tracked| (tracked.booking.hold.until, tracked.booking.receipt_no));
            }
            Tab::Paid | Tab::Cancelled => {
                all.sort_by_key(|tracked| std::cmp::Reverse(tracked.booking.settled_at()));
            }
        }
        Ok((all, total))
    }

    async fn count(&self, tab: Tab) -> Result<u64, StoreError> {
        Ok(self.bookings.page(&self.filter(tab), 1, None).await?.total)
    }

    /// The card of a booking with what can be done.
    pub(super) fn card(&self, language: Language, tracked: &TrackedBooking) -> MessageContent {
        let html = words::card(language, tracked, self.service.now(), self.service.policy());
        let mut rows = action_buttons(language, &tracked.booking);
        let tab = match tracked.booking.status {
            Status::Pending => Tab::Unpaid,
            Status::Paid { .. } => Tab::Paid,
            Status::Cancelled { .. } => Tab::Cancelled,
        };
        let list = StaffCallback::Tab(tab, 0);
        rows.push(vec![button(language, StaffLabel::List, list)]);
        MessageContent::text(html).with(rows)
    }

    /// What a view shows just now, and when it will show another time left by itself.
    pub(super) async fn view(
        &self,
        language: Language,
        view: View,
    ) -> Result<(MessageContent, Option<Moment>), ServiceError> {
        match view {
            View::Tab(tab, page) => Ok(self.tab(language, tab, page).await?),
            View::Card(receipt_no) | View::Sheet(receipt_no) => {
                let tracked = self.service.booking(receipt_no).await?;
                Ok((self.card(language, &tracked), None))
            }
        }
    }

    async fn tab(
        &self,
        language: Language,
        tab: Tab,
        page: u32,
    ) -> Result<(MessageContent, Option<Moment>), StoreError> {
        let policy = self.service.policy();
        let now = self.service.now();
        let (list, total) = self.listed(tab).await?;
        let mut tabs = Vec::with_capacity(Tab::ALL.len());
        for (of, _) in Tab::ALL {
            let count = if of == tab { total } else { self.count(of).await? };
            let label = format!("{} ({count})", words::staff_label(language, label_of(of)));
            tabs.push(Button::callback(label, CallbackData::Staff(StaffCallback::Tab(of, 0))));
        }
        let last_page = list.len().saturating_sub(1) / PAGE;
        let page = usize::try_from(page).unwrap_or_default().min(last_page);
        let on_page: Vec<&TrackedBooking> = list.iter().skip(page * PAGE).take(PAGE).collect();
        let lines: Vec<String> =
            on_page.iter().map(|tracked| words::line(language, tracked, now, policy)).collect();
        let head = format!("{} ({total})", words::staff_label(language, label_of(tab)));
        let empty = words::nothing_in_tab(language, label_of(tab));
        let html = words::dashboard(language, &head, &lines, empty, (now, &policy.hotel));
        let mut rows = vec![tabs];
        rows.extend(on_page.iter().map(|tracked| vec![card_button(tracked)]));
        let turns = turns(tab, page, last_page);
        if !turns.is_empty() {
            rows.push(turns);
        }
        let steps = on_page.iter().filter(|tracked| tracked.booking.is_pending());
        let next =
            steps.filter_map(|tracked| status::next_step(tracked.booking.hold.until, now)).min();
        Ok((MessageContent::text(html).with(rows), next))
    }
}

fn label_of(tab: Tab) -> StaffLabel {
    match tab {
        Tab::Unpaid => StaffLabel::Unpaid,
        Tab::Paid => StaffLabel::PaidToday,
        Tab::Cancelled => StaffLabel::CancelledToday,
    }
}

fn card_button(tracked: &TrackedBooking) -> Button {
    let booking = &tracked.booking;
    let name = words::short(booking.guest.name.as_str(), 24);
    let label = format!("{} · {name}", booking.receipt_no);
    Button::callback(label, CallbackData::Staff(StaffCallback::Card(booking.receipt_no)))
}

/// The buttons to the pages before and after.
fn turns(tab: Tab, page: usize, last: usize) -> Vec<Button> {
    let turn = |to: usize, label: &str| {
        let to = u32::try_from(to).unwrap_or_default();
        Button::callback(label, CallbackData::Staff(StaffCallback::Tab(tab, to)))
    };
    let back = page.checked_sub(1).map(|to| turn(to, "«"));
    let on = (page < last).then(|| turn(page + 1, "»"));
    back.into_iter().chain(on).collect()
}
