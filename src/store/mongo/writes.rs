//! Turns a plan into a few commands of many statements. Each statement has the values that were
//! read in its condition.

use std::collections::BTreeMap;

use mongodb::bson::{Document, doc};

use super::shape::{
    BOOKINGS, CHANGES, CLAIMS, LIMITS, REQUESTS, TRACKS, booking_document, change_document,
    track_document,
};
use crate::domain::Track;
use crate::store::document::hash_text;
use crate::store::race::{CountWrite, WritePlan};
use crate::store::{ClaimKey, Commit, CommitStep, Lease, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Insert,
    Update,
    Delete,
}

impl Verb {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Insert => "documents",
            Self::Update => "updates",
            Self::Delete => "deletes",
        }
    }
}

/// One command with its statements.
pub(super) struct Write {
    pub collection: &'static str,
    pub verb: Verb,
    pub statements: Vec<Document>,
    /// How many documents it must match; `None` if some may be missing.
    pub expected: Option<usize>,
}

/// The commands of a plan, in the order in which they run.
pub(super) fn writes(plan: &WritePlan<'_>) -> Result<Vec<Write>, StoreError> {
    let write = |collection, verb, statements: Vec<Document>| {
        let expected = Some(statements.len());
        Write { collection, verb, statements, expected }
    };
    let (mut opened, mut moved) = (Vec::new(), Vec::new());
    for write in &plan.bookings {
        let stored = booking_document(write.booking, &write.limit_keys)?;
        let id = write.booking.receipt_no.to_string();
        match write.before {
            None => opened.push(stored),
            Some(before) => {
                moved.push(replacement(doc! { "_id": id, "revision": before.0 }, stored));
            }
        }
    }
    let changes: Result<_, StoreError> =
        winning_steps(plan).map(|(step, lease)| change_document(&step.change, lease)).collect();
    let requests = plan.requests.iter().map(|(request, made)| {
        doc! {
            "_id": hash_text(*request),
            "receipt_no": made.receipt_no.to_string(),
            "fingerprint": hash_text(made.fingerprint),
        }
    });
    let begun = plan.tracks_begun.iter().map(|no| track_document(*no, &Track::default()));
    let ended: Vec<_> = plan.tracks_ended.iter().map(ToString::to_string).collect();
    let ended =
        if ended.is_empty() { vec![] } else { vec![deletion(doc! { "_id": { "$in": ended } })] };
    let (claimed, reclaimed) = claim_statements(&plan.claims);
    let forgotten = plan.limits.iter().filter(|write| write.after == 0).count();
    let (limited, relimited, unlimited) = limit_statements(&plan.limits);
    Ok(vec![
        // Claims come first, because processes conflict there: the loser has done little work.
        write(CLAIMS, Verb::Insert, claimed),
        write(CLAIMS, Verb::Update, reclaimed),
        write(BOOKINGS, Verb::Insert, opened),
        write(BOOKINGS, Verb::Update, moved),
        write(LIMITS, Verb::Insert, limited),
        write(LIMITS, Verb::Update, relimited),
        Write { expected: Some(forgotten), ..write(LIMITS, Verb::Delete, unlimited) },
        write(REQUESTS, Verb::Insert, requests.collect()),
        Write { collection: TRACKS, verb: Verb::Delete, statements: ended, expected: None },
        write(TRACKS, Verb::Insert, begun.collect::<Result<_, StoreError>>()?),
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

fn replacement(query: Document, update: Document) -> Document {
    doc! { "q": query, "u": update }
}

fn deletion(query: Document) -> Document {
    doc! { "q": query, "limit": 0 }
}

fn claim_statements(claims: &[CountWrite<ClaimKey>]) -> (Vec<Document>, Vec<Document>) {
    let (mut inserts, mut updates) = (Vec::new(), Vec::new());
    for CountWrite { key, before, after } in claims {
        let id = key.to_string();
        match before {
            None => inserts.push(claim_document(key, *after)),
            Some(before) => updates.push(replacement(
                doc! { "_id": id, "taken": *before },
                doc! { "$set": { "taken": *after } },
            )),
        }
    }
    (inserts, updates)
}

fn claim_document(key: &ClaimKey, taken: u32) -> Document {
    doc! {
        "_id": key.to_string(),
        "room": key.room.as_str(),
        "night": key.night.to_string(),
        "taken": taken,
    }
}

/// The statements for limits. A guest without a running hold has no document, so nothing is kept
/// about them.
fn limit_statements(
    limits: &[CountWrite<String>],
) -> (Vec<Document>, Vec<Document>, Vec<Document>) {
    let (mut inserts, mut updates) = (Vec::new(), Vec::new());
    // One statement for all limits with the same old count, which is nearly always 1.
    let mut deletes: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for CountWrite { key, before, after } in limits {
        match (before, after) {
            (None, after) => inserts.push(doc! { "_id": key, "running": *after }),
            (Some(before), 0) => deletes.entry(*before).or_default().push(key),
            (Some(before), after) => updates.push(replacement(
                doc! { "_id": key, "running": *before },
                doc! { "$set": { "running": *after } },
            )),
        }
    }
    let deletes = deletes
        .into_iter()
        .map(|(seen, keys)| deletion(doc! { "_id": { "$in": keys }, "running": seen }));
    (inserts, updates, deletes.collect())
}
