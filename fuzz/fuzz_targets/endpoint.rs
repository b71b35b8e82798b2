//! Law: whatever the owners of two endpoints do in whatever order, from the first byte of the handshake on, over a transport that takes and
//! gives what it likes: each message arrives once and in order, the status never asks for what can't be done, the output is bounded by
//! what was sent unasked and the mark, and both come to an end once the transport has. Where bytes are changed on the way, or the transport
//! breaks, what was heard before is right, and both come to an end.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use owner::{Duty, Owner, Pipe, Way};
use websocket_proto::endpoint::{Config, Opening};
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::ClientRequest;
use websocket_proto::{Client, CloseCode, FnKeys, Limits, OwnedMessage, Server, Timeouts};

mod owner;

#[derive(Arbitrary, Debug)]
struct Script {
    client: Settings,
    server: Settings,
    /// What each direction of the transport holds.
    capacities: [u16; 2],
    ops: Vec<(Who, Op)>,
}

#[derive(Arbitrary, Debug)]
struct Settings {
    deflate: bool,
    mark: Choice,
    read_len: Choice,
    fragment_len: Choice,
    timeouts: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Choice {
    Tiny,
    Small,
    Middle,
    Default,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Who {
    Client,
    Server,
}

#[derive(Arbitrary, Debug)]
enum Op {
    Read(u16),
    ReadElsewhere(u16, u8),
    CancelRead,
    Take {
        two_steps: bool,
        answer: Option<Way>,
    },
    Write {
        len: u16,
        slices: bool,
    },
    BeginWrite(u16),
    /// All duties once, as a loop does.
    Turn(Option<Way>),
    Wait(u8),
    Rest {
        all: bool,
    },
    Send {
        text: bool,
        len: u16,
        way: Way,
    },
    Ping(u8),
    Close(CloseCode),
    /// The transport breaks: what was written and not read is lost from this byte on.
    Cut(u16),
    Change(u16, u8),
}

impl Settings {
    fn config(&self) -> Config<u64> {
        let timeouts =
            Timeouts::none().with_handshake(1000).with_idle(300).with_pong(200).with_close(500).with_write(400);
        let mut config = Config::with_timeouts(if self.timeouts { timeouts } else { Timeouts::none() });
        config.limits = Limits::DEFAULT.with_max_message_len(70_000).with_high_water_mark(match self.mark {
            Choice::Tiny => 0,
            Choice::Small => 60,
            Choice::Middle => 5000,
            Choice::Default => 64 * 1024,
        });
        config.read_len = self.read_len.or(16 * 1024);
        config.max_fragment_len = self.fragment_len.or(64 * 1024);
        config.deflate = self.deflate.then_some(DeflateConfig::DEFAULT);
        config
    }
}

impl Choice {
    fn or(self, default: usize) -> usize {
        match self {
            Self::Tiny => 0,
            Self::Small => 20,
            Self::Middle => 1000,
            Self::Default => default,
        }
    }
}

/// It begins with `m`, for a message that may be answered, and is unlike the others.
fn message(text: bool, len: u16, number: usize) -> OwnedMessage {
    let head = format!("m{number},");
    let len = usize::from(len);
    match text {
        true => OwnedMessage::Text(
            head.chars().chain("Gr\u{fc}\u{df}e \u{4e16}\u{754c} ".chars().cycle().take(len / 3)).collect(),
        ),
        false => {
            let mut state = number as u32;
            OwnedMessage::Binary(
                head.bytes()
                    .chain(
                        std::iter::repeat_with(|| {
                            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                            state.to_be_bytes()[0]
                        })
                        .take(len),
                    )
                    .collect(),
            )
        }
    }
}

fuzz_target!(|script: Script| {
    let (client, server) = (script.client.config(), script.server.config());
    let keys: fn() -> [u8; 4] = || [1, 2, 3, 4];
    let role = Client::new(FnKeys(keys));
    let request = ClientRequest::new("example.com", "/");
    let asking = Opening::client(request, *b"the sample nonce", role, &client, 0).unwrap();
    let mut client = Owner::new(asking, client, role, |opening| opening.next(), None);
    let mut server = Owner::new(
        Opening::server(&server, 0),
        server,
        Server,
        |opening| opening.next(),
        Some(|endpoint, message| endpoint.sender().send_prepared(message)),
    );
    let mut ends: [&mut dyn Duty; 2] = [&mut client, &mut server];
    // What the client has written, and what the server has.
    let mut pipes =
        script.capacities.map(|capacity| Pipe { capacity: usize::from(capacity).max(1), ..Pipe::default() });
    let (mut now, mut waited, mut changed, mut cut) = (0, false, false, false);

    for (number, (who, op)) in script.ops.iter().take(120).enumerate() {
        let me = *who as usize;
        let end = &mut *ends[me];
        let [to_server, to_client] = &mut pipes;
        let (to, from) = if me == 0 { (to_server, to_client) } else { (to_client, to_server) };
        match *op {
            Op::Read(len) => end.read(from, usize::from(len)),
            Op::ReadElsewhere(len, takes) => end.read_elsewhere(from, usize::from(len), takes),
            Op::CancelRead => end.cancel_read(),
            Op::Take { two_steps, answer } => drop(end.take(two_steps, answer)),
            Op::Write { len, slices } => end.write(to, usize::from(len), slices),
            Op::BeginWrite(len) => end.begin_write(usize::from(len)),
            Op::Turn(answer) => turn(end, from, to, answer),
            Op::Wait(span) => {
                now += u64::from(span);
                waited |= span > 0;
                end.tick(now);
            }
            Op::Rest { all } => end.rest(all),
            Op::Send { text, len, way } => end.send(message(text, len, number), way),
            Op::Ping(len) => end.ping(&[7; 125][..usize::from(len).min(125)]),
            Op::Close(code) => end.close(code),
            Op::Cut(at) => {
                to.bytes.truncate(usize::from(at));
                (to.ended, to.dead, cut) = (true, true, true);
            }
            Op::Change(at, bits) => {
                let len = to.bytes.len().max(1);
                if let Some(byte) = to.bytes.get_mut(usize::from(at) % len) {
                    *byte ^= bits;
                    changed |= bits != 0;
                }
            }
        }
        end.follow(from, to);
    }

    drain(&mut ends, &mut pipes);
    let quiet = !(changed || cut || waited);
    if quiet {
        assert!(ends.iter().all(|end| end.is_open()), "nothing kept them from opening");
        let closed = [ends[0].has_closed(), ends[1].has_closed()];
        ends[0].close(CloseCode::NORMAL);
        drain(&mut ends, &mut pipes);
        for (from, to) in [(0, 1), (1, 0)] {
            // What an end sends after the peer's Close, or while it comes, is in vain.
            let all = !closed[to];
            let (sent, heard) = (ends[from].sent(), ends[to].heard());
            assert!(sent.starts_with(heard), "sent {sent:?}, heard {heard:?}");
            assert!(!all || sent.len() == heard.len(), "sent {sent:?}, heard {heard:?}");
        }
        for end in &mut ends {
            assert!(end.is_over());
            assert!(matches!(end.end(), Ok(Some(_))), "{:?}", end.end());
        }
    } else if !changed {
        for (from, to) in [(0, 1), (1, 0)] {
            assert!(ends[from].sent().starts_with(ends[to].heard()));
        }
    }
    // The transport ends, and so do both.
    for pipe in &mut pipes {
        (pipe.ended, pipe.dead) = (true, true);
    }
    drain(&mut ends, &mut pipes);
    for end in &mut ends {
        assert!(end.is_over());
        let _ = end.end();
    }
});

/// All duties once.
fn turn(end: &mut dyn Duty, from: &mut Pipe, to: &mut Pipe, answer: Option<Way>) {
    while end.take(false, answer) {}
    end.write(to, usize::MAX, false);
    end.follow(from, to);
    end.read(from, usize::MAX);
    end.follow(from, to);
}

/// Turns until nothing moves any more.
fn drain(ends: &mut [&mut dyn Duty; 2], [to_server, to_client]: &mut [Pipe; 2]) {
    let mut before = None;
    for _ in 0..1_000_000 {
        turn(&mut *ends[0], to_client, to_server, None);
        turn(&mut *ends[1], to_server, to_client, None);
        let moved = |end: &dyn Duty| (end.heard().len(), end.is_over(), end.is_open());
        let after = (moved(&*ends[0]), moved(&*ends[1]), to_server.written, to_client.written);
        if before == Some(after) {
            return;
        }
        before = Some(after);
    }
    panic!("it goes on for ever");
}
