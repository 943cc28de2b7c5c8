//! Documents that an older version wrote stay readable.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::*;
use crate::domain::travel::RouteEstimate;
use crate::domain::{Coordinates, FailureCode, FailureReason, Fix, PositionSource, Track};

/// Changes of every kind as the first version wrote them. The file must never be changed.
const FIRST_VERSION: &str = include_str!("../../../tests/it/fixtures/change-v1.json");

fn written_first() -> Vec<Value> {
    serde_json::from_str(FIRST_VERSION).unwrap()
}

fn read(document: &Value) -> Result<Change, StoreError> {
    let document: ChangeDocument = serde_json::from_value(document.clone()).unwrap();
    document.try_into()
}

/// Whether everything of `part` is in `whole`, which may have more fields.
fn has_all(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|stored| has_all(stored, value))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len()
                && whole.iter().zip(part).all(|(whole, part)| has_all(whole, part))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn changes_of_the_first_version_are_read_and_nothing_of_them_is_lost() {
    for document in written_first() {
        let change = read(&document).unwrap();
        let again = serde_json::to_value(ChangeDocument::from(&change)).unwrap();
        assert!(has_all(&again, &document), "{document} became {again}");
    }
}

#[test]
fn the_first_version_had_every_kind_of_event_and_channel() {
    let changes: Vec<_> = written_first().iter().map(|document| read(document).unwrap()).collect();
    let has = |wanted: fn(&Change) -> bool| changes.iter().any(wanted);
    assert!(has(|change| change.event == Event::Booked));
    assert!(has(|change| matches!(change.event, Event::Reminded { verdict: Some(_), .. })));
    assert!(has(|change| matches!(change.event, Event::Reminded { verdict: None, .. })));
    assert!(has(|change| change.event == Event::PaymentAsked));
    assert!(has(|change| matches!(change.event, Event::ExtendedByClock { .. })));
    assert!(has(|change| change.event == Event::ExtendedByStaff { minutes: 45 }));
    assert!(has(|change| change.event == Event::Arrived));
    assert!(has(|change| change.event == Event::Paid));
    assert!(has(|change| matches!(change.event, Event::Cancelled { note: Some(_) })));
    assert!(has(|change| change.event == Event::Cancelled { note: None }));
    assert!(has(|change| matches!(change.event, Event::Expired { verdict: Some(_) })));
    assert!(has(|change| change.event == Event::Expired { verdict: None }));
    assert!(has(|change| matches!(change.booking.guest.contact, Contact::Telegram(_))));
    assert!(has(|change| matches!(change.booking.guest.contact, Contact::Web(_))));
    assert!(has(|change| change.booking.qris_sent_at.is_some()));
    assert!(has(|change| change.booking.guest.language == Language::English));
}

#[test]
fn a_field_that_a_later_version_added_is_no_obstacle() {
    let mut document = written_first().remove(0);
    document["added_later"] = json!({ "deep": [1, 2] });
    document["booking"]["added_later"] = json!(true);
    assert_eq!(read(&document).unwrap(), read(&written_first()[0]).unwrap());
}

#[test]
fn a_broken_document_is_an_error_that_tells_nothing_of_the_guest() {
    let broken = [
        ("/booking/contact/email", json!("budi.santoso at example.com")),
        ("/booking/receipt_no", json!("RESI-20260230-001")),
        ("/booking/room/code", json!("")),
        ("/booking/price", json!(-1)),
        ("/booking/access", json!("short")),
        ("/booking/language", json!("xx")),
        ("/booking/booked_at_ms", json!(i64::MAX)),
        ("/notices/0/to", json!("NOBODY")),
    ];
    for (path, value) in broken {
        let mut document = written_first().remove(0);
        *document.pointer_mut(path).unwrap() = value;
        let error = read(&document).unwrap_err();
        assert!(matches!(error, StoreError::Unexpected(_)), "{path}");
        let text = error.to_string().to_lowercase();
        assert!(!text.contains("budi") && !text.contains("example.com"), "{text}");
    }
}

#[test]
fn a_track_is_read_as_it_was_written() {
    let at = moment(1_767_520_800_123).unwrap();
    let fix = |latitude, accuracy_metres| Fix {
        accuracy_metres,
        ..Fix::seen(Coordinates::new(latitude, 106.816_666).unwrap(), at)
    };
    let live = Fix {
        source: PositionSource::Live { until: Some(at) },
        route: RouteEstimate::Drive(TimeDelta::minutes(20)),
        ..fix(-6.19, None)
    };
    let lost =
        Fix { source: PositionSource::Single, route: RouteEstimate::Silent, ..fix(-6.18, None) };
    let endless = fix(-6.17, None).from_source(PositionSource::Live { until: None });
    let fixes = vec![fix(-6.2, None), fix(-6.175_392, Some(4.75)), live, lost, endless];
    let written = Track::from_fixes(fixes).with_outlier(Some(fix(-6.9, None)), 3);
    let text = serde_json::to_string(&fix_documents(&written)).unwrap();
    assert_eq!(track(serde_json::from_str(&text).unwrap()).unwrap(), written);
    let nowhere = r#"[{"latitude": 91.0, "longitude": 0.0, "at_ms": 0}]"#;
    assert_eq!(
        track(serde_json::from_str(nowhere).unwrap()).unwrap_err().to_string(),
        "unexpected: a stored position is broken: out of range"
    );
}

