//! Memory, counted by the allocator: layer one asks for none, and layer two for what has arrived, whatever a header declares.
#![cfg(feature = "alloc")]

use std::mem::size_of;

use testkit::{
    bytes::{Form, PEER_KEY, frame, header},
    counting::{Counting, counted, live, peak},
    drive,
    reference::Side,
};
use websocket_proto::{
    Connection, Event, Incoming, Limits, Messages, Part, ProtocolError, Role, Server, wire::FixedOutput,
};

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn the_counter_counts() {
    let (calls, peak) = counted(|| drop(std::hint::black_box(vec![0_u8; 1000])));
    assert_eq!((calls, peak), (1, 1000));
}

#[test]
fn a_servers_connection_has_at_most_512_bytes() {
    assert!(size_of::<Connection<Server>>() <= 512);
}

/// All that layer one does: every kind of frame in, cut and whole, every kind out, close and failure.
#[test]
fn layer_one_allocates_nothing() {
    let stream = [
        frame(Side::Server, 0x81, "short, gr\u{fc}n".as_bytes()),
        frame(Side::Server, 0x01, "fragmented € 😀".as_bytes()),
        frame(Side::Server, 0x89, b"ping"),
        frame(Side::Server, 0x80, &[b'x'; 300]),
        frame(Side::Server, 0x82, &[7; 70_000]),
        frame(Side::Server, 0x8a, &[b'p'; 125]),
        frame(Side::Server, 0x88, b"\x03\xe8bye"),
    ]
    .concat();
    for read in [1, 2, 3, 16, 1000, stream.len()] {
        let (mut bytes, mut memory) = (stream.clone(), vec![0; 4096]);
        let (calls, _) = counted(|| receive_and_reply(&mut bytes, read, &mut memory));
        assert_eq!(calls, 0, "in pieces of {read}");
    }
    let mut bad = [frame(Side::Server, 0x81, b"ok\xff"), vec![0; 5]].concat();
    let (calls, _) = counted(|| receive_and_reply(&mut bad, 3, &mut [0; 200]));
    assert_eq!(calls, 0, "for a failure");
}

fn receive_and_reply(bytes: &mut [u8], read: usize, memory: &mut [u8]) {
    let mut connection = drive::server(&Limits::DEFAULT);
    let mut out = FixedOutput::new(memory);
    'all: for input in bytes.chunks_mut(read) {
        let mut input = &mut *input;
        loop {
            out.clear();
            match connection.receive(&mut input) {
                Ok(Some(Event::Text(text, part))) => connection.send_part(text, part, &mut out).unwrap(),
                Ok(Some(Event::Char(char, part))) => {
                    connection.send_part(&*char.encode_utf8(&mut [0; 4]), part, &mut out).unwrap();
                }
                Ok(Some(Event::Binary(bytes, part))) => drop(connection.send_header(&*bytes, part).unwrap()),
                Ok(Some(Event::Ping)) => {
                    let payload = *connection.control_payload();
                    connection.ping(payload.as_bytes(), &mut out).unwrap();
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => break 'all,
            }
            connection.write_control(&mut out).unwrap();
        }
    }
    connection.write_control(&mut out).unwrap();
    assert!(connection.send_part("x", Part::Whole, &mut out).is_err(), "the stream ends in a Close or a failure");
}

#[test]
fn a_client_allocates_nothing_either() {
    let (calls, _) = counted(|| {
        let (mut connection, mut memory) = (drive::client(&Limits::DEFAULT), [0; 300]);
        let mut out = FixedOutput::new(&mut memory);
        connection.send("Hello", &mut out).unwrap();
        connection.send_in_place(websocket_proto::MessageKind::Binary, &mut [1, 2, 3], Part::Whole).unwrap();
        connection.receive(&mut &mut [0x89, 0x00][..]).unwrap();
        connection.write_control(&mut out).unwrap();
        assert_eq!(out.written().len(), 11 + 6);
    });
    assert_eq!(calls, 0);
}

