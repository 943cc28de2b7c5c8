//! Sends managers the figures of the last whole hotel day, once each morning.
//!
//! The worker sleeps until the configured time; it does not poll. Several nodes wake at the same time,
//! so each waits a little more, at random, and the first stores that the report is sent. A process that
//! was down at the time sends the report when it starts, unless the morning is over.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::front_office::FrontOfficeChat;
use super::state::BotState;
use super::transport::call::{Call, MessageContent};
use super::transport::{Priority, SendQueue};
use super::{BotParts, StaffList};
use crate::domain::{HotelPolicy, Language, Moment, Role};
use crate::service::BookingService;
use crate::store::StoreError;
use crate::text::telegram as words;

/// How late a report is still sent.
const USEFUL_FOR: TimeDelta = TimeDelta::hours(6);
/// The most that is added to the time at random, so that of several nodes one is first.
const MAX_SPREAD: Duration = Duration::from_secs(10);
/// How long the worker waits before it tries again while the store does not answer.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// The worker that sends the report.
pub(super) struct MorningReporter {
    at: NaiveTime,
    service: Arc<BookingService>,
    state: BotState,
    queue: SendQueue,
    staff: StaffList,
    front_office: Arc<FrontOfficeChat>,
    language: Language,
}

impl MorningReporter {
    /// A worker that sends the report at this time of the hotel's clock.
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

    /// Sends reports until `stop` is cancelled.
    pub(super) async fn run(self, stop: CancellationToken) {
        loop {
            let now = self.service.now();
            let hotel = &self.service.policy().hotel;
            let (last, next) = times_around(now, self.at, hotel);
            let mut wait = (next - now).to_std().unwrap_or_default();
            wait += MAX_SPREAD.mul_f64(rand::random_range(0.0..=1.0));
            if now - last <= USEFUL_FOR
                && let Err(error) = self.send_once(day_before(last, hotel)).await
            {
                warn!(%error, "the morning report could not be made");
                wait = RETRY_AFTER;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Sends the report of a day unless it was sent before.
    async fn send_once(&self, day: NaiveDate) -> Result<(), StoreError> {
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

/// The last moment at or before `now` at which the hotel's clock showed `at`, and the next one.
fn times_around(now: Moment, at: NaiveTime, hotel: &HotelPolicy) -> (Moment, Moment) {
    let today = hotel.day_of(now);
    let on = |day: NaiveDate| hotel.instant_of(day, at);
    let before = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let after = today.checked_add_days(Days::new(1)).unwrap_or(today);
    if now < on(today) { (on(before), on(today)) } else { (on(today), on(after)) }
}

/// The hotel day before the one of a moment: the last one that is over.
fn day_before(moment: Moment, hotel: &HotelPolicy) -> NaiveDate {
    let day = hotel.day_of(moment);
    day.pred_opt().unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::build::{moment, policy, time};

    #[test]
    fn a_report_is_of_the_day_that_ended_before_it() {
        let hotel = policy().hotel;
        let at = time("06:15:00");
        for (now, last, next, day) in [
            ("2026-01-05T06:15:00+07:00", "2026-01-05", "2026-01-06", "2026-01-04"),
            ("2026-01-05T06:14:59+07:00", "2026-01-04", "2026-01-05", "2026-01-03"),
            ("2026-01-06T02:00:00+07:00", "2026-01-05", "2026-01-06", "2026-01-04"),
        ] {
            let clock = |day: &str| moment(&format!("{day}T06:15:00+07:00"));
            let found = times_around(moment(now), at, &hotel);
            assert_eq!(found, (clock(last), clock(next)), "{now}");
            assert_eq!(day_before(found.0, &hotel).to_string(), day, "{now}");
        }
        // Before the hotel day turns, the day that runs is not over.
        let (last, _) = times_around(moment("2026-01-05T05:30:00+07:00"), time("05:00:00"), &hotel);
        assert_eq!(last, moment("2026-01-05T05:00:00+07:00"));
        assert_eq!(day_before(last, &hotel).to_string(), "2026-01-03");
    }
}
