//! Law: whatever two endpoints do in whatever order, what one of them has sent arrives at the other once and in order; a call succeeds
//! exactly if the protocol allows it, and writes nothing otherwise; every Ping is answered, or the newest of those that were not; time-outs
//! come when they are due; and after an orderly end both sides say so, with the codes that were sent. With compression agreed on or not.
#![no_main]

use arbitrary::Arbitrary;
use end::{End, Peer, Said};
use libfuzzer_sys::fuzz_target;
use websocket_proto::extension::deflate::{DeflateParams, Effort};
use websocket_proto::{
    Client, CloseCode, CloseFrame, Connection, Ending, Limits, Message, Negotiated, Part, Server, Transport,
};

mod end;
mod pipe;

#[derive(Arbitrary, Debug)]
struct Script<'a> {
    /// Whether the client, and the server, put messages together.
    whole_messages: [bool; 2],
    deflate: Option<(DeflateParams, [Effort; 2])>,
    ops: Vec<Op<'a>>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Who {
    Client,
    Server,
}

#[derive(Arbitrary, Debug)]
enum Op<'a> {
    Send(Who, Message<'a>, Part),
    /// As it is, where compression was not agreed on.
    SendCompressed(Who, Message<'a>, Part),
    Ping(Who, &'a [u8]),
    Pong(Who, &'a [u8]),
    Close(Who, CloseFrame),
    /// So many bytes more may wait to be written, from now on.
    Room(Who, u8),
    /// The transport takes so many bytes of what waits.
    Write(Who, u8),
    /// And hands so many to the other side.
    Read(Who, u8),
    /// No more is written: the transport's sending half is closed.
    Shut(Who),
    Wait(u8),
}

fuzz_target!(|script: Script<'_>| {
    let Script { whole_messages: [client, server], deflate, ops } = script;
    let (params, efforts) = deflate.unzip();
    let negotiated = params.map_or(Negotiated::elsewhere(), |params| Negotiated::elsewhere().with_deflate(params));
    let ([own, peers], limits) = (efforts.unwrap_or_default(), Limits::UNLIMITED);
    let mut key = 0_u32;
    let keys = move || {
        key = key.wrapping_add(0x3d21_fa37);
        key.to_le_bytes()
    };
    let mut client = End::new(Connection::new(negotiated, Client::from_fn(keys), &limits), client, own);
    let mut server = End::new(Connection::new(negotiated, Server, &limits), server, peers);
    let mut ends: [&mut dyn Peer; 2] = [&mut client, &mut server];

    let mut now = 0;
    for op in ops.iter().take(60) {
        match *op {
            Op::Send(who, message, part) => ends[who as usize].send(message, part),
            Op::SendCompressed(who, message, part) => ends[who as usize].send_compressed(message, part),
            Op::Ping(who, payload) => ends[who as usize].ping(payload, true),
            Op::Pong(who, payload) => ends[who as usize].ping(payload, false),
            Op::Close(who, frame) => ends[who as usize].close(frame),
            Op::Room(who, room) => ends[who as usize].set_room(usize::from(room)),
            Op::Write(who, len) => ends[who as usize].write(usize::from(len)),
            Op::Read(who, len) => pass_on(who, usize::from(len), now, &mut ends),
            Op::Shut(who) => ends[who as usize].shut(),
            Op::Wait(span) => {
                now += u64::from(span);
                ends.iter_mut().for_each(|end| end.wait(now));
            }
        }
    }

    let cut = ends.iter().any(|end| end.is_shut());
    drain(now, &mut ends);
    if !cut {
        // Someone closes, if nobody did.
        ends[0].close(CloseCode::NORMAL.into());
        drain(now, &mut ends);
        assert_eq!(ends[0].transport(), Transport::AwaitEof, "§7.1.1: the client waits for the server");
        assert_eq!(ends[1].transport(), Transport::Close);
    }
    let [client, server] = &mut ends;
    compare(*client, *server, cut);
    compare(*server, *client, cut);
    for end in ends {
        assert_eq!(end.eof(), end.expected_ending());
        assert!(cut || end.expected_ending() == Ending::Clean);
    }
});

/// Bytes that `who` has written reach the other side.
fn pass_on(who: Who, len: usize, now: u64, ends: &mut [&mut dyn Peer; 2]) {
    let bytes = ends[who as usize].take_written(len);
    let other = &mut ends[1 - who as usize];
    other.receive(bytes, now);
}

/// Lets everything be written and read, until nothing moves.
fn drain(now: u64, ends: &mut [&mut dyn Peer; 2]) {
    for _ in 0..4 {
        for who in [Who::Client, Who::Server] {
            ends[who as usize].set_room(usize::MAX / 2);
            ends[who as usize].write(usize::MAX);
            pass_on(who, usize::MAX, now, ends);
        }
    }
}

/// What `from` has said, `to` has heard.
fn compare(from: &dyn Peer, to: &dyn Peer, cut: bool) {
    let (said, heard) = (from.said(), to.heard());
    if cut {
        assert!(said.starts_with(heard), "said {said:?}, heard {heard:?}");
    } else {
        assert_eq!(said, heard);
        assert!(matches!(said.last(), Some(Said::Close(_))), "a connection ends with both Close frames");
        assert!(to.owed().is_empty(), "every Ping was answered, or a newer one: {:?}", to.owed());
    }
}
