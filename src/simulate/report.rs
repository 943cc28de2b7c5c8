//! Shows the results of a simulation as a Markdown table and as an SVG plot.

use std::fmt::Write;

use super::tally::part;
use super::{Setting, Tally};

/// The headings of the columns.
const COLUMNS: [&str; 9] = [
    "setting",
    "late and seen, kept",
    "late and shared, kept",
    "cancelled though ≤ 30 min late",
    "freed on time",
    "blocked in vain",
    "minutes in vain",
    "of radius only",
    "minutes held",
];

/// The results as a Markdown table. The minutes in vain are compared with those of the first
/// setting that is [`Setting::is_radius_only`].
#[must_use]
pub fn table(settings: &[Setting], tallies: &[Tally]) -> String {
    let baseline = settings.iter().zip(tallies).find(|(setting, _)| setting.is_radius_only);
    let baseline = baseline.map_or(0, |(_, tally)| tally.vain_minutes);
    let mut text = format!("| {} |\n|---|{}\n", COLUMNS.join(" | "), "---:|".repeat(8));
    for (setting, tally) in settings.iter().zip(tallies) {
        let percent = |some, all| format!("{:.1} %", 100.0 * part(some, all));
        let cells = [
            setting.name.clone(),
            percent(tally.late_seen_kept, tally.late_seen),
            percent(tally.late_shared_kept, tally.late_shared),
            format!("{} of {}", tally.late_cancelled, tally.late),
            percent(tally.freed_on_time, tally.hopeless),
            tally.vain.to_string(),
            tally.vain_minutes.to_string(),
            percent(tally.vain_minutes, baseline),
            tally.held_minutes.to_string(),
        ];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 730.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 400.0;
/// The aim: the part of the late and seen guests who keep the room, and the minutes blocked in vain
/// as a part of what "radius only" blocks.
const TARGET: (f64, f64) = (0.97, 1.0 / 3.0);

/// The results as an SVG picture. The horizontal axis is the minutes blocked in vain, as a part of
/// what "radius only" blocks. The vertical axis is the part of late and seen guests who keep the
/// room. The upper left corner is the best.
#[must_use]
pub fn plot(settings: &[Setting], tallies: &[Tally]) -> String {
    let results: Vec<_> = settings.iter().zip(tallies).collect();
    let radius_only = results.iter().find(|(setting, _)| setting.is_radius_only);
    let baseline = radius_only.map_or(1, |(_, tally)| tally.vain_minutes);
    let cost = |tally: &Tally| part(tally.vain_minutes, baseline);
    let most = tallies.iter().map(cost).fold(1.0, f64::max);
    let across = |cost: f64| LEFT + cost / most * (RIGHT - LEFT);
    let up = |kept: f64| BOTTOM - kept * (BOTTOM - TOP);
    let mut svg = ground(most, across, up);
    let mut curve: Vec<_> = results.iter().filter(|(setting, _)| setting.is_radius_only).collect();
    curve.sort_by_key(|(_, tally)| tally.vain_minutes);
    let points = curve
        .iter()
        .map(|(_, tally)| format!("{:.1},{:.1}", across(cost(tally)), up(tally.late_kept())));
    let points = points.collect::<Vec<_>>().join(" ");
    let _ = writeln!(svg, "<polyline points=\"{points}\" fill=\"none\" stroke=\"#65574c\"/>");
    // In reverse order, so that the first three settings are drawn over the others.
    for (index, (setting, tally)) in results.iter().enumerate().rev() {
        let (x, y) = (across(cost(tally)), up(tally.late_kept()));
        let is_compared = index < 3;
        let radius = if is_compared { 6 } else { 3 };
        let fill = if setting.is_radius_only { "#65574c" } else { "#9c4221" };
        let opacity = if is_compared || setting.is_radius_only { 1.0 } else { 0.55 };
        let name = &setting.name;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{fill}\" fill-opacity=\"{opacity}\"><title>{name}</title></circle>"
        );
        if is_compared || setting.is_radius_only {
            let (anchor, dx) = if x > WIDTH / 2.0 { ("end", -8.0) } else { ("start", 10.0) };
            let dy = if y > BOTTOM - 24.0 { -12.0 } else { 20.0 };
            let (x, y) = (x + dx, y + dy);
            let weight = if is_compared { " font-weight=\"bold\"" } else { "" };
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{weight}>{name}</text>"
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws the background: the area of the aim, grid lines, and the labels of the axes.
fn ground(most: f64, across: impl Fn(f64) -> f64, up: impl Fn(f64) -> f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#2b211b\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fffdf9\"/>\n"
    );
    let (kept, cost) = TARGET;
    let _ = writeln!(
        svg,
        "<path d=\"M{LEFT} {TOP}H{right:.1}V{bottom:.1}H{LEFT}Z\" fill=\"#24624a\" fill-opacity=\"0.2\"><title>the aim</title></path>",
        right = across(cost),
        bottom = up(kept),
    );
    for step in 0..=4 {
        let kept = f64::from(step) / 4.0;
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"#d8cec3\"/><text x=\"{x}\" y=\"{text:.1}\" text-anchor=\"end\">{percent} %</text>",
            x = LEFT - 8.0,
            y = up(kept),
            text = up(kept) + 4.0,
            percent = 25 * step,
        );
    }
    let mut step = 0;
    while f64::from(step) / 4.0 <= most {
        let x = across(f64::from(step) / 4.0);
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{percent} %</text>",
            y = BOTTOM + 20.0,
            percent = 25 * step,
        );
        step += 1;
    }
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{above}\">guests at most 30 minutes late, their position known: part that keeps the room</text>\n\
         <text x=\"{RIGHT}\" y=\"{below}\" text-anchor=\"end\">minutes blocked in vain, as a part of what the radius alone blocks</text>",
        above = TOP - 16.0,
        below = BOTTOM + 44.0,
    );
    svg
}
