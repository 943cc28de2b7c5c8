//! Makes whole what the schema executed: keys in the order of the query, null where a field may
//! be null, and otherwise null further up.
//!
//! The library answers fields in the order in which they were ready, and leaves out those that
//! failed, also where the schema promises a value (GraphQL, 6.4.4 wants null in the nearest place
//! that may have it). Clients that trust the schema would break on that.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned, Value, Variables};

/// What was asked for, to compare an answer with.
pub struct ResponsePlan {
    /// The document.
    pub document: ExecutableDocument,
    /// Which of its operations is meant, where there are several.
    pub operation_name: Option<String>,
    /// Every variable with a value, defaults included.
    pub variables: Variables,
}

impl ResponsePlan {
    fn operation(&self) -> Option<&OperationDefinition> {
        let name = self.operation_name.as_deref();
        let is_meant = |own: Option<&Name>| name.is_none() || own.map(Name::as_str) == name;
        let mut operations = self.document.operations.iter();
        operations.find(|(own, _)| is_meant(*own)).map(|(_, operation)| &operation.node)
    }

    /// The fields under each key of an answer, in the order of the query.
    fn fields<'a>(&'a self, sets: &[&'a SelectionSet]) -> IndexMap<&'a Name, Vec<&'a Field>> {
        let mut fields = IndexMap::new();
        for set in sets {
            self.collect(set, &mut fields);
        }
        fields
    }

    fn collect<'a>(
        &'a self,
        set: &'a SelectionSet,
        fields: &mut IndexMap<&'a Name, Vec<&'a Field>>,
    ) {
        for Positioned { node: selection, .. } in &set.items {
            if selection.directives().iter().any(|directive| self.leaves_out(&directive.node)) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    fields.entry(&field.node.response_key().node).or_default().push(&field.node);
                }
                Selection::InlineFragment(inline) => {
                    self.collect(&inline.node.selection_set.node, fields);
                }
                // There are objects alone, no interfaces: every fragment that is valid applies.
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        self.collect(&fragment.node.selection_set.node, fields);
                    }
                }
            }
        }
    }

    /// Whether `@skip` or `@include` leaves out what it stands at.
    fn leaves_out(&self, directive: &Directive) -> bool {
        let leaves_out_if = match directive.name.node.as_str() {
            "skip" => true,
            "include" => false,
            _ => return false,
        };
        let value = directive.get_argument("if").map(|argument| argument.node.clone());
        let value = value.and_then(|value| {
            value.into_const_with(|name| self.variables.get(&name).cloned().ok_or(())).ok()
        });
        value == Some(Value::Boolean(leaves_out_if))
    }
}

/// The types of every field of every object.
pub struct FieldTypes(HashMap<Name, HashMap<Name, Type>>);

impl FieldTypes {
    /// The shapes of a schema in its own language.
    pub fn of(sdl: &str) -> Self {
        let definitions = parse_schema(sdl).map(|document| document.definitions);
        let object = |definition| match definition {
            TypeSystemDefinition::Type(Positioned { node, .. }) => match node.kind {
                TypeKind::Object(object) => Some((node.name.node, object)),
                _ => None,
            },
            _ => None,
        };
        let objects = definitions.unwrap_or_default().into_iter().filter_map(object);
        Self(
            objects
                .map(|(name, object)| {
                    let fields = object.fields.into_iter();
                    (name, fields.map(|field| (field.node.name.node, field.node.ty.node)).collect())
                })
                .collect(),
        )
    }

    /// The data of an answer, made whole.
    pub fn complete(&self, plan: &ResponsePlan, data: Value, has_failed: bool) -> Value {
        let Some(operation) = plan.operation() else { return data };
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let completion = NullPropagation { shapes: self, plan, has_failed };
        completion.object(root, &[&operation.selection_set.node], data).unwrap_or_default()
    }
}

struct NullPropagation<'a> {
    shapes: &'a FieldTypes,
    plan: &'a ResponsePlan,
    has_failed: bool,
}

