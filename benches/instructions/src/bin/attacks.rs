//! What callgrind is to count, one line for each run of `measured_run`: what ran, and how many bytes it was given.
//!
//! `attacks` runs each attack of the tests with some bytes and with twice as many; `attacks SKIP FILE...` gives each file,
//! without its first bytes, to everything that reads what a peer sends.

use testkit::attacks::{ATTACKS, Attack, Victim};
use websocket_proto::Limits;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next() {
        None => every_attack(),
        Some(skip) => arguments.for_each(|path| every_road(&path, skip.parse().unwrap())),
    }
}

fn every_attack() {
    for attack in ATTACKS {
        for len in [16 * 1024, 32 * 1024] {
            let mut bytes = (attack.bytes)(len);
            println!("{}\t{}", attack.name, bytes.len());
            let work = attack.measured_run(&mut bytes);
            assert_eq!(work.error, None, "{}", attack.name);
        }
    }
}

fn every_road(path: &str, skip: usize) {
    let file = std::fs::read(path).unwrap();
    let stream = file.get(skip..).unwrap_or_default();
    for (name, victim) in ROADS {
        for read in [1, 64 * 1024] {
            let road = Attack { name, bytes: |_| Vec::new(), read, limits: Limits::DEFAULT, victim };
            for bytes in [&[][..], stream] {
                println!("{path}\t{name}, {}\t{}", if read == 1 { "byte by byte" } else { "at once" }, bytes.len());
                road.measured_run(&mut bytes.to_vec());
            }
        }
    }
}

const ROADS: [(&str, Victim); 6] = [
    ("server", Victim::Connection),
    ("client", Victim::Client),
    ("messages", Victim::Messages),
    ("compressed messages", Victim::Compressed),
    ("request", Victim::ServerHandshake),
    ("response", Victim::ClientHandshake),
];
