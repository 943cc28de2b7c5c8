//! The GraphQL schema and the two doors to it: HTTP and WebSocket.

mod accept;
mod booking;
mod caller;
mod choices;
mod complete;
mod document;
mod door;
mod error;
mod input;
mod mutation;
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

use crate::auth::{MiniApp, StaffDoor};
use crate::desk::Desk;
use crate::domain::Refusal;
use crate::feed::Feed;
use crate::lifecycle::Health;
use crate::qris::Qris;

use super::WebSettings;
use super::limits::Limits;
use booking::UndeliveredLoader;
use caller::Caller;
use complete::Shapes;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

pub use door::serve;

/// The hotel's schema.
type HotelSchema = Schema<Query, Mutation, Subscription>;

/// The parts of the hotel that resolvers need.
pub struct House {
    /// The use cases.
    pub desk: Arc<Desk>,
    /// Committed changes.
    pub feed: Feed,
    /// Staff sessions.
    pub staff: StaffDoor,
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
pub struct Gate {
    house: Arc<House>,
    schema: HotelSchema,
    shapes: Shapes,
    limits: Limits,
    /// Live sockets are closed once this is cancelled.
    stop: CancellationToken,
}

impl Gate {
    /// Doors to a house.
    pub fn new(house: House, limits: Limits, stop: CancellationToken) -> Self {
        let house = Arc::new(house);
        let undelivered = UndeliveredLoader(Arc::clone(&house.desk));
        #[expect(clippy::disallowed_methods, reason = "a request waits for what it loads")]
        let loader = DataLoader::new(undelivered, tokio::spawn);
        let schema = builder().data(Arc::clone(&house)).data(loader).finish();
        let shapes = Shapes::of(&schema.sdl());
        Self { house, schema, shapes, limits, stop }
    }

    fn refuse(&self, refusal: &Refusal, caller: &Caller) -> async_graphql::ServerError {
        error::refused(refusal, caller.language, &self.house.desk.policy().hotel)
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
