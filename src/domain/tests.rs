//! The rules, as tables and as properties.

mod build;
mod commands;
mod holds;
mod ids;
mod notices;
mod policy;
mod properties;
mod qris;
mod travel;
mod way;
