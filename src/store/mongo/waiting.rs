//! The waiting list in MongoDB.

use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime};
use futures_util::TryStreamExt;
use mongodb::bson::{DateTime, RawDocumentBuf, doc, rawdoc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::error::store_error;
use super::shape::{WAITING, raw};
use crate::domain::{TokenHash, WaitingGuest};
use crate::store::document::{WaitingDocument, hash, hash_text};
use crate::store::race::{Place, WaitingWrite};
use crate::store::{ClaimKey, MAX_WAITING, StoreError, WaitingList};

/// A guest, with the fields that commits and queries need.
#[derive(Serialize)]
struct StoredGuest {
    #[serde(rename = "_id")]
    ticket: String,
    is_waiting: bool,
    since_ms: i64,
    check_in: NaiveDate,
    claims: Vec<String>,
    document: WaitingDocument,
    /// A BSON date, because the index that deletes expired documents needs one.
    expires_at: DateTime,
}

#[derive(Deserialize)]
struct FoundGuest {
    document: WaitingDocument,
}

/// The fields of a guest that a commit needs.
#[derive(Debug, Deserialize)]
pub(super) struct PlaceDocument {
    #[serde(rename = "_id")]
    ticket: String,
    is_waiting: bool,
    claims: Vec<String>,
}

impl PlaceDocument {
    pub(super) fn place(self) -> Result<(TokenHash, Place), StoreError> {
        let claims = self.claims.iter().filter_map(|name| ClaimKey::parse(name)).collect();
        Ok((hash(&self.ticket)?, Place { is_waiting: self.is_waiting, claims }))
    }
}

#[async_trait]
impl WaitingList for MongoStore {
    async fn waiting_guests(&self, from: NaiveDate) -> Result<Vec<WaitingGuest>, StoreError> {
        self.call(async {
            let guests = self.db.collection::<FoundGuest>(WAITING);
            let most = i64::try_from(MAX_WAITING).unwrap_or(i64::MAX);
            let found = guests
                .find(doc! { "check_in": { "$gte": from.to_string() } })
                .sort(doc! { "since_ms": 1, "_id": 1 })
                .limit(most)
                .await
                .map_err(|error| store_error(&error))?;
            let found: Vec<_> = found.try_collect().await.map_err(|error| store_error(&error))?;
            found.into_iter().map(|stored| stored.document.try_into()).collect()
        })
        .await
    }

    async fn waiting_guest(&self, ticket: TokenHash) -> Result<Option<WaitingGuest>, StoreError> {
        self.call(async {
            let guests = self.db.collection::<FoundGuest>(WAITING);
            let found = guests.find_one(doc! { "_id": hash_text(ticket) }).await;
            let found = found.map_err(|error| store_error(&error))?;
            found.map(|stored| stored.document.try_into()).transpose()
        })
        .await
    }
}

/// The statements of a plan for the waiting list.
pub(super) struct WaitingStatements {
    pub joined: Vec<RawDocumentBuf>,
    pub offered: Vec<RawDocumentBuf>,
    pub left: Vec<RawDocumentBuf>,
}

pub(super) fn waiting_statements(
    writes: &[WaitingWrite<'_>],
) -> Result<WaitingStatements, StoreError> {
    let mut statements =
        WaitingStatements { joined: Vec::new(), offered: Vec::new(), left: Vec::new() };
    for write in writes {
        match write {
            WaitingWrite::Insert(guest, claims) => {
                statements.joined.push(guest_document(guest, claims)?);
            }
            WaitingWrite::Offered(ticket, receipt_no) => statements.offered.push(rawdoc! {
                "q": { "_id": hash_text(*ticket) },
                "u": { "$set": {
                    "is_waiting": false,
                    "document.receipt_no": receipt_no.to_string(),
                } },
            }),
            WaitingWrite::Delete(ticket) => {
                statements.left.push(rawdoc! { "q": { "_id": hash_text(*ticket) }, "limit": 1 });
            }
        }
    }
    Ok(statements)
}

fn guest_document(guest: &WaitingGuest, claims: &[ClaimKey]) -> Result<RawDocumentBuf, StoreError> {
    let document = WaitingDocument::from(guest);
    let expires_at = expires_at(guest.wish.check_in);
    raw(&StoredGuest {
        ticket: document.ticket.clone(),
        is_waiting: true,
        since_ms: document.since_ms,
        check_in: document.check_in,
        claims: claims.iter().map(ToString::to_string).collect(),
        document,
        expires_at,
    })
}

/// When a guest of a check-in date is deleted.
pub(super) fn expires_at(check_in: NaiveDate) -> DateTime {
    let over = check_in + WaitingDocument::KEPT_DAYS;
    DateTime::from_millis(over.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
}
