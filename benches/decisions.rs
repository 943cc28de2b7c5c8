//! The pure work behind every deadline and every payment: `cargo bench --bench decisions`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that fails says so by failing"
)]

#[path = "../tests/it/build.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod build;

use std::hint::black_box;

use chrono::TimeDelta;
use criterion::{Criterion, criterion_group, criterion_main};
use jatah::domain::{self, Track, TrackedBooking};
use jatah::qris::StaticQris;

use crate::build::{TestBooking, fix_north, minute, policy};

/// The code of an invented merchant.
const QRIS: &str = "00020101021126660014COM.CONTOH.WWW01189360000000000000000215000000000000001\
    0303UME51440014ID.CO.QRIS.WWW0215ID00000000000010303UME5204701153033605802ID\
    5924Hotel Contoh Bersinar OK6007BANDUNG61054017362070703A0163042E24";

fn decisions(criterion: &mut Criterion) {
    let policy = policy();
    let booking = TestBooking::new(1).commit().steps[0].change.booking.clone();
    let fixes =
        (0..12).map(|step| fix_north(0.4 - f64::from(step) * 0.03, minute(i64::from(step) * 10)));
    let tracked = TrackedBooking { track: Track::from_fixes(fixes.collect()), booking };
    let end = tracked.booking.hold.until + TimeDelta::milliseconds(1);
    criterion.bench_function("the end of a hold with twelve positions", |bencher| {
        bencher.iter(|| domain::wake(black_box(&tracked), end, &policy).unwrap());
    });
    let code = StaticQris::parse(QRIS.as_bytes()).unwrap();
    let booking = &tracked.booking;
    criterion.bench_function("the text of a payment code", |bencher| {
        let bill = booking.receipt_no.to_string();
        bencher.iter(|| code.exact(black_box(booking.stay.price), &bill).unwrap());
    });
}

criterion_group!(benches, decisions);
criterion_main!(benches);
