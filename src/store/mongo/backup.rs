//! Everything in a MongoDB database as records, and collections made from records that take the
//! place of a database's.
//!
//! A dump reads in one snapshot session, so it sees one moment. The server keeps that moment
//! readable for five minutes (`minSnapshotHistoryWindowInSeconds`).
//!
//! A restore must not run beside a node. Every node has a change stream over the database open, and
//! the server lists it, so no node needs to write anything to be found. Nodes that start later are
//! kept away by a mark in the database, which is written before the server is asked.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::{DateTime, Document, RawDocumentBuf, cstr, deserialize_from_slice, doc};
use mongodb::options::ReadConcern;
use mongodb::{ClientSession, Database, SessionCursor};
use serde::Deserialize;
use serde_json::Value;

use super::MongoStore;
use super::error::{broken, store_error};
use super::schema::{self, COLLECTIONS, RESTORE};
use super::search::{PROGRESS, search_document};
use super::shape::{
    BOOKINGS, CHANGES, CLAIMS, COUNTERS, FORGOTTEN, KEY_VALUES, LIMITS, META, REQUESTS,
    SEARCH_WORDS, TRACKS, WAITING, raw,
};
use super::waiting::expires_at;
use crate::domain::Moment;
use crate::store::backup::{
    self, BackupStore, CHUNK, LeaseRecord, NotificationRecord, Record, RecordStream, RestoreTarget,
};
use crate::store::document::{receipt_no, receipt_order};
use crate::store::{StoreControl, StoreError};

/// The collections that are dumped, in order.
const DUMPED: [&str; 11] = [
    META, COUNTERS, CLAIMS, WAITING, LIMITS, BOOKINGS, TRACKS, REQUESTS, KEY_VALUES, FORGOTTEN,
    CHANGES,
];
/// What the name of a collection that is being made begins with.
const UNFINISHED: &str = "restore_";

#[async_trait]
impl BackupStore for MongoStore {
    async fn dump(&self, now: Moment) -> Result<RecordStream, StoreError> {
        let session = self.client.start_session().snapshot(true).await;
        let session = session.map_err(|error| store_error(&error))?;
        let dump = Dump { store: self.clone(), session, cursor: None, left: DUMPED.to_vec(), now };
        let chunks = stream::try_unfold(dump, |mut dump| async {
            let chunk = dump.next_chunk().await?;
            Ok(chunk.map(|chunk| (chunk, dump)))
        });
        Ok(chunks.boxed())
    }
}

