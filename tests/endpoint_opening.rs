//! From the first byte of a request to an endpoint, seen from the transport.
#![cfg(feature = "alloc")]

use testkit::{bytes::frame, reference::Side};
use websocket_proto::endpoint::{Accepting, Asking, Config, Endpoint, Opening, OpeningError, Status};
use websocket_proto::handshake::{Answer, ClientRequest, NoSubprotocols, Received, RequestError};
use websocket_proto::{Client, CloseCode, FnKeys, Incoming, MaskingKeys, Role, Server, Timeouts};

type ServerOpening = Opening<Accepting, u64, u64>;

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

fn config() -> Config<u64> {
    Config::with_timeouts(Timeouts::none().with_handshake(10).with_close(5))
}

fn server(request: &[u8]) -> ServerOpening {
    let mut opening = Opening::server(&config(), 0);
    read(&mut opening, request);
    opening
}

fn read<S>(opening: &mut Opening<S, u64, u64>, bytes: &[u8]) {
    opening.room()[..bytes.len()].copy_from_slice(bytes);
    opening.filled(bytes.len());
}

fn written<S>(opening: &mut Opening<S, u64, u64>) -> String {
    let output = opening.output().to_vec();
    opening.written(output.len());
    String::from_utf8(output).unwrap()
}

type Keys = FnKeys<fn() -> [u8; 4]>;

fn client() -> Opening<Asking<Keys, NoSubprotocols>, u64, u64> {
    let keys: fn() -> [u8; 4] = || [1, 2, 3, 4];
    Opening::client(
        ClientRequest::new("example.com", "/chat"),
        *b"the sample nonce",
        Client::from_fn(keys),
        &config(),
        0,
    )
    .unwrap()
}

/// Moves what one side wrote to the other.
fn carry<A: Role, B: Role>(from: &mut Endpoint<A, u64, u64>, to: &mut Endpoint<B, u64, u64>) {
    while !from.output().is_empty() {
        let output = from.output().to_vec();
        from.written(output.len());
        let n = output.len().min(to.room().len());
        to.room()[..n].copy_from_slice(&output[..n]);
        to.filled(n);
        assert_eq!(n, output.len());
    }
}

fn hears<R: Role>(endpoint: &mut Endpoint<R, u64, u64>, expected: &str) {
    assert!(matches!(endpoint.next(), Some((Incoming::Text(text), _)) if text == expected));
}

fn _roles_are_general<K: MaskingKeys>(_: Endpoint<Client<K>, u64, u64>) {}

#[test]
fn two_openings_become_two_endpoints_that_talk_and_close() {
    let (mut asking, mut accepting) = (client(), Opening::server(&config(), 0));
    assert!(asking.next().is_none());
    let request = written(&mut asking);
    let (first, second) = request.as_bytes().split_at(30);
    read(&mut accepting, first);
    assert!(accepting.next().is_none());
    read(&mut accepting, second);
    let mut server = accepting.next().unwrap();

    // The response is still to be written, and comes before what is sent now.
    server.send("welcome").unwrap();
    let output = server.output().to_vec();
    server.written(output.len());
    assert!(output.ends_with(b"\r\n\r\n\x81\x07welcome"));
    read(&mut asking, &output);
    let mut client = asking.next().unwrap();
    assert!(matches!(asking.answer(), Some(Answer::Open(response)) if response.subprotocol().is_none()));

    hears(&mut client, "welcome");
    client.send("thanks").unwrap();
    client.close(CloseCode::NORMAL).unwrap();
    carry(&mut client, &mut server);
    hears(&mut server, "thanks");
    assert!(matches!(server.next(), Some((Incoming::Close(_), _))));
    carry(&mut server, &mut client);
    assert_eq!(server.status(), Status::HalfClose);
    assert!(matches!(client.next(), Some((Incoming::Close(_), _))));
    assert_eq!(client.status(), Status::Drain);
    client.filled(0);
    assert!(client.next().is_none());
    assert_eq!((client.status(), client.end()), (Status::Close, Ok(Some(CloseCode::NORMAL))));
    assert_eq!(server.end(), Ok(Some(CloseCode::NORMAL)));
}

