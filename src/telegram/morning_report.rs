//! Sends managers the figures of the last whole hotel day by Telegram, once each morning.
//!
//! When that is done, and that one node does it, is known to [`daily`](crate::daily). A process that
//! was down at the time sends the report when it starts, unless the morning is over.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{NaiveTime, TimeDelta};

use super::front_office::FrontOfficeChat;
use super::state::BotState;
use super::transport::call::{Call, MessageContent};
use super::transport::{Priority, SendQueue};
use super::{BotParts, StaffList};
use crate::daily::{DailyJob, JobFailed};
use crate::domain::{Language, Moment, Role};
use crate::service::{BookingService, DayReport};
use crate::text::telegram as words;

/// The job that sends the report.
pub(super) struct MorningReport {
    at: NaiveTime,
    service: Arc<BookingService>,
    state: BotState,
    queue: SendQueue,
    staff: StaffList,
    front_office: Arc<FrontOfficeChat>,
    language: Language,
}

impl MorningReport {
    /// A job that sends the report at this time of the hotel's clock.
    pub(super) fn new(parts: &BotParts, at: NaiveTime) -> Self {
        Self {
            at,
            service: Arc::clone(&parts.service),
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            staff: parts.settings.staff.clone(),
            front_office: Arc::clone(&parts.front_office),
            language: parts.settings.language,
        }
    }
}

#[async_trait]
impl DailyJob for MorningReport {
    fn name(&self) -> &'static str {
        "report"
    }

    fn at(&self) -> NaiveTime {
        self.at
    }

    fn useful_for(&self) -> TimeDelta {
        DayReport::USEFUL_FOR
    }

    async fn run(&self, due: Moment) -> Result<(), JobFailed> {
        let day = self.service.policy().hotel.last_whole_day(due);
        // A node of an earlier version has sent it, or this one died after it had sent it.
        if self.state.was_reported(day).await? {
            return Ok(());
        }
        let report = self.service.day_report(day).await?;
        self.state.set_reported(day).await?;
        let html = words::day_report(self.language, &report.summary, report.undelivered);
        let managers = self.staff.0.iter().filter(|member| member.role == Role::Manager);
        let mut chats: Vec<(i64, Option<i32>)> =
            managers.map(|member| (member.telegram_id.0, None)).collect();
        if chats.is_empty() {
            let front_office = self.front_office.chat();
            chats.extend(front_office.map(|chat| (chat, self.front_office.topic)));
        }
        for (chat, topic) in chats {
            let content = MessageContent { topic, ..MessageContent::text(html.clone()) };
            self.queue.post(chat, Priority::Notification, Call::Send(content)).await;
        }
        Ok(())
    }
}
