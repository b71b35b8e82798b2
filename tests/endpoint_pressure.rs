//! Back-pressure: what bounds the output of an endpoint, and that two endpoints never wait for each other to read.
#![cfg(feature = "alloc")]

use testkit::{bytes::frame, reference::Side};
use websocket_proto::endpoint::{Config, Endpoint, Status};
use websocket_proto::{Client, FnKeys, Incoming, Limits, Negotiated, Prepared, Role, Server, Timeouts};

const MARK: usize = Limits::DEFAULT.high_water_mark;

/// What a transport holds in one direction, as the buffers of two sockets do.
const PIPE: usize = 64 * 1024;

const TEN_MIB: usize = 10 << 20;

/// Enough to fill every buffer on the way many times.
const MUCH: usize = 2 << 20;

fn endpoint<R: Role>(role: R, negotiated: Negotiated) -> Endpoint<R, u64, u64> {
    Endpoint::new(negotiated, role, &Config::with_timeouts(Timeouts::none()), b"", 0)
}

fn server() -> Endpoint<Server, u64, u64> {
    endpoint(Server, Negotiated::elsewhere())
}

type Keys = FnKeys<fn() -> [u8; 4]>;

fn client(negotiated: Negotiated) -> Endpoint<Client<Keys>, u64, u64> {
    let keys: fn() -> [u8; 4] = || [1, 2, 3, 4];
    endpoint(Client::from_fn(keys), negotiated)
}

/// An owner that does what the status says, over a transport that takes and gives as much as it can.
struct Owner<R: Role> {
    endpoint: Endpoint<R, u64, u64>,
    heard: usize,
    /// Sent back for each message.
    answer: &'static [u8],
}

impl<R: Role> Owner<R> {
    fn new(endpoint: Endpoint<R, u64, u64>, answer: &'static [u8]) -> Self {
        Self { endpoint, heard: 0, answer }
    }

    /// One turn; whether anything moved.
    fn turn(&mut self, from: &mut Vec<u8>, to: &mut Vec<u8>) -> bool {
        let mut moved = false;
        while let Some((incoming, mut sender)) = self.endpoint.next() {
            let Incoming::Binary(bytes) = incoming else { panic!("{incoming:?}") };
            if bytes.len() > 100 {
                self.heard += bytes.len();
                if !self.answer.is_empty() {
                    sender.send(self.answer).unwrap();
                }
            }
        }
        while !self.endpoint.output().is_empty() && to.len() < PIPE {
            let output = self.endpoint.output();
            let n = output.len().min(PIPE - to.len());
            to.extend_from_slice(&output[..n]);
            self.endpoint.written(n);
            moved = true;
        }
        if self.endpoint.status().reads() && !from.is_empty() {
            let room = self.endpoint.room();
            let n = room.len().min(from.len());
            room[..n].copy_from_slice(&from[..n]);
            from.drain(..n);
            self.endpoint.filled(n);
            moved = true;
        }
        moved
    }
}

/// Lets both ends take turns until nothing moves any more.
fn run<A: Role, B: Role>(a: &mut Owner<A>, b: &mut Owner<B>) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    loop {
        let moved = a.turn(&mut down, &mut up);
        if !(b.turn(&mut up, &mut down) || moved) {
            break;
        }
    }
    assert!(a.endpoint.next().is_none() && b.endpoint.next().is_none());
}

fn compressing() -> Negotiated {
    #[cfg(feature = "deflate")]
    return Negotiated::elsewhere().with_deflate(websocket_proto::extension::deflate::DeflateParams::default());
    #[cfg(not(feature = "deflate"))]
    Negotiated::elsewhere()
}

