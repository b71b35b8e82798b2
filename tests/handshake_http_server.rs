//! What a server of the crate `http` writes where there is nothing but WebSocket: a request in, the whole answer out.
#![cfg(feature = "http")]

use http::{HeaderMap, Request};
use websocket_proto::Negotiated;
use websocket_proto::handshake::{self, AcceptError, ConnectRequest};

fn upgrade() -> http::request::Builder {
    Request::get("/chat")
        .header("host", "server.example.com")
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

fn refused(request: &Request<()>) -> (u16, HeaderMap, Vec<u8>) {
    let refusal = handshake::Request::try_from(request).map(drop).unwrap_err();
    let (head, body) = refusal.to_http().unwrap().into_parts();
    (head.status.as_u16(), head.headers, body)
}

#[test]
fn upgrade_is_taken_and_answered_in_one_call() {
    let request = upgrade().header("sec-websocket-version", "13").body(()).unwrap();
    let request = handshake::Request::try_from(&request).unwrap();
    assert_eq!((request.host(), request.path()), ("server.example.com", "/chat"));
    let (response, negotiated) = request.accept().fields(&[("server", "mine")]).http_response().unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(response.headers()["server"], "mine");
    assert_eq!(negotiated, Negotiated::elsewhere());
}

#[cfg(feature = "deflate")]
#[test]
fn what_was_agreed_on_comes_with_the_response_that_says_so() {
    use websocket_proto::extension::deflate::DeflateConfig;
    let request = upgrade()
        .header("sec-websocket-version", "13")
        .header("sec-websocket-extensions", "permessage-deflate; server_no_context_takeover");
    let request = request.body(()).unwrap();
    let request = handshake::Request::try_from(&request).unwrap();
    let (response, negotiated) = request.accept().deflate(DeflateConfig::DEFAULT).http_response().unwrap();
    assert_eq!(response.headers()["sec-websocket-extensions"], "permessage-deflate; server_no_context_takeover");
    assert!(negotiated.deflate().is_some());
}

#[test]
fn plain_request_is_told_to_upgrade() {
    let (status, fields, body) = refused(&Request::get("/chat").header("host", "a").body(()).unwrap());
    // RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response".
    assert_eq!((status, &fields["upgrade"]), (426, &"websocket".parse().unwrap()));
    assert!(!body.is_empty());
}

#[test]
fn other_version_is_told_the_right_one() {
    // RFC 6455 §4.4
    let (status, fields, _) = refused(&upgrade().header("sec-websocket-version", "12").body(()).unwrap());
    assert_eq!((status, &fields["sec-websocket-version"]), (426, &"13".parse().unwrap()));
}

#[test]
fn subprotocol_is_chosen_if_there_is_one() {
    let request = upgrade().header("sec-websocket-version", "13").header("sec-websocket-protocol", "chat.v1");
    let request = request.body(()).unwrap();
    let request = handshake::Request::try_from(&request).unwrap();
    for (known, chosen) in [("chat.v1", Some("chat.v1")), ("chat.v2", None)] {
        let found = request.subprotocols().find(|offered| *offered == known);
        let (response, _) = request.accept().subprotocol(found).http_response().unwrap();
        let field = response.headers().get("sec-websocket-protocol");
        assert_eq!(field.map(|value| value.to_str().unwrap()), chosen);
    }
    assert_eq!(
        request.accept().subprotocol("chat.v2").http_response().unwrap_err(),
        AcceptError::SubprotocolNotOffered
    );
}

#[test]
fn connect_is_answered_in_one_call() {
    let request = Request::connect("https://example.com/chat").header("sec-websocket-version", "13").body(()).unwrap();
    let request = ConnectRequest::from_http("websocket", &request).unwrap();
    let (response, negotiated) = request.accept().http_response().unwrap();
    assert_eq!((response.status().as_u16(), response.headers().len()), (200, 0));
    assert_eq!(negotiated, Negotiated::elsewhere());
}

#[test]
fn field_that_the_crate_cannot_hold_is_an_error_that_says_so() {
    let request = upgrade().header("sec-websocket-version", "13").body(()).unwrap();
    let request = handshake::Request::try_from(&request).unwrap();
    let name = "a".repeat(70_000);
    let error = request.accept().fields(&[(&name, "")]).http_response().unwrap_err();
    assert_eq!(error, AcceptError::HttpCrate);
    assert_eq!(error.to_string(), "the response has a longer name, or more fields, than the crate `http` can hold");
}
