//! One reported position, and the routing server's answer for it.

use chrono::TimeDelta;

use crate::domain::refusal::{Field, InputError};
use crate::domain::{Coordinates, Moment, Refusal};

/// How far ahead of this program's clock a device may date its fix. Such a fix counts as measured
/// now.
pub const MAX_AHEAD: TimeDelta = TimeDelta::minutes(2);

/// A move of at least this, in metres, is worth keeping.
const MIN_MOVE_METRES: f64 = 50.0;
/// A fix at least this much newer than the latest kept one is worth keeping without a move.
const MIN_INTERVAL: TimeDelta = TimeDelta::seconds(60);

/// One reported position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// The place.
    pub place: Coordinates,
    /// The accuracy that the device states, as a radius in metres.
    pub accuracy_metres: Option<f64>,
    /// When it was measured.
    pub at: Moment,
    /// How it was reported.
    pub source: PositionSource,
    /// The routing server's answer for the way from here to the hotel.
    pub route: RouteEstimate,
}

/// How a fix was reported. The meaning of its age depends on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionSource {
    /// From the guest's page, which reports while it is open.
    Page,
    /// Sent once by the guest.
    Single,
    /// From a Telegram live location. It reports movement, so while it runs and sends nothing, the
    /// guest has not moved. A stopped one ends with a [`PositionSource::Single`] fix.
    Live {
        /// When the guest's sharing ends by itself; `None` if it runs until stopped.
        until: Option<Moment>,
    },
}

/// The routing server's answer for the way from a fix to the hotel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouteEstimate {
    /// The server was not asked, or has not answered yet.
    #[default]
    Unasked,
    /// The server was unreachable or too slow, or its answer was implausible.
    Silent,
    /// The drive time on empty roads.
    Drive(TimeDelta),
}

impl Fix {
    /// Whether this fix is worth keeping after an earlier one: the guest moved by 50 m, a minute has
    /// passed, or it comes from another source.
    #[must_use]
    pub fn is_worth_keeping_after(&self, earlier: &Self) -> bool {
        let came_otherwise = match (earlier.source, self.source) {
            (PositionSource::Live { until: before }, PositionSource::Live { until: now }) => {
                before != now
            }
            (PositionSource::Page, PositionSource::Page)
            | (PositionSource::Single, PositionSource::Single) => false,
            (PositionSource::Live { .. } | PositionSource::Page | PositionSource::Single, _) => {
                true
            }
        };
        came_otherwise
            || self.at - earlier.at >= MIN_INTERVAL
            || earlier.place.about_metres_to(self.place) >= MIN_MOVE_METRES
    }

    /// A fix as a device reports it. Its source is the guest's page unless [`Fix::from_source`]
    /// changes it. A fix dated slightly ahead counts as measured now.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], field `position`, if a coordinate is out of range or no
    /// number, the accuracy is negative, or the date is more than [`MAX_AHEAD`] ahead.
    pub fn reported(
        latitude: f64,
        longitude: f64,
        accuracy_metres: Option<f64>,
        recorded_at: Option<Moment>,
        now: Moment,
    ) -> Result<Self, Refusal> {
        let refuse = |error| Err(Refusal::InvalidInput { field: Field::Position, error });
        let Some(place) = Coordinates::new(latitude, longitude) else {
            return refuse(InputError::Malformed);
        };
        if accuracy_metres.is_some_and(|metres| !metres.is_finite() || metres < 0.0) {
            return refuse(InputError::Malformed);
        }
        let at = recorded_at.unwrap_or(now);
        if at - now > MAX_AHEAD {
            return refuse(InputError::DatedAhead);
        }
        Ok(Self { accuracy_metres, ..Self::seen(place, at.min(now)) })
    }

    /// A fix of which only place and time are known.
    #[must_use]
    pub fn seen(place: Coordinates, at: Moment) -> Self {
        Self {
            place,
            accuracy_metres: None,
            at,
            source: PositionSource::Page,
            route: RouteEstimate::Unasked,
        }
    }

    /// The same fix with another source.
    #[must_use]
    pub fn from_source(self, source: PositionSource) -> Self {
        Self { source, ..self }
    }

    /// Whether it is from a live location that still runs at `now`.
    #[must_use]
    pub fn is_live(&self, now: Moment) -> bool {
        match self.source {
            PositionSource::Live { until } => until.is_none_or(|until| now < until),
            PositionSource::Page | PositionSource::Single => false,
        }
    }
}
