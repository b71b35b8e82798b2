//! The closing handshake (§7): the table in the documentation of `State` cell by cell, what may stand in a Close frame, and the end of
//! the transport.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::frame,
    drive,
    reference::{CLIENT_KEY, Endpoint, Side, Step},
};
use websocket_proto::{
    CloseCode, CloseFrame, Connection, Ending, Event, Limits, Messages, Part, ProtocolError, SendError, Server, State,
    Transport, wire::FixedOutput,
};

const NORMAL: [u8; 4] = [0x88, 0x02, 0x03, 0xe8];
const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xe9];

/// A server in this state. `CloseSent` has written its Close; `Closed` saw both Close frames.
fn in_state(state: State) -> Connection<Server> {
    let mut connection = drive::server(&Limits::DEFAULT);
    match state {
        State::Open => {}
        State::CloseSent => {
            connection.close(CloseCode::NORMAL).unwrap();
            connection.take_control().unwrap();
        }
        State::CloseReceived => {
            feed(&mut connection, 0x88, b"\x03\xe8");
        }
        State::Closed => {
            feed(&mut connection, 0x88, b"\x03\xe8");
            connection.take_control().unwrap();
        }
    }
    assert_eq!(connection.state(), state);
    connection
}

/// Whether there was an event.
fn feed(connection: &mut Connection<Server>, first: u8, payload: &[u8]) -> bool {
    let mut bytes = frame(Side::Server, first, payload);
    let mut input = &mut bytes[..];
    let event = connection.receive(&mut input).unwrap().is_some();
    assert_eq!(connection.receive(&mut input), Ok(None));
    event
}

fn violate(connection: &mut Connection<Server>) -> Result<bool, ProtocolError> {
    connection.receive(&mut &mut [0x83][..]).map(|event| event.is_some())
}

fn queued(connection: &mut Connection<Server>) -> Vec<u8> {
    let mut out = Vec::new();
    connection.write_control(&mut out).unwrap();
    out
}

// The row of `Open`.

// §7.1.2
#[test]
fn open_and_close_queues_it() {
    let mut connection = in_state(State::Open);
    connection.close(CloseCode::GOING_AWAY).unwrap();
    assert_eq!(connection.state(), State::CloseSent);
    assert_eq!(queued(&mut connection), GOING_AWAY);
    assert_eq!(connection.state(), State::CloseSent);
}

#[test]
fn open_and_the_peers_close_is_an_event_and_is_echoed() {
    let mut connection = in_state(State::Open);
    assert!(feed(&mut connection, 0x88, b"\x03\xe9bye"));
    assert_eq!(connection.state(), State::CloseReceived);
    assert_eq!(queued(&mut connection), GOING_AWAY, "the same code, no reason");
    assert_eq!(connection.state(), State::Closed);
}

#[test]
fn open_and_data_is_an_event() {
    let mut connection = in_state(State::Open);
    assert!(feed(&mut connection, 0x81, b"x"));
    assert_eq!(connection.state(), State::Open);
}

#[test]
fn open_and_a_violation_queues_a_close() {
    let mut connection = in_state(State::Open);
    violate(&mut connection).unwrap_err();
    assert_eq!(connection.state(), State::Closed);
    assert_eq!(queued(&mut connection), [0x88, 0x02, 0x03, 0xea]);
}

#[test]
fn open_and_the_end_of_input_is_unclean() {
    let mut connection = in_state(State::Open);
    assert_eq!(connection.receive_eof(), Ending::Unclean);
    assert_eq!(connection.state(), State::Closed);
    assert!(queued(&mut connection).is_empty(), "1006 is never on the wire");
}

// The row of `CloseSent`.

#[test]
fn close_sent_and_close_is_an_error() {
    let mut connection = in_state(State::CloseSent);
    let error = SendError::NotOpen { state: State::CloseSent };
    assert_eq!(connection.close(CloseCode::GOING_AWAY), Err(error));
    assert_eq!(connection.state(), State::CloseSent);
    assert!(queued(&mut connection).is_empty());
}

#[test]
fn close_sent_and_the_peers_close_is_an_event_without_an_echo() {
    let mut connection = in_state(State::CloseSent);
    assert!(feed(&mut connection, 0x88, b"\x03\xe8"));
    assert_eq!(connection.state(), State::Closed);
    assert!(queued(&mut connection).is_empty());
}

