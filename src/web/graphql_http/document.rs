//! Checks a document before the schema executes it: whether it can be parsed safely, and how much
//! it costs. Also selects the operation to execute.
//!
//! The schema's own limits are not enough. It computes them by visiting the document along every
//! path through its fragments, and the number of paths can grow exponentially with the number of
//! fragments. Here each fragment is weighed only once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};

use super::document_cache::DocumentCache;
use super::response::{malformed, set_invalid_input};

/// The deepest nesting of fields.
pub const MAX_DEPTH: usize = 15;
/// The most selections: fields, inline fragments and fragment spreads. A field under two aliases
/// counts twice, and the selections of a fragment count once for each spread of it.
pub const MAX_FIELDS: usize = 500;
/// The most arguments, aliases and variable definitions. Validation compares some of them pairwise.
const MAX_COLONS: usize = 2_000;
/// The most directives. Every `@` in the text counts as one.
const MAX_DIRECTIVES: usize = 100;
/// The most fields `__schema` and `__type`. Each can answer with the whole schema.
const MAX_INTROSPECTIONS: usize = 2;
/// The deepest nesting of brackets. The parser recurses at each.
const MAX_NESTING: usize = 64;
/// The deepest nesting of selection sets and fragments.
const MAX_LEVELS: usize = 30;

/// A document that is safe to execute.
pub struct Document {
    /// The document.
    pub parsed: Arc<ExecutableDocument>,
    /// The kind of the selected operation.
    pub kind: OperationType,
    /// The given variables, and the default values of the others. The library does not apply the
    /// default values in directives.
    pub variables: Variables,
}

/// Reads a document and selects the operation to execute.
///
/// # Errors
/// If the document is malformed or too large, or the operation or a variable is missing.
pub fn read(
    query: &str,
    operation_name: Option<&str>,
    variables: Variables,
) -> Result<Document, ServerError> {
    let parsed = DocumentCache::shared().get_or_parse(query, || parse(query))?;
    let operation = operation(&parsed, operation_name)?;
    let variables = with_defaults(operation, variables)?;
    let kind = operation.ty;
    Ok(Document { parsed, kind, variables })
}

/// Parses a document, unless it is too large to be executed.
fn parse(query: &str) -> Result<ExecutableDocument, ServerError> {
    if nesting(query) > MAX_NESTING {
        return Err(too_deep());
    }
    // Each directive may cause an error of its own, which is many times longer than the directive.
    if query.bytes().filter(|byte| *byte == b'@').count() > MAX_DIRECTIVES {
        return Err(malformed(format!("At most {MAX_DIRECTIVES} directives may be used.")));
    }
    // Each argument, alias and variable definition has a colon.
    if query.bytes().filter(|byte| *byte == b':').count() > MAX_COLONS {
        return Err(malformed(format!("At most {MAX_COLONS} arguments and aliases may be used.")));
    }
    let parsed = parse_query(query).map_err(|error| {
        let mut error = ServerError::from(error);
        set_invalid_input(&mut error, None);
        error
    })?;
    weigh(&parsed)?;
    Ok(parsed)
}

fn too_deep() -> ServerError {
    malformed(format!("The query is nested too deep: at most {MAX_DEPTH} fields."))
}

fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    let mut operations = document.operations.iter();
    if let Some(name) = name {
        return operations
            .find(|(own, _)| own.is_some_and(|own| own.as_str() == name))
            .map(|(_, operation)| &operation.node)
            .ok_or_else(|| malformed("There is no operation of the name in operationName."));
    }
    match (operations.next(), operations.next()) {
        (Some((_, operation)), None) => Ok(&operation.node),
        _ => Err(malformed("operationName is needed: the document has several operations.")),
    }
}

/// Adds the default values of variables, and drops what is not declared: a subscription would keep
/// it. Fails if a variable that must have a value has none.
fn with_defaults(
    operation: &OperationDefinition,
    mut variables: Variables,
) -> Result<Variables, ServerError> {
    let declared: HashSet<&str> = operation
        .variable_definitions
        .iter()
        .map(|definition| definition.node.name.node.as_str())
        .collect();
    variables.retain(|name, _| declared.contains(name.as_str()));
    for Positioned { node: definition, pos } in &operation.variable_definitions {
        let name = &definition.name.node;
        if let (None, Some(default)) = (variables.get(name), &definition.default_value) {
            variables.insert(name.clone(), default.node.clone());
        }
        let is_missing = variables.get(name).is_none_or(|value| *value == Value::Null);
        if is_missing && !definition.var_type.node.nullable {
            let message = format!("The variable \"${name}\" must have a value.");
            let mut error = ServerError::new(message, Some(*pos));
            set_invalid_input(&mut error, Some(name.as_str()));
            return Err(error);
        }
    }
    Ok(variables)
}

