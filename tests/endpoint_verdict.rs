//! The verdict: what `end` says, for each way in which a connection ends, and what is on the wire by then.
#![cfg(feature = "alloc")]

use std::io;

use testkit::{bytes::frame, reference::Side};
use websocket_proto::endpoint::{Config, End, Endpoint, Failure, Status};
use websocket_proto::{CloseCode, CloseFrame, Incoming, Limits, Negotiated, ProtocolError, Server, Timeout, Timeouts};

type Ours = Endpoint<Server, u64, u64>;

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(Side::Server, first, payload)
}

/// What happens to a connection, in turn.
enum Step {
    Read(Vec<u8>),
    Eof,
    Close(CloseFrame),
    Send(usize),
    Wait(u64),
    /// The transport takes nothing from now on.
    Block,
}
use Step::{Block, Close, Eof, Read, Send, Wait};

/// Does what the status says, and nothing that it does not; returns what was written, and the verdict.
fn run(steps: Vec<Step>) -> (Vec<u8>, Status, End) {
    let timeouts = Timeouts::none().with_idle(30).with_pong(20).with_close(5).with_write(40);
    let mut config = Config::with_timeouts(timeouts);
    config.limits = Limits::DEFAULT.with_max_message_len(1000);
    let mut endpoint: Ours = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
    let (mut wire, mut now, mut blocked) = (Vec::new(), 0, false);
    for step in steps {
        match step {
            Read(bytes) if endpoint.status().reads() => {
                endpoint.room()[..bytes.len()].copy_from_slice(&bytes);
                endpoint.filled(bytes.len());
            }
            Eof if endpoint.status().reads() => endpoint.filled(0),
            Read(_) | Eof => {}
            Close(frame) => drop(endpoint.close(frame)),
            Send(len) => endpoint.send(&vec![7; len]).unwrap(),
            Wait(span) => now += span,
            Block => blocked = true,
        }
        while endpoint.next().is_some() {}
        // Again after the write, so that what was written is known to have been written now.
        for _ in 0..2 {
            endpoint.tick(now);
            while !blocked && endpoint.status() != Status::Close && !endpoint.output().is_empty() {
                wire.extend_from_slice(endpoint.output());
                let n = endpoint.output().len();
                endpoint.written(n);
            }
        }
        if endpoint.status() == Status::HalfClose {
            endpoint.half_closed();
        }
    }
    (wire, endpoint.status(), endpoint.end())
}

