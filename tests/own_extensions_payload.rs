//! Extensions of the application's own, and the payload of messages (§5.2, §9.1).
#![cfg(feature = "deflate")]

use std::time::Instant;

use testkit::bytes::frame;
use testkit::invert::{Invert, inverted};
use testkit::reference::Side;
use websocket_proto::endpoint::{Config, Opening};
use websocket_proto::extension::deflate::{DeflateParams, Effort};
use websocket_proto::extension::{Decode, Encode, Pieces};
use websocket_proto::handshake::{Answer, ClientRequest, Received, ServerHandshake};
use websocket_proto::wire::Rsv;
use websocket_proto::{
    Client, CloseCode, Connection, Event, Incoming, Limits, MessageKind, Messages, Negotiated, OwnedMessage, Part,
    ProtocolError, Role, SendError, Server,
};

/// Takes the place of each byte in its message from it, and wants messages to end in a full stop, which it leaves out; with RSV3.
#[derive(Default)]
struct Places {
    place: u8,
    stopped: bool,
}

impl Decode for Places {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn begin(&mut self) {
        *self = Self::default();
    }

    fn decode(&mut self, payload: &[u8], last: bool, to: &mut Pieces<'_>) -> Result<(), ProtocolError> {
        for byte in payload {
            let byte = byte.wrapping_sub(self.place);
            if self.stopped {
                return Err(ProtocolError::InvalidTransformation { rsv: Rsv::RSV3 });
            }
            self.place = self.place.wrapping_add(1);
            self.stopped = byte == b'.';
            if !self.stopped {
                to(&[byte])?;
            }
        }
        if last && !self.stopped { Err(ProtocolError::InvalidTransformation { rsv: Rsv::RSV3 }) } else { Ok(()) }
    }
}

fn placed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().chain(b".").zip(0_u8..).map(|(byte, place)| byte.wrapping_add(place)).collect()
}

fn messages(decoders: impl IntoIterator<Item = Box<dyn FnOnce(&mut Messages)>>) -> Messages {
    let mut messages = Messages::new();
    decoders.into_iter().for_each(|add| add(&mut messages));
    messages
}

fn invert() -> Box<dyn FnOnce(&mut Messages)> {
    Box::new(|messages| messages.add_decoder(Invert))
}

fn places() -> Box<dyn FnOnce(&mut Messages)> {
    Box::new(|messages| messages.add_decoder(Places::default()))
}

/// What comes out of these bytes, read in pieces of so many: messages, and then perhaps the error; and what was answered.
fn heard<R: Role>(
    connection: &mut Connection<R>,
    mut messages: Messages,
    bytes: &[u8],
    read: usize,
) -> (Vec<OwnedMessage>, Option<ProtocolError>, Vec<u8>) {
    let (mut heard, mut out) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(read) {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match messages.next(connection, &mut input, &mut out) {
                Ok(Some(incoming)) => heard.extend(OwnedMessage::try_from(incoming).ok()),
                Ok(None) => break,
                Err(error) => return (heard, Some(error), out),
            }
        }
    }
    (heard, None, out)
}

fn text(text: &str) -> OwnedMessage {
    OwnedMessage::Text(text.into())
}

fn server(negotiated: Negotiated) -> Connection<Server> {
    Connection::new(negotiated, Server, &Limits::default())
}

fn to_server(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(Side::Server, first, payload)
}

// §9.1
#[test]
fn own_extension_works_from_the_handshake_on_for_both_roles_in_every_cut() {
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    let request = ClientRequest::new("a", "/").extension(&Invert);
    let mut handshake = request.start([7; 16], &Limits::DEFAULT, &mut to_server).unwrap();
    let Some(Received::Upgrade(request)) = ServerHandshake::new(&Limits::DEFAULT).receive(&to_server).unwrap() else {
        panic!("plain HTTP, or cut")
    };
    let accepted = request.negotiate(&Invert);
    let at_server = request.accept().extension(accepted.as_ref()).write_to(&mut to_client).unwrap();
    let Some(Answer::Open(response)) = handshake.receive(&to_client).unwrap() else { panic!("refused, or cut") };
    let (mut sending, mut wire) =
        (Connection::new(response.negotiated(), Client::from_fn(|| [1, 2, 3, 4]), &Limits::default()), Vec::new());
    sending.send_encoded("gr\u{fc}n", Part::Whole, &mut Invert, &mut wire).unwrap();
    sending.send("as it is", &mut wire).unwrap();
    sending.send_encoded(&[1, 2][..], Part::First, &mut Invert, &mut wire).unwrap();
    sending.ping(b"a", &mut wire).unwrap();
    sending.send_encoded(&[3][..], Part::Last, &mut Invert, &mut wire).unwrap();
    let all = vec![text("gr\u{fc}n"), text("as it is"), OwnedMessage::Binary(vec![1, 2, 3])];
    for read in 1..=wire.len() {
        let found = heard(&mut server(at_server), messages([invert()]), &wire, read);
        assert_eq!(found, (all.clone(), None, vec![0x8a, 1, b'a']), "{read}");
    }

    let (mut sending, mut wire) = (server(at_server), Vec::new());
    sending.send_encoded("Hello", Part::Whole, &mut Invert, &mut wire).unwrap();
    assert_eq!(wire, [&[0xa1, 5][..], &inverted(b"Hello")].concat());
    for read in 1..=wire.len() {
        let mut client = Connection::new(response.negotiated(), Client::from_fn(|| [0; 4]), &Limits::default());
        assert_eq!(heard(&mut client, messages([invert()]), &wire, read).0, [text("Hello")], "{read}");
    }
}