#[test]
fn close_sent_and_data_is_an_event() {
    let mut connection = in_state(State::CloseSent);
    assert!(feed(&mut connection, 0x82, b"x"));
    assert!(feed(&mut connection, 0x89, b"x"));
    assert_eq!(connection.state(), State::CloseSent);
    assert!(queued(&mut connection).is_empty(), "no Pong after a Close");
}

#[test]
fn close_sent_and_a_violation_ends_without_a_second_close() {
    let mut connection = in_state(State::CloseSent);
    let error = violate(&mut connection).unwrap_err();
    assert_eq!(connection.state(), State::Closed);
    assert_eq!(connection.failure(), Some(error));
    assert!(queued(&mut connection).is_empty());
}

#[test]
fn close_sent_and_the_end_of_input_is_unclean() {
    let mut connection = in_state(State::CloseSent);
    assert_eq!(connection.receive_eof(), Ending::Unclean);
    assert_eq!(connection.state(), State::Closed);
}

// The row of `CloseReceived`.

#[test]
fn close_received_and_close_replaces_the_unsent_echo() {
    let mut connection = in_state(State::CloseReceived);
    connection.close(CloseFrame::new(CloseCode::GOING_AWAY, "so do I").unwrap()).unwrap();
    assert_eq!(connection.state(), State::CloseReceived);
    assert_eq!(queued(&mut connection), b"\x88\x09\x03\xe9so do I");
    assert_eq!(connection.state(), State::Closed);
}

#[test]
fn close_received_and_anything_is_ignored() {
    let mut connection = in_state(State::CloseReceived);
    assert!(!feed(&mut connection, 0x88, b"\x03\xe9"));
    assert!(!feed(&mut connection, 0x81, b"x"));
    assert!(!feed(&mut connection, 0x89, b"x"));
    assert_eq!(violate(&mut connection), Ok(false));
    assert_eq!(connection.state(), State::CloseReceived);
    assert_eq!(queued(&mut connection), NORMAL);
}

#[test]
fn close_received_and_the_end_of_input_is_unclean_and_the_echo_can_still_be_written() {
    let mut connection = in_state(State::CloseReceived);
    assert_eq!(connection.receive_eof(), Ending::Unclean);
    assert_eq!(connection.state(), State::Closed);
    // A loop that waits for input here would be told of the end of it again and again.
    assert_eq!(connection.transport(), Transport::WriteOnly);
    assert_eq!(queued(&mut connection), NORMAL, "a half-closed peer still gets it");
    assert_eq!(connection.transport(), Transport::Close);
}

// The row of `Closed`.

#[test]
fn closed_and_close_is_an_error() {
    let mut connection = in_state(State::Closed);
    assert_eq!(connection.close(CloseFrame::EMPTY), Err(SendError::NotOpen { state: State::Closed }));
    assert!(queued(&mut connection).is_empty());
}

#[test]
fn closed_and_anything_is_ignored() {
    let mut connection = in_state(State::Closed);
    assert!(!feed(&mut connection, 0x88, b""));
    assert!(!feed(&mut connection, 0x81, b"x"));
    assert_eq!(violate(&mut connection), Ok(false));
    assert_eq!(connection.state(), State::Closed);
    assert!(queued(&mut connection).is_empty());
}

// §7.1.4
#[test]
fn closed_and_the_end_of_input_is_clean_if_both_close_frames_were_seen() {
    assert_eq!(in_state(State::Closed).receive_eof(), Ending::Clean);

    let mut closed_first = in_state(State::CloseSent);
    feed(&mut closed_first, 0x88, b"");
    assert_eq!(closed_first.receive_eof(), Ending::Clean);
    assert_eq!(closed_first.receive_eof(), Ending::Clean, "asked again");

    let mut failed = in_state(State::Open);
    violate(&mut failed).unwrap_err();
    queued(&mut failed);
    assert_eq!(failed.receive_eof(), Ending::Unclean);
}

// Close frames.

// §5.5.1, §7.4.1, §7.4.2
#[test]
fn close_with_each_legal_code_is_an_event_and_echoed_with_the_same_code() {
    for code in 0..=u16::MAX {
        let legal = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let bytes = frame(Side::Server, 0x88, &[&code.to_be_bytes()[..], b"why"].concat());
        let steps = drive::receive(&Endpoint::new(Side::Server, Limits::DEFAULT), [&bytes[..]]).steps;
        let [high, low] = code.to_be_bytes();
        if legal {
            assert_eq!(steps, [Step::Close(Some(code), "why".into()), Step::Send(vec![0x88, 2, high, low])]);
        } else {
            let error = ProtocolError::InvalidCloseCode { code };
            assert_eq!(steps, [Step::Fail(error), Step::Send(vec![0x88, 2, 0x03, 0xea])]);
        }
    }
}

