//! A day of guests on the real rules, in simulated time: `jatah simulate`.
//!
//! Guests come from a seeded generator (`guest`): where they start, when they leave, which way
//! and how fast they drive, what their phones report. Their bookings are moved by
//! [`domain`](crate::domain) alone, woken in the scheduler's order: at their wake times, oldest
//! first, a wake of an older revision being void (`run`). What came of them is counted (`tally`)
//! and shown as a table and a plot (`report`). No socket is opened and nothing is stored.
//!
//! The same seed gives the same result, on any number of threads: every guest has a generator of
//! their own.

mod city;
mod guest;
mod report;
mod run;
mod tally;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta};

use crate::domain::{HoldPolicy, Moment, Policy, TravelPolicy};

pub use report::{plot, table};
pub use run::run;
pub use tally::Tally;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many guests book on the day.
    pub guests: u32,
    /// The seed.
    pub seed: u64,
    /// Threads to run on.
    pub threads: usize,
}

/// One setting to compare, with its name.
#[derive(Debug, Clone)]
pub struct Setting {
    /// What the table calls it.
    pub name: String,
    /// The rules.
    pub policy: Policy,
    /// Whether only the radius counts: the rule of every hold system that asks where the guest
    /// is at all. The domain then is shown the latest fix alone, so that it knows of no approach.
    pub is_radius_only: bool,
}

/// The radius of "radius only" that everything is compared with, in km.
const PLAIN_RADIUS_KM: f64 = 10.0;

/// The rules that are compared by default: no position at all, the radius alone, and ours.
#[must_use]
pub fn settings(policy: &Policy) -> Vec<Setting> {
    let plain = HoldPolicy { max_extensions: 0, ..policy.hold };
    vec![
        Setting {
            name: "plain hold".to_owned(),
            policy: Policy { hold: plain, ..policy.clone() },
            is_radius_only: false,
        },
        radius_only("radius only".to_owned(), PLAIN_RADIUS_KM, policy),
        Setting { name: "jatah".to_owned(), policy: policy.clone(), is_radius_only: false },
    ]
}

fn radius_only(name: String, radius_km: f64, policy: &Policy) -> Setting {
    let travel = TravelPolicy { radius_km, ..policy.travel };
    Setting { name, policy: Policy { travel, ..policy.clone() }, is_radius_only: true }
}

/// The same, the radius alone at other radii, and ours with every combination of radius,
/// extension and buffer.
#[must_use]
pub fn sweep(policy: &Policy) -> Vec<Setting> {
    let mut all = settings(policy);
    for radius_km in [3.0, 5.0, 7.5, 15.0] {
        all.push(radius_only(format!("radius only, {radius_km} km"), radius_km, policy));
    }
    for radius_km in [3.0, 5.0, 7.5, 10.0, 15.0] {
        for extend_minutes in [20, 30, 45] {
            for buffer_minutes in [5, 10, 15, 20] {
                let hold =
                    HoldPolicy { extend_by: TimeDelta::minutes(extend_minutes), ..policy.hold };
                let arrival_buffer = TimeDelta::minutes(buffer_minutes);
                let travel = TravelPolicy { radius_km, arrival_buffer, ..policy.travel };
                all.push(Setting {
                    name: format!("{radius_km} km, +{extend_minutes}, buffer {buffer_minutes}"),
                    policy: Policy { hold, travel, ..policy.clone() },
                    is_radius_only: false,
                });
            }
        }
    }
    all
}

/// Six in the morning in Jakarta, on a Sunday like any other: when the simulated day starts.
fn day_start() -> Moment {
    DateTime::from_timestamp_secs(1_767_481_200).unwrap_or_default()
}
