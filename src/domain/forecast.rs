//! The forecast: what the end of a running hold would decide by what is known now.
//!
//! It decides nothing. The clock asks [`hold::end`] at the end.

use super::hold::{self, Verdict};
use super::travel::Estimate;
use super::{Moment, Policy, TrackedBooking};

/// What the end of a hold would decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forecast {
    /// The guest has arrived, or will arrive before the end.
    InTime,
    /// The hold will be extended.
    WillExtend,
    /// The booking will be cancelled.
    WillCancel,
    /// No fresh position: the booking will be cancelled.
    NoPosition,
}

/// The forecast: what the end of a running hold would decide by what is known at `now`.
#[must_use]
pub fn forecast(tracked: &TrackedBooking, now: Moment, policy: &Policy) -> Forecast {
    forecast_with_verdict(tracked, now, policy).0
}

/// The forecast at `now`, with the verdict behind it; no verdict without a position.
#[must_use]
pub fn forecast_with_verdict(
    tracked: &TrackedBooking,
    now: Moment,
    policy: &Policy,
) -> (Forecast, Option<Verdict>) {
    let verdict = hold::end(&tracked.track, &tracked.booking.hold, now, policy);
    let fresh = verdict.filter(|verdict| verdict.evidence.is_fresh);
    let is_in_time = |estimate: Estimate| now + estimate.arrives_in <= tracked.booking.hold.until;
    let forecast = match fresh {
        _ if tracked.booking.arrived_at.is_some() => Forecast::InTime,
        None => Forecast::NoPosition,
        Some(Verdict { evidence, .. }) if evidence.estimate.is_some_and(is_in_time) => {
            Forecast::InTime
        }
        Some(verdict) if verdict.extends() => Forecast::WillExtend,
        Some(_) => Forecast::WillCancel,
    };
    (forecast, verdict)
}
