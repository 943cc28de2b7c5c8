//! A wrapper around a real store for tests. It counts the calls, can be made unavailable, can fail
//! to read a stored value, and can pretend that the store's clock differs. Everything else is done
//! by the real store.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::stream::BoxStream;
use jatah::domain::{
    Change, Moment, ReceiptNo, TelegramId, TokenHash, Track, TrackedBooking, WaitingGuest,
};
use jatah::store::backup::{Record, RecordStream};
use jatah::store::{
    BackupStore, BookingReader, ChangeLog, Changes, Commit, CommitOutcome, CommitStore, Credential,
    CredentialKind, CredentialStore, Cursor, DeliveryOutcome, FeedEvent, Filter, KeyValueStore,
    LeaseOutcome, LeaseRequest, NotificationId, NotificationStore, OwedNotification, Page, PageKey,
    PersonalDataStore, RequestRecord, RoomNight, RoomStore, Store, StoreControl, StoreError,
    StoredValue, UndeliveredNotification, WaitingList, Wake,
};

/// How reading a stored value fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The store is unavailable.
    Away,
    /// The store returns an unexpected error.
    Unexpected,
    /// The caller panics.
    Crash,
}

pub struct ObservedStore {
    inner: Arc<dyn Store>,
    calls: AtomicU64,
    is_away: AtomicBool,
    /// How far the store's clock is ahead, if a test sets it.
    pub ahead_ms: Mutex<Option<i64>>,
    /// Names of values that cannot be read, how many times, and how that fails.
    failing_values: Mutex<Vec<(String, u32, Outage)>>,
}

impl ObservedStore {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        let (calls, is_away) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { inner, calls, is_away, ahead_ms: Mutex::new(None), failing_values: Mutex::default() }
    }

    /// The number of calls so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Makes the store unavailable, or available again.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Makes the next `times` readings of a value fail. The name `dump` is that of all values.
    pub fn value_fails(&self, name: &str, times: u32, outage: Outage) {
        self.failing_values.lock().unwrap().push((name.to_owned(), times, outage));
    }

    /// Fails if a test asked for it.
    fn fail_as_told(&self, name: &str) -> Result<(), StoreError> {
        let mut failing_values = self.failing_values.lock().unwrap();
        let left = failing_values.iter_mut().find(|(of, left, _)| of == name && *left > 0);
        let Some((_, left, outage)) = left else { return Ok(()) };
        *left -= 1;
        let outage = *outage;
        drop(failing_values);
        match outage {
            Outage::Away => Err(StoreError::Unavailable("away for a test".to_owned())),
            Outage::Unexpected => Err(StoreError::Unexpected("of a test".to_owned())),
            Outage::Crash => panic!("of a test"),
        }
    }

    /// Counts a call. Fails while the store is unavailable.
    fn called(&self) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("away for a test".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl BookingReader for ObservedStore {
    async fn booking(&self, receipt_no: ReceiptNo) -> Result<Option<TrackedBooking>, StoreError> {
        self.called()?;
        self.inner.booking(receipt_no).await
    }

    async fn bookings(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<TrackedBooking>, StoreError> {
        self.called()?;
        self.inner.bookings(receipt_nos).await
    }

    async fn page(
        &self,
        filter: &Filter,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError> {
        self.called()?;
        self.inner.page(filter, first, after).await
    }

    async fn history(&self, receipt_no: ReceiptNo) -> Result<Vec<Change>, StoreError> {
        self.called()?;
        self.inner.history(receipt_no).await
    }

    async fn undelivered(
        &self,
        receipt_nos: &[ReceiptNo],
    ) -> Result<Vec<UndeliveredNotification>, StoreError> {
        self.called()?;
        self.inner.undelivered(receipt_nos).await
    }

    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError> {
        self.called()?;
        self.inner.wakes().await
    }
}

#[async_trait]
impl CommitStore for ObservedStore {
    async fn next_serials(
        &self,
        day: NaiveDate,
        count: u32,
    ) -> Result<RangeInclusive<u32>, StoreError> {
        self.called()?;
        self.inner.next_serials(day, count).await
    }

    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError> {
        self.called()?;
        self.inner.commit(batch).await
    }

    async fn request(&self, id: TokenHash) -> Result<Option<RequestRecord>, StoreError> {
        self.called()?;
        self.inner.request(id).await
    }

    async fn put_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError> {
        self.called()?;
        self.inner.put_track(receipt_no, track).await
    }
}

#[async_trait]
impl ChangeLog for ObservedStore {
    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError> {
        self.called()?;
        self.inner.changes(after).await
    }

    async fn replay(
        &self,
        after: &Cursor,
        until: &Cursor,
    ) -> Result<BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>, StoreError> {
        self.called()?;
        self.inner.replay(after, until).await
    }
}

#[async_trait]
impl NotificationStore for ObservedStore {
    async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError> {
        self.called()?;
        self.inner.owed().await
    }

    async fn take_leases(
        &self,
        requests: &[LeaseRequest],
    ) -> Result<Vec<LeaseOutcome>, StoreError> {
        self.called()?;
        self.inner.take_leases(requests).await
    }

    async fn settle(
        &self,
        outcomes: &[(NotificationId, DeliveryOutcome)],
    ) -> Result<(), StoreError> {
        self.called()?;
        self.inner.settle(outcomes).await
    }
}

#[async_trait]
impl RoomStore for ObservedStore {
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError> {
        self.called()?;
        self.inner.nights(from, nights).await
    }
}

#[async_trait]
impl WaitingList for ObservedStore {
    async fn waiting_guests(&self, from: NaiveDate) -> Result<Vec<WaitingGuest>, StoreError> {
        self.called()?;
        self.inner.waiting_guests(from).await
    }

    async fn waiting_guest(&self, ticket: TokenHash) -> Result<Option<WaitingGuest>, StoreError> {
        self.called()?;
        self.inner.waiting_guest(ticket).await
    }
}

#[async_trait]
impl CredentialStore for ObservedStore {
    async fn put_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
        credential: &Credential,
    ) -> Result<(), StoreError> {
        self.called()?;
        self.inner.put_credential(kind, secret, credential).await
    }

    async fn sessions(&self, now: Moment) -> Result<Vec<(TokenHash, Credential)>, StoreError> {
        self.called()?;
        self.inner.sessions(now).await
    }

    async fn take_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.called()?;
        self.inner.take_credential(kind, secret).await
    }

    async fn credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.called()?;
        self.inner.credential(kind, secret).await
    }

    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.called()?;
        self.inner.signing_key(fresh).await
    }
}

