//! Looks at what a peer has done: by totals in every run, and byte by byte once.

use std::collections::HashSet;

use flate2::{Decompress, FlushDecompress};

use crate::measure::{act, transport};
use crate::peer::{Delivers, Failure, Peer};
use crate::stream::TRAILER;
use crate::tally::Tally;
use crate::workload::{Packed, Send, Sender, Task, Workload};

/// Every message of the workload was delivered, unmasked; every byte was written.
pub fn totals(workload: &Workload, peer: &Peer, cycles: u64, tally: Tally, bytes_written: u64) {
    if peer.delivers == Delivers::Nothing {
        return;
    }
    let at = format!("{}: {}", peer.name, workload.name);
    match workload.task() {
        Task::Receive(receive) | Task::Inflate(receive, _) => {
            assert!(
                tally.same_as(receive.holds.times(cycles)),
                "{at}: {tally:?}, not {:?}",
                receive.holds.times(cycles)
            );
            let pongs = receive.pings * cycles;
            assert!(
                bytes_written <= pongs * receive.pong_len
                    && (pongs == 0 || bytes_written.is_multiple_of(receive.pong_len)),
                "{at}: {bytes_written} replied"
            );
            assert!(pongs == 0 || bytes_written > 0, "{at}: no Ping was answered");
        }
        Task::Send(send) => {
            let whole = cycles * send.batch * send.frame_len();
            // An endpoint sends what is long in fragments of 64 KiB; `frames` reads each of them.
            let headers = cycles * send.batch * (send.payload.len() as u64 >> 16) * 14;
            assert!((whole..=whole + headers).contains(&bytes_written), "{at}: {bytes_written} written, not {whole}");
        }
        Task::Deflate(packed) => assert!(bytes_written > cycles * 2 * packed.messages.len() as u64, "{at}"),
        Task::Handshake | Task::Connect => assert!(bytes_written > cycles * 100, "{at}: {bytes_written} written"),
    }
}

/// Records two cycles, and reads what was written by the most obvious code.
pub fn work(workload: &Workload, peer: &Peer) -> Result<(), Failure> {
    let mut transport = transport(workload, 2).recording();
    act(workload, peer, &mut transport, 2)?;
    let record = transport.into_record();
    match workload.task() {
        _ if peer.delivers == Delivers::Nothing => {}
        Task::Receive(_) | Task::Inflate(..) => {}
        Task::Deflate(packed) => compressed(&record, &packed),
        Task::Send(send) => frames(&record, &send, 2 * send.batch),
        Task::Connect => {
            let text = String::from_utf8_lossy(&record).to_lowercase();
            assert_eq!(text.matches("get /chat http/1.1\r\n").count(), 2, "{}: {text}", peer.name);
            assert_eq!(text.matches("\r\nhost: server.example.com\r\n").count(), 2, "{}: {text}", peer.name);
        }
        Task::Handshake => {
            let text = String::from_utf8_lossy(&record).to_lowercase();
            assert!(text.starts_with("http/1.1 101 "), "{}: {text}", peer.name);
            assert_eq!(text.matches("s3pplmbitxaq9kygzzhzrbk+xoo=").count(), 2, "{}: {text}", peer.name);
        }
    }
    Ok(())
}

/// Unmasks each frame, puts fragments together, compares, and wants a key of its own for each frame.
fn frames(mut bytes: &[u8], send: &Send, count: u64) {
    let (mut keys, mut seen) = (HashSet::new(), 0_u64);
    for _ in 0..count {
        let (mut message, mut first, mut fin) = (Vec::new(), true, false);
        while !fin {
            assert_eq!(bytes[0] & 0x7f, if first { 2 } else { 0 }, "a binary message, whole or in fragments");
            (fin, first) = (bytes[0] & 0x80 != 0, false);
            let masked = bytes[1] & 0x80 != 0;
            let (len, rest) = match bytes[1] & 0x7f {
                126 => (u16::from_be_bytes([bytes[2], bytes[3]]) as usize, &bytes[4..]),
                127 => (u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize, &bytes[10..]),
                len => (len as usize, &bytes[2..]),
            };
            assert_eq!(masked, send.role == Sender::Client);
            let (key, rest) = if masked { rest.split_at(4) } else { (&[0; 4][..], rest) };
            let (payload, rest) = rest.split_at(len);
            message.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
            keys.insert(key);
            seen += 1;
            bytes = rest;
        }
        assert_eq!(message, send.payload);
    }
    assert!(bytes.is_empty());
    assert!(send.role != Sender::Client || keys.len() as u64 > seen * 9 / 10, "{} keys for {seen} frames", keys.len());
}

/// Inflates two cycles of frames by another library, and compares each message.
fn compressed(mut bytes: &[u8], packed: &Packed) {
    let mut inflate = Decompress::new(false);
    for expected in packed.messages.iter().chain(packed.messages) {
        // A message that does not become smaller may go out as it is.
        let is_compressed = bytes[0] == 0xc1;
        assert!(is_compressed || bytes[0] == 0x81, "a whole text");
        let (len, rest) = match bytes[1] {
            126 => (u16::from_be_bytes([bytes[2], bytes[3]]) as usize, &bytes[4..]),
            127 => (u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize, &bytes[10..]),
            len => (len as usize, &bytes[2..]),
        };
        let (payload, rest) = rest.split_at(len);
        if !packed.takeover {
            inflate.reset(false);
        }
        bytes = rest;
        if !is_compressed {
            assert!(payload == expected.as_bytes());
            continue;
        }
        let mut text = Vec::with_capacity(expected.len() + 64);
        inflate.decompress_vec(&[payload, TRAILER].concat(), &mut text, FlushDecompress::Sync).unwrap();
        assert!(text == expected.as_bytes());
    }
    assert!(bytes.is_empty());
}

/// What a browser sends: 683 bytes.
pub const REQUEST: &[u8] = b"GET /chat?room=lobby HTTP/1.1\r\n\
Host: server.example.com:8080\r\n\
Connection: Upgrade\r\n\
Pragma: no-cache\r\n\
Cache-Control: no-cache\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\n\
Upgrade: websocket\r\n\
Origin: https://server.example.com:8080\r\n\
Sec-WebSocket-Version: 13\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Accept-Language: en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7\r\n\
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=all; region=europe-west; variant=b42; seen=0123456789abcdefghijklmnop\r\n\
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
\r\n";

const _: () = assert!(REQUEST.len() == 683);
