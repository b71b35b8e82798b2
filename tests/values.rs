//! Small promises of public values, each of which no larger test happens to need.
#![cfg(all(feature = "deflate", feature = "rand"))]

use std::collections::HashSet;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Instant;

use testkit::{
    bytes::frame,
    counting::{Counting, live},
    drive,
    reference::Side,
};
use websocket_proto::endpoint::{Accepting, Endpoint, Opening};
use websocket_proto::extension::deflate::{
    Compression, DeflateConfig, DeflateParams, Deflater, Effort, Inflater, WindowBits,
};
use websocket_proto::frame::{Masking, Reader};
use websocket_proto::handshake::{
    Answer, ClientRequest, ConnectHead, ConnectRequest, HeadError, HeadPart, Key, Received, ServerHandshake, WsUrl,
};
use websocket_proto::wire::{
    ControlFrame, ControlOpcode, ControlPayload, DataOpcode, Header, InvalidUtf8, MaskingKey, Opcode,
};
use websocket_proto::{
    Client, Connection, Incoming, Limits, MaskingKeys, Messages, Negotiated, Prepared, PreparedForm, RandomKeys, Server,
};

#[global_allocator]
static COUNTING: Counting = Counting;

/// They can be held by any thread, and by what catches panics; decoders of the application's own change nothing about it.
#[test]
fn connections_messages_and_endpoints_pass_threads_and_caught_panics() {
    fn promised<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
    promised::<Connection<Server>>();
    promised::<Connection<Client>>();
    promised::<Messages>();
    promised::<Endpoint<Server, Instant>>();
    promised::<Endpoint<Client, Instant>>();
    promised::<Opening<Accepting, Instant>>();
}

/// RFC 7692 §7.1: what the server sends is named by the server's parameters, whoever asks.
#[test]
fn both_sides_tell_the_same_outcome_of_the_negotiation() {
    let small = Compression::new(WindowBits::W10, false);
    let params = DeflateParams::new(small, Compression::DEFAULT);
    let negotiated = || Negotiated::elsewhere().with_deflate(params);
    assert_eq!(Connection::new(negotiated(), Server, &Limits::DEFAULT).deflate(), Some(params));
    assert_eq!(Connection::new(negotiated(), Client::from_fn(|| [0; 4]), &Limits::DEFAULT).deflate(), Some(params));
    assert_eq!(drive::server(&Limits::DEFAULT).deflate(), None);
}

#[test]
fn prepared_message_has_a_compressed_form_if_it_was_compressed() {
    let plain = Prepared::new("Hello").unwrap();
    let queued = plain.clone();
    assert!(
        std::ptr::eq(queued.frame(PreparedForm::Plain), plain.frame(PreparedForm::Plain)),
        "a clone shares the bytes"
    );
    assert!(!plain.is_compressed());
    assert_eq!(plain.frame(PreparedForm::Compressed), b"\x81\x05Hello", "there is no other");
    let without = Compression::DEFAULT.with_context_takeover(false);
    let mut deflater = Deflater::new(without, Effort::default());
    let prepared = Prepared::compressed("Hello", &mut deflater).unwrap();
    assert!(prepared.is_compressed());
    assert_eq!(prepared.frame(PreparedForm::Compressed)[0], 0xc1, "§6: RSV1 is set");
    assert_eq!(prepared.frame(PreparedForm::Plain), b"\x81\x05Hello");
}

/// §4.1: "The nonce MUST be selected randomly for each connection."
#[test]
fn nonce_is_another_each_time() {
    let mut keys = RandomKeys::from_seed([7; 32]);
    let nonces: HashSet<[u8; 16]> = (0..100).map(|_| keys.nonce()).collect();
    assert_eq!(nonces.len(), 100);
    assert_eq!(RandomKeys::from_seed([7; 32]).nonce(), RandomKeys::from_seed([7; 32]).nonce());
}

/// §5.3: "The masking key needs to be unpredictable", and is "a 32-bit value chosen at random by the client" for each frame.
// §10.3
#[test]
fn masking_keys_are_all_different() {
    for mut source in [RandomKeys::from_seed([7; 32]), RandomKeys::from_os().unwrap()] {
        let keys: HashSet<[u8; 4]> = (0..100).map(|_| source.next_key()).collect();
        // Of keys from the operating system, two may be the same once in a million runs; three hardly ever.
        assert!(keys.len() >= 99, "{keys:02x?}");
    }
}

