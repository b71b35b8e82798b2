//! Attacks that cost the attacker little: what they cost the attacked is counted, in calls and in memory. In instructions it is
//! counted by `benches/instructions/attacks`.
#![cfg(feature = "deflate")]

use testkit::attacks::{ATTACKS, Attack, Victim, Work};
use testkit::{
    counting::{Counting, asked, counted, live},
    drive,
};
use websocket_proto::extension::deflate::DeflateParams;
use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, ProtocolError, Server, wire::FixedOutput};

#[global_allocator]
static COUNTING: Counting = Counting;

/// An inflater: its window, and what it has looked up.
const INFLATER: u64 = 64 * 1024;

fn attack(name: &str) -> &'static Attack {
    ATTACKS.iter().find(|attack| attack.name == name).unwrap()
}

/// How many bytes come of these, if all of them are text or binary data.
fn payload_len(attack: &Attack, received: usize) -> u64 {
    let factor = if attack.name.starts_with("inflate-bomb") { 1000 } else { 1 };
    u64::try_from(factor * received).unwrap()
}

/// A call makes progress: one for each read, and one for each event. Nothing is asked for twice.
#[test]
fn each_call_takes_an_input_or_gives_an_event() {
    for attack in ATTACKS {
        let mut bytes = (attack.bytes)(14 * 1024);
        let reads = u64::try_from(bytes.len().div_ceil(attack.read)).unwrap();
        let Work { calls, events, error, .. } = attack.measured_run(&mut bytes);
        assert_eq!((calls, error), (reads + events, None), "{}", attack.name);
        assert!(events <= reads.max(u64::try_from(bytes.len() / 2).unwrap()), "{}: {events} events", attack.name);
    }
}

/// Memory that is copied when a buffer grows counts each time: a buffer that grew by a little each time would ask for more.
#[test]
fn memory_asked_for_is_at_most_a_multiple_of_what_came() {
    for attack in ATTACKS {
        for len in [1 << 10, 1 << 14, 1 << 17] {
            let mut bytes = (attack.bytes)(len);
            let (received, before) = (payload_len(attack, bytes.len()), asked());
            let (_, peak) = counted(|| assert_eq!(attack.measured_run(&mut bytes).error, None));
            let (in_all, peak) = (asked() - before, u64::try_from(peak).unwrap());
            let (most_in_all, most) = match attack.victim {
                Victim::Messages => (4 * received + 4096, 2 * received + 4096),
                Victim::Compressed => (4 * received + 2 * INFLATER, 2 * received + INFLATER),
                _ => (0, 0), // They have no place to put anything.
            };
            assert!(in_all <= most_in_all, "{}: {in_all} bytes asked for, {received} received", attack.name);
            assert!(peak <= most, "{}: {peak} bytes held, {received} received", attack.name);
        }
    }
}

/// Nor is it asked for often: a buffer that is assembled doubles.
#[test]
fn memory_is_asked_for_rarely() {
    for attack in ATTACKS {
        let mut bytes = (attack.bytes)(1 << 17);
        let (calls, _) = counted(|| assert_eq!(attack.measured_run(&mut bytes).error, None));
        let most = match attack.victim {
            Victim::Messages => 24,
            Victim::Compressed => 40,
            _ => 0,
        };
        assert!(calls <= most, "{}: {calls} times", attack.name);
    }
}

#[test]
fn floods_without_payload_take_no_memory() {
    for name in ["empty-message-flood", "empty-fragment-flood"] {
        let mut bytes = (attack(name).bytes)(1 << 18);
        let (calls, _) = counted(|| assert_eq!(attack(name).measured_run(&mut bytes).error, None));
        assert_eq!(calls, 0, "{name}");
    }
}

/// Replies to Pings wait in the output up to its mark, and above it one more; a vector holds at most twice what is in it.
#[test]
fn floods_of_pings_fill_the_output_to_its_mark_and_no_further() {
    let mark = Limits::DEFAULT.high_water_mark;
    for name in ["ping-flood", "long-ping-flood", "ping-drip"] {
        for len in [1 << 17, 1 << 20] {
            let mut bytes = (attack(name).bytes)(len);
            let mut work = Work::default();
            let (_, peak) = counted(|| work = attack(name).measured_run(&mut bytes));
            assert_eq!(work.error, None, "{name}");
            assert!(work.waiting <= mark + 2 * 127, "{name}: {} bytes wait", work.waiting);
            assert!(peak <= i64::try_from(3 * mark).unwrap(), "{name}: {peak} bytes held");
        }
    }
}

#[test]
fn one_byte_fragments_end_at_the_message_limit_and_take_no_more_memory() {
    const MAX: u64 = 100_000;
    let limits = Limits::DEFAULT.with_max_message_len(MAX).with_max_fragments(u32::MAX);
    for name in ["one-byte-fragments", "one-byte-fragment-drip", "one-byte-fragments-in-pieces"] {
        let attack = Attack { limits, ..*attack(name) };
        let mut bytes = (attack.bytes)(8 * 100_000);
        let mut work = Work::default();
        let (_, peak) = counted(|| work = attack.measured_run(&mut bytes));
        assert_eq!(work.error, Some(ProtocolError::MessageTooLong { len: MAX + 1, max: MAX }), "{name}");
        assert!(peak <= 2 * 100_000, "{name}: {peak}");
    }
}

