//! Heads in the types of the crate `http`, both ways and for both sides.
#![cfg(feature = "http")]

use http::{HeaderMap, HeaderValue, Method, Request, Response, Version};
use websocket_proto::handshake::{
    Answer, ClientRequest, ConnectRequest, Parts, Received, Refusal, RequestError, ResponseError, Scheme,
};

fn upgrade(uri: &str) -> http::request::Builder {
    Request::get(uri)
        .header("host", "server.example.com")
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-version", "13")
}

#[test]
fn header_map_is_taken_as_it_is() {
    let mut map: HeaderMap = upgrade("/").body(()).unwrap().headers().clone();
    map.append("sec-websocket-protocol", HeaderValue::from_static("chat"));
    map.append("sec-websocket-protocol", HeaderValue::from_static("superchat"));
    let Ok(Received::Upgrade(request)) = Received::from_parts(Parts::new("GET", "/", (1, 1), &map)) else {
        panic!("not an upgrade")
    };
    assert!(request.subprotocols().eq(["chat", "superchat"]));
}

#[test]
fn request_becomes_a_response() {
    let request = upgrade("/chat?room=1").header("sec-websocket-protocol", "chat").body("body").unwrap();
    let Ok(Received::Upgrade(checked)) = Received::try_from(&request) else { panic!("not an upgrade") };
    assert_eq!((checked.path(), checked.query(), checked.host()), ("/chat", Some("room=1"), "server.example.com"));
    let response = checked.accept().subprotocol("chat").fields(&[("X-Name", "\u{e4}")]).response().unwrap();
    let response = response.to_http().unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    assert_eq!(response.headers()["x-name"].as_bytes(), "\u{e4}".as_bytes());
}

/// RFC 9112 §3.2.2: "the origin server MUST ignore the received Host header field (if any) and instead use the host information of
/// the request-target".
#[test]
fn host_of_an_absolute_target_is_the_targets() {
    let request = upgrade("http://other.example:8080/chat").body(()).unwrap();
    let Ok(Received::Upgrade(checked)) = Received::try_from(&request) else { panic!("not an upgrade") };
    assert_eq!((checked.host(), checked.target()), ("other.example:8080", "/chat"));
    let request = upgrade("ftp://other.example/chat").body(()).unwrap();
    assert!(matches!(Received::try_from(&request), Err(RequestError::Target { .. })));
}

#[test]
fn plain_http_of_any_version_is_no_error() {
    for (method, uri, version, target) in [
        (Method::GET, "/page", Version::HTTP_10, "/page"),
        (Method::HEAD, "/page?a", Version::HTTP_11, "/page?a"),
        (Method::OPTIONS, "*", Version::HTTP_11, "*"),
        (Method::GET, "https://example.com/page", Version::HTTP_2, "/page"),
        (Method::GET, "https://example.com", Version::HTTP_3, "/"),
        (Method::CONNECT, "example.com:443", Version::HTTP_11, "example.com:443"),
    ] {
        let request = Request::builder().method(&method).uri(uri).version(version).body(()).unwrap();
        let Ok(Received::Http(plain)) = Received::try_from(&request) else { panic!("{method} {uri} {version:?}") };
        assert_eq!((plain.method(), plain.target()), (method.as_str(), target));
    }
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let request = upgrade("/").version(version).body(()).unwrap();
        assert!(matches!(Received::try_from(&request), Err(RequestError::HttpVersion { .. })), "{version:?}");
    }
}

#[test]
fn refusal_becomes_a_response() {
    let request = upgrade("/").method(Method::POST).body(()).unwrap();
    let response = Received::try_from(&request).unwrap_err().response().to_http().unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &HeaderValue::from_static("GET")));
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.headers()["connection"], "close");
    assert!(response.body().starts_with(b"expected the method GET"));
    let bytes = [0x1f, 0x8b, 0x08, 0x00];
    let refusal = Refusal::new(404, &[("Content-Encoding", "gzip")], &bytes).unwrap();
    assert_eq!(refusal.to_http().unwrap().body(), &bytes);
}

#[test]
fn clients_request_and_the_response_are_in_the_crates_types() {
    let upgrade = ClientRequest::new("server.example.com", "/chat")
        .subprotocols(["chat"])
        .fields(&[("Cookie", "a=b")])
        .upgrade(*b"the sample nonce")
        .unwrap();
    let request = upgrade.to_http().unwrap();
    assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::GET, "/chat"));
    assert_eq!(request.headers()["sec-websocket-key"], "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(request.headers()["cookie"], "a=b");

    // Our own server's answer.
    let Ok(Received::Upgrade(checked)) = Received::try_from(&request) else { panic!("not an upgrade") };
    let response = checked.accept().subprotocol("chat").response().unwrap().to_http().unwrap();
    let pending = upgrade.into_pending();
    let Ok(Answer::Open(open)) = pending.receive_http(&response) else { panic!("not open") };
    assert_eq!(open.subprotocol(), Some("chat"));

    let refused = Response::builder().status(302).header("location", "/a").body("body").unwrap();
    let Ok(Answer::Refused(refused)) = pending.receive_http(&refused) else { panic!("not refused") };
    assert_eq!((refused.status(), refused.field("Location").next()), (302, Some(&b"/a"[..])));
    let (mut parts, body) = response.into_parts();
    parts.headers.insert("sec-websocket-accept", HeaderValue::from_static("wrong"));
    let wrong = Response::from_parts(parts, body);
    assert!(matches!(pending.receive_http(&wrong), Err(ResponseError::AcceptWrong)));
}

#[test]
fn extended_connect_is_in_the_crates_types() {
    let connect =
        ClientRequest::new("server.example.com", "/chat").subprotocols(["chat"]).connect(Scheme::Https).unwrap();
    let request = connect.to_http().unwrap();
    assert_eq!((request.method(), request.version()), (&Method::CONNECT, Version::HTTP_2));
    assert_eq!(request.uri(), "https://server.example.com/chat");
    let checked = ConnectRequest::from_http("websocket", &request).unwrap();
    let response = checked.accept().subprotocol("chat").response().unwrap().to_http().unwrap();
    assert_eq!(response.status(), 200);
    assert!(matches!(connect.into_pending().receive_http(&response), Ok(Answer::Open(_))));
    assert!(matches!(ConnectRequest::from_http("connect-udp", &request), Err(RequestError::ConnectProtocol { .. })));
}
