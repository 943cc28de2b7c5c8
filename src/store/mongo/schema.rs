//! Creates collections and indexes, and checks the version of the schema.
//!
//! All of this runs at every start, and may run in several processes at once.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::try_join_all;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};

use super::error::{NAMESPACE_EXISTS, code, store_error};
use super::search::words_index;
use super::shape::{
    BOOKINGS, CHANGES, CLAIMS, CODES, COUNTERS, FORGOTTEN, KEY_VALUES, LIMITS, META, REQUESTS,
    SEARCH_WORDS, SESSIONS, TRACKS, WAITING, newest_first,
};
use crate::store::document::status_text;
use crate::store::{StatusKind, StoreError};

/// The schema version. It must be raised if older versions could no longer read or preserve what
/// this one writes.
const VERSION: i64 = 1;

/// The document of the collection [`META`] that says that a restore is under way.
pub(super) const RESTORE: &str = "restore";
/// The document of the collection [`META`] that has the hotel's signing key.
pub(super) const SIGNING_KEY: &str = "signing_key";

/// Every collection of a hotel.
pub(super) const COLLECTIONS: [&str; 14] = [
    BOOKINGS,
    CHANGES,
    CLAIMS,
    LIMITS,
    REQUESTS,
    TRACKS,
    COUNTERS,
    CODES,
    SESSIONS,
    META,
    KEY_VALUES,
    SEARCH_WORDS,
    WAITING,
    FORGOTTEN,
];

pub(super) async fn ensure(db: &Database) -> Result<(), StoreError> {
    // The version is checked first, so that a newer version's database is not changed.
    check_version(db).await?;
    check_restore(db).await?;
    create(db, "").await
}

/// Creates the collections and their indexes, with names that begin with a prefix.
pub(super) async fn create(db: &Database, prefix: &str) -> Result<(), StoreError> {
    create_collections(db, prefix).await?;
    try_join_all(indexes().into_iter().map(|(collection, models)| async move {
        let collection: Collection<Document> = db.collection(&format!("{prefix}{collection}"));
        collection.create_indexes(models).await.map_err(|error| store_error(&error))
    }))
    .await?;
    Ok(())
}

/// Refuses a database that is being replaced by a backup.
async fn check_restore(db: &Database) -> Result<(), StoreError> {
    let meta: Collection<Document> = db.collection(META);
    let mark = meta.find_one(doc! { "_id": RESTORE }).await.map_err(|error| store_error(&error))?;
    match mark {
        None => Ok(()),
        Some(_) => Err(StoreError::Unavailable(format!(
            "a backup is being restored into the database {}; if that was interrupted, run `jatah \
             restore FILE --replace` again",
            db.name()
        ))),
    }
}

pub(super) async fn check_version(db: &Database) -> Result<(), StoreError> {
    let meta: Collection<Document> = db.collection(META);
    let filter = doc! { "_id": "schema" };
    let first = doc! { "$setOnInsert": { "version": VERSION } };
    match meta.update_one(filter.clone(), first).upsert(true).await.map_err(|e| store_error(&e)) {
        // On a conflict, another process wrote it at the same time.
        Ok(_) | Err(StoreError::Conflict(_)) => {}
        Err(error) => return Err(error),
    }
    let stored = meta.find_one(filter).await.map_err(|error| store_error(&error))?;
    let version = stored.and_then(|stored| stored.get_i64("version").ok());
    match version {
        Some(VERSION) => Ok(()),
        Some(version) => Err(StoreError::Unexpected(format!(
            "the database {} has schema version {version}, this program knows {VERSION} only: \
             it was written by another version of jatah",
            db.name()
        ))),
        None => Err(StoreError::Unexpected("the schema version cannot be read".to_owned())),
    }
}

/// Creates the collections, so that no transaction has to create one.
async fn create_collections(db: &Database, prefix: &str) -> Result<(), StoreError> {
    let there = db.list_collection_names().await.map_err(|error| store_error(&error))?;
    let there: HashSet<_> = there.iter().map(String::as_str).collect();
    let create = |name: String| async move {
        match db.create_collection(name).await {
            Err(error) if code(&error) != Some(NAMESPACE_EXISTS) => Err(store_error(&error)),
            Ok(()) | Err(_) => Ok(()),
        }
    };
    let names = COLLECTIONS.into_iter().map(|name| format!("{prefix}{name}"));
    try_join_all(names.filter(|name| !there.contains(name.as_str())).map(create)).await?;
    Ok(())
}

fn indexes() -> Vec<(&'static str, Vec<IndexModel>)> {
    let pages_by = |first: Document| {
        let mut keys = first;
        keys.extend(newest_first());
        index(keys)
    };
    vec![
        (
            BOOKINGS,
            vec![
                pages_by(doc! {}),
                pages_by(doc! { "status.kind": 1 }),
                pages_by(doc! { "check_in": 1 }),
                index(doc! { "status.at_ms": 1 }),
                partial(
                    doc! { "contact.id": 1 },
                    doc! { "status.kind": status_text(StatusKind::Pending) },
                ),
                wakes(),
            ],
        ),
        (
            CHANGES,
            vec![
                index(doc! { "booking.receipt_no": 1, "booking.revision": 1 }),
                partial(doc! { "at_ms": 1, "_id": 1 }, doc! { "owed": { "$gt": 0 } }),
            ],
        ),
        (SEARCH_WORDS, vec![index(words_index()), index(newest_first())]),
        (CLAIMS, vec![index(doc! { "night": 1 })]),
        (REQUESTS, vec![index(doc! { "receipt_no": 1 })]),
        (CODES, vec![expiring()]),
        (SESSIONS, vec![expiring()]),
        (KEY_VALUES, vec![expiring()]),
        (WAITING, vec![expiring(), index(doc! { "check_in": 1, "since_ms": 1, "_id": 1 })]),
    ]
}

/// The index of pending bookings with every field that a wake needs, so that the scan at start
/// reads only the index.
fn wakes() -> IndexModel {
    let keys = doc! {
        "status.kind": 1, "receipt_no": 1, "revision": 1, "hold_until_ms": 1, "remind_at_ms": 1,
    };
    partial(keys, doc! { "status.kind": status_text(StatusKind::Pending) })
}

fn index(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

fn partial(keys: Document, only: Document) -> IndexModel {
    let options = IndexOptions::builder().partial_filter_expression(only).build();
    IndexModel::builder().keys(keys).options(options).build()
}

/// The index by which the server deletes expired documents, by its own clock and some time late.
/// Readers must check the expiry time themselves.
fn expiring() -> IndexModel {
    let options = IndexOptions::builder().expire_after(Duration::ZERO).build();
    IndexModel::builder().keys(doc! { "expires_at": 1 }).options(options).build()
}
