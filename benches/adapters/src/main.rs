//! Adapters for tokio side by side: an echo, with the same implementation at both ends.
//!
//! ```sh
//! cargo run --profile thin-lto -p bench-adapters
//! ```

mod measure;
mod options;
mod peer;
mod report;
mod workload;

use measure::{Sample, run};
use options::Options;
use peer::Name;

fn main() {
    let options = Options::from_arguments();
    let peers: Vec<Name> = peer::ALL.into_iter().filter(|peer| options.wants_peer(peer.text())).collect();
    let mut rows = Vec::new();
    for workload in workload::all().into_iter().filter(|workload| options.wants_workload(&workload.to_string())) {
        let mut samples = vec![Vec::<Sample>::new(); peers.len()];
        // In turns, so that what else the machine does hits all of them; each of them is the first once in a while.
        for round in 0..options.rounds {
            for place in 0..peers.len() {
                let index = (place + round) % peers.len();
                samples[index].push(run(peers[index], &workload));
            }
        }
        eprintln!("{workload}");
        rows.push((workload, samples));
    }
    print!("{}", report::tables(&peers, &rows));
}