#[async_trait]
impl KeyValueStore for ObservedStore {
    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<(), StoreError> {
        self.called()?;
        self.inner.put_value(name, value, now).await
    }

    async fn put_value_if_absent(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<bool, StoreError> {
        self.called()?;
        self.inner.put_value_if_absent(name, value, now).await
    }

    async fn value(&self, name: &str) -> Result<Option<StoredValue>, StoreError> {
        self.called()?;
        self.fail_as_told(name)?;
        self.inner.value(name).await
    }
}

#[async_trait]
impl PersonalDataStore for ObservedStore {
    async fn stored_about(&self, receipt_no: ReceiptNo) -> Result<Vec<Record>, StoreError> {
        self.called()?;
        self.inner.stored_about(receipt_no).await
    }

    async fn finished(
        &self,
        settled_before: Moment,
        over_by: NaiveDate,
        has_name: bool,
        most: usize,
    ) -> Result<Vec<ReceiptNo>, StoreError> {
        self.called()?;
        self.inner.finished(settled_before, over_by, has_name, most).await
    }

    async fn erase(
        &self,
        of: &[ReceiptNo],
        wished_at: Option<Moment>,
    ) -> Result<usize, StoreError> {
        self.called()?;
        self.inner.erase(of, wished_at).await
    }

    async fn delete(&self, of: &[ReceiptNo]) -> Result<usize, StoreError> {
        self.called()?;
        self.inner.delete(of).await
    }

    async fn texts_of(&self, user: TelegramId) -> Result<Vec<Record>, StoreError> {
        self.called()?;
        self.inner.texts_of(user).await
    }

    async fn delete_texts_of(&self, user: TelegramId) -> Result<usize, StoreError> {
        self.called()?;
        self.inner.delete_texts_of(user).await
    }

    async fn delete_rest(&self, before: NaiveDate, now: Moment) -> Result<(), StoreError> {
        self.called()?;
        self.inner.delete_rest(before, now).await
    }
}

#[async_trait]
impl BackupStore for ObservedStore {
    async fn dump(&self, now: Moment) -> Result<RecordStream, StoreError> {
        self.called()?;
        self.fail_as_told("dump")?;
        self.inner.dump(now).await
    }
}

#[async_trait]
impl StoreControl for ObservedStore {
    fn clock_ahead_ms(&self) -> Option<i64> {
        self.ahead_ms.lock().unwrap().or(self.inner.clock_ahead_ms())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.called()?;
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
