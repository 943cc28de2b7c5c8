//! Checks which module imports which. The tests read the source files as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules that every module may import.
const COMMON: [&str; 7] =
    ["domain", "text", "clock", "config", "lifecycle", "backoff", "rate_limit"];

/// What each module may import besides [`COMMON`] and itself. Adapters import the store to read
/// from it and for its types. Only the modules in [`WRITERS`] may change what is stored.
const ALLOWED: [(&str, &[&str]); 29] = [
    ("domain", &[]),
    ("text", &[]),
    ("clock", &["system"]),
    ("system", &[]),
    ("config", &[]),
    ("lifecycle", &[]),
    ("backoff", &[]),
    ("rate_limit", &[]),
    ("store", &[]),
    ("daily", &["store"]),
    ("backup", &["store", "daily", "system"]),
    ("personal_data", &["store", "daily"]),
    ("auth", &["store"]),
    ("service", &["store", "auth"]),
    ("feed", &["store"]),
    ("qris", &[]),
    ("notifier", &["store", "feed", "service"]),
    ("scheduler", &["store", "service", "feed"]),
    ("email", &["notifier", "auth", "qris", "store", "service", "daily"]),
    ("hotel_system", &["notifier"]),
    ("telegram", &["store", "service", "feed", "auth", "notifier", "qris", "daily"]),
    ("web", &["store", "service", "feed", "auth", "qris"]),
    ("simulate", &[]),
    ("init", &["qris", "system"]),
    ("metric_help", &[]),
    (
        "check",
        &["app", "auth", "backup", "email", "hotel_system", "qris", "store", "system", "telegram"],
    ),
    ("routing", &["service"]),
    (
        "app",
        &[
            "store",
            "auth",
            "service",
            "feed",
            "notifier",
            "scheduler",
            "email",
            "hotel_system",
            "telegram",
            "routing",
            "web",
            "qris",
            "system",
            "daily",
            "backup",
            "personal_data",
        ],
    ),
    (
        "main",
        &[
            "app",
            "auth",
            "backup",
            "check",
            "personal_data",
            "web",
            "store",
            "init",
            "metric_help",
            "qris",
            "simulate",
            "system",
        ],
    ),
];

/// Types of the store that change what is stored, each with the modules outside the store that may
/// use it.
const WRITERS: [(&str, &[&str]); 9] = [
    ("CommitStore", &["service"]),
    ("CommitQueue", &["service", "app"]),
    ("CommitStep", &["service"]),
    ("NotificationStore", &["notifier"]),
    ("NotificationQueue", &["notifier", "app"]),
    ("RoomStore", &["service"]),
    ("CredentialStore", &["auth"]),
    ("RestoreTarget", &["backup", "app"]),
    ("PersonalDataStore", &["personal_data"]),
];

/// Each driver crate, and the only modules that may use it.
const DRIVERS: [(&str, &[&str]); 15] = [
    ("mongodb", &["store/mongo"]),
    ("bson", &["store/mongo"]),
    ("rusqlite", &["store/sqlite"]),
    ("lettre", &["email"]),
    ("teloxide", &["telegram"]),
    ("image", &["qris"]),
    ("qrcode", &["qris"]),
    ("rqrr", &["qris"]),
    ("reqwest", &["routing", "hotel_system", "check"]),
    ("axum", &["web"]),
    ("async_graphql", &["web"]),
    ("async_graphql_axum", &["web/graphql_http"]),
    ("hyper", &["web/server"]),
    ("hyper_util", &["web/server"]),
    ("rustix", &["system"]),
];

/// The crates that the domain may use.
const DOMAIN_CRATES: [&str; 6] =
    ["std", "thiserror", "chrono", "chrono_tz", "geoutils", "unicode_normalization"];

struct Source {
    /// The path below `src` without the extension: `store/mongo/commit`.
    path: String,
    /// The text without comments.
    code: String,
}

impl Source {
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests")
    }
}

impl Source {
    /// The path from `src` of everything that the code names by `crate::` or `super::`, as
    /// `web/limits/Network`. A module inside a file counts as the file's.
    fn named_paths(&self) -> BTreeSet<String> {
        let is_ident = |c: char| c.is_alphanumeric() || c == '_';
        let mut paths = BTreeSet::new();
        for (prefix, is_super) in [("crate::", false), ("super::", true)] {
            for (at, _) in self.code.match_indices(prefix) {
                let before = &self.code[..at];
                if before.ends_with(is_ident) || before.ends_with("super::") {
                    continue;
                }
                let mut rest = &self.code[at..];
                let mut base: Vec<&str> =
                    if is_super { self.path.split('/').collect() } else { Vec::new() };
                while let Some(further) = rest.strip_prefix("super::") {
                    base.pop();
                    rest = further;
                }
                let rest = rest.strip_prefix("crate::").unwrap_or(rest);
                paths.extend(leaves(rest).into_iter().map(|leaf| {
                    base.iter().copied().chain([leaf.as_str()]).collect::<Vec<_>>().join("/")
                }));
            }
        }
        paths
    }
}