// §7.1.5
#[test]
fn close_without_payload_is_echoed_without_payload() {
    let endpoint = Endpoint::new(Side::Client, Limits::DEFAULT);
    let steps = drive::messages(&endpoint, [&[0x88, 0x00][..]]);
    let echo = [&[0x88, 0x80][..], &CLIENT_KEY].concat();
    assert_eq!(steps, [Step::Close(None, String::new()), Step::Send(echo)]);
}

#[test]
fn close_of_one_byte_or_with_a_reason_that_is_not_utf8() {
    let mut connection = in_state(State::Open);
    let error = connection.receive(&mut &mut frame(Side::Server, 0x88, b"\x03")[..]).unwrap_err();
    assert_eq!((error, error.close_code()), (ProtocolError::CloseCodeCut, CloseCode::PROTOCOL_ERROR));

    let mut connection = in_state(State::Open);
    let error = connection.receive(&mut &mut frame(Side::Server, 0x88, b"\x03\xe8ab\xc3")[..]).unwrap_err();
    assert_eq!(error, ProtocolError::InvalidCloseReason { valid_up_to: 2 });
    assert_eq!(queued(&mut connection), [0x88, 0x02, 0x03, 0xef]);
}

#[test]
fn close_with_the_longest_reason() {
    let mut connection = in_state(State::Open);
    let mut bytes = frame(Side::Server, 0x88, &[&b"\x03\xe8"[..], &[b'r'; 123]].concat());
    assert_eq!(connection.peer_close(), None);
    assert_eq!(connection.receive(&mut &mut bytes[..]), Ok(Some(Event::Close)));
    assert_eq!(connection.peer_close().unwrap().reason(), "r".repeat(123));
}

#[test]
fn close_inside_a_fragmented_message_is_a_normal_close_and_drops_the_message() {
    let endpoint = Endpoint::new(Side::Server, Limits::DEFAULT);
    let bytes = [frame(Side::Server, 0x01, b"begun \xc3"), frame(Side::Server, 0x88, b""), vec![0x83]].concat();
    let expected = [Step::Close(None, String::new()), Step::Send(vec![0x88, 0x00])];
    assert_eq!(drive::receive(&endpoint, [&bytes[..]]).steps, expected);
    assert_eq!(drive::messages(&endpoint, [&bytes[..]]), expected);
}

// What may be written, and in which order.

#[test]
fn pong_goes_before_close_whoever_closes() {
    let mut connection = in_state(State::Open);
    feed(&mut connection, 0x89, b"p");
    connection.close(CloseCode::NORMAL).unwrap();
    assert_eq!(queued(&mut connection), b"\x8a\x01p\x88\x02\x03\xe8");

    let mut connection = in_state(State::Open);
    feed(&mut connection, 0x89, b"p");
    feed(&mut connection, 0x88, b"\x03\xe9");
    assert_eq!(queued(&mut connection), b"\x8a\x01p\x88\x02\x03\xe9");
}

// §5.5.1
#[test]
fn nothing_is_sent_after_a_close_in_any_state_but_open() {
    for state in [State::CloseSent, State::CloseReceived, State::Closed] {
        let mut connection = in_state(state);
        let (mut out, error) = (Vec::new(), SendError::NotOpen { state });
        assert_eq!(connection.send("x", &mut out), Err(error));
        assert_eq!(connection.send_part("x", Part::First, &mut out), Err(error));
        assert_eq!(connection.ping(b"", &mut out), Err(error));
        assert_eq!(connection.pong(b"", &mut out), Err(error));
        assert_eq!(connection.send_header("x", Part::Whole), Err(error));
        assert_eq!(connection.send_prepared(&websocket_proto::Prepared::new("x").unwrap()), Err(error));
        assert!(out.is_empty());
        assert_eq!(connection.state(), state);
    }
}

