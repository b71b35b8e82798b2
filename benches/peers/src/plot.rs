//! The plot: for each workload, how many times as long the peers take.

use std::fmt::Write as _;

use crate::peer::Delivers;
use crate::report::{Report, in_unit};

const LEFT: f64 = 470.0;
const WIDTH: f64 = 620.0;
const TOP: f64 = 84.0;
const ROW: f64 = 24.0;

/// The ends of the axis, in multiples of our time.
const LEAST: f64 = 0.1;
const MOST: f64 = 200.0;

const COLOURS: [(&str, &str); 11] = [
    ("Connection", "#0b5fff"),
    ("Messages", "#00a3e0"),
    ("tungstenite", "#d62728"),
    ("fastwebsockets", "#ff7f0e"),
    ("tokio-websockets", "#2ca02c"),
    ("soketto", "#9467bd"),
    ("sockudo-ws", "#8c564b"),
    ("sockudo-ws, sans-IO", "#17becf"),
    ("wtx", "#bcbd22"),
    ("yawc", "#e377c2"),
    ("web-socket", "#7f7f7f"),
];

/// The colour of a peer; variants of one have that of the one they begin with.
pub fn colour(peer: &str) -> &'static str {
    let named = COLOURS.iter().filter(|(name, _)| peer.starts_with(name)).max_by_key(|(name, _)| name.len());
    named.map_or("#444", |(_, colour)| colour)
}

pub fn svg(report: &Report<'_>) -> String {
    let rows = report.workloads.len() as f64;
    let (width, height) = (LEFT + WIDTH + 30.0, TOP + rows * ROW + 50.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"16\" font-weight=\"bold\">CPU time per message, in multiples of websocket-proto's (less is better)</text>\n"
    );
    legend(&mut svg);
    axis(&mut svg, rows);
    for (row, workload) in report.workloads.iter().enumerate() {
        let median = |column: usize| Some(report.table[row][column].as_ref()?.median());
        let named = |name: &str| report.peers.iter().position(|peer| peer.name == name);
        let ours =
            ["Connection", "Messages"].iter().filter_map(|name| median(named(name)?)).fold(f64::INFINITY, f64::min);
        let y = TOP + (row as f64 + 0.5) * ROW;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{} <tspan font-weight=\"bold\">{}</tspan></text>",
            LEFT - 12.0,
            y + 4.5,
            workload.name,
            if ours.is_finite() { with_unit(in_unit(workload.unit, ours)) } else { String::new() },
        );
        // Ours last, and so on top.
        for (column, peer) in report.peers.iter().enumerate().rev() {
            let Some(median) = median(column) else { continue };
            let x = place(median / ours);
            if peer.delivers == Delivers::Nothing {
                let _ = writeln!(svg, "<path d=\"M{x:.1} {}v{}\" stroke=\"black\" stroke-width=\"3\"/>", y - 8.0, 16);
            } else if let Some((_, colour)) = COLOURS.iter().find(|(name, _)| *name == peer.name) {
                let fill = if report.skips_utf8(row, column) { "white" } else { colour };
                let radius = if COLOURS[..2].iter().any(|(name, _)| *name == peer.name) { 6.0 } else { 4.5 };
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"2\"/>"
                );
            }
        }
    }
    svg += "</svg>\n";
    svg
}

fn legend(svg: &mut String) {
    let mut x = 16.0;
    for (name, colour) in COLOURS {
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.0}\" cy=\"45\" r=\"5\" fill=\"{colour}\"/><text x=\"{:.0}\" y=\"50\">{name}</text>",
            x + 9.0
        );
        x += 26.0 + 7.2 * name.len() as f64;
    }
    let _ = writeln!(
        svg,
        "<path d=\"M14 58v16\" stroke=\"black\" stroke-width=\"3\"/>\
         <text x=\"24\" y=\"71\">the floor: copies only</text>\
         <text x=\"200\" y=\"71\" fill=\"#555\">hollow: does not check that text is UTF-8</text>"
    );
}

fn axis(svg: &mut String, rows: f64) {
    let bottom = TOP + rows * ROW;
    for multiple in [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0] {
        let x = place(multiple);
        let (colour, stroke) = if multiple == 1.0 { ("#0b5fff", 1.5) } else { ("#ddd", 1.0) };
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"{colour}\" stroke-width=\"{stroke}\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{multiple}×</text>",
            bottom + 20.0
        );
    }
}

fn place(multiple: f64) -> f64 {
    let part = (multiple.clamp(LEAST, MOST) / LEAST).ln() / (MOST / LEAST).ln();
    LEFT + part * WIDTH
}

fn with_unit(time: String) -> String {
    if time.ends_with('s') { time } else { time + " ns" }
}
