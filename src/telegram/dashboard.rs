//! The dashboard: one message in each chat of the front office that lists the bookings by status.
//! This module makes its content and remembers which message it is. [`updater`] keeps it up to
//! date.
//!
//! What the buttons of a dashboard do to bookings is in [`super::staff`].

pub(super) mod updater;

use std::sync::Arc;

use tokio::sync::Mutex;

use super::buttons::{action_buttons, staff_button};
use super::callback::{CallbackData, StaffCallback, Tab};
use super::front_office::FrontOfficeChat;
use super::sent_messages::{MessageSubject, SentMessageSender};
use super::state::BotState;
use super::transport::call::{Button, Call, Destination, MessageContent};
use super::transport::{ChatLocks, Priority, SendQueue};
use super::view::{Dashboard, View};
use super::{BotParts, StaffList, status};
use crate::domain::{Language, Moment, Status, TrackedBooking};
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, Filter, PageKey, StatusKind, StoreError};
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Number of bookings on one page of the dashboard.
const PAGE_SIZE: usize = 8;
/// Number of bookings that are read from the store at once.
const READ: usize = 200;
/// Bookings of one tab are read until there are at least this many. Further ones are counted, but
/// not shown.
const MAX_BOOKINGS: usize = 2_000;
/// The dashboards of all chats.
pub(super) struct Dashboards {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    state: BotState,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    front_office: Arc<FrontOfficeChat>,
    staff: StaffList,
    remember: SentMessageSender,
    /// Held while the list of chats with a dashboard is changed.
    chats_lock: Mutex<()>,
}

impl Dashboards {
    pub(super) fn new(parts: &BotParts, remember: SentMessageSender) -> Self {
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
    pub(super) async fn open(
        &self,
        to: Destination,
        language: Language,
    ) -> Result<(), ServiceError> {
        let (content, _) = self.view(language, View::UNPAID).await?;
        self.send(to, Priority::Interactive, language, content).await;
        Ok(())
    }

    async fn send(
        &self,
        to: Destination,
        priority: Priority,
        language: Language,
        content: MessageContent,
    ) {
        let Destination { chat, topic } = to;
        let content = MessageContent { topic, ..content };
        let after_send =
            self.remember.after_send(MessageSubject::Dashboard(View::UNPAID, language));
        self.queue.post_then(chat, priority, Call::Send(content), after_send).await;
    }

    /// Whether a chat may see bookings: the front office's chat and the private chats of staff.
    pub(super) fn is_staff_chat(&self, chat: i64) -> bool {
        self.front_office.chat() == Some(chat) || self.staff.member(chat).is_some()
    }

    /// Makes a message the dashboard of its chat. The previous dashboard is replaced by a note that
    /// there is a newer one.
    pub(super) async fn replace_dashboard(
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
            let content = MessageContent::text(words::dashboard_moved_on(language));
            self.queue.post(chat, Priority::Background, Call::Edit(before.message, content)).await;
        }
        let _guard = self.chats_lock.lock().await;
        let mut chats = self.state.dashboard_chats().await?;
        if !chats.contains(&chat) {
            chats.push(chat);
        }
        // Stored again also for a known chat: the list expires after a time without use.
        self.state.put_dashboard_chats(&chats).await
    }

    /// Records that a tapped button changed what a message shows. If the message now shows a tab,
    /// it becomes the dashboard of its chat.
    pub(super) async fn note_view(
        &self,
        chat: i64,
        message: i32,
        view: View,
        language: Language,
    ) -> Result<(), StoreError> {
        let is_dashboard =
            self.state.dashboard(chat).await?.is_some_and(|dashboard| dashboard.message == message);
        match view {
            View::Tab(..) => self.replace_dashboard(chat, message, view, language).await,
            View::Card(_) | View::Details(_) if is_dashboard => {
                self.replace_dashboard(chat, message, view, language).await
            }
            View::Card(_) | View::Details(_) => Ok(()),
        }
    }

    // ── content ─────────────────────────────────────────────────────────────────────────────

    /// The pending bookings, the one whose hold ends first at the beginning.
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

    /// The bookings of a tab in the order of display, and their total number. Pending bookings are
    /// ordered by the end of their hold, others by the time they were settled, latest first.
    async fn listed(&self, tab: Tab) -> Result<(Vec<TrackedBooking>, u64), StoreError> {
        let filter = self.filter(tab);
        let mut all: Vec<TrackedBooking> = Vec::new();
        let mut after = None;
        let total = loop {
            let page = self.bookings.page(&filter, READ, after).await?;
            all.extend(page.bookings);
            if !page.has_next || all.len() >= MAX_BOOKINGS {
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

    /// The card of a booking, with the buttons for what can be done.
    pub(super) fn card(&self, language: Language, tracked: &TrackedBooking) -> MessageContent {
        let html = words::card(language, tracked, self.service.now(), self.service.policy());
        let mut rows = action_buttons(language, &tracked.booking);
        let tab = match tracked.booking.status {
            Status::Pending => Tab::Unpaid,
            Status::Paid { .. } => Tab::Paid,
            Status::Cancelled { .. } => Tab::Cancelled,
        };
        let list = StaffCallback::Tab(tab, 0);
        rows.push(vec![staff_button(language, StaffLabel::List, list)]);
        MessageContent::text(html).with(rows)
    }

    /// The current content of a view, and when a remaining time in it changes next.
    pub(super) async fn view(
        &self,
        language: Language,
        view: View,
    ) -> Result<(MessageContent, Option<Moment>), ServiceError> {
        match view {
            View::Tab(tab, page) => Ok(self.tab(language, tab, page).await?),
            View::Card(receipt_no) | View::Details(receipt_no) => {
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
        let last_page = list.len().saturating_sub(1) / PAGE_SIZE;
        let page = usize::try_from(page).unwrap_or_default().min(last_page);
        let on_page: Vec<&TrackedBooking> =
            list.iter().skip(page * PAGE_SIZE).take(PAGE_SIZE).collect();
        let lines: Vec<String> =
            on_page.iter().map(|tracked| words::line(language, tracked, now, policy)).collect();
        let head = format!("{} ({total})", words::staff_label(language, label_of(tab)));
        let empty = words::nothing_in_tab(language, label_of(tab));
        let mut html = words::dashboard(language, &head, &lines, empty, (now, &policy.hotel));
        let waiting = self.service.count_waiting_tonight().await?;
        if tab == Tab::Unpaid && waiting > 0 {
            html = format!("{html}\n{}", words::line_tonight(language, waiting));
        }
        let mut rows = vec![tabs];
        rows.extend(on_page.iter().map(|tracked| vec![card_button(tracked)]));
        let page_buttons = page_buttons(tab, page, last_page);
        if !page_buttons.is_empty() {
            rows.push(page_buttons);
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

/// The buttons to the previous and the next page.
fn page_buttons(tab: Tab, page: usize, last: usize) -> Vec<Button> {
    let page_button = |to: usize, label: &str| {
        let to = u32::try_from(to).unwrap_or_default();
        Button::callback(label, CallbackData::Staff(StaffCallback::Tab(tab, to)))
    };
    let back = page.checked_sub(1).map(|to| page_button(to, "«"));
    let forward = (page < last).then(|| page_button(page + 1, "»"));
    back.into_iter().chain(forward).collect()
}