#[test]
fn small_fragments_end_at_the_fragment_limit() {
    for name in ["empty-fragment-flood", "one-byte-fragments", "one-byte-fragments-in-pieces"] {
        let attack = Attack { limits: Limits::DEFAULT, ..*attack(name) };
        let mut bytes = (attack.bytes)(7 * 65_536);
        let error = attack.measured_run(&mut bytes).error;
        assert_eq!(error, Some(ProtocolError::TooManyFragments { max: 65_536 }), "{name}");
    }
}

/// Whatever the header declares, in whichever cuts: refused with the byte that says so, or waited for in no memory.
#[test]
fn huge_declared_lengths_take_no_memory() {
    for len in [(16 << 20) + 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 62, (1_u64 << 63) - 1] {
        for first in [0x01, 0x02, 0x81, 0x82] {
            for read in [1, 14] {
                for (limits, expected) in [
                    (Limits::DEFAULT, Err(ProtocolError::FrameTooLong { len, max: 16 << 20 })),
                    (Limits::UNLIMITED, Ok(None)),
                ] {
                    let mut header = [&[first, 0xff][..], &len.to_be_bytes(), &[1, 2, 3, 4]].concat();
                    let (calls, _) = counted(|| {
                        let (mut connection, mut messages) = (drive::server(&limits), Messages::new());
                        let mut last = Ok(None);
                        for mut input in header.chunks_mut(read) {
                            last = messages
                                .next(&mut connection, &mut input, &mut FixedOutput::new(&mut []))
                                .map(|incoming| incoming.map(drop));
                        }
                        assert_eq!(last, expected.map(|none: Option<()>| none));
                    });
                    assert_eq!(calls, 0, "{len} declared");
                }
            }
        }
    }
}

/// A byte that is compressed can cost more time than any other, so that a call ends after 16 KiB of them: less than a millisecond.
#[test]
fn call_undoes_at_most_16_kib_of_a_compressed_message() {
    const MOST: usize = 16 * 1024;
    let one_frame = |attack: &&Attack| attack.victim == Victim::Compressed && attack.name.contains("-blocks");
    for (attack, two_steps) in ATTACKS.iter().filter(one_frame).flat_map(|attack| [(attack, false), (attack, true)]) {
        let mut bytes = (attack.bytes)(256 * 1024);
        let (name, payload_len) = (attack.name, bytes.len() - 14);
        let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
        let mut connection = Connection::new(agreed, Server, &attack.limits);
        let (mut messages, mut input, mut calls) = (Messages::new(), &mut bytes[..], 0);
        loop {
            let before = input.len();
            if two_steps && !messages.advance(&mut connection, &mut input, &mut Vec::new()) {
                break;
            }
            match messages.next(&mut connection, &mut input, &mut Vec::new()) {
                Ok(Some(Incoming::Progress)) => calls += 1,
                Ok(None) => break,
                other => panic!("{name}: {other:?}"),
            }
            assert!(before - input.len() <= 14 + MOST, "{name}: {} bytes in one call", before - input.len());
            assert!(!input.is_empty(), "{name}: nothing would go on without more input");
        }
        assert_eq!(calls, (payload_len - 1) / MOST, "{name}");
        assert!(input.is_empty(), "{name}");
    }
}

/// However many frames they come in.
#[test]
fn call_counts_fragments_of_a_compressed_message_together() {
    let fragments = [[&[0x42, 0x80 | 126, 0x10, 0x00, 0, 0, 0, 0][..], &[0; 4096]].concat(), {
        let next = [&[0x00, 0x80 | 126, 0x10, 0x00, 0, 0, 0, 0][..], &[0; 4096]].concat();
        next.repeat(15)
    }];
    // Stored blocks without content, as far as they fit.
    let mut bytes = fragments.concat();
    let blocks = b"\x00\x00\x00\xff\xff".iter().cycle();
    let payload = (0..bytes.len()).filter(|n| n % (8 + 4096) >= 8);
    payload.zip(blocks).for_each(|(n, byte)| bytes[n] = *byte);
    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    let mut connection = Connection::new(agreed, Server, &Limits::DEFAULT);
    let (mut messages, mut input, mut taken) = (Messages::new(), &mut bytes[..], Vec::new());
    while let Some(incoming) = messages.next(&mut connection, &mut input, &mut Vec::new()).unwrap() {
        assert_eq!(incoming, Incoming::Progress);
        taken.push(input.len() / (8 + 4096));
    }
    assert_eq!(taken, [12, 8, 4], "four fragments a call");
}

/// Decompression stops at the limit, having taken no more memory than it, and a buffer.
#[test]
fn inflate_bomb_ends_at_the_message_limit() {
    const MAX: u64 = 1 << 20;
    let limits = Limits::DEFAULT.with_max_message_len(MAX);
    for name in ["inflate-bomb", "inflate-bomb-drip"] {
        let attack = Attack { limits, ..*attack(name) };
        let mut bytes = (attack.bytes)(32 * 1024);
        let (mut work, before) = (Work::default(), live());
        let (_, peak) = counted(|| work = attack.measured_run(&mut bytes));
        assert_eq!(work.error, Some(ProtocolError::MessageTooLong { len: MAX + 1, max: MAX }), "{name}");
        assert!(u64::try_from(peak).unwrap() <= MAX + INFLATER, "{name}: {peak}");
        assert_eq!(live(), before, "{name}");
    }
}
