//! Where the guest is, and what follows from it: fixes, distance, bearing, approach, estimated
//! arrival, and the forecast made of them.
//!
//! In reading order: places (`place`) and fixes (`fix`); what is kept and believed of them
//! (`track`); whether the guest comes closer and when they will be there (`approach`); and what
//! of it stays when the positions are gone (`evidence`). What the end of a hold makes of it is
//! [`hold::end`]'s.

mod approach;
mod evidence;
mod fix;
mod place;
mod track;

use super::hold::{self, End};
use super::{Held, Moment, Policy};

pub use evidence::{Basis, Estimate, Evidence, SourceKind, Why, evidence};
pub use fix::{Fix, MAX_AHEAD, Road, Source};
pub use place::Coordinates;
pub use track::{MAX_FIXES, Taken, Track};

/// What the end of a hold would decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forecast {
    /// The guest is there, or will be before the end.
    InTime,
    /// The hold will grow.
    WillExtend,
    /// The booking will be cancelled.
    WillCancel,
    /// No fresh position: the booking will be cancelled.
    NoPosition,
}

/// What the end of a running hold would decide as things stand.
#[must_use]
pub fn forecast(held: &Held, now: Moment, policy: &Policy) -> Forecast {
    foresee(held, now, policy).0
}

/// What the end of a running hold would decide as things stand, and by what evidence.
#[must_use]
pub fn foresee(held: &Held, now: Moment, policy: &Policy) -> (Forecast, Option<Evidence>) {
    let (is_extended, evidence) = match hold::end(held, now, policy) {
        End::Extend(evidence) => (true, Some(evidence)),
        End::Expire(evidence) => (false, evidence),
    };
    let fresh = evidence.filter(|evidence| evidence.is_fresh);
    let is_in_time = |estimate: Estimate| now + estimate.arrives_in <= held.booking.hold.until;
    let forecast = match fresh {
        _ if held.booking.arrived_at.is_some() => Forecast::InTime,
        None => Forecast::NoPosition,
        Some(evidence) if evidence.estimate.is_some_and(is_in_time) => Forecast::InTime,
        Some(_) if is_extended => Forecast::WillExtend,
        Some(_) => Forecast::WillCancel,
    };
    (forecast, evidence)
}
