//! A simulated day is the same on every run, and the rules give better results than the radius
//! alone.

use super::replay::{DriveKind, read_drives, replay, replay_table};
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

/// Three invented cases near the hotel of the defaults; times in Unix seconds.
const DRIVES: &str = "\
LATE -6.2 106.8 1767490000 1767490600 1767480000,-6.26,106.8;1767489400,-6.26,106.8;1767489700,-6.24,106.8;1767490000,-6.22,106.8
ELSE -6.2 106.8 1767490000 1767490600 1767480000,-6.22,106.8;1767489400,-6.22,106.8;1767489700,-6.24,106.8;1767490000,-6.26,106.8

HOME -6.2 106.8 1767490000 1767499000 1767480000,-6.26,106.8;1767483000,-6.26,106.8;1767489400,-6.26,106.8
";

#[test]
fn recorded_drives_are_decided_by_the_rules() {
    let drives = read_drives(DRIVES.as_bytes()).unwrap();
    let settings = settings(&policy());
    let tallies: Vec<_> = settings.iter().map(|setting| replay(&drives, setting)).collect();
    let extended = |setting: usize, kind| tallies[setting][&kind].extended;
    let kinds = [DriveKind::Late, DriveKind::Elsewhere, DriveKind::Home];
    assert_eq!(kinds.map(|kind| extended(0, kind)), [0, 0, 0], "plain hold");
    assert_eq!(kinds.map(|kind| extended(1, kind)), [1, 1, 1], "radius only");
    assert_eq!(kinds.map(|kind| extended(2, kind)), [1, 0, 0], "jatah");
    let table = replay_table(&settings, &tallies);
    assert!(table.contains("| jatah | 100.0 % (1 of 1) | 0.0 % (0 of 1) | 0.0 % (0 of 1) |"));
    assert!(table.contains("- ELSE: MovedAway 1\n- HOME: NotLeft 1\n"), "{table}");
}

#[test]
fn a_file_that_holds_no_drives_is_refused_with_its_line() {
    let refused = |text: &str| read_drives(text.as_bytes()).unwrap_err().to_string();
    assert!(refused(&DRIVES.replace("HOME", "Home")).starts_with("line 4 is not a case"));
    for text in [
        "LATE",
        "LATE -6.2 106.8 1767490000 1767490600 ",
        "LATE -96.2 106.8 1767490000 1767490600 1767480000,-6.26,106.8",
        "LATE -6.2 106.8 1767490000 1767490600 1767480000,-6.26",
        "LATE -6.2 106.8 1767490000 1767490600 1767480000,-6.26,106.8,1",
        "LATE -6.2 106.8 1767490000 1767490600 1767480000,-6.26,106.8; more",
    ] {
        assert!(refused(text).starts_with("line 1 is not a case"), "{text}");
    }
    assert!(read_drives("\n".as_bytes()).unwrap().is_empty());
}
