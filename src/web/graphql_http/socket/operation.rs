//! Executes one operation of a connection, as a stream of the messages about it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Response, ServerError};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::web::graphql_http::null_propagation::ResponsePlan;
use crate::web::graphql_http::parameters::{Parameters, PreparedRequest};
use crate::web::graphql_http::response::RequestResult;
use crate::web::graphql_http::{Endpoint, Host};

/// A message about an operation, with the client's id for it.
pub enum OperationEvent {
    /// A result.
    Next(String, RequestResult),
    /// It is not executed. Nothing comes after it.
    Error(String, Vec<ServerError>),
    /// There are no more results. Nothing comes after it.
    Complete(String),
}

/// The messages about an operation. The last item is an error or the completion.
pub fn events<H: Host>(
    endpoint: Arc<Endpoint<H>>,
    caller: Arc<H::Caller>,
    id: String,
    parameters: Parameters,
) -> BoxStream<'static, OperationEvent> {
    let PreparedRequest { kind, plan, request } = match parameters.prepare(Arc::clone(&caller)) {
        Ok(prepared) => prepared,
        Err(error) => {
            return stream::once(async { OperationEvent::Error(id, vec![error]) }).boxed();
        }
    };
    let responses = endpoint.host.schema().execute_stream(request, None);
    let responses = AssertUnwindSafe(responses).catch_unwind().boxed();
    let running = RunningOperation { endpoint, caller, id, kind, plan, responses, is_first: true };
    let next = async |running: Option<RunningOperation<H>>| running?.next().await;
    stream::unfold(Some(running), next).boxed()
}

struct RunningOperation<H: Host> {
    endpoint: Arc<Endpoint<H>>,
    caller: Arc<H::Caller>,
    id: String,
    kind: OperationType,
    plan: ResponsePlan,
    responses: BoxStream<'static, std::thread::Result<Response>>,
    /// Whether there was no result yet.
    is_first: bool,
}

impl<H: Host> RunningOperation<H> {
    /// The next event, and the operation if it continues.
    async fn next(mut self) -> Option<(OperationEvent, Option<Self>)> {
        let answer = match self.responses.next().await {
            None => return Some((OperationEvent::Complete(self.id), None)),
            Some(Ok(response)) => self.endpoint.response(response, &self.plan, &self.caller),
            Some(Err(panic)) => self.endpoint.panicked(&*panic, &self.caller),
        };
        let is_first = std::mem::replace(&mut self.is_first, false);
        let is_refused = answer.is_request_error()
            || (is_first && self.kind == OperationType::Subscription && answer.is_failed_start());
        if is_refused {
            return Some((OperationEvent::Error(self.id, answer.into_errors()), None));
        }
        let event = OperationEvent::Next(self.id.clone(), answer);
        Some((event, Some(self)))
    }
}
