//! Runs the workloads of the table side by side against other implementations. The method is in the README.

mod allocations;
mod check;
mod child;
mod measure;
mod options;
mod peer;
mod plot;
mod probe;
mod report;
mod stream;
mod sweep;
mod tally;
mod transport;
mod workload;

use measure::Measurement;
use options::Options;
use peer::{Camp, Peer, connect, deflate};
use probe::{PROBES, Verdict};
use report::Report;
use workload::{Task, Workload};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((child::ARGUMENT, rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return child::serve(rest);
    }
    let options = Options::from_arguments();
    let peers: Vec<Peer> = peer::all().into_iter().filter(|peer| options.wants_peer(peer.name)).collect();
    let workloads: Vec<Workload> =
        Workload::all().into_iter().filter(|workload| options.wants_workload(&workload.name)).collect();

    let verdicts: Vec<Vec<Verdict>> = if options.probe {
        PROBES.iter().map(|probe| peers.iter().map(|peer| probe.ask(peer)).collect()).collect()
    } else {
        Vec::new()
    };
    let table = workloads.iter().map(|workload| row(workload, &peers, &options)).collect();

    let panels = if options.sweep { sweep::panels() } else { Vec::new() };
    let size = |workload| row(workload, &peers, &options);
    let sweep = panels.iter().map(|panel| panel.workloads.iter().map(size).collect()).collect();

    let report = Report { options: &options, peers: &peers, workloads: &workloads, verdicts, table };
    print!("{}", report.markdown());
    if options.write { report.write(&panels, &sweep) } else { Ok(()) }
}

/// All peers on one workload, in turns, so that what else the machine does hits all of them.
fn row(workload: &Workload, peers: &[Peer], options: &Options) -> Vec<Option<Measurement>> {
    let start = std::time::Instant::now();
    let mut row: Vec<Option<Measurement>> = peers
        .iter()
        .map(|peer| {
            let takes_part = match workload.task() {
                Task::Receive(receive) => peer.receive.is_some() && peer.delivers.suits(receive.form),
                Task::Send(_) => peer.send.is_some(),
                Task::Inflate(..) => {
                    deflate::of(peer).is_some_and(|deflating| deflating.receive.is_some()) || peer.camp() == Camp::Floor
                }
                Task::Deflate(_) => deflate::of(peer).is_some_and(|deflating| deflating.send.is_some()),
                Task::Connect => connect::of(peer).is_some(),
                Task::Handshake => peer.accept.is_some(),
            };
            if !takes_part {
                return None;
            }
            match Measurement::begin(workload, peer, options.least_nanoseconds) {
                Ok(measurement) => Some(measurement),
                Err(failure) => {
                    eprintln!("{}: {}: {}", workload.name, peer.name, failure.0);
                    None
                }
            }
        })
        .collect();
    for _ in 0..options.rounds {
        for (measurement, peer) in row.iter_mut().zip(peers) {
            if let Some(Err(failure)) = measurement.as_mut().map(|measurement| measurement.sample(workload, peer)) {
                panic!("{}: {}: {}", workload.name, peer.name, failure.0);
            }
        }
    }
    eprintln!("{:7.1} s  {}", start.elapsed().as_secs_f64(), workload.name);
    row
}