/// The first change of the first version, as a newer version might have written it.
fn written_by_a_newer_version(change: impl FnOnce(&mut Value)) -> Change {
    let mut document = written_first().remove(0);
    change(&mut document);
    read(&document).unwrap()
}

#[test]
fn a_kind_of_event_that_only_a_newer_version_knows_is_read_as_other() {
    let change = written_by_a_newer_version(|document| {
        document["event"] = json!({ "kind": "KIND_OF_TOMORROW", "by": { "who": "GUEST" } });
    });
    assert_eq!(change.event, Event::Other);
    assert!(!change.booking.is_read_only, "its state is known all the same");
}

#[test]
fn a_booking_by_a_channel_that_only_a_newer_version_knows_is_left_to_it() {
    let change = written_by_a_newer_version(|document| {
        document["booking"]["contact"] = json!({ "channel": "CHANNEL_OF_TOMORROW" });
    });
    assert_eq!(change.booking.guest.contact, Contact::Other);
    assert!(change.booking.is_read_only);
}

#[test]
fn a_booking_that_asks_for_a_newer_reader_is_left_to_it() {
    let of_reader = |reader: u32| {
        written_by_a_newer_version(|document| document["booking"]["min_reader"] = json!(reader))
    };
    assert!(!of_reader(READER).booking.is_read_only);
    assert!(of_reader(READER + 1).booking.is_read_only);
}

#[test]
fn a_reason_keeps_its_code_and_a_sentence_that_older_versions_show() {
    let reason = FailureReason::with_detail(FailureCode::MailServerReply, "550 no such user");
    let stored = serde_json::to_value(FailureDocument::from(&reason)).unwrap();
    assert_eq!(
        stored,
        json!({
            "reason": "server e-mail menjawab (the mail server says): 550 no such user",
            "code": "MAIL_SERVER_REPLY",
            "detail": "550 no such user",
        })
    );
    let read: FailureDocument = serde_json::from_value(stored).unwrap();
    assert_eq!(FailureReason::from(read), reason);
}

#[test]
fn a_reason_without_a_code_or_with_a_later_one_is_its_sentence() {
    for stored in [
        json!({ "reason": "kata lama (old words)" }),
        json!({ "reason": "kata lama (old words)", "code": "OF_A_LATER_VERSION", "detail": "x" }),
    ] {
        let read: FailureDocument = serde_json::from_value(stored).unwrap();
        let reason = FailureReason::from(read);
        assert_eq!(reason, FailureReason::recorded("kata lama (old words)".to_owned()));
        // Written again, it stays as it was, without a code.
        let again = serde_json::to_value(FailureDocument::from(&reason)).unwrap();
        assert_eq!(again, json!({ "reason": "kata lama (old words)" }));
    }
}

#[test]
fn what_is_owed_to_the_hotels_own_system_is_stored_where_earlier_versions_do_not_look() {
    let mut change = read(&written_first()[0]).unwrap();
    let owed = |to| Notification { to, useful_until: change.at, with_qris: false };
    let notifications = Recipient::ALL.map(owed).to_vec();
    change.notifications = notifications.clone();
    let mut document = serde_json::to_value(ChangeDocument::from(&change)).unwrap();
    let recipients = |document: &Value, field: &str| {
        document[field].as_array().unwrap().iter().map(|one| one["to"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(recipients(&document, "notices"), ["GUEST", "FRONT_OFFICE"]);
    assert_eq!(recipients(&document, "more_notices"), ["HOTEL_SYSTEM"]);
    assert_eq!(read(&document).unwrap().notifications, notifications);
    // A recipient that only a newer version knows is left to it.
    let more = document["more_notices"].as_array_mut().unwrap();
    more.push(json!({ "to": "MOON", "useful_until_ms": 0 }));
    assert_eq!(read(&document).unwrap().notifications, notifications);
}

#[test]
fn a_change_that_owes_the_hotels_own_system_nothing_is_stored_as_before() {
    let change = read(&written_first()[0]).unwrap();
    let document = serde_json::to_value(ChangeDocument::from(&change)).unwrap();
    assert!(document.get("more_notices").is_none());
}