// §9.1
#[test]
fn endpoint_whose_opening_accepts_an_own_extension_receives_its_messages() {
    let mut wire = Vec::new();
    let request = ClientRequest::new("a", "/").extension(&Invert);
    let _handshake = request.start([7; 16], &Limits::DEFAULT, &mut wire).unwrap();
    wire.extend(to_server(0xa1, &inverted(b"Hello")));
    let mut opening = Opening::server(&Config::default(), Instant::now());
    opening.room()[..wire.len()].copy_from_slice(&wire);
    opening.filled(wire.len());
    let opened = opening.next_with(|received, answer| {
        let Received::Upgrade(request) = received else { panic!("plain HTTP") };
        answer.accept(request.accept().extension(request.negotiate(&Invert).as_ref()));
    });
    let mut endpoint = opened.unwrap();
    endpoint.add_decoder(Invert);
    let Some((Incoming::Text(found), mut sender)) = endpoint.next() else { panic!("no text") };
    assert_eq!(found, "Hello");
    sender.send("as it is").unwrap();
    let output = String::from_utf8_lossy(endpoint.output()).into_owned();
    assert!(output.contains("\r\nSec-WebSocket-Extensions: x-invert\r\n\r\n\u{fffd}\u{8}as it is"), "{output}");
}

// §8.1: what has to be UTF-8 is the text, not what an extension has made of it.
#[test]
fn text_is_checked_after_the_transformation() {
    let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV2);
    for (payload, error) in [
        (&b"abc\xe4\xb8"[..], Some(ProtocolError::InvalidUtf8 { valid_up_to: 3 })),
        (b"abcd\xff.", Some(ProtocolError::InvalidUtf8 { valid_up_to: 4 })),
        (b"abc\xe4\xb8\xad", None),
    ] {
        let wire = [to_server(0x21, &inverted(&payload[..4])), to_server(0x80, &inverted(&payload[4..]))].concat();
        for read in 1..=wire.len() {
            let (found, failed, out) = heard(&mut server(negotiated), messages([invert()]), &wire, read);
            assert_eq!((found.is_empty(), failed), (error.is_some(), error), "{payload:?}");
            assert_eq!(out.get(..4), error.map(|_| &[0x88, 2, 0x03, 0xef][..]), "1007");
        }
    }
}

// §9.1: "operations on the data will be made as bar(foo(data))"
#[test]
fn transformations_are_undone_in_the_reverse_order_of_the_response() {
    let params = DeflateParams::default();
    let plain = "to be, or not to be, that is to be asked";
    let compressed = |bytes: &[u8]| {
        let mut deflater =
            server(Negotiated::elsewhere().with_deflate(Default::default())).deflater(Effort::FAST).unwrap();
        deflater.deflate(bytes, true).to_vec()
    };
    let own = Negotiated::elsewhere().with_extension(Rsv::RSV2);
    for (negotiated, payload) in [
        (
            Negotiated::elsewhere().with_deflate(params).with_extension(Rsv::RSV2),
            inverted(&compressed(plain.as_bytes())),
        ),
        (own.with_deflate(params), compressed(&inverted(plain.as_bytes()))),
    ] {
        let wire = to_server(0xe1, &payload);
        for read in 1..=wire.len() {
            let found = heard(&mut server(negotiated), messages([invert()]), &wire, read);
            assert_eq!(found, (vec![text(plain)], None, Vec::new()), "{negotiated:?}, {read}");
        }
    }
    // Both of the application's own.
    let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV2).with_extension(Rsv::RSV3);
    for (payload, decoders) in [
        (inverted(&placed(plain.as_bytes())), [places(), invert()]),
        (placed(&inverted(plain.as_bytes())), [invert(), places()]),
    ] {
        let found = heard(&mut server(negotiated), messages(decoders), &to_server(0xb1, &payload), 1);
        assert_eq!(found, (vec![text(plain)], None, Vec::new()));
    }
}

