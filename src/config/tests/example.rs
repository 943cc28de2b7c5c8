//! `jatah.example.toml` shows every key with its true default.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::*;

const EXAMPLE: &str = include_str!("../../../jatah.example.toml");

/// The key on a line that is commented out. Such lines start with `#` and no space; comments in
/// prose start with `# `. Adjacent lines form a group.
fn unset(line: &str) -> Option<&str> {
    line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c == '[' || c.is_lowercase()))
}

fn groups() -> usize {
    let starts = EXAMPLE.lines().map(|line| unset(line).is_some()).collect::<Vec<_>>();
    starts.windows(2).filter(|pair| pair == &[false, true]).count()
}

/// The example with the `#` removed from every group for which `is_set` returns true.
fn with_groups(is_set: impl Fn(usize) -> bool) -> String {
    let mut group = 0;
    let mut was_unset = false;
    let mut text = String::new();
    for line in EXAMPLE.lines() {
        let key = unset(line);
        group += usize::from(key.is_some() && !was_unset);
        was_unset = key.is_some();
        text.push_str(key.filter(|_| is_set(group)).unwrap_or(line));
        text.push('\n');
    }
    text
}

/// Every section and key of the example, including those that are commented out.
pub(super) fn keys() -> Vec<(String, String)> {
    let table: Table = with_groups(|_| true).parse().unwrap();
    let mut keys = BTreeSet::new();
    for (section, value) in &table {
        let tables: Vec<&Table> = match value {
            Value::Table(table) => vec![table],
            Value::Array(entries) => entries.iter().filter_map(Value::as_table).collect(),
            other => panic!("{section} is {other:?}"),
        };
        for key in tables.iter().flat_map(|table| table.keys()) {
            keys.insert((section.clone(), key.clone()));
        }
    }
    keys.into_iter().collect()
}

#[test]
fn the_example_is_exactly_the_demo() {
    let example = from(EXAMPLE);
    assert_eq!(Config { is_demo: true, ..example }, Config::demo().unwrap());
}

#[test]
fn each_group_of_unset_keys_can_be_set() {
    assert_eq!(groups(), 14);
    for group in 1..=groups() {
        let text = with_groups(|other| other == group);
        assert_ne!(text, with_groups(|_| false));
        Config::from_toml(&text, []).unwrap_or_else(|error| panic!("group {group}: {error}"));
    }
    // All groups together, except `qris.image`, which excludes `qris.payload`.
    let all = from(&with_groups(|group| group != 12));
    assert!(all.backup.schedule.is_some() && all.webhook.is_some());
    assert!(all.email.dkim.is_some() && all.qris.source.is_some() && !all.staff.is_empty());
    assert_eq!(all.telegram.front_office_chat(), Some(-1_001_234_567_890));
    assert!(wrong(&with_groups(|_| true)).starts_with("qris.image: "));
}

#[test]
fn the_example_has_every_key_that_is_read() {
    let known = |section: &str, text: &str| -> Vec<(String, String)> {
        let line = wrong(text);
        let (_, keys) = line.split_once("the keys here are ").unwrap_or_else(|| panic!("{line}"));
        keys.split(", ").map(|key| (section.to_owned(), key.to_owned())).collect()
    };
    let mut read = BTreeSet::new();
    let sections = wrong("x = 1");
    let (_, sections) = sections.split_once("the sections are ").unwrap();
    for section in sections.split(", ") {
        let name = section.trim_matches(['[', ']']);
        let needed = match name {
            "room" => ROOM,
            "staff" => "[[staff]]\ntelegram_id = 1\nname = \"A\"",
            _ => section,
        };
        read.extend(known(name, &format!("{needed}\nxx = 1")));
    }
    assert_eq!(read.into_iter().collect::<Vec<_>>(), keys());
}
