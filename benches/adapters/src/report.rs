//! The results.

use std::fmt::Write as _;

use crate::measure::Sample;
use crate::peer::Name;
use crate::workload::Workload;

/// A table of the time of the processor, and one of the time on the wall: that of the first peer in microseconds per message, those of
/// the others in multiples of it.
pub fn tables(peers: &[Name], rows: &[(Workload, Vec<Vec<Sample>>)]) -> String {
    let mut text = String::new();
    for (title, of) in [("CPU time", (|sample| sample.cpu) as fn(&Sample) -> f64), ("Wall time", |sample| sample.wall)]
    {
        let _ = writeln!(text, "\n{title} per message that went out and came back:\n");
        let _ = write!(text, "| {:<40} ", "workload");
        for (index, peer) in peers.iter().enumerate() {
            let unit = if index == 0 { ", µs" } else { "" };
            let _ = write!(text, "| {:>16} ", format!("{}{unit}", peer.text()));
        }
        let _ = writeln!(text, "|\n|{}|{}", "-".repeat(42), format!("{}:|", "-".repeat(17)).repeat(peers.len()));
        for (workload, samples) in rows {
            let medians: Vec<f64> = samples.iter().map(|samples| median(samples.iter().map(of).collect())).collect();
            let _ = write!(text, "| {:<40} ", workload.to_string());
            for (index, median) in medians.iter().enumerate() {
                let shown = if index == 0 {
                    format!("{:.2}", median / 1000.0)
                } else {
                    format!("{:.2} ×", median / medians[0])
                };
                let _ = write!(text, "| {shown:>16} ");
            }
            let behind =
                peers.iter().zip(&medians).skip(1).filter(|(peer, median)| peer.counts() && **median < medians[0]);
            let behind: Vec<_> = behind.map(|(peer, _)| peer.text()).collect();
            let _ = writeln!(text, "|{}", if behind.is_empty() { "" } else { " slower" });
        }
    }
    text
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
