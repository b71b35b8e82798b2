//! What is measured.

use std::fmt;

use bytes::Bytes;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// `tokio::io::duplex`, which holds 64 KiB.
    Memory,
    /// TCP over the loopback interface, with `TCP_NODELAY`.
    Loopback,
}

/// Messages that are sent and come back.
#[derive(Clone, Debug)]
pub struct Workload {
    pub transport: Transport,
    pub payload: Bytes,
    pub connections: usize,
    /// How many messages a client sends before it reads what comes back.
    pub batch: usize,
    /// How many batches each connection is used for in one run.
    pub batches: usize,
}

impl Workload {
    pub fn messages(&self) -> usize {
        self.connections * self.batch * self.batches
    }
}

const LENS: [usize; 4] = [20, 1024, 64 * 1024, 1024 * 1024];
const CONNECTIONS: [usize; 3] = [1, 100, 1000];

pub fn all() -> Vec<Workload> {
    let mut all = Vec::new();
    for transport in [Transport::Memory, Transport::Loopback] {
        for len in LENS {
            let payload = Bytes::from_iter((0..len).map(|i| i as u8));
            // Two thousand buffers of a mebibyte would measure the machine's memory.
            for connections in CONNECTIONS.into_iter().filter(|connections| connections * len <= 128 << 20) {
                let batches = if len <= 1024 { &[1, 16][..] } else { &[1] };
                for &batch in batches.iter().filter(|&&batch| batch == 1 || connections < 1000) {
                    // A run takes some 10 to 50 milliseconds.
                    let bytes = if transport == Transport::Memory { 48 << 20 } else { 32 << 20 };
                    let messages = (bytes / (len + 4000)).clamp(32, 10_000);
                    let batches = messages.div_ceil(connections * batch).max(2);
                    all.push(Workload { transport, payload: payload.clone(), connections, batch, batches });
                }
            }
        }
    }
    all
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Memory => "memory",
            Transport::Loopback => "loopback",
        };
        let len = match self.payload.len() {
            len @ ..1024 => format!("{len} B"),
            len @ ..0x10_0000 => format!("{} KiB", len / 1024),
            len => format!("{} MiB", len >> 20),
        };
        write!(f, "{transport}, {len}, {} conn.", self.connections)?;
        if self.batch > 1 { write!(f, ", batches of {}", self.batch) } else { Ok(()) }
    }
}