// A bit says which of the extensions in use has transformed this message.
#[test]
fn message_passes_only_the_extensions_whose_bits_it_has() {
    let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV2).with_extension(Rsv::RSV3);
    let wire = [to_server(0xa1, &inverted(b"a")), to_server(0x91, &placed(b"b")), to_server(0x81, b"c")].concat();
    let found = heard(&mut server(negotiated), messages([places(), invert()]), &wire, 1);
    assert_eq!(found, (vec![text("a"), text("b"), text("c")], None, Vec::new()));
}

// The message's limit is about what the application gets: one below, the limit, one above.
#[test]
fn length_of_a_message_is_compared_after_the_transformation() {
    /// Hands on each byte three times.
    struct Triple;

    impl Decode for Triple {
        fn rsv(&self) -> Rsv {
            Rsv::RSV2
        }

        fn decode(&mut self, payload: &[u8], _: bool, to: &mut Pieces<'_>) -> Result<(), ProtocolError> {
            payload.iter().try_for_each(|&byte| to(&[byte; 3]))
        }
    }

    let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV2);
    for (max, error) in [(31, None), (30, None), (29, Some(ProtocolError::MessageTooLong { len: 30, max: 29 }))] {
        for read in [1, 100] {
            let mut connection = Connection::new(negotiated, Server, &Limits::DEFAULT.with_max_message_len(max));
            let mut messages = Messages::new();
            messages.add_decoder(Triple);
            let (found, failed, out) = heard(&mut connection, messages, &to_server(0xa2, b"0123456789"), read);
            assert_eq!(
                (found.first().map(|message| message.payload().len()), failed),
                (error.map_or(Some(30), |_| None), error)
            );
            assert_eq!(out.get(..4), error.map(|_| &[0x88, 2, 0x03, 0xf1][..]), "1009");
        }
    }
}

#[test]
fn message_that_no_peer_can_have_transformed_fails_the_connection() {
    let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV3);
    let good = to_server(0x92, &placed(b"a"));
    for bad in [b"no full stop".to_vec(), placed(b"a.b"), Vec::new()] {
        let wire = [good.clone(), to_server(0x92, &bad), good.clone()].concat();
        for read in 1..=wire.len() {
            let mut connection = server(negotiated);
            let (found, failed, out) = heard(&mut connection, messages([places()]), &wire, read);
            assert_eq!(found, [OwnedMessage::Binary(b"a".to_vec())], "what came before it");
            assert_eq!(failed, Some(ProtocolError::InvalidTransformation { rsv: Rsv::RSV3 }));
            assert_eq!(out, [0x88, 2, 0x03, 0xef], "1007");
            assert_eq!(connection.failure(), failed);
        }
    }
    // The end of the message is known to an extension whose output another one has transformed.
    let negotiated = negotiated.with_extension(Rsv::RSV2);
    let wire = to_server(0xb2, &inverted(b"no full stop"));
    let (_, failed, _) = heard(&mut server(negotiated), messages([places(), invert()]), &wire, 100);
    assert_eq!(failed, Some(ProtocolError::InvalidTransformation { rsv: Rsv::RSV3 }));
}

// A message that was not finished leaves nothing to the next one.
#[test]
fn decoder_is_told_where_a_message_begins() {
    let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV3);
    let mut messages = messages([places()]);
    for _ in 0..2 {
        let mut wire = to_server(0x12, b"abc");
        assert_eq!(messages.next(&mut server(negotiated), &mut &mut wire[..], &mut Vec::new()), Ok(None));
    }
    let mut wire = to_server(0x92, &placed(b"abc"));
    let found = messages.next(&mut server(negotiated), &mut &mut wire[..], &mut Vec::new());
    assert_eq!(found, Ok(Some(Incoming::Binary(&mut b"abc".to_vec()))));
}

// §5.2
#[test]
fn message_without_a_decoder_fails_the_connection() {
    let negotiated =
        Negotiated::elsewhere().with_deflate(Default::default()).with_extension(Rsv::RSV2).with_extension(Rsv::RSV3);
    for (first, decoders, rsv) in
        [(0xa2, Vec::new(), Rsv::RSV2), (0xb2, vec![invert()], Rsv::RSV3), (0xe2, Vec::new(), Rsv::RSV2)]
    {
        let (found, failed, _) = heard(&mut server(negotiated), messages(decoders), &to_server(first, b"a"), 100);
        assert_eq!((found.len(), failed), (0, Some(ProtocolError::ReservedBits { rsv })), "{first:x}");
    }
}