#[test]
fn each_end_has_its_verdict() {
    let code = |code| CloseCode::new(code).unwrap();
    let peers = |payload: &[u8]| Read(masked(0x88, payload));
    let normal = || Close(CloseCode::NORMAL.into());
    let violation = || Read(masked(0xc1, b""));
    // What happens; the Close that is written; the verdict, and by then the transport is to be closed.
    let table: [(&str, Vec<Step>, &[u8], End); 17] = [
        // Clean, and the peer's code (§7.1.5).
        ("the peer closes", vec![peers(&[0x0f, 0xa0]), Eof], &[0x88, 2, 0x0f, 0xa0], Ok(Some(code(4000)))),
        ("without a code", vec![peers(b""), Eof], &[0x88, 0], Ok(None)),
        ("we close", vec![normal(), peers(&[0x03, 0xe8]), Eof], &[0x88, 2, 3, 0xe8], Ok(Some(CloseCode::NORMAL))),
        (
            "the peer with a code of its own",
            vec![normal(), peers(&[0x0f, 0xa0]), Eof],
            &[0x88, 2, 3, 0xe8],
            Ok(Some(code(4000))),
        ),
        (
            "both Closes, and no end of input",
            vec![peers(&[3, 0xe8]), Wait(5)],
            &[0x88, 2, 3, 0xe8],
            Ok(Some(CloseCode::NORMAL)),
        ),
        // A violation, with its Close (§7.1.7), whatever comes after.
        ("a violation", vec![violation(), Eof], &[0x88, 0x35, 3, 0xea], Err(Failure::NoClose)),
        ("a violation, and no end of input", vec![violation(), Wait(5)], &[0x88, 0x35, 3, 0xea], Err(Failure::NoClose)),
        (
            "a violation, and a Close",
            vec![violation(), peers(&[3, 0xe8]), Eof],
            &[0x88, 0x35, 3, 0xea],
            Err(Failure::NoClose),
        ),
        ("a violation after our Close", vec![normal(), violation(), Eof], &[0x88, 2, 3, 0xe8], Err(Failure::NoClose)),
        ("a message too long", vec![Read(masked(0x82, &[7; 1001])), Eof], &[0x88, 0, 3, 0xf1], Err(Failure::NoClose)),
        // Which time-out.
        ("silence", vec![Wait(30), Wait(20)], &[0x89, 0], Err(Failure::Timeout(Timeout::Pong))),
        ("no answer to our Close", vec![normal(), Wait(5)], &[0x88, 2, 3, 0xe8], Err(Failure::Timeout(Timeout::Close))),
        (
            "a peer that reads nothing",
            vec![Block, Send(10), Wait(29), Read(masked(0x8a, b"")), Wait(11)],
            b"",
            Err(Failure::Timeout(Timeout::Write)),
        ),
        ("a Close that is not taken", vec![Block, normal(), Wait(5)], b"", Err(Failure::Timeout(Timeout::Close))),
        // The end of input, without both Closes (1006, §7.4.1).
        ("the end of input", vec![Eof], b"", Err(Failure::NoClose)),
        ("inside a frame", vec![Read(masked(0x82, b"Hello")[..7].to_vec()), Eof], b"", Err(Failure::NoClose)),
        ("after our Close", vec![normal(), Eof], &[0x88, 2, 3, 0xe8], Err(Failure::NoClose)),
    ];
    for (what, steps, close, verdict) in table {
        let (wire, status, end) = run(steps);
        let violated = what.contains("violation") || what.contains("too long");
        match end {
            Err(Failure::Protocol(error)) => {
                assert!(violated, "{what}: {error}");
                let too_long =
                    matches!(error, ProtocolError::MessageTooLong { .. } | ProtocolError::FrameTooLong { .. });
                assert_eq!(too_long, what.contains("too long"), "{what}: {error}");
                // Opcode and code; the reason is a sentence.
                assert_eq!((wire[0], &wire[2..4]), (close[0], &close[2..4]), "{what}");
            }
            end => {
                assert!(!violated, "{what}: {end:?}");
                assert_eq!((&wire[..], end), (close, verdict), "{what}");
            }
        }
        assert_eq!(status, Status::Close, "{what}");
    }
}

/// An application that returns at the first error by `?`, and an owner of the transport that goes on as the status says.
#[test]
fn the_close_of_a_failure_is_written_though_the_caller_leaves_by_question_mark() {
    struct Socket {
        endpoint: Ours,
        reads: Vec<Vec<u8>>,
        wire: Vec<u8>,
    }

    impl Socket {
        /// The wrapper that lends, which everybody writes first.
        fn read(&mut self) -> io::Result<Option<Incoming<'_>>> {
            loop {
                if self.endpoint.advance() {
                    return Ok(self.endpoint.message());
                }
                self.wire.extend_from_slice(self.endpoint.output());
                let n = self.endpoint.output().len();
                self.endpoint.written(n);
                match self.endpoint.status() {
                    Status::HalfClose => self.endpoint.half_closed(),
                    Status::Close => return self.endpoint.end().map(|_| None).map_err(io::Error::other),
                    _ => {
                        let read = self.reads.pop().unwrap_or_default();
                        self.endpoint.room()[..read.len()].copy_from_slice(&read);
                        self.endpoint.filled(read.len());
                    }
                }
            }
        }
    }

    fn application(socket: &mut Socket, heard: &mut Vec<String>) -> io::Result<()> {
        while let Some(incoming) = socket.read()? {
            heard.push(format!("{incoming:?}"));
        }
        Ok(())
    }

    let config = Config::with_timeouts(Timeouts::none());
    let endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
    let reads = vec![masked(0xc1, b""), masked(0x81, b"Hello")];
    let (mut socket, mut heard) = (Socket { endpoint, reads, wire: Vec::new() }, Vec::new());
    assert!(application(&mut socket, &mut heard).is_err());
    assert_eq!(heard, ["Text(5 bytes)"]);
    assert_eq!((socket.wire[0], &socket.wire[2..4]), (0x88, &[3, 0xea][..]));
}
