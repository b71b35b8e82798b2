//! Captures made by hand, packet by packet, and what is to be seen in them.

#[allow(dead_code, reason = "each test uses a part of it")]
mod made;

use dissect::capture::{self, CaptureError};
use dissect::event::Way;
use dissect::pcapng::Writer;
use made::{ACK, Capture, masked, see};

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
    let sent: Vec<_> = lines[4..].iter().filter(|line| line.starts_with("→")).collect();
    assert_eq!(sent[..2], ["→ gap 50 true", "→ 2 100"]);
    assert!(sent[2].ends_with(", 50 missing, 0 wrong"), "{lines:?}");
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

#[test]
fn packets_longer_than_the_first_buffer_are_read() {
    // On a loopback interface a packet may have 64 KiB.
    let mut capture = Capture::new();
    capture.open("");
    let frame = [&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0][..], &[7; 100_000]].concat();
    frame.chunks(65_483).for_each(|part| capture.send(Way::ToServer, part));
    let (lines, read) = see(&capture.end(), &[]);
    read.unwrap();
    assert_eq!(lines[4], "→ 2 100000");
}

#[test]
fn a_refused_handshake_is_shown() {
    let mut capture = Capture::new();
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    capture.send(Way::ToServer, request);
    capture.send(Way::ToClient, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let (lines, _) = see(&capture.end(), &[]);
    assert_eq!(lines, ["began", "→ head, 0 wrong", "← head, 0 wrong", "ended, 0 wrong, TCP closed by the client"]);
}

#[test]
fn a_frame_whose_end_did_not_come_is_told() {
    let mut capture = Capture::new();
    capture.open("");
    capture.send(Way::ToClient, b"\x01\x02ab\x80\x05cd");
    let (lines, _) = see(&capture.end(), &[]);
    assert_eq!(lines[4], "← 1 2");
    assert_eq!(lines[5], "← continuation of 5 B at 133 ends before its last 3 B");
    assert_eq!(lines[6], "← text message of which 4 B came has no last frame");
}

/// A pipe that brings a byte at a time, and then nothing until it is asked again.
struct Slow(std::vec::IntoIter<u8>);

impl std::io::Read for Slow {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        Ok(self.0.next().map_or(0, |byte| {
            room[0] = byte;
            1
        }))
    }
}

#[test]
fn a_capture_that_comes_byte_by_byte_is_read() {
    let mut packets = 0;
    let mut count = |bytes: Vec<u8>| {
        let read = capture::read(Slow(bytes.into_iter()), |_| {
            packets += 1;
            true
        });
        read.unwrap();
    };
    let mut made = Capture::new();
    made.open("");
    count(made.end());
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file).unwrap();
    let end = "[::1]:80".parse().unwrap();
    writer.begin(end, end, std::time::Duration::ZERO).unwrap();
    count(file);
    assert_eq!(packets, 6 + 3);
}

#[test]
fn a_handshake_in_single_bytes_is_the_same() {
    let mut whole = Capture::new();
    whole.open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    whole.send(Way::ToServer, &masked(0x81, b"one"));
    let mut single = Capture::new();
    let sequence = single.sequence;
    single.open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    // The packets of the handshake again, a byte each.
    let packets = single.bytes.split_off(24 + 2 * (16 + 54));
    single.sequence = sequence;
    for (way, from) in [(Way::ToServer, 0), (Way::ToClient, 1)] {
        let mut at = 0;
        for n in 0..2 {
            let len = u32::from_le_bytes(packets[at + 8..at + 12].try_into().unwrap());
            let end = at + 16 + usize::try_from(len).unwrap();
            if n == from {
                packets[at + 16 + 54..end].iter().for_each(|&byte| single.send(way, &[byte]));
            }
            at = end;
        }
    }
    single.send(Way::ToServer, &masked(0x81, b"one"));
    assert_eq!(see(&single.end(), &[]).0, see(&whole.end(), &[]).0);
}

#[test]
fn bytes_missing_in_a_control_frame_leave_the_message_around_it_whole() {
    let mut capture = Capture::new();
    capture.open("");
    capture.send(Way::ToServer, &masked(0x01, b"Hel"));
    let ping = masked(0x89, b"are you there?");
    capture.send(Way::ToServer, &ping[..10]);
    capture.pass(Way::ToServer, 4);
    capture.send(Way::ToServer, &[&ping[14..], &masked(0x80, b"lo")[..]].concat());
    let (lines, _) = see(&capture.end(), &[]);
    assert!(lines.contains(&"→ gap 4 true".to_owned()), "{lines:?}");
    assert!(lines.contains(&"→ \"Hello\", 0 wrong".to_owned()), "{lines:?}");
}