#[test]
fn control_frames_wait_for_room_and_keep_their_order() {
    let mut connection = in_state(State::Open);
    feed(&mut connection, 0x89, b"12345678");
    feed(&mut connection, 0x88, b"\x03\xe8");
    let mut memory = [0; 12];
    for room in 0..10 {
        let mut out = FixedOutput::new(&mut memory[..room]);
        connection.write_control(&mut out).unwrap_err();
        assert!(out.written().is_empty(), "a Close that fits does not overtake the Pong");
    }
    let mut out = FixedOutput::new(&mut memory);
    connection.write_control(&mut out).unwrap_err();
    assert_eq!(out.written(), b"\x8a\x0812345678");
    assert_eq!(connection.state(), State::CloseReceived);
    assert_eq!(queued(&mut connection), NORMAL);
    assert_eq!(connection.state(), State::Closed);
}

#[test]
fn messages_writes_a_close_that_found_no_room_with_its_next_call() {
    let (mut connection, mut messages) = (in_state(State::Open), Messages::new());
    let mut bytes = frame(Side::Server, 0x88, b"\x03\xe8");
    let mut out = FixedOutput::new(&mut []);
    assert!(messages.next(&mut connection, &mut &mut bytes[..], &mut out).unwrap().is_some());
    assert_eq!(connection.state(), State::CloseReceived);
    let mut out = Vec::new();
    assert_eq!(messages.next(&mut connection, &mut &mut [][..], &mut out), Ok(None));
    assert_eq!((&out[..], connection.state()), (&NORMAL[..], State::Closed));
}

#[test]
fn messages_writes_a_pong_that_found_no_room_before_it_hands_out_the_next_message() {
    let (mut connection, mut messages) = (in_state(State::Open), Messages::new());
    let mut ping = frame(Side::Server, 0x89, b"p");
    assert!(messages.next(&mut connection, &mut &mut ping[..], &mut FixedOutput::new(&mut [])).unwrap().is_some());
    let (mut text, mut out) = (frame(Side::Server, 0x81, b"short"), Vec::new());
    assert!(messages.next(&mut connection, &mut &mut text[..], &mut out).unwrap().is_some());
    assert_eq!(out, b"\x8a\x01p", "what the application answers comes after it");
}

// What the owner of the transport is told.

// §7.1.1
#[test]
fn a_server_closes_the_transport_when_both_close_frames_have_passed() {
    let mut connection = in_state(State::CloseReceived);
    assert_eq!(connection.transport(), Transport::KeepOpen);
    queued(&mut connection);
    assert_eq!(connection.transport(), Transport::Close);

    let mut connection = in_state(State::CloseSent);
    assert_eq!(connection.transport(), Transport::KeepOpen);
    feed(&mut connection, 0x88, b"");
    assert_eq!(connection.transport(), Transport::Close);
}

// §7.1.1
#[test]
fn a_client_waits_for_the_end_of_input() {
    let mut connection = drive::client(&Limits::DEFAULT);
    connection.receive(&mut &mut [0x88, 0x00][..]).unwrap();
    assert_eq!(connection.transport(), Transport::KeepOpen);
    connection.take_control().unwrap();
    assert_eq!(connection.transport(), Transport::AwaitEof);
    assert_eq!(connection.receive_eof(), Ending::Clean);
    assert_eq!(connection.transport(), Transport::Close);
}

#[test]
fn nothing_is_received_after_the_end_of_input() {
    let mut connection = in_state(State::Open);
    connection.receive_eof();
    assert!(!feed(&mut connection, 0x81, b"x"));
    assert_eq!(violate(&mut connection), Ok(false));
    assert_eq!(connection.receive_eof(), Ending::Unclean);
}

/// A deliberate deviation from §5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already
/// received a Close frame." Peers take a frame after a Close for an error.
#[test]
fn a_ping_after_our_own_close_comes_and_is_not_answered() {
    let ping = frame(Side::Server, 0x89, b"still there?");
    for cut in 0..ping.len() {
        let mut connection = in_state(State::CloseSent);
        let (mut first, mut second) = (ping[..cut].to_vec(), ping[cut..].to_vec());
        assert_eq!(connection.receive(&mut &mut first[..]), Ok(None));
        assert_eq!(connection.receive(&mut &mut second[..]), Ok(Some(Event::Ping)), "cut at {cut}");
        assert_eq!(connection.control_payload().as_bytes(), b"still there?");
        assert!(!connection.wants_write(), "a Pong waits, cut at {cut}");
    }
}
