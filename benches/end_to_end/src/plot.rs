//! The plot: for each workload, how many times as much CPU time the other servers take.

use std::fmt::Write as _;

use crate::report::{Report, median};

const LEFT: f64 = 260.0;
const WIDTH: f64 = 700.0;
const TOP: f64 = 84.0;
const ROW: f64 = 26.0;

/// The ends of the axis, in multiples of our time.
const LEAST: f64 = 0.25;
const MOST: f64 = 16.0;

const COLOURS: [(&str, &str); 12] = [
    ("reactor_server", "#0b5fff"),
    ("websocket-proto-tokio", "#00a3e0"),
    ("uWebSockets (C++)", "#000000"),
    ("Beast (C++)", "#8c564b"),
    ("websocketpp (C++)", "#9467bd"),
    ("libwebsockets (C)", "#7f7f7f"),
    ("tungstenite", "#d62728"),
    ("fastwebsockets", "#ff7f0e"),
    ("tokio-websockets", "#2ca02c"),
    ("sockudo-ws", "#bcbd22"),
    ("yawc", "#e377c2"),
    ("ws (Node)", "#17becf"),
];

pub fn svg(report: &Report<'_>) -> String {
    let bottom = TOP + report.rows.len() as f64 * ROW;
    let (width, height) = (LEFT + WIDTH + 40.0, bottom + 40.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"16\" font-weight=\"bold\">Server's CPU time per echo over loopback, in multiples of reactor_server's (less is better)</text>\n"
    );
    let named = |server: &str| COLOURS.iter().find(|(name, _)| *name == server).map_or("#444", |(_, colour)| colour);
    let (mut x, mut y) = (16.0, 45.0);
    for server in report.servers {
        let wide = 26.0 + 7.2 * server.len() as f64;
        if x + wide > width {
            (x, y) = (16.0, y + 20.0);
        }
        let (colour, text_x, text_y) = (named(server), x + 9.0, y + 5.0);
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.0}\" cy=\"{y}\" r=\"5\" fill=\"{colour}\"/><text x=\"{text_x:.0}\" y=\"{text_y}\">{server}</text>"
        );
        x += wide;
    }
    for multiple in [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0] {
        let (x, y) = (place(multiple), bottom + 20.0);
        let colour = if multiple == 1.0 { "#0b5fff" } else { "#ddd" };
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"{colour}\"/><text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{multiple}×</text>"
        );
    }
    for (row, (workload, columns)) in report.rows.iter().enumerate() {
        let times: Vec<_> = columns.iter().map(|samples| median(samples, |sample| sample.cpu_per_echo)).collect();
        let Some(ours) = times.first().copied().flatten() else { continue };
        let y = TOP + (row as f64 + 0.5) * ROW;
        let (text_x, text_y, micros) = (LEFT - 12.0, y + 4.5, ours / 1e3);
        let _ = writeln!(
            svg,
            "<text x=\"{text_x}\" y=\"{text_y}\" text-anchor=\"end\">{workload} <tspan font-weight=\"bold\">{micros:.2} µs</tspan></text>"
        );
        // Ours last, and so on top.
        for (server, time) in report.servers.iter().zip(&times).rev() {
            let Some(time) = time else { continue };
            let (x, colour) = (place(time / ours), named(server));
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y}\" r=\"5\" fill=\"{colour}\"/>");
        }
    }
    svg + "</svg>\n"
}

fn place(multiple: f64) -> f64 {
    let part = (multiple.clamp(LEAST, MOST) / LEAST).ln() / (MOST / LEAST).ln();
    LEFT + part * WIDTH
}
