//! _Fail the WebSocket Connection_ (§7.1.7): what comes before a violation, with it, and never after it.
#![cfg(feature = "alloc")]

use testkit::{bytes::frame, drive, reference::Side};
use websocket_proto::{
    Connection, Ending, Event, Incoming, Limits, MessageKind, Messages, Part, ProtocolError, Server, State, Transport,
};

fn server() -> Connection<Server> {
    drive::server(&Limits::DEFAULT)
}

/// A masked binary frame with RSV1 set.
const RSV1: [u8; 7] = [0xc2, 0x81, 0, 0, 0, 0, 0];

#[test]
fn error_is_sticky_for_receive_with_bytes_and_without() {
    let mut connection = server();
    let error = connection.receive(&mut &mut { RSV1 }[..]).unwrap_err();
    assert_eq!(connection.receive(&mut &mut [][..]), Err(error));
    assert_eq!(connection.receive(&mut &mut [0x81, 0x80, 0, 0, 0, 0][..]), Err(error));
    assert_eq!(connection.receive(&mut &mut [][..]), Err(error));
}

#[test]
fn error_is_sticky_for_messages_with_bytes_and_without() {
    let (mut connection, mut messages, mut out) = (server(), Messages::new(), Vec::new());
    let error = messages.next(&mut connection, &mut &mut { RSV1 }[..], &mut out).unwrap_err();
    assert_eq!(messages.next(&mut connection, &mut &mut [][..], &mut out), Err(error));
    assert_eq!(messages.next(&mut connection, &mut &mut [0x81, 0x80, 0, 0, 0, 0][..], &mut out), Err(error));
    assert_eq!(messages.next(&mut connection, &mut &mut [][..], &mut out), Err(error));
    assert_eq!(out, [0x88, 0x02, 0x03, 0xea], "and its Close is sent once");
}

#[test]
fn a_violation_after_valid_messages_in_one_read_comes_after_them_and_after_the_applications_replies() {
    let read = [frame(Side::Server, 0x81, b"one"), frame(Side::Server, 0x89, b"two"), RSV1.to_vec()].concat();
    let (mut connection, mut messages, mut out) = (server(), Messages::new(), Vec::new());
    let mut bytes = read.clone();
    let mut input = &mut bytes[..];
    let error = loop {
        match messages.next(&mut connection, &mut input, &mut out) {
            Ok(Some(Incoming::Text(text))) => connection.send(text, &mut out).unwrap(),
            Ok(incoming) => assert_eq!(incoming, Some(Incoming::Ping(b"two"))),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ProtocolError::ReservedBits { .. }));
    assert_eq!(out, b"\x81\x03one\x8a\x03two\x88\x02\x03\xea");
}

#[test]
fn text_before_a_bad_byte_is_delivered_and_can_be_answered_before_the_close() {
    let mut connection = server();
    let mut bytes = frame(Side::Server, 0x81, b"ok\xff");
    let mut input = &mut bytes[..];
    let mut out = Vec::new();
    assert_eq!(connection.receive(&mut input), Ok(Some(Event::Text("ok", Part::First))));
    connection.send("heard", &mut out).unwrap();
    assert_eq!(connection.receive(&mut input), Err(ProtocolError::InvalidUtf8 { valid_up_to: 2 }));
    assert_eq!(connection.state(), State::Closed);
    connection.write_control(&mut out).unwrap();
    assert_eq!(out, b"\x81\x05heard\x88\x02\x03\xef");
}

#[test]
fn payload_of_a_frame_that_fails_on_its_header_is_not_touched() {
    // Unmasked, at a server: no byte of it may be delivered.
    let mut connection = server();
    let mut bytes = *b"\x82\x05Hello";
    assert_eq!(connection.receive(&mut &mut bytes[..]), Err(ProtocolError::Unmasked));
    assert_eq!(&bytes, b"\x82\x05Hello");
}

#[test]
fn an_unsent_pong_precedes_the_close_of_a_failure() {
    let mut connection = server();
    let mut bytes = [frame(Side::Server, 0x89, b"p"), RSV1.to_vec()].concat();
    let mut input = &mut bytes[..];
    assert!(matches!(connection.receive(&mut input), Ok(Some(Event::Ping))));
    connection.receive(&mut input).unwrap_err();
    assert_eq!(connection.take_control().unwrap().as_bytes(), b"\x8a\x01p");
    assert_eq!(connection.take_control().unwrap().as_bytes(), b"\x88\x02\x03\xea");
    assert!(connection.take_control().is_none());
}

