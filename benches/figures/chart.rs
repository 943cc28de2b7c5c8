//! The figures as SVG pictures.

use std::fmt::Write;
use std::time::Duration;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 740.0;
const COLOURS: [&str; 3] = ["#65574c", "#24624a", "#9c4221"];
/// The upper bounds of the bars of a histogram, in milliseconds. The last bar has no bound.
const BOUNDS: [u32; 11] = [1, 2, 3, 4, 5, 6, 8, 10, 15, 25, 50];

fn frame(height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#2b211b\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fffdf9\"/>\n"
    )
}

/// How many of each series are at most so late.
pub fn histogram(series: &[(&str, Vec<Duration>)]) -> String {
    const TOP: f64 = 50.0;
    const BOTTOM: f64 = 300.0;
    let mut svg = frame(350.0);
    let bars = BOUNDS.len() + 1;
    let counts: Vec<Vec<usize>> = series.iter().map(|(_, late)| counts(late)).collect();
    let most = counts.iter().flatten().copied().max().unwrap_or(1).max(1);
    let group = (RIGHT - LEFT) / as_f64(bars);
    let bar = group * 0.8 / as_f64(series.len());
    for (index, (name, late)) in series.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        for (place, count) in counts[index].iter().enumerate() {
            let height = as_f64(*count) / as_f64(most) * (BOTTOM - TOP);
            let x = LEFT + group * as_f64(place) + bar * as_f64(index);
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{bar:.1}\" height=\"{height:.1}\" fill=\"{colour}\"><title>{name}: {count} of {all}</title></rect>",
                y = BOTTOM - height,
                all = late.len(),
            );
        }
        let x = LEFT + 170.0 * as_f64(index);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"18\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"28\">{name}</text>",
            x + 18.0
        );
    }
    for place in 0..bars {
        let label = BOUNDS.get(place).map_or("more".to_owned(), |bound| format!("≤ {bound}"));
        let x = LEFT + group * (as_f64(place) + 0.4);
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"318\" text-anchor=\"middle\">{label}</text>");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{RIGHT}\" y=\"340\" text-anchor=\"end\">lateness in milliseconds, 2,000 deadlines 5 ms apart</text>\n</svg>"
    );
    svg
}

fn counts(late: &[Duration]) -> Vec<usize> {
    let mut counts = vec![0; BOUNDS.len() + 1];
    for late in late {
        let place = BOUNDS.iter().position(|bound| *late <= Duration::from_millis((*bound).into()));
        counts[place.unwrap_or(BOUNDS.len())] += 1;
    }
    counts
}

/// Rates a second, as bars.
pub fn bars(rates: &[(String, f64)]) -> String {
    const ROW: f64 = 44.0;
    let mut svg = frame(ROW * as_f64(rates.len()) + 40.0);
    let most = rates.iter().map(|(_, rate)| *rate).fold(1.0, f64::max);
    for (index, (name, rate)) in rates.iter().enumerate() {
        let y = 20.0 + ROW * as_f64(index);
        let width = rate / most * (RIGHT - 20.0 - 70.0);
        let colour = if name.starts_with("createBooking") { COLOURS[1] } else { COLOURS[0] };
        let _ = writeln!(
            svg,
            "<text x=\"20\" y=\"{text}\">{name}</text>\
             <rect x=\"20\" y=\"{bar}\" width=\"{width:.1}\" height=\"16\" fill=\"{colour}\"/>\
             <text x=\"{end:.1}\" y=\"{label}\">{rate:.0}</text>",
            text = y + 10.0,
            bar = y + 16.0,
            end = 28.0 + width,
            label = y + 29.0,
        );
    }
    let y = 20.0 + ROW * as_f64(rates.len()) + 10.0;
    let _ = writeln!(
        svg,
        "<text x=\"{RIGHT}\" y=\"{y}\" text-anchor=\"end\">a second, 64 clients in the same process</text>\n</svg>"
    );
    svg
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