/// The paths that a `use` tree names: `a/b` and `a/c` for `a::{b, c}`.
fn leaves(tree: &str) -> Vec<String> {
    let end = tree.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tree.len());
    let (name, rest) = tree.split_at(end);
    let below = match rest.strip_prefix("::") {
        Some(below) => leaves(below),
        None if name.is_empty() && rest.starts_with('{') => return group(&rest[1..]),
        None => return vec![name.to_owned()],
    };
    below.into_iter().map(|leaf| format!("{name}/{leaf}")).collect()
}

/// The paths of a group of `use` trees, up to its closing brace.
fn group(trees: &str) -> Vec<String> {
    let (mut depth, mut from, mut paths) = (0_usize, 0, Vec::new());
    for (at, character) in trees.char_indices() {
        let is_end = depth == 0 && matches!(character, ',' | '}');
        if is_end && !trees[from..at].trim().is_empty() {
            paths.extend(leaves(trees[from..at].trim()));
        }
        match character {
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            '{' => depth += 1,
            ',' if depth == 0 => from = at + 1,
            _ => {}
        }
    }
    paths
}

/// Whether a path is a module's, or of something in it.
fn is_within(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                sources.push(source(&root, &path));
            }
        }
    }
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn source(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = text.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    let below = path.strip_prefix(root).unwrap().with_extension("");
    Source { path: below.to_string_lossy().into_owned(), code }
}

/// Every identifier that directly follows `prefix` in the code.
fn named_behind<'a>(code: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let ident = |rest: &'a str| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    };
    code.match_indices(prefix).map(|(at, _)| ident(&code[at + prefix.len()..])).collect()
}

#[test]
fn every_module_imports_only_what_it_may() {
    for source in sources() {
        let module = source.module();
        if module == "lib" {
            continue;
        }
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} is a new module: add what it may import"));
        let prefix = if module == "main" { "jatah::" } else { "crate::" };
        for known in named_behind(&source.code, prefix) {
            let may = known == module || COMMON.contains(&known) || allowed.contains(&known);
            // The domain may not even import the common modules.
            let is_domain = module == "domain" && known != "domain";
            assert!(may && !is_domain, "{} must not import {known}", source.path);
        }
    }
}

#[test]
fn only_the_service_and_the_notifier_change_what_is_stored() {
    for source in sources() {
        for (name, modules) in WRITERS {
            let may = source.module() == "store" || modules.contains(&source.module());
            let is_named = source
                .code
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == name);
            assert!(may || !is_named, "{} must not name {name}", source.path);
        }
    }
}

/// A re-export of another module's item would hide an import from the other tests.
#[test]
fn no_module_re_exports_what_belongs_to_another_one() {
    for source in sources() {
        for line in source.code.lines().filter(|line| line.trim_start().starts_with("pub use ")) {
            assert!(!line.contains('*'), "{} hides what it re-exports: {line}", source.path);
            let path = line.trim_start().trim_start_matches("pub use ");
            let owner = path.strip_prefix("crate::").map(|path| {
                path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
            });
            let is_own = owner.is_none_or(|owner| owner == source.module());
            assert!(is_own, "{}: {line}", source.path);
        }
    }
}

#[test]
fn a_driver_appears_only_in_its_own_modules() {
    for source in sources() {
        for (driver, homes) in DRIVERS {
            let mentions = [
                format!("use {driver}::"),
                format!(" {driver}::"),
                format!("({driver}::"),
                format!("<{driver}::"),
            ]
            .iter()
            .any(|mention| source.code.contains(mention.as_str()));
            assert!(
                !mentions || homes.iter().any(|home| source.path.starts_with(home)),
                "{} must not use {driver}",
                source.path
            );
        }
    }
}

#[test]
fn the_domain_uses_nothing_but_arithmetic_and_dates() {
    for source in sources().iter().filter(|source| source.module() == "domain" && !source.is_test())
    {
        for name in named_behind(&source.code, "\nuse ") {
            let is_inner = ["super", "crate", "self"].contains(&name);
            assert!(
                is_inner || DOMAIN_CRATES.contains(&name),
                "{} must not use {name}",
                source.path
            );
        }
        for banned in ["async ", "Utc::now", "SystemTime", "Instant", "rand::", "serde"] {
            assert!(!source.code.contains(banned), "{} has {banned}", source.path);
        }
    }
}

