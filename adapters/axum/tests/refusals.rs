//! Requests and frames that break a rule get through axum what the engine says, on the wire.

mod support;

use support::{echoes, exchange, serve};
use testkit::upgrades::{ACCEPTED, CLOSE, CLOSED, REFUSED, TEXT, request, split_answer};

#[tokio::test]
async fn a_request_that_breaks_a_rule_gets_the_engines_answer() {
    let address = serve(echoes()).await;
    for (edits, status, contained) in REFUSED {
        let answer = exchange(address, &request(edits)).await;
        let (found, head, body) = split_answer(&answer);
        let body = String::from_utf8_lossy(body);
        assert_eq!(found, *status, "{edits:?}: {head} {body}");
        for part in *contained {
            assert!(head.contains(part) || body.contains(part), "{edits:?}: expected {part}, found {head} {body}");
        }
        let is_head = edits.iter().any(|(_, line)| line.starts_with("HEAD "));
        assert_eq!(body.ends_with('\n'), !is_head, "{edits:?}: a line that says why");
    }
}

#[tokio::test]
async fn a_request_that_looks_odd_but_breaks_no_rule_is_accepted() {
    let address = serve(echoes()).await;
    for edits in ACCEPTED {
        let answer = exchange(address, &[&request(edits)[..], CLOSE].concat()).await;
        let (status, head, frames) = split_answer(&answer);
        assert_eq!((status, frames), (101, &[0x88, 0x02, 0x03, 0xe8][..]), "{edits:?}: {head}");
    }
}

#[tokio::test]
async fn a_frame_that_breaks_a_rule_is_answered_by_the_close_that_names_it() {
    let address = serve(echoes()).await;
    for (bad, code) in CLOSED {
        let answer = exchange(address, &[&request(&[])[..], TEXT, bad].concat()).await;
        let (status, _, frames) = split_answer(&answer);
        let (echo, close) = frames.split_at(3);
        assert_eq!((status, echo, close[0]), (101, &b"\x81\x01a"[..], 0x88), "{bad:02x?}");
        assert_eq!(u16::from_be_bytes([close[2], close[3]]), *code, "{bad:02x?}");
    }
}
