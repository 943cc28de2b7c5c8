//! Which messages show what, and what a guest is about to type: kept as memos, so that a restart
//! loses none. Also the worker that writes down what became of messages that nobody waited for.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::api::{CallError, MessageContent};
use super::callback::{CallbackData, NAME_KEY_CHARS, NameSource};
use super::dashboard::View;
use super::guest::BotUser;
use super::{BotContext, Call, Priority, status};
use crate::auth::fresh_secret;
use crate::domain::{Booking, GuestName, Language, ReceiptNo, TrackedBooking};
use crate::service::{ServiceError, StoreError};
use crate::text::telegram as words;

/// How long it is known which messages show which bookings.
const MESSAGES_LIFE: TimeDelta = TimeDelta::days(60);
/// Bookings of a guest that are remembered.
const REMEMBERED: usize = 20;
/// How long the bot waits for a name to be typed.
const TYPING: TimeDelta = TimeDelta::minutes(15);
/// How long a typed name is kept for its summary.
const NAME_LIFE: TimeDelta = TimeDelta::hours(24);

/// What is to be kept of a message once it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterSend {
    /// It shows a booking to its guest.
    Status(ReceiptNo),
    /// It is the newest dashboard of its chat.
    Dashboard(View, Language),
}

/// What became of a message of which something is to be kept.
#[derive(Debug)]
pub struct SentMessage {
    /// Where it is.
    pub chat: i64,
    /// Whether it was sent; otherwise it was changed.
    pub is_new: bool,
    /// Its id, or why there is none.
    pub outcome: Result<i32, CallError>,
    /// What is to be kept.
    pub after_send: AfterSend,
}

/// Writes down what became of messages.
pub(super) struct AfterSendWorker {
    bot: Arc<BotContext>,
    kept: mpsc::UnboundedReceiver<SentMessage>,
}

impl AfterSendWorker {
    pub(super) fn new(bot: Arc<BotContext>, kept: mpsc::UnboundedReceiver<SentMessage>) -> Self {
        Self { bot, kept }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let kept = tokio::select! {
                () = stop.cancelled() => return,
                kept = self.kept.recv() => kept,
            };
            let Some(kept) = kept else { return stop.cancelled().await };
            if let Err(error) = self.keep(kept).await {
                warn!(%error, "it was not kept which message shows what");
            }
        }
    }

    async fn keep(
        &self,
        SentMessage { chat, is_new, outcome, after_send }: SentMessage,
    ) -> Result<(), ServiceError> {
        let bot = &self.bot;
        match (after_send, outcome) {
            (AfterSend::Status(receipt_no), Ok(message)) if is_new => {
                let lock = bot.locks.of(chat);
                let _in_turn = lock.lock().await;
                bot.remember(chat, receipt_no, message).await?;
            }
            // Whoever deleted the message still has the booking.
            (AfterSend::Status(receipt_no), Err(CallError::NoMessage)) if !is_new => {
                bot.show_anew(&bot.service.tracked(receipt_no).await?).await;
            }
            (AfterSend::Dashboard(view, language), Ok(message)) if is_new => {
                bot.follow_dashboard(chat, message, view, language).await?;
            }
            (AfterSend::Status(_) | AfterSend::Dashboard(..), Ok(_) | Err(_)) => {}
        }
        Ok(())
    }
}

impl BotContext {
    /// Sends a fresh status message, which is the one that is kept up to date from now on.
    pub(super) async fn show_anew(&self, tracked: &TrackedBooking) {
        let Some(id) = status::chat_of(&tracked.booking) else { return };
        let after_send = AfterSend::Status(tracked.booking.receipt_no);
        let call = Call::Send(status::shown(self, tracked));
        self.send_queue.post_then(id, Priority::Interactive, call, after_send).await;
    }

    /// Shows a booking in a message that was just tapped: the one that is kept up to date from now
    /// on. If it is gone meanwhile, the next notice or renewal sends another.
    pub(super) async fn show_in(
        &self,
        message: i32,
        tracked: &TrackedBooking,
    ) -> Result<(), StoreError> {
        let Some(id) = status::chat_of(&tracked.booking) else { return Ok(()) };
        self.remember(id, tracked.booking.receipt_no, message).await?;
        self.show(id, message, status::shown(self, tracked)).await;
        Ok(())
    }

    /// Notes which message shows a booking. An older one says from now on that there is a newer.
    /// For who has the chat's turn.
    pub(super) async fn remember(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
        message: i32,
    ) -> Result<(), StoreError> {
        let mut known = self.messages(id).await?;
        let before = known.iter().find(|(no, _)| *no == receipt_no).map(|(_, before)| *before);
        if before == Some(message) {
            return Ok(());
        }
        known.retain(|(no, _)| *no != receipt_no);
        known.push((receipt_no, message));
        let surplus = known.len().saturating_sub(REMEMBERED);
        let lines = known.iter().skip(surplus).map(|(no, message)| format!("{no} {message}"));
        let text = lines.collect::<Vec<_>>().join("\n");
        self.service.put_value(&messages_memo(id), text, MESSAGES_LIFE).await?;
        if let Some(before) = before
            && let Ok(tracked) = self.service.tracked(receipt_no).await
        {
            let shown = MessageContent::text(words::moved_on(&tracked.booking));
            self.send_queue.post(id, Priority::Background, Call::Edit(before, shown)).await;
        }
        Ok(())
    }

