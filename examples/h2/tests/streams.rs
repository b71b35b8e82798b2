//! Many WebSockets on one connection: windows, ends of streams, and the end of a connection.

mod support;

use std::time::Duration;

use bytes::Bytes;
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use h2_websocket::SMALL_FRAMES;
use h2_websocket::client::{Connection, Error, Windows};
use http::{Request, Response};
use support::{in_time, open, start};
use tokio::net::{TcpListener, TcpStream};
use websocket_proto::handshake::{ClientRequest, Scheme};
use websocket_proto_tokio::{CloseCode, Config, OwnedMessage};

/// RFC 6455 §5.7: "A single-frame masked text message", and its echo.
const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO_BACK: &[u8] = b"\x81\x05Hello";
/// Close with 1000, masked with the key 0.
const CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

#[tokio::test]
async fn a_hundred_websockets_talk_on_one_connection_while_one_of_them_reads_nothing() {
    let mut server = start(|_| {}).await;
    in_time(async {
        let connection = server.connect(Windows::default()).await;
        // Not compressed, so that it does not fit into the window of its stream.
        let mut stalled = open(&connection, &Config::default()).await;
        let long = OwnedMessage::Binary((0..300_000).map(|at: u32| at.to_le_bytes()[1]).collect());
        stalled.send(&long).await.unwrap();
        let mut others = Vec::new();
        for _ in 0..99 {
            others.push(open(&connection, &Config::default()).await);
        }
        for round in 0..3 {
            for (number, socket) in others.iter_mut().enumerate() {
                let text = OwnedMessage::Text(format!("{number} {round} {}", "x".repeat(2000)));
                socket.send(&text).await.unwrap();
                assert!(socket.next().await.unwrap().unwrap() == text);
            }
        }
        for mut socket in others {
            socket.close(CloseCode::NORMAL).await.unwrap();
            assert_eq!(socket.end(), Ok(Some(CloseCode::NORMAL)));
        }
        assert!(stalled.next().await.unwrap().unwrap() == long);
        stalled.close(CloseCode::NORMAL).await.unwrap();
    })
    .await;
    for _ in 0..100 {
        server.reports("HTTP/2: closed with 1000").await;
    }
}

/// One stream, by h2 alone.
async fn raw(server: &support::Running) -> (RecvStream, SendStream<Bytes>) {
    let socket = TcpStream::connect(server.address).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (send, connection) = builder.data_frame_budget(SMALL_FRAMES).handshake::<_, Bytes>(socket).await.unwrap();
    tokio::spawn(connection);
    let mut send = send.ready().await.unwrap();
    while !send.is_extended_connect_protocol_enabled() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let request = Request::connect("http://localhost/").extension(Protocol::from_static("websocket"));
    let request = request.header("sec-websocket-version", "13").body(()).unwrap();
    let (response, stream) = send.send_request(request, false).unwrap();
    (response.await.unwrap().into_body(), stream)
}

