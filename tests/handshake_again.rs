//! A handshake that has read a head is as new: what comes next on the same connection is read like the first.
#![cfg(feature = "alloc")]

use proptest::prelude::*;
use websocket_proto::handshake::{Answer, ClientHandshake, ClientRequest, Received, ServerHandshake};
use websocket_proto::wire::Limits;

const REQUESTS: &[&[u8]] = &[
    b"GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\nOPTIONS / HTTP/1.0\r\n\r\n",
    b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
    b"\x16\x03\x01 not http at all \n\n a\x00b: c\r\nx:y\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
];

const RESPONSES: &[&[u8]] = &[
    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
    b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 302 Found\r\n\r\n",
    b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    b"HTTP/1.1 101 \r\n\r\n",
    b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 200 \r\n\r\n",
    b"SSH-2.0-OpenSSH\r\n",
];

fn limits() -> Limits {
    Limits::DEFAULT.with_max_interim_responses(2)
}

fn new_client() -> ClientHandshake {
    ClientRequest::new("a", "/").start(*b"the sample nonce", &limits(), &mut Vec::new()).unwrap()
}

fn server(handshake: &mut ServerHandshake, bytes: &[u8]) -> Option<String> {
    let describe = |received: Received<'_>| match received {
        Received::Upgrade(request) => format!("upgrade {} {}", request.target(), request.head_len()),
        Received::Http(request) => {
            let fields: Vec<_> = request.fields().collect();
            format!("{} {} {} {fields:?}", request.method(), request.target(), request.head_len())
        }
    };
    handshake.receive(bytes).map(|received| received.map(describe)).unwrap_or_else(|error| Some(error.to_string()))
}

fn client(handshake: &mut ClientHandshake, bytes: &[u8]) -> Option<String> {
    let describe = |answer: Answer<'_>| match answer {
        Answer::Open(response) => format!("open {}", response.head_len()),
        Answer::Refused(response) => format!("{} {:?} {}", response.status(), response.reason(), response.head_len()),
    };
    handshake.receive(bytes).map(|answer| answer.map(describe)).unwrap_or_else(|error| Some(error.to_string()))
}

/// Reads until there is an outcome, with a cut at each of `ends`.
fn read<H>(
    handshake: &mut H,
    receive: fn(&mut H, &[u8]) -> Option<String>,
    bytes: &[u8],
    ends: impl IntoIterator<Item = usize>,
) -> Option<String> {
    ends.into_iter().chain([bytes.len()]).find_map(|end| receive(handshake, &bytes[..end]))
}

#[test]
fn second_request_is_read_like_the_first_in_every_cut() {
    for first in REQUESTS {
        for second in REQUESTS {
            let expected = server(&mut ServerHandshake::new(&limits()), second);
            for cut in 0..first.len() {
                let mut handshake = ServerHandshake::new(&limits());
                assert!(read(&mut handshake, server, first, [cut]).is_some());
                assert_eq!(
                    format!("{handshake:?}"),
                    format!("{:?}", ServerHandshake::new(&limits())),
                    "{}, cut at {cut}",
                    first.escape_ascii()
                );
                assert_eq!(read(&mut handshake, server, second, [cut.min(second.len())]), expected);
            }
        }
    }
}

#[test]
fn second_response_is_read_like_the_first_in_every_cut() {
    for first in RESPONSES {
        for second in RESPONSES {
            let expected = client(&mut new_client(), second);
            for cut in 0..first.len() {
                let mut handshake = new_client();
                assert!(read(&mut handshake, client, first, [cut]).is_some());
                assert_eq!(
                    format!("{handshake:?}"),
                    format!("{:?}", new_client()),
                    "{}, cut at {cut}",
                    first.escape_ascii()
                );
                assert_eq!(read(&mut handshake, client, second, [cut.min(second.len())]), expected);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_number_of_heads_in_any_cuts_are_read_each_like_a_first(
        which in prop::collection::vec((0..6_usize, prop::collection::vec(0..300_usize, 0..4)), 1..6),
    ) {
        let (mut one_server, mut one_client) = (ServerHandshake::new(&limits()), new_client());
        for (which, mut ends) in which {
            ends.sort_unstable();
            let (request, response) = (REQUESTS[which], RESPONSES[which]);
            let ends_of = |bytes: &[u8]| ends.iter().map(|end| *end.min(&bytes.len())).collect::<Vec<_>>();
            prop_assert_eq!(
                read(&mut one_server, server, request, ends_of(request)),
                server(&mut ServerHandshake::new(&limits()), request)
            );
            prop_assert_eq!(
                read(&mut one_client, client, response, ends_of(response)),
                client(&mut new_client(), response)
            );
        }
    }
}