struct Dump {
    store: MongoStore,
    session: ClientSession,
    /// The collection that is being read.
    cursor: Option<(&'static str, SessionCursor<RawDocumentBuf>)>,
    left: Vec<&'static str>,
    now: Moment,
}

impl Dump {
    async fn next_chunk(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let store = self.store.clone();
        store
            .call(async {
                loop {
                    let Some((name, cursor)) = &mut self.cursor else {
                        if self.left.is_empty() {
                            return Ok(None);
                        }
                        let name = self.left.remove(0);
                        let collection = self.store.db.collection::<RawDocumentBuf>(name);
                        let found = collection
                            .find(doc! {})
                            // The session's own does not replace the client's.
                            .read_concern(ReadConcern::snapshot())
                            .session(&mut self.session)
                            .await;
                        let cursor = found.map_err(|error| store_error(&error))?;
                        self.cursor = Some((name, cursor));
                        continue;
                    };
                    let mut chunk = Vec::with_capacity(CHUNK);
                    while chunk.len() < CHUNK {
                        let Some(found) = cursor.next(&mut self.session).await else { break };
                        let found = found.map_err(|error| store_error(&error))?;
                        chunk.extend(record(name, &found, self.now)?);
                    }
                    if chunk.len() < CHUNK {
                        self.cursor = None;
                    }
                    if !chunk.is_empty() {
                        return Ok(Some(chunk));
                    }
                }
            })
            .await
    }
}

#[derive(Deserialize)]
struct StoredText {
    #[serde(rename = "_id")]
    name: String,
    text: String,
    expires_at: DateTime,
}

#[derive(Deserialize)]
struct StoredKey {
    #[serde(rename = "_id")]
    name: String,
    #[serde(default)]
    key: Option<String>,
}

/// The state of a notification in its change.
#[derive(Deserialize)]
struct StoredNotification {
    owed: bool,
    lease: LeaseRecord,
    #[serde(default)]
    sent_at_ms: Option<i64>,
    #[serde(default)]
    gave_up_at_ms: Option<i64>,
    #[serde(default)]
    gave_up: Option<String>,
    #[serde(default)]
    gave_up_code: Option<String>,
    #[serde(default)]
    gave_up_detail: Option<String>,
}

/// The record of a document; `None` for what backups do not have.
pub(super) fn record(
    collection: &str,
    stored: &RawDocumentBuf,
    now: Moment,
) -> Result<Option<Record>, StoreError> {
    let stored = stored.as_bytes();
    match collection {
        KEY_VALUES => {
            let StoredText { name, text, expires_at } = read(stored)?;
            let expires_at_ms = expires_at.timestamp_millis();
            let is_valid = expires_at_ms > now.timestamp_millis();
            return Ok(is_valid.then_some(Record::Text { name, text, expires_at_ms }));
        }
        META => {
            let StoredKey { name, key } = read(stored)?;
            let key = key.filter(|_| name == schema::SIGNING_KEY);
            return Ok(key.map(|key| Record::SigningKey { key }));
        }
        _ => {}
    }
    let mut document: Value = read(stored)?;
    let id = take(&mut document, "_id").as_str().unwrap_or_default().to_owned();
    let record = match collection {
        COUNTERS => {
            let day = id.strip_prefix("receipt ").unwrap_or(&id).to_owned();
            Record::Counter { day, last: part(&mut document, "last")? }
        }
        CLAIMS => Record::Claim {
            room: part(&mut document, "room")?,
            night: part(&mut document, "night")?,
            taken: part(&mut document, "taken")?,
            allotment: part(&mut document, "allotment")?,
            is_closed: part::<Option<bool>>(&mut document, "closed")?.unwrap_or_default(),
            waiting: part::<Option<u32>>(&mut document, "waiting")?.unwrap_or_default(),
            line: part::<Option<u32>>(&mut document, "line")?.unwrap_or_default(),
        },
        WAITING => Record::Waiting {
            is_waiting: part(&mut document, "is_waiting")?,
            claims: part(&mut document, "claims")?,
            document: take(&mut document, "document"),
        },
        LIMITS => Record::Limit { key: id, running: part(&mut document, "running")? },
        TRACKS => Record::Track { receipt_no: id, fixes: take(&mut document, "fixes") },
        REQUESTS => Record::Request {
            request: id,
            receipt_no: part(&mut document, "receipt_no")?,
            fingerprint: part(&mut document, "fingerprint")?,
        },
        FORGOTTEN => Record::Forgotten { receipt_no: id, at_ms: part(&mut document, "at_ms")? },
        BOOKINGS => {
            let limit_keys = part::<Option<Vec<String>>>(&mut document, "limit_keys")?;
            take(&mut document, "receipt_order");
            Record::Booking { document, limit_keys: limit_keys.unwrap_or_default() }
        }
        CHANGES => change(document)?,
        _ => return Ok(None),
    };
    Ok(Some(record))
}

fn change(mut document: Value) -> Result<Record, StoreError> {
    let lease = part(&mut document, "lease")?;
    let mut outbox = take(&mut document, "outbox");
    for field in ["owed", "marked", "marked_more"] {
        take(&mut document, field);
    }
    let key = backup::change_key(&document)?;
    let notifications = notifications(key.notifications, &mut outbox)?;
    // After a restore of an earlier version there is no state of these.
    let mut more = key.more_notifications;
    more.retain(|(to, _)| outbox.get(to).is_some());
    let more_notifications = self::notifications(more, &mut outbox)?;
    Ok(Record::Change { row: None, document, lease, notifications, more_notifications })
}

/// The state of each of these notifications of a change.
fn notifications(
    recipients: Vec<(String, i64)>,
    outbox: &mut Value,
) -> Result<Vec<NotificationRecord>, StoreError> {
    let record = |(to, _): (String, i64)| {
        let stored: StoredNotification = part(outbox, &to)?;
        // What was settled has a time. One that has none and is not owed must not be sent again.
        let given_up = (!stored.owed && stored.sent_at_ms.is_none()).then_some(0);
        Ok(NotificationRecord {
            to,
            lease: stored.lease,
            sent_at_ms: stored.sent_at_ms,
            gave_up_at_ms: stored.gave_up_at_ms.or(given_up),
            gave_up: stored.gave_up,
            gave_up_code: stored.gave_up_code,
            gave_up_detail: stored.gave_up_detail,
        })
    };
    recipients.into_iter().map(record).collect()
}

fn read<T: serde::de::DeserializeOwned>(stored: &[u8]) -> Result<T, StoreError> {
    deserialize_from_slice(stored).map_err(|error| broken(&error))
}

fn take(document: &mut Value, field: &str) -> Value {
    document.as_object_mut().and_then(|fields| fields.remove(field)).unwrap_or_default()
}

fn part<T: serde::de::DeserializeOwned>(
    document: &mut Value,
    field: &str,
) -> Result<T, StoreError> {
    serde_json::from_value(take(document, field))
        .map_err(|_| StoreError::Damaged(format!("a document has not the right form, at {field}")))
}

/// A database that is being replaced. The new collections are made beside the old ones.
pub struct MongoRestore {
    store: MongoStore,
}

impl MongoRestore {
    /// Starts to replace the database of a URL. It may have nothing yet.
    ///
    /// # Errors
    /// [`StoreError`] if a node serves it, as far as the server can tell, or the database cannot be
    /// used.
    pub async fn begin(url: &str, clock: crate::clock::Clock) -> Result<Self, StoreError> {
        let begun_at = DateTime::from_millis(clock.now().timestamp_millis());
        let store = MongoStore::connect_to_restore(url, clock).await?;
        let restore = Self { store };
        if let Err(error) = restore.reserve(begun_at).await {
            restore.store.close().await;
            return Err(error);
        }
        Ok(restore)
    }

