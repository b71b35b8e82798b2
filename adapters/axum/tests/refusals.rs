//! Requests and frames that break a rule get through axum what the engine says, on the wire.

mod support;

use support::{echoes, exchange, serve};
use testkit::upgrades::{ACCEPTED, CLOSE, CLOSED, REFUSED, TEXT, expect_refused, request, split_answer};

#[tokio::test]
async fn a_request_that_breaks_a_rule_gets_the_engines_answer() {
    let address = serve(echoes()).await;
    for refused in REFUSED {
        expect_refused(refused, &exchange(address, &request(refused.0)).await);
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
