//! Locks that make everything that concerns one chat happen one after the other in this process.
//! They do not lock other processes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// One lock for each chat.
#[derive(Default)]
pub struct ChatLocks(Mutex<HashMap<i64, Weak<tokio::sync::Mutex<()>>>>);

impl ChatLocks {
    /// Returns the lock of a chat.
    pub fn of(&self, chat: i64) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| lock.strong_count() > 0);
        let known = locks.get(&chat).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let fresh = Arc::default();
            locks.insert(chat, Arc::downgrade(&fresh));
            fresh
        })
    }
}
