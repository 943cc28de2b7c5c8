//! How the bot talks to Telegram: the API client, the queue of everything that goes out, and the
//! updates that come in.
//!
//! It knows no hotel: what messages say and what updates mean is the conversations' business. The
//! send queue is not teloxide's `Throttle`: that covers neither edits nor priorities, and sends
//! out of order after a 429.

pub mod api;
mod chat_locks;
mod health;
mod send_queue;
pub mod updates;

pub use chat_locks::ChatLocks;
pub use health::{BotHealth, BotHealthPart};
pub use send_queue::{
    AfterSend, Call, LINGER, PERMIT_TIMEOUT, Permit, Priority, SendQueue, SendQueueWorker,
    SentMessage,
};