#[test]
fn pieces_of_a_transformed_message_are_events_as_they_came() {
    let negotiated = Negotiated::elsewhere().with_deflate(Default::default()).with_extension(Rsv::RSV2);
    let mut connection = server(negotiated);
    let mut wire =
        [to_server(0x21, b"ab"), to_server(0x80, b"c"), to_server(0xe2, b"d"), to_server(0xc2, b"e")].concat();
    let mut input = &mut wire[..];
    let mut events = Vec::new();
    while let Some(event) = connection.receive(&mut input).unwrap() {
        events.push(match event {
            Event::Transformed { kind, rsv, payload, part } => (kind, rsv, payload.to_vec(), part),
            Event::Compressed(kind, payload, part) => (kind, Rsv::RSV1, payload.to_vec(), part),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(
        events,
        [
            (MessageKind::Text, Rsv::RSV2, b"ab".to_vec(), Part::First),
            (MessageKind::Text, Rsv::RSV2, b"c".to_vec(), Part::Last),
            (MessageKind::Binary, Rsv::RSV1 | Rsv::RSV2, b"d".to_vec(), Part::Whole),
            (MessageKind::Binary, Rsv::RSV1, b"e".to_vec(), Part::Whole),
        ]
    );
}

// §5.2: the bits "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values"
#[test]
fn only_bits_of_an_own_extension_in_use_are_sent_and_on_the_first_frame_alone() {
    let negotiated = Negotiated::elsewhere().with_deflate(Default::default()).with_extension(Rsv::RSV2);
    let (mut connection, mut out) = (server(negotiated), Vec::new());
    for (rsv, others) in [(Rsv::RSV1, Rsv::RSV1), (Rsv::RSV2 | Rsv::RSV3, Rsv::RSV3)] {
        let error = connection.send_transformed(MessageKind::Text, rsv, b"", Part::Whole, &mut out).unwrap_err();
        assert_eq!(error, SendError::ReservedBits { rsv: others });
    }
    let error = server(Negotiated::elsewhere()).send_encoded("a", Part::Whole, &mut Invert, &mut out).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected reserved bits of an extension of the application's own that is in use, found RSV2"
    );
    connection.send_transformed(MessageKind::Binary, Rsv::RSV2, b"a", Part::First, &mut out).unwrap();
    let error = connection.send_part(b"b", Part::Last, &mut out).unwrap_err();
    assert_eq!(error, SendError::OtherTransformation { begun: Rsv::RSV2 });
    assert_eq!(error.to_string(), "expected a fragment of a message begun with RSV2, found one with other bits");
    connection.send_transformed(MessageKind::Binary, Rsv::RSV2, b"b", Part::Last, &mut out).unwrap();
    connection.send_part(b"c", Part::First, &mut out).unwrap();
    let error = connection.send_encoded(b"d", Part::Last, &mut Invert, &mut out).unwrap_err();
    assert_eq!(error, SendError::OtherTransformation { begun: Rsv::NONE });
    assert_eq!(out, b"\x22\x01a\x80\x01b\x02\x01c");
}

#[test]
fn encoder_is_not_asked_about_what_may_not_be_sent() {
    struct Never;

    impl Encode for Never {
        fn rsv(&self) -> Rsv {
            Rsv::RSV2
        }

        fn encode(&mut self, _: &[u8], _: bool, _: &mut Vec<u8>) {
            panic!("it was asked");
        }
    }

    let mut connection = server(Negotiated::elsewhere().with_extension(Rsv::RSV2));
    assert!(connection.send_encoded("a", Part::Last, &mut Never, &mut Vec::new()).is_err());
    connection.close(CloseCode::NORMAL).unwrap();
    assert!(connection.send_encoded("a", Part::Whole, &mut Never, &mut Vec::new()).is_err());
}

// §5.2: "none of the negotiated extensions defines the meaning of such a nonzero value"
#[test]
fn reserved_bit_that_no_extension_in_use_owns_fails_the_connection() {
    let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV2);
    for (frames, rsv) in [
        // On the first frame, on a continuation, and on a Ping.
        (&[0x91, 0x80, 0, 0, 0, 0][..], Rsv::RSV3),
        (&[0xc1, 0x80, 0, 0, 0, 0], Rsv::RSV1),
        (&[0xe1, 0x80, 0, 0, 0, 0], Rsv::RSV1),
        (&[0x21, 0x80, 0, 0, 0, 0, 0xa0, 0x80, 0, 0, 0, 0], Rsv::RSV2),
        (&[0xa9, 0x80, 0, 0, 0, 0], Rsv::RSV2),
    ] {
        let mut connection = Connection::new(negotiated, Server, &Limits::default());
        let (mut bytes, mut out) = (frames.to_vec(), Vec::new());
        let mut input = &mut bytes[..];
        let error = loop {
            match connection.receive(&mut input) {
                Ok(event) => assert!(event.is_some(), "{frames:x?}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, ProtocolError::ReservedBits { rsv }, "{frames:x?}");
        connection.write_control(&mut out).unwrap();
        assert_eq!(out, [0x88, 0x02, 0x03, 0xea], "1002");
    }
}
