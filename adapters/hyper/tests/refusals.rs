//! Requests and frames that break a rule get through hyper what the engine says, on the wire.

mod support;

use support::{accept, exchange, serve};
use testkit::upgrades::{ACCEPTED, CLOSE, CLOSED, REFUSED, expect_refused, request, split_answer};

#[tokio::test]
async fn a_request_that_breaks_a_rule_gets_the_engines_answer_and_the_connection_is_closed() {
    let address = serve(accept).await;
    for refused in REFUSED {
        let head = expect_refused(refused, &exchange(address, &request(refused.0)).await);
        let closes = |line: &str| line.starts_with("connection:") && line.ends_with("close");
        assert!(head.lines().any(closes) || head.starts_with("http/1.0"), "{:?}: {head}", refused.0);
    }
}

#[tokio::test]
async fn a_request_that_looks_odd_but_breaks_no_rule_is_accepted() {
    let address = serve(accept).await;
    for edits in ACCEPTED {
        let answer = exchange(address, &[&request(edits)[..], CLOSE].concat()).await;
        let (status, head, frames) = split_answer(&answer);
        assert_eq!((status, frames), (101, &[0x88, 0x02, 0x03, 0xe8][..]), "{edits:?}: {head}");
        assert!(!head.contains("sec-websocket-extensions") && !head.contains("sec-websocket-protocol"), "{head}");
    }
}

#[tokio::test]
async fn a_frame_that_breaks_a_rule_is_answered_by_the_close_that_names_it() {
    let address = serve(accept).await;
    for (bad, code) in CLOSED {
        let answer = exchange(address, &[&request(&[])[..], bad].concat()).await;
        let (status, _, frames) = split_answer(&answer);
        assert_eq!((status, frames[0]), (101, 0x88), "{bad:02x?}");
        assert_eq!(u16::from_be_bytes([frames[2], frames[3]]), *code, "{bad:02x?}");
    }
}

#[tokio::test]
async fn a_head_that_is_no_http_is_refused_by_hyper() {
    let address = serve(accept).await;
    let long = format!("X: {}", "x".repeat(1_000_000));
    for (bytes, status) in [
        (request(&[("Host", "Host : example.com")]), 400),
        (request(&[("Host", "Host: example.com\r\n folded")]), 400),
        (request(&[("Host", "Host: exa\0mple.com")]), 400),
        (request(&[("GET", "GET / HTTP/3.1")]), 400),
        (request(&[("", &long)]), 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), 400),
    ] {
        let answer = exchange(address, &bytes).await;
        assert_eq!(split_answer(&answer).0, status, "{}", bytes[..60.min(bytes.len())].escape_ascii());
    }
}