/// CVE-2022-35922 and its kin: memory for what a header declares.
#[test]
fn a_header_that_declares_2_to_the_62_bytes_allocates_nothing() {
    for first in [0x81, 0x82, 0x01, 0x02] {
        let mut bytes = header(Some(PEER_KEY), first, Form::Bits64, 1 << 62);
        let mut cut = bytes.clone();
        assert_eq!(bytes.len(), 14);
        let (calls, _) = counted(|| {
            let mut connection = drive::server(&Limits::UNLIMITED);
            assert_eq!(connection.receive(&mut &mut bytes[..]), Ok(None));
            assert_eq!(connection.payload_remaining(), 1 << 62);

            let (mut connection, mut messages) = (drive::server(&Limits::UNLIMITED), Messages::new());
            for piece in cut.chunks_mut(1) {
                let next = messages.next(&mut connection, &mut &mut *piece, &mut FixedOutput::new(&mut []));
                assert_eq!(next, Ok(None));
            }
            assert_eq!(connection.payload_remaining(), 1 << 62);
        });
        assert_eq!(calls, 0);
    }
}

#[test]
fn a_few_bytes_of_2_to_the_62_allocate_a_little() {
    for first in [0x81, 0x82] {
        let mut bytes = [header(Some(PEER_KEY), first, Form::Bits64, 1 << 62), PEER_KEY.to_vec()].concat();
        let (mut connection, mut messages) = (drive::server(&Limits::UNLIMITED), Messages::new());
        let (_, peak) = counted(|| {
            let next = messages.next(&mut connection, &mut &mut bytes[..], &mut FixedOutput::new(&mut []));
            assert_eq!(next, Ok(None));
        });
        assert!(peak <= 64 * 1024, "{peak}");
    }
}

/// The output of nearly everybody is a `Vec`, and this peer never reads.
#[test]
fn a_flood_of_pings_grows_the_output_to_its_mark_and_one_frame() {
    for (payload, read) in [(&b""[..], 64 * 1024), (b"", 6), (&[b'p'; 125], 64 * 1024), (&[b'p'; 125], 131), (b"12", 5)]
    {
        for mark in [0, 1000, Limits::DEFAULT.high_water_mark] {
            let mut flood = frame(Side::Server, 0x89, payload).repeat(400_000 / (payload.len() + 2));
            let limits = Limits::DEFAULT.with_high_water_mark(mark);
            let (mut connection, mut messages, mut out) = (drive::server(&limits), Messages::new(), Vec::new());
            let mut pings = 0;
            for piece in flood.chunks_mut(read) {
                let mut input = &mut *piece;
                while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).unwrap() {
                    assert!(matches!(incoming, Incoming::Ping(_)));
                    pings += 1;
                }
                assert!(input.is_empty(), "the input is used up all the same");
            }
            assert_eq!(pings, 400_000 / (payload.len() + 2));
            // The last reply that still fits below the mark, and the one above it.
            assert!(out.len() <= mark + 2 * 127, "{} bytes wait, the mark is {mark}", out.len());
            assert!(out.len() >= mark, "and below it nothing waits");
            assert!(connection.wants_write(), "the newest Pong waits");
        }
    }
}

#[test]
fn a_flood_of_pings_allocates_nothing_where_the_output_is_full() {
    let flood = frame(Side::Server, 0x89, b"").repeat(100_000);
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let (mut first, mut second) = (flood.clone(), flood);
    let (calls, _) = counted(|| {
        let mut input = &mut first[..];
        while let Some(event) = connection.receive(&mut input).unwrap() {
            assert!(matches!(event, Event::Ping));
        }
        let (mut input, mut full) = (&mut second[..], FixedOutput::new(&mut []));
        while let Some(incoming) = messages.next(&mut connection, &mut input, &mut full).unwrap() {
            assert!(matches!(incoming, Incoming::Ping(_)));
        }
    });
    assert_eq!(calls, 0);
    let mut out = Vec::new();
    connection.write_control(&mut out).unwrap();
    assert_eq!(out, [0x8a, 0x00]);
}

#[test]
fn an_echo_of_messages_in_single_frames_allocates_nothing_once_warm() {
    let read = [
        frame(Side::Server, 0x81, b"Hello"),
        frame(Side::Server, 0x82, &[7; 2000]),
        frame(Side::Server, 0x81, "gr\u{fc}n".repeat(100).as_bytes()),
        frame(Side::Server, 0x89, b"?"),
    ]
    .concat();
    let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
    echo(&mut connection, &mut messages, &mut read.clone(), &mut out);
    let mut again: Vec<_> = vec![read; 100];
    let (calls, _) = counted(|| again.iter_mut().for_each(|read| echo(&mut connection, &mut messages, read, &mut out)));
    assert_eq!(calls, 0);
}

#[test]
fn messages_that_are_assembled_use_their_memory_again() {
    let read = [frame(Side::Server, 0x01, &[b'f'; 3000]), frame(Side::Server, 0x80, &[b'f'; 3000])].concat();
    let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
    echo(&mut connection, &mut messages, &mut read.clone(), &mut out);
    let mut again: Vec<_> = vec![read; 100];
    let (calls, _) = counted(|| again.iter_mut().for_each(|read| echo(&mut connection, &mut messages, read, &mut out)));
    assert_eq!(calls, 0);
}

