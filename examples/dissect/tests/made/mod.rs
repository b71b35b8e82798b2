//! Captures made by hand, packet by packet, and what is seen in them.

use std::time::Duration;

use dissect::Analysis;
use dissect::capture::{self, CaptureError};
use dissect::event::{Event, Way};
use dissect::tls::KeyLog;

/// A pcap file under construction: one TCP connection from port 40000 to port 9123, over Ethernet and IPv4.
pub struct Capture {
    pub bytes: Vec<u8>,
    pub sequence: [u32; 2],
    pub packets: u32,
}

pub const SYN: u8 = 2;
pub const ACK: u8 = 16;
pub const FIN: u8 = 1;
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl Capture {
    pub fn new() -> Self {
        let mut bytes = Vec::new();
        for word in [0xa1b2_c3d4_u32, 2 | 4 << 16, 0, 0, 65_535, 1] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        let mut capture = Self { bytes, sequence: [u32::MAX - 20, 5000], packets: 0 };
        capture.packet(Way::ToServer, capture.sequence[0], SYN, b"");
        capture.sequence[0] = capture.sequence[0].wrapping_add(1);
        capture.packet(Way::ToClient, capture.sequence[1], SYN | ACK, b"");
        capture.sequence[1] += 1;
        capture
    }

    /// A packet with this sequence number, which acknowledges all that went the other way.
    pub fn packet(&mut self, way: Way, sequence: u32, flags: u8, payload: &[u8]) {
        let (from, to) = if way == Way::ToServer { (1, 2) } else { (2, 1) };
        let ports = if way == Way::ToServer { [40_000_u16, 9123] } else { [9123, 40_000] };
        let mut packet = [&[0; 12][..], &[8, 0]].concat();
        let len = u16::try_from(40 + payload.len()).unwrap().to_be_bytes();
        packet.extend_from_slice(&[0x45, 0, len[0], len[1], 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, from, 10, 0, 0, to]);
        ports.iter().for_each(|port| packet.extend_from_slice(&port.to_be_bytes()));
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&self.sequence[way.back().index()].to_be_bytes());
        packet.extend_from_slice(&[5 << 4, flags, 255, 255, 0, 0, 0, 0]);
        packet.extend_from_slice(payload);
        self.packets += 1;
        let len = u32::try_from(packet.len()).unwrap();
        for word in [1_700_000_000, self.packets * 1000, len, len] {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
        self.bytes.extend_from_slice(&packet);
    }

    pub fn send(&mut self, way: Way, payload: &[u8]) {
        self.packet(way, self.sequence[way.index()], ACK, payload);
        self.pass(way, payload.len());
    }

    /// Bytes that were sent, and are not in the capture.
    pub fn pass(&mut self, way: Way, len: usize) {
        let sequence = &mut self.sequence[way.index()];
        *sequence = sequence.wrapping_add(u32::try_from(len).unwrap());
    }

    pub fn open(&mut self, extensions: &str) {
        let request = format!(
            "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n"
        );
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{extensions}\r\n"
        );
        self.send(Way::ToServer, request.as_bytes());
        self.send(Way::ToClient, response.as_bytes());
    }

    pub fn end(mut self) -> Vec<u8> {
        self.packet(Way::ToServer, self.sequence[0], FIN | ACK, b"");
        self.pass(Way::ToServer, 1);
        self.packet(Way::ToClient, self.sequence[1], FIN | ACK, b"");
        self.bytes
    }
}

pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap()];
    frame.extend_from_slice(&KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// One line for each thing that is seen.
pub fn see(capture: &[u8], ports: &[u16]) -> (Vec<String>, Result<(), CaptureError>) {
    let (mut lines, mut analysis) = (Vec::new(), Analysis::new(ports.to_vec(), KeyLog::default()));
    let mut note = |event: Event| match event {
        Event::Began => lines.push("began".into()),
        Event::Head { way, findings, .. } => lines.push(format!("{way} head, {} wrong", findings.len())),
        Event::Opened { findings, extensions, .. } => {
            lines.push(format!("open {extensions:?}, {} wrong", findings.len()))
        }
        Event::Frame { way, header, findings, .. } => {
            let wrong: Vec<_> = findings.iter().map(|finding| format!(" {}", finding.section)).collect();
            lines.push(format!("{way} {:x} {}{}", header.opcode(), header.payload_len(), wrong.concat()));
        }
        Event::Message { way, payload, missing, findings, .. } => {
            let text = String::from_utf8_lossy(&payload.bytes).into_owned();
            let lacks = if missing > 0 { format!(", {missing} missing") } else { String::new() };
            lines.push(format!("{way} {text:?}{lacks}, {} wrong", findings.len()));
        }
        Event::Cut { way, what } => lines.push(format!("{way} {what}")),
        Event::Gap { way, len, in_step } => lines.push(format!("{way} gap {len} {in_step}")),
        Event::Ended(summary) => lines.push(format!("ended, {} wrong, {}", summary.findings, summary.end)),
    };
    let read = capture::read(std::io::Cursor::new(capture.to_vec()), |block| {
        analysis.block(&block, |_, _: Duration, event| note(event));
        true
    });
    analysis.end_all(|_, _, event| note(event));
    (lines, read)
}