/// Bytes in which a compressor finds nothing.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn two_ends_that_both_send_much_at_once_do_not_wait_for_each_other() {
    type Way = (fn(&mut Owner<Server>, &mut Owner<Client<Keys>>), Negotiated, &'static [u8]);
    let ways: [Way; 6] = [
        (
            |a, b| {
                let all = noise(TEN_MIB);
                a.endpoint.send(&all).unwrap();
                b.endpoint.send(&all).unwrap();
            },
            Negotiated::elsewhere(),
            b"",
        ),
        (
            |a, b| {
                a.endpoint.sender().send_owned(noise(MUCH)).unwrap();
                b.endpoint.sender().send_owned(noise(MUCH)).unwrap();
            },
            Negotiated::elsewhere(),
            b"",
        ),
        (
            |a, b| {
                a.endpoint.sender().send_vectored(noise(MUCH)).unwrap();
                b.endpoint.sender().send_vectored(noise(MUCH)).unwrap();
            },
            Negotiated::elsewhere(),
            b"",
        ),
        (
            |a, b| {
                a.endpoint.send(&noise(MUCH)).unwrap();
                b.endpoint.sender().send_owned(noise(MUCH)).unwrap();
            },
            compressing(),
            b"",
        ),
        // Each is answered.
        (
            |a, b| {
                let part = noise(MUCH / 1024);
                for _ in 0..1024 {
                    a.endpoint.send(&part).unwrap();
                    b.endpoint.sender().send_owned(part.clone()).unwrap();
                }
            },
            Negotiated::elsewhere(),
            b"thanks",
        ),
        (
            |a, b| {
                let part = noise(MUCH / 64);
                let prepared = Prepared::new(&part).unwrap();
                for _ in 0..64 {
                    a.endpoint.sender().send_prepared(&prepared).unwrap();
                    b.endpoint.send(&part).unwrap();
                }
            },
            Negotiated::elsewhere(),
            b"thanks",
        ),
    ];
    for (way, (send, negotiated, answer)) in ways.into_iter().enumerate() {
        let mut a = Owner::new(endpoint(Server, negotiated), answer);
        let mut b = Owner::new(client(negotiated), answer);
        send(&mut a, &mut b);
        run(&mut a, &mut b);
        let len = if way == 0 { TEN_MIB } else { MUCH };
        assert_eq!((a.heard, b.heard), (len, len), "way {way}");
        assert_eq!((a.endpoint.status(), b.endpoint.status()), (Status::Open, Status::Open));
    }
}

/// One way to take what came and to answer it.
type Answering = fn(&mut Endpoint<Server, u64, u64>);

fn read(endpoint: &mut Endpoint<Server, u64, u64>, bytes: &[u8]) {
    endpoint.room()[..bytes.len()].copy_from_slice(bytes);
    endpoint.filled(bytes.len());
}

/// A peer that sends and does not read is stopped at the mark, by whichever call it is answered.
#[test]
fn answers_above_the_mark_stop_the_reading() {
    let ways: [Answering; 6] = [
        |endpoint| {
            while let Some((incoming, mut sender)) = endpoint.next() {
                let Incoming::Binary(bytes) = incoming else { panic!("{incoming:?}") };
                sender.send(bytes).unwrap();
            }
        },
        |endpoint| {
            while endpoint.advance() {
                let message = endpoint.take().unwrap();
                endpoint.send(&message).unwrap();
            }
        },
        |endpoint| {
            while endpoint.advance() {
                let message = endpoint.take().unwrap();
                endpoint.sender().send_owned(message).unwrap();
            }
        },
        |endpoint| {
            while endpoint.advance() {
                let message = endpoint.take().unwrap();
                endpoint.sender().send_vectored(message).unwrap();
            }
        },
        |endpoint| {
            while let Some((incoming, mut sender)) = endpoint.receive(&mut []).next() {
                let Incoming::Binary(bytes) = incoming else { panic!("{incoming:?}") };
                sender.send(bytes).unwrap();
            }
        },
        |endpoint| {
            let prepared = Prepared::new(&[7; 1000]).unwrap();
            while let Some((_, mut sender)) = endpoint.next() {
                sender.send_prepared(&prepared).unwrap();
            }
        },
    ];
    let wire = frame(Side::Server, 0x82, &[7; 1000]).repeat(4);
    for (way, answer) in ways.into_iter().enumerate() {
        let mut endpoint = server();
        let mut reads = 0;
        while endpoint.status().reads() {
            read(&mut endpoint, &wire);
            answer(&mut endpoint);
            reads += 1;
            assert!(reads < 1000, "way {way}");
        }
        let waiting = endpoint.sender().queued_len();
        assert!((MARK..MARK + 5 * 1004).contains(&waiting), "way {way}: {waiting}");
        assert_eq!(endpoint.status(), Status::Flush);
        while endpoint.sender().queued_len() > MARK {
            assert_eq!(endpoint.status(), Status::Flush);
            let n = endpoint.output().len().min(100);
            endpoint.written(n);
        }
        assert_eq!(endpoint.status(), Status::Open, "at the mark: it is inclusive");
    }
}

