//! Every test that needs more than one module: one binary, so that it links once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it did not expect has failed"
)]

mod architecture;
mod botapi;
mod build;
mod hotel;
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
mod telegram;
mod web;
