//! What breaks a rule gets through the adapter what the engine gives it, byte by byte: the Close that names it, or the refusal.

mod support;

use support::in_time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use websocket_proto_tokio::endpoint::{Failure, OpeningError};
use websocket_proto_tokio::handshake::ClientRequest;
use websocket_proto_tokio::{Client, Config, Error, Negotiated, RandomKeys, Role, Server, WebSocketStream};
use websocket_proto_tokio::{accept, client};

/// A client's frame with the masking key 0.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload].concat()
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason].concat())
}

/// What is written, and how it ends, if these bytes come; what the application receives is sent back.
async fn echoed<R: Role + Unpin>(role: R, config: &Config, sent: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    let (ours, mut theirs) = tokio::io::duplex(100_000);
    let mut socket = WebSocketStream::new(ours, Negotiated::elsewhere(), role, config, b"");
    let peer = async move {
        theirs.write_all(sent).await.unwrap();
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).await.unwrap();
        all
    };
    let application = async {
        while let Some(message) = socket.next().await {
            socket.send(&message?).await?;
        }
        Ok(())
    };
    in_time(async { tokio::join!(peer, application) }).await
}

#[tokio::test]
async fn a_frame_that_breaks_a_rule_is_answered_by_its_close_after_the_echo_of_what_was_good() {
    let mut config = Config::default();
    config.limits.max_message_len = 1000;
    config.limits.max_fragments = 3;
    let ping = &[0x89, 0x80, 0, 0, 0, 0][..];
    let cases: &[(&str, Vec<u8>, u16)] = &[
        ("§5.1: not masked", b"\x81\x01x".to_vec(), 1002),
        ("§5.2: RSV1", frame(0xc1, b""), 1002),
        ("§5.2: RSV2", frame(0xa1, b""), 1002),
        ("§5.2: RSV3", frame(0x91, b""), 1002),
        ("§5.2: opcode 3", frame(0x83, b""), 1002),
        ("§5.2: opcode 15", frame(0x8f, b""), 1002),
        ("§5.5: a Ping in fragments", frame(0x09, b""), 1002),
        ("§5.5: a Ping of 126 bytes, at its second byte", vec![0x89, 0xfe], 1002),
        ("§5.5: a Close of 126 bytes", vec![0x88, 0xfe], 1002),
        ("§5.2: 125 bytes in 16 bits", vec![0x82, 0xfe, 0, 125], 1002),
        ("§5.2: 65,535 bytes in 64 bits", vec![0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 1002),
        ("§5.2: the top bit of 64", vec![0x82, 0xff, 0x80], 1002),
        ("§5.4: a continuation of nothing", frame(0x80, b"x"), 1002),
        ("§5.4: a message inside another", [frame(0x01, b"x"), frame(0x82, b"y")].concat(), 1002),
        ("§8.1: no UTF-8", frame(0x81, b"\xff"), 1007),
        ("§8.1: cut at the end", frame(0x81, b"gr\xc3"), 1007),
        ("§8.1: cut at an empty last fragment", [frame(0x01, b"\xe2\x82"), frame(0x80, b"")].concat(), 1007),
        ("§8.1: in a first fragment, at once", frame(0x01, b"\xc0"), 1007),
        ("§5.5.1: a Close of one byte", frame(0x88, b"\x03"), 1002),
        ("§7.4.2: 999", close(999, b""), 1002),
        ("§7.4.1: 1005", close(1005, b""), 1002),
        ("§7.4.1: 1006", close(1006, b""), 1002),
        ("§7.4.1: 1015", close(1015, b""), 1002),
        ("§7.4.2: 5000", close(5000, b""), 1002),
        ("§5.5.1: a reason that is no UTF-8", close(1000, b"\xff"), 1007),
        ("a message beyond the limit, on its header", vec![0x82, 0xfe, 0x03, 0xe9, 0, 0, 0, 0], 1009),
        ("its sum in fragments", [frame(0x02, &[0; 125]), vec![0x80, 0xfe, 0x03, 0x6c, 0, 0, 0, 0]].concat(), 1009),
        ("a fragment too many", [frame(0x02, b""), frame(0, b""), frame(0, b""), frame(0x80, b"")].concat(), 1009),
    ];
    for (rule, bad, code) in cases {
        let sent = [&frame(0x81, "grün".as_bytes()), ping, bad].concat();
        let (wire, ended) = echoed(Server, &config, &sent).await;
        let good = b"\x81\x05gr\xc3\xbcn\x8a\x00\x88";
        // The Pong may precede the echo: control frames wait for no data frame.
        let pong_first = b"\x8a\x00\x81\x05gr\xc3\xbcn\x88";
        assert!(wire.starts_with(good) || wire.starts_with(pong_first), "{rule}: {wire:02x?}");
        let frame = &wire[good.len() - 1..];
        assert_eq!(frame.len(), 2 + usize::from(frame[1]), "{rule}: one Close, and nothing after it");
        assert_eq!(u16::from_be_bytes([frame[2], frame[3]]), *code, "{rule}");
        assert!(std::str::from_utf8(&frame[4..]).is_ok(), "{rule}");
        assert!(matches!(ended, Err(Error::Failure(Failure::Protocol(_)))), "{rule}: {ended:?}");
    }
}

#[tokio::test]
async fn a_close_is_echoed_and_what_comes_after_it_is_ignored() {
    for (sent, answer) in [
        (close(1000, b"bye"), &b"\x88\x02\x03\xe8"[..]),
        (close(4999, b""), b"\x88\x02\x13\x87"),
        (frame(0x88, b""), b"\x88\x00"),
        ([frame(0x01, b"unfinished"), close(1001, b"")].concat(), b"\x88\x02\x03\xe9"),
        ([close(1000, b""), frame(0x81, b"late"), frame(0x83, b"bad")].concat(), b"\x88\x02\x03\xe8"),
    ] {
        let (wire, ended) = echoed(Server, &Config::default(), &sent).await;
        // A reason may be echoed as well.
        assert!(wire == answer || (wire[0] == 0x88 && wire[2..4] == answer[2..4]), "{sent:02x?}: {wire:02x?}");
        assert!(ended.is_ok(), "{sent:02x?}: {ended:?}");
    }
}

#[tokio::test]
async fn a_masked_frame_at_a_client_is_answered_by_a_masked_close() {
    let role = || Client::new(RandomKeys::from_os().unwrap());
    let (wire, ended) = echoed(role(), &Config::default(), &frame(0x81, b"x")).await;
    assert!(wire[0] == 0x88 && wire[1] & 0x80 != 0, "{wire:02x?}");
    assert_eq!(u16::from_be_bytes([wire[6] ^ wire[2], wire[7] ^ wire[3]]), 1002);
    assert!(matches!(ended, Err(Error::Failure(Failure::Protocol(_)))));
}

#[tokio::test]
async fn compressed_data_that_breaks_a_rule_is_answered_by_its_close() {
    let mut config = Config::default();
    config.deflate = Some(Default::default());
    config.limits.max_message_len = 10_000;
    // RFC 7692 §7.2.3.1: "Hello", and what isn't a block; 1 MiB of zeros takes about a kilobyte.
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let bomb = [&[0xec, 0xc1, 0x01, 0x01][..], &[0; 100]].concat();
    for (rule, bad, codes) in [
        ("RFC 7692 §6: RSV1 on a continuation", [frame(0x41, hello), frame(0xc0, b"")].concat(), [1002, 1002]),
        ("RFC 7692 §6: RSV1 on a Ping", frame(0xc9, b""), [1002, 1002]),
        ("RFC 7692 §7.2.2: a block of type 3", frame(0xc2, b"\x07\x00"), [1007, 1007]),
        ("RFC 7692 §7.2.2: cut", frame(0xc2, b"\xf2\x48"), [1007, 1007]),
        ("§8.1: no UTF-8, compressed", frame(0xc1, b"\xfa\x0f\x00"), [1007, 1007]),
        ("garbage, or more than the limit", frame(0xc2, &bomb), [1007, 1009]),
    ] {
        let (ours, mut theirs) = tokio::io::duplex(100_000);
        let head = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
        let sent = [head.as_bytes(), &frame(0xc1, hello), &bad].concat();
        let peer = async move {
            theirs.write_all(&sent).await.unwrap();
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).await.unwrap();
            all
        };
        let application = async {
            let mut socket = accept(ours, &config).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap().payload(), b"Hello", "{rule}");
            socket.next().await
        };
        let (wire, ended) = in_time(async { tokio::join!(peer, application) }).await;
        let head_len = wire.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let [0x88, len, high, low, ..] = wire[head_len..] else { panic!("{rule}: {:02x?}", &wire[head_len..]) };
        assert_eq!(wire.len(), head_len + 2 + usize::from(len), "{rule}");
        assert!(codes.contains(&u16::from_be_bytes([high, low])), "{rule}: {}", u16::from_be_bytes([high, low]));
        assert!(matches!(ended, Some(Err(Error::Failure(Failure::Protocol(_))))), "{rule}: {ended:?}");
    }
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_gets_a_whole_refusal() {
    let upgrade = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let long = format!("\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    for (what, instead, status) in [
        ("GET /", "POST /", 405),
        ("HTTP/1.1", "HTTP/1.0", 505),
        ("Host: example.com\r\n", "", 400),
        ("Host: example.com", "Host: example.com\r\nHost: example.com", 400),
        ("Connection: Upgrade\r\n", "", 400),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dG9vIHNob3J0", 400),
        ("Version: 13", "Version: 8", 426),
        ("Version: 13\r\n", "Version: 13\r\nSec-WebSocket-Version: 13\r\n", 400),
        ("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n", 400),
        ("Upgrade: websocket\r\n", "Upgrade: websocket\n", 400),
        ("Host: ", "Host : ", 400),
        ("GET / ", "GET * ", 400),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: a;;\r\n\r\n", 400),
        ("\r\n\r\n", &long, 431),
        (upgrade, "\x16\x03\x01\x02\x00\x01\x00", 400),
    ] {
        let request = upgrade.replacen(what, instead, 1);
        let (ours, mut theirs) = tokio::io::duplex(100_000);
        theirs.write_all(request.as_bytes()).await.unwrap();
        let config = Config::default();
        let mut answer = String::new();
        let (refused, read) = in_time(async {
            tokio::join!(accept(ours, &config), async {
                let read = theirs.read_to_string(&mut answer).await;
                drop(theirs);
                read
            })
        })
        .await;
        read.unwrap();
        assert!(matches!(refused, Err(Error::Opening(_))), "{instead:?}");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{instead:?}: {answer}");
        assert!(answer.contains("\r\nContent-Length: ") && answer.contains("\r\nConnection: "), "{answer}");
    }
}

#[tokio::test]
async fn a_response_that_breaks_a_rule_opens_nothing() {
    for (response, refused) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", false),
        ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n", false),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            false,
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", false),
    ] {
        let (ours, mut theirs) = tokio::io::duplex(100_000);
        let config = Config::default();
        let peer = async move {
            theirs.write_all(response.as_bytes()).await.unwrap();
            let mut request = String::new();
            theirs.read_to_string(&mut request).await.unwrap();
            request
        };
        let opening = async { client(ours, &config, ClientRequest::new("example.com", "/")).await.map(drop) };
        let (request, ended) = in_time(async { tokio::join!(peer, opening) }).await;
        assert!(request.starts_with("GET / HTTP/1.1\r\n") && request.ends_with("\r\n\r\n"), "{request}");
        match ended.unwrap_err() {
            Error::Opening(OpeningError::Refused { status: 404 }) => assert!(refused),
            Error::Opening(OpeningError::Server(_)) => assert!(!refused, "{response}"),
            other => panic!("{response}: {other}"),
        }
    }
}
