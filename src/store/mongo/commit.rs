//! Commits in MongoDB: one transaction for each batch. It reads what the commits depend on, lets
//! [`race`] decide which commits win, and writes the plan.
//!
//! Counters are written with the values that were read in their conditions. If one matches too few
//! documents, the snapshot is out of date and the batch is tried again. Bookings need no such
//! condition: the server refuses to change what another transaction has changed since the read.
//! Errors that the server calls transient are handled in the same way; they are frequent when two
//! processes book the same night.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::{ReadConcern, ReturnDocument};
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::MongoStore;
use super::connect::durable;
use super::error::{DUPLICATE_KEY, code, store_error};
use super::shape::{
    BOOKINGS, BookingStateDocument, CLAIMS, COUNTERS, ClaimDocument, LIMITS, LimitDocument,
    REQUESTS, RequestDocument, TRACKS, WAITING, track_document,
};
use super::waiting::PlaceDocument;
use super::writes::{Write, writes};
use crate::backoff::Backoff;
use crate::domain::{ReceiptNo, Revision, TokenHash, Track};
use crate::store::document::{hash, hash_text, receipt_no};
use crate::store::race::{self, BookingState, Claim, ReadSet, Snapshot};
use crate::store::{Commit, CommitOutcome, CommitStep, CommitStore, RequestRecord, StoreError};

/// How long a batch is tried. There is no fixed number of tries, because a node beside one that
/// commits without a pause needs many short tries before it succeeds.
const BATCH_TIMEOUT: Duration = Duration::from_secs(8);
/// A transaction in which nothing has happened for this long belongs to a process that died, or to
/// one that stalls. Its locks are in the way of every booking of the same room type and night.
const ABANDONED_AFTER: Duration = Duration::from_millis(500);
/// The longest pause between two tries: about what a transaction takes.
const MAX_BACKOFF: Duration = Duration::from_millis(20);
/// Waits between two tries, random so that two processes do not conflict again and again.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(2), MAX_BACKOFF);

/// How often an upsert is tried. It fails if another one inserts the same document first; the next
/// try then finds that document.
const UPSERT_TRIES: u32 = 10;

/// Why a try did not succeed.
enum Failure {
    /// Another try may succeed.
    Again(StoreError),
    /// Another try will not succeed.
    Final(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // Another process inserted the document since the snapshot: a conflict like any other.
        if error.contains_label(TRANSIENT_TRANSACTION_ERROR) || code(&error) == Some(DUPLICATE_KEY)
        {
            Self::Again(store_error(&error))
        } else {
            Self::Final(store_error(&error))
        }
    }
}

#[async_trait]
impl CommitStore for MongoStore {
    async fn next_serials(
        &self,
        day: NaiveDate,
        count: u32,
    ) -> Result<RangeInclusive<u32>, StoreError> {
        self.call(async {
            let counters = self.db.collection::<Document>(COUNTERS);
            for _ in 0..UPSERT_TRIES {
                let next = counters
                    .find_one_and_update(
                        doc! { "_id": format!("receipt {day}") },
                        doc! { "$inc": { "last": i64::from(count) } },
                    )
                    .upsert(true)
                    .return_document(ReturnDocument::After)
                    .await;
                match next {
                    Ok(counter) => {
                        let last = counter.and_then(|counter| counter.get_i64("last").ok());
                        let last = last.and_then(|last| u32::try_from(last).ok());
                        let last = last.ok_or_else(|| {
                            StoreError::Unexpected(format!("the counter of {day} cannot be read"))
                        })?;
                        return Ok(last.saturating_sub(count).saturating_add(1)..=last);
                    }
                    Err(error) if code(&error) == Some(DUPLICATE_KEY) => {}
                    Err(error) => return Err(store_error(&error)),
                }
            }
            Err(StoreError::Conflict(format!("the counter of {day}")))
        })
        .await
    }

    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError> {
        self.call(async {
            let begun = Instant::now();
            let (deadline, mut next_look) = (begun + BATCH_TIMEOUT, begun + ABANDONED_AFTER);
            let mut tries = 1;
            loop {
                let error = match self.try_commit(batch, deadline).await {
                    Ok(answers) => return Ok(answers),
                    Err(Failure::Final(error)) => return Err(error),
                    Err(Failure::Again(error)) => error,
                };
                if Instant::now() >= deadline {
                    return Err(error);
                }
                if Instant::now() >= next_look {
                    self.end_abandoned_transactions().await;
                    next_look = Instant::now() + ABANDONED_AFTER;
                }
                metrics::counter!("jatah_commit_retries_total").increment(1);
                sleep(BACKOFF.spread_after(tries)).await;
                tries += 1;
            }
        })
        .await
    }

