//! Framers: what changes between the endpoint's own compressor and another one leaves every message whole.
#![cfg(feature = "deflate")]

use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort};
use websocket_proto::frame::OutOfSequence;
use websocket_proto::{Client, MessageKind, Negotiated, OwnedMessage, Prepared, SendError, Server, Timeouts};

type TestServer = Endpoint<Server, u64, u64>;

fn config() -> Config<u64> {
    Config::with_timeouts(Timeouts::none())
}

fn negotiated() -> Negotiated {
    Negotiated::elsewhere().with_deflate(DeflateParams::new(Compression::DEFAULT, Compression::DEFAULT))
}

fn server() -> TestServer {
    Endpoint::new(negotiated(), Server, &config(), b"", 0)
}

/// Bytes that can be compressed only where they come again.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x1234_5678_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

/// What a client makes of all that a server writes.
fn messages_of(mut server: TestServer, negotiated: Negotiated) -> Vec<OwnedMessage> {
    let mut wire = Vec::new();
    while !server.output().is_empty() {
        wire.extend_from_slice(server.output());
        let written = server.output().len();
        server.written(written);
    }
    let mut client: Endpoint<_, u64, u64> =
        Endpoint::new(negotiated, Client::from_fn(|| [1, 2, 3, 4]), &config(), &wire, 0);
    let mut messages = Vec::new();
    while let Some((incoming, _)) = client.next() {
        messages.extend(OwnedMessage::try_from(incoming));
    }
    messages
}

/// RFC 7692 §6.1: only the first fragment says whether a message is compressed.
#[test]
fn a_message_that_waits_is_finished_in_the_form_in_which_it_was_begun() {
    let (long, mut server) = (noise(300_000), server());
    server.sender().send_owned(long.clone()).unwrap();
    server.sender().send_owned(long.clone()).unwrap();
    let mut framer = server.framer(Server, &config());
    framer.frame("after").unwrap();
    server.append(&mut framer).unwrap();

    let long = OwnedMessage::Binary(long);
    assert!(messages_of(server, negotiated()) == [long.clone(), long, OwnedMessage::Text("after".into())]);
}

/// RFC 7692 §7.2.3.2: what a message refers to is what was sent before it.
#[test]
fn a_message_that_waits_goes_out_before_what_a_framer_that_comes_back_has_framed() {
    let (long, mut server) = (noise(300_000), server());
    let mut framer = server.framer(Server, &config());
    for message in [&long, &long] {
        server.sender().send_owned(message.clone()).unwrap();
    }
    framer.frame(&long[..1_000]).unwrap();
    server.reunite(framer);
    server.send(&long[..1_000]).unwrap();

    let [long, short] = [&long[..], &long[..1_000]].map(|bytes| OwnedMessage::Binary(bytes.to_vec()));
    assert!(messages_of(server, negotiated()) == [long.clone(), long, short.clone(), short]);
}

/// RFC 7692 §7.2.3.2: two histories can't be told apart by the receiver, so one framer at a time compresses.
#[test]
fn the_messages_of_two_framers_are_read_by_the_peer() {
    let (mut server, one, two) = (server(), noise(500), noise(1_000)[500..].to_vec());
    let mut framers = [server.framer(Server, &config()), server.framer(Server, &config())];
    for (i, message) in [(0, &one), (1, &two), (0, &one), (1, &two)] {
        framers[i].frame(&message[..]).unwrap();
        server.append(&mut framers[i]).unwrap();
    }
    let [first, second] = framers;
    // The first one goes on compressing.
    server.reunite(second);
    server.send(&two[..]).unwrap();
    server.reunite(first);
    server.send(&one[..]).unwrap();

    let expected = [&one, &two, &one, &two, &two, &one].map(|bytes| OwnedMessage::Binary(bytes.clone()));
    assert!(messages_of(server, negotiated()) == expected);
}

/// RFC 7692 §7.2.3.2: the peer adds a compressed broadcast to its history, of which a framer does not learn.
#[test]
fn a_compressed_broadcast_between_messages_of_a_framer_leaves_them_whole() {
    let (news, message) = (noise(500), noise(1_000)[500..].to_vec());
    let mut deflater = Deflater::new(Compression::DEFAULT.with_context_takeover(false), Effort::FAST);
    let broadcast = Prepared::compressed(&news, &mut deflater).unwrap();
    let mut server = server();
    let mut framer = server.framer(Server, &config());
    framer.frame(&message).unwrap();
    server.append(&mut framer).unwrap();
    framer.frame(&message).unwrap();
    server.sender().send_prepared(&broadcast).unwrap();
    server.append(&mut framer).unwrap();
    framer.frame(&message).unwrap();
    server.append(&mut framer).unwrap();
    server.reunite(framer);
    server.sender().send_prepared(&broadcast).unwrap();
    server.send(&message).unwrap();

    let [news, message] = [news, message].map(OwnedMessage::Binary);
    let expected = [message.clone(), news.clone(), message.clone(), message.clone(), news, message];
    assert!(messages_of(server, negotiated()) == expected);
}

/// Where no message refers to an earlier one, it goes out as it was compressed.
#[test]
fn a_broadcast_is_compressed_beside_a_framer_without_context_takeover() {
    let agreed = DeflateParams::new(Compression::DEFAULT.with_context_takeover(false), Compression::DEFAULT);
    let negotiated = Negotiated::elsewhere().with_deflate(agreed);
    let (news, message) = (b"news, ".repeat(100), noise(500));
    let mut deflater = Deflater::new(Compression::DEFAULT.with_context_takeover(false), Effort::FAST);
    let broadcast = Prepared::compressed(&news, &mut deflater).unwrap();
    let mut server: TestServer = Endpoint::new(negotiated, Server, &config(), b"", 0);
    let mut framer = server.framer(Server, &config());
    framer.frame(&message).unwrap();
    server.append(&mut framer).unwrap();
    server.sender().send_prepared(&broadcast).unwrap();
    framer.frame(&message).unwrap();
    server.append(&mut framer).unwrap();

    assert!(server.sender().queued_len() < 2 * 600 + 100, "the broadcast is compressed");
    let [news, message] = [news, message].map(OwnedMessage::Binary);
    assert!(messages_of(server, negotiated) == [message.clone(), news, message]);
}

/// §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message".
#[test]
fn what_a_framer_has_framed_waits_for_the_end_of_a_message_that_is_sent_in_pieces() {
    let mut config = config();
    config.max_fragment_len = 4;
    let mut server: TestServer = Endpoint::new(negotiated(), Server, &config, b"", 0);
    let mut framer = server.framer(Server, &config);
    framer.frame("framed").unwrap();
    assert_eq!(server.sender().send_piece("Hello", 0), Ok(Some(4)));
    let kind = MessageKind::Binary;
    assert_eq!(server.append(&mut framer), Err(SendError::OutOfSequence(OutOfSequence::ExpectedContinuation { kind })));
    assert_eq!(server.sender().send_piece("Hello", 4), Ok(None));
    server.append(&mut framer).unwrap();

    let texts = ["Hello", "framed"].map(|text| OwnedMessage::Text(text.into()));
    assert!(messages_of(server, negotiated()) == texts);
}
