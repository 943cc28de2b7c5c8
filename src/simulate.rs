//! Simulates a day of guests with the real rules, in simulated time: `jatah simulate`.
//!
//! A seeded generator makes the guests (`guest`): where they start, when they leave, how they drive
//! through the city (`city`), and what their phones report. [`domain`](crate::domain) alone decides
//! about their bookings. As in the scheduler, bookings are woken at their wake times, the oldest
//! first, and a wake for an older revision has no effect (`run`). The outcomes are counted
//! (`tally`) and shown as a table and a plot (`report`).
//!
//! Recorded drives of real people are replayed instead with `jatah simulate --replay FILE` (`replay`).
//!
//! The same seed gives the same result on any number of threads, because every guest has a random
//! generator of their own. The simulation opens no socket, stores nothing, does not sell out rooms,
//! and uses no routing server.

mod city;
mod guest;
mod replay;
mod report;
mod run;
mod tally;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta};

use crate::domain::{HoldPolicy, Moment, Policy, TravelPolicy};

pub use replay::{DriveKind, ReplayError, ReplayTally, read_drives, replay, replay_table};
pub use report::{plot, table};
pub use run::run;
pub use tally::Tally;

/// The size and the seed of a simulation.
#[derive(Debug, Clone, Copy)]
pub struct SimulationPlan {
    /// The number of guests who book on the day.
    pub guests: u32,
    /// The seed of the random generators.
    pub seed: u64,
    /// The number of threads to run on.
    pub threads: usize,
}

/// One of the settings that are compared.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name in the table.
    pub name: String,
    /// The rules of this setting.
    pub policy: Policy,
    /// Whether only the radius counts. The domain then gets only the latest fix, so it cannot see
    /// whether the guest is coming closer.
    pub is_radius_only: bool,
}

/// The radius of the setting "radius only", with which the others are compared, in km.
const PLAIN_RADIUS_KM: f64 = 10.0;

/// The settings that are compared by default: a hold without extensions, the radius alone, and the
/// rules of `policy`.
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

/// The settings of [`settings`], then the radius alone with other radii, then the rules of `policy`
/// with many combinations of radius, extension and arrival buffer.
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

/// The start of the simulated day: Sunday, 4 January 2026, 06:00 in Jakarta.
fn day_start() -> Moment {
    DateTime::from_timestamp_secs(1_767_481_200).unwrap_or_default()
}