    async fn request(&self, request: TokenHash) -> Result<Option<RequestRecord>, StoreError> {
        self.call(async {
            let requests = self.db.collection::<RequestDocument>(REQUESTS);
            let found = requests.find_one(doc! { "_id": hash_text(request) }).await;
            found.map_err(|error| store_error(&error))?.map(RequestRecord::try_from).transpose()
        })
        .await
    }

    // Replaces only an existing track: the end of the hold deletes it.
    async fn put_track(&self, of: ReceiptNo, track: &Track) -> Result<bool, StoreError> {
        self.call(async {
            let stored = track_document(of, track)?;
            let tracks = self.db.collection::<RawDocumentBuf>(TRACKS);
            let kept = tracks.replace_one(doc! { "_id": of.to_string() }, stored).await;
            Ok(kept.map_err(|error| store_error(&error))?.matched_count > 0)
        })
        .await
    }
}

impl MongoStore {
    /// Ends this program's transactions in which nothing has happened for [`ABANDONED_AFTER`]. The
    /// server itself would keep their locks for `transactionLifetimeLimitSeconds`, a minute by
    /// default. A process whose transaction is ended although it lives tries its batch again.
    async fn end_abandoned_transactions(&self) {
        let inactive = i64::try_from(ABANDONED_AFTER.as_micros()).unwrap_or(i64::MAX);
        let abandoned = async {
            let admin = self.client.database("admin");
            let sessions: Vec<Document> = admin
                .aggregate([
                    doc! { "$currentOp": { "idleSessions": true } },
                    doc! { "$match": {
                        "appName": &self.app_name,
                        "transaction.timeInactiveMicros": { "$gte": inactive },
                    } },
                    doc! { "$project": { "id": "$lsid.id" } },
                ])
                // The server allows no other one here.
                .read_concern(ReadConcern::local())
                .await?
                .try_collect()
                .await?;
            if !sessions.is_empty() {
                warn!(count = sessions.len(), "ending transactions that were abandoned");
                admin.run_command(doc! { "killSessions": sessions }).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = abandoned.await {
            // Without the right to do this, the server's own limit ends them.
            warn!(error = %error.kind, "abandoned transactions were not looked for");
        }
    }

    async fn try_commit(
        &self,
        batch: &[Commit],
        deadline: Instant,
    ) -> Result<Vec<CommitOutcome>, Failure> {
        let mut session = self.client.start_session().await?;
        session
            .start_transaction()
            .read_concern(ReadConcern::snapshot())
            .write_concern(durable())
            .await?;
        let written = match self.read(&mut session, batch).await {
            Ok(snapshot) => self.decide_and_write(&mut session, batch, &snapshot).await,
            Err(failure) => Err(failure),
        };
        match written {
            Ok((answers, true)) => {
                finish(&mut session, deadline).await?;
                Ok(answers)
            }
            // If this does not reach the server, it ends the transaction by itself later.
            Ok((answers, false)) => {
                let _ = session.abort_transaction().await;
                Ok(answers)
            }
            Err(failure) => {
                let _ = session.abort_transaction().await;
                Err(failure)
            }
        }
    }

    /// Reads everything that the batch depends on, as of the transaction's snapshot. This takes one
    /// round trip. It takes two if holds end or guests of the waiting list leave it, because the limits
    /// of those are stored with the bookings, and the room nights of these with the guests.
    async fn read(
        &self,
        session: &mut ClientSession,
        batch: &[Commit],
    ) -> Result<Snapshot, Failure> {
        let wanted = ReadSet::of(batch);
        let mut snapshot = Snapshot::default();
        let mut limits = wanted.limits;
        let mut claims: BTreeSet<_> = wanted.claims.iter().map(ToString::to_string).collect();

        let mut ids = vec![
            (REQUESTS, wanted.requests.into_iter().map(hash_text).collect()),
            (BOOKINGS, wanted.bookings.iter().map(ToString::to_string).collect()),
            (WAITING, wanted.waiting.iter().map(|ticket| hash_text(*ticket)).collect()),
        ];
        let ends_holds = batch.iter().flat_map(|commit| &commit.steps).any(CommitStep::ends_hold);
        let needs_more = ends_holds || !wanted.waiting.is_empty();
        if !needs_more {
            ids.push((LIMITS, std::mem::take(&mut limits).into_iter().collect()));
            ids.push((CLAIMS, std::mem::take(&mut claims).into_iter().collect()));
        }
        self.find(session, ids).await?.add_to(&mut snapshot)?;
        if needs_more {
            limits.extend(snapshot.released_limits(batch));
            claims.extend(snapshot.left_claims().iter().map(ToString::to_string));
            let claims = claims.into_iter().collect();
            let ids = vec![(LIMITS, limits.into_iter().collect()), (CLAIMS, claims)];
            self.find(session, ids).await?.add_to(&mut snapshot)?;
        }
        Ok(snapshot)
    }

    /// The documents with these ids, from several collections at once.
    async fn find(
        &self,
        session: &mut ClientSession,
        ids: Vec<(&'static str, Vec<String>)>,
    ) -> Result<FoundDocuments, Failure> {
        // `$unionWith` would do, but it is not allowed in transactions.
        let lookups =
            ids.into_iter().filter(|(_, ids)| !ids.is_empty()).map(|(collection, ids)| {
                let mut pipeline = vec![doc! { "$match": { "_id": { "$in": ids } } }];
                if collection == BOOKINGS {
                    pipeline.push(doc! { "$project": { "revision": 1, "limit_keys": 1 } });
                }
                doc! { "$lookup": { "from": collection, "pipeline": pipeline, "as": collection } }
            });
        let start = doc! { "$documents": [{}] };
        let found = self.db.aggregate([start].into_iter().chain(lookups));
        let mut found = found.with_type::<FoundDocuments>().session(&mut *session).await?;
        Ok(found.next(session).await.transpose()?.unwrap_or_default())
    }

    /// Decides and writes a batch. Returns the outcomes, and whether anything was written.
    async fn decide_and_write(
        &self,
        session: &mut ClientSession,
        batch: &[Commit],
        snapshot: &Snapshot,
    ) -> Result<(Vec<CommitOutcome>, bool), Failure> {
        let plan = race::decide(batch, snapshot)?;
        for write in writes(&plan)? {
            self.write(session, write).await?;
        }
        Ok((plan.outcomes, !plan.winners.is_empty()))
    }

    async fn write(&self, session: &mut ClientSession, write: Write) -> Result<(), Failure> {
        if write.statements.is_empty() {
            return Ok(());
        }
        let command = write.command();
        let reply = self.db.run_raw_command(command).session(session).await?;
        let again = || {
            let conflict = format!("{} moved meanwhile", write.collection);
            Err(Failure::Again(StoreError::Conflict(conflict)))
        };
        if let Some(Bson::Array(errors)) = reply.get("writeErrors") {
            let code =
                errors.first().and_then(Bson::as_document).and_then(|e| e.get_i32("code").ok());
            return match code {
                Some(DUPLICATE_KEY) => again(),
                code => {
                    let code = code.unwrap_or_default();
                    let message = format!("a write to {} failed with {code}", write.collection);
                    Err(Failure::Final(StoreError::Unexpected(message)))
                }
            };
        }
        let matched = reply.get_i32("n").ok().and_then(|n| usize::try_from(n).ok());
        if write.expected.is_none() || matched == write.expected { Ok(()) } else { again() }
    }
}

/// Documents from several collections, by the names of the collections.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FoundDocuments {
    requests: Vec<RequestDocument>,
    bookings: Vec<BookingStateDocument>,
    limits: Vec<LimitDocument>,
    claims: Vec<ClaimDocument>,
    waiting: Vec<PlaceDocument>,
}

impl FoundDocuments {
    fn add_to(self, snapshot: &mut Snapshot) -> Result<(), StoreError> {
        for stored in self.requests {
            snapshot.requests.insert(hash(&stored.request)?, stored.try_into()?);
        }
        for stored in self.bookings {
            let (revision, limit_keys) = (Revision(stored.revision), stored.limit_keys);
            let state = BookingState { revision, limit_keys };
            snapshot.bookings.insert(receipt_no(&stored.receipt_no)?, state);
        }
        for stored in self.limits {
            snapshot.limits.insert(stored.key, stored.running);
        }
        for stored in self.claims {
            let claim = Claim {
                taken: stored.taken,
                allotment: stored.allotment,
                is_closed: stored.is_closed,
                waiting: stored.waiting,
                line: stored.line,
            };
            snapshot.claims.insert(stored.key()?, claim);
        }
        for stored in self.waiting {
            let (ticket, place) = stored.place()?;
            snapshot.waiting.insert(ticket, place);
        }
        Ok(())
    }
}

/// Commits the transaction, and repeats this while the outcome is unknown. The transaction's number
/// makes repeating safe.
async fn finish(session: &mut ClientSession, deadline: Instant) -> Result<(), Failure> {
    let mut tries = 1;
    loop {
        match session.commit_transaction().await {
            Ok(()) => return Ok(()),
            Err(error) => {
                let unknown = error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT);
                if !unknown {
                    return Err(error.into());
                }
                if Instant::now() >= deadline {
                    // It may be written or not. If the caller sends it again, the outcome shows
                    // which.
                    let message = "the outcome of a commit is not known".to_owned();
                    return Err(Failure::Final(StoreError::Unavailable(message)));
                }
            }
        }
        sleep(BACKOFF.spread_after(tries)).await;
        tries += 1;
    }
}
