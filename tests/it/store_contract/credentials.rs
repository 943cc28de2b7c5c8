//! One-time codes, sessions, the signing key, stored values, and the closed store.

use chrono::TimeDelta;
use futures_util::StreamExt;
use jatah::domain::{Moment, Role, TelegramId};
use jatah::store::{Credential, CredentialKind, FeedEvent, StoreError, StoredValue};
use tokio::task::JoinSet;

use super::SharedStore;
use crate::build::{TestBooking, book, minute, secret, staff, today};

fn credential(role: Role, expires_at: Moment) -> Credential {
    Credential { name: staff("Ibu Ningsih"), role, telegram_id: None, expires_at }
}

/// An expiry that is far away. A store may delete credentials that are expired by its own clock,
/// which is not the test's clock.
fn far_ahead() -> Moment {
    minute(60 * 24 * 365 * 50)
}

pub async fn a_code_is_taken_once_among_many(store: SharedStore) {
    let code = credential(Role::Manager, far_ahead());
    store.put_credential(CredentialKind::Code, secret(1), &code).await.unwrap();
    store.put_credential(CredentialKind::Code, secret(2), &code).await.unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        callers.spawn(async move {
            store.take_credential(CredentialKind::Code, secret(1)).await.unwrap()
        });
    }
    let got: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    assert_eq!(got, std::slice::from_ref(&code));
    assert_eq!(store.take_credential(CredentialKind::Code, secret(1)).await.unwrap(), None);
    assert_eq!(store.credential(CredentialKind::Code, secret(2)).await.unwrap(), Some(code));
}

pub async fn a_session_is_read_by_its_secret_until_it_is_taken(store: SharedStore) {
    let session = credential(Role::FrontOffice, far_ahead());
    store.put_credential(CredentialKind::Session, secret(1), &session).await.unwrap();
    for _ in 0..2 {
        let read = store.credential(CredentialKind::Session, secret(1)).await.unwrap();
        assert_eq!(read, Some(session.clone()));
    }
    assert_eq!(store.credential(CredentialKind::Session, secret(2)).await.unwrap(), None);
    // A secret is used once: of several that are stored at once, one is.
    let longer = Credential { role: Role::Manager, ..session.clone() };
    let again = store.put_credential(CredentialKind::Session, secret(1), &longer).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(
        store.take_credential(CredentialKind::Session, secret(1)).await.unwrap(),
        Some(session)
    );
    assert_eq!(store.credential(CredentialKind::Session, secret(1)).await.unwrap(), None);
}

pub async fn the_running_sessions_are_listed_and_their_ends_are_published(store: SharedStore) {
    let session = Credential {
        telegram_id: Some(TelegramId(501)),
        ..credential(Role::FrontOffice, far_ahead())
    };
    let expired = credential(Role::Manager, far_ahead() - TimeDelta::minutes(1));
    store.put_credential(CredentialKind::Session, secret(1), &session).await.unwrap();
    store.put_credential(CredentialKind::Session, secret(2), &expired).await.unwrap();
    store.put_credential(CredentialKind::Code, secret(3), &session).await.unwrap();
    let now = far_ahead() - TimeDelta::minutes(1);
    assert_eq!(store.sessions(now).await.unwrap(), [(secret(1), session.clone())]);
    let mut changes = store.changes(None).await.unwrap().stream;
    assert_eq!(
        store.take_credential(CredentialKind::Code, secret(3)).await.unwrap(),
        Some(session.clone())
    );
    assert_eq!(store.take_credential(CredentialKind::Session, secret(9)).await.unwrap(), None);
    assert_eq!(
        store.take_credential(CredentialKind::Session, secret(1)).await.unwrap(),
        Some(session)
    );
    book(&*store, &TestBooking::new(1)).await;
    let mut next = async || changes.next().await.unwrap().unwrap().1;
    assert_eq!(next().await, FeedEvent::SessionEnded);
    assert!(matches!(next().await, FeedEvent::Changed { .. }));
}

