//! jatah keeps hotel rooms for guests on the way, and gives them back at the exact moment at
//! which the hold ends.
//!
//! The modules, in reading order: what the hotel decides (`domain`) and says (`text`); what it
//! is told at start (`config`) and what time it is (`clock`); what it keeps (`store`); who moves
//! bookings (`service`) and who hears of it (`feed`); the exact clock (`scheduler`), the messages
//! (`notifier`, `email`), the payment code (`qris`); the doors (`auth`, `telegram`, `web`); and how
//! the parts live (`lifecycle`, `app`).

pub mod app;
pub mod auth;
pub mod backoff;
pub mod clock;
pub mod config;
pub mod domain;
pub mod email;
pub mod feed;
pub mod lifecycle;
pub mod notifier;
pub mod qris;
pub mod rate_limit;
pub mod routing;
pub mod scheduler;
pub mod service;
pub mod simulate;
pub mod store;
pub mod telegram;
pub mod text;
pub mod web;
