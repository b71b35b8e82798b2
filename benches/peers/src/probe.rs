//! Which checks a peer makes: each is given frames that §5 to §8 forbid, and delivers a message or does not.

use crate::peer::{Delivers, MAX_MESSAGE, Peer};
use crate::transport::{READ, Transport};

/// Something that a server has to refuse.
pub struct Probe {
    pub rule: &'static str,
    stream: fn() -> Vec<u8>,
}

/// Whether a peer keeps to a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    Refuses,
    Accepts,
    /// It hands out frames, so the rule is left to its user.
    NotApplicable,
}

/// The first two are what the workloads of text have to do.
pub const UTF8: [usize; 2] = [0, 1];

pub const PROBES: [Probe; 12] = [
    Probe { rule: "text is UTF-8 (§8.1)", stream: || masked(0x81, b"\xff") },
    Probe { rule: "text does not end inside a character (§8.1)", stream: || masked(0x81, b"\xe2\x82") },
    Probe { rule: "a client masks (§5.1)", stream: || b"\x81\x02Hi".to_vec() },
    Probe { rule: "reserved bits are 0 (§5.2)", stream: || masked(0xa1, b"Hi") },
    Probe { rule: "no reserved opcode (§5.2)", stream: || [masked(0x83, b"Hi"), masked(0x81, b"Hi")].concat() },
    Probe { rule: "shortest length, 16 bits (§5.2)", stream: || b"\x81\xfe\x00\x02\0\0\0\0Hi".to_vec() },
    Probe { rule: "shortest length, 64 bits (§5.2)", stream: || b"\x81\xff\0\0\0\0\0\0\0\x02\0\0\0\0Hi".to_vec() },
    Probe {
        rule: "control frames are not fragmented (§5.5)",
        stream: || [masked(0x09, b""), masked(0x81, b"Hi")].concat(),
    },
    Probe {
        rule: "control payloads of 125 bytes at most (§5.5)",
        stream: || [masked(0x8a, &[0; 126]), masked(0x81, b"Hi")].concat(),
    },
    Probe { rule: "nothing continues nothing (§5.4)", stream: || [masked(0x80, b"Hi"), masked(0x81, b"Hi")].concat() },
    Probe {
        rule: "no message inside a message (§5.4)",
        stream: || [masked(0x01, b"Hi"), masked(0x81, b"Hi")].concat(),
    },
    Probe { rule: "a message of many frames has a limit", stream: too_large },
];

impl Probe {
    pub fn ask(&self, peer: &Peer) -> Verdict {
        let Some(receive) = peer.receive else { return Verdict::NotApplicable };
        let stream = (self.stream)();
        if stream.len() > MAX_MESSAGE && peer.delivers != Delivers::Messages {
            return Verdict::NotApplicable;
        }
        // The streams are small, but for one.
        let mut transport = Transport::new(stream.leak(), 1, READ);
        match receive(&mut transport, 1) {
            Ok(_) => Verdict::Accepts,
            Err(_) => Verdict::Refuses,
        }
    }
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len => frame.extend([0xfe, (len >> 8) as u8, len as u8]),
    }
    frame.extend([0; 4]); // a key that changes nothing
    frame.extend(payload);
    frame
}

/// Three frames, each of which is allowed, that together are not.
fn too_large() -> Vec<u8> {
    let len = MAX_MESSAGE / 2;
    let mut stream = Vec::with_capacity(3 * (len + 14));
    for first in [0x02, 0x00, 0x80] {
        stream.extend([first, 0xff]);
        stream.extend((len as u64).to_be_bytes());
        stream.extend([0; 4]);
        stream.resize(stream.len() + len, 0);
    }
    stream
}
