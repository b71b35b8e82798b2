//! An owner whose futures are dropped: at every step, with every size of a partial write, and every call made anew.
#![cfg(feature = "alloc")]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use testkit::{bytes::frame, reference::Side};
use websocket_proto::endpoint::{Config, Endpoint, Status};
use websocket_proto::{CloseCode, Incoming, Negotiated, OwnedMessage, Prepared, Server, Timeouts};

type Ours = Endpoint<Server, u64, u64>;

/// A transport that is never ready at once: who asks is told to ask again, and then it moves at most so many bytes.
struct Transport<'w> {
    input: &'w [u8],
    read_len: usize,
    written: Vec<u8>,
    write_len: usize,
    ready: bool,
}

impl Transport<'_> {
    fn poll_ready(&mut self) -> Poll<()> {
        self.ready = !self.ready;
        if self.ready { Poll::Pending } else { Poll::Ready(()) }
    }

    fn read<'a>(&'a mut self, place: &'a mut [u8]) -> Moved<'a, impl FnMut() -> Poll<usize> + 'a> {
        Moved::new(move || {
            self.poll_ready().map(|()| {
                let n = self.read_len.min(place.len()).min(self.input.len());
                place[..n].copy_from_slice(&self.input[..n]);
                self.input = &self.input[n..];
                n
            })
        })
    }

    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Moved<'a, impl FnMut() -> Poll<usize> + 'a> {
        Moved::new(move || {
            self.poll_ready().map(|()| {
                let n = self.write_len.min(bytes.len());
                self.written.extend_from_slice(&bytes[..n]);
                n
            })
        })
    }
}

/// A future made of what it does when it is polled.
struct Moved<'a, F>(F, std::marker::PhantomData<&'a ()>);

impl<F> Moved<'_, F> {
    fn new(poll: F) -> Self {
        Self(poll, std::marker::PhantomData)
    }
}

impl<F: FnMut() -> Poll<usize> + Unpin> Future for Moved<'_, F> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
        (self.0)()
    }
}

/// How the owner takes what was received.
#[derive(Clone, Copy, Debug)]
enum Taking {
    Lent,
    Owned,
}

/// The whole life of a connection, in one future.
async fn serve(endpoint: &mut Ours, transport: &mut Transport<'_>, heard: &mut Vec<String>, taking: Taking) {
    while endpoint.status() != Status::Close {
        match taking {
            Taking::Lent => {
                while let Some((incoming, mut sender)) = endpoint.next() {
                    heard.push(format!("{incoming:?}"));
                    match incoming {
                        Incoming::Text(text) => sender.send(text).unwrap(),
                        Incoming::Binary(bytes) => sender.send(bytes).unwrap(),
                        _ => {}
                    }
                }
            }
            Taking::Owned => {
                while endpoint.advance() {
                    match endpoint.take() {
                        Some(message) => endpoint.sender().send_owned(message).unwrap(),
                        None => heard.push(String::new()),
                    }
                }
            }
        }
        endpoint.tick(0);
        while !endpoint.output().is_empty() {
            let n = transport.write(endpoint.output()).await;
            endpoint.written(n);
        }
        match endpoint.status() {
            Status::HalfClose => endpoint.half_closed(),
            status if status.reads() => {
                let n = transport.read(endpoint.room()).await;
                endpoint.filled(n);
            }
            _ => {}
        }
    }
}

/// When the future is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Drops {
    Never,
    /// At this await.
    At(usize),
    /// At each.
    Always,
}

struct Outcome {
    written: Vec<u8>,
    heard: Vec<String>,
    awaits: usize,
}