#[test]
fn a_use_tree_is_resolved_to_every_path_in_it() {
    let code = "use crate::web::{a::{B, c}, limits};
        use super::super::x::Y;
        fn f(_: super::{Z}) {}"
        .to_owned();
    let source = Source { path: "web/graphql/types".to_owned(), code };
    let paths: Vec<String> = source.named_paths().into_iter().collect();
    assert_eq!(paths, ["web/a/B", "web/a/c", "web/graphql/Z", "web/limits", "web/x/Y"]);
}

/// The GraphQL protocol could serve any schema. What it needs of the hotel comes through its trait
/// `Host`.
#[test]
fn the_graphql_protocol_knows_nothing_of_the_hotel() {
    const MODULE: &str = "web/graphql_http";
    let sources = sources();
    let own: Vec<_> = sources.iter().filter(|source| is_within(&source.path, MODULE)).collect();
    assert!(own.len() > 3, "the protocol was not found");
    for source in own {
        for path in source.named_paths() {
            assert!(is_within(&path, MODULE), "{} must not import {path}", source.path);
        }
    }
}

/// A parent is left out, because it puts the modules below it together. What a parent re-exports
/// counts as the module's that defines it.
#[test]
fn no_modules_import_each_other_in_a_circle() {
    let sources = sources();
    let re_exports: BTreeMap<String, String> = sources.iter().flat_map(re_exports).collect();
    let defined_at = |path: &str| {
        let mut path = path.to_owned();
        while let Some(definition) = re_exports.get(&path) {
            path.clone_from(definition);
        }
        path
    };
    let imports: Vec<(&str, BTreeSet<String>)> = sources
        .iter()
        .map(|source| {
            let paths = source.named_paths();
            (source.path.as_str(), paths.iter().map(|path| defined_at(path)).collect())
        })
        .collect();
    let mut parents: BTreeSet<&str> = [""].into();
    parents.extend(sources.iter().filter_map(|source| Some(source.path.rsplit_once('/')?.0)));
    assert!(parents.contains("store/sqlite"), "the modules were not found");
    for parent in parents {
        let circle = circle(parent, &imports);
        assert!(circle.is_empty(), "in `{parent}` these import each other: {circle:?}");
    }
}

/// Where each item that a module re-exports is defined: `domain/Fix` at `domain/travel/Fix`.
fn re_exports(source: &Source) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, prefix) in source.code.match_indices("pub use ") {
        let tree = source.code[at + prefix.len()..].split(';').next().unwrap_or_default();
        let (base, tree) = match tree.strip_prefix("crate::") {
            Some(tree) => ("", tree),
            None => (source.path.as_str(), tree.trim_start_matches("self::")),
        };
        for leaf in leaves(tree) {
            let name = leaf.rsplit('/').next().unwrap_or_default();
            let definition = if base.is_empty() { leaf.clone() } else { format!("{base}/{leaf}") };
            found.push((format!("{}/{name}", source.path), definition));
        }
    }
    found
}

/// The modules directly below `parent` that import each other in a circle, with what they import.
fn circle(
    parent: &str,
    imports: &[(&str, BTreeSet<String>)],
) -> BTreeMap<String, BTreeSet<String>> {
    let child = |path: &str| {
        let below =
            if parent.is_empty() { path } else { path.strip_prefix(parent)?.strip_prefix('/')? };
        below.split('/').next().filter(|child| *child != "tests").map(str::to_owned)
    };
    let mut circle: BTreeMap<String, BTreeSet<String>> = imports
        .iter()
        .filter_map(|(path, _)| child(path))
        .filter(|child| !["lib", "main"].contains(&child.as_str()))
        .map(|child| (child, BTreeSet::new()))
        .collect();
    let known: BTreeSet<String> = circle.keys().cloned().collect();
    for (path, named) in imports {
        let Some(from) = child(path).filter(|from| known.contains(from)) else { continue };
        let others = named.iter().filter_map(|path| child(path));
        let others = others.filter(|to| *to != from && known.contains(to));
        circle.entry(from.clone()).or_default().extend(others);
    }
    // Takes away modules that import none of the others. What stays is a circle, or imports one.
    while let Some(last) = circle.iter().find(|(_, to)| to.is_empty()).map(|(from, _)| from.clone())
    {
        circle.remove(&last);
        for to in circle.values_mut() {
            to.remove(&last);
        }
    }
    circle
}
