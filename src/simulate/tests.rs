//! A simulated day is the same on every run, and the rules give better results than the radius
//! alone.

use super::tally::part;
use super::{Setting, SimulationPlan, Tally, plot, run, settings, sweep, table};
use crate::config::Config;
use crate::domain::Policy;

fn policy() -> Policy {
    Config::from_toml("", []).unwrap().policy()
}

fn plan(guests: u32, seed: u64, threads: usize) -> SimulationPlan {
    SimulationPlan { guests, seed, threads }
}

fn compared(guests: u32) -> (Vec<Setting>, Vec<Tally>) {
    let settings = settings(&policy());
    let tallies = run(&plan(guests, 1, 2), &settings).unwrap();
    (settings, tallies)
}

#[test]
fn the_same_seed_is_the_same_day_on_any_number_of_threads() {
    let settings = settings(&policy());
    // More than two batches; the last one is not full.
    let day = |seed, threads| run(&plan(4_200, seed, threads), &settings).unwrap();
    let first = day(7, 1);
    for threads in [1, 3] {
        assert_eq!(day(7, threads), first, "{threads} threads");
    }
    assert_ne!(day(8, 2), first, "another seed");
    assert!(first.iter().all(|tally| tally.guests == 4_200));
}

#[test]
fn a_day_without_guests_is_a_table_of_nothing() {
    let settings = settings(&policy());
    let tallies = run(&plan(0, 1, 2), &settings).unwrap();
    assert!(tallies.iter().all(|tally| *tally == Tally::default()));
    assert_eq!(table(&settings, &tallies).lines().count(), 2 + settings.len());
}

#[test]
fn the_plain_hold_waits_for_nobody() {
    let (_, tallies) = compared(2_000);
    let plain = &tallies[0];
    assert_eq!((plain.late_seen_kept, plain.vain, plain.vain_minutes), (0, 0, 0));
    assert_eq!(plain.freed_on_time, plain.hopeless);
    assert!(plain.late_seen > 50 && plain.late > plain.late_seen, "{plain:?}");
}

#[test]
fn guests_on_the_way_keep_the_room_more_often_than_by_the_radius_alone_and_for_less() {
    let (_, tallies) = compared(10_000);
    let [_, radius_only, ours] = tallies.as_slice() else { panic!() };
    assert!(ours.late_kept() > 0.96, "{ours:?}");
    assert!(ours.late_kept() > radius_only.late_kept(), "{radius_only:?}");
    let cost = part(ours.vain_minutes, radius_only.vain_minutes);
    assert!(cost < 0.36, "{cost}");
}

#[test]
fn a_sweep_names_every_setting_once_and_is_drawn_whole() {
    let settings = sweep(&policy());
    let tallies = run(&plan(200, 1, 2), &settings).unwrap();
    let names: std::collections::BTreeSet<_> = settings.iter().map(|one| &one.name).collect();
    assert_eq!(names.len(), settings.len());
    assert_eq!(table(&settings, &tallies).lines().count(), 2 + settings.len());
    assert_eq!(plot(&settings, &tallies).matches("<circle").count(), settings.len());
}
