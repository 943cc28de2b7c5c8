//! Turns a plan into a few commands of many statements.

use std::collections::BTreeMap;

use mongodb::bson::raw::CStr;
use mongodb::bson::{RawArrayBuf, RawDocumentBuf, cstr, rawdoc};

use super::search::search_document;
use super::shape::{
    BOOKINGS, CHANGES, CLAIMS, LIMITS, REQUESTS, SEARCH_WORDS, TRACKS, WAITING, booking_document,
    change_document, track_document,
};
use super::waiting::waiting_statements;
use crate::domain::Track;
use crate::store::document::hash_text;
use crate::store::race::{BookingWrite, Claim, ClaimWrite, CountWrite, WritePlan};
use crate::store::{ClaimKey, Commit, CommitStep, Lease, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Insert,
    Update,
    Delete,
}

impl Verb {
    fn name(self) -> &'static CStr {
        match self {
            Self::Insert => cstr!("insert"),
            Self::Update => cstr!("update"),
            Self::Delete => cstr!("delete"),
        }
    }

    fn list(self) -> &'static CStr {
        match self {
            Self::Insert => cstr!("documents"),
            Self::Update => cstr!("updates"),
            Self::Delete => cstr!("deletes"),
        }
    }
}

/// One command with its statements.
pub(super) struct Write {
    pub collection: &'static str,
    pub verb: Verb,
    pub statements: Vec<RawDocumentBuf>,
    /// How many documents it must match; `None` if some may be missing.
    pub expected: Option<usize>,
}

impl Write {
    pub(super) fn command(&self) -> RawDocumentBuf {
        let mut command = RawDocumentBuf::new();
        command.append(self.verb.name(), self.collection);
        command.append(self.verb.list(), RawArrayBuf::from_iter(&self.statements));
        command.append(cstr!("ordered"), true);
        command
    }
}

/// The commands of a plan, in the order in which they run.
pub(super) fn writes(plan: &WritePlan<'_>) -> Result<Vec<Write>, StoreError> {
    let write = |collection, verb, statements: Vec<RawDocumentBuf>| {
        let expected = Some(statements.len());
        Write { collection, verb, statements, expected }
    };
    let bookings = plan.bookings.iter();
    let bookings = bookings.map(|write| booking_document(write.booking, &write.limit_keys));
    let bookings = bookings.collect::<Result<Vec<_>, StoreError>>()?;
    let replaced: Vec<_> = plan
        .bookings
        .iter()
        .filter(|write| write.before.is_some())
        .map(|write| write.booking.receipt_no.to_string())
        .collect();
    let is_indexed = |write: &&BookingWrite<'_>| write.before.is_none() || write.is_found_anew;
    let words = plan.bookings.iter().filter(is_indexed);
    let words = words.map(|write| search_document(write.booking));
    let stale_words = plan.bookings.iter().filter(|write| write.is_found_anew);
    let stale_words = stale_words.map(|write| write.booking.receipt_no.to_string()).collect();
    let stale_words = deletion_of(stale_words);
    let (replaced_count, replaced) = (replaced.len(), deletion_of(replaced));
    let changes: Result<_, StoreError> =
        winning_steps(plan).map(|(step, lease)| change_document(&step.change, lease)).collect();
    let requests = plan.requests.iter().map(|(request, made)| {
        rawdoc! {
            "_id": hash_text(*request),
            "receipt_no": made.receipt_no.to_string(),
            "fingerprint": hash_text(made.fingerprint),
        }
    });
    let begun = plan.tracks_begun.iter().map(|no| track_document(*no, &Track::default()));
    let ended: Vec<_> = plan.tracks_ended.iter().map(ToString::to_string).collect();
    let ended = deletion_of(ended);
    let (claimed, reclaimed) = claim_statements(&plan.claims);
    let forgotten = plan.limits.iter().filter(|write| write.after == 0).count();
    let (limited, relimited, unlimited) = limit_statements(&plan.limits);
    let line = waiting_statements(&plan.waiting)?;
    Ok(vec![
        // Claims come first, because processes conflict there: the loser has done little work.
        write(CLAIMS, Verb::Insert, claimed),
        write(CLAIMS, Verb::Update, reclaimed),
        // Deleting and inserting many documents takes mongod half the time of updating each. The
        // transaction has read their revisions, and fails if another one has changed them since.
        Write { expected: Some(replaced_count), ..write(BOOKINGS, Verb::Delete, replaced) },
        write(BOOKINGS, Verb::Insert, bookings),
        // A booking of an older version may have no words yet.
        Write { expected: None, ..write(SEARCH_WORDS, Verb::Delete, stale_words) },
        write(SEARCH_WORDS, Verb::Insert, words.collect::<Result<_, StoreError>>()?),
        write(LIMITS, Verb::Insert, limited),
        write(LIMITS, Verb::Update, relimited),
        Write { expected: Some(forgotten), ..write(LIMITS, Verb::Delete, unlimited) },
        write(REQUESTS, Verb::Insert, requests.collect()),
        Write { collection: TRACKS, verb: Verb::Delete, statements: ended, expected: None },
        write(TRACKS, Verb::Insert, begun.collect::<Result<_, StoreError>>()?),
        write(WAITING, Verb::Insert, line.joined),
        write(WAITING, Verb::Update, line.offered),
        write(WAITING, Verb::Delete, line.left),
        write(CHANGES, Verb::Insert, changes?),
    ])
}

