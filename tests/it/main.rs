//! The integration tests: every test that needs more than one module. They are one binary, so that
//! it is linked only once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it did not expect has failed"
)]

mod architecture;
mod backup;
mod bad_input;
mod botapi;
mod build;
mod check;
mod daily;
mod hotel;
mod init;
mod mail;
mod mongo;
mod mongod;
mod observed_store;
mod photo;
mod qris;
mod recorded;
mod routing;
mod scheduler;
mod sqlite;
mod store_contract;
mod system;
mod telegram;
mod watch;
mod web;
mod webhook;
