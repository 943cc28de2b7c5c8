//! Fuzzes positions: the reports of one guest, in any order, and what the hold's end decides.
#![no_main]

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use jatah_fuzz::config::Config;
use jatah_fuzz::domain::travel::{MAX_FIXES, TrackUpdate, evidence};
use jatah_fuzz::domain::{Fix, Hold, Policy, Track, hold};
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(|| Config::demo().unwrap().policy());

/// A place, the accuracy, the moment that the report names, and the milliseconds until it is
/// received.
type Report = (Place, Option<f64>, Option<i64>, u32);

/// Any latitude and longitude, or thousandths of a degree from the hotel.
type Place = Result<(f64, f64), (i8, i8)>;

fuzz_target!(|reports: Vec<Report>| {
    let mut now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
    let (mut track, policy) = (Track::default(), &*POLICY);
    let hold = Hold::new(now, now + TimeDelta::hours(2), &policy.hold);
    for (place, accuracy, recorded_at, later) in reports {
        let hotel = policy.hotel.position;
        let near = |degrees: f64, thousandths: i8| degrees + f64::from(thousandths) / 1_000.0;
        let (latitude, longitude) = place.unwrap_or_else(|(north, east)| {
            (near(hotel.latitude(), north), near(hotel.longitude(), east))
        });
        now += TimeDelta::milliseconds(i64::from(later % 3_600_000));
        let recorded_at = recorded_at.and_then(DateTime::from_timestamp_millis);
        let Ok(fix) = Fix::reported(latitude, longitude, accuracy, recorded_at, now) else {
            continue;
        };
        assert!(fix.at <= now);
        let before = track.dropped();
        match track.take(fix) {
            TrackUpdate::Accepted(taken) => track = taken,
            TrackUpdate::Outlier(taken) | TrackUpdate::Imprecise(taken) => {
                assert_eq!(taken.dropped(), before + 1);
                track = taken;
            }
            TrackUpdate::Duplicate | TrackUpdate::OutOfOrder => {}
        }
        assert!(track.fixes().len() <= MAX_FIXES);
        assert!(track.fixes().is_sorted_by_key(|fix| fix.at));
        if let Some(known) = evidence(&track, now, policy) {
            assert!(known.distance_metres.is_finite() && known.distance_metres >= 0.0);
        }
        let _ = hold::end(&track, &hold, now.max(hold.until), policy);
    }
});