fn echo<R: Role>(connection: &mut Connection<R>, messages: &mut Messages, read: &mut [u8], out: &mut Vec<u8>) {
    out.clear();
    let mut input = read;
    while let Some(incoming) = messages.next(connection, &mut input, out).unwrap() {
        match incoming {
            Incoming::Text(text) => connection.send(text, out).unwrap(),
            Incoming::Binary(bytes) => connection.send(&*bytes, out).unwrap(),
            _ => {}
        }
    }
}

/// CVE-2026-48779 and its kin.
#[test]
fn a_flood_of_empty_fragments_is_stopped_by_the_limit_and_allocates_nothing() {
    let mut flood = [frame(Side::Server, 0x02, b""), frame(Side::Server, 0x00, b"").repeat(65_535)].concat();
    let mut one_more = frame(Side::Server, 0x00, b"");
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let (calls, _) = counted(|| {
        let mut out = FixedOutput::new(&mut []);
        assert_eq!(messages.next(&mut connection, &mut &mut flood[..], &mut out), Ok(None));
        let error = messages.next(&mut connection, &mut &mut one_more[..], &mut out).unwrap_err();
        assert_eq!(error, ProtocolError::TooManyFragments { max: 65_536 });
    });
    assert_eq!(calls, 0);
}

#[test]
fn an_assembled_message_takes_less_than_twice_what_has_arrived() {
    let len = 5_000_000;
    for (first, fragment, read) in
        [(0x81, len, 1 << 16), (0x82, len, 1 << 16), (0x81, 4096, 1500), (0x82, 70_000, 1 << 16)]
    {
        let mut stream = Vec::new();
        for start in (0..len).step_by(fragment) {
            let end = (start + fragment).min(len);
            let first = if start == 0 { first & 0x0f } else { 0 } | if end == len { 0x80 } else { 0 };
            stream.extend(frame(Side::Server, first, &vec![b'm'; end - start]));
        }
        let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
        let (mut arrived, before) = (0, live());
        for piece in stream.chunks_mut(read) {
            let mut input = &mut *piece;
            arrived += i64::try_from(input.len()).unwrap();
            let (_, _) = counted(|| {
                let next = messages.next(&mut connection, &mut input, &mut FixedOutput::new(&mut [])).unwrap();
                if let Some(Incoming::Text(text)) = &next {
                    assert_eq!(text.len(), len);
                }
            });
            let held = peak() - before;
            assert!(held <= 2 * arrived + 64 * 1024, "{held} bytes held when {arrived} had arrived");
        }
        assert_eq!(connection.payload_remaining(), 0);
        let mut empty = &mut [][..];
        assert_eq!(messages.next(&mut connection, &mut empty, &mut FixedOutput::new(&mut [])), Ok(None));
        let kept = i64::try_from(Messages::KEPT_CAPACITY).unwrap();
        assert!(live() - before <= kept, "{} bytes are kept", live() - before);
    }
}

const LARGE: usize = 256 << 10;

/// What a message needs at most in a buffer that doubles as it grows, and room that is lent.
const LARGE_BUFFER: i64 = 2 * LARGE as i64 + 32 * 1024;

fn kept() -> i64 {
    i64::try_from(Messages::KEPT_CAPACITY).unwrap()
}

/// One binary message, in reads of 64 KiB, and then a look that finds nothing: two turns and more.
fn large(connection: &mut Connection<Server>, messages: &mut Messages, wire: &mut [u8], lent: bool) {
    let (mut out, mut rest, mut found) = (FixedOutput::new(&mut []), wire, false);
    while !rest.is_empty() {
        if let Some(space) = lent.then(|| messages.space(connection)).flatten() {
            let (now, later) = rest.split_at_mut(space.len().min(rest.len()));
            space[..now.len()].copy_from_slice(now);
            let n = now.len();
            found |= matches!(messages.filled(connection, n, &mut out), Ok(Some(Incoming::Binary(_))));
            rest = later;
            continue;
        }
        let (mut now, later) = rest.split_at_mut(rest.len().min(1 << 16));
        found |= matches!(messages.next(connection, &mut now, &mut out), Ok(Some(Incoming::Binary(_))));
        assert!(now.is_empty());
        rest = later;
    }
    assert!(found);
    turn(connection, messages);
}

