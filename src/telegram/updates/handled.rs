//! Which updates were handled, by this process or an earlier one. A webhook brings them side by
//! side and in any order, so no number says that all below it were.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::service::{BookingService, StoreError};

/// Handled updates that this process remembers.
const REMEMBERED: usize = 4_096;
/// Handled updates of one chat that are kept for the next process: more than one poll brings
/// (100), or a webhook at once (40).
const KEPT: usize = 128;
/// How long they are kept. Telegram keeps updates for a day, and may start to count anew after a
/// quiet week (Bot API, `Update.update_id`).
const LIFE: TimeDelta = TimeDelta::days(2);

/// What this process has handled.
#[derive(Default)]
pub(super) struct HandledUpdates(Mutex<RecentIds>);

#[derive(Default)]
struct RecentIds {
    ids: HashSet<u32>,
    order: VecDeque<u32>,
}

impl HandledUpdates {
    pub(super) fn knows(&self, id: u32) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ids.contains(&id)
    }

    pub(super) fn note(&self, id: u32) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !latest.ids.insert(id) {
            return;
        }
        latest.order.push_back(id);
        if latest.order.len() > REMEMBERED
            && let Some(oldest) = latest.order.pop_front()
        {
            latest.ids.remove(&oldest);
        }
    }
}

/// What is kept of one chat.
#[derive(Debug)]
pub(super) struct StoredUpdates {
    value: String,
    ids: Vec<u32>,
}

/// The updates of a chat that are known to be handled.
///
/// # Errors
/// What the store says.
pub(super) async fn recall(
    service: &BookingService,
    chat: i64,
) -> Result<StoredUpdates, StoreError> {
    let value = format!("telegram.handled:{chat}");
    let ids = service.value(&value).await?.unwrap_or_default();
    let ids = ids.split(' ').filter_map(|id| id.parse().ok()).collect();
    Ok(StoredUpdates { value, ids })
}

impl StoredUpdates {
    pub(super) fn has(&self, id: u32) -> bool {
        self.ids.contains(&id)
    }

    /// Keeps that one more was handled.
    pub(super) async fn keep(
        mut self,
        service: &BookingService,
        id: u32,
    ) -> Result<(), StoreError> {
        self.ids.push(id);
        let known = self.ids.len().saturating_sub(KEPT);
        let ids: Vec<String> = self.ids.iter().skip(known).map(ToString::to_string).collect();
        service.put_value(&self.value, ids.join(" "), LIFE).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_first_and_none_is_counted_twice() {
        let handled = HandledUpdates::default();
        let many = u32::try_from(REMEMBERED).unwrap();
        handled.note(5);
        for id in (10..10 + many - 1).chain([5, 5]) {
            handled.note(id);
        }
        assert!(handled.knows(5) && handled.knows(10));
        handled.note(1);
        assert!(!handled.knows(5) && handled.knows(10) && handled.knows(1));
    }
}
