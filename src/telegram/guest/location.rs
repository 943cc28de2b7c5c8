//! Positions that guests share. They are reported to the service for each pending booking of the
//! guest. Moves of a live location are not answered, and are left out if they add nothing.
//!
//! What a position means for a hold is decided by the domain, not here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::GuestConversation;
use crate::domain::travel::PositionSource;
use crate::domain::{Fix, Moment};
use crate::service::{ReportError, ServiceError};
use crate::telegram::buttons::guest_button;
use crate::telegram::callback::GuestCallback;
use crate::telegram::transport::call::{Keyboard, MessageContent};
use crate::telegram::user::BotUser;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Maximum number of guests that are remembered. Beyond it all are removed, which only means that
/// some more positions are reported.
const MAX_GUESTS: usize = 20_000;

/// A position as Telegram reports it.
pub(in crate::telegram) struct SharedPosition {
    pub latitude: f64,
    pub longitude: f64,
    pub accuracy_metres: Option<f64>,
    pub at: Moment,
    /// Whether it is a new message, not a move of a live location. Only a new message is answered.
    pub is_new: bool,
    /// How it was sent. The end of a live location counts as a single position.
    pub source: PositionSource,
}

/// The last reported position of each guest.
#[derive(Default)]
pub(in crate::telegram) struct PositionThinning(Mutex<HashMap<i64, Fix>>);

impl PositionThinning {
    /// Whether a fix is to be reported. If so, it becomes the last reported position of the guest.
    fn accepts(&self, guest: i64, fix: &Fix) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(&guest).is_some_and(|earlier| !fix.is_worth_keeping_after(earlier)) {
            return false;
        }
        if last.len() >= MAX_GUESTS {
            last.clear();
        }
        last.insert(guest, *fix);
        true
    }
}

impl GuestConversation {
    /// Handles a position that a guest shared.
    pub(in crate::telegram) async fn shared(
        &self,
        user: &BotUser,
        shared: SharedPosition,
    ) -> Result<(), ServiceError> {
        let now = self.service.now();
        let SharedPosition { latitude, longitude, accuracy_metres, at, is_new, source } = shared;
        let is_live = matches!(source, PositionSource::Live { .. });
        let Ok(fix) = Fix::reported(latitude, longitude, accuracy_metres, Some(at), now) else {
            return Ok(());
        };
        let fix = fix.from_source(source);
        // The end of a live location is always reported: after it, silence no longer means that the
        // guest has not moved.
        if !is_new && is_live && !self.thinning.accepts(user.id, &fix) {
            return Ok(());
        }
        let mut has_hold = false;
        for tracked in self.running_of(user.id).await? {
            match self.service.report(tracked.booking.receipt_no, fix).await {
                // A refused or too frequent report is no error: the hold needs no position any
                // more, or its last position is recent.
                Ok(_)
                | Err(ReportError::TooMany | ReportError::Service(ServiceError::Refused(_))) => {
                    has_hold = true;
                }
                Err(ReportError::Service(ServiceError::Store(error))) => return Err(error.into()),
            }
        }
        if has_hold && is_new {
            self.thinning.accepts(user.id, &fix);
        }
        if is_new && !has_hold {
            let line = MessageContent::text(words::no_hold_for_position(user.language));
            let book = guest_button(user.language, GuestLabel::BookHere, GuestCallback::Start);
            let content = self.keyboard.remove_with(user.chat, line.with(vec![book])).await;
            self.queue.reply(user.chat, content).await;
        } else if is_new && (self.keyboard.take(user.chat).await || !is_live) {
            let metres = fix.place.metres_to(self.service.policy().hotel.position);
            let line = MessageContent::text(words::position_received(user.language, metres));
            self.queue
                .reply(user.chat, MessageContent { keyboard: Keyboard::Removed, ..line })
                .await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    use crate::domain::Coordinates;

    #[test]
    fn a_guest_that_hardly_moved_is_reported_once_a_minute() {
        let thinning = PositionThinning::default();
        let start = chrono::DateTime::from_timestamp_secs(1_767_520_800).unwrap();
        let fix = |north: f64, seconds: i64| {
            let place = Coordinates::new(-6.2 + north, 106.8).unwrap();
            Fix::seen(place, start + TimeDelta::seconds(seconds))
        };
        assert!(thinning.accepts(7, &fix(0.0, 0)));
        assert!(!thinning.accepts(7, &fix(0.000_1, 10)), "11 m in 10 s");
        assert!(thinning.accepts(7, &fix(0.001, 20)), "111 m in 20 s");
        assert!(!thinning.accepts(7, &fix(0.001, 79)));
        assert!(thinning.accepts(7, &fix(0.001, 80)), "a minute later");
        assert!(thinning.accepts(8, &fix(0.001, 80)), "another guest");
    }
}
