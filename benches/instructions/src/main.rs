//! One small-message path per run, for callgrind to count: `instructions CASE`. Only what runs inside `measured_*` counts.

use std::hint::black_box;

use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::handshake::{Answer, ClientRequest, Received, ServerHandshake};
use websocket_proto::wire::FixedOutput;
use websocket_proto::{
    Client, Connection, Event, Incoming, Limits, Message, Messages, Negotiated, RandomKeys, Server, Timeouts,
};

/// How often the path runs; the script divides by it.
const TIMES: usize = 1000;

fn main() {
    let case = std::env::args().nth(1).unwrap_or_default();
    let words: Vec<&str> = case.split('-').collect();
    match words[..] {
        ["receive", kind, len] => measured_receive(&mut server(), &mut stream(kind, len)),
        ["next", kind, len] => {
            measured_next(&mut Messages::new(), &mut server(), &mut stream(kind, len), &mut Vec::new())
        }
        ["single", kind, len] => {
            let mut bytes = stream(kind, len);
            let frame_len = bytes.len() / TIMES;
            measured_single(&mut Messages::new(), &mut server(), &mut bytes, frame_len, &mut Vec::new());
        }
        ["ping", "next"] => {
            measured_ping(&mut Messages::new(), &mut server(), &mut pings(), &mut Vec::with_capacity(1 << 16))
        }
        ["echo", layer, "20"] => {
            let bytes = stream("text", "20");
            match layer {
                "messages" => measured_echo_messages(&mut Messages::new(), &mut server(), &bytes, bytes.len()),
                "messages_single" => {
                    measured_echo_messages(&mut Messages::new(), &mut server(), &bytes, bytes.len() / TIMES)
                }
                "endpoint" => measured_echo_endpoint(&mut warm(bytes.len()), &bytes, bytes.len()),
                "endpoint_single" => measured_echo_endpoint(&mut warm(bytes.len()), &bytes, bytes.len() / TIMES),
                "received" => measured_echo_received(&mut warm(bytes.len()), &bytes, bytes.len()),
                "received_single" => measured_echo_received(&mut warm(bytes.len()), &bytes, bytes.len() / TIMES),
                _ => panic!("no such layer: {layer}"),
            }
        }
        ["server", kind, len] => measured_send_server(&mut server(), &payload(kind, len), kind, &mut vec![0; 2 << 20]),
        ["client", kind, len] => measured_send_client(&mut client(), &payload(kind, len), kind, &mut vec![0; 2 << 20]),
        ["handshake", "server"] => measured_handshake(&mut vec![0; 1024]),
        ["handshake", "client"] => measured_answer(&mut vec![0; 1024]),
        _ => panic!("no such case: {case}"),
    }
}

#[inline(never)]
fn measured_receive(connection: &mut Connection<Server>, bytes: &mut [u8]) {
    let mut input = bytes;
    while let Some(event) = connection.receive(&mut input).unwrap() {
        match event {
            Event::Text(text, _) => drop(black_box((text.as_ptr(), text.len()))),
            Event::Binary(bytes, _) => drop(black_box((bytes.as_ptr(), bytes.len()))),
            other => panic!("{other:?}"),
        }
    }
}

#[inline(never)]
fn measured_next(messages: &mut Messages, connection: &mut Connection<Server>, bytes: &mut [u8], out: &mut Vec<u8>) {
    let mut input = bytes;
    while let Some(incoming) = messages.next(connection, &mut input, out).unwrap() {
        match incoming {
            Incoming::Text(text) => drop(black_box((text.as_ptr(), text.len()))),
            Incoming::Binary(bytes) => drop(black_box((bytes.as_ptr(), bytes.len()))),
            other => panic!("{other:?}"),
        }
    }
}

