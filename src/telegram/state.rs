//! What the bot stores across restarts and nodes, as typed values: which message shows which
//! booking, which text a guest was asked to type, which updates were handled.
//!
//! This module defines only the keys and the stored form of the values. The conversations decide
//! what they are used for. Plain texts written by earlier versions are still read.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::callback::{CallbackData, NAME_KEY_CHARS, NameSource};
use super::view::{Dashboard, View};
use crate::auth::fresh_secret;
use crate::domain::{GuestName, Language, Moment, ReceiptNo};
use crate::store::{Lease, StoreError, TypedValue, TypedValues};

/// How long the bot remembers which message shows which booking: longer than any booking runs.
const MESSAGES_LIFE: TimeDelta = TimeDelta::days(400);
/// Maximum number of messages remembered for one guest.
const MAX_MESSAGES: usize = 20;
/// How long the bot waits for a guest to type a name.
const TYPING_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a name that a guest typed is stored.
const NAME_LIFE: TimeDelta = TimeDelta::hours(24);
/// How long a dashboard is stored after it was last changed, and the list of chats with a dashboard
/// after a chat was last added or removed.
const DASHBOARD_LIFE: TimeDelta = TimeDelta::days(30);
/// How long chats with a menu, the moved group and informed groups are stored. Every start renews
/// the first two.
const CHATS_LIFE: TimeDelta = TimeDelta::days(365);
/// How long the ids of handled updates are stored. Telegram keeps updates for a day, and may choose
/// new ids at random after a week without updates (Bot API, `Update.update_id`).
const HANDLED_LIFE: TimeDelta = TimeDelta::days(2);
/// Handled updates that are stored for one chat: more than one poll returns (100), or a webhook
/// delivers at the same time (40).
const MAX_HANDLED: usize = 128;

/// How long it is remembered that the front office knows of a fault. It is told again of one that
/// lasts longer.
const FAULT_LIFE: TimeDelta = TimeDelta::days(1);

/// How long it is remembered that a report was sent: longer than it is useful.
const REPORT_LIFE: TimeDelta = TimeDelta::days(2);

/// The key of the chats with a dashboard.
const DASHBOARD_CHATS: &str = "telegram.boards";
/// The key of the chats with their own menu of commands.
const MENU_CHATS: &str = "telegram.menus";
/// The key of the new id of the front office's group.
const MOVED_GROUP: &str = "telegram.fo_chat";

/// The stored state of the bot. Clones share it.
#[derive(Clone)]
pub(super) struct BotState(TypedValues);

/// A message that shows a guest their booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatusMessage {
    pub receipt_no: ReceiptNo,
    pub message: i32,
}

/// The message in the front office's chat that is edited while a booking lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LivingMessage {
    pub chat: i64,
    pub message: i32,
    /// Tells what it shows apart from other contents.
    pub shown: u64,
    /// Since when it shows a question or the history instead of the booking.
    pub details_since: Option<Moment>,
}

/// A group whose id has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MovedGroup {
    /// The id in the configuration.
    pub configured: i64,
    /// The current id.
    pub to: i64,
}

impl BotState {
    pub(super) fn new(values: TypedValues) -> Self {
        Self(values)
    }

    // ── messages that show bookings ─────────────────────────────────────────────────────────

    /// The messages that show a guest's bookings, oldest first.
    pub(super) async fn status_messages(
        &self,
        guest: i64,
    ) -> Result<Vec<StatusMessage>, StoreError> {
        let stored: Option<MessageList> = self.0.get(&messages_key(guest)).await?;
        Ok(stored
            .map(|MessageList(rows)| rows.iter().filter_map(MessageRow::read).collect())
            .unwrap_or_default())
    }

    /// Stores the newest [`MAX_MESSAGES`] of these messages.
    pub(super) async fn put_status_messages(
        &self,
        guest: i64,
        messages: &[StatusMessage],
    ) -> Result<(), StoreError> {
        let surplus = messages.len().saturating_sub(MAX_MESSAGES);
        let rows = messages
            .iter()
            .skip(surplus)
            .map(|one| MessageRow { receipt_no: one.receipt_no.to_string(), message: one.message });
        self.0.put(&messages_key(guest), &MessageList(rows.collect()), MESSAGES_LIFE).await
    }

