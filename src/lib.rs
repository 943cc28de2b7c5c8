//! jatah holds hotel rooms for guests on the way, and frees them at the exact moment at which the
//! hold ends.
//!
//! The modules, in reading order:
//!
//! - [`domain`]: the rules of the hotel, without input or output; [`text`]: every sentence that
//!   guests and staff read.
//! - [`config`]: the configuration; [`clock`]: the current time.
//! - [`store`]: bookings in SQLite or MongoDB; [`service`]: the use cases, which make every change
//!   of a booking; [`feed`]: every committed change, in order.
//! - [`backup`]: backup files of everything that is stored; [`daily`]: does what a hotel does once
//!   each day.
//! - [`personal_data`]: what is stored about people, shown, forgotten and erased by age.
//! - [`scheduler`]: wakes each booking at its next deadline; [`routing`]: asks a routing server for
//!   the time of a drive.
//! - [`notifier`]: delivers notifications; [`email`]: sends them by e-mail; [`hotel_system`]: tells
//!   the hotel's own system of every change; [`qris`]: the payment code.
//! - [`auth`]: access of guests and staff; [`telegram`]: the bot; [`web`]: pages and GraphQL.
//! - `system`: what is asked of the operating system; [`lifecycle`]: starts, watches and stops workers;
//!   [`app`]: starts and stops all of it.
//! - [`check`]: tries everything that a hotel needs, and says what to do; [`init`]: asks for what a first configuration needs, and writes it.
//! - [`simulate`]: measures the rules on a day of simulated guests.

pub mod app;
pub mod auth;
pub mod backoff;
pub mod backup;
pub mod check;
pub mod clock;
pub mod config;
pub mod daily;
pub mod domain;
pub mod email;
pub mod feed;
pub mod hotel_system;
pub mod init;
pub mod lifecycle;
pub mod metric_help;
pub mod notifier;
pub mod personal_data;
pub mod qris;
pub mod rate_limit;
pub mod routing;
pub mod scheduler;
pub mod service;
pub mod simulate;
pub mod store;
pub mod system;
pub mod telegram;
pub mod text;
pub mod web;
