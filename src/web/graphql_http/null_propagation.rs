//! Completes the data of a response: puts keys in the order of the query, and sets failed fields to
//! null. If a failed field must not be null, the nearest parent that may be null is set to null.
//!
//! The library returns fields in the order in which they were resolved and leaves out failed
//! fields, even if the schema says that they are not null. Section 6.4.4 of the GraphQL
//! specification requires the nulls, and clients that rely on the schema need them.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned, Value, Variables};

/// The request, for completing its response.
pub struct ResponsePlan {
    /// The document.
    pub document: Arc<ExecutableDocument>,
    /// The name of the operation, if the document has several.
    pub operation_name: Option<String>,
    /// All variables that have a value, including default values.
    pub variables: Variables,
}

impl ResponsePlan {
    /// The field of an operation that has only one selection at its root.
    pub fn root_field(&self) -> Option<&Positioned<Field>> {
        match &self.operation()?.selection_set.node.items[..] {
            [Positioned { node: Selection::Field(field), .. }] => Some(field),
            _ => None,
        }
    }

    fn operation(&self) -> Option<&OperationDefinition> {
        let name = self.operation_name.as_deref();
        let is_meant = |own: Option<&Name>| name.is_none() || own.map(Name::as_str) == name;
        let mut operations = self.document.operations.iter();
        operations.find(|(own, _)| is_meant(*own)).map(|(_, operation)| &operation.node)
    }

    /// The fields for each response key, in the order of the query.
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
                // The schema has neither interfaces nor unions, so every valid fragment applies.
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        self.collect(&fragment.node.selection_set.node, fields);
                    }
                }
            }
        }
    }

    /// Whether `@skip` or `@include` leaves out the selection.
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

/// The types of all fields of all objects.
pub struct FieldTypes(HashMap<Name, HashMap<Name, Type>>);

impl FieldTypes {
    /// Reads the types from a schema in the schema definition language.
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

    /// Returns the completed data of a response.
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
    /// Completes an object. `None` if a field that must not be null failed.
    fn object(&self, name: &str, sets: &[&SelectionSet], value: Value) -> Option<Value> {
        // Introspection never fails, and its types are not in the schema definition.
        let Some(types) = self.shapes.0.get(name) else { return Some(value) };
        let mut found = match value {
            Value::Object(found) => found,
            // All of its fields failed.
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

    /// Completes a value of a type. `None` if it is null but must not be null.
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
        let document = Arc::new(parse_query(query).unwrap());
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