    /// The living message of a booking.
    pub(super) async fn living_message(
        &self,
        receipt_no: ReceiptNo,
    ) -> Result<Option<LivingMessage>, StoreError> {
        let stored: Option<LivingValue> = self.0.get(&living_key(receipt_no)).await?;
        Ok(stored.map(|stored| stored.read()))
    }

    pub(super) async fn put_living_message(
        &self,
        receipt_no: ReceiptNo,
        living: LivingMessage,
    ) -> Result<(), StoreError> {
        let LivingMessage { chat, message, shown, details_since } = living;
        let details_since_ms = details_since.map(|since| since.timestamp_millis());
        let stored = LivingValue { chat, message, shown: format!("{shown:x}"), details_since_ms };
        self.0.put(&living_key(receipt_no), &stored, MESSAGES_LIFE).await
    }

    /// Claims the right to send the first living message of a booking, for as long as that may take.
    /// Returns false while another node, or another task, has it.
    pub(super) async fn claim_living_message(
        &self,
        receipt_no: ReceiptNo,
    ) -> Result<bool, StoreError> {
        self.0.put_if_absent(&living_claim_key(receipt_no), &LivingClaim {}, Lease::LENGTH).await
    }

    pub(super) async fn release_living_message(
        &self,
        receipt_no: ReceiptNo,
    ) -> Result<(), StoreError> {
        self.0.remove(&living_claim_key(receipt_no)).await
    }

    /// Whether the keyboard for the position is shown in this chat.
    pub(super) async fn has_location_keyboard(&self, chat: i64) -> Result<bool, StoreError> {
        Ok(self.0.get::<KeyboardShown>(&keyboard_key(chat)).await?.is_some())
    }

    pub(super) async fn set_location_keyboard(
        &self,
        chat: i64,
        is_shown: bool,
    ) -> Result<(), StoreError> {
        if is_shown {
            self.0.put(&keyboard_key(chat), &KeyboardShown {}, MESSAGES_LIFE).await
        } else {
            self.0.remove(&keyboard_key(chat)).await
        }
    }

    /// Whether a message of this kind from a guest may be passed on: at most so many within a time.
    /// If so, it counts as passed on.
    pub(super) async fn may_pass(
        &self,
        kind: &str,
        guest: i64,
        (most, within): (usize, TimeDelta),
        now: Moment,
    ) -> Result<bool, StoreError> {
        let key = format!("telegram.passed:{kind}:{guest}");
        let stored: Option<PassedList> = self.0.get(&key).await?;
        let mut passed = stored.map(|PassedList(times)| times).unwrap_or_default();
        let since = (now - within).timestamp_millis();
        passed.retain(|at| *at > since);
        if passed.len() >= most {
            return Ok(false);
        }
        passed.push(now.timestamp_millis());
        self.0.put(&key, &PassedList(passed), within).await?;
        Ok(true)
    }

    // ── text that a guest was asked for ─────────────────────────────────────────────────────

    /// Records that the next text in this chat that is not a command answers this button.
    pub(super) async fn await_text(
        &self,
        chat: i64,
        asked_by: &CallbackData,
    ) -> Result<(), StoreError> {
        self.0.put(&typing_key(chat), &AwaitedText(asked_by.data()), TYPING_LIFE).await
    }

    /// The button that asked for text in this chat; `None` if the bot waits for no text.
    pub(super) async fn awaited_text(&self, chat: i64) -> Result<Option<CallbackData>, StoreError> {
        let stored: Option<AwaitedText> = self.0.get(&typing_key(chat)).await?;
        Ok(stored.and_then(|AwaitedText(data)| CallbackData::read(&data)))
    }

    /// Records that the bot no longer waits for text in this chat.
    pub(super) async fn forget_awaited_text(&self, chat: i64) -> Result<(), StoreError> {
        if self.0.get::<AwaitedText>(&typing_key(chat)).await?.is_some() {
            self.0.remove(&typing_key(chat)).await?;
        }
        Ok(())
    }

    // ── names ───────────────────────────────────────────────────────────────────────────────

