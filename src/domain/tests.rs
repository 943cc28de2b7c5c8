//! Tests of the hotel's rules, as tables and as properties.

pub(crate) mod build;
mod commands;
mod holds;
mod ids;
mod notifications;
mod policy;
mod properties;
mod qris;
mod summary;
mod travel;
mod waiting;
mod way;
