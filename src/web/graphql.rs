//! The GraphQL schema and the two doors to it: HTTP and WebSocket.

mod booking;
mod caller;
mod content_negotiation;
mod document;
mod enums;
mod error;
mod http;
mod input;
mod mutation;
mod null_propagation;
mod parameters;
mod query;
mod scalar;
mod socket;
mod subscription;
mod types;

use std::sync::Arc;

use async_graphql::Schema;
use async_graphql::dataloader::DataLoader;
use tokio_util::sync::CancellationToken;

use crate::auth::{MiniApp, StaffAuth};
use crate::feed::Feed;
use crate::lifecycle::Health;
use crate::qris::Qris;
use crate::service::BookingService;
use crate::store::BookingReader;

use super::WebSettings;
use super::limits::Limits;
use booking::UndeliveredLoader;
use caller::Caller;
use error::ApiError;
use mutation::Mutation;
use null_propagation::FieldTypes;
use query::Query;
use subscription::Subscription;

pub use http::serve;

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

/// The two doors with what stands behind them.
pub struct AppState {
    context: Arc<ApiContext>,
    schema: HotelSchema,
    shapes: FieldTypes,
    limits: Limits,
    /// Live sockets are closed once this is cancelled.
    stop: CancellationToken,
}

impl AppState {
    /// Doors to a house.
    pub fn new(context: ApiContext, limits: Limits, stop: CancellationToken) -> Self {
        let context = Arc::new(context);
        let undelivered = UndeliveredLoader(Arc::clone(&context.bookings));
        #[expect(clippy::disallowed_methods, reason = "a request waits for what it loads")]
        let loader = DataLoader::new(undelivered, tokio::spawn);
        let schema = builder().data(Arc::clone(&context)).data(loader).finish();
        let shapes = FieldTypes::of(&schema.sdl());
        Self { context, schema, shapes, limits, stop }
    }

    fn refuse(&self, error: &ApiError, caller: &Caller) -> async_graphql::ServerError {
        error::server_error(error, caller.language, &self.context.service.policy().hotel)
    }
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
}

/// The schema in its own language.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl()
}
