//! What a running hotel does once each day.

use std::fs;
use std::path::Path;

use chrono::{Days, NaiveTime, TimeDelta};
use jatah::backup;
use jatah::config::{BackupSchedule, MailUrl, SmtpSecurity};
use jatah::domain::{Action, Command, Email, Moment, Wish, WishedRoom};
use jatah::service::WaitingRequest;
use jatah::store::{BookingReader, KeyValueStore, StoredValue, WaitingList};

use crate::build::{room, staff, today};
use crate::hotel::{Hotel, HotelSetup, until, with_paused_clock};
use crate::mail::MailServers;
use crate::observed_store::Outage;

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn setup(folder: &Path, keep: u32) -> HotelSetup {
    let mut setup = HotelSetup::new();
    setup.config.backup.schedule =
        Some(BackupSchedule { at: half_past_three(), folder: folder.to_owned() });
    setup.config.backup.keep = keep;
    setup
}

#[test]
fn a_backup_is_made_each_day_and_the_newest_are_kept_with_what_is_not_ours() {
    with_paused_clock(|| async {
        let home = tempfile::TempDir::new().unwrap();
        let folder = home.path().join("backups");
        let setup = setup(&folder, 2);
        let next = setup.config.policy().hotel.instant_of(today(), half_past_three());
        fs::create_dir(&folder).unwrap();
        for name in ["jatah-2020-01-01-033000.backup.part", "jatah-old.backup", "mine.backup"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let foreign = ["jatah-old.backup", "mine.backup"];

        // Today's was missed, so it is made at the start, and not again after a restart.
        let hotel = setup.open().await;
        hotel.book("Budi").await;
        until(|| (names(&folder).len() == 3).then_some(())).await;
        hotel.close().await;
        let mut hotel = setup.open().await;
        hotel.nothing_more().await;
        assert_eq!(names(&folder).len(), 3, "{:?}", names(&folder));
        let first = names(&folder)[0].clone();
        hotel.pass_until(next).await;
        until(|| (names(&folder).len() == 4).then_some(())).await;
        hotel.pass(TimeDelta::days(1)).await;
        until(|| (!names(&folder).contains(&first)).then_some(())).await;
        let kept = names(&folder);
        assert_eq!(kept[2..], foreign, "{kept:?}");
        assert_eq!(&kept[0][6..], format!("{}-033000.backup", day_after(1)), "{kept:?}");
        assert_eq!(&kept[1][6..], format!("{}-033000.backup", day_after(2)), "{kept:?}");
        let head = backup::check(&folder.join(&kept[1]), Box::new(|_| {})).unwrap();
        assert_eq!(head.count("booking"), 1);
        hotel.close().await;
    });
}

#[test]
fn a_backup_that_fails_is_told_and_tried_again_and_deletes_nothing() {
    with_paused_clock(|| async {
        let home = tempfile::TempDir::new().unwrap();
        // The folder's own folder is not there, as on a disk that is not mounted.
        let disk = home.path().join("disk");
        let folder = disk.join("backups");
        let mut hotel = setup(&folder, 1).open().await;
        let reason = until(|| hotel.degraded().remove("backup")).await;
        assert!(reason.contains("backups: No such file"), "{reason}");
        fs::create_dir_all(&folder).unwrap();
        let old = folder.join("jatah-2020-01-01-033000.backup");
        fs::write(&old, "").unwrap();
        hotel.store.value_fails("dump", 1, Outage::Away);
        let is_away = |hotel: &Hotel| {
            hotel.degraded().remove("backup").filter(|reason| reason.contains("unavailable"))
        };
        soon(&mut hotel, is_away).await;
        assert_eq!(names(&folder), ["jatah-2020-01-01-033000.backup"]);
        soon(&mut hotel, |hotel| hotel.degraded().is_empty().then_some(())).await;
        assert_eq!(names(&folder).len(), 1);
        assert!(!old.exists());
        hotel.close().await;
    });
}

#[test]
fn old_guests_and_then_old_bookings_go_by_themselves_and_a_live_one_stays() {
    with_paused_clock(|| async {
        let hotel = HotelSetup::new().open().await;
        let over = hotel.book("Budi").await.booking.receipt_no;
        hotel.service.apply(over, Command::CancelByGuest).await.unwrap();
        let live = hotel.try_book("Sari", "SUITE").await.unwrap().tracked.booking.receipt_no;
        hotel.service.apply(live, Command::Arrive { by: staff("Rina") }).await.unwrap();
        let request = WaitingRequest {
            request_id: "a guest who waits".to_owned(),
            guest: hotel.store.booking(live).await.unwrap().unwrap().booking.guest,
            wish: Wish { room: WishedRoom::OfType(room("SUITE")), check_in: today(), nights: 1 },
            origin: None,
        };
        hotel.service.join_waiting_list(request).await.unwrap();
        for (days, expected) in [(88, Some("Budi")), (5, Some("—")), (306, Some("—")), (5, None)]
        {
            hotel.pass(TimeDelta::days(days)).await;
            // Four o'clock is still a part of the hotel day before.
            let day = hotel.service.policy().hotel.day_of(hotel.clock.now()) - Days::new(1);
            let name = format!("daily.retention:{day}");
            while hotel.store.value(&name).await.unwrap().is_none_or(|value| value.text != "done") {
                tokio::task::yield_now().await;
            }
            let left = hotel.store.booking(over).await.unwrap();
            let name = left.as_ref().map(|left| left.booking.guest.name.as_str());
            assert_eq!(name, expected, "after {days} more days");
            let live = hotel.store.booking(live).await.unwrap().unwrap().booking;
            assert_eq!((live.guest.name.as_str(), live.is_pending()), ("Sari", true));
        }
        assert_eq!(hotel.store.waiting_guests(chrono::NaiveDate::MIN).await.unwrap(), []);
        hotel.close().await;
    });
}

fn with_report(port: u16, managers: &[&str]) -> HotelSetup {
    let mut setup = HotelSetup::new();
    setup.config.report.at = NaiveTime::from_hms_opt(6, 15, 0);
    setup.config.report.email =
        managers.iter().map(|address| Email::parse(address).unwrap()).collect();
    setup.config.email.url = MailUrl::Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        security: SmtpSecurity::None,
        credentials: None,
    };
    setup
}

