//! The dashboard: one message a chat that shows who has paid and who has not, and follows every
//! change by itself. What it shows is made here; `dashboard_updater` keeps it up to date.

use chrono::TimeDelta;

use super::api::{Button, MessageContent};
use super::callback::{CallbackData, StaffCallback, Tab};
use super::{BotContext, Call, Priority, status};
use crate::domain::{Language, Moment, ReceiptNo, TrackedBooking};
use crate::service::{Filter, PageKey, ServiceError, StatusKind, StoreError};
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Bookings on one page of the dashboard.
const PAGE: usize = 8;
/// Bookings read at once.
const READ: usize = 200;
/// Bookings of one tab that are looked through: those beyond are counted, and not shown.
const MOST: usize = 2_000;
/// How long a dashboard is followed without anybody touching it.
const LIFE: TimeDelta = TimeDelta::days(30);
/// How long a card or a sheet stays before the list comes back by itself.
const READING: TimeDelta = TimeDelta::minutes(2);
/// The memo that names all chats with a dashboard.
const CHATS: &str = "telegram.boards";

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

impl BotContext {
    /// Whether guests may be named in a chat: the front office's, and private ones of its people.
    pub(super) fn is_staff_chat(&self, chat: i64) -> bool {
        self.front_office.chat() == Some(chat) || self.member(chat).is_some()
    }

    /// Makes a message the dashboard of its chat. An older one says from now on that it ended.
    pub(super) async fn follow_dashboard(
        &self,
        chat: i64,
        message: i32,
        view: View,
        language: Language,
    ) -> Result<(), StoreError> {
        let before = self.dashboard_of(chat).await?;
        let since = self.service.now();
        self.keep_dashboard(chat, Dashboard { message, language, view, since }).await?;
        if let Some(before) = before.filter(|before| before.message != message) {
            let shown = MessageContent::text(words::dashboard_moved_on(language));
            self.send_queue
                .post(chat, Priority::Background, Call::Edit(before.message, shown))
                .await;
        }
        let _alone = self.dashboards.lock().await;
        let mut chats = self.dashboard_chats().await?;
        if chats.contains(&chat) {
            return Ok(());
        }
        chats.push(chat);
        self.keep_dashboard_chats(&chats).await
    }

    /// A tap changed what a message shows. A list that somebody turns to is the dashboard of its
    /// chat from then on.
    pub(super) async fn dashboard_shows(
        &self,
        chat: i64,
        message: i32,
        view: View,
        language: Language,
    ) -> Result<(), StoreError> {
        let is_board =
            self.dashboard_of(chat).await?.is_some_and(|dashboard| dashboard.message == message);
        match view {
            View::Tab(..) => self.follow_dashboard(chat, message, view, language).await,
            View::Card(_) | View::Sheet(_) if is_board => {
                self.follow_dashboard(chat, message, view, language).await
            }
            View::Card(_) | View::Sheet(_) => Ok(()),
        }
    }

    /// The newest dashboard of a chat.
    pub(super) async fn dashboard_of(&self, chat: i64) -> Result<Option<Dashboard>, StoreError> {
        Ok(self.service.value(&value(chat)).await?.as_deref().and_then(read))
    }

    pub(super) async fn keep_dashboard(
        &self,
        chat: i64,
        dashboard: Dashboard,
    ) -> Result<(), StoreError> {
        let Dashboard { message, language, view, since } = dashboard;
        let (callback, since) =
            (CallbackData::Staff(tap_of(view)).data(), since.timestamp_millis());
        let text = format!("{message} {} {since} {callback}", language.code());
        self.service.put_value(&value(chat), text, LIFE).await
    }

    /// The chats with a dashboard.
    pub(super) async fn dashboard_chats(&self) -> Result<Vec<i64>, StoreError> {
        let chats = self.service.value(CHATS).await?.unwrap_or_default();
        Ok(chats.split(' ').filter_map(|chat| chat.parse().ok()).collect())
    }

    pub(super) async fn keep_dashboard_chats(&self, chats: &[i64]) -> Result<(), StoreError> {
        let text: Vec<String> = chats.iter().map(ToString::to_string).collect();
        self.service.put_value(CHATS, text.join(" "), LIFE).await
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
            let page = self.service.page(&filter, READ, after).await?;
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
        Ok(self.service.page(&self.filter(tab), 1, None).await?.total)
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
                let tracked = self.service.tracked(receipt_no).await?;
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

fn tap_of(view: View) -> StaffCallback {
    match view {
        View::Tab(tab, page) => StaffCallback::Tab(tab, page),
        View::Card(receipt_no) => StaffCallback::Card(receipt_no),
        View::Sheet(receipt_no) => StaffCallback::History(receipt_no),
    }
}

fn read(kept: &str) -> Option<Dashboard> {
    let mut parts = kept.splitn(4, ' ');
    let message = parts.next()?.parse().ok()?;
    let language = Language::from_code(parts.next()?)?;
    let since = chrono::DateTime::from_timestamp_millis(parts.next()?.parse().ok()?)?;
    let view = match CallbackData::read(parts.next()?)? {
        CallbackData::Staff(StaffCallback::Tab(tab, page)) => View::Tab(tab, page),
        CallbackData::Staff(StaffCallback::Card(receipt_no)) => View::Card(receipt_no),
        CallbackData::Staff(StaffCallback::History(receipt_no)) => View::Sheet(receipt_no),
        CallbackData::Staff(_) | CallbackData::Guest(_) => return None,
    };
    Some(Dashboard { message, language, view, since })
}

fn value(chat: i64) -> String {
    format!("telegram.board:{chat}")
}