fn run(
    negotiated: Negotiated,
    input: &[u8],
    read_len: usize,
    write_len: usize,
    drops: Drops,
    taking: Taking,
) -> Outcome {
    let mut config = Config::with_timeouts(Timeouts::none());
    // Enough fragments for a Pong to find a border.
    config.max_fragment_len = 40;
    config.read_len = 16;
    let mut endpoint: Ours = Endpoint::new(negotiated, Server, &config, b"", 0);
    endpoint.send("hello").unwrap();
    endpoint.sender().send_prepared(&Prepared::new(&[7; 90]).unwrap()).unwrap();
    endpoint.sender().send_owned(OwnedMessage::Text("own ".repeat(30))).unwrap();
    endpoint.sender().ping(b"!").unwrap();
    let mut transport = Transport { input, read_len, written: Vec::new(), write_len, ready: false };
    let (mut heard, mut awaits) = (Vec::new(), 0);
    loop {
        let mut future = Box::pin(serve(&mut endpoint, &mut transport, &mut heard, taking));
        let over = loop {
            if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break true;
            }
            awaits += 1;
            assert!(awaits < 100_000, "it ends");
            if drops == Drops::Always || drops == Drops::At(awaits) {
                break false;
            }
        };
        drop(future);
        if over {
            break;
        }
    }
    assert_eq!(endpoint.end(), Ok(Some(CloseCode::NORMAL)));
    Outcome { written: transport.written, heard, awaits }
}

fn input() -> Vec<u8> {
    let masked = |first, payload: &[u8]| frame(Side::Server, first, payload);
    [
        masked(0x81, b"short"),
        masked(0x02, &[8; 70]),
        masked(0x89, b"?"),
        masked(0x80, &[9; 70]),
        masked(0x81, "Gr\u{fc}\u{df}e".as_bytes()),
        masked(0x88, b"\x03\xe8"),
    ]
    .concat()
}

/// What control frames interrupt depends on when they come; what the data frames say does not.
fn data_of(mut wire: &[u8]) -> (Vec<(u8, Vec<u8>)>, usize) {
    let (mut data, mut pongs): (Vec<(u8, Vec<u8>)>, _) = (Vec::new(), 0);
    while let [first, len, rest @ ..] = wire {
        let (payload, after) = rest.split_at(usize::from(*len));
        match first & 0x0f {
            0x0a => pongs += 1,
            0x09 => {}
            0x00 => data.last_mut().unwrap().1.extend_from_slice(payload),
            _ => data.push((first & 0x7f, payload.to_vec())),
        }
        wire = after;
    }
    (data, pongs)
}

#[test]
fn futures_are_dropped_at_every_step_and_with_every_size_of_a_partial_write() {
    let (input, plain) = (input(), Negotiated::elsewhere());
    for taking in [Taking::Lent, Taking::Owned] {
        for read_len in [1, 7, 400] {
            let whole = run(plain, &input, read_len, usize::MAX, Drops::Never, taking);
            let (data, pongs) = data_of(&whole.written);
            assert_eq!((data.len(), pongs), (7, 1), "hello, two of its own, three echoes and the Close");
            for write_len in 1..=whole.written.len() {
                let uncut = run(plain, &input, read_len, write_len, Drops::Never, taking);
                assert_eq!(data_of(&uncut.written), data_of(&whole.written), "{write_len}");
                // Each step where the write is a small or an odd part; where it is not, that it is dropped always is enough.
                let steps = if write_len % 29 < 2 { uncut.awaits } else { 0 };
                for drops in (1..=steps).map(Drops::At).chain([Drops::Always]) {
                    let cut = run(plain, &input, read_len, write_len, drops, taking);
                    assert!(
                        cut.written == uncut.written && cut.heard == uncut.heard,
                        "{read_len} {write_len} {drops:?}"
                    );
                }
            }
        }
    }
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_are_neither_lost_nor_repeated_when_futures_are_dropped() {
    let (input, params) = (input(), websocket_proto::extension::deflate::DeflateParams::default());
    let deflate = Negotiated::elsewhere().with_deflate(params);
    for write_len in [1, 13, 1000] {
        let uncut = run(deflate, &input, 7, write_len, Drops::Never, Taking::Lent);
        for drops in (1..=uncut.awaits).step_by(7).map(Drops::At).chain([Drops::Always]) {
            let cut = run(deflate, &input, 7, write_len, drops, Taking::Lent);
            assert!(cut.written == uncut.written && cut.heard == uncut.heard, "{write_len} {drops:?}");
        }
    }
}