/// The moment of the first morning report.
fn first_morning(setup: &HotelSetup) -> Moment {
    let hotel = setup.config.policy().hotel;
    hotel.instant_of(today() + Days::new(1), setup.config.report.at.unwrap())
}

#[test]
fn each_manager_gets_the_mail_of_the_morning_once_although_one_must_be_tried_again() {
    with_paused_clock(|| async {
        let servers = MailServers::open(&["managers"]);
        let (owner, gone, partner) =
            ("owner@hotel.example", "gone@hotel.example", "partner@hotel.example");
        let setup = with_report(servers.ports[0], &[owner, gone, partner]);
        let taken = || servers.recipients("managers");
        let mut hotel = setup.open().await;
        let paid = hotel.book("Budi").await;
        hotel.pay(&paid).await.unwrap();
        for action in [Action::Booked, Action::Paid] {
            hotel.next(action).await;
        }
        hotel.pass_until(first_morning(&setup)).await;
        until(|| (taken() == [partner]).then_some(())).await;
        end_of_attempt(&hotel).await;
        hotel.pass(TimeDelta::minutes(11)).await;
        until(|| (taken() == [partner, owner]).then_some(())).await;
        end_of_attempt(&hotel).await;
        hotel.pass(TimeDelta::hours(2)).await;
        hotel.nothing_more().await;
        hotel.close().await;
        let mut hotel = setup.open().await;
        hotel.nothing_more().await;
        assert_eq!(taken().len(), 2, "once");
        hotel.close().await;

        let facts = servers.facts("managers-2");
        let price = jatah::text::rupiah(paid.booking.stay.price);
        let subject = facts["headers"]["subject"].as_str().unwrap();
        assert!(subject.starts_with("Laporan Minggu, 4 Januari 2026 · "), "{subject}");
        for part in facts["parts"].as_array().unwrap() {
            let text = part["text"].as_str().unwrap();
            for words in ["Di resepsionis", &price, "1 booking, 1 lunas", "Petugas", "/fo"] {
                assert!(text.contains(words), "{words}: {text}");
            }
        }
    });
}

#[test]
fn a_mail_of_the_morning_that_may_have_arrived_is_sent_once_more() {
    with_paused_clock(|| async {
        let servers = MailServers::open(&["drops_after_data"]);
        let owner = "owner@hotel.example";
        let setup = with_report(servers.ports[0], &[owner]);
        let mut hotel = setup.open().await;
        hotel.pass_until(first_morning(&setup)).await;
        let taken = || servers.recipients("drops_after_data");
        until(|| (taken().len() == 1).then_some(())).await;
        end_of_attempt(&hotel).await;
        hotel.pass(TimeDelta::minutes(11)).await;
        until(|| (taken().len() == 2).then_some(())).await;
        end_of_attempt(&hotel).await;
        for _ in 0..6 {
            hotel.pass(TimeDelta::minutes(11)).await;
            hotel.nothing_more().await;
        }
        assert_eq!(taken(), [owner, owner]);
        let id = |number: u32| {
            let facts = servers.facts(&format!("drops_after_data-{number}"));
            facts["headers"]["message-id"].as_str().unwrap().to_owned()
        };
        assert_eq!(id(1), id(2), "the same mail");
        hotel.close().await;
    });
}

/// Waits until no mail of the first morning is on its way. A server has a mail before the node has its
/// answer, and time that passes meanwhile makes the answer late.
async fn end_of_attempt(hotel: &Hotel) {
    let name = format!("daily.report_email:{}", today() + Days::new(1));
    let runs = |value: StoredValue| value.text == "runs" && value.expires_at > hotel.clock.now();
    while hotel.store.value(&name).await.unwrap().is_some_and(runs) {
        tokio::task::yield_now().await;
    }
}

/// Lets time pass until there is a value. A file takes real time, so that it may be some minutes.
async fn soon<T>(hotel: &mut Hotel, mut find: impl FnMut(&Hotel) -> Option<T>) -> T {
    for _ in 0..120 {
        hotel.pass(TimeDelta::minutes(1)).await;
        hotel.nothing_more().await;
        if let Some(found) = find(hotel) {
            return found;
        }
    }
    panic!("it did not happen: {:?}", hotel.degraded());
}

fn half_past_three() -> NaiveTime {
    NaiveTime::from_hms_opt(3, 30, 0).unwrap()
}

fn day_after(days: i64) -> String {
    (today() + TimeDelta::days(days)).to_string()
}
