//! Adds the bookings that an older version wrote to a store's index of words.
//!
//! This starts when the first search of a process comes, so that the start of a process costs
//! nothing. This module does not index: each store does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{info, warn};

use super::StoreError;

/// How long a search waits. After that it finds the newest bookings only, which are added first.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the older bookings are in the index. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct OlderBookings {
    is_running: Arc<AtomicBool>,
    are_indexed: watch::Sender<bool>,
}

impl OlderBookings {
    /// Starts to add the older bookings by `index`, unless that was done or is being done, and
    /// waits for its end for a short time. After a failure, the next search starts it again.
    /// `index` returns how many it added.
    pub async fn wait_until_indexed(
        &self,
        index: impl Future<Output = Result<u64, StoreError>> + Send + 'static,
    ) {
        let mut are_indexed = self.are_indexed.subscribe();
        if *are_indexed.borrow() {
            return;
        }
        if !self.is_running.swap(true, Ordering::AcqRel) {
            let state = self.clone();
            #[expect(clippy::disallowed_methods, reason = "it ends by itself, and may fail")]
            tokio::spawn(async move {
                match index.await {
                    Ok(count) => {
                        info!(count, "searches find the bookings of older versions");
                        state.are_indexed.send_replace(true);
                    }
                    Err(error) => warn!(%error, "searches do not find all older bookings yet"),
                }
                state.is_running.store(false, Ordering::Release);
            });
        }
        // If it takes longer, the search does without the rest.
        let _ = timeout(PATIENCE, are_indexed.wait_for(|indexed| *indexed)).await;
    }
}