    /// Stores the name that was given with `/booking`; `None` removes it.
    pub(super) async fn put_given_name(
        &self,
        chat: i64,
        name: Option<&GuestName>,
    ) -> Result<(), StoreError> {
        let key = given_name_key(chat);
        match name {
            Some(name) => self.0.put(&key, &NameValue::of(name), NAME_LIFE).await,
            None if self.0.get::<NameValue>(&key).await?.is_some() => self.0.remove(&key).await,
            None => Ok(()),
        }
    }

    /// The name that was given with `/booking`.
    pub(super) async fn given_name(&self, chat: i64) -> Result<Option<GuestName>, StoreError> {
        let stored: Option<NameValue> = self.0.get(&given_name_key(chat)).await?;
        Ok(stored.and_then(|name| name.read()))
    }

    /// Stores a name, and returns the reference to it for the data of buttons.
    pub(super) async fn put_name(&self, name: &GuestName) -> Result<NameSource, StoreError> {
        let key: String = fresh_secret().chars().take(NAME_KEY_CHARS).collect();
        self.0.put(&name_key(&key), &NameValue::of(name), NAME_LIFE).await?;
        Ok(NameSource::Stored(key))
    }

    /// The name stored under this key; `None` if it has expired.
    pub(super) async fn name(&self, key: &str) -> Result<Option<GuestName>, StoreError> {
        let stored: Option<NameValue> = self.0.get(&name_key(key)).await?;
        Ok(stored.and_then(|name| name.read()))
    }

    // ── dashboards, menus, groups ───────────────────────────────────────────────────────────

    /// The newest dashboard of a chat.
    pub(super) async fn dashboard(&self, chat: i64) -> Result<Option<Dashboard>, StoreError> {
        let stored: Option<DashboardValue> = self.0.get(&dashboard_key(chat)).await?;
        Ok(stored.and_then(|stored| stored.read()))
    }

    pub(super) async fn put_dashboard(
        &self,
        chat: i64,
        dashboard: Dashboard,
    ) -> Result<(), StoreError> {
        let Dashboard { message, language, view, since } = dashboard;
        let stored = DashboardValue {
            message,
            language: language.code().to_owned(),
            since_ms: since.timestamp_millis(),
            view: CallbackData::Staff(view.callback()).data(),
        };
        self.0.put(&dashboard_key(chat), &stored, DASHBOARD_LIFE).await
    }

    /// The chats that have a dashboard.
    pub(super) async fn dashboard_chats(&self) -> Result<Vec<i64>, StoreError> {
        self.chats(DASHBOARD_CHATS).await
    }

    pub(super) async fn put_dashboard_chats(&self, chats: &[i64]) -> Result<(), StoreError> {
        self.0.put(DASHBOARD_CHATS, &ChatList(chats.to_vec()), DASHBOARD_LIFE).await
    }

    /// The chats that have their own menu of commands, or may have one.
    pub(super) async fn menu_chats(&self) -> Result<Vec<i64>, StoreError> {
        self.chats(MENU_CHATS).await
    }

    pub(super) async fn put_menu_chats(&self, chats: &[i64]) -> Result<(), StoreError> {
        self.0.put(MENU_CHATS, &ChatList(chats.to_vec()), CHATS_LIFE).await
    }

    async fn chats(&self, key: &str) -> Result<Vec<i64>, StoreError> {
        let stored: Option<ChatList> = self.0.get(key).await?;
        Ok(stored.map(|ChatList(chats)| chats).unwrap_or_default())
    }

    /// The new id of the front office's group, if it has changed.
    pub(super) async fn moved_group(&self) -> Result<Option<MovedGroup>, StoreError> {
        self.0.get(MOVED_GROUP).await
    }

    pub(super) async fn put_moved_group(&self, moved: MovedGroup) -> Result<(), StoreError> {
        self.0.put(MOVED_GROUP, &moved, CHATS_LIFE).await
    }

    /// Whether the front office was told of a fault of this part of the system, and not yet that it
    /// is well again.
    pub(super) async fn was_told_of_fault(&self, part: &str) -> Result<bool, StoreError> {
        Ok(self.0.get::<FaultTold>(&fault_key(part)).await?.is_some())
    }

