//! The log in MongoDB: one change stream over the whole database.
//!
//! Changes are only inserted, so an event contains the state that was committed. Documents are
//! never looked up, because that would show a later state. The stream does not contain guests'
//! positions, only that they changed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::{Document, RawDocumentBuf, doc, serialize_to_document};
use mongodb::change_stream::ChangeStream;
use mongodb::change_stream::event::ResumeToken;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::MongoStore;
use super::error::{closed, cursor_error, store_error};
use super::shape::{
    CHANGES, LeaseDocument, SESSIONS, TRACKS, WAITING, notification_id, outbox_field, read,
    read_raw,
};
use crate::domain::Recipient;
use crate::store::document::{ChangeDocument, receipt_no, recipient_text};
use crate::store::{ChangeLog, Changes, Cursor, FeedEvent, SettledNotification, StoreError};

/// Longer than any resume token. Longer cursors are refused without asking the server.
const MAX_CURSOR: usize = 2_000;
/// How long the server waits for events in a replay. It is short, because an answer without events
/// is how a replay finds its end.
const REPLAY_WAIT: Duration = Duration::from_millis(10);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamEvent {
    #[serde(rename = "_id")]
    token: Document,
    operation_type: String,
    ns: Namespace,
    document_key: Key,
    full_document: Option<RawDocumentBuf>,
    update_description: Option<UpdateDescription>,
}

#[derive(Debug, Deserialize)]
struct Namespace {
    coll: String,
}

#[derive(Debug, Deserialize)]
struct Key {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateDescription {
    updated_fields: UpdatedFields,
}

#[derive(Debug, Deserialize)]
struct UpdatedFields {
    /// The recipient of the notification that was settled last, if the update is of a change.
    marked: Option<String>,
    /// The same for recipients that earlier versions do not know.
    marked_more: Option<String>,
    #[serde(flatten)]
    others: Document,
}

#[derive(Debug, Deserialize)]
struct ChangeEvent {
    lease: LeaseDocument,
}

#[async_trait]
impl ChangeLog for MongoStore {
    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError> {
        self.call(async {
            let watch = self.db.watch().pipeline(pipeline());
            let (opened, start) = match after {
                // The first answer must contain no event. The driver then keeps its token, which is
                // the place in the log at which the stream begins.
                None => {
                    let opened = watch.batch_size(0).await.map_err(|error| store_error(&error))?;
                    let start =
                        place(opened.resume_token())?.ok_or_else(|| no_token("no token"))?;
                    (opened, start)
                }
                // The first answer must come from the cursor's place, which shows that it exists.
                Some(cursor) => {
                    let watch = watch.resume_after(token(cursor)?);
                    (watch.await.map_err(|error| cursor_error(&error))?, cursor.clone())
                }
            };
            let state = (opened.with_type::<StreamEvent>(), self.closed.clone());
            let events = stream::try_unfold(state, |(mut events, closed)| async {
                let event = next(&mut events, &closed).await?;
                Ok(Some(((cursor(&event.token)?, feed_event(event)?), (events, closed))))
            });
            Ok(Changes { start, stream: events.boxed() })
        })
        .await
    }

