//! What the feed does when the log keeps failing. The log here is scripted.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures_util::FutureExt;

use super::*;
use crate::store::FeedStream;

/// A log whose streams end at once, after the same settlement each time.
#[derive(Default)]
struct EndingLog {
    opened: AtomicU32,
    opened_from_now: AtomicU32,
    works: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl ChangeLog for EndingLog {
    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        if after.is_none() {
            self.opened_from_now.fetch_add(1, Ordering::SeqCst);
        }
        let start = Cursor("start".to_owned());
        if self.works.load(Ordering::SeqCst) {
            return Ok(Changes { start, stream: stream::pending().boxed() });
        }
        let receipt_no = ReceiptNo::parse("RESI-20260104-001").unwrap();
        let again = (start.clone(), FeedEvent::PositionMoved(receipt_no));
        let end = Err(StoreError::Unavailable("of a test".to_owned()));
        Ok(Changes { start, stream: stream::iter([Ok(again), end]).boxed() })
    }

    async fn replay(&self, _: &Cursor, _: &Cursor) -> Result<FeedStream, StoreError> {
        Err(StoreError::NotFound)
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_keeps_ending_is_opened_seldom_skipped_and_reported() {
    let (log, health, stop) =
        (Arc::new(EndingLog::default()), Health::default(), CancellationToken::new());
    let (feed, work) = Feed::open(Arc::<EndingLog>::clone(&log), Clock::system()).await.unwrap();
    let mut listener = feed.listen();
    let running = work.run(health.clone(), stop.clone());
    tokio::pin!(running);
    let minute = tokio::time::sleep(Duration::from_mins(1));
    assert!(tokio::select! { () = &mut running => false, () = minute => true });
    let opened = log.opened.load(Ordering::SeqCst);
    assert!((10..25).contains(&opened), "opened {opened} times in a minute");
    assert!(log.opened_from_now.load(Ordering::SeqCst) > 2, "it was not cut");
    let mut lagged = 0;
    while let Some(Some(message)) = listener.next().now_or_never() {
        lagged += u32::from(matches!(message, FeedMessage::Lagged));
    }
    assert!(lagged > 1, "listeners were not told to reload");
    assert!(health.degraded().contains_key("feed"));

    log.works.store(true, Ordering::SeqCst);
    let a_while = tokio::time::sleep(Duration::from_secs(20));
    assert!(tokio::select! { () = &mut running => false, () = a_while => true });
    assert!(health.degraded().is_empty(), "it is well again");
    stop.cancel();
    running.await;
}
