//! Sends managers the figures of the last whole hotel day by e-mail, once each morning.
//!
//! When that is done, and that one node does it, is known to [`daily`](crate::daily). Who has got
//! the report is stored after each e-mail, so that a later attempt is made for the others alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::warn;

use super::Mailer;
use super::message::Thread;
use crate::daily::{DailyJob, JobFailed};
use crate::domain::{Email, Language, Moment};
use crate::notifier::DeliveryError;
use crate::service::{BookingService, DayReport};
use crate::store::{TypedValue, TypedValues};
use crate::text;

/// How long it is stored who has got a report.
const SENT_LIFE: TimeDelta = TimeDelta::days(2);
/// How many bytes of the hash of an address tell it apart from the other managers' addresses.
const NAME_BYTES: usize = 8;

/// The job that sends the report.
pub struct MorningReport {
    at: NaiveTime,
    managers: Vec<Email>,
    language: Language,
    mailer: Arc<Mailer>,
    service: Arc<BookingService>,
    values: TypedValues,
}

/// Which managers need no further e-mail about a day. Addresses are stored as hashes.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ReportSent {
    /// The mail server has taken or refused their e-mail.
    done: BTreeSet<String>,
    /// Their e-mail may have been taken. It is sent once more.
    unsure: BTreeSet<String>,
}

impl TypedValue for ReportSent {
    fn from_plain_text(_: &str) -> Option<Self> {
        None
    }
}

impl MorningReport {
    /// A job that sends the report to these managers, at this time of the hotel's clock.
    #[must_use]
    pub fn new(
        (at, managers): (NaiveTime, Vec<Email>),
        language: Language,
        mailer: Arc<Mailer>,
        service: Arc<BookingService>,
        values: TypedValues,
    ) -> Self {
        Self { at, managers, language, mailer, service, values }
    }

    async fn send(
        &self,
        report: &DayReport,
        to: &Email,
        name: &str,
        at: Moment,
    ) -> Result<(), DeliveryError> {
        let board = format!("{}/fo", self.mailer.public_url);
        let figures = (&report.summary, report.undelivered);
        let mail = text::report_mail(self.language, figures, &self.mailer.hotel.name, &board);
        let thread = Thread { name: format!("report-{}.{name}", report.summary.day), number: 1 };
        let message = self.mailer.message(&mail, to, None, &thread, at, None)?;
        self.mailer.send(&message, &format!("{}.eml", thread.name)).await
    }
}

#[async_trait]
impl DailyJob for MorningReport {
    fn name(&self) -> &'static str {
        "report_email"
    }

    fn at(&self) -> NaiveTime {
        self.at
    }

    fn useful_for(&self) -> TimeDelta {
        DayReport::USEFUL_FOR
    }

    async fn run(&self, due: Moment) -> Result<(), JobFailed> {
        let day = self.service.policy().hotel.last_whole_day(due);
        let key = key(day);
        let mut sent: ReportSent = self.values.get(&key).await?.unwrap_or_default();
        let report = self.service.day_report(day).await?;
        let mut failed = Ok(());
        for to in &self.managers {
            let name = name_of(to);
            if sent.done.contains(&name) {
                continue;
            }
            match self.send(&report, to, &name, due).await {
                Ok(()) => {
                    sent.done.insert(name);
                }
                Err(DeliveryError::Permanent(reason) | DeliveryError::Closed(reason)) => {
                    warn!(%reason, "the report for a manager was refused");
                    sent.done.insert(name);
                }
                Err(DeliveryError::Unknown(reason)) => {
                    if sent.unsure.insert(name.clone()) {
                        failed = Err(JobFailed::because(reason));
                    } else {
                        sent.done.insert(name);
                    }
                }
                Err(error @ (DeliveryError::Transient { .. } | DeliveryError::NotYet)) => {
                    failed = Err(JobFailed::because(error));
                    continue;
                }
            }
            self.values.put(&key, &sent, SENT_LIFE).await?;
        }
        failed
    }
}

fn key(day: NaiveDate) -> String {
    format!("email.report:{day}")
}

/// A name for an address that does not say it.
fn name_of(address: &Email) -> String {
    let hash = Sha256::digest(address.as_str().as_bytes());
    hash.iter().take(NAME_BYTES).map(|byte| format!("{byte:02x}")).collect()
}
