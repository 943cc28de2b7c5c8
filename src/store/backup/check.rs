//! Checks that the records of a store fit together: no database is asked, and only sums are kept.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{NotificationRecord, Record, booking, change_key, waiting};
use crate::domain::ReceiptNo;
use crate::store::{StoreError, document};

/// How many records there are of each kind, and how many notifications are owed (`owed`).
pub type Counts = BTreeMap<String, u64>;

/// More changes than any booking has. It bounds the work for a damaged booking.
const MAX_REVISION: u32 = 1_000_000;
/// The most differences that are named.
const MAX_NAMED: usize = 3;

/// Checks records one after the other, in any order.
#[derive(Debug, Default)]
pub struct RecordCheck {
    counts: Counts,
    /// Rooms taken by live bookings, minus those of the claims; without the zeros.
    rooms: BTreeMap<(String, String), i64>,
    /// Bookings that must have a track, minus tracks; without the zeros.
    tracks: BTreeMap<ReceiptNo, i64>,
    /// The sum over the revisions that bookings say they have had, minus those of the changes. It
    /// is zero if both are the same. A sum of hashes needs no memory for each booking.
    revisions: u128,
    keys: BTreeSet<String>,
    unreadable: Vec<String>,
}

impl RecordCheck {
    /// Adds a record. One that cannot be read is a fault.
    pub fn add(&mut self, record: &Record) {
        *self.counts.entry(record.kind().to_owned()).or_default() += 1;
        if let Err(error) = self.try_add(record)
            && self.unreadable.len() < MAX_NAMED
        {
            self.unreadable.push(error.to_string());
        }
    }

    fn try_add(&mut self, record: &Record) -> Result<(), StoreError> {
        match record {
            Record::Booking { document, .. } => {
                let booking = booking(document)?;
                if booking.takes_room() {
                    for night in booking.stay.each_night() {
                        let room = booking.stay.room.code.to_string();
                        add(&mut self.rooms, (room, night.to_string()), 1);
                    }
                }
                if booking.has_track() {
                    add(&mut self.tracks, booking.receipt_no, 1);
                }
                if booking.revision.0 > MAX_REVISION {
                    let message = format!("{} has too many changes", booking.receipt_no);
                    return Err(StoreError::Damaged(message));
                }
                for revision in 1..=booking.revision.0 {
                    let hash = hash(booking.receipt_no, revision);
                    self.revisions = self.revisions.wrapping_add(hash);
                }
            }
            Record::Change { document, notifications, more_notifications, .. } => {
                let key = change_key(document)?;
                let hash = hash(key.receipt_no, key.revision);
                self.revisions = self.revisions.wrapping_sub(hash);
                // A backup of an earlier version has none of the second kind.
                if !are_of(notifications, &key.notifications)
                    || !(more_notifications.is_empty()
                        || are_of(more_notifications, &key.more_notifications))
                {
                    let message = format!(
                        "the notifications of change {} of {} are not those that it owes",
                        key.revision, key.receipt_no
                    );
                    return Err(StoreError::Damaged(message));
                }
                let owed = notifications.iter().chain(more_notifications);
                let owed = owed.filter(|notification| notification.is_owed());
                *self.counts.entry("owed".to_owned()).or_default() += owed.count() as u64;
            }
            Record::Claim { room, night, taken, .. } => {
                add(&mut self.rooms, (room.clone(), night.clone()), -i64::from(*taken));
            }
            Record::Track { receipt_no, .. } => {
                add(&mut self.tracks, document::receipt_no(receipt_no)?, -1);
            }
            Record::SigningKey { key } => {
                document::hash(key)?;
                self.keys.insert(key.clone());
            }
            Record::Request { request, receipt_no, fingerprint } => {
                document::hash(request)?;
                document::hash(fingerprint)?;
                document::receipt_no(receipt_no)?;
            }
            Record::Waiting { document, .. } => {
                document::hash(&waiting(document)?.ticket)?;
            }
            Record::Forgotten { receipt_no, .. } => {
                document::receipt_no(receipt_no)?;
            }
            Record::Limit { .. } | Record::Counter { .. } | Record::Text { .. } => {}
        }
        Ok(())
    }

    /// How many records there were.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What does not fit together, one sentence each.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.unreadable.clone();
        for ((room, night), more) in self.rooms.iter().take(MAX_NAMED) {
            faults.push(format!("{more:+} live bookings of {room} on {night} than rooms taken"));
        }
        for (receipt_no, more) in self.tracks.iter().take(MAX_NAMED) {
            faults.push(if *more > 0 {
                format!("{receipt_no} is held and has no track")
            } else {
                format!("{receipt_no} is not held and has a track")
            });
        }
        if self.revisions != 0 {
            faults.push("the changes are not those that the bookings have had".to_owned());
        }
        if self.keys.len() > 1 {
            faults.push("there is more than one signing key".to_owned());
        }
        faults
    }
}

/// Whether these are notifications to these recipients, in this order.
fn are_of(notifications: &[NotificationRecord], recipients: &[(String, i64)]) -> bool {
    notifications.iter().map(|one| &one.to).eq(recipients.iter().map(|(to, _)| to))
}

fn add<K: Ord>(sums: &mut BTreeMap<K, i64>, key: K, number: i64) {
    use std::collections::btree_map::Entry;
    match sums.entry(key) {
        Entry::Vacant(entry) => {
            if number != 0 {
                entry.insert(number);
            }
        }
        Entry::Occupied(mut entry) => {
            *entry.get_mut() += number;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

fn hash(receipt_no: ReceiptNo, revision: u32) -> u128 {
    let digest = Sha256::digest(format!("{receipt_no}#{revision}"));
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}
