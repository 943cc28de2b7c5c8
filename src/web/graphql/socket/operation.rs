//! One operation on a socket, as the stream of what is said of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::web::graphql::AppState;
use crate::web::graphql::caller::Caller;
use crate::web::graphql::error::{GraphqlResponse, internal};
use crate::web::graphql::http::{PreparedRequest, panic_words, prepare};
use crate::web::graphql::null_propagation::ResponsePlan;
use crate::web::graphql::parameters::Parameters;

/// What is said of an operation, under its id.
pub enum Event {
    /// A result.
    Next(String, GraphqlResponse),
    /// It is not carried out. Nothing comes after it.
    Error(String, Vec<ServerError>),
    /// There is no more. Nothing comes after it.
    Complete(String),
}

/// Everything that is said of an operation. The last item is an error or the completion.
pub fn events(
    state: Arc<AppState>,
    caller: Arc<Caller>,
    id: String,
    parameters: Parameters,
) -> BoxStream<'static, Event> {
    let PreparedRequest { kind, plan, request } = match prepare(parameters, Arc::clone(&caller)) {
        Ok(prepared) => prepared,
        Err(error) => {
            return stream::once(async { Event::Error(id, vec![error]) }).boxed();
        }
    };
    let responses = AssertUnwindSafe(state.schema.execute_stream(request)).catch_unwind();
    let responses = responses.boxed();
    let running = RunningOperation { state, caller, id, kind, plan, responses, is_first: true };
    let next = async |running: Option<RunningOperation>| running?.next().await;
    stream::unfold(Some(running), next).boxed()
}

struct RunningOperation {
    state: Arc<AppState>,
    caller: Arc<Caller>,
    id: String,
    kind: OperationType,
    plan: ResponsePlan,
    responses: BoxStream<'static, std::thread::Result<Response>>,
    is_first: bool,
}

impl RunningOperation {
    /// The next event, and what runs on after it.
    async fn next(mut self) -> Option<(Event, Option<Self>)> {
        let language = self.caller.language;
        let answer = match self.responses.next().await {
            None => return Some((Event::Complete(self.id), None)),
            Some(Ok(response)) => GraphqlResponse::of(response, &self.plan, &self.state, language),
            Some(Err(panic)) => {
                GraphqlResponse::request_error(internal(&panic_words(&*panic), language))
            }
        };
        let is_first = std::mem::replace(&mut self.is_first, false);
        let is_refused = answer.is_request_error()
            || (is_first && self.kind == OperationType::Subscription && answer.is_failed_start());
        if is_refused {
            return Some((Event::Error(self.id, answer.errors), None));
        }
        let event = Event::Next(self.id.clone(), answer);
        Some((event, Some(self)))
    }
}
