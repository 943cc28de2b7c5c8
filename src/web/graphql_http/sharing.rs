//! Shares the results of subscriptions: what many connections ask for alike is executed and
//! serialised once for each event.
//!
//! A resolver that wants this offers its events to the [`SharedSource`] in its context and returns
//! an empty stream. The protocol then executes the operation once for each event, with the event as
//! [`SharedEvent`] in the context, and every operation with the same document, variables and
//! audience receives the same text. Whether a caller may receive an event is the resolver's to
//! decide: the stream that it offers is the caller's own.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::stream::BoxStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::null_propagation::ResponsePlan;
use super::response::RequestResult;

/// The number of events whose results are kept for slower connections.
const MAX_KEPT: usize = 64;
/// A result with more bytes of JSON is not shared.
const MAX_SHARED_BYTES: usize = 16 * 1024;
/// How long a caller waits for the result that another one computes.
const MAX_SHARED_WAIT: Duration = Duration::from_secs(1);

/// An event of a subscription.
#[derive(Clone)]
pub struct SharedEvent {
    /// Equal numbers mean the same event. The results of an event without a number are not shared.
    pub number: Option<u64>,
    /// What the resolver needs to know about it.
    pub data: Arc<dyn Any + Send + Sync>,
}

type SharedEvents = BoxStream<'static, async_graphql::Result<SharedEvent>>;

/// Takes the events of a resolver that lets its results be shared.
#[derive(Default)]
pub struct SharedSource(Mutex<Option<Offer>>);

/// What a resolver offers.
pub(super) struct Offer {
    pub(super) audience: String,
    pub(super) events: SharedEvents,
}

impl SharedSource {
    /// Offers the events of the subscription. `audience` names everything besides the document and
    /// its variables that the results depend on, such as the language.
    pub fn offer(&self, audience: String, events: SharedEvents) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Offer { audience, events });
    }

    pub(super) fn take(&self) -> Option<Offer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The result of one event as JSON; `None` if it is not shared.
type SharedResult = Arc<OnceCell<Option<Arc<str>>>>;

/// The results of the events of one query, for one audience.
#[derive(Default)]
pub(super) struct SharedQuery(Mutex<BTreeMap<u64, SharedResult>>);

impl SharedQuery {
    /// The result of an event as JSON. The first caller executes the operation, and the others wait
    /// for that. `None` if that failed or takes long, or if the result is large; each caller then
    /// executes it for itself.
    pub(super) async fn result(
        &self,
        number: u64,
        execute: impl Future<Output = RequestResult>,
    ) -> Option<Arc<str>> {
        let result = {
            let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let result = Arc::clone(results.entry(number).or_default());
            while results.len() > MAX_KEPT {
                results.pop_first();
            }
            result
        };
        let text = async {
            let result = execute.await;
            // A failure may be over at the next attempt, so it is not kept.
            let text = result.has_no_errors().then(|| serde_json::to_string(&result).ok())?;
            text.filter(|text| text.len() <= MAX_SHARED_BYTES).map(Arc::from)
        };
        // The first caller's connection may be stuck at another of its messages.
        let result = timeout(MAX_SHARED_WAIT, result.get_or_init(|| text)).await;
        result.ok().cloned().flatten()
    }
}

/// The queries that are subscribed to at the moment.
#[derive(Default)]
pub(super) struct SharedQueries(Mutex<HashMap<String, Weak<SharedQuery>>>);

impl SharedQueries {
    /// The results for this query and audience.
    pub(super) fn query(&self, key: String) -> Arc<SharedQuery> {
        let mut queries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(query) = queries.get(&key).and_then(Weak::upgrade) {
            return query;
        }
        queries.retain(|_, query| query.strong_count() > 0);
        let query = Arc::default();
        queries.insert(key, Arc::downgrade(&query));
        query
    }
}

/// The name of everything that a query's results depend on. `None` if the operation has more than
/// one field at its root, or directives there.
///
/// Variables that occur only in the arguments of that field are left out: they choose the events,
/// and the results of an event do not depend on them.
pub(super) fn shape(query: &str, plan: &ResponsePlan) -> Option<String> {
    let root = plan.root_field()?;
    // The grammar allows white space after `$`, which `occurrences` does not expect.
    let is_plain = query.split('$').skip(1).all(|rest| rest.starts_with(is_name));
    if !root.node.directives.is_empty() || !is_plain {
        return None;
    }
    let arguments = root.node.arguments.iter().map(|(_, value)| value.node.to_string());
    let arguments: Vec<String> =
        arguments.filter_map(|value| value.strip_prefix('$').map(str::to_owned)).collect();
    let is_of_root_only = |name: &str| {
        // Once where it is defined, and once for each argument.
        let uses = arguments.iter().filter(|argument| *argument == name).count();
        uses > 0 && occurrences(query, name) == uses + 1
    };
    let variables = plan.variables.iter().filter(|(name, _)| !is_of_root_only(name.as_str()));
    let variables: BTreeMap<&str, String> =
        variables.map(|(name, value)| (name.as_str(), value.to_string())).collect();
    Some(format!("{query}\0{:?}\0{variables:?}", plan.operation_name))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// How often a variable occurs in a document.
fn occurrences(query: &str, name: &str) -> usize {
    let variables = query.split('$').skip(1);
    variables.filter(|rest| rest.split(|c| !is_name(c)).next() == Some(name)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::graphql_http::parameters::Parameters;

    fn shape_of(query: &str, variables: &serde_json::Value) -> Option<String> {
        let json = serde_json::json!({ "query": query, "variables": variables });
        let prepared = Parameters::from_json(json).unwrap().prepare(Arc::new(())).unwrap();
        shape(query, &prepared.plan)
    }

    #[test]
    fn a_variable_that_only_chooses_the_events_is_no_part_of_the_shape() {
        let query = "subscription($after: String) { changed(after: $after) { at } }";
        let one = shape_of(query, &serde_json::json!({ "after": "1" }));
        assert!(one.is_some());
        assert_eq!(one, shape_of(query, &serde_json::json!({ "after": "2" })));
    }

    #[test]
    fn a_variable_that_is_used_below_the_root_is_a_part_of_the_shape() {
        let query = "subscription($n: Int) { changed(after: $n) { at(n: $n) } }";
        let one = shape_of(query, &serde_json::json!({ "n": 1 }));
        assert_ne!(one, shape_of(query, &serde_json::json!({ "n": 2 })));
        let query = "subscription($n: Int, $name: Int) { changed(after: $n) { at(n: $name) } }";
        let one = shape_of(query, &serde_json::json!({ "n": 1, "name": 1 }));
        assert_ne!(one, shape_of(query, &serde_json::json!({ "n": 1, "name": 2 })));
    }

    #[test]
    fn operations_with_several_fields_or_with_directives_are_not_shared() {
        let none = serde_json::json!({});
        assert_eq!(shape_of("subscription { a { at } b { at } }", &none), None);
        assert_eq!(shape_of("subscription { a @skip(if: false) { at } }", &none), None);
    }
}
