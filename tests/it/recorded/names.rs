//! Names that monitoring, configuration files and stores depend on. Each list is a file under
//! `fixtures/recorded/names/`; the sources are searched for the names as text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Engine, fixture, is_recording, path, read};

/// Every source file without its tests.
fn sources() -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
            if path.is_dir() {
                folders.extend((!is_test).then_some(path));
            } else if path.extension().is_some_and(|ending| ending == "rs") && !is_test {
                let text = fs::read_to_string(path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                sources.push(code.to_owned());
            }
        }
    }
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

/// Every text in quotation marks in the sources.
fn quoted() -> BTreeSet<String> {
    let of_line = |line: &str| -> Vec<String> {
        let is_comment = line.trim_start().starts_with("//");
        let parts = line.split('"').skip(1).step_by(2);
        if is_comment { Vec::new() } else { parts.map(str::to_owned).collect() }
    };
    sources().iter().flat_map(|source| source.lines().flat_map(of_line)).collect()
}

/// Compares a list with the recorded one, or records it.
fn check(name: &str, found: BTreeSet<String>) {
    let found: String = found.into_iter().map(|line| line + "\n").collect();
    if is_recording() {
        fs::write(path(name), found).unwrap();
    } else {
        assert_eq!(found, fixture(name), "{name}");
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[test]
fn the_names_of_metrics_stay() {
    let is_metric = |text: &String| text.starts_with("jatah_") && is_name(text);
    check("names/metrics.txt", quoted().into_iter().filter(is_metric).collect());
}

#[test]
fn the_names_of_degraded_parts_stay() {
    let mut found = BTreeSet::new();
    for source in sources() {
        for (_, rest) in source
            .match_indices("set_degraded(")
            .map(|(at, call)| source[at..].split_at(call.len()))
        {
            let argument = rest.split([',', ')']).next().unwrap().trim();
            match argument.strip_prefix('"') {
                Some(name) => found.insert(name.trim_end_matches('"').to_owned()),
                // A constant of the same file; the definition of the function has a `&self`.
                None if argument == "&self" => false,
                None => found.insert(constant(&source, argument)),
            };
        }
    }
    check("names/degraded.txt", found);
}

/// The text of a constant.
fn constant(source: &str, name: &str) -> String {
    let start = format!("const {name}: &str = \"");
    let (_, rest) = source.split_once(&start).unwrap_or_else(|| panic!("where is {name}?"));
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn the_names_of_stored_values_stay() {
    // If there is one value for each chat or key, only the part before the colon counts.
    let name = |text: String| match text.split_once(":{") {
        Some((kind, _)) if kind == "start" || kind.starts_with("telegram.") => {
            Some(format!("{kind}:"))
        }
        Some(_) => None,
        None => text
            .strip_prefix("telegram.")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            .then(|| text.clone()),
    };
    check("names/memos.txt", quoted().into_iter().filter_map(name).collect());
}

#[test]
fn every_kind_of_stored_value_is_in_the_recorded_stores() {
    if is_recording() {
        return;
    }
    let kinds = ["boards", "board:", "brought:", "fo_chat", "group:", "handled:", "menus"];
    let more = ["messages:", "name:", "typing:"];
    for engine in [Engine::Sqlite, Engine::Mongodb] {
        let (file, quote) = match engine {
            Engine::Sqlite => ("store.sql", '\''),
            Engine::Mongodb => ("store.jsonl", '"'),
        };
        let store = read(engine, file);
        for kind in kinds.iter().chain(&more) {
            assert!(store.contains(&format!("{quote}telegram.{kind}")), "{engine:?}: {kind}");
        }
        assert!(store.contains(&format!("{quote}start:")), "{engine:?}");
    }
}

#[test]
fn the_keys_of_the_configuration_stay() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = fs::read_to_string(root.join("jatah.example.toml")).unwrap();
    let (mut section, mut found) = (String::new(), BTreeSet::new());
    for line in example.lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if line.starts_with('[') {
            section = line.split_inclusive(']').take_while(|part| part.contains(']')).collect();
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| is_name(key)) {
            found.insert(format!("{section} {key}"));
        }
    }
    // Every key of the example is one that the program reads.
    for line in &found {
        let key = line.rsplit(' ').next().unwrap();
        assert!(quoted().contains(key), "the sources do not name {key}");
    }
    check("names/config.txt", found);
}