    /// Marks the database, so that no node starts, and looks for one that runs.
    async fn reserve(&self, begun_at: DateTime) -> Result<(), StoreError> {
        let meta = self.store.db.collection::<Document>(META);
        let set = doc! { "$set": { "begun_at": begun_at } };
        let marked = self.store.call(async {
            let marked = meta.update_one(doc! { "_id": RESTORE }, set).upsert(true).await;
            marked.map_err(|error| store_error(&error))
        });
        // A mark of a restore that did not end stays if this one is refused too.
        let is_new = marked.await?.upserted_id.is_some();
        let nodes = self.nodes().await;
        if matches!(nodes, Ok(0)) {
            return self.drop_unfinished().await;
        }
        if is_new {
            self.unmark().await?;
        }
        nodes?;
        Err(StoreError::Unavailable(format!(
            "the database {} is served by a node: stop every node first (after a crash of one, the \
             server may need ten minutes to notice)",
            self.store.db.name()
        )))
    }

    /// How many change streams and transactions over the whole database are open on the server.
    async fn nodes(&self) -> Result<usize, StoreError> {
        self.store
            .call(async {
                let of_database = format!("{}.$cmd.aggregate", self.store.db.name());
                let admin = self.store.client.database("admin");
                let found = admin
                    .aggregate([
                        doc! { "$currentOp": { "idleCursors": true } },
                        doc! { "$match": { "ns": of_database } },
                        doc! { "$project": { "ns": 1 } },
                    ])
                    // The server allows no other one here.
                    .read_concern(ReadConcern::local())
                    .await
                    .map_err(|error| store_error(&error))?;
                let found: Vec<Document> =
                    found.try_collect().await.map_err(|error| store_error(&error))?;
                Ok(found.len())
            })
            .await
    }

    async fn unmark(&self) -> Result<(), StoreError> {
        let meta = self.store.db.collection::<Document>(META);
        self.store
            .call(async {
                let unmarked = meta.delete_one(doc! { "_id": RESTORE }).await;
                unmarked.map(|_| ()).map_err(|error| store_error(&error))
            })
            .await
    }

    async fn drop_unfinished(&self) -> Result<(), StoreError> {
        for name in COLLECTIONS {
            let collection = self.unfinished(name);
            self.store
                .call(async { collection.drop().await.map_err(|error| store_error(&error)) })
                .await?;
        }
        Ok(())
    }

    fn unfinished(&self, name: &str) -> mongodb::Collection<RawDocumentBuf> {
        self.store.db.collection(&format!("{UNFINISHED}{name}"))
    }