    pub(super) async fn set_told_of_fault(
        &self,
        part: &str,
        is_told: bool,
    ) -> Result<(), StoreError> {
        if is_told {
            self.0.put(&fault_key(part), &FaultTold, FAULT_LIFE).await
        } else {
            self.0.remove(&fault_key(part)).await
        }
    }

    /// Whether the report of this hotel day was sent.
    pub(super) async fn was_reported(&self, day: NaiveDate) -> Result<bool, StoreError> {
        Ok(self.0.get::<DayReported>(&report_key(day)).await?.is_some())
    }

    pub(super) async fn set_reported(&self, day: NaiveDate) -> Result<(), StoreError> {
        self.0.put(&report_key(day), &DayReported, REPORT_LIFE).await
    }

    /// Records that a group was told that the bot does not talk in groups. Returns whether the
    /// group had been told before.
    pub(super) async fn mark_group_told(&self, group: i64) -> Result<bool, StoreError> {
        let key = format!("telegram.group:{group}");
        let was_told = self.0.get::<GroupNotice>(&key).await?.is_some();
        if !was_told {
            self.0.put(&key, &GroupNotice {}, CHATS_LIFE).await?;
        }
        Ok(was_told)
    }

    // ── handled updates ─────────────────────────────────────────────────────────────────────

    /// The ids of the latest handled updates of a chat.
    pub(super) async fn handled_updates(&self, chat: i64) -> Result<Vec<u32>, StoreError> {
        let stored: Option<UpdateList> = self.0.get(&handled_key(chat)).await?;
        Ok(stored.map(|UpdateList(ids)| ids).unwrap_or_default())
    }

    /// Stores the newest [`MAX_HANDLED`] of these ids.
    pub(super) async fn put_handled_updates(
        &self,
        chat: i64,
        mut ids: Vec<u32>,
    ) -> Result<(), StoreError> {
        ids.drain(..ids.len().saturating_sub(MAX_HANDLED));
        self.0.put(&handled_key(chat), &UpdateList(ids), HANDLED_LIFE).await
    }
}

fn messages_key(guest: i64) -> String {
    format!("telegram.messages:{guest}")
}

fn living_key(receipt_no: ReceiptNo) -> String {
    format!("telegram.living:{receipt_no}")
}

fn living_claim_key(receipt_no: ReceiptNo) -> String {
    format!("telegram.living_claim:{receipt_no}")
}

fn keyboard_key(chat: i64) -> String {
    format!("telegram.keyboard:{chat}")
}

fn typing_key(chat: i64) -> String {
    format!("telegram.typing:{chat}")
}

fn given_name_key(chat: i64) -> String {
    format!("telegram.brought:{chat}")
}

fn name_key(key: &str) -> String {
    format!("telegram.name:{key}")
}

fn dashboard_key(chat: i64) -> String {
    format!("telegram.board:{chat}")
}

fn handled_key(chat: i64) -> String {
    format!("telegram.handled:{chat}")
}

// ── the stored forms ────────────────────────────────────────────────────────────────────────

#[derive(Serialize, Deserialize)]
struct MessageList(Vec<MessageRow>);

#[derive(Serialize, Deserialize)]
struct MessageRow {
    receipt_no: String,
    message: i32,
}

impl MessageRow {
    fn read(&self) -> Option<StatusMessage> {
        let receipt_no = ReceiptNo::parse(&self.receipt_no).ok()?;
        Some(StatusMessage { receipt_no, message: self.message })
    }
}

impl TypedValue for MessageList {
    /// One line for each message, such as `RESI-20260104-001 12`.
    fn from_plain_text(text: &str) -> Option<Self> {
        let row = |line: &str| {
            let (receipt_no, message) = line.split_once(' ')?;
            Some(MessageRow { receipt_no: receipt_no.to_owned(), message: message.parse().ok()? })
        };
        Some(Self(text.lines().filter_map(row).collect()))
    }
}

#[derive(Serialize, Deserialize)]
struct LivingValue {
    chat: i64,
    message: i32,
    /// In hexadecimal: a JSON number of this size may lose digits.
    shown: String,
    details_since_ms: Option<i64>,
}

impl LivingValue {
    fn read(&self) -> LivingMessage {
        LivingMessage {
            chat: self.chat,
            message: self.message,
            shown: u64::from_str_radix(&self.shown, 16).unwrap_or_default(),
            details_since: self.details_since_ms.and_then(chrono::DateTime::from_timestamp_millis),
        }
    }
}

