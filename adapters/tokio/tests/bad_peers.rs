//! Peers that break the protocol, say nothing, or take nothing; seen on the wire, byte by byte.

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use support::{in_time, piped};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;
use websocket_proto_tokio::endpoint::{Failure, OpeningError};
use websocket_proto_tokio::handshake::Refusal;
use websocket_proto_tokio::{Config, Error, Negotiated, OwnedMessage, Server, WebSocketStream, accept, accept_with};

const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn server(config: &Config) -> (WebSocketStream<DuplexStream>, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(1000);
    (WebSocketStream::new(ours, Negotiated::elsewhere(), Server, config, b""), theirs)
}

/// A client's frame with the masking key 0.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload].concat()
}

/// What comes until the server closes the writing half.
async fn wire(mut peer: DuplexStream, sent: &[u8]) -> Vec<u8> {
    peer.write_all(sent).await.unwrap();
    let mut all = Vec::new();
    peer.read_to_end(&mut all).await.unwrap();
    all
}

#[tokio::test]
async fn a_violation_is_answered_by_the_close_that_names_it_after_the_messages_before_it() {
    let bad_text = frame(0x81, b"\xff");
    for (bad, code) in [
        (&[0x81, 0x01, b'x'][..], 1002),                           // §5.1: not masked
        (&[0xc1, 0x80, 0, 0, 0, 0], 1002),                         // §5.2: a reserved bit
        (&bad_text, 1007),                                         // §8.1: no UTF-8
        (&[0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 1009), // §7.4.1: too long
    ] {
        let (mut server, peer) = server(&Config::default());
        let sent = [&frame(0x81, b"good"), bad].concat();
        let ours = async {
            assert_eq!(server.next().await.unwrap().unwrap(), OwnedMessage::Text("good".into()));
            let error = server.next().await.unwrap().unwrap_err();
            assert!(matches!(error, Error::Failure(Failure::Protocol(_))), "{error}");
            assert!(server.next().await.is_none());
            assert!(matches!(server.send("late").await, Err(Error::Send(_) | Error::Failure(_))));
        };
        let (wire, ()) = in_time(async { tokio::join!(wire(peer, &sent), ours) }).await;
        assert_eq!(wire[0], 0x88, "{wire:02x?}");
        assert_eq!(u16::from_be_bytes([wire[2], wire[3]]), code, "{bad:02x?}");
    }
}

#[tokio::test]
async fn frames_that_come_with_the_request_are_not_lost() {
    let (ours, mut theirs) = tokio::io::duplex(4000);
    theirs.write_all(&[UPGRADE, &frame(0x81, b"early")].concat()).await.unwrap();
    let mut server = in_time(accept(ours, &Config::default())).await.unwrap();
    assert_eq!(in_time(server.next()).await.unwrap().unwrap(), OwnedMessage::Text("early".into()));
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_has_its_answer_before_the_transport_closes() {
    for (request, status) in [
        (String::from_utf8_lossy(UPGRADE).replace("Version: 13", "Version: 8"), "HTTP/1.1 426 "),
        (String::from_utf8_lossy(UPGRADE).replace("Upgrade: websocket\r\n", ""), "HTTP/1.1 426 "),
        (
            String::from_utf8_lossy(UPGRADE).replace("\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n"),
            "HTTP/1.1 403 ",
        ),
    ] {
        let ((ours, theirs), config) = (tokio::io::duplex(100), Config::default());
        let (answer, accepted) =
            in_time(async { tokio::join!(wire(theirs, request.as_bytes()), accept(ours, &config)) }).await;
        assert!(answer.starts_with(status.as_bytes()), "{}", answer.escape_ascii());
        assert!(matches!(accepted, Err(Error::Opening(_))));
    }
}

#[tokio::test]
async fn the_application_may_refuse() {
    let (ours, theirs) = tokio::io::duplex(100);
    let config = Config::default();
    let refused = accept_with(ours, &config, |_, responder| responder.respond(Refusal::new(404, &[], b"no such room")));
    let (answer, refused) = in_time(async { tokio::join!(wire(theirs, UPGRADE), refused) }).await;
    assert!(answer.starts_with(b"HTTP/1.1 404 ") && answer.ends_with(b"no such room"));
    assert!(matches!(refused, Err(Error::Opening(OpeningError::Answered { status: 404 }))));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_drips_its_request_is_given_up() {
    let (ours, mut theirs) = tokio::io::duplex(100);
    let drip = async {
        for byte in UPGRADE {
            if theirs.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let begin = Instant::now();
    let accepted = async {
        let accepted = accept(ours, &Config::default()).await.map(drop);
        (accepted, begin.elapsed())
    };
    let ((accepted, after), ()) = tokio::join!(accepted, drip);
    assert!(matches!(accepted, Err(Error::Opening(OpeningError::Timeout))));
    assert_eq!(after.as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_gets_pings_and_one_that_does_not_answer_them_is_given_up() {
    let (mut server, mut peer) = server(&Config::default());
    let begin = Instant::now();
    let theirs = async {
        for i in 1..=3 {
            let mut ping = [0; 2];
            peer.read_exact(&mut ping).await.unwrap();
            assert_eq!((ping, begin.elapsed().as_secs()), ([0x89, 0], i * 30));
            peer.write_all(&frame(0x8a, b"")).await.unwrap();
        }
        peer
    };
    let (item, _peer) = tokio::join!(server.next(), theirs);
    assert!(matches!(item, Some(Err(Error::Failure(Failure::Timeout(_))))), "{item:?}");
    assert_eq!(begin.elapsed().as_secs(), 3 * 30 + 30 + 20);
    assert!(server.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up_by_a_task_that_only_sends() {
    let (mut server, peer) = server(&Config::default());
    let begin = Instant::now();
    let error = server.send(&*"x".repeat(10_000)).await.unwrap_err();
    assert!(matches!(error, Error::Failure(Failure::Timeout(_))), "{error}");
    assert_eq!(begin.elapsed().as_secs(), 30);
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_a_long_frame_slowly_is_not_given_up() {
    let (mut server, mut peer) = server(&Config::default());
    let begin = Instant::now();
    let slowly = async {
        let mut part = [0; 500];
        // It has nothing to say, and the Ping waits for the end of the frame.
        for _ in 0..(60_000 / 500) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            peer.read_exact(&mut part).await.unwrap();
        }
        peer
    };
    let long = "x".repeat(60_000);
    let (sent, _peer) = tokio::join!(server.send(&*long), slowly);
    sent.unwrap();
    assert!(begin.elapsed().as_secs() > 100);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_costs_bounded_memory() {
    let (mut server, mut peer) = server(&Config::default());
    let mark = Config::default().limits.high_water_mark;
    let theirs = async { while peer.write_all(&frame(0x82, &[7; 100])).await.is_ok() {} };
    let ours = async {
        let mut most = 0;
        while server.advance().await? {
            if let Some((_, mut sender)) = server.message() {
                sender.send(&[7; 10_000][..])?;
                sender.ping(b"?").unwrap_or(());
                most = most.max(sender.queued_len());
            }
            assert!(most <= 2 * mark, "{most}");
            server.ready().await?;
        }
        Ok::<_, Error>(())
    };
    let ended = tokio::select! {
        ended = ours => ended,
        () = theirs => panic!("the peer never stops by itself"),
    };
    assert!(matches!(ended, Err(Error::Failure(Failure::Timeout(_)))), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sink_takes_no_more_than_the_high_water_mark_and_one_message() {
    let (mut server, peer) = piped(64, &Config::default()).await;
    for i in 0.. {
        let feed = server.feed(&[7; 10_000]);
        if tokio::time::timeout(Duration::from_millis(1), feed).await.is_err() {
            assert_eq!(i, 7, "of 10,000 bytes for a mark of 65,536");
            break;
        }
    }
    drop(peer);
}

#[tokio::test]
async fn a_transport_that_ends_without_a_close_is_an_error_once() {
    let (mut server, peer) = server(&Config::default());
    drop(peer);
    let item = in_time(server.next()).await;
    assert!(matches!(item, Some(Err(Error::Failure(Failure::NoClose)))), "{item:?}");
    assert!(in_time(StreamExt::next(&mut server)).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_close_is_not_waited_for_longer_than_the_time_out() {
    let (mut server, _peer) = server(&Config::default());
    let begin = Instant::now();
    let error = server.close(websocket_proto_tokio::CloseCode::NORMAL).await.unwrap_err();
    assert!(matches!(error, Error::Failure(Failure::Timeout(_))), "{error}");
    assert_eq!(begin.elapsed().as_secs(), 5);
    assert!(SinkExt::<OwnedMessage>::close(&mut server).await.is_err(), "nobody takes the Close any more");
}
