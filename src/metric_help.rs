//! What each metric is: its kind, unit, meaning, and the buckets of histograms. Metrics are counted
//! where things happen; this module counts nothing.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// It only grows, from the start of the process.
    Counter,
    /// It has a value now.
    Gauge,
    /// How often values up to each of these bounds occurred.
    Histogram(&'static [f64]),
}

/// A metric of `/metrics`.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// The name, which never changes.
    pub name: &'static str,
    /// How it moves.
    pub kind: MetricKind,
    /// What is counted or measured.
    pub unit: Unit,
    /// What it means.
    pub help: &'static str,
}

const MILLISECONDS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 2_000.0, 60_000.0];
const BATCH_SIZES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 250.0, 500.0];

const fn metric(name: &'static str, kind: MetricKind, unit: Unit, help: &'static str) -> Metric {
    Metric { name, kind, unit, help }
}

/// Every metric.
pub const METRICS: [Metric; 19] = [
    metric(
        "jatah_lateness_ms",
        MetricKind::Histogram(MILLISECONDS),
        Unit::Milliseconds,
        "From the deadline that people were told to the stored decision, of reminders and ends.",
    ),
    metric(
        "jatah_armed_timers",
        MetricKind::Gauge,
        Unit::Count,
        "Pending bookings whose next deadline this process waits for.",
    ),
    metric(
        "jatah_changes_total",
        MetricKind::Counter,
        Unit::Count,
        "What happened to bookings, by the kind of change (action).",
    ),
    metric(
        "jatah_refusals_total",
        MetricKind::Counter,
        Unit::Count,
        "Requests that were refused or failed, by where they came in (door: graphql, telegram) and by code.",
    ),
    metric(
        "jatah_notices_total",
        MetricKind::Counter,
        Unit::Count,
        "Notifications that were sent, or given up after every useful try (outcome), by channel.",
    ),
    metric(
        "jatah_notices_owed",
        MetricKind::Gauge,
        Unit::Count,
        "Notifications that are neither sent nor given up, by channel. Every node counts all.",
    ),
    metric(
        "jatah_notices_oldest_timestamp_seconds",
        MetricKind::Gauge,
        Unit::Seconds,
        "When the oldest change was made that owes such a notification, by channel, in seconds since 1970; 0 if none does.",
    ),
    metric(
        "jatah_feed_lag_ms",
        MetricKind::Histogram(MILLISECONDS),
        Unit::Milliseconds,
        "From a decision until this process heard of its change from the store, so how current boards are.",
    ),
    metric(
        "jatah_store_call_ms",
        MetricKind::Histogram(MILLISECONDS),
        Unit::Milliseconds,
        "How long one call to the database took, of any kind, with the wait for a connection.",
    ),
    metric(
        "jatah_subscriptions",
        MetricKind::Gauge,
        Unit::Count,
        "GraphQL subscriptions that run: of boards, of guests' pages, of other programs.",
    ),
    metric(
        "jatah_commit_ms",
        MetricKind::Histogram(MILLISECONDS),
        Unit::Milliseconds,
        "How long the store took to write a batch of changes.",
    ),
    metric(
        "jatah_commit_batch_size",
        MetricKind::Histogram(BATCH_SIZES),
        Unit::Count,
        "How many changes were written together.",
    ),
    metric(
        "jatah_commit_retries_total",
        MetricKind::Counter,
        Unit::Count,
        "Batches that MongoDB made start again, because another node was first.",
    ),
    metric(
        "jatah_positions_total",
        MetricKind::Counter,
        Unit::Count,
        "What became of positions that guests reported (outcome).",
    ),
    metric(
        "jatah_limits_reached_total",
        MetricKind::Counter,
        Unit::Count,
        "Bookings refused by the limits against misuse.",
    ),
    metric("jatah_connections", MetricKind::Gauge, Unit::Count, "Open connections."),
    metric(
        "jatah_connections_over_limit_total",
        MetricKind::Counter,
        Unit::Count,
        "Connections that had to be closed for new ones.",
    ),
    metric(
        "jatah_disk_free_bytes",
        MetricKind::Gauge,
        Unit::Bytes,
        "What may still be written to the disk of the SQLite database.",
    ),
    metric(
        "jatah_last_backup_timestamp_seconds",
        MetricKind::Gauge,
        Unit::Seconds,
        "When the newest scheduled backup of this node was made, in seconds since 1970; 0 if there is none.",
    ),
];

/// Gives every metric its unit and help text. Call it once the recorder is installed.
pub fn describe() {
    for Metric { name, kind, unit, help } in METRICS {
        match kind {
            MetricKind::Counter => describe_counter!(name, unit, help),
            MetricKind::Gauge => describe_gauge!(name, unit, help),
            MetricKind::Histogram(_) => describe_histogram!(name, unit, help),
        }
    }
}