async fn read(body: &mut RecvStream, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < len {
        let data = body.data().await.unwrap().unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    bytes
}

#[tokio::test]
async fn small_frames_that_wait_to_be_read_are_no_attack() {
    const COUNT: usize = 3000;
    let server = start(|_| {}).await;
    in_time(async {
        let (mut body, mut stream) = raw(&server).await;
        // Its echo is longer than the window of this client's stream, so that the server reads no further.
        let long = [&[0x82, 0xff, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0][..], &[7; 3 << 16]].concat();
        let mut sent = 0;
        while sent < long.len() {
            stream.reserve_capacity(long.len() - sent);
            let capacity = std::future::poll_fn(|context| stream.poll_capacity(context)).await.unwrap().unwrap();
            stream.send_data(Bytes::copy_from_slice(&long[sent..sent + capacity]), false).unwrap();
            sent += capacity;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..COUNT {
            stream.send_data(HELLO.into(), false).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (mut echo, mut hellos) = (Vec::new(), 0);
        while hellos < COUNT {
            let begin = echo.len().saturating_sub(HELLO_BACK.len() - 1);
            echo.extend(read(&mut body, 1).await);
            hellos += echo[begin..].windows(HELLO_BACK.len()).filter(|part| *part == HELLO_BACK).count();
        }
    })
    .await;
}

/// What comes up to END_STREAM, or to RST_STREAM with NO_ERROR, by which a server ends a stream that it needs no more.
async fn rest(body: &mut RecvStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(error) => {
                assert_eq!(error.reason(), Some(Reason::NO_ERROR));
                break;
            }
        }
    }
    bytes
}

#[tokio::test]
async fn a_stream_that_is_reset_or_ends_without_a_close_is_no_clean_end() {
    let mut server = start(|_| {}).await;
    for reason in [Reason::CANCEL, Reason::NO_ERROR, Reason::INTERNAL_ERROR] {
        let (mut body, mut stream) = raw(&server).await;
        stream.send_data(HELLO.into(), false).unwrap();
        assert_eq!(in_time(read(&mut body, 7)).await, HELLO_BACK);
        stream.send_reset(reason);
        server.reports(&format!("HTTP/2: stream error received: {}", reason.description())).await;
    }
    let (mut body, mut stream) = raw(&server).await;
    stream.send_data(HELLO.into(), true).unwrap();
    // What came before the end is answered.
    assert_eq!(in_time(read(&mut body, 7)).await, HELLO_BACK);
    server.reports("HTTP/2: expected a Close frame, found the end of input").await;
    // The server, which has nothing more to say, ends its side, too.
    assert_eq!(in_time(rest(&mut body)).await, b"");
}

#[tokio::test]
async fn both_closes_are_followed_by_both_ends_of_the_stream() {
    let mut server = start(|_| {}).await;
    let (mut body, mut stream) = raw(&server).await;
    stream.send_data([HELLO, CLOSE].concat().into(), false).unwrap();
    assert_eq!(in_time(read(&mut body, 11)).await, [HELLO_BACK, &[0x88, 0x02, 0x03, 0xe8]].concat());
    assert_eq!(in_time(rest(&mut body)).await, b"");
    stream.send_data(Bytes::new(), true).unwrap();
    server.reports("HTTP/2: closed with 1000").await;
}

#[tokio::test]
async fn a_server_that_stops_tells_each_websocket_and_takes_no_more_of_them() {
    let mut server = start(|_| {}).await;
    let connection = server.connect(Windows::default()).await;
    let (mut first, mut second) =
        (open(&connection, &Config::default()).await, open(&connection, &Config::default()).await);
    first.send("still here").await.unwrap();
    assert_eq!(first.next().await.unwrap().unwrap(), OwnedMessage::Text("still here".to_owned()));
    server.stop.send(true).unwrap();
    for socket in [&mut first, &mut second] {
        assert!(in_time(socket.next()).await.is_none());
        assert_eq!(socket.end(), Ok(Some(CloseCode::GOING_AWAY)));
        server.reports("HTTP/2: closed with").await;
    }
    let late = in_time(connection.open(ClientRequest::new("localhost", "/"), &Config::default())).await;
    assert!(matches!(late, Err(Error::Http2(_))), "{:?}", late.err());
}

/// A server on h2 that takes one stream, sends GOAWAY, and echoes frames of up to 125 bytes of text on that stream.
async fn leaves_after_one() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut builder = h2::server::Builder::new();
        let mut connection = builder.enable_connect_protocol().handshake::<_, Bytes>(socket).await.unwrap();
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        let (mut body, mut stream) = (request.into_body(), respond.send_response(Response::new(()), false).unwrap());
        connection.graceful_shutdown();
        tokio::spawn(async move { while connection.accept().await.is_some() {} });
        while let Some(Ok(frame)) = body.data().await {
            let (head, payload) = frame.split_at(6);
            let plain = payload.iter().zip(head[2..].iter().cycle()).map(|(byte, key)| byte ^ key);
            let echo = [head[0], head[1] & 0x7f].into_iter().chain(plain).collect::<Vec<u8>>();
            stream.send_data(echo.into(), head[0] == 0x88).unwrap();
        }
    });
    address
}

/// RFC 9113 §6.8: streams that were there before GOAWAY go on.
#[tokio::test]
async fn a_client_whose_server_goes_away_ends_what_it_has_begun_and_begins_no_more() {
    let socket = TcpStream::connect(leaves_after_one().await).await.unwrap();
    let connection = Connection::new(socket, Scheme::Http, Windows::default(), Duration::from_secs(10)).await.unwrap();
    in_time(async {
        let mut socket = open(&connection, &Config::default()).await;
        for _ in 0..20 {
            socket.send("Hello").await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), OwnedMessage::Text("Hello".to_owned()));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let more = connection.open(ClientRequest::new("localhost", "/"), &Config::default()).await;
        assert!(matches!(more, Err(Error::Http2(_))), "{:?}", more.err());
        socket.send("Hello").await.unwrap();
        assert!(socket.next().await.unwrap().is_ok());
        socket.close(CloseCode::NORMAL).await.unwrap();
        assert_eq!(socket.end(), Ok(Some(CloseCode::NORMAL)));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_is_dropped_resets_its_stream_and_no_other() {
    let mut server = start(|_| {}).await;
    let connection = server.connect(Windows::default()).await;
    let (dropped, mut stays) =
        (open(&connection, &Config::default()).await, open(&connection, &Config::default()).await);
    drop(dropped);
    server.reports("HTTP/2: stream error received: stream no longer needed").await;
    stays.send("Hello").await.unwrap();
    assert!(in_time(stays.next()).await.unwrap().is_ok());
}