pub async fn codes_and_sessions_are_different_things(store: SharedStore) {
    let code = credential(Role::Manager, far_ahead());
    store.put_credential(CredentialKind::Code, secret(1), &code).await.unwrap();
    assert_eq!(store.credential(CredentialKind::Session, secret(1)).await.unwrap(), None);
    assert_eq!(store.take_credential(CredentialKind::Session, secret(1)).await.unwrap(), None);
    assert_eq!(store.take_credential(CredentialKind::Code, secret(1)).await.unwrap(), Some(code));
}

pub async fn the_signing_key_is_the_first_one_for_everybody(store: SharedStore) {
    let mut callers = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        callers.spawn(async move { store.signing_key([number; 32]).await.unwrap() });
    }
    let keys = callers.join_all().await;
    let kept = keys[0];
    assert!(kept[0] < 20 && kept.iter().all(|byte| *byte == kept[0]));
    assert!(keys.iter().all(|key| *key == kept));
    assert_eq!(store.signing_key([99; 32]).await.unwrap(), kept);
}

pub async fn a_value_is_read_by_its_name_and_a_later_one_replaces_it(store: SharedStore) {
    assert_eq!(store.value("start:abc").await.unwrap(), None);
    let value = |text: &str| StoredValue { text: text.to_owned(), expires_at: far_ahead() };
    store.put_value("start:abc", &value("one"), minute(0)).await.unwrap();
    store.put_value("start:abc", &value("two <&> 🙂"), minute(0)).await.unwrap();
    store.put_value("start:abd", &value("three"), minute(0)).await.unwrap();
    assert_eq!(store.value("start:abc").await.unwrap(), Some(value("two <&> 🙂")));
}

pub async fn of_several_who_store_a_value_if_there_is_none_one_does(store: SharedStore) {
    let value = |text: String, expires_at| StoredValue { text, expires_at };
    let put = async |minutes: i64, expires_at| {
        let tries = (0..8).map(|index| {
            let (store, value) = (store.clone(), value(format!("{minutes} {index}"), expires_at));
            async move {
                store.put_value_if_absent("daily.test:1", &value, minute(minutes)).await.unwrap()
            }
        });
        let stored = futures_util::future::join_all(tries).await;
        stored.into_iter().filter(|is_stored| *is_stored).count()
    };
    let ends = far_ahead();
    assert_eq!(put(0, ends).await, 1);
    assert_eq!(put(1, ends).await, 0, "it is there");
    let after = ends + TimeDelta::minutes(1);
    let late = (after - minute(0)).num_minutes();
    assert_eq!(put(late, after + TimeDelta::minutes(1)).await, 1, "it has expired");
    let kept = store.value("daily.test:1").await.unwrap().unwrap();
    assert!(kept.text.starts_with(&format!("{late} ")), "{kept:?}");
}

pub async fn a_closed_store_is_unavailable(store: SharedStore) {
    let mut changes = store.changes(None).await.unwrap();
    store.close().await;
    let unavailable =
        |error: Option<StoreError>| assert!(matches!(error, Some(StoreError::Unavailable(_))));
    unavailable(store.ping().await.err());
    unavailable(store.next_serials(today(), 1).await.err());
    unavailable(store.commit(&[TestBooking::new(1).commit()]).await.err());
    unavailable(store.booking(TestBooking::new(1).receipt_no()).await.err());
    unavailable(store.changes(None).await.err());
    unavailable(super::next(&mut changes).await.err());
    store.close().await;
}

pub async fn a_value_that_is_kept_for_years_does_not_shorten_the_life_of_another(
    store: SharedStore,
) {
    let value = |expires_at| StoredValue { text: "a".to_owned(), expires_at };
    let (short, long) = (value(far_ahead()), value(far_ahead() + TimeDelta::days(3_650)));
    store.put_value("short", &short, minute(0)).await.unwrap();
    store.put_value("long", &long, minute(0)).await.unwrap();
    assert_eq!(store.value("short").await.unwrap(), Some(short));
}