/// A client that has written everything may close its writing half, and an owner may read that before it takes anything.
#[test]
fn a_head_that_was_read_with_the_end_of_input_is_still_answered() {
    let mut opening = server(format!("{UPGRADE}\r\n").as_bytes());
    opening.filled(0);
    assert_eq!(opening.status(), Status::Flush, "there is something to take");
    let mut endpoint = opening.next().unwrap();
    assert!(endpoint.output().starts_with(b"HTTP/1.1 101 "));
    let mut opening = server(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    opening.filled(0);
    assert!(opening.next().is_none());
    assert_eq!(opening.status(), Status::Flush);
    assert!(written(&mut opening).starts_with("HTTP/1.1 426 "));
    assert_eq!(opening.status(), Status::Close);
    let mut asking = client();
    written(&mut asking);
    read(&mut asking, b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
    asking.filled(0);
    assert_eq!(asking.status(), Status::Flush);
    assert!(asking.next().is_none());
    assert_eq!((asking.status(), asking.end()), (Status::Close, OpeningError::Refused { status: 302 }));
}

#[test]
fn frames_after_the_head_belong_to_the_endpoint() {
    let request = [UPGRADE.as_bytes(), b"\r\n", &frame(Side::Server, 0x81, b"early")].concat();
    let mut endpoint = server(&request).next().unwrap();
    hears(&mut endpoint, "early");
}

#[test]
fn no_control_frame_goes_out_before_the_response() {
    let request = [UPGRADE.as_bytes(), b"\r\n", &frame(Side::Server, 0x89, b"?")].concat();
    let mut endpoint = server(&request).next().unwrap();
    assert!(endpoint.next().is_some());
    let mut wire = Vec::new();
    while !endpoint.output().is_empty() {
        wire.extend(&endpoint.output()[..1]);
        endpoint.written(1);
    }
    assert!(wire.starts_with(b"HTTP/1.1 101 ") && wire.ends_with(b"\r\n\r\n\x8a\x01?"));
}

// RFC 9112 §9.6
#[test]
fn a_request_that_breaks_a_rule_is_answered_and_the_transport_closed_in_order() {
    let mut opening = server(UPGRADE.replace("13\r\n", "8\r\n").as_bytes());
    assert!(opening.next().is_none());
    read(&mut opening, b"\r\n");
    assert!(opening.next().is_none());
    assert_eq!(opening.status(), Status::Open, "the response is still to be written");
    assert!(written(&mut opening).starts_with("HTTP/1.1 426 "));
    assert_eq!(opening.status(), Status::HalfClose);
    opening.half_closed();
    assert_eq!(opening.status(), Status::Drain);
    opening.filled(0);
    assert_eq!(opening.status(), Status::Close);
    assert!(matches!(opening.end(), OpeningError::Request(RequestError::UnsupportedVersion { .. })));
}

/// §10.2: servers "SHOULD verify the |Origin| field is an origin they expect".
#[test]
fn a_page_of_another_host_is_refused_unless_the_application_decides_otherwise() {
    for (origin, status) in
        [("https://example.com", 101), ("http://example.com", 101), ("https://evil.example", 403), ("null", 403)]
    {
        let request = format!("{UPGRADE}Origin: {origin}\r\n\r\n");
        let mut opening = server(request.as_bytes());
        let endpoint = opening.next();
        assert_eq!(endpoint.is_some(), status == 101, "{origin}");
        let mut opening = server(request.as_bytes());
        let endpoint = opening.next_with(|received, responder| match received {
            Received::Upgrade(request) => responder.accept(request.accept()),
            Received::Http(_) => unreachable!(),
        });
        assert!(endpoint.is_some());
    }
}

#[test]
fn an_answer_that_cannot_be_written_becomes_500() {
    for nothing in [true, false] {
        let mut opening = server(format!("{UPGRADE}\r\n").as_bytes());
        let endpoint = opening.next_with(|received, responder| match received {
            Received::Upgrade(request) if !nothing => responder.accept(request.accept().subprotocol("never offered")),
            _ => {}
        });
        assert!(endpoint.is_none());
        assert!(written(&mut opening).starts_with("HTTP/1.1 500 "));
    }
}

#[test]
fn a_client_that_is_refused_can_read_why() {
    let mut opening = client();
    written(&mut opening);
    read(&mut opening, b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 4\r\n\r\nbody");
    assert!(opening.next().is_none());
    assert_eq!((opening.status(), opening.end()), (Status::Close, OpeningError::Refused { status: 302 }));
    let Some(Answer::Refused(response)) = opening.answer() else { panic!() };
    assert_eq!(response.field("location").next(), Some(&b"/elsewhere"[..]));
    assert_eq!(opening.body(), b"body");
}

#[test]
fn a_handshake_that_takes_too_long_or_ends_is_given_up() {
    let mut opening = server(b"GET / HT");
    assert_eq!(opening.tick(0), Some(10));
    opening.tick(10);
    assert_eq!((opening.status(), opening.end()), (Status::Close, OpeningError::Timeout));
    let mut opening = server(b"GET / HT");
    opening.filled(0);
    assert!(opening.next().is_none());
    assert_eq!((opening.status(), opening.end()), (Status::Close, OpeningError::Ended));
    let _: Option<Endpoint<Server, u64, u64>> = opening.next();
}
