//! The rules, as tables and as properties.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets what it did not expect has failed"
)]

mod build;
mod commands;
mod holds;
mod ids;
mod notices;
mod policy;
mod properties;
mod travel;
