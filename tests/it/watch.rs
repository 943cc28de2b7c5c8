//! What watches a hotel from outside: alert rules and the dashboard name metrics that exist.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use jatah::metric_help::{METRICS, MetricKind};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Every word that starts like a metric.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("jatah_")).collect()
}

/// The names under which Prometheus knows a metric.
fn exported() -> BTreeSet<String> {
    let names = METRICS.iter().flat_map(|metric| match metric.kind {
        MetricKind::Histogram(_) => {
            ["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", metric.name)).to_vec()
        }
        MetricKind::Counter | MetricKind::Gauge => vec![metric.name.to_owned()],
    });
    names.collect()
}

#[test]
fn every_metric_of_the_alerts_and_the_dashboard_exists() {
    let exported = exported();
    for name in ["alerts.yaml", "grafana.json"] {
        let text = document(name);
        let named = named(&text);
        assert!(named.len() > 3, "{name} names no metrics");
        for metric in named {
            // A text for people names a histogram without its ending.
            let is_told = METRICS.iter().any(|known| known.name == metric);
            assert!(exported.contains(metric) || is_told, "{name}: {metric} does not exist");
        }
    }
}

#[test]
fn every_metric_is_explained_to_the_operator_and_counted_under_its_name() {
    let text = document("operate.md");
    let explained = named(&text);
    let counted = include_str!("fixtures/recorded/names/metrics.txt");
    let counted: BTreeSet<&str> = counted.lines().collect();
    let described: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(described, counted);
    for metric in METRICS {
        assert!(
            explained.contains(metric.name),
            "docs/operate.md does not explain {}",
            metric.name
        );
        assert!(metric.help.ends_with('.'), "{}", metric.name);
    }
}

/// Needs Debian's package `prometheus`, and is left out without it.
#[test]
fn the_alert_rules_are_rules() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alerts.yaml");
    match Command::new("promtool").args(["check", "rules"]).arg(rules).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(error) => {
            eprintln!("promtool is not installed, so the rules were not checked: {error}");
        }
    }
}