    async fn messages(&self, id: i64) -> Result<Vec<(ReceiptNo, i32)>, StoreError> {
        let known = self.service.value(&messages_memo(id)).await?.unwrap_or_default();
        let read = |line: &str| {
            let (receipt_no, message) = line.split_once(' ')?;
            Some((ReceiptNo::parse(receipt_no).ok()?, message.parse().ok()?))
        };
        Ok(known.lines().filter_map(read).collect())
    }

    /// The message that shows a booking.
    pub(super) async fn message_of(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
    ) -> Result<Option<i32>, StoreError> {
        let known = self.messages(id).await?;
        Ok(known.into_iter().find(|(no, _)| *no == receipt_no).map(|(_, message)| message))
    }

    /// The booking that a message shows.
    pub(super) async fn shown_in(
        &self,
        id: i64,
        message: i32,
    ) -> Result<Option<ReceiptNo>, StoreError> {
        let known = self.messages(id).await?;
        Ok(known.into_iter().find(|(_, shown)| *shown == message).map(|(no, _)| no))
    }

    /// The running bookings of a guest, oldest first.
    pub(super) async fn running_of(&self, id: i64) -> Result<Vec<TrackedBooking>, StoreError> {
        let known: Vec<ReceiptNo> =
            self.messages(id).await?.into_iter().map(|(no, _)| no).collect();
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let mut running = self.service.bookings(&known).await?;
        running.retain(|tracked| tracked.booking.is_pending());
        let place = |booking: &Booking| known.iter().position(|no| *no == booking.receipt_no);
        running.sort_by_key(|tracked| place(&tracked.booking));
        Ok(running)
    }

    // ── what is about to be typed ───────────────────────────────────────────────────────────

    /// What text that is no command means: what this tap said.
    pub(super) async fn await_typing(
        &self,
        user: &BotUser,
        callback: &CallbackData,
    ) -> Result<(), StoreError> {
        self.service.put_value(&typing_memo(user), callback.data(), TYPING).await
    }

    /// What text that is no command means, if anything.
    pub(super) async fn awaited(&self, user: &BotUser) -> Result<Option<CallbackData>, StoreError> {
        Ok(self.service.value(&typing_memo(user)).await?.and_then(|data| CallbackData::read(&data)))
    }

    /// Text that is no command means nothing any more.
    pub(super) async fn stop_typing(&self, user: &BotUser) -> Result<(), StoreError> {
        let value = typing_memo(user);
        if self.service.value(&value).await?.is_some_and(|known| !known.is_empty()) {
            self.service.put_value(&value, String::new(), TYPING).await?;
        }
        Ok(())
    }

    /// Keeps the name that came with `/booking` until it is asked for; `None` forgets it.
    pub(super) async fn bring_name(
        &self,
        user: &BotUser,
        name: Option<&GuestName>,
    ) -> Result<(), StoreError> {
        let value = brought_memo(user);
        let text = name.map_or("", GuestName::as_str);
        if text.is_empty() && self.service.value(&value).await?.is_none_or(|known| known.is_empty())
        {
            return Ok(());
        }
        self.service.put_value(&value, text.to_owned(), NAME_LIFE).await
    }

    /// The name that came with `/booking`.
    pub(super) async fn brought_name(
        &self,
        user: &BotUser,
    ) -> Result<Option<GuestName>, StoreError> {
        let brought = self.service.value(&brought_memo(user)).await?;
        Ok(brought.and_then(|name| GuestName::parse(&name).ok()))
    }

    /// Keeps a name for the buttons that are to carry it.
    pub(super) async fn keep_name(&self, name: &GuestName) -> Result<NameSource, StoreError> {
        let key: String = fresh_secret().chars().take(NAME_KEY_CHARS).collect();
        self.service.put_value(&name_memo(&key), name.as_str().to_owned(), NAME_LIFE).await?;
        Ok(NameSource::Stored(key))
    }

    /// The name that a button carries; `None` once it is forgotten.
    pub(super) async fn name_of(
        &self,
        user: &BotUser,
        name_source: &NameSource,
    ) -> Result<Option<GuestName>, StoreError> {
        match name_source {
            NameSource::Telegram => Ok(user.name.clone()),
            NameSource::Stored(key) => {
                let kept = self.service.value(&name_memo(key)).await?;
                Ok(kept.and_then(|name| GuestName::parse(&name).ok()))
            }
        }
    }
}

fn typing_memo(user: &BotUser) -> String {
    format!("telegram.typing:{}", user.chat)
}

fn brought_memo(user: &BotUser) -> String {
    format!("telegram.brought:{}", user.chat)
}

fn name_memo(key: &str) -> String {
    format!("telegram.name:{key}")
}

fn messages_memo(id: i64) -> String {
    format!("telegram.messages:{id}")
}