/// What waits of the application's own accord makes room for as many answers as were written of it, and for no more.
#[test]
fn a_peer_that_does_not_read_gains_no_memory_by_what_is_sent_to_it_unasked() {
    let mut endpoint = server();
    let wire = frame(Side::Server, 0x82, &[7; 1000]).repeat(4);
    for round in 0..50 {
        // As an application does that bounds what it sends.
        while endpoint.sender().queued_len() <= MARK {
            endpoint.send(&[8; 5000]).unwrap();
        }
        for _ in 0..100 {
            if endpoint.status().reads() {
                read(&mut endpoint, &wire);
            }
            while let Some((_, mut sender)) = endpoint.next() {
                sender.send(&[7; 1000]).unwrap();
            }
        }
        assert!(endpoint.sender().queued_len() <= 2 * MARK + 5004 + 4 * 1004, "round {round}");
        let n = endpoint.output().len().min(3000 * (round % 4));
        endpoint.written(n);
    }
}

/// §5.4: a long message leaves room for Pongs, compressed or not.
#[test]
fn pongs_go_out_at_the_next_border_however_much_waits() {
    for negotiated in [Negotiated::elsewhere(), compressing()] {
        let mut endpoint = endpoint(Server, negotiated);
        endpoint.send(&noise(MUCH)).unwrap();
        for round in 0..20_u8 {
            read(&mut endpoint, &frame(Side::Server, 0x89, &[round]));
            assert!(matches!(endpoint.next(), Some((Incoming::Ping(_), _))));
            assert!(endpoint.next().is_none());
            let mut wire = Vec::new();
            while !wire.ends_with(&[0x8a, 1, round]) {
                let n = endpoint.output().len().min(10_000);
                assert!(n > 0 && wire.len() <= 2 * (64 * 1024 + 100), "round {round}: no Pong in {} bytes", wire.len());
                wire.extend(&endpoint.output()[..n]);
                endpoint.written(n);
            }
        }
    }
}

/// While the owner does not read, as it was asked to, a peer that goes on reading is there: its silence is the owner's.
#[test]
fn a_peer_that_takes_answers_slowly_is_not_given_up_for_silence() {
    let timeouts = Timeouts::none().with_idle(30).with_pong(20).with_write(40);
    let mut endpoint: Endpoint<Server, u64, u64> =
        Endpoint::new(Negotiated::elsewhere(), Server, &Config::with_timeouts(timeouts), b"", 0);
    read(&mut endpoint, &frame(Side::Server, 0x81, b"all of it"));
    let (_, mut sender) = endpoint.next().unwrap();
    sender.send(&vec![7; 4 * MARK]).unwrap();
    assert!(endpoint.next().is_none());
    let mut now = 0;
    while endpoint.status() == Status::Flush {
        now += 10;
        let n = endpoint.output().len().min(5000);
        endpoint.written(n);
        endpoint.tick(now);
    }
    assert_eq!(endpoint.status(), Status::Open, "at {now}");
    assert!(now > 300, "{now}");
    // From now on it is read from, and asked.
    endpoint.tick(now + 30);
    let n = endpoint.output().len();
    endpoint.written(n);
    endpoint.tick(now + 50);
    assert_eq!(endpoint.status(), Status::Close);
}
