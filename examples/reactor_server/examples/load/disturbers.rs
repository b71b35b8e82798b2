//! Clients that one would rather not have.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use websocket_proto::Limits;

use testkit::client::open;

/// Garbage, from two threads: instead of a request, and after a good one, as fast as it goes.
pub struct Garbage {
    stop: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Garbage {
    pub fn start(address: &str) -> Self {
        let (stop, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let threads = [false, true].map(|opens| {
            let (address, stop, bytes) = (address.to_owned(), Arc::clone(&stop), Arc::clone(&bytes));
            thread::spawn(move || {
                let garbage = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>();
                while !stop.load(Ordering::Relaxed) {
                    let stream = match opens {
                        true => open(&format!("ws://{address}/"), &Limits::default()).map(|opened| opened.stream).ok(),
                        false => TcpStream::connect(&address).ok(),
                    };
                    let Some(mut stream) = stream else { continue };
                    while let Ok(n) = stream.write(&garbage) {
                        bytes.fetch_add(n as u64, Ordering::Relaxed);
                        let _ = stream.set_read_timeout(Some(Duration::from_millis(1)));
                        if matches!(stream.read(&mut [0; 1000]), Ok(0)) {
                            break;
                        }
                    }
                }
            })
        });
        Self { stop, bytes, threads: threads.into() }
    }

    /// Ends it, and says how many bytes the server was sent.
    pub fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Clients that send as much as the server takes, and never read. They last as long as the value.
pub fn never_read(address: &str, count: usize) -> Result<Vec<TcpStream>, String> {
    let message = [vec![0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], vec![0; 65_536]].concat();
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = open(&format!("ws://{address}/"), &Limits::default())?.stream;
        stream.set_write_timeout(Some(Duration::from_millis(100))).map_err(|error| error.to_string())?;
        while stream.write_all(&message).is_ok() {}
        streams.push(stream);
    }
    Ok(streams)
}

/// A process of so many good clients, to be killed without a word.
pub fn doomed(address: &str, count: usize) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    Command::new(program)
        .args(["--address", address, "--seconds", "3600", "--connections"])
        .arg(count.to_string())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())
}
