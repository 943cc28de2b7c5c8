//! Recordings of an earlier version: its store, its messages and its answers. The program must be
//! able to continue from them, whatever is renamed or moved inside it.
//!
//! `fixtures/recorded/` contains, for each of the two stores:
//!
//! - `store.sql` or `store.jsonl`: everything that was stored;
//! - `telegram.json`: every message of the bot with its buttons, and the latest updates;
//! - `notes.json`: the moment of the recording, receipt numbers, tokens and keys;
//! - `answers.json`: what the recording version answered when it was started on that store.
//!
//! In the same folder are `hotel.toml`, the configuration, and `names/`, lists of names that other
//! systems depend on. The names of callbacks are compared in `src/telegram/callback/tests.rs`.
//!
//! Record again only if the stored data or the answers change on purpose:
//!
//! ```sh
//! JATAH_RECORD=1 cargo test --test it recorded
//! cargo test --test it recorded
//! ```
//!
//! The first command writes the fixtures and compares nothing; the second one compares. A
//! recording made by a changed program no longer proves that older stores can be read, so keep the
//! old one unless the change is a migration that was tested with it.

mod answers;
mod dump;
mod hotel;
mod names;
mod scenario;
mod upgrade;

use std::path::PathBuf;

use hotel::{Engine, RecordedHotel, while_time_passes};
use serde_json::Value;

use crate::build::epoch;
use crate::hotel::with_paused_clock;
use crate::mongod;

/// The tests continue at this second of the minute after the recording. By then every lease has
/// ended. It is also far from the second at which a remaining time loses a minute.
const SECOND: i64 = 30;

fn is_recording() -> bool {
    std::env::var_os("JATAH_RECORD").is_some_and(|value| value == "1")
}

fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/it/fixtures/recorded").join(name)
}

/// A file of the recording.
fn fixture(name: &str) -> String {
    let path = path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn name_of(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Sqlite => format!("sqlite/{name}"),
        Engine::Mongodb => format!("mongodb/{name}"),
    }
}

fn read(engine: Engine, name: &str) -> String {
    fixture(&name_of(engine, name))
}

fn read_json(engine: Engine, name: &str) -> Value {
    serde_json::from_str(&read(engine, name)).unwrap()
}

fn write(engine: Engine, name: &str, text: &str) {
    std::fs::write(path(&name_of(engine, name)), text).unwrap();
}

fn write_json(engine: Engine, name: &str, value: &Value) {
    write(engine, name, &format!("{value:#}\n"));
}

/// Runs a test over a recorded store, unless the stores are just being recorded.
fn over<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(Engine) -> F) {
    if is_recording() {
        return;
    }
    prepare(engine);
    with_paused_clock(|| test(engine));
}

/// Starts the MongoDB server before the clock is paused.
fn prepare(engine: Engine) {
    if engine == Engine::Mongodb {
        drop(mongod::fresh_url());
    }
}

/// Records a store, then what the program answers when it is started on it.
fn record(engine: Engine) {
    if !is_recording() {
        return;
    }
    prepare(engine);
    with_paused_clock(async || {
        let mut hotel = RecordedHotel::closed(engine, epoch()).await;
        hotel.start().await;
        let mut notes = while_time_passes(scenario::play(&hotel)).await;
        hotel.stop().await;
        let moment = (hotel.clock.now().timestamp() / 60 + 1) * 60 + SECOND;
        notes["moment_ms"] = (moment * 1_000).into();
        let store = match engine {
            Engine::Sqlite => "store.sql",
            Engine::Mongodb => "store.jsonl",
        };
        let dump = hotel.dump().await;
        write(engine, store, &dump);
        write_json(engine, "telegram.json", &hotel.api.recorded());
        write_json(engine, "notes.json", &notes);
        let (again, _) = RecordedHotel::restored(engine).await;
        assert_eq!(again.dump().await, dump, "the dump is complete");
    });
    with_paused_clock(async || {
        let answers = answers::of_restored(engine).await;
        write_json(engine, "answers.json", &answers);
    });
}

#[test]
fn a_hotel_is_recorded_on_sqlite_when_asked() {
    record(Engine::Sqlite);
}

#[test]
fn a_hotel_is_recorded_on_mongodb_when_asked() {
    record(Engine::Mongodb);
}