/// How deep brackets are nested in a document. Never less than the depth that the parser sees:
/// comments and strings are skipped by the same rules.
fn nesting(query: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => string_length(rest),
            '{' | '[' | '(' => {
                depth += 1;
                deepest = deepest.max(depth);
                1
            }
            '}' | ']' | ')' => {
                depth = depth.saturating_sub(1);
                1
            }
            other => other.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or("");
    }
    deepest
}

/// The length in bytes of the string literal at the start of a text. 1 if it does not end.
fn string_length(text: &str) -> usize {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        let mut from = 0;
        while let Some(end) = block.get(from..).and_then(|rest| rest.find("\"\"\"")) {
            let end = from + end;
            if !block[..end].ends_with('\\') {
                return end + 6;
            }
            from = end + 3;
        }
        return 1;
    }
    let mut is_escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            '\n' | '\r' => return 1,
            '"' if !is_escaped => return index + 1,
            _ => is_escaped = character == '\\' && !is_escaped,
        }
    }
    1
}

/// The cost of a selection set, including its fragments.
#[derive(Clone, Copy, Default)]
struct Weight {
    /// The number of fields, inline fragments and fragment spreads. Each counts once for each path
    /// to it.
    selections: usize,
    /// How deep fields are nested.
    depth: usize,
    /// The number of fields that ask for the schema, counted in the same way.
    introspections: usize,
    /// The number of fields of this set itself, also those in its fragments.
    fields: usize,
}

/// Weighs each fragment once.
struct Weigher<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while a fragment is being weighed.
    weights: HashMap<&'a str, Option<Weight>>,
}

/// Refuses a document whose validation or execution would cost too much.
///
/// The schema's validation visits every selection once for each path to it, and it cannot be
/// interrupted. Therefore the number of visits is limited before validation starts: every selection
/// weighs at least 1, and all operations together may weigh at most [`MAX_FIELDS`].
fn weigh(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut weigher = Weigher { fragments: &document.fragments, weights: HashMap::new() };
    let (mut selections, mut introspections) = (0_usize, 0_usize);
    for (_, operation) in document.operations.iter() {
        let weight = weigher.set(&operation.node.selection_set.node, 0)?;
        selections = selections.saturating_add(weight.selections);
        introspections = introspections.saturating_add(weight.introspections);
        // Requests are limited by their number, so each may change one thing only.
        if operation.node.ty == OperationType::Mutation && weight.fields > 1 {
            return Err(malformed("A mutation may have one field: send one request for each."));
        }
        if weight.depth > MAX_DEPTH {
            return Err(too_deep());
        }
    }
    if let Some(name) = document.fragments.keys().find(|name| !weigher.is_weighed(name)) {
        return Err(malformed(format!("The fragment \"{name}\" is not used.")));
    }
    if introspections > MAX_INTROSPECTIONS {
        let most = format!("at most {MAX_INTROSPECTIONS} fields");
        return Err(malformed(format!("The query asks for the schema too often: {most}.")));
    }
    if selections > MAX_FIELDS {
        return Err(malformed(format!("The query is too complex: at most {MAX_FIELDS} fields.")));
    }
    Ok(())
}

impl<'a> Weigher<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Weight, ServerError> {
        if level > MAX_LEVELS {
            return Err(too_deep());
        }
        let mut all = Weight::default();
        for selection in &set.items {
            let (within, own_depth) = match &selection.node {
                Selection::Field(field) => {
                    let mut within = self.set(&field.node.selection_set.node, level + 1)?;
                    let name = field.node.name.node.as_str();
                    let is_introspection = matches!(name, "__schema" | "__type");
                    within.introspections += usize::from(is_introspection);
                    // Some clients ask for the type's name everywhere, which costs nothing.
                    within.fields = usize::from(name != "__typename");
                    (within, 1)
                }
                Selection::InlineFragment(inline) => {
                    (self.set(&inline.node.selection_set.node, level + 1)?, 0)
                }
                Selection::FragmentSpread(spread) => {
                    (self.fragment(&spread.node.fragment_name.node, level + 1)?, 0)
                }
            };
            all.selections = all.selections.saturating_add(within.selections).saturating_add(1);
            all.depth = all.depth.max(within.depth + own_depth);
            all.introspections = all.introspections.saturating_add(within.introspections);
            all.fields = all.fields.saturating_add(within.fields);
        }
        Ok(all)
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Weight, ServerError> {
        match self.weights.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => {
                return Err(malformed(format!("The fragment \"{name}\" is within itself.")));
            }
            None => {}
        }
        let Some(fragment) = self.fragments.get(name) else {
            return Err(malformed(format!("The fragment \"{name}\" is not defined.")));
        };
        self.weights.insert(name, None);
        let weight = self.set(&fragment.node.selection_set.node, level)?;
        self.weights.insert(name, Some(weight));
        Ok(weight)
    }

    fn is_weighed(&self, name: &str) -> bool {
        self.weights.contains_key(name)
    }
}

#[cfg(test)]
mod tests;