#[test]
fn debug_of_compression_shows_settings_and_no_history() {
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::default());
    let compressed = deflater.deflate(b"secret secret", true).to_vec();
    let (mut inflater, mut input) = (Inflater::new(Compression::DEFAULT), &compressed[..]);
    while inflater.inflate(&mut input, true, 100).unwrap().is_some() {}
    for shown in [format!("{deflater:?}"), format!("{inflater:?}")] {
        assert!(shown.contains("compression: Compression { window_bits: "), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    assert_eq!(DeflateConfig::default(), DeflateConfig::DEFAULT);
    assert_eq!(WindowBits::default(), WindowBits::MAX);
    assert_eq!((7..=16).filter_map(WindowBits::new).count(), 8);
}

#[test]
fn reader_alone_unmasks_pieces_and_keeps_a_cut_header() {
    let mut bytes = [frame(Side::Server, 0x02, b"Hel"), frame(Side::Server, 0x80, b"lo")].concat();
    let mut reader = Reader::new(Masking::Required, &Limits::DEFAULT);
    let (mut payload, mut borders) = (Vec::new(), Vec::new());
    for mut input in bytes.chunks_mut(1) {
        while let Some(piece) = reader.read(&mut input).unwrap() {
            payload.extend_from_slice(piece.payload);
            borders.push((piece.begins_message(), piece.ends_frame(), piece.ends_message()));
        }
    }
    assert_eq!(payload, b"Hello");
    let (begin, within, frame_end) = ((true, false, false), (false, false, false), (false, true, false));
    assert_eq!(borders, [begin, within, frame_end, within, (false, true, true)]);
    assert!(reader.read(&mut &mut [0x8f, 0x80][..]).is_err(), "§5.2: a reserved opcode");
}

/// A connection was lost in the middle of a message; its buffer serves the next one.
#[test]
fn messages_of_another_connection_begin_anew() {
    let mut messages = Messages::new();
    for (first, second, expected) in [("Hel", None, ""), ("a", Some("b"), "ab")] {
        let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::DEFAULT);
        let mut begin = frame(Side::Server, 0x01, first.as_bytes());
        assert_eq!(messages.next(&mut connection, &mut &mut begin[..], &mut Vec::new()), Ok(None));
        if let Some(second) = second {
            let mut end = frame(Side::Server, 0x80, second.as_bytes());
            let message = messages.next(&mut connection, &mut &mut end[..], &mut Vec::new());
            assert_eq!(message, Ok(Some(Incoming::Text(expected))));
        }
    }
}

#[test]
fn parts_of_a_head_have_names() {
    use HeadPart as P;
    let parts = [P::Method, P::Target, P::Version, P::Status, P::Reason, P::FieldName, P::FieldValue];
    let names: HashSet<String> = parts.iter().map(|part| part.to_string()).collect();
    assert!(names.len() == parts.len() && names.iter().all(|name| name.len() > 5), "{names:?}");
    let error = HeadError::UnexpectedByte { byte: 0x15, offset: 7, part: P::Target }.to_string();
    assert!(error.contains(&P::Target.to_string()), "{error}");
}

// §3
#[test]
fn request_of_a_uri_goes_to_its_host_and_path() {
    let url = WsUrl::parse("ws://example.com:8080/chat?room=1").unwrap();
    let mut out = Vec::new();
    let _handshake = ClientRequest::from_url(&url).start([0; 16], &Limits::DEFAULT, &mut out).unwrap();
    assert!(out.starts_with(b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com:8080\r\n"), "{}", out.escape_ascii());
}

#[test]
fn fields_are_found_by_name_without_letter_case() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nAccept: x\r\naccept: y\r\n\r\n";
    let Ok(Some(Received::Http(request))) = ServerHandshake::new(&Limits::DEFAULT).receive(head) else { panic!() };
    assert!(request.field("ACCEPT").eq([b"x", b"y"]));

    let offered = ClientRequest::new("a", "/").deflate(DeflateConfig::DEFAULT);
    let mut handshake = offered.start(*b"the sample nonce", &Limits::DEFAULT, &mut Vec::new()).unwrap();
    let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Who: me\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n";
    let Ok(Some(Answer::Open(response))) = handshake.receive(head) else { panic!() };
    assert!(response.field("x-who").eq([b"me"]));
    assert_eq!(response.extensions().count(), 1);
}

/// RFC 8441 §5.
#[test]
fn connect_that_is_none_for_us_is_refused_with_a_sentence() {
    let right = ConnectHead::new("websocket", "https", "a", "/");
    let error = |head, fields: &[(&'static str, &'static [u8])]| {
        ConnectRequest::from_connect(head, fields.iter().copied()).map(drop).unwrap_err().to_string()
    };
    let version: (&str, &[u8]) = ("sec-websocket-version", b"13");
    assert_eq!(
        error(ConnectHead::new("connect-udp", "https", "a", "/"), &[version]),
        "expected the protocol websocket, found 'connect-udp'"
    );
    assert_eq!(
        error(ConnectHead::new("websocket", "wss", "a", "/"), &[version]),
        "expected the scheme http or https, found 'wss'"
    );
    assert_eq!(error(right, &[version, ("upgrade", b"websocket")]), "found a field that HTTP/2 and HTTP/3 do not have");
}

#[test]
fn accept_error_is_a_sentence() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let Ok(Some(Received::Upgrade(request))) = ServerHandshake::new(&Limits::DEFAULT).receive(head) else { panic!() };
    let error = request.accept().subprotocol("chat").write_to(&mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "the client did not offer that subprotocol");
    let error = request.accept().fields(&[("A", "\n")]).write_to(&mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "the value of field 0 contains '\\n'");
    let key = Key::from_nonce(*b"the sample nonce");
    assert_eq!(format!("{key:?}"), "Key(..)");
    assert_eq!(format!("{:?}", key.accept()), "AcceptKey(s3pPLMBiTxaQ9kYGzzhZRbK+xOo=)");
}