    // The same stream, read up to a place. Its filter must be the same, because the server needs to
    // see the event that it resumes from.
    async fn replay(
        &self,
        after: &Cursor,
        until: &Cursor,
    ) -> Result<BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>, StoreError> {
        self.call(async {
            let until = well_formed(until)?;
            let watch = self.db.watch().pipeline(pipeline()).max_await_time(REPLAY_WAIT);
            let opened = watch.resume_after(token(after)?).await;
            let opened = opened.map_err(|error| cursor_error(&error))?.with_type::<StreamEvent>();
            let state = (opened, until, self.closed.clone());
            let events = stream::try_unfold(state, |(mut events, until, is_closed)| async {
                loop {
                    if is_closed.is_cancelled() {
                        return Err(closed());
                    }
                    let event = events.next_if_any().await.map_err(|error| store_error(&error))?;
                    let Some(event) = event else {
                        // No more events for now. The token shows how far the stream has read.
                        match place(events.resume_token())? {
                            Some(Cursor(reached)) if reached < until => continue,
                            Some(_) | None => return Ok(None),
                        }
                    };
                    let cursor = cursor(&event.token)?;
                    if cursor.0 > until {
                        return Ok(None);
                    }
                    match feed_event(event)? {
                        changed @ FeedEvent::Changed { .. } => {
                            return Ok(Some(((cursor, changed), (events, until, is_closed))));
                        }
                        FeedEvent::PositionMoved(_)
                        | FeedEvent::NotificationSettled(_)
                        | FeedEvent::WaitingListMoved
                        | FeedEvent::SessionEnded => {}
                    }
                }
            });
            Ok(events.boxed())
        })
        .await
    }
}

fn pipeline() -> [Document; 2] {
    let insert = doc! { "ns.coll": CHANGES, "operationType": "insert" };
    let settle = doc! {
        "ns.coll": CHANGES,
        "operationType": "update",
        "updateDescription.updatedFields.marked": { "$exists": true },
    };
    // Other recipients are only known to a newer version.
    let known = [recipient_text(Recipient::HotelSystem)];
    let settle_more = doc! {
        "ns.coll": CHANGES,
        "operationType": "update",
        "updateDescription.updatedFields.marked_more": { "$in": known },
    };
    let moved = doc! { "ns.coll": TRACKS, "operationType": "replace" };
    let ended = doc! { "ns.coll": SESSIONS, "operationType": "delete" };
    let waiting = doc! {
        "ns.coll": WAITING,
        "operationType": { "$in": ["insert", "update", "delete"] },
    };
    [
        doc! { "$match": { "$or": [insert, settle, settle_more, moved, ended, waiting] } },
        doc! { "$unset": ["fullDocument.fixes", "fullDocument.document", "lsid", "txnNumber", "clusterTime", "wallTime"] },
    ]
}

async fn next(
    events: &mut ChangeStream<StreamEvent>,
    is_closed: &CancellationToken,
) -> Result<StreamEvent, StoreError> {
    tokio::select! {
        () = is_closed.cancelled() => Err(closed()),
        event = events.try_next() => event
            .map_err(|error| store_error(&error))?
            .ok_or_else(|| StoreError::Unavailable("MongoDB ended the change stream".to_owned())),
    }
}

fn feed_event(event: StreamEvent) -> Result<FeedEvent, StoreError> {
    let odd = || StoreError::Unexpected(format!("an event of {} lacks a part", event.ns.coll));
    match (event.ns.coll.as_str(), event.operation_type.as_str()) {
        (CHANGES, "insert") => {
            let stored = event.full_document.ok_or_else(odd)?;
            let ChangeEvent { lease } = read_raw(stored.as_bytes())?;
            let change: ChangeDocument = read_raw(stored.as_bytes())?;
            Ok(FeedEvent::Changed {
                change: Arc::new(change.try_into()?),
                lease: lease.try_into()?,
            })
        }
        (CHANGES, "update") => {
            let UpdatedFields { marked, marked_more, others } =
                event.update_description.ok_or_else(odd)?.updated_fields;
            let marked = marked.or(marked_more).ok_or_else(odd)?;
            let notification = notification_id(&event.document_key.id, &marked)?;
            let is_given_up = others.contains_key(outbox_field(notification.to, "gave_up"));
            Ok(FeedEvent::NotificationSettled(SettledNotification { notification, is_given_up }))
        }
        (SESSIONS, "delete") => Ok(FeedEvent::SessionEnded),
        (WAITING, _) => Ok(FeedEvent::WaitingListMoved),
        (TRACKS, "replace") => Ok(FeedEvent::PositionMoved(receipt_no(&event.document_key.id)?)),
        _ => Err(odd()),
    }
}

/// The cursor of a resume token. Because all ids are texts, a token is a document with one
/// hexadecimal text, which is the cursor.
fn cursor(token: &Document) -> Result<Cursor, StoreError> {
    match (token.get_str("_data"), token.len()) {
        (Ok(data), 1) => Ok(Cursor(data.to_owned())),
        _ => Err(no_token("a token of another form")),
    }
}

fn token(cursor: &Cursor) -> Result<ResumeToken, StoreError> {
    well_formed(cursor).and_then(|data| read(doc! { "_data": data }))
}

/// The text of a cursor in the server's form. Texts in this form sort like their places in the log.
fn well_formed(Cursor(data): &Cursor) -> Result<String, StoreError> {
    let is_formed = !data.is_empty()
        && data.len() <= MAX_CURSOR
        && data.len().is_multiple_of(2)
        && data.bytes().all(|b| b.is_ascii_hexdigit());
    if is_formed { Ok(data.to_ascii_uppercase()) } else { Err(StoreError::NotFound) }
}

fn place(token: Option<ResumeToken>) -> Result<Option<Cursor>, StoreError> {
    let unreadable = |_| no_token("an unreadable token");
    token
        .map(|token| serialize_to_document(&token).map_err(unreadable).and_then(|t| cursor(&t)))
        .transpose()
}

fn no_token(what: &str) -> StoreError {
    StoreError::Unexpected(format!("MongoDB gave {what} for its change stream"))
}