#[test]
fn behind_a_failure_nothing_can_be_sent() {
    let mut connection = server();
    connection.receive(&mut &mut { RSV1 }[..]).unwrap_err();
    let mut out = Vec::new();
    connection.send("x", &mut out).unwrap_err();
    connection.ping(b"x", &mut out).unwrap_err();
    connection.close(websocket_proto::CloseCode::NORMAL).unwrap_err();
    connection.send_header("x", Part::Whole).unwrap_err();
    connection.send_prepared(&websocket_proto::Prepared::new("x").unwrap()).unwrap_err();
    assert!(out.is_empty());
    connection.write_control(&mut out).unwrap();
    assert_eq!(out, [0x88, 0x02, 0x03, 0xea]);
}

#[test]
fn the_transport_is_half_closed_after_the_close_of_a_failure_is_written() {
    let mut connection = server();
    connection.receive(&mut &mut { RSV1 }[..]).unwrap_err();
    assert_eq!(connection.transport(), Transport::KeepOpen, "the Close is still to be written");
    connection.take_control().unwrap();
    assert_eq!(connection.transport(), Transport::HalfClose);
    assert_eq!(connection.receive_eof(), Ending::Unclean);
    assert_eq!(connection.transport(), Transport::Close);
}

#[test]
fn a_message_that_fails_is_not_delivered_by_messages() {
    let read = [frame(Side::Server, 0x01, b"be"), frame(Side::Server, 0x80, b"gun\xc3")].concat();
    let (mut connection, mut messages, mut out) = (server(), Messages::new(), Vec::new());
    let error = messages.next(&mut connection, &mut &mut read.clone()[..], &mut out).unwrap_err();
    assert_eq!(error, ProtocolError::InvalidUtf8 { valid_up_to: 5 });
    assert_eq!(out, [0x88, 0x02, 0x03, 0xef]);
}

#[test]
fn an_error_names_the_message_that_broke_in() {
    let read = [frame(Side::Server, 0x01, b"a"), frame(Side::Server, 0x82, b"b")].concat();
    let mut bytes = read.clone();
    let (mut connection, mut input) = (server(), &mut bytes[..]);
    assert_eq!(connection.receive(&mut input), Ok(Some(Event::Text("a", Part::First))));
    let error = ProtocolError::ExpectedContinuation { kind: MessageKind::Binary };
    assert_eq!(connection.receive(&mut input), Err(error));
    assert_eq!(error.close_code().get(), 1002);
}

#[test]
fn rest_of_the_input_is_dropped_with_the_error_whatever_it_was() {
    for violation in [&[0x83, 0x80][..], &[0x81, 0x81, 0, 0, 0, 0, 0xff], &[0x81, 0xfe, 0, 126, 0, 0, 0, 0, 0xff]] {
        let mut stream = violation.to_vec();
        stream.resize(300, 0xff);
        let mut connection = server();
        let mut input = &mut stream.clone()[..];
        assert!(connection.receive(&mut input).is_err());
        assert!(input.is_empty());

        let mut connection = server();
        let mut input = &mut stream[..];
        assert!(Messages::new().next(&mut connection, &mut input, &mut Vec::new()).is_err());
        assert!(input.is_empty());
    }
}

#[test]
fn failure_is_remembered_beyond_the_end_of_input() {
    let mut connection = server();
    let error = connection.receive(&mut &mut [0x83, 0x80][..]).unwrap_err();
    assert_eq!((connection.receive_eof(), connection.failure()), (Ending::Unclean, Some(error)));
    assert_eq!(connection.receive(&mut &mut [][..]), Err(error));
    assert_eq!(connection.transport(), Transport::WriteOnly, "the Close is still to be written");
    connection.take_control().unwrap();
    assert_eq!(connection.transport(), Transport::Close);
}

#[test]
fn the_payload_of_a_ping_is_no_close_though_the_input_ends_after_it() {
    let mut connection = drive::server(&Limits::DEFAULT);
    let mut ping = frame(Side::Server, 0x89, b"\x03\xe8");
    assert_eq!(connection.receive(&mut &mut ping[..]), Ok(Some(Event::Ping)));
    assert_eq!(connection.peer_close(), None);
    assert_eq!(connection.receive_eof(), Ending::Unclean);
    assert_eq!(connection.peer_close(), None);
}