/// The steps that won, in order, each with the lease of its commit.
fn winning_steps<'a>(
    plan: &'a WritePlan<'_>,
) -> impl Iterator<Item = (&'a CommitStep, &'a Lease)> + 'a {
    let steps = |commit: &'a Commit| commit.steps.iter().map(|step| (step, &commit.lease));
    plan.winners.iter().flat_map(move |commit| steps(commit))
}

fn replacement(query: RawDocumentBuf, update: RawDocumentBuf) -> RawDocumentBuf {
    rawdoc! { "q": query, "u": update }
}

fn deletion(query: RawDocumentBuf) -> RawDocumentBuf {
    rawdoc! { "q": query, "limit": 0 }
}

/// The statement that deletes the documents with these ids, if there are any.
fn deletion_of(ids: Vec<String>) -> Vec<RawDocumentBuf> {
    if ids.is_empty() {
        vec![]
    } else {
        vec![deletion(rawdoc! { "_id": { "$in": RawArrayBuf::from_iter(ids) } })]
    }
}

fn claim_statements(claims: &[ClaimWrite]) -> (Vec<RawDocumentBuf>, Vec<RawDocumentBuf>) {
    let (mut inserts, mut updates) = (Vec::new(), Vec::new());
    for ClaimWrite { key, before, after } in claims {
        let fields = claim_fields(before.unwrap_or_default(), *after);
        match before {
            None => inserts.push(claim_document(key, &fields)),
            // The server refuses to change what another transaction has changed since the read.
            Some(before) => updates.push(replacement(
                rawdoc! { "_id": key.to_string(), "taken": i64::from(before.taken) },
                rawdoc! { "$set": fields },
            )),
        }
    }
    (inserts, updates)
}

/// The fields of a room night that have changed.
fn claim_fields(before: Claim, after: Claim) -> RawDocumentBuf {
    let Claim { taken, allotment, is_closed, waiting, line } = after;
    let mut fields = RawDocumentBuf::new();
    if taken != before.taken {
        fields.append(cstr!("taken"), i64::from(taken));
    }
    if let Some(allotment) = allotment.filter(|_| allotment != before.allotment) {
        fields.append(cstr!("allotment"), i64::from(allotment));
    }
    if is_closed != before.is_closed {
        fields.append(cstr!("closed"), is_closed);
    }
    if line != before.line {
        fields.append(cstr!("waiting"), i64::from(waiting));
        fields.append(cstr!("line"), i64::from(line));
    }
    fields
}

fn claim_document(key: &ClaimKey, fields: &RawDocumentBuf) -> RawDocumentBuf {
    let mut document = rawdoc! {
        "_id": key.to_string(),
        "room": key.room.as_str(),
        "night": key.night.to_string(),
    };
    // A claim that only has an allotment counts its rooms too.
    if !matches!(fields.get("taken"), Ok(Some(_))) {
        document.append(cstr!("taken"), 0_i64);
    }
    for (name, value) in fields.iter().flatten() {
        document.append(name, value);
    }
    document
}

/// The statements for limits. A guest without a running hold has no document, so nothing is kept
/// about them.
fn limit_statements(
    limits: &[CountWrite<String>],
) -> (Vec<RawDocumentBuf>, Vec<RawDocumentBuf>, Vec<RawDocumentBuf>) {
    let (mut inserts, mut updates) = (Vec::new(), Vec::new());
    // One statement for all limits with the same old count, which is nearly always 1.
    let mut deletes: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for CountWrite { key, before, after } in limits {
        match (before, after) {
            (None, after) => {
                inserts.push(rawdoc! { "_id": key.as_str(), "running": i64::from(*after) });
            }
            (Some(before), 0) => deletes.entry(*before).or_default().push(key),
            (Some(before), after) => updates.push(replacement(
                rawdoc! { "_id": key.as_str(), "running": i64::from(*before) },
                rawdoc! { "$set": { "running": i64::from(*after) } },
            )),
        }
    }
    let deletes = deletes.into_iter().map(|(seen, keys)| {
        deletion(
            rawdoc! { "_id": { "$in": RawArrayBuf::from_iter(keys) }, "running": i64::from(seen) },
        )
    });
    (inserts, updates, deletes.collect())
}
