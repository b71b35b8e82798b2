//! Captures made by hand, packet by packet, and what is to be seen in them.

use std::time::Duration;

use dissect::Analysis;
use dissect::capture::{self, CaptureError};
use dissect::event::{Event, Way};
use dissect::tls::KeyLog;

/// A pcap file under construction: one TCP connection from port 40000 to port 9123, over Ethernet and IPv4.
struct Capture {
    bytes: Vec<u8>,
    sequence: [u32; 2],
    packets: u32,
}

const SYN: u8 = 2;
const ACK: u8 = 16;
const FIN: u8 = 1;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl Capture {
    fn new() -> Self {
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
    fn packet(&mut self, way: Way, sequence: u32, flags: u8, payload: &[u8]) {
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

    fn send(&mut self, way: Way, payload: &[u8]) {
        self.packet(way, self.sequence[way.index()], ACK, payload);
        self.pass(way, payload.len());
    }

    /// Bytes that were sent, and are not in the capture.
    fn pass(&mut self, way: Way, len: usize) {
        let sequence = &mut self.sequence[way.index()];
        *sequence = sequence.wrapping_add(u32::try_from(len).unwrap());
    }

    fn open(&mut self, extensions: &str) {
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

    fn end(mut self) -> Vec<u8> {
        self.packet(Way::ToServer, self.sequence[0], FIN | ACK, b"");
        self.pass(Way::ToServer, 1);
        self.packet(Way::ToClient, self.sequence[1], FIN | ACK, b"");
        self.bytes
    }
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap()];
    frame.extend_from_slice(&KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// One line for each thing that is seen.
fn see(capture: &[u8], ports: &[u16]) -> (Vec<String>, Result<(), CaptureError>) {
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
        Event::Message { way, payload, findings, .. } => {
            let text = String::from_utf8_lossy(&payload.bytes).into_owned();
            lines.push(format!("{way} {text:?}, {} wrong", findings.len()));
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

const OPENED: [&str; 4] = ["began", "→ head, 0 wrong", "← head, 0 wrong", "open [], 0 wrong"];

#[test]
fn a_conversation_is_seen_from_the_handshake_to_the_end() {
    let mut capture = Capture::new();
    capture.open("");
    capture.send(Way::ToServer, &[masked(0x01, b"Hel"), masked(0x89, b""), masked(0x80, b"lo")].concat());
    capture.send(Way::ToClient, b"\x8a\x00\x81\x02ok\x88\x02\x03\xe8");
    capture.send(Way::ToServer, &masked(0x88, b"\x03\xe8"));
    let (lines, read) = see(&capture.end(), &[]);
    read.unwrap();
    assert_eq!(lines[..4], OPENED);
    let rest =
        ["→ 1 3", "→ 9 0", "→ 0 2", "→ \"Hello\", 0 wrong", "← a 0", "← 1 2", "← \"ok\", 0 wrong", "← 8 2", "→ 8 2"];
    assert_eq!(lines[4..13], rest);
    assert_eq!(lines[13..], ["ended, 0 wrong, TCP closed by the client"]);
}

#[test]
fn segments_out_of_order_twice_and_cut_anywhere_are_the_same_conversation() {
    let frames = [masked(0x81, b"one"), masked(0x81, b"two"), masked(0x82, b"three")].concat();
    let expected = ["→ 1 3", "→ \"one\", 0 wrong", "→ 1 3", "→ \"two\", 0 wrong", "→ 2 5", "→ \"three\", 0 wrong"];
    for cut in 1..frames.len() {
        let mut capture = Capture::new();
        capture.open("");
        let (first, second) = frames.split_at(cut);
        let start = capture.sequence[0];
        capture.packet(Way::ToServer, start.wrapping_add(u32::try_from(cut).unwrap()), ACK, second);
        capture.packet(Way::ToServer, start, ACK, first);
        capture.packet(Way::ToServer, start, ACK, &frames);
        capture.pass(Way::ToServer, frames.len());
        let (lines, _) = see(&capture.end(), &[]);
        assert_eq!(lines[4..10], expected, "cut at {cut}");
    }
}

#[test]
fn violations_are_named_and_what_follows_is_shown() {
    let mut capture = Capture::new();
    capture.open("");
    capture.send(Way::ToServer, b"\x81\x02no"); // not masked
    capture.send(Way::ToServer, &masked(0x83, b"?"));
    capture.send(Way::ToServer, &masked(0x81, b"ok\xc3"));
    capture.send(Way::ToServer, &masked(0x81, b"after"));
    let (lines, _) = see(&capture.end(), &[]);
    let rest = [
        "→ 1 2 RFC 6455 §5.1",
        "→ \"no\", 0 wrong",
        "→ 3 1 RFC 6455 §5.2",
        "→ 1 3",
        "→ \"ok\u{fffd}\", 1 wrong",
        "→ 1 5",
        "→ \"after\", 0 wrong",
        "ended, 3 wrong, TCP closed by the client",
    ];
    assert_eq!(lines[4..], rest);
}

#[test]
fn a_compressed_message_in_fragments_is_read_with_the_history_of_the_one_before() {
    // RFC 7692 §7.2.3.1 and §7.2.3.2: "Hello", and "Hello" again in terms of the first.
    let mut capture = Capture::new();
    capture.open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    capture.send(Way::ToServer, &masked(0x41, b"\xf2\x48\xcd"));
    capture.send(Way::ToServer, &masked(0x80, b"\xc9\xc9\x07\x00"));
    capture.send(Way::ToServer, &masked(0xc1, b"\xf2\x00\x11\x00\x00"));
    let (lines, _) = see(&capture.end(), &[]);
    assert_eq!(lines[3], "open [\"permessage-deflate\"], 0 wrong");
    assert_eq!(lines[4..9], ["→ 1 3", "→ 0 4", "→ \"Hello\", 0 wrong", "→ 1 5", "→ \"Hello\", 0 wrong"]);
}

#[test]
fn bytes_that_the_capture_lacks_are_told_and_passed_over() {
    let mut capture = Capture::new();
    capture.open("");
    let frame = masked(0x82, &[7; 100]);
    capture.send(Way::ToServer, &frame[..20]);
    capture.pass(Way::ToServer, 50);
    capture.send(Way::ToServer, &[&frame[70..], &masked(0x81, b"after")[..]].concat());
    capture.send(Way::ToClient, b"\x81\x02ok");
    let (lines, _) = see(&capture.end(), &[]);
    assert_eq!(lines[4..6], ["→ gap 50 true", "→ 2 100"]);
    assert!(lines.contains(&"→ \"after\", 0 wrong".to_owned()), "{lines:?}");
}

#[test]
fn a_wrong_accept_and_what_was_not_offered_are_named() {
    let mut capture = Capture::new();
    capture.send(
        Way::ToServer,
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    capture.send(
        Way::ToClient,
        b"HTTP/1.1 101 Up\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\
          Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: x-other\r\n\r\n",
    );
    let (lines, _) = see(&capture.end(), &[]);
    assert_eq!(lines[3], "open [\"x-other\"], 3 wrong");
}

#[test]
fn a_capture_without_a_handshake_needs_a_port() {
    let mut capture = Capture::new();
    capture.bytes.truncate(24);
    capture.send(Way::ToClient, b"\x81\x02hi");
    capture.send(Way::ToServer, &masked(0x81, b"ho"));
    let bytes = capture.end();
    assert_eq!(see(&bytes, &[]).0, Vec::<String>::new());
    let (lines, _) = see(&bytes, &[9123]);
    assert_eq!(lines[..5], ["began", "← 1 2", "← \"hi\", 0 wrong", "→ 1 2", "→ \"ho\", 0 wrong"]);
}

#[test]
fn a_capture_that_is_cut_or_none_is_said_to_be_and_nothing_panics() {
    let mut capture = Capture::new();
    capture.open("");
    capture.send(Way::ToServer, &masked(0x81, b"one"));
    let bytes = capture.end();
    assert!(matches!(see(b"no capture at all, but text", &[]).1, Err(CaptureError::NoCapture)));
    for cut in 25..bytes.len() {
        let (_, read) = see(&bytes[..cut], &[9123]);
        assert!(matches!(read, Ok(()) | Err(CaptureError::Cut)), "cut at {cut}: {read:?}");
    }
    let mut state = 7_u32;
    for _ in 0..3000 {
        let mut damaged = bytes.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = 24 + usize::try_from(state >> 8).unwrap() % (damaged.len() - 24);
            damaged[at] ^= (state & 0xff) as u8;
        }
        let _ = see(&damaged, &[9123]);
    }
}
