//! The GraphQL schema of the hotel: resolvers, who asks, and errors.
//!
//! How requests come in and responses go out, over HTTP and over WebSocket, is the business of
//! `graphql_http`. What a use case does is the business of the service.

mod booking;
mod caller;
mod enums;
mod error;
mod host;
mod input;
mod mutation;
mod payload;
mod query;
mod scalar;
mod subscription;
mod types;

use std::sync::Arc;

use async_graphql::Schema;

use crate::auth::{MiniApp, StaffAuth};
use crate::feed::Feed;
use crate::lifecycle::Health;
use crate::qris::Qris;
use crate::service::BookingService;
use crate::store::BookingReader;

use super::WebSettings;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

pub use host::route;

/// The hotel's schema.
type HotelSchema = Schema<Query, Mutation, Subscription>;

/// The parts of the hotel that resolvers need.
pub struct ApiContext {
    /// The use cases.
    pub service: Arc<BookingService>,
    /// Bookings, to be read.
    pub bookings: Arc<dyn BookingReader>,
    /// Committed changes.
    pub feed: Feed,
    /// Staff sessions.
    pub staff: StaffAuth,
    /// Who comes in by the Mini App, if there is a bot.
    pub mini_app: Option<MiniApp>,
    /// The hotel's payment code, if it has one.
    pub qris: Option<Qris>,
    /// How the process is.
    pub health: Health,
    /// What was configured.
    pub settings: WebSettings,
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
}

/// The schema in its own language.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl()
}