/// A read that brings a short message, all in one frame: two turns.
fn short(connection: &mut Connection<Server>, messages: &mut Messages) {
    let (mut wire, mut out) = (frame(Side::Server, 0x82, b"short"), FixedOutput::new(&mut []));
    let mut input = &mut wire[..];
    assert!(matches!(messages.next(connection, &mut input, &mut out), Ok(Some(Incoming::Binary(_)))));
    turn(connection, messages);
}

fn turn(connection: &mut Connection<Server>, messages: &mut Messages) {
    assert_eq!(messages.next(connection, &mut &mut [][..], &mut FixedOutput::new(&mut [])), Ok(None));
}

#[test]
fn a_stream_of_large_messages_asks_for_memory_for_the_first_two() {
    for lent in [false, true] {
        let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
        let wire = frame(Side::Server, 0x82, &vec![7; LARGE]);
        let mut wires = vec![wire; 20];
        for wire in &mut wires[..2] {
            large(&mut connection, &mut messages, wire, lent);
        }
        let rest = &mut wires[2..];
        let (calls, _) = counted(|| rest.iter_mut().for_each(|w| large(&mut connection, &mut messages, w, lent)));
        assert_eq!(calls, 0);
    }
}

#[test]
fn a_large_message_now_and_then_leaves_nothing_beyond_64_kib() {
    for lent in [false, true] {
        let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
        let wire = frame(Side::Server, 0x82, &vec![7; LARGE]);
        let before = live();
        for _ in 0..5 {
            let mut wire = wire.clone();
            large(&mut connection, &mut messages, &mut wire, lent);
            drop(wire);
            assert!(live() - before <= kept(), "{} bytes are kept", live() - before);
            (0..32).for_each(|_| short(&mut connection, &mut messages));
        }
    }
}

#[test]
fn memory_of_large_messages_is_given_back_after_64_turns_without_them() {
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let wire = frame(Side::Server, 0x82, &vec![7; LARGE]);
    let mut wires = vec![wire; 6];
    let before = live();
    for wires in wires.chunks_mut(3) {
        wires.iter_mut().for_each(|wire| large(&mut connection, &mut messages, wire, true));
        for _ in 0..31 {
            assert!(live() - before >= LARGE as i64, "kept for the next");
            assert!(live() - before <= LARGE_BUFFER, "{} bytes are kept", live() - before);
            short(&mut connection, &mut messages);
        }
        (0..2).for_each(|_| short(&mut connection, &mut messages));
        assert!(live() - before <= kept(), "{} bytes are kept", live() - before);
    }
}

#[test]
fn hibernating_gives_back_the_memory_of_large_messages_and_what_was_remembered() {
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let mut wires = vec![frame(Side::Server, 0x82, &vec![7; LARGE]); 4];
    let before = live();
    wires[..3].iter_mut().for_each(|wire| large(&mut connection, &mut messages, wire, true));
    assert!(live() - before >= LARGE as i64);
    messages.hibernate();
    assert_eq!(live() - before, 0);
    large(&mut connection, &mut messages, &mut wires[3], true);
    assert!(live() - before <= kept(), "as after the first of all");
}

#[test]
fn what_is_kept_is_at_most_four_times_what_the_last_64_turns_needed() {
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let mut lens = vec![4 << 20, 4 << 20];
    lens.extend([100 << 10; 70]);
    lens.extend([0; 70]);
    let before = live();
    for (i, &len) in lens.iter().enumerate() {
        let mut wire = frame(Side::Server, 0x82, &vec![7; len]);
        match len {
            0 => short(&mut connection, &mut messages),
            _ => large(&mut connection, &mut messages, &mut wire, true),
        }
        drop(wire);
        // Each of these messages takes two turns at least.
        let largest = lens[..=i].iter().rev().take(32).max().unwrap();
        let bound = i64::try_from((4 * largest).max(Messages::KEPT_CAPACITY)).unwrap();
        assert!(live() - before <= bound, "{} bytes after message {i}", live() - before);
    }
}

/// What the page on performance says, on a machine of 64 bits.
#[cfg(all(target_pointer_width = "64", feature = "rand", feature = "deflate"))]
#[test]
fn connections_and_messages_have_the_documented_sizes() {
    use websocket_proto::{Client, RandomKeys};
    assert_eq!(size_of::<Connection<Server>>(), 512);
    assert_eq!(size_of::<Connection<Client<RandomKeys>>>(), 832);
    assert_eq!(size_of::<Messages>(), 272);
}
