//! The communication with Telegram: the client of the Bot API, the queue of outgoing calls, and the
//! reception of updates.
//!
//! This module knows nothing about hotels: the conversations decide what messages say and what
//! updates mean. It has its own send queue because teloxide's `Throttle` covers neither edits nor
//! priorities, and sends out of order after a 429.

pub mod api;
pub mod call;
mod chat_locks;
mod health;
mod send_queue;
pub mod updates;

pub use chat_locks::ChatLocks;
pub use health::{BotHealth, BotHealthPart};
pub use send_queue::{
    AfterSend, FINAL_CALLS_WAIT, PERMIT_TIMEOUT, Permit, Priority, SendQueue, SendQueueWorker,
    SentMessage,
};
