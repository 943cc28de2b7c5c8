//! One reported position, and what was learnt of the road from there.

use chrono::TimeDelta;

use super::Coordinates;
use crate::domain::refusal::{Field, InputError};
use crate::domain::{Moment, Refusal};

/// How far ahead of our clock a device may date its fix; it is then taken as of now.
pub const MAX_AHEAD: TimeDelta = TimeDelta::minutes(2);

/// One reported position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// Where.
    pub place: Coordinates,
    /// How sure the device is, as a radius in metres.
    pub accuracy_metres: Option<f64>,
    /// When it was measured.
    pub at: Moment,
    /// How it came.
    pub source: PositionSource,
    /// What a routing server said of the road from here.
    pub route: RouteEstimate,
}

/// How a fix came: what its age means depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionSource {
    /// From the guest's page, which reports while it is open.
    Page,
    /// Sent once by hand.
    Single,
    /// From a Telegram live location. It reports movement, so while it runs its silence means
    /// *has not moved*. One that was stopped ends with a [`PositionSource::Single`] fix.
    Live {
        /// When the guest's sharing ends by itself; `None` if it runs until stopped.
        until: Option<Moment>,
    },
}

/// What a routing server said of the road from a fix to the hotel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouteEstimate {
    /// It was not asked, or has not answered yet.
    #[default]
    Unasked,
    /// It was away, too slow, or its answer could not be true.
    Silent,
    /// The drive takes so long on empty roads.
    Drive(TimeDelta),
}

impl Fix {
    /// Whether this fix says more than an earlier one: the guest moved by 50 m, a minute has
    /// passed, or it comes from another source.
    #[must_use]
    pub fn is_news_after(&self, earlier: &Self) -> bool {
        super::track::is_news(earlier, self)
    }

    /// A fix as a device reports it, from the guest's page unless said otherwise
    /// ([`Fix::from_source`]). One dated slightly ahead is taken as of now.
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

    /// A fix of which nothing more is known than where and when.
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

    /// The same fix, come another way.
    #[must_use]
    pub fn from_source(self, source: PositionSource) -> Self {
        Self { source, ..self }
    }

    /// Whether it came from a live location that still runs at `now`.
    #[must_use]
    pub fn is_live(&self, now: Moment) -> bool {
        match self.source {
            PositionSource::Live { until } => until.is_none_or(|until| now < until),
            PositionSource::Page | PositionSource::Single => false,
        }
    }
}