#[test]
fn no_more_of_the_buffer_is_kept_than_was_asked_for() {
    for kept in [0, 1000] {
        let before = live();
        let mut messages = Messages::new().with_kept_capacity(kept);
        let mut connection = drive::server(&Limits::DEFAULT);
        let mut bytes = [frame(Side::Server, 0x02, &[1; 5000]), frame(Side::Server, 0x80, &[2; 5000])].concat();
        let taken = live() - before;
        let mut input = &mut bytes[..];
        let mut out = Vec::new();
        let next = messages.next(&mut connection, &mut input, &mut out).unwrap();
        assert!(matches!(next, Some(Incoming::Binary(message)) if message.len() == 10_000));
        assert_eq!(messages.next(&mut connection, &mut input, &mut out), Ok(None));
        assert!(live() - before - taken <= i64::try_from(kept).unwrap(), "{} are kept", live() - before - taken);
    }
}

#[test]
fn wire_values_are_their_bytes() {
    let ping = ControlFrame::new(ControlOpcode::Ping, &ControlPayload::new(b"a\0").unwrap(), None);
    assert_eq!(ping.as_ref(), [0x89, 0x02, b'a', 0]);
    let header = Header::data(DataOpcode::Binary, true, 256).unwrap();
    assert_eq!(header.encode().as_ref(), [0x82, 0x7e, 0x01, 0x00]);
    assert_eq!(MaskingKey::new([1, 2, 3, 4]).to_bytes(), [1, 2, 3, 4]);
    assert_eq!(Opcode::from(DataOpcode::Text), Opcode::Data(DataOpcode::Text));
    assert_eq!(InvalidUtf8.to_string(), "bytes are not UTF-8");
    let payloads: HashSet<ControlPayload> = [&b"a"[..], b"b", b"a"].map(|p| ControlPayload::new(p).unwrap()).into();
    assert_eq!(payloads.len(), 2);
}

/// What others fuzz with: every limit comes small, as the default, and as none.
#[cfg(feature = "arbitrary")]
#[test]
fn arbitrary_limits_are_small_or_the_default_or_none() {
    use arbitrary::{Arbitrary, Unstructured};

    let mut seen = [false; 3];
    for seed in 0..=255_u8 {
        let bytes: Vec<u8> = (0..64_u8).map(|i| i.wrapping_mul(37).wrapping_add(seed).wrapping_mul(73) ^ i).collect();
        let mut unstructured = Unstructured::new(&bytes);
        let limits = Limits::arbitrary(&mut unstructured).unwrap();
        match limits.max_message_len {
            0..=300 => seen[0] = true,
            len if len == Limits::DEFAULT.max_message_len => seen[1] = true,
            u64::MAX => seen[2] = true,
            len => panic!("{len}"),
        }
        let start = websocket_proto::wire::HeaderStart::arbitrary(&mut unstructured);
        assert!(start.is_ok());
    }
    assert_eq!(seen, [true; 3]);
}

/// Every level and every memory that `arbitrary` may draw occurs, and nothing beyond.
#[cfg(feature = "arbitrary")]
#[test]
fn efforts_of_every_level_are_drawn() {
    use arbitrary::{Arbitrary, Unstructured};

    let drawn: HashSet<(u8, u8)> = (0..=u16::MAX)
        .filter_map(|word| Effort::arbitrary(&mut Unstructured::new(&word.to_le_bytes())).ok())
        .map(|effort| (effort.level, effort.memory))
        .collect();
    assert_eq!(drawn, (0..=9).flat_map(|level| (1..=9).map(move |memory| (level, memory))).collect());
}

#[cfg(feature = "arbitrary")]
#[test]
fn keys_and_agreements_of_many_kinds_are_drawn() {
    use arbitrary::{Arbitrary, Unstructured};

    let (mut keys, mut params) = (HashSet::new(), HashSet::new());
    for seed in 0..=u8::MAX {
        let bytes: Vec<u8> =
            (0..64_u8).map(|i| seed.wrapping_mul(167).wrapping_add(i.wrapping_mul(seed | 1))).collect();
        keys.insert(Key::arbitrary(&mut Unstructured::new(&bytes)).unwrap());
        params.insert(Negotiated::arbitrary(&mut Unstructured::new(&bytes)).unwrap().deflate());
    }
    assert!(keys.len() > 200, "{}", keys.len());
    assert!(params.contains(&None) && params.len() > 20, "{}", params.len());
}