    async fn put(&self, name: &str, documents: Vec<RawDocumentBuf>) -> Result<(), StoreError> {
        if documents.is_empty() {
            return Ok(());
        }
        let collection = self.unfinished(name);
        self.store
            .call(async {
                let inserted = collection.insert_many(documents).await;
                inserted.map(|_| ()).map_err(|error| store_error(&error))
            })
            .await
    }

    /// Gives a collection that was made its name.
    async fn rename(&self, name: &str) -> Result<(), StoreError> {
        let database = self.store.db.name();
        let command = doc! {
            "renameCollection": format!("{database}.{UNFINISHED}{name}"),
            "to": format!("{database}.{name}"),
            "dropTarget": true,
        };
        let admin = self.store.client.database("admin");
        self.store
            .call(async {
                let renamed = admin.run_command(command).await;
                renamed.map(|_| ()).map_err(|error| store_error(&error))
            })
            .await
    }
}

#[async_trait]
impl RestoreTarget for MongoRestore {
    async fn is_empty(&mut self) -> Result<bool, StoreError> {
        for name in [BOOKINGS, CHANGES, CLAIMS, COUNTERS] {
            let collection = self.store.db.collection::<Document>(name);
            let found = self.store.call(async {
                collection.find_one(doc! {}).await.map_err(|error| store_error(&error))
            });
            if found.await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn forgotten(&mut self) -> Result<Vec<Record>, StoreError> {
        let collection = self.store.db.collection::<RawDocumentBuf>(FORGOTTEN);
        self.store
            .call(async {
                let found = collection.find(doc! {}).await.map_err(|error| store_error(&error))?;
                let found: Vec<_> =
                    found.try_collect().await.map_err(|error| store_error(&error))?;
                let record = |stored| record(FORGOTTEN, stored, Moment::UNIX_EPOCH);
                found.iter().filter_map(|stored| record(stored).transpose()).collect()
            })
            .await
    }

    async fn load(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        let mut documents: Vec<(&str, Vec<RawDocumentBuf>)> = Vec::new();
        let mut add = |name: &'static str, document: RawDocumentBuf| match documents
            .iter_mut()
            .find(|(of, _)| *of == name)
        {
            Some((_, list)) => list.push(document),
            None => documents.push((name, vec![document])),
        };
        for record in records {
            if let Record::Booking { document, .. } = &record {
                add(SEARCH_WORDS, search_document(&backup::booking(document)?)?);
            }
            let (name, document) = document_of(record)?;
            add(name, document);
        }
        for (name, documents) in documents {
            self.put(name, documents).await?;
        }
        Ok(())
    }

    async fn put_in_place(self: Box<Self>) -> Result<Option<String>, StoreError> {
        let unfinished: Database = self.store.db.clone();
        schema::create(&unfinished, UNFINISHED).await?;
        // The mark stays until all are in place, so no node sees a part of them.
        for name in COLLECTIONS.into_iter().filter(|name| *name != META) {
            self.rename(name).await?;
        }
        let meta = self.store.db.collection::<Document>(META);
        let restored = self.store.db.collection::<Document>(&format!("{UNFINISHED}{META}"));
        let kept_up = async {
            if let Some(key) = restored.find_one(doc! { "_id": schema::SIGNING_KEY }).await? {
                let filter = doc! { "_id": schema::SIGNING_KEY };
                meta.replace_one(filter, key).upsert(true).await?;
            }
            // It says up to which of the old bookings the search words are complete.
            meta.delete_one(doc! { "_id": PROGRESS }).await?;
            restored.drop().await
        };
        self.store.call(async { kept_up.await.map_err(|error| store_error(&error)) }).await?;
        self.unmark().await?;
        self.store.close().await;
        Ok(None)
    }

    async fn give_up(self: Box<Self>) {
        let undone = async {
            self.drop_unfinished().await?;
            self.unmark().await
        };
        if let Err(error) = undone.await {
            tracing::warn!(%error, "what was loaded was not removed");
        }
        self.store.close().await;
    }
}

/// The document of a record, with its collection.
fn document_of(record: Record) -> Result<(&'static str, RawDocumentBuf), StoreError> {
    Ok(match record {
        Record::Booking { document, limit_keys } => {
            let booking = backup::booking(&document)?;
            let beside = serde_json::json!({
                "_id": booking.receipt_no.to_string(),
                "limit_keys": limit_keys,
                "receipt_order": receipt_order(booking.receipt_no),
            });
            (BOOKINGS, with_fields(document, beside)?)
        }
        Record::Change { document, lease, mut notifications, more_notifications, .. } => {
            let key = backup::change_key(&document)?;
            notifications.extend(more_notifications);
            let owed = notifications.iter().filter(|notification| notification.is_owed()).count();
            let outbox = notifications
                .iter()
                .map(|notification| (notification.to.clone(), outbox_entry(notification)));
            let beside = serde_json::json!({
                "_id": format!("{}#{}", key.receipt_no, key.revision),
                "lease": lease,
                "outbox": outbox.collect::<serde_json::Map<_, _>>(),
                "owed": owed,
            });
            (CHANGES, with_fields(document, beside)?)
        }
        Record::Claim { room, night, taken, allotment, is_closed, waiting, line } => {
            let mut document = doc! {
                "_id": format!("{room}|{night}"),
                "room": room,
                "night": night,
                "taken": i64::from(taken),
            };
            if let Some(allotment) = allotment {
                document.insert("allotment", allotment);
            }
            if is_closed {
                document.insert("closed", true);
            }
            for (name, number) in [("waiting", waiting), ("line", line)] {
                if number > 0 {
                    document.insert(name, i64::from(number));
                }
            }
            (CLAIMS, raw(&document)?)
        }
        Record::Waiting { document, is_waiting, claims } => {
            let guest = backup::waiting(&document)?;
            let fields = serde_json::json!({
                "_id": guest.ticket,
                "is_waiting": is_waiting,
                "since_ms": guest.since_ms,
                "check_in": guest.check_in,
                "claims": claims,
                "document": document,
            });
            let mut stored = raw(&fields)?;
            stored.append(cstr!("expires_at"), expires_at(guest.check_in));
            (WAITING, stored)
        }
        Record::Limit { key, running } => {
            (LIMITS, raw(&doc! { "_id": key, "running": i64::from(running) })?)
        }
        Record::Request { request, receipt_no, fingerprint } => {
            let document =
                doc! { "_id": request, "receipt_no": receipt_no, "fingerprint": fingerprint };
            (REQUESTS, raw(&document)?)
        }
        Record::Track { receipt_no: number, fixes } => {
            receipt_no(&number)?;
            (TRACKS, raw(&serde_json::json!({ "_id": number, "fixes": fixes }))?)
        }
        Record::Counter { day, last } => {
            (COUNTERS, raw(&doc! { "_id": format!("receipt {day}"), "last": i64::from(last) })?)
        }
        Record::Forgotten { receipt_no, at_ms } => {
            (FORGOTTEN, raw(&doc! { "_id": receipt_no, "at_ms": at_ms })?)
        }
        Record::SigningKey { key } => {
            (META, raw(&doc! { "_id": schema::SIGNING_KEY, "key": key })?)
        }
        Record::Text { name, text, expires_at_ms } => {
            let expires_at = DateTime::from_millis(expires_at_ms);
            (KEY_VALUES, raw(&doc! { "_id": name, "text": text, "expires_at": expires_at })?)
        }
    })
}

fn outbox_entry(notification: &NotificationRecord) -> Value {
    let mut entry = serde_json::json!({
        "owed": notification.is_owed(),
        "lease": notification.lease,
    });
    let texts = [
        ("gave_up", &notification.gave_up),
        ("gave_up_code", &notification.gave_up_code),
        ("gave_up_detail", &notification.gave_up_detail),
    ];
    let moments =
        [("sent_at_ms", notification.sent_at_ms), ("gave_up_at_ms", notification.gave_up_at_ms)];
    if let Some(fields) = entry.as_object_mut() {
        fields.extend(texts.into_iter().filter_map(|(field, text)| {
            text.as_ref().map(|text| (field.to_owned(), text.as_str().into()))
        }));
        fields.extend(
            moments.into_iter().filter_map(|(field, moment)| {
                moment.map(|moment| (field.to_owned(), moment.into()))
            }),
        );
    }
    entry
}

/// A shared document with the fields that only this store has.
fn with_fields(document: Value, beside: Value) -> Result<RawDocumentBuf, StoreError> {
    let (Value::Object(mut fields), Value::Object(more)) = (document, beside) else {
        return Err(StoreError::Damaged("a document has not the form that it should have".into()));
    };
    fields.extend(more);
    raw(&fields)
}
