//! What the clients do.

use std::fmt;

/// So many clients, each of which writes some messages at once, waits for all echoes, and begins anew.
#[derive(Clone, Copy)]
pub struct Workload {
    pub connections: usize,
    pub len: usize,
    /// Messages that are written at once.
    pub batch: usize,
}

pub const ALL: [Workload; 15] = [
    workload(1, 20, 1),
    workload(50, 20, 1),
    workload(1000, 20, 1),
    workload(10_000, 20, 1),
    workload(50, 20, 16),
    workload(50, 20, 256),
    workload(50, 1024, 1),
    workload(1000, 1024, 1),
    workload(50, 1024, 16),
    workload(50, 16 << 10, 1),
    workload(8, 64 << 10, 1),
    workload(50, 64 << 10, 1),
    workload(8, 256 << 10, 1),
    workload(1, 1 << 20, 1),
    workload(8, 1 << 20, 1),
];

const fn workload(connections: usize, len: usize, batch: usize) -> Workload {
    Workload { connections, len, batch }
}

impl Workload {
    /// One write of a client: binary messages, each with a masking key of its own.
    pub fn request(&self) -> Vec<u8> {
        let mut request = Vec::new();
        for message in 0..self.batch {
            let key = (message as u32 ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9).to_be_bytes();
            header(&mut request, self.len);
            request.extend_from_slice(&key);
            request.extend(self.payload(message).zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        }
        request
    }

    /// The payloads of what comes back for it.
    pub fn payloads(&self) -> Vec<u8> {
        (0..self.batch).flat_map(|message| self.payload(message)).collect()
    }

    /// No two messages of a write are alike.
    fn payload(&self, message: usize) -> impl Iterator<Item = u8> {
        (0..self.len).map(move |at| (at * 7 + message * 31) as u8)
    }
}

/// The header of a whole binary message of a client (RFC 6455 §5.2), up to the masking key.
fn header(out: &mut Vec<u8>, len: usize) {
    const MASK: u8 = 0x80;
    out.push(0x82);
    match len {
        0..=125 => out.push(MASK | len as u8),
        126..=0xffff => {
            out.push(MASK | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(MASK | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, unit) = match self.len {
            len if len >= 1 << 20 => (len >> 20, "MiB"),
            len if len >= 1 << 10 => (len >> 10, "KiB"),
            len => (len, "B"),
        };
        write!(f, "{} × {len} {unit}", grouped(self.connections))?;
        if self.batch > 1 { write!(f, ", {} a write", self.batch) } else { Ok(()) }
    }
}

fn grouped(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}
