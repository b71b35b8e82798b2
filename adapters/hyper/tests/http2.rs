//! The server's side on HTTP/2 (RFC 8441), by a client that is nothing but h2 and bytes.

mod support;

use std::net::SocketAddr;

use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use hyper::body::Bytes;
use hyper::{Request, Response};
use support::{accept, in_time, serve, serve_with};
use testkit::upgrades::{CLOSE, CLOSED, TEXT};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use websocket_proto_hyper::endpoint::Failure;
use websocket_proto_hyper::{Config, upgrade};

/// Sends one request, its stream left open, with these frames right after the head.
async fn send(
    address: SocketAddr,
    request: Request<()>,
    frames: &[u8],
) -> Result<(Response<RecvStream>, SendStream<Bytes>), h2::Error> {
    let socket = TcpStream::connect(address).await.unwrap();
    let (send, connection) = h2::client::handshake(socket).await?;
    tokio::spawn(connection);
    let mut send = send.ready().await?;
    while !send.is_extended_connect_protocol_enabled() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let (response, mut stream) = send.send_request(request, false)?;
    if !frames.is_empty() {
        stream.send_data(Bytes::copy_from_slice(frames), false)?;
    }
    Ok((response.await?, stream))
}

async fn read(mut body: RecvStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.unwrap());
    }
    bytes
}

/// The request of RFC 8441 §5.1, with another host.
fn connect(protocol: Option<&'static str>, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::connect("http://example.com/chat");
    if let Some(protocol) = protocol {
        request = request.extension(Protocol::from_static(protocol));
    }
    let defaults = [
        ("sec-websocket-protocol", "superchat, chat"),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("sec-websocket-version", "13"),
        ("origin", "http://example.com"),
    ];
    for (name, value) in defaults.iter().filter(|(name, _)| fields.iter().all(|(other, _)| other != name)).chain(fields)
    {
        if !value.is_empty() {
            request = request.header(*name, *value);
        }
    }
    request.body(()).unwrap()
}

