//! One batch, one transaction: read what the commits depend on, decide, write the difference.
//!
//! Nothing is written with a condition that the plan did not see: a short match count means that
//! the reading is out of date, and the batch is read again. So is it after whatever the server
//! calls transient, which two processes that book the same night see all the time.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Bson, doc};
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::ReadConcern;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::MongoStore;
use super::connect::durable;
use super::error::{DUPLICATE_KEY, code, store_error};
use super::plan::{Seen, SeenBooking, SeenClaim, claims_of, decide};
use super::shape::{
    BOOKINGS, BookingState, CLAIMS, ClaimDocument, LIMITS, LimitDocument, REQUESTS, RequestDocument,
};
use super::writes::{Write, writes};
use crate::domain::Revision;
use crate::store::document::{hash, hash_text, receipt_no};
use crate::store::{Commit, CommitOutcome, StoreError};

/// A batch is tried for so long. Not counted in tries: a node beside one that commits without a
/// pause finds its gap only after many short ones.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest pause between two tries: about what a transaction takes.
const MAX_PAUSE: Duration = Duration::from_millis(20);
/// More documents than any batch reads: everything comes with the first answer.
const ALL_AT_ONCE: u32 = 100_000;

/// Why a try did not succeed.
enum Failure {
    /// Another try may.
    Again(StoreError),
    /// No other try will.
    Final(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // What another process inserted since the snapshot is a conflict like any other.
        if error.contains_label(TRANSIENT_TRANSACTION_ERROR) || code(&error) == Some(DUPLICATE_KEY)
        {
            Self::Again(store_error(&error))
        } else {
            Self::Final(store_error(&error))
        }
    }
}

impl MongoStore {
    pub(super) async fn commit_batch(
        &self,
        batch: &[Commit],
    ) -> Result<Vec<CommitOutcome>, StoreError> {
        let deadline = Instant::now() + PATIENCE;
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
            metrics::counter!("jatah_commit_retries_total").increment(1);
            sleep(pause(tries)).await;
            tries += 1;
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
            Ok(seen) => self.decide_and_write(&mut session, batch, &seen).await,
            Err(failure) => Err(failure),
        };
        match written {
            Ok((answers, true)) => {
                finish(&mut session, deadline).await?;
                Ok(answers)
            }
            // The server forgets an unfinished transaction by itself, if this does not reach it.
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

    /// Everything that the batch depends on, as of the transaction's snapshot.
    async fn read(&self, session: &mut ClientSession, batch: &[Commit]) -> Result<Seen, Failure> {
        let mut seen = Seen::default();
        let openings = || batch.iter().filter_map(|commit| commit.opening.as_ref());

        let ids = distinct(openings().map(|opening| hash_text(opening.request)));
        for stored in self.find::<RequestDocument>(session, REQUESTS, ids).await? {
            seen.requests.insert(hash(&stored.request)?, stored.try_into()?);
        }

        let ids = distinct(batch.iter().map(|c| c.change.booking.receipt_no.to_string()));
        for stored in self.find::<BookingState>(session, BOOKINGS, ids).await? {
            let state =
                SeenBooking { revision: Revision(stored.revision), limit_keys: stored.limit_keys };
            seen.bookings.insert(receipt_no(&stored.receipt_no)?, state);
        }

        let of_openings = openings().flat_map(|o| o.limits.iter().map(|limit| limit.key.clone()));
        let of_ends = batch.iter().filter(|commit| commit.ends_hold()).flat_map(|commit| {
            let state = seen.bookings.get(&commit.change.booking.receipt_no);
            state.into_iter().flat_map(|state| state.limit_keys.iter().cloned())
        });
        let ids = distinct(of_openings.chain(of_ends));
        for stored in self.find::<LimitDocument>(session, LIMITS, ids).await? {
            seen.limits.insert(stored.key, stored.running);
        }

        let moving = batch.iter().filter(|c| c.opening.is_some() || c.frees_rooms());
        let ids =
            distinct(moving.flat_map(|c| claims_of(&c.change.booking)).map(|key| key.to_string()));
        for stored in self.find::<ClaimDocument>(session, CLAIMS, ids).await? {
            let state = SeenClaim { taken: stored.taken, allotment: stored.allotment };
            seen.claims.insert(stored.key()?, state);
        }
        Ok(seen)
    }

    async fn find<T: DeserializeOwned + Send + Sync>(
        &self,
        session: &mut ClientSession,
        collection: &str,
        ids: Vec<String>,
    ) -> Result<Vec<T>, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let documents = self.db.collection::<T>(collection);
        let find = documents.find(doc! { "_id": { "$in": ids } });
        let find = match collection {
            BOOKINGS => find.projection(doc! { "revision": 1, "limit_keys": 1 }),
            _ => find,
        };
        let mut cursor = find.batch_size(ALL_AT_ONCE).session(&mut *session).await?;
        Ok(cursor.stream(session).try_collect().await?)
    }

    /// The answers, and whether anything was written for them.
    async fn decide_and_write(
        &self,
        session: &mut ClientSession,
        batch: &[Commit],
        seen: &Seen,
    ) -> Result<(Vec<CommitOutcome>, bool), Failure> {
        let plan = decide(batch, seen)?;
        for write in writes(&plan)? {
            self.write(session, write).await?;
        }
        Ok((plan.answers, !plan.winners.is_empty()))
    }

    async fn write(&self, session: &mut ClientSession, write: Write) -> Result<(), Failure> {
        if write.statements.is_empty() {
            return Ok(());
        }
        let command = doc! {
            write.verb.name(): write.collection,
            write.verb.list(): write.statements,
            "ordered": true,
        };
        let reply = self.db.run_command(command).session(session).await?;
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

/// Commits, and asks again for as long as the outcome is unknown: the session's number makes
/// that safe.
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
                    // Perhaps written, perhaps not: sent again it finds out.
                    let message = "the outcome of a commit is not known".to_owned();
                    return Err(Failure::Final(StoreError::Unavailable(message)));
                }
            }
        }
        sleep(pause(tries)).await;
        tries += 1;
    }
}

/// A wait of up to 2 ms after the first try, growing to up to 200 ms, so that two processes do
/// not meet again and again.
fn pause(tries: u32) -> Duration {
    let most = Duration::from_millis(2_u64.saturating_pow(tries.min(8))).min(MAX_PAUSE);
    most.mul_f64(rand::random_range(0.1..1.0))
}

fn distinct(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