impl NullPropagation<'_> {
    /// An object; `None` if one of its fields failed that must not be null.
    fn object(&self, name: &str, sets: &[&SelectionSet], value: Value) -> Option<Value> {
        // Introspection never fails, and is not in the schema's own language.
        let Some(types) = self.shapes.0.get(name) else { return Some(value) };
        let mut found = match value {
            Value::Object(found) => found,
            // Every one of its fields failed.
            Value::Null => IndexMap::new(),
            other => return Some(other),
        };
        let mut whole = IndexMap::with_capacity(found.len());
        for (key, fields) in self.plan.fields(sets) {
            let value = found.swap_remove(key);
            let name = fields.first().map(|field| &field.name.node);
            let value = match name.and_then(|name| types.get(name)) {
                Some(kind) => {
                    let within: Vec<&SelectionSet> =
                        fields.iter().map(|field| &field.selection_set.node).collect();
                    self.value(kind, &within, value)
                }
                None => value,
            };
            match value {
                Some(value) => {
                    whole.insert(key.clone(), value);
                }
                None if self.has_failed => return None,
                None => {}
            }
        }
        Some(Value::Object(whole))
    }

    /// A value of some type; `None` if it is null though it must not be.
    fn value(&self, kind: &Type, sets: &[&SelectionSet], value: Option<Value>) -> Option<Value> {
        let is_null = matches!(value, None | Some(Value::Null));
        if is_null && kind.nullable {
            return Some(Value::Null);
        }
        let whole = match (&kind.base, value?) {
            (BaseType::Named(name), value) if self.shapes.0.contains_key(name) => {
                self.object(name, sets, value)
            }
            (_, Value::Null) => None,
            (BaseType::List(of), Value::List(values)) => {
                let values = values.into_iter().map(|value| self.value(of, sets, Some(value)));
                values.collect::<Option<Vec<_>>>().map(Value::List)
            }
            (BaseType::Named(_) | BaseType::List(_), value) => Some(value),
        };
        whole.or_else(|| kind.nullable.then_some(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn complete(query: &str, data: serde_json::Value, has_failed: bool) -> String {
        let sdl = "type Query { a: A! may: A list: [A!]! loose: [A]! n: Int! o: Int }
                   type A { n: Int! o: Int a: A! }";
        let variables = Variables::from_json(json!({ "yes": true }));
        let document = parse_query(query).unwrap();
        let plan = ResponsePlan { document, operation_name: None, variables };
        let data = Value::from_json(data).unwrap();
        serde_json::to_string(&FieldTypes::of(sdl).complete(&plan, data, has_failed)).unwrap()
    }

    #[test]
    fn keys_stand_in_the_order_of_the_query() {
        let query = "{ o ...F x: n a { o } a { n } } fragment F on Query { __typename n }";
        let data =
            json!({ "a": { "n": 1, "o": 2 }, "n": 3, "x": 3, "o": 4, "__typename": "Query" });
        let whole = r#"{"o":4,"__typename":"Query","n":3,"x":3,"a":{"o":2,"n":1}}"#;
        assert_eq!(complete(query, data, false), whole);
    }

    #[test]
    fn what_failed_is_null_where_it_may_be_and_further_up_where_not() {
        for (query, data, whole) in [
            ("{ o n }", json!({ "n": 1 }), r#"{"o":null,"n":1}"#),
            ("{ o n }", json!({ "o": 1 }), "null"),
            ("{ o }", json!(null), r#"{"o":null}"#),
            ("{ n may { n o } }", json!({ "n": 1, "may": { "o": 1 } }), r#"{"n":1,"may":null}"#),
            ("{ n a { n } }", json!({ "n": 1, "a": null }), "null"),
            ("{ a { o } }", json!({ "a": null }), r#"{"a":{"o":null}}"#),
            (
                "{ may { a { a { n } } } }",
                json!({ "may": { "a": { "a": null } } }),
                r#"{"may":null}"#,
            ),
            ("{ list { n } }", json!({ "list": [{ "n": 1 }, null] }), "null"),
            (
                "{ loose { n } }",
                json!({ "loose": [{ "n": 1 }, {}] }),
                r#"{"loose":[{"n":1},null]}"#,
            ),
        ] {
            assert_eq!(complete(query, data, true), whole, "{query}");
        }
    }

    #[test]
    fn what_was_left_out_on_purpose_is_not_missed() {
        let query = "query ($yes: Boolean) {
            n @skip(if: $yes) o @include(if: true) a @include(if: false) { n } ... @skip(if: $yes) { n } }";
        assert_eq!(complete(query, json!({ "o": 1 }), true), r#"{"o":1}"#);
    }
}
