//! Compressed messages of which one call undoes a part (RFC 7692 §6.2).
#![cfg(feature = "deflate")]

use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::extension::deflate::{DeflateParams, Effort};
use websocket_proto::{
    Client, Connection, Event, Incoming, Limits, Message, Messages, Negotiated, OwnedMessage, Role, Server,
};

fn agreed() -> Negotiated {
    Negotiated::elsewhere().with_deflate(DeflateParams::default())
}

fn receiver() -> Connection<impl Role> {
    Connection::new(agreed(), Client::from_fn(|| [1, 2, 3, 4]), &Limits::DEFAULT)
}

/// Compressed bytes that become no smaller come in several calls. Whoever passes over `Progress` gets the same as before.
#[test]
fn message_that_is_long_on_the_wire_comes_after_progress() {
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_le_bytes()[7]
    };
    let long: Vec<u8> = (0..50_000).map(|_| noise()).collect();
    let mut server = Connection::new(agreed(), Server, &Limits::DEFAULT);
    let (mut deflater, mut wire) = (server.deflater(Effort::FAST).unwrap(), Vec::new());
    server.send_compressed(&long[..], &mut deflater, &mut wire).unwrap();
    server.send_compressed(&long[..100], &mut deflater, &mut wire).unwrap();
    assert!(wire.len() > 3 * 16 * 1024, "{}", wire.len());

    let mut client = receiver();
    let (mut messages, mut read, mut progress, mut got) = (Messages::new(), wire.clone(), 0, Vec::new());
    let mut input = &mut read[..];
    while let Some(incoming) = messages.next(&mut client, &mut input, &mut Vec::new()).unwrap() {
        match incoming {
            Incoming::Progress => progress += 1,
            other => got.push(OwnedMessage::try_from(other).unwrap().into_payload()),
        }
    }
    assert_eq!((progress, &got[..]), (3, &[long.clone(), long[..100].to_vec()][..]));
    assert_eq!(Message::try_from(Incoming::Progress), Err(Incoming::Progress), "it is no message");
    assert_eq!(format!("{:?}", Incoming::Progress), "Progress");

    let mut config = Config::default();
    config.read_len = wire.len();
    let (keys, now) = (Client::from_fn(|| [1, 2, 3, 4]), std::time::Instant::now());
    let mut endpoint = Endpoint::new(agreed(), keys, &config, &wire, now);
    for expected in [&long[..], &long[..100]] {
        assert!(endpoint.advance_to_message(), "it passes over what is no message");
        assert_eq!(endpoint.take().unwrap().payload(), expected);
    }
    assert!(!endpoint.advance_to_message());
    // A caller that inflates by itself gets pieces of which none takes longer.
    let (mut client, mut input) = (receiver(), &mut wire[..]);
    while let Some(event) = client.receive(&mut input).unwrap() {
        assert!(matches!(event, Event::Compressed(_, piece, _) if piece.len() <= 16 * 1024));
    }
}
