//! Messages out: what one side sends, by each way of sending, is what the other receives.
#![cfg(feature = "alloc")]

use std::{cell::Cell, collections::BTreeSet, rc::Rc};

use proptest::prelude::*;
use testkit::{
    drive,
    reference::{Endpoint, Side, Step},
};
use websocket_proto::{
    Client, Connection, Limits, MaskingKeys, Message, MessageKind, Messages, Negotiated, Part, Prepared, PreparedForm,
    SendError,
    frame::OutOfSequence,
    wire::{ControlOpcode, FixedOutput, OutputFull},
};

/// Lengths around each change of the length's form, and some beyond.
const LENGTHS: [usize; 14] = [0, 1, 2, 3, 4, 7, 124, 125, 126, 127, 65_535, 65_536, 65_537, 200_000];

fn payload(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// A new key for every frame, and a look at how many were used.
struct Keys(Rc<Cell<u32>>);

impl MaskingKeys for Keys {
    fn next_key(&mut self) -> [u8; 4] {
        self.0.set(self.0.get() + 1);
        self.0.get().wrapping_mul(0x9e37_79b9).to_be_bytes()
    }
}

fn client() -> (Connection<Client<Keys>>, Rc<Cell<u32>>) {
    let used = Rc::new(Cell::new(0));
    let keys = Keys(Rc::clone(&used));
    (Connection::new(Negotiated::elsewhere(), Client::new(keys), &Limits::DEFAULT), used)
}

/// What the other side hears, whole and cut into small pieces.
fn heard(by: Side, bytes: &[u8]) -> Vec<Step> {
    let endpoint = Endpoint::new(by, Limits::DEFAULT);
    let steps = drive::messages(&endpoint, [bytes]);
    assert_eq!(drive::messages(&endpoint, bytes.chunks(1009)), steps);
    assert_eq!(drive::receive(&endpoint, bytes.chunks(4099)).steps, steps);
    assert_eq!(testkit::reference::decode(&endpoint, bytes).steps, steps);
    steps
}

#[test]
fn every_length_arrives_when_appended_by_either_side() {
    for len in LENGTHS {
        let (binary, text) = (payload(len), "t".repeat(len));
        let expected =
            [Step::Message(MessageKind::Binary, binary.clone()), Step::Message(MessageKind::Text, text.clone().into())];
        let (mut server, (mut client, _), mut out) = (drive::server(&Limits::DEFAULT), client(), Vec::new());
        server.send(&binary, &mut out).unwrap();
        server.send(&text, &mut out).unwrap();
        assert_eq!(heard(Side::Client, &out), expected);
        out.clear();
        client.send(&binary, &mut out).unwrap();
        client.send(&text, &mut out).unwrap();
        assert_eq!(heard(Side::Server, &out), expected);
    }
}

#[test]
fn every_length_arrives_when_the_server_announces_it_by_its_header_alone() {
    for len in LENGTHS {
        let payload = payload(len);
        let mut server = drive::server(&Limits::DEFAULT);
        let header = server.send_header(&payload, Part::Whole).unwrap();
        let mut appended = Vec::new();
        drive::server(&Limits::DEFAULT).send(&payload, &mut appended).unwrap();
        assert_eq!([&header, &payload[..]].concat(), appended);
    }
}

#[test]
fn every_length_arrives_when_the_client_masks_it_in_place() {
    for len in LENGTHS {
        let original = payload(len);
        let mut masked = original.clone();
        let (mut client, _) = client();
        let header = client.send_in_place(MessageKind::Binary, &mut masked, Part::Whole).unwrap();
        let bytes = [&header, &masked[..]].concat();
        assert_eq!(heard(Side::Server, &bytes), [Step::Message(MessageKind::Binary, original)]);
    }
}

#[test]
fn every_length_arrives_when_it_is_framed_once_for_all() {
    for len in LENGTHS {
        let payload = payload(len);
        let prepared = Prepared::new(&payload).unwrap();
        for _ in 0..2 {
            let mut server = drive::server(&Limits::DEFAULT);
            let bytes = prepared.frame(server.send_prepared(&prepared).unwrap());
            assert_eq!(heard(Side::Client, bytes), [Step::Message(MessageKind::Binary, payload.clone())]);
        }
    }
}

// §5.4, §6.1
#[test]
fn fragments_arrive_as_one_message_with_the_control_frames_between_them() {
    let (mut client, _) = client();
    let mut out = Vec::new();
    client.send_part("gr", Part::First, &mut out).unwrap();
    client.pong(b"beat", &mut out).unwrap();
    client.send_part("ü", Part::Middle, &mut out).unwrap();
    let mut last = *b"n";
    client.ping(b"", &mut out).unwrap();
    let header = client.send_in_place(MessageKind::Text, &mut last, Part::Last).unwrap();
    out.extend([&header[..], &last].concat());
    let expected = [
        Step::Pong(b"beat".to_vec()),
        Step::Ping(Vec::new()),
        Step::Send(vec![0x8a, 0x00]),
        Step::Message(MessageKind::Text, "grün".into()),
    ];
    assert_eq!(heard(Side::Server, &out), expected);
}

#[test]
fn header_and_appended_fragments_mix() {
    let (mut server, mut out) = (drive::server(&Limits::DEFAULT), Vec::new());
    let header = server.send_header(&[1, 2], Part::First).unwrap();
    out.extend([&header[..], &[1, 2]].concat());
    server.send_part(&[3], Part::Middle, &mut out).unwrap();
    let header = server.send_header(&[], Part::Last).unwrap();
    out.extend_from_slice(&header);
    assert_eq!(out, [0x02, 0x02, 1, 2, 0x00, 0x01, 3, 0x80, 0x00]);
}

// §5.3, §10.3
#[test]
fn every_frame_of_a_client_has_a_key_of_its_own() {
    let (mut client, used) = client();
    let mut out = Vec::new();
    let mut keys = BTreeSet::new();
    let mut key = |out: &mut Vec<u8>| keys.insert(std::mem::take(out)[2..6].to_vec());
    client.send("x", &mut out).unwrap();
    assert!(key(&mut out));
    client.send_part("x", Part::First, &mut out).unwrap();
    assert!(key(&mut out));
    client.ping(b"x", &mut out).unwrap();
    assert!(key(&mut out));
    client.send_part("x", Part::Last, &mut out).unwrap();
    assert!(key(&mut out));
    out.extend_from_slice(&client.send_in_place(MessageKind::Text, &mut [b'x'], Part::Whole).unwrap());
    assert!(key(&mut out));
    client.receive(&mut &mut [0x89, 0x00, 0x88, 0x00][..]).unwrap();
    client.write_control(&mut out).unwrap();
    assert!(key(&mut out));
    assert_eq!((keys.len(), used.get()), (6, 6));
}

/// Every call that is refused because of the order, and then the message goes on as if it had not been made.
#[test]
fn a_part_out_of_order_leaves_connection_and_output_as_before() {
    let (mut client, used) = client();
    let mut out = Vec::new();
    for part in [Part::Middle, Part::Last] {
        let error = SendError::OutOfSequence(OutOfSequence::UnexpectedContinuation);
        assert_eq!(client.send_part("x", part, &mut out), Err(error));
        assert_eq!(client.send_in_place(MessageKind::Text, &mut [b'x'], part), Err(error));
    }
    client.send_part("one ", Part::First, &mut out).unwrap();
    let before = (out.clone(), used.get());
    for part in [Part::Whole, Part::First] {
        let error = |kind| Err(SendError::OutOfSequence(OutOfSequence::ExpectedContinuation { kind }));
        assert_eq!(client.send_part("x", part, &mut out), error(MessageKind::Text));
        assert_eq!(client.send_part(&[0], part, &mut out), error(MessageKind::Binary));
    }
    for part in [Part::Middle, Part::Last] {
        let error = SendError::OtherKind { begun: MessageKind::Text };
        let mut payload = [7];
        assert_eq!(client.send_part(&payload, part, &mut out), Err(error));
        assert_eq!(client.send_in_place(MessageKind::Binary, &mut payload, part), Err(error));
        assert_eq!(payload, [7], "and the payload is not masked");
    }
    let mut not_text = *b"ab\xff";
    let error = SendError::NotUtf8 { valid_up_to: 2 };
    assert_eq!(client.send_in_place(MessageKind::Text, &mut not_text, Part::Last), Err(error));
    assert_eq!(&not_text, b"ab\xff");
    let error = SendError::ControlTooLong { opcode: ControlOpcode::Ping, len: 126 };
    assert_eq!(client.ping(&[0; 126], &mut out), Err(error));
    assert_eq!((out.clone(), used.get()), before, "no byte was written, no key was used");

    client.send_part("two", Part::Last, &mut out).unwrap();
    assert_eq!(heard(Side::Server, &out), [Step::Message(MessageKind::Text, b"one two".to_vec())]);
}

#[test]
fn a_server_refuses_the_same_by_its_other_ways() {
    let mut server = drive::server(&Limits::DEFAULT);
    let prepared = Prepared::new("all").unwrap();
    let nothing = Err(SendError::OutOfSequence(OutOfSequence::UnexpectedContinuation));
    assert_eq!(server.send_header("x", Part::Last).map(|_| ()), nothing);
    server.send_header("x", Part::First).unwrap();
    let error = server.send_prepared(&prepared).unwrap_err();
    assert!(matches!(error, SendError::OutOfSequence(OutOfSequence::ExpectedContinuation { .. })));
    assert_eq!(server.send_header(&[1], Part::Last), Err(SendError::OtherKind { begun: MessageKind::Text }));
    server.send_header("x", Part::Last).unwrap();
    assert_eq!(server.send_prepared(&prepared), Ok(PreparedForm::Plain));
    assert_eq!(prepared.frame(PreparedForm::Plain), b"\x81\x03all");
}

#[test]
fn a_full_output_leaves_connection_and_output_as_before() {
    let (mut client, _) = client();
    let mut memory = [0xee; 20];
    // A fragment of 5 bytes needs 11: at each room below, nothing happens.
    for room in 0..11 {
        let mut out = FixedOutput::new(&mut memory[..room]);
        let error = SendError::OutputFull(OutputFull::new(11, room));
        assert_eq!(client.send_part("Hello", Part::First, &mut out), Err(error));
        assert_eq!(client.send("Hello", &mut out), Err(error));
        assert_eq!(client.ping(b"Hello", &mut out), Err(error));
        assert!(out.written().is_empty());
    }
    assert_eq!(memory, [0xee; 20]);
    let mut out = FixedOutput::new(&mut memory);
    client.send_part("Hello", Part::First, &mut out).unwrap();
    client.send_part("Hello", Part::Last, &mut out).unwrap_err();
    assert_eq!(out.written().len(), 11);
    let mut all = out.written().to_vec();
    out.clear();
    // The message is still unfinished: a new one may not begin, and its end may come.
    client.send("x", &mut out).unwrap_err();
    client.send_part("!", Part::Last, &mut out).unwrap();
    all.extend(out.written());
    assert_eq!(heard(Side::Server, &all), [Step::Message(MessageKind::Text, b"Hello!".to_vec())]);
}

#[derive(Clone, Debug)]
enum Sent {
    Message(bool, Vec<String>),
    Control(bool, Vec<u8>),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: testkit::strategies::persistence(), ..ProptestConfig::default() })]

    /// Client to server and back: an echo of everything, in order.
    // §6.1, §6.2
    #[test]
    fn whatever_is_sent_comes_back(
        sent in prop::collection::vec(
            prop_oneof![
                (any::<bool>(), prop::collection::vec("\\PC{0,70}", 1..5)).prop_map(|(text, parts)| Sent::Message(text, parts)),
                (any::<bool>(), prop::collection::vec(any::<u8>(), 0..=125)).prop_map(|(ping, payload)| Sent::Control(ping, payload)),
            ],
            0..12,
        ),
        read in 1..200_usize,
    ) {
        let ((mut client, _), mut server) = (client(), drive::server(&Limits::DEFAULT));
        let (mut to_server, mut to_client, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        for sent in sent {
            match sent {
                Sent::Message(text, parts) => {
                    for (i, part) in parts.iter().enumerate() {
                        let place = match (i, parts.len() - 1) {
                            (0, 0) => Part::Whole,
                            (0, _) => Part::First,
                            (i, last) if i == last => Part::Last,
                            _ => Part::Middle,
                        };
                        let message = if text { Message::Text(part) } else { Message::Binary(part.as_bytes()) };
                        client.send_part(message, place, &mut to_server).unwrap();
                    }
                    let kind = if text { MessageKind::Text } else { MessageKind::Binary };
                    expected.push(Step::Message(kind, parts.concat().into_bytes()));
                }
                Sent::Control(true, payload) => {
                    client.ping(&payload, &mut to_server).unwrap();
                    expected.push(Step::Pong(payload));
                }
                Sent::Control(false, payload) => client.pong(&payload, &mut to_server).unwrap(),
            }
        }
        let mut messages = Messages::new();
        for input in to_server.chunks_mut(read) {
            let mut input = &mut *input;
            while let Some(incoming) = messages.next(&mut server, &mut input, &mut to_client).unwrap() {
                use websocket_proto::Incoming;
                match incoming {
                    Incoming::Text(text) => server.send(text, &mut to_client).unwrap(),
                    Incoming::Binary(bytes) => server.send(&*bytes, &mut to_client).unwrap(),
                    _ => {}
                }
            }
        }
        prop_assert_eq!(heard(Side::Client, &to_client), expected);
    }
}
