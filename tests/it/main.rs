//! The tests that need more than one module, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panic")]

mod mongo;
mod mongod;
