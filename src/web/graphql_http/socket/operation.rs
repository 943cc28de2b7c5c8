//! Executes one operation of a connection, as a stream of the messages about it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, PathSegment, Request, Response, ServerError};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use crate::web::graphql_http::null_propagation::ResponsePlan;
use crate::web::graphql_http::parameters::{Parameters, PreparedRequest};
use crate::web::graphql_http::response::RequestResult;
use crate::web::graphql_http::sharing::{self, Offer, SharedEvent, SharedSource};
use crate::web::graphql_http::{Endpoint, Host};

/// A message about an operation, with the client's id for it.
pub enum OperationEvent {
    /// A result.
    Next(String, OperationResult),
    /// It is not executed. Nothing comes after it.
    Error(String, Vec<ServerError>),
    /// There are no more results. Nothing comes after it.
    Complete(String),
}

/// A result of an operation.
pub enum OperationResult {
    /// Of this operation alone.
    Own(Box<RequestResult>),
    /// The JSON text that other operations receive too.
    Shared(Arc<str>),
}

/// The messages about an operation. The last item is an error or the completion.
pub fn events<H: Host>(
    endpoint: Arc<Endpoint<H>>,
    caller: Arc<H::Caller>,
    id: String,
    parameters: Parameters,
) -> BoxStream<'static, OperationEvent> {
    let PreparedRequest { query, kind, plan, request } =
        match parameters.prepare(Arc::clone(&caller)) {
            Ok(prepared) => prepared,
            Err(error) => {
                return stream::once(async { OperationEvent::Error(id, vec![error]) }).boxed();
            }
        };
    let execution = Arc::new(Execution { endpoint, caller, query, plan });
    let results = stream::once(execution.start(kind, request)).flatten().boxed();
    let running = RunningOperation {
        id,
        kind,
        results,
        is_first: true,
        _count: (kind == OperationType::Subscription).then(SubscriptionCount::add),
    };
    let next = async |running: Option<RunningOperation>| running?.next().await;
    stream::unfold(Some(running), next).boxed()
}

/// Everything that an execution of the operation needs.
struct Execution<H: Host> {
    endpoint: Arc<Endpoint<H>>,
    caller: Arc<H::Caller>,
    query: String,
    plan: ResponsePlan,
}

impl<H: Host> Execution<H> {
    /// Starts the operation. If its resolver offers events to share, their results are shared.
    async fn start(
        self: Arc<Self>,
        kind: OperationType,
        request: Request,
    ) -> BoxStream<'static, OperationResult> {
        let shape = match kind {
            OperationType::Subscription => sharing::shape(&self.query, &self.plan),
            OperationType::Query | OperationType::Mutation => None,
        };
        let source = shape.map(|shape| (shape, Arc::new(SharedSource::default())));
        let request = match &source {
            Some((_, source)) => request.data(Arc::clone(source)),
            None => request,
        };
        let mut results = self.results(request);
        let first = results.next().await;
        if first.is_none()
            && let Some((shape, source)) = source
            && let Some(offer) = source.take()
        {
            return self.shared(&shape, offer);
        }
        stream::iter(first)
            .chain(results)
            .map(|result| OperationResult::Own(Box::new(result)))
            .boxed()
    }

    fn results(self: &Arc<Self>, request: Request) -> BoxStream<'static, RequestResult> {
        let execution = Arc::clone(self);
        let responses = self.endpoint.host.schema().execute_stream(request, None);
        let responses = AssertUnwindSafe(responses).catch_unwind();
        responses.map(move |response| execution.result(response)).boxed()
    }

    fn result(&self, response: std::thread::Result<Response>) -> RequestResult {
        match response {
            Ok(response) => self.endpoint.response(response, &self.plan, &self.caller),
            Err(panic) => self.endpoint.panicked(&*panic, &self.caller),
        }
    }

    /// The results of the offered events.
    fn shared(
        self: Arc<Self>,
        shape: &str,
        Offer { audience, events }: Offer,
    ) -> BoxStream<'static, OperationResult> {
        let query = self.endpoint.shared.query(format!("{audience}\0{shape}"));
        let results = events.then(move |event| {
            let (execution, query) = (Arc::clone(&self), Arc::clone(&query));
            // Boxed, because a waiting connection need not hold the memory of an execution.
            async move {
                let event = match event {
                    Ok(event) => event,
                    Err(error) => return OperationResult::Own(Box::new(execution.failure(error))),
                };
                if let Some(number) = event.number
                    && let Some(text) = query.result(number, execution.execute(&event)).await
                {
                    return OperationResult::Shared(text);
                }
                OperationResult::Own(Box::new(execution.execute(&event).await))
            }
            .boxed()
        });
        // An event that fails as a whole ends the subscription, as any other one ends at its first
        // error.
        let next = |results: Option<BoxStream<'static, OperationResult>>| async move {
            let mut results = results?;
            let result = results.next().await?;
            let is_end = match &result {
                OperationResult::Own(result) => result.is_failed_start(),
                OperationResult::Shared(_) => false,
            };
            Some((result, (!is_end).then_some(results)))
        };
        stream::unfold(Some(results.boxed()), next).boxed()
    }

    /// Executes the operation for one event.
    async fn execute(self: &Arc<Self>, event: &SharedEvent) -> RequestResult {
        let request = self.plan.request(&self.query);
        let request = request.data(Arc::clone(&self.caller)).data(event.clone());
        let result = self.results(request).next().await;
        let none = || {
            let error = self.endpoint.host.internal_error("an event without result", &self.caller);
            RequestResult::request_error(error)
        };
        result.unwrap_or_else(none)
    }

    /// The result of an event that could not be received.
    fn failure(&self, error: async_graphql::Error) -> RequestResult {
        let root = self.plan.root_field();
        let mut error = error.into_server_error(root.map(|root| root.pos).unwrap_or_default());
        let key = root.map(|root| root.node.response_key().node.to_string());
        error.path = key.map(PathSegment::Field).into_iter().collect();
        self.result(Ok(Response::from_errors(vec![error])))
    }
}

struct RunningOperation {
    id: String,
    kind: OperationType,
    results: BoxStream<'static, OperationResult>,
    /// Whether there was no result yet.
    is_first: bool,
    _count: Option<SubscriptionCount>,
}

/// A subscription in the count of those that run. Dropping it ends that.
struct SubscriptionCount;

impl SubscriptionCount {
    fn add() -> Self {
        metrics::gauge!("jatah_subscriptions").increment(1.0);
        Self
    }
}

impl Drop for SubscriptionCount {
    fn drop(&mut self) {
        metrics::gauge!("jatah_subscriptions").decrement(1.0);
    }
}

impl RunningOperation {
    /// The next event, and the operation if it continues.
    async fn next(mut self) -> Option<(OperationEvent, Option<Self>)> {
        let Some(result) = self.results.next().await else {
            return Some((OperationEvent::Complete(self.id), None));
        };
        let is_first = std::mem::replace(&mut self.is_first, false);
        let result = match result {
            OperationResult::Own(result) => {
                let is_start = is_first && self.kind == OperationType::Subscription;
                if result.is_request_error() || (is_start && result.is_failed_start()) {
                    return Some((OperationEvent::Error(self.id, result.into_errors()), None));
                }
                OperationResult::Own(result)
            }
            shared @ OperationResult::Shared(_) => shared,
        };
        Some((OperationEvent::Next(self.id.clone(), result), Some(self)))
    }
}
