//! Sends managers the figures of the last whole hotel day, once each morning.
//!
//! When that is done, and that one node does it, is known to [`daily`](crate::daily). A process that
//! was down at the time sends the report when it starts, unless the morning is over.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::front_office::FrontOfficeChat;
use super::state::BotState;
use super::transport::call::{Call, MessageContent};
use super::transport::{Priority, SendQueue};
use super::{BotParts, StaffList};
use crate::daily::{DailyJob, JobFailed};
use crate::domain::{HotelPolicy, Language, Moment, Role};
use crate::service::BookingService;
use crate::text::telegram as words;

/// How late a report is still sent.
const USEFUL_FOR: TimeDelta = TimeDelta::hours(6);

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
        USEFUL_FOR
    }

    async fn run(&self, due: Moment) -> Result<(), JobFailed> {
        let day = day_before(due, &self.service.policy().hotel);
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

/// The hotel day before the one of a moment: the last one that is over.
fn day_before(moment: Moment, hotel: &HotelPolicy) -> NaiveDate {
    let day = hotel.day_of(moment);
    day.pred_opt().unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::build::{moment, policy};

    #[test]
    fn a_report_is_of_the_day_that_ended_before_it() {
        let hotel = policy().hotel;
        for (due, day) in [
            ("2026-01-05T06:15:00+07:00", "2026-01-04"),
            // Before the hotel day turns, the day that runs is not over.
            ("2026-01-05T05:00:00+07:00", "2026-01-03"),
        ] {
            assert_eq!(day_before(moment(due), &hotel).to_string(), day, "{due}");
        }
    }
}
