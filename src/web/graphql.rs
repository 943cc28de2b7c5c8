//! The GraphQL schema of the hotel: resolvers, callers and errors.
//!
//! The protocols over HTTP and WebSocket are implemented in `graphql_http`, and the use cases in
//! the service.

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
mod summary;
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
use super::booking_limits::BookingLimits;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

pub use host::route;

/// The schema of the hotel.
type HotelSchema = Schema<Query, Mutation, Subscription>;

/// The parts of the service that resolvers use.
pub struct ApiContext {
    /// The use cases.
    pub service: Arc<BookingService>,
    /// Reads bookings.
    pub bookings: Arc<dyn BookingReader>,
    /// The feed of committed changes.
    pub feed: Feed,
    /// The sign-in and the sessions of staff.
    pub staff: StaffAuth,
    /// The sign-in by the Telegram Mini App, if there is a bot.
    pub mini_app: Option<MiniApp>,
    /// The maker of QRIS codes, if the hotel has a code.
    pub qris: Option<Qris>,
    /// Whether the process is ready, and which parts are degraded.
    pub health: Health,
    /// How much may be booked in an hour.
    pub booking_limits: BookingLimits,
    /// The settings of the web server.
    pub settings: WebSettings,
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
}

/// The schema in the schema definition language.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl()
}
