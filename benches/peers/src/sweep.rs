//! Times against sizes, from 20 bytes to 64 KiB: a crate that is fast at the sizes of a table may be slow between them.

use std::fmt::Write as _;

use crate::measure::Measurement;
use crate::peer::{Camp, Peer};
use crate::plot::colour;
use crate::workload::{Sender, Workload};

const SIZES: [usize; 15] = [20, 40, 80, 125, 126, 180, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

/// What is drawn into one picture.
pub struct Panel {
    pub title: &'static str,
    /// By size.
    pub workloads: Vec<Workload>,
}

pub fn panels() -> Vec<Panel> {
    let receive = |size| Workload::receive_of(size, format!("sweep: receive {size} B binary"));
    let send = |role, name| move |size| Workload::send_of(size, role, format!("sweep: send {size} B, {name}"));
    let panel = |title, workloads| Panel { title, workloads };
    vec![
        panel("receive binary, as a server", SIZES.map(receive).into()),
        panel("send binary, as a server", SIZES.map(send(Sender::Server, "server")).into()),
        panel("send binary, as a client", SIZES.map(send(Sender::Client, "client")).into()),
    ]
}

/// By panel, size and peer.
pub type Sweep = Vec<Vec<Vec<Option<Measurement>>>>;

pub fn csv(panels: &[Panel], peers: &[Peer], sweep: &Sweep) -> String {
    let mut out = String::from("what,bytes,peer,median_ns\n");
    each(panels, peers, sweep, |panel, size, peer, median| {
        let _ = writeln!(out, "\"{}\",{size},\"{}\",{median:.3}", panel.title, peer.name);
    });
    out
}

const WIDTH: f64 = 620.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 50.0;
const LEGEND: f64 = 230.0;

/// The axes: bytes, and nanoseconds.
const BYTES: [f64; 2] = [16.0, 80_000.0];
const NANOSECONDS: [f64; 2] = [1.0, 20_000.0];

pub fn svg(panels: &[Panel], peers: &[Peer], sweep: &Sweep) -> String {
    let (width, height) = (LEFT + WIDTH + LEGEND, (TOP + HEIGHT + 50.0) * panels.len() as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        let top = (TOP + HEIGHT + 50.0) * number as f64 + TOP;
        axes(&mut svg, panel.title, top);
        let mut legend = top;
        for (column, peer) in peers.iter().enumerate() {
            let times = SIZES.iter().zip(&sweep[number]);
            let points: Vec<(f64, f64)> = times
                .filter_map(|(&size, row)| Some((size as f64, row[column].as_ref()?.median())))
                .map(|(size, time)| (LEFT + part(size, BYTES) * WIDTH, top + (1.0 - part(time, NANOSECONDS)) * HEIGHT))
                .collect();
            if points.is_empty() {
                continue;
            }
            let (stroke, width) = match peer.camp() {
                Camp::Floor => ("black", "1.5\" stroke-dasharray=\"4 3"),
                Camp::Ours | Camp::OursTuned => (colour(peer.name), "3"),
                Camp::Others => (colour(peer.name), "1.5"),
            };
            let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>",
                line.join(" ")
            );
            let x = LEFT + WIDTH + 14.0;
            let _ = writeln!(
                svg,
                "<path d=\"M{x} {legend}h22\" stroke=\"{stroke}\" stroke-width=\"{width}\"/><text x=\"{}\" y=\"{}\">{}</text>",
                x + 28.0,
                legend + 4.5,
                peer.name
            );
            legend += 19.0;
        }
    }
    svg += "</svg>\n";
    svg
}

fn axes(svg: &mut String, title: &str, top: f64) {
    let bottom = top + HEIGHT;
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" font-size=\"16\" font-weight=\"bold\">{title}: ns of CPU time per message, against its bytes</text>",
        top - 16.0
    );
    for size in SIZES.iter().filter(|&&size| size != 126) {
        let x = LEFT + part(*size as f64, BYTES) * WIDTH;
        let name = if *size < 1024 { format!("{size}") } else { format!("{}K", size / 1024) };
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#eee\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
            bottom + 18.0
        );
    }
    for time in [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4] {
        let y = top + (1.0 - part(time, NANOSECONDS)) * HEIGHT;
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{WIDTH}\" stroke=\"#eee\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{time}</text>",
            LEFT - 8.0,
            y + 4.5
        );
    }
}

/// How far along a logarithmic axis a value lies.
fn part(value: f64, [least, most]: [f64; 2]) -> f64 {
    (value.clamp(least, most) / least).ln() / (most / least).ln()
}

fn each(panels: &[Panel], peers: &[Peer], sweep: &Sweep, mut act: impl FnMut(&Panel, usize, &Peer, f64)) {
    for (panel, sizes) in panels.iter().zip(sweep) {
        for (&size, row) in SIZES.iter().zip(sizes) {
            for (peer, cell) in peers.iter().zip(row) {
                if let Some(cell) = cell {
                    act(panel, size, peer, cell.median());
                }
            }
        }
    }
}
