//! The opening, both sides.

use divan::{Bencher, black_box};
use websocket_proto::Limits;
use websocket_proto::handshake::{Answer, ClientRequest, Received, ServerHandshake, WsUrl};

/// What a browser sends.
const REQUEST: &[u8] = b"GET /chat?room=lobby HTTP/1.1\r\n\
Host: server.example.com:8080\r\n\
Connection: Upgrade\r\n\
Pragma: no-cache\r\n\
Cache-Control: no-cache\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\n\
Upgrade: websocket\r\n\
Origin: https://server.example.com:8080\r\n\
Sec-WebSocket-Version: 13\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Accept-Language: en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7\r\n\
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
\r\n";

fn main() {
    divan::main();
}

/// Reads a request that has come as a whole, and writes the response.
#[divan::bench]
fn server(bencher: Bencher) {
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
        match handshake.receive(black_box(REQUEST)) {
            Ok(Some(Received::Upgrade(request))) => request.accept().write_to(&mut out).expect("a vector has room"),
            other => panic!("{other:?}"),
        }
    });
}

/// The same, from a peer that sends one byte at a time.
#[divan::bench]
fn server_byte_by_byte(bencher: Bencher) {
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
        for len in 1..REQUEST.len() {
            assert!(matches!(handshake.receive(black_box(&REQUEST[..len])), Ok(None)));
        }
        match handshake.receive(black_box(REQUEST)) {
            Ok(Some(Received::Upgrade(request))) => request.accept().write_to(&mut out).expect("a vector has room"),
            other => panic!("{other:?}"),
        }
    });
}

/// Writes a request, and reads the response to it.
#[divan::bench]
fn client(bencher: Bencher) {
    let url = WsUrl::parse("ws://server.example.com/chat").expect("a URL");
    let mut out = Vec::new();
    let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    bencher.bench_local(|| {
        out.clear();
        // §1.3's nonce.
        let request = ClientRequest::from_url(&url);
        let mut handshake = request.start(*b"the sample nonce", &Limits::DEFAULT, &mut out).expect("a request");
        match handshake.receive(black_box(response)) {
            Ok(Some(Answer::Open(response))) => response.head_len(),
            other => panic!("{other:?}"),
        }
    });
}
