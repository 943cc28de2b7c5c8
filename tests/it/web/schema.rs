//! The published schema.

use serde_json::{Value, json};

use super::Site;
use crate::hotel::with_paused_clock;

#[test]
fn the_schema_at_the_top_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let kept = std::fs::read_to_string(path).unwrap();
    // Line breaks at the end do not count.
    assert!(
        kept.trim_end() == jatah::web::sdl().trim_end(),
        "write it again: cargo run -- schema > schema.graphql"
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let query = "{ __schema { types { name description
            fields { name description args { name description } }
            inputFields { name description } enumValues { name description } } } }";
        let data = site.ask(query, json!({}), None).await.data();
        let types = data["__schema"]["types"].as_array().unwrap();
        let is_ours = |name: &str| !name.starts_with("__") && name != "ID";
        let ours = types.iter().filter(|kind| is_ours(kind["name"].as_str().unwrap()));
        let mut mute = Vec::new();
        for kind in ours {
            look(kind, "", &mut mute);
        }
        assert!(types.len() > 30);
        assert_eq!(mute, Vec::<String>::new());
        site.close().await;
    });
}

fn look(thing: &Value, within: &str, mute: &mut Vec<String>) {
    let name = format!("{within}{}", thing["name"].as_str().unwrap());
    if thing["description"].as_str().is_none_or(str::is_empty) {
        mute.push(name.clone());
    }
    for list in ["fields", "args", "inputFields", "enumValues"] {
        for inner in thing[list].as_array().into_iter().flatten() {
            look(inner, &format!("{name}."), mute);
        }
    }
}