/// One frame per read.
#[inline(never)]
fn measured_single(
    messages: &mut Messages,
    connection: &mut Connection<Server>,
    bytes: &mut [u8],
    frame_len: usize,
    out: &mut Vec<u8>,
) {
    for read in bytes.chunks_exact_mut(frame_len) {
        let mut input = read;
        while let Some(incoming) = messages.next(connection, &mut input, out).unwrap() {
            match incoming {
                Incoming::Text(text) => drop(black_box((text.as_ptr(), text.len()))),
                Incoming::Binary(bytes) => drop(black_box((bytes.as_ptr(), bytes.len()))),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Each Ping is answered. (A second place that calls `receive` would change how the first is compiled.)
#[inline(never)]
fn measured_ping(messages: &mut Messages, connection: &mut Connection<Server>, bytes: &mut [u8], out: &mut Vec<u8>) {
    let mut input = bytes;
    while let Some(incoming) = messages.next(connection, &mut input, out).unwrap() {
        match incoming {
            Incoming::Ping(payload) => drop(black_box(payload.len())),
            other => panic!("{other:?}"),
        }
    }
}

/// Reads of so many bytes, each echoed and written.
#[inline(never)]
fn measured_echo_messages(messages: &mut Messages, connection: &mut Connection<Server>, bytes: &[u8], read_len: usize) {
    let (mut buffer, mut out) = (vec![0; read_len], Vec::with_capacity(bytes.len()));
    for read in bytes.chunks_exact(read_len) {
        buffer.copy_from_slice(black_box(read));
        let mut input = &mut buffer[..];
        while let Some(incoming) = messages.next(connection, &mut input, &mut out).unwrap() {
            match incoming {
                Incoming::Text(text) => connection.send(text, &mut out).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        let _ = black_box((out.as_ptr(), out.len()));
        out.clear();
    }
}

/// The same, with all four duties.
#[inline(never)]
fn measured_echo_endpoint(endpoint: &mut Endpoint<Server, u64, u64>, bytes: &[u8], read_len: usize) {
    for read in bytes.chunks_exact(read_len) {
        endpoint.room()[..read_len].copy_from_slice(black_box(read));
        endpoint.filled(read_len);
        while let Some((incoming, mut sender)) = endpoint.next() {
            match incoming {
                Incoming::Text(text) => sender.send(text).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        let output = endpoint.output();
        let n = black_box((output.as_ptr(), output.len())).1;
        endpoint.written(n);
        let _ = black_box((endpoint.tick(1), endpoint.status()));
    }
}

/// The same, from a buffer of the owner's.
#[inline(never)]
fn measured_echo_received(endpoint: &mut Endpoint<Server, u64, u64>, bytes: &[u8], read_len: usize) {
    let mut buffer = vec![0; read_len];
    for read in bytes.chunks_exact(read_len) {
        buffer.copy_from_slice(black_box(read));
        let mut received = endpoint.receive(&mut buffer);
        while let Some((incoming, mut sender)) = received.next() {
            match incoming {
                Incoming::Text(text) => sender.send(text).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        drop(received);
        let output = endpoint.output();
        let n = black_box((output.as_ptr(), output.len())).1;
        endpoint.written(n);
        let _ = black_box((endpoint.tick(1), endpoint.status()));
    }
}

#[inline(never)]
fn measured_send_server(connection: &mut Connection<Server>, payload: &[u8], kind: &str, out: &mut [u8]) {
    let message = message(payload, kind);
    let mut out = FixedOutput::new(out);
    for _ in 0..TIMES {
        connection.send(black_box(message), &mut out).unwrap();
    }
}

#[inline(never)]
fn measured_send_client(connection: &mut Connection<Client<RandomKeys>>, payload: &[u8], kind: &str, out: &mut [u8]) {
    let message = message(payload, kind);
    let mut out = FixedOutput::new(out);
    for _ in 0..TIMES {
        connection.send(black_box(message), &mut out).unwrap();
    }
}

#[inline(never)]
fn measured_handshake(out: &mut [u8]) {
    for _ in 0..TIMES {
        let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
        match handshake.receive(black_box(REQUEST)).unwrap() {
            Some(Received::Upgrade(request)) => {
                let _ = black_box(request.accept().write_to(&mut FixedOutput::new(out)).unwrap());
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The request and the answer.
#[inline(never)]
fn measured_answer(out: &mut [u8]) {
    for _ in 0..TIMES {
        let request = ClientRequest::new("server.example.com", "/chat");
        let nonce = *b"the sample nonce";
        let mut handshake = request.start(nonce, &Limits::DEFAULT, &mut FixedOutput::new(out)).unwrap();
        match handshake.receive(black_box(RESPONSE)).unwrap() {
            Some(Answer::Open(response)) => {
                let _ = black_box(response.negotiated());
            }
            other => panic!("{other:?}"),
        }
    }
}

fn server() -> Connection<Server> {
    Connection::new(Negotiated::elsewhere(), Server, &Limits::DEFAULT)
}

/// An endpoint that has echoed as much before.
fn warm(read_len: usize) -> Endpoint<Server, u64, u64> {
    let mut config = Config::with_timeouts(Timeouts::none().with_idle(30_000).with_pong(20_000).with_write(30_000));
    config.read_len = read_len;
    let mut endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
    let bytes = stream("text", "20");
    endpoint.room()[..read_len].copy_from_slice(&bytes[..read_len]);
    endpoint.filled(read_len);
    while let Some((incoming, mut sender)) = endpoint.next() {
        if let Incoming::Text(text) = incoming {
            sender.send(text).unwrap();
        }
    }
    let n = endpoint.output().len();
    endpoint.written(n);
    endpoint
}

fn client() -> Connection<Client<RandomKeys>> {
    Connection::new(Negotiated::elsewhere(), Client::new(RandomKeys::from_seed([7; 32])), &Limits::DEFAULT)
}

fn stream(kind: &str, len: &str) -> Vec<u8> {
    let (mut connection, payload, mut out) = (client(), payload(kind, len), Vec::new());
    for _ in 0..TIMES {
        connection.send(message(&payload, kind), &mut out).unwrap();
    }
    out
}

/// Pings of four bytes.
fn pings() -> Vec<u8> {
    let (mut connection, mut out) = (client(), Vec::new());
    for _ in 0..TIMES {
        connection.ping(b"ping", &mut out).unwrap();
    }
    out
}

fn payload(kind: &str, len: &str) -> Vec<u8> {
    let len = len.parse().unwrap();
    let mut text = String::new();
    let (first, rest) = match kind {
        "umlaut" => ('ü', 'a'),
        "cjk" => ('漢', '漢'),
        _ => ('a', 'a'),
    };
    while text.len() < len {
        text.push(if text.is_empty() { first } else { rest });
    }
    text.into_bytes()
}

fn message<'p>(payload: &'p [u8], kind: &str) -> Message<'p> {
    if kind == "binary" { Message::Binary(payload) } else { Message::Text(std::str::from_utf8(payload).unwrap()) }
}

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
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=all; region=europe-west; variant=b42\r\n\
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
\r\n";

/// What a server behind a proxy answers.
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
Server: nginx/1.26.2\r\n\
Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
Connection: upgrade\r\n\
Upgrade: websocket\r\n\
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
Strict-Transport-Security: max-age=31536000\r\n\
\r\n";
