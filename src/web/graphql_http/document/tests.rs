//! Tests which documents are refused before execution.

use super::*;

fn refusal(query: &str) -> Option<String> {
    read(query, None, Variables::default()).err().map(|error| error.message)
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    assert_eq!(nesting("{ a(b: \"((((\") # {{{{\n { c } }"), 2);
    assert_eq!(nesting(r#"{ a(b: """ \""" (((( """) }"#), 2);
    assert_eq!(nesting(r#"{ a(b: "\\") { c { d } } }"#), 3);
    assert_eq!(nesting("{ a(b: \"\u{1f3c3}\") }"), 2);
}

#[test]
fn a_string_that_does_not_end_hides_no_brackets() {
    assert!(nesting("{ \" [[[[[") >= 6);
    assert!(nesting("\"\"\" \\\"\"\" [[[[[") >= 5);
}

#[test]
fn a_very_deep_query_is_refused_before_it_is_parsed() {
    assert!(refusal(&"{a".repeat(20_000)).unwrap().contains("too deep"));
    assert!(refusal(&format!("{{ a(b: {}1) }}", "[".repeat(20_000))).unwrap().contains("deep"));
}

/// A document in which each fragment spreads the next one twice.
fn doubling() -> String {
    let fragment = |n: u32| format!("fragment F{n} on T {{ ...F{0} ...F{0} }} ", n + 1);
    (0..28).map(fragment).collect::<Vec<_>>().concat()
}

#[test]
fn fragments_that_double_are_weighed_at_once() {
    let doubling = doubling();
    let query = format!("{{ ...F0 }} {doubling} fragment F28 on T {{ a }}");
    assert!(refusal(&query).unwrap().contains("too complex"));
}

#[test]
fn fragments_that_double_are_refused_though_no_operation_uses_them() {
    let doubling = doubling();
    let query = format!("{{ a }} {doubling} fragment F28 on T {{ a }}");
    assert!(refusal(&query).unwrap().contains("is not used"));
}

/// Each of 30 fragments spreads the next one six times; the last one spreads `last`.
fn six_times_thirty(last: &str) -> String {
    let fragment = |n: u32| {
        let next = if n == 29 { last.to_owned() } else { format!("A{}", n + 1) };
        format!(
            "fragment A{n} on Query{{{}}} ",
            format!("...{next}").repeat(if n == 29 { 1 } else { 6 })
        )
    };
    format!("query{{...A0}} {}", (0..30).map(fragment).collect::<String>())
}

#[test]
fn spreads_of_an_undefined_fragment_are_refused_before_validation_walks_every_path() {
    let query = six_times_thirty("Nope");
    assert!(query.len() < 2_000);
    assert!(refusal(&query).is_some());
    assert!(refusal("{ ...Nope }").unwrap().contains("\"Nope\" is not defined"));
}

#[test]
fn an_unused_fragment_is_refused() {
    let query = "{ a } fragment F on T { a }";
    assert!(refusal(query).unwrap().contains("\"F\" is not used"));
}

#[test]
fn every_selection_weighs_at_least_one_however_it_is_reached() {
    // Neither fragment has a field of its own below the spreads.
    let spreads = "...F ".repeat(MAX_FIELDS / 2);
    let query = format!("{{ {spreads} }} fragment F on T {{ ... on T {{ a }} }}");
    assert!(refusal(&query).unwrap().contains("too complex"));
    let inline = "... on T { a } ".repeat(MAX_FIELDS / 2);
    assert_eq!(refusal(&format!("{{ {inline} }}")), None);
    assert!(refusal(&format!("{{ {inline} a }}")).unwrap().contains("too complex"));
}

#[test]
fn fragments_that_several_operations_share_count_for_each_of_them() {
    let operations = (0..MAX_FIELDS).map(|n| format!("query Q{n} {{ ...F }} ")).collect::<String>();
    let query = format!("{operations} fragment F on T {{ a }}");
    assert!(refusal(&query).unwrap().contains("too complex"));
}

#[test]
fn a_heap_of_arguments_is_refused() {
    let arguments = (0..=MAX_COLONS).map(|n| format!("a{n}: 1 ")).collect::<String>();
    assert!(refusal(&format!("{{ a({arguments}) }}")).unwrap().contains("arguments"));
}

#[test]
fn a_fragment_within_itself_is_refused() {
    let query = "{ ...F } fragment F on T { a ...G } fragment G on T { ...F ...F }";
    assert!(refusal(query).unwrap().contains("within itself"));
}

#[test]
fn a_long_chain_of_fragments_is_refused() {
    let chain = (0..3000)
        .map(|n| format!("fragment F{n} on T {{ ...F{} }} ", n + 1))
        .collect::<Vec<_>>()
        .concat();
    assert!(refusal(&format!("{{ ...F0 }} {chain}")).unwrap().contains("too deep"));
}

#[test]
fn depth_and_fields_are_counted_through_fragments_and_aliases() {
    let deep = |depth: usize| format!("{}a{}", "{ a ".repeat(depth - 1) + "{ ", " }".repeat(depth));
    assert_eq!(refusal(&deep(MAX_DEPTH)), None);
    assert!(refusal(&deep(MAX_DEPTH + 1)).unwrap().contains("too deep"));
    let wide = |fields: usize| {
        let aliases = (0..fields).map(|n| format!("a{n}: a ")).collect::<Vec<_>>().concat();
        format!("{{ {aliases} }}")
    };
    assert_eq!(refusal(&wide(MAX_FIELDS)), None);
    assert!(refusal(&wide(MAX_FIELDS + 1)).unwrap().contains("too complex"));
}

#[test]
fn the_operation_that_is_meant_is_found_by_its_name() {
    let none = Variables::default;
    let query = "query Q { a } mutation M { a }";
    assert_eq!(read(query, Some("M"), none()).unwrap().kind, OperationType::Mutation);
    assert!(read(query, None, none()).is_err());
    assert!(read(query, Some("N"), none()).is_err());
    assert_eq!(read("{ a }", None, none()).unwrap().kind, OperationType::Query);
}

#[test]
fn a_variable_that_must_have_a_value_is_named_if_it_has_none() {
    let read = |json| {
        let variables = Variables::from_json(json);
        read("query ($a: Int!, $b: Int! = 1, $c: Int) { a }", None, variables)
    };
    let document = read(serde_json::json!({ "a": 1 })).ok().unwrap();
    assert_eq!(document.variables.get("b"), Some(&Value::from(1)));
    assert_eq!(document.variables.get("c"), None);
    for wrong in [serde_json::json!({}), serde_json::json!({ "a": null })] {
        let error = read(wrong).err().unwrap();
        assert_eq!(error.extensions.unwrap().get("field"), Some(&Value::from("a")));
    }
}

#[test]
fn a_heap_of_directives_is_refused_before_each_gets_an_error() {
    let heap = format!("{{ hotel{} {{ name }} }}", "@a".repeat(MAX_DIRECTIVES + 1));
    assert!(refusal(&heap).unwrap().contains("directives"));
    assert_eq!(refusal("{ hotel @include(if: true) { name } }"), None);
}

#[test]
fn a_document_asks_for_the_schema_a_few_times_at_most() {
    assert_eq!(refusal("{ __schema { types { name } } __type(name: \"T\") { name } }"), None);
    let aliases: String =
        (0..480).map(|n| format!("a{n}: __schema {{ types {{ name }} }} ")).collect();
    assert!(refusal(&format!("{{ {aliases} }}")).is_some());
    let spread = "{ ...A ...A ...A } fragment A on Query { __type(name: \"T\") { name } }";
    assert!(refusal(spread).unwrap().contains("schema"));
}

#[test]
fn a_mutation_changes_one_thing() {
    assert_eq!(refusal("mutation { book { id name } }"), None);
    assert_eq!(refusal("mutation { __typename book { id __typename } }"), None);
    let message = refusal("mutation { a: book { id } b: book { id } }").unwrap();
    assert!(message.contains("one field"), "{message}");
    let spread = "mutation { ...A ...A } fragment A on Mutation { book { id } }";
    assert!(refusal(spread).unwrap().contains("one field"));
    assert_eq!(refusal("{ a: free { id } b: free { id } }"), None);
}

#[test]
fn variables_that_are_not_declared_are_dropped() {
    let variables = serde_json::json!({ "a": 1, "unused": "x".repeat(60_000) });
    let document = read("query ($a: Int) { t(a: $a) }", None, Variables::from_json(variables));
    let kept = document.unwrap().variables;
    assert_eq!(kept.keys().map(Name::as_str).collect::<Vec<_>>(), ["a"]);
}