#[tokio::test]
async fn a_connect_is_accepted_without_a_key_and_both_ends_of_the_stream_are_clean() {
    in_time(async {
        let frames = [TEXT, CLOSE].concat();
        let (response, mut stream) = send(serve(accept).await, connect(Some("websocket"), &[]), &frames).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
        assert_eq!(response.headers()["sec-websocket-extensions"], "permessage-deflate");
        // RFC 8441 §5: "the processing of the Sec-WebSocket-Key and Sec-WebSocket-Accept header fields [is] superseded".
        assert!(response.headers().get("sec-websocket-accept").is_none());
        // At END_STREAM.
        assert_eq!(read(response.into_body()).await, b"\x81\x01a\x88\x02\x03\xe8");
        // For us, too, unless the server has forgotten the stream by now.
        let _late = stream.send_data(Bytes::new(), true);
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_breaks_a_rule_is_answered_by_the_close_that_names_it() {
    let address = serve(accept).await;
    for (bad, code) in CLOSED {
        // Compression would own a reserved bit.
        let request = connect(Some("websocket"), &[("sec-websocket-extensions", "")]);
        let (response, _stream) = send(address, request, bad).await.unwrap();
        let frames = in_time(read(response.into_body())).await;
        assert_eq!((frames[0], u16::from_be_bytes([frames[2], frames[3]])), (0x88, *code), "{bad:02x?}");
    }
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_is_refused_and_nothing_of_http_1_is_in_the_answer() {
    let address = serve(accept).await;
    let get = |method| Request::builder().method(method).uri("http://example.com/chat").body(()).unwrap();
    for (request, status, field, body) in [
        (connect(Some("connect-udp"), &[]), 501, None, "expected the protocol websocket, found 'connect-udp'\n"),
        // RFC 6455 §4.4. There is no 426 on HTTP/2.
        (
            connect(Some("websocket"), &[("sec-websocket-version", "12")]),
            400,
            Some(("sec-websocket-version", "13")),
            "expected Sec-WebSocket-Version 13, found '12'\n",
        ),
        (
            connect(Some("websocket"), &[("sec-websocket-version", "")]),
            400,
            Some(("sec-websocket-version", "13")),
            "the field Sec-WebSocket-Version is missing\n",
        ),
        (
            connect(Some("websocket"), &[("origin", "https://evil.example")]),
            403,
            None,
            "the origin 'https://evil.example' is not allowed\n",
        ),
        (
            connect(Some("websocket"), &[("host", "other.example")]),
            400,
            None,
            "expected the Host of the :authority, found 'other.example'\n",
        ),
        (
            connect(Some("websocket"), &[("sec-websocket-protocol", "a b")]),
            400,
            None,
            "expected a token as a subprotocol, found 'a b'\n",
        ),
        (get("GET"), 405, Some(("allow", "CONNECT")), "expected a CONNECT for the protocol websocket\n"),
        (get("HEAD"), 405, Some(("allow", "CONNECT")), ""),
    ] {
        let shown = format!("{request:?}");
        let (response, mut stream) = in_time(send(address, request, b"")).await.unwrap();
        assert_eq!(response.status(), status, "{shown}");
        if let Some((name, value)) = field {
            assert_eq!(response.headers()[name], value, "{shown}");
        }
        assert!(response.headers().get("upgrade").is_none() && response.headers().get("connection").is_none());
        let _late = stream.send_data(Bytes::new(), true);
        assert_eq!(String::from_utf8_lossy(&in_time(read(response.into_body())).await), body, "{shown}");
    }
}

#[tokio::test]
async fn a_plain_connect_asks_for_a_proxy_which_this_is_not() {
    let request = Request::connect("example.com:443").body(()).unwrap();
    let (response, _stream) = in_time(send(serve(accept).await, request, b"")).await.unwrap();
    assert_eq!(response.status(), 501);
}

#[tokio::test]
async fn a_stream_that_is_reset_or_ends_without_a_close_is_no_clean_end() {
    static TOLD: std::sync::OnceLock<mpsc::UnboundedSender<Option<Failure>>> = std::sync::OnceLock::new();
    let (sender, mut told) = mpsc::unbounded_channel();
    TOLD.set(sender).unwrap();
    let address = serve(|request| {
        let (response, upgrading) = upgrade(request, &Config::default())?;
        tokio::spawn(async move {
            let mut socket = upgrading.await.unwrap();
            while let Some(Ok(_)) = socket.next().await {}
            TOLD.get().unwrap().send(socket.end().err())
        });
        Ok((response, None))
    })
    .await;
    for reset in [None, Some(Reason::CANCEL), Some(Reason::INTERNAL_ERROR)] {
        in_time(async {
            let (_response, mut stream) = send(address, connect(Some("websocket"), &[]), TEXT).await.unwrap();
            match reset {
                Some(reason) => stream.send_reset(reason),
                None => stream.send_data(Bytes::new(), true).unwrap(),
            }
            assert_eq!(told.recv().await.unwrap(), Some(Failure::NoClose), "{reset:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_stalled_stream_holds_up_no_other_of_its_connection() {
    let address = serve(accept).await;
    in_time(async {
        let socket = TcpStream::connect(address).await.unwrap();
        // The connection as a whole has room for what the first stream does not take.
        let mut builder = h2::client::Builder::new();
        let (mut send, connection) =
            builder.initial_connection_window_size(1 << 20).handshake::<_, Bytes>(socket).await.unwrap();
        tokio::spawn(connection);
        let mut open = Vec::new();
        for _ in 0..20 {
            send = send.ready().await.unwrap();
            while !send.is_extended_connect_protocol_enabled() {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            let request = connect(Some("websocket"), &[("sec-websocket-extensions", "")]);
            let (response, stream) = send.send_request(request, false).unwrap();
            open.push((response.await.unwrap().into_body(), stream));
        }
        // The first takes nothing of its echo, which is longer than the window of a stream, 65,535 bytes.
        let long = [&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70, 0, 0, 0, 0][..], &[7; 70_000]].concat();
        let (mut stalled, mut first) = open.remove(0);
        first.send_data(long.into(), false).unwrap();
        for (body, mut stream) in open {
            stream.send_data([TEXT, CLOSE].concat().into(), false).unwrap();
            assert_eq!(read_released(body).await, b"\x81\x01a\x88\x02\x03\xe8");
        }
        let mut echoed = 0;
        // In two frames, of 64 KiB and of the rest.
        while echoed < 70_000 + 10 + 4 {
            let data = stalled.data().await.unwrap().unwrap();
            stalled.flow_control().release_capacity(data.len()).unwrap();
            echoed += data.len();
        }
    })
    .await;
}

async fn read_released(mut body: RecvStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(Ok(data)) = body.data().await {
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    bytes
}

#[tokio::test]
async fn a_server_that_was_not_built_for_it_does_not_offer_connect() {
    let address = serve_with(accept, false).await;
    let socket = TcpStream::connect(address).await.unwrap();
    let (send, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!send.is_extended_connect_protocol_enabled());
}
