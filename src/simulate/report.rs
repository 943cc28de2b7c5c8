//! The report of a simulated day: a table to read and a plot to look at.

use std::fmt::Write;

use super::tally::part;
use super::{Setting, Tally};

/// What each column says, in the order of the table.
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

/// The results as a Markdown table. `radius_only` is what minutes in vain are compared with.
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

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const MARGIN: f64 = 56.0;

/// The results as an SVG picture: minutes blocked in vain to the right, late guests who keep the
/// room upwards. The best corner is the upper left.
#[must_use]
pub fn plot(settings: &[Setting], tallies: &[Tally]) -> String {
    let most = tallies.iter().map(|tally| tally.vain_minutes).max().unwrap_or(0);
    let across = |tally: &Tally| MARGIN + part(tally.vain_minutes, most) * (WIDTH - 2.0 * MARGIN);
    let up = |tally: &Tally| HEIGHT - MARGIN - tally.late_kept() * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fffdf9\"/>\n\
         <path d=\"M{MARGIN} {MARGIN}V{bottom}H{right}\" fill=\"none\" stroke=\"#65574c\"/>\n\
         <text x=\"{right}\" y=\"{below}\" text-anchor=\"end\">minutes blocked in vain, up to {most}</text>\n\
         <text x=\"{MARGIN}\" y=\"{above}\">late guests with a known position who keep the room, 0 to 100 %</text>\n",
        bottom = HEIGHT - MARGIN,
        right = WIDTH - MARGIN,
        below = HEIGHT - MARGIN / 2.0,
        above = MARGIN / 2.0,
    );
    let aim = HEIGHT - MARGIN - 0.97 * (HEIGHT - 2.0 * MARGIN);
    let _ = writeln!(
        svg,
        "<path d=\"M{MARGIN} {aim:.1}H{}\" stroke=\"#24624a\" stroke-dasharray=\"4 4\"/>",
        WIDTH - MARGIN
    );
    for (index, (setting, tally)) in settings.iter().zip(tallies).enumerate() {
        let (x, y) = (across(tally), up(tally));
        // The first few are what is compared; the rest is the sweep.
        let (radius, fill) = if index < 3 { (6, "#9c4221") } else { (3, "#8f8071") };
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{fill}\"><title>{}</title></circle>",
            setting.name
        );
        if index < 3 {
            let (anchor, dx) = if x > WIDTH / 2.0 { ("end", -10.0) } else { ("start", 10.0) };
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                x + dx,
                y + 18.0,
                setting.name
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