impl TypedValue for LivingValue {
    fn from_plain_text(_: &str) -> Option<Self> {
        None
    }
}

#[derive(Serialize, Deserialize)]
struct KeyboardShown {}

impl TypedValue for KeyboardShown {
    fn from_plain_text(_: &str) -> Option<Self> {
        None
    }
}

/// When messages of a guest were passed on, in milliseconds.
#[derive(Serialize, Deserialize)]
struct PassedList(Vec<i64>);

impl TypedValue for PassedList {
    fn from_plain_text(_: &str) -> Option<Self> {
        None
    }
}

/// The data of the button that asked for the text.
#[derive(Serialize, Deserialize)]
struct AwaitedText(String);

impl TypedValue for AwaitedText {
    fn from_plain_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

#[derive(Serialize, Deserialize)]
struct NameValue(String);

impl NameValue {
    fn of(name: &GuestName) -> Self {
        Self(name.as_str().to_owned())
    }

    fn read(&self) -> Option<GuestName> {
        GuestName::parse(&self.0).ok()
    }
}

impl TypedValue for NameValue {
    fn from_plain_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

#[derive(Serialize, Deserialize)]
struct DashboardValue {
    message: i32,
    language: String,
    since_ms: i64,
    /// The data of the button that shows the same view.
    view: String,
}

impl DashboardValue {
    fn read(&self) -> Option<Dashboard> {
        let view = match CallbackData::read(&self.view)? {
            CallbackData::Staff(callback) => View::of(callback),
            CallbackData::Guest(_) | CallbackData::WalkIn(_) => return None,
        };
        let language = Language::from_code(&self.language)?;
        let since = chrono::DateTime::from_timestamp_millis(self.since_ms)?;
        Some(Dashboard { message: self.message, language, view, since })
    }
}

impl TypedValue for DashboardValue {
    /// For example `12 id 1767520800000 1|T|u|0`.
    fn from_plain_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        Some(Self {
            message: parts.next()?.parse().ok()?,
            language: parts.next()?.to_owned(),
            since_ms: parts.next()?.parse().ok()?,
            view: parts.next()?.to_owned(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ChatList(Vec<i64>);

impl TypedValue for ChatList {
    /// For example `-1001 501`.
    fn from_plain_text(text: &str) -> Option<Self> {
        Some(Self(text.split(' ').filter_map(|chat| chat.parse().ok()).collect()))
    }
}

/// The front office was told of a fault.
#[derive(Serialize, Deserialize)]
struct FaultTold;

impl TypedValue for FaultTold {
    fn from_plain_text(_: &str) -> Option<Self> {
        None
    }
}

fn fault_key(part: &str) -> String {
    format!("telegram.fault:{part}")
}

impl TypedValue for MovedGroup {
    /// For example `-1001 -1002`.
    fn from_plain_text(text: &str) -> Option<Self> {
        let (configured, to) = text.split_once(' ')?;
        Some(Self { configured: configured.parse().ok()?, to: to.parse().ok()? })
    }
}

/// The report of a hotel day was sent.
#[derive(Serialize, Deserialize)]
struct DayReported;

impl TypedValue for DayReported {
    fn from_plain_text(_: &str) -> Option<Self> {
        None
    }
}

fn report_key(day: NaiveDate) -> String {
    format!("telegram.report:{day}")
}

#[derive(Serialize, Deserialize)]
struct LivingClaim {}

impl TypedValue for LivingClaim {
    fn from_plain_text(_: &str) -> Option<Self> {
        None
    }
}

#[derive(Serialize, Deserialize)]
struct GroupNotice {}

impl TypedValue for GroupNotice {
    fn from_plain_text(text: &str) -> Option<Self> {
        (text == "told").then_some(Self {})
    }
}

#[derive(Serialize, Deserialize)]
struct UpdateList(Vec<u32>);

impl TypedValue for UpdateList {
    /// For example `17 18 21`.
    fn from_plain_text(text: &str) -> Option<Self> {
        Some(Self(text.split(' ').filter_map(|id| id.parse().ok()).collect()))
    }
}
