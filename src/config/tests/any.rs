//! No text and no value causes a panic or an error of more than one line.

use proptest::prelude::*;
use toml::{Table, Value};

use super::*;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::String),
        "[0-9smhd:. /%@?#=-]{0,12}".prop_map(Value::String),
        "(smtps?|https?|mongodb|sqlite|file)(:|://)\\PC{0,16}".prop_map(Value::String),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Float),
        any::<bool>().prop_map(Value::Boolean),
    ];
    leaf.prop_recursive(2, 30, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..25).prop_map(Value::Array),
            prop::collection::btree_map("[a-z_]{0,8}", inner, 0..3)
                .prop_map(|entries| Value::Table(entries.into_iter().collect())),
        ]
    })
}

fn is_one_line(outcome: &Result<Config, ConfigError>) -> bool {
    outcome.as_ref().err().is_none_or(|error| !error.to_string().contains(char::is_control))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        prop_assert!(is_one_line(&Config::from_toml(&text, [])));
    }

    #[test]
    fn no_value_of_any_key_makes_it_panic(
        at in any::<prop::sample::Index>(),
        value in any_value(),
    ) {
        let keys = example::keys();
        let (section, key) = at.get(&keys);
        let entry = Value::Table(Table::from_iter([(key.clone(), value.clone())]));
        let is_list = matches!(section.as_str(), "room" | "staff");
        let entry = if is_list { Value::Array(vec![entry]) } else { entry };
        let table = Table::from_iter([(section.clone(), entry)]);
        prop_assert!(is_one_line(&Config::from_table(table, [], false)));
        if let Value::String(text) = value {
            let name = format!("JATAH__{}__{}", section.to_uppercase(), key.to_uppercase());
            prop_assert!(is_one_line(&Config::from_table(Table::new(), [(name, text)], false)));
        }
    }
}
