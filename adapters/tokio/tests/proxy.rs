//! Through an HTTP proxy that is made for the test.

mod support;

use support::in_time;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use websocket_proto_tokio::{CloseCode, Config, Connector, Error, accept_hdr};

/// Takes one connection, and answers its head; with a tunnel if the answer is `None`. Yields the head.
async fn proxy(listener: TcpListener, answer: Option<&'static [u8]>) -> String {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    if let Some(answer) = answer {
        tcp.write_all(answer).await.unwrap();
        return head;
    }
    let target = head.split(' ').nth(1).unwrap();
    let mut server = TcpStream::connect(target).await.unwrap();
    // Two segments, so that the head comes in two reads.
    tcp.write_all(b"HTTP/1.1 200 Connection est").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    tcp.write_all(b"ablished\r\nVia: test\r\n\r\n").await.unwrap();
    copy_bidirectional(&mut tcp, &mut server).await.unwrap();
    head
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[tokio::test]
async fn a_connection_goes_through_the_tunnel() {
    let ((listener, target), (way, proxy_address)) = (listen().await, listen().await);
    let server = tokio::spawn(async move {
        let mut agent = Vec::new();
        let tcp = listener.accept().await.unwrap().0;
        let mut socket = accept_hdr(tcp, &Config::default(), |request, responder| {
            agent = request.field("host").next().unwrap_or_default().to_vec();
            responder.accept(request.accept());
        })
        .await
        .unwrap();
        socket.send(&*agent).await.unwrap();
        assert!(socket.next().await.is_none());
    });
    let proxy = tokio::spawn(proxy(way, None));
    in_time(async {
        let connector = Connector::new().proxy(&*proxy_address).proxy_authorization("Basic dXNlcjpwYXNzd29yZA==");
        let mut socket = connector.open(&format!("ws://{target}/chat"), &Config::default()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().payload(), target.as_bytes());
        socket.close(CloseCode::NORMAL).await.unwrap();
        drop(socket);
        server.await.unwrap();
        assert_eq!(
            proxy.await.unwrap(),
            format!(
                "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n\r\n"
            )
        );
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_refuses_ends_or_talks_on_is_an_error() {
    for (answer, expected) in [
        (&b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"[..], "found status 407"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101", "expected nothing before the request, found bytes"),
        (b"HTTP/1.1 200 O", "expected a proxy's answer, found the end"),
        (b"220 smtp.example.com ESMTP\r\n", "HTTP version"),
    ] {
        let (way, address) = listen().await;
        let proxy = tokio::spawn(proxy(way, Some(answer)));
        let opened = in_time(Connector::new().proxy(&*address).open("ws://[::1]/", &Config::default())).await;
        let Err(Error::Io(error)) = opened else { panic!("{answer:?}") };
        assert!(error.to_string().contains(expected), "{error}");
        assert!(in_time(proxy).await.unwrap().starts_with("CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"));
    }
    let (_, address) = listen().await;
    let smuggled = Connector::new().proxy(&*address).proxy_authorization("Basic x\r\nX: y");
    assert!(in_time(smuggled.open("ws://example.com/", &Config::default())).await.is_err());
}

#[tokio::test]
async fn accept_hdr_sees_the_request_and_chooses_and_plain_http_gets_426() {
    let head = "GET /room?a=b HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, chat\r\n\r\n";
    let (ours, mut theirs) = tokio::io::duplex(4000);
    theirs.write_all(head.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let socket = in_time(accept_hdr(ours, &Config::default(), |request, responder| {
        seen = request.target().to_owned();
        let chosen = request.subprotocols().find(|&offered| offered == "chat");
        responder.accept(request.accept().subprotocol(chosen).fields(&[("X-Room", "7")]));
    }))
    .await
    .unwrap();
    drop(socket);
    let mut answer = String::new();
    theirs.read_to_string(&mut answer).await.unwrap();
    assert_eq!(seen, "/room?a=b");
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.contains("\r\nX-Room: 7\r\n"), "{answer}");
    assert!(answer.contains("\r\nSec-WebSocket-Protocol: chat\r\n"), "{answer}");

    let (ours, mut theirs) = tokio::io::duplex(4000);
    theirs.write_all(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").await.unwrap();
    theirs.shutdown().await.unwrap();
    let refused = in_time(accept_hdr(ours, &Config::default(), |_, _| panic!("plain HTTP is no request for it"))).await;
    assert!(matches!(refused, Err(Error::Opening(_))));
    let mut answer = String::new();
    theirs.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}
