//! The output types of the summary of a hotel day.

use async_graphql::SimpleObject;
use chrono::TimeDelta;

use super::scalar::{Date, Rupiah};
use super::types::Lateness;
use crate::domain::summary::DayCounts;
use crate::service::DayReport;

/// What happened on a hotel day. A booking counts as booked on the day on which it was made, as paid on
/// the day of its payment and as ended on the day of its end, each by what it is now.
#[derive(SimpleObject, Debug)]
pub struct DaySummary {
    /// The hotel day.
    date: Date,
    /// Bookings that were made.
    booked: u32,
    /// Bookings that were paid.
    paid: u32,
    /// The sum of what was paid.
    paid_rupiah: Rupiah,
    /// Bookings that ended by themselves.
    expired: u32,
    /// Bookings that the front office or the guest cancelled.
    cancelled: u32,
    /// Bookings of the day whose hold was extended automatically.
    extended: u32,
    /// Those of them whose guest came or paid.
    extended_and_came: u32,
    /// Guests who came on the day, are at the desk and have not paid.
    at_desk: u32,
    /// For how many minutes rooms were kept for bookings that expired or were cancelled on the day.
    blocked_minutes: i64,
    /// How long guests who paid on the day were at the desk before, on average, in minutes. 0 without
    /// any.
    desk_wait_minutes: f64,
    /// The bookings that were made in each hour of the hotel's clock, from 00:00 to 23:00.
    by_hour: Vec<u32>,
    /// By channel; the name is a value of `Channel`.
    by_channel: Vec<SummaryLine>,
    /// By room type; the name is that of the type.
    by_room_type: Vec<SummaryLine>,
    /// What each member of the front office settled.
    by_staff: Vec<SummaryLine>,
    /// How late the bookings expired that expired on the day.
    lateness: Lateness,
    /// Messages about these bookings that could not be delivered.
    undelivered: u32,
}

/// A part of the bookings of a hotel day.
#[derive(SimpleObject, Debug)]
pub struct SummaryLine {
    /// What the part has in common.
    name: String,
    /// Bookings that were made.
    booked: u32,
    /// Bookings that were paid.
    paid: u32,
    /// The sum of what was paid.
    paid_rupiah: Rupiah,
    /// Bookings that ended by themselves.
    expired: u32,
    /// Bookings that the front office or the guest cancelled.
    cancelled: u32,
}

impl SummaryLine {
    fn new(name: impl Into<String>, counts: &DayCounts) -> Self {
        Self {
            name: name.into(),
            booked: counts.booked,
            paid: counts.paid,
            paid_rupiah: Rupiah(counts.paid_sum),
            expired: counts.expired,
            cancelled: counts.cancelled,
        }
    }
}

impl From<DayReport> for DaySummary {
    fn from(report: DayReport) -> Self {
        let DayReport { summary, lateness, undelivered } = report;
        let channels = summary
            .by_channel
            .iter()
            .map(|(channel, counts)| SummaryLine::new(channel.name(), counts));
        let rooms = summary.by_room.iter().map(|(_, name, counts)| SummaryLine::new(name, counts));
        let staff =
            summary.by_staff.iter().map(|(name, counts)| SummaryLine::new(name.as_str(), counts));
        let minutes = |span: TimeDelta| span.as_seconds_f64() / 60.0;
        Self {
            date: Date(summary.day),
            booked: summary.all.booked,
            paid: summary.all.paid,
            paid_rupiah: Rupiah(summary.all.paid_sum),
            expired: summary.all.expired,
            cancelled: summary.all.cancelled,
            extended: summary.extended,
            extended_and_came: summary.extended_and_came,
            at_desk: summary.at_desk,
            blocked_minutes: summary.blocked.num_minutes(),
            desk_wait_minutes: summary.desk_wait.map_or(0.0, minutes),
            by_hour: summary.by_hour.to_vec(),
            by_channel: channels.collect(),
            by_room_type: rooms.collect(),
            by_staff: staff.collect(),
            lateness: lateness.into(),
            undelivered,
        }
    }
}
