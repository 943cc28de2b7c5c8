//! The updates that this process has handled. A webhook delivers updates at the same time and in
//! any order, so the highest handled id does not mean that all below it were handled.
//!
//! This list is in memory only. The handler stores what must be known after a restart.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Maximum number of ids that are remembered.
const MAX_IDS: usize = 4_096;

/// The ids of the latest updates that this process has handled.
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
        if latest.order.len() > MAX_IDS
            && let Some(oldest) = latest.order.pop_front()
        {
            latest.ids.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_removed_first_and_none_is_counted_twice() {
        let handled = HandledUpdates::default();
        let many = u32::try_from(MAX_IDS).unwrap();
        handled.note(5);
        for id in (10..10 + many - 1).chain([5, 5]) {
            handled.note(id);
        }
        assert!(handled.knows(5) && handled.knows(10));
        handled.note(1);
        assert!(!handled.knows(5) && handled.knows(10) && handled.knows(1));
    }
}
